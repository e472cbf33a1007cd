/* SPDX-License-Identifier: MIT
 * map_shrink.c - two thin groups become one; clear.
 *
 * Guarantees   G1 a merge holds two groups; reads go on all the time.
 * Progress     a merge only tries locks: what is held is left for the next call.
 * Invariants   keeps I1 to I6 of map_priv.h. MERGING is shown before the first entry leaves; then
 *              the parent covers both halves, then the group is absent: a reader that overlaps sees
 *              one of the three words change.
 */
#include "map/map_priv.h"

struct merge {
    struct thi_map *map;
    struct group group;  /* goes away */
    struct group parent; /* takes its entries */
    uint64_t word;
    uint64_t parent_word;
};

/* Locks every entry of the group; false, and nothing locked, if one is held or belongs to another
 * group. */
static bool entries_lock(const struct merge *merge)
{
    unsigned depth = word_depth(merge->word);
    for (unsigned i = 0; i < TH_MAP_GROUP_CELLS; i++) {
        struct cell *cell = &merge->group.cells[i];
        uint64_t key_word = cell_key(cell);
        if (key_word == TH_KEY_EMPTY) {
            continue;
        }
        uint64_t hash = entry_hash(merge->map, key_word, merge->group.index);
        bool own = hash_group(hash, depth) == merge->group.index;
        if (own && thi_map_cell_lock_bounded(cell) != TH_KEY_EMPTY) {
            continue;
        }
        while (i-- > 0) {
            key_word = cell_key(&merge->group.cells[i]);
            if (key_word != TH_KEY_EMPTY) {
                cell_store_key(&merge->group.cells[i], key_let_go(key_word));
            }
        }
        return false;
    }
    return true;
}

static unsigned entries_move(const struct merge *merge)
{
    unsigned moved = 0;
    for (unsigned i = 0; i < TH_MAP_GROUP_CELLS; i++) {
        struct cell *cell = &merge->group.cells[i];
        uint64_t key_word = cell_key(cell);
        if (key_word == TH_KEY_EMPTY) {
            continue;
        }
        key_word = key_let_go(key_word);
        uint64_t hash = entry_hash(merge->map, key_word, merge->group.index);
        struct cell *to = thi_map_place_take(&merge->parent, hash);
        TH_ASSERT(to != NULL); /* both counts together are less than a group */
        thi_map_move_entry(merge->map, cell, key_word, to);
        moved++;
    }
    return moved;
}

/* Both groups are locked and every entry of the group is ours. */
static void merge_locked(struct merge *merge)
{
    word_store(merge->group.side, merge->word | TH_WORD_LOCK | TH_WORD_MERGING);
    THI_MAP_POINT(THI_MAP_POINT_MERGE_MARKED, merge->map);
    unsigned moved = entries_move(merge);
    THI_MAP_POINT(THI_MAP_POINT_MERGE_COPIED, merge->map);
    for (unsigned line = 0; line < TH_MAP_LINES; line++) {
        merge->group.passes[line] = 0;
    }
    passed_store(merge->group.side, 0);
    unsigned depth = word_depth(merge->word) - 1;
    uint64_t parent = word_with_depth(word_bumped(merge->parent_word), depth);
    parent += (uint64_t)moved * TH_WORD_COUNT_ONE;
    if (merge->parent.index >= TH_MAP_ROOT_GROUPS) {
        parent |= merge->word & TH_WORD_BORROWS; /* a root has no ancestors to borrow from */
    }
    word_store(merge->parent.side, parent | TH_WORD_LOCK);
    THI_MAP_POINT(THI_MAP_POINT_MERGE_PARENT_DONE, merge->map);
    uint64_t absent = word_with_depth(word_bumped(merge->word), 0);
    word_store(merge->group.side, absent & ~(TH_WORD_SPECIAL | TH_WORD_COUNT_MASK));
    /* The pages go back while the parent is locked: a split would fill them again. */
    (void)thi_region_drop(&merge->map->mem, merge->group.cells, TH_MAP_GROUP_BYTES);
    word_store(merge->parent.side, parent);
}

static bool words_mergeable(const struct merge *merge)
{
    unsigned depth = word_depth(merge->word);
    return depth > TH_MAP_ROOT_DEPTH && word_depth(merge->parent_word) == depth &&
           (merge->group.index >> (depth - 1)) == 1 &&
           word_count(merge->word) + word_count(merge->parent_word) <= TH_MAP_MERGE_COUNT;
}

