/* SPDX-License-Identifier: MIT
 * map_walk.c - iteration: a cursor is a position in the order of bit-reversed hashes, in which a
 * group is an interval whatever its depth.
 *
 * Guarantees   G1 an entry present during the whole walk is given exactly once: the intervals given
 *                 do not overlap and leave
 *              nothing out, and each is read from groups whose words did not change meanwhile.
 * Progress     lock-free; after some disturbed copies the group's lock is taken for one copy, so
 *              that a storm of erases cannot keep a walk from going on. A split or merge in
 *              progress is waited for.
 * Sources      the reverse-binary cursor is known from Redis' SCAN (P. Noordhuis).
 */
#include "map/map_priv.h"

#include <stdlib.h>

uint64_t thi_map_reverse(uint64_t word)
{
    word = (word >> 1 & 0x5555555555555555u) | (word & 0x5555555555555555u) << 1;
    word = (word >> 2 & 0x3333333333333333u) | (word & 0x3333333333333333u) << 2;
    word = (word >> 4 & 0x0f0f0f0f0f0f0f0fu) | (word & 0x0f0f0f0f0f0f0f0fu) << 4;
    return __builtin_bswap64(word);
}

struct snapshot {
    struct walk_entry *entries; /* room for all entries of a group and what it borrows */
    size_t count;
    size_t capacity;
    uint64_t first; /* the interval of positions that is wanted */
    uint64_t last;
    bool overflow;
};

/* Copies what stands in the interval. */
static void cells_copy(const struct thi_map *map, const struct group *group,
                       struct snapshot *snapshot)
{
    unsigned cells = (group->line_mask + 1) * TH_MAP_LINE_CELLS;
    for (unsigned i = 0; i < cells; i++) {
        uint64_t key_word = cell_key(&group->cells[i]);
        if (key_word == TH_KEY_EMPTY) {
            continue;
        }
        key_word = key_let_go(key_word);
        uint64_t hash = entry_hash(map, key_word, group->index);
        uint64_t reversed = hash_position(hash);
        if (reversed < snapshot->first || reversed > snapshot->last) {
            continue; /* given before, or another group's */
        }
        if (snapshot->count == snapshot->capacity) {
            snapshot->overflow = true;
            return;
        }
        struct walk_entry *entry = &snapshot->entries[snapshot->count++];
        entry->position = reversed;
        entry->key_word = key_word;
        entry->value = cell_value(&group->cells[i]);
    }
}

/* One copy of the group and of what it borrows; true if nothing disturbed it. */
static bool group_copy(const struct thi_map *map, const struct group *own, uint64_t word,
                       struct snapshot *snapshot)
{
    struct group groups[TH_MAP_DEPTH_MAX + 1];
    uint64_t words[TH_MAP_DEPTH_MAX + 1];
    unsigned count = 0;
    snapshot->count = 0;
    snapshot->overflow = false;
    groups[count] = *own;
    words[count++] = word;
    if ((word & TH_WORD_BORROWS) != 0) {
        for (uint32_t bits = own->index; bits >= TH_MAP_ROOT_GROUPS; bits = group_parent(bits)) {
            groups[count] = thi_map_group(map, group_parent(bits));
            words[count] = word_load(groups[count].side);
            count++;
        }
    }
    for (unsigned i = 0; i < count; i++) {
        if ((words[i] & (TH_WORD_SPLITTING | TH_WORD_MERGING)) != 0) {
            return false;
        }
        cells_copy(map, &groups[i], snapshot);
    }
    for (unsigned i = 0; i < count; i++) {
        if (!word_same(word_recheck(groups[i].side), words[i])) {
            return false;
        }
    }
    return true;
}

/* Fills the snapshot with the entries of the interval from `first` on, which ends with the group,
 * or sooner if more is there than the room holds. */
static void snapshot_take(struct thi_map *map, struct snapshot *snapshot)
{
    unsigned round = 0;
    uint64_t width = UINT64_MAX;
    for (unsigned try = 0;; try++) {
        uint64_t word;
        struct group group = thi_map_find_group(map, position_hash(snapshot->first), &word);
        bool moving = (word & (TH_WORD_SPLITTING | TH_WORD_MERGING)) != 0;
        /* What a group borrows comes home only under its lock: copied without it, an entry could be
         * met in both places or in neither. */
        bool wanted = try >= TH_MAP_WALK_TRIES || (word & TH_WORD_BORROWS) != 0;
        if (moving || (wanted && (word & TH_WORD_LOCK) != 0)) {
            thi_map_wait(&map->counters.group_waits, group.side, &round);
            continue;
        }
        if (wanted && !group_try_lock(group.side, &word)) {
            continue; /* its word changed: somebody made progress */
        }
        uint64_t step = (uint64_t)1 << (64 - word_depth(word));
        snapshot->last = thi_map_reverse(group.index) | (step - 1);
        if (snapshot->last - snapshot->first > width) {
            snapshot->last = snapshot->first + width;
        }
        bool whole = group_copy(map, &group, word, snapshot);
        if (wanted) {
            word_store(group.side, word);
        }
        if (whole && !snapshot->overflow) {
            return;
        }
        if (snapshot->overflow) {
            width = (snapshot->last - snapshot->first) / 2;
        } else if (wanted) {
            thi_map_wait(&map->counters.group_waits, group.side,
                         &round); /* an ancestor is moving */
        }
    }
}

static int entry_compare(const void *a, const void *b)
{
    const struct walk_entry *left = a;
    const struct walk_entry *right = b;
    return left->position < right->position ? -1 : left->position > right->position;
}

/* Gives the first `capacity` entries of the snapshot and moves the cursor behind them, or behind
 * the interval. */
static size_t snapshot_give(const struct snapshot *snapshot, struct walk_entry *entries,
                            size_t capacity, struct th_map_cursor *cursor)
{
    size_t count = snapshot->count;
    cursor->position = snapshot->last + 1;
    cursor->done = snapshot->last == UINT64_MAX;
    if (count > capacity) {
        qsort(snapshot->entries, count, sizeof(*entries), entry_compare);
        count = capacity;
        /* Keys of bytes maps can share a hash: those that share the last position come together,
         * next time. */
        while (count > 1 &&
               snapshot->entries[count - 1].position == snapshot->entries[count].position) {
            count--;
        }
        cursor->position = snapshot->entries[count - 1].position + 1;
        cursor->done = 0;
    }
    for (size_t i = 0; i < count; i++) {
        entries[i] = snapshot->entries[i];
    }
    return count;
}

size_t thi_map_next(const struct thi_map *map, struct th_map_cursor *cursor,
                    struct walk_entry *entries, size_t capacity)
{
    struct walk_entry room[TH_MAP_GROUP_CELLS * 2];
    struct snapshot snapshot = {.entries = room, .capacity = sizeof(room) / sizeof(room[0])};
    TH_ASSERT(capacity > 0);
    while (cursor->done == 0) {
        snapshot.first = cursor->position;
        snapshot_take((struct thi_map *)(uintptr_t)map, &snapshot);
        size_t count = snapshot_give(&snapshot, entries, capacity, cursor);
        if (count != 0) {
            return count;
        }
    }
    return 0;
}