/* TH_OK: merged; TH_ABSENT: nothing to merge here; TH_MORE: held by others now. */
static th_status merge_group(struct thi_map *map, uint32_t index)
{
    struct merge merge = {.map = map};
    merge.group = thi_map_group(map, index);
    merge.parent = thi_map_group(map, group_parent(index));
    merge.word = word_load(merge.group.side);
    merge.parent_word = word_load(merge.parent.side);
    if (!words_mergeable(&merge)) {
        return TH_ABSENT;
    }
    if (((merge.word | merge.parent_word) & TH_WORD_LOCK) != 0 ||
        !group_try_lock(merge.parent.side, &merge.parent_word)) {
        return TH_MORE;
    }
    if (!group_try_lock(merge.group.side, &merge.word)) {
        word_store(merge.parent.side, merge.parent_word);
        return TH_MORE;
    }
    if (!entries_lock(&merge)) {
        word_store(merge.group.side, merge.word);
        word_store(merge.parent.side, merge.parent_word);
        return TH_MORE;
    }
    merge_locked(&merge);
    /* relaxed: a count of groups that only steers the hint. */
    th_u64_sub_rlx(&map->group_count, 1);
    /* relaxed: statistic, read by stats only. */
    th_u64_add_rlx(&map->counters.merges, 1);
    thi_trace(THI_EVENT_MERGE, (uintptr_t)map, word_count(merge.word));
    thi_map_hint_update(map);
    return TH_OK;
}

th_status thi_map_shrink(struct thi_map *map, uint64_t merges_max)
{
    if (thi_map_is_small(map)) {
        return TH_OK;
    }
    /* acquire @map.group_end: as in groups_begin(). */
    uint64_t groups = th_u64_load_acq(&map->group_end);
    /* relaxed: where the last call stopped; any value is safe. Who wants all begins anew: behind
     * that place groups may have become mergeable. */
    uint64_t index = th_u64_load_rlx(&map->shrink_cursor);
    index = merges_max == 0 || index == 0 || index > groups ? groups : index;
    bool held = false;
    uint64_t merges = 0;
    while (index > TH_MAP_ROOT_GROUPS) {
        if (merges_max != 0 && merges == merges_max) {
            /* relaxed: as above. */
            th_u64_store_rlx(&map->shrink_cursor, index);
            return TH_MORE;
        }
        index--;
        th_status status = merge_group(map, (uint32_t)index);
        merges += status == TH_OK;
        held = held || status == TH_MORE;
    }
    /* relaxed: as above. */
    th_u64_store_rlx(&map->shrink_cursor, 0);
    return held ? TH_MORE : TH_OK;
}

/* ------------------------------------------------------------------ clear */

struct cleared {
    uint64_t key_words[TH_MAP_GROUP_CELLS];
    uint64_t values[TH_MAP_GROUP_CELLS];
    uint64_t hashes[TH_MAP_GROUP_CELLS];
    unsigned count;
};

/* Takes every entry of the locked group that nobody holds; false if one is held. */
static bool group_clear(const struct thi_map *map, const struct group *group,
                        struct cleared *cleared)
{
    bool all = true;
    unsigned cells = (group->line_mask + 1) * TH_MAP_LINE_CELLS;
    for (unsigned i = 0; i < cells; i++) {
        struct cell *cell = &group->cells[i];
        if (cell_key(cell) == TH_KEY_EMPTY) {
            continue;
        }
        uint64_t key_word = thi_map_cell_lock_bounded(cell);
        if (key_word == TH_KEY_EMPTY) {
            all = false;
            continue;
        }
        uint64_t hash = entry_hash(map, key_word, group->index);
        cleared->key_words[cleared->count] = key_word;
        cleared->values[cleared->count] = cell_value(cell);
        cleared->hashes[cleared->count++] = hash;
        unsigned distance = thi_map_distance(group, hash, cell);
        cell_store_key(cell, TH_KEY_EMPTY);
        thi_map_passes_sub(group, hash, distance);
    }
    return all;
}

static void cleared_retire(struct thi_map *map, const struct cleared *cleared)
{
    for (unsigned i = 0; i < cleared->count; i++) {
        thi_map_value_retire(map, cleared->values[i], cleared->hashes[i]);
        if (map->slab != NULL) {
            thi_map_record_retire(map, cleared->key_words[i], cleared->hashes[i]);
        }
    }
}

/* Walks in hash order, as iteration does, so that an entry that a split or merge moves is met all
 * the same. */
void thi_map_clear(struct thi_map *map)
{
    uint64_t position = 0;
    unsigned round = 0;
    for (;;) {
        struct cleared cleared;
        cleared.count = 0;
        uint64_t word;
        struct group group = thi_map_find_group(map, position_hash(position), &word);
        if ((word & TH_WORD_LOCK) != 0 || !group_try_lock(group.side, &word)) {
            thi_map_wait(&map->counters.group_waits, group.side, &round);
            continue;
        }
        bool all = group_clear(map, &group, &cleared);
        word_store(group.side, word_bumped(word) - (uint64_t)cleared.count * TH_WORD_COUNT_ONE);
        cleared_retire(map, &cleared);
        if (!all) {
            thi_map_wait(&map->counters.cell_waits, group.side, &round);
            continue;
        }
        round = 0;
        uint64_t step = (uint64_t)1 << (64 - word_depth(word));
        position = (thi_map_reverse(group.index) | (step - 1)) + 1;
        if (position == 0) {
            return;
        }
    }
}
