/* SPDX-License-Identifier: MIT
 * map_core.h - one algorithm for all key kinds: read, update, insert, erase.
 *
 * Guarantees   G1 a read that a write of the same key happens before sees that write or a later
 *                 one.
 *              G2 the operations of one key have one total order, consistent with happens-before.
 * Progress     reads lock-free: each retry names an erase, a split or a merge that completed in the
 *              group. Updates wait for the holder of the same key only; inserts and erases for the
 *              holder of the same group.
 * Rules        Who waits for a cell holds no group. Everything here is inlined into the three
 *              kinds; the compiler folds the `const struct key_kind` away.
 */
#ifndef TOPHASH_MAP_MAP_CORE_H
#define TOPHASH_MAP_MAP_CORE_H

#include <string.h>

#include "map/map_priv.h"

struct key_kind {
    bool bytes;
};

enum write_mode { WRITE_PUT, WRITE_INSERT };

#define LOOK_GROUPS_MAX (TH_MAP_DEPTH_MAX + 2)

/* True if the cell whose key word was read holds the key, held by an updater or not. */
TH_INLINE bool key_matches(const struct thi_map *map, const struct key_kind *kind, uint64_t stored,
                           const struct key *key)
{
    if (!kind->bytes) {
        return key_let_go(stored) == key->word;
    }
    uint64_t compared =
        ~(((((uint64_t)1 << THI_SLAB_REFERENCE_BITS) - 1) << TH_KEY_REFERENCE_SHIFT) | TH_KEY_FREE);
    if (((stored ^ key->word) & compared) != 0) {
        return false;
    }
    const struct record *record = record_at(map, stored);
    return record->key_bytes == key->size && memcmp(record->key, key->bytes, key->size) == 0;
}

/* The cell of the line that holds the key, and its key word; NULL. */
TH_INLINE struct cell *line_find(const struct thi_map *map, const struct key_kind *kind,
                                 struct cell *line, const struct key *key, uint64_t *stored)
{
    for (unsigned i = 0; i < TH_MAP_LINE_CELLS; i++) {
        uint64_t word = cell_key(&line[i]);
        if (key_matches(map, kind, word, key)) {
            *stored = word;
            return &line[i];
        }
    }
    return NULL;
}

/* Follows the key's probe path through the group. */
TH_INLINE struct cell *group_scan(const struct thi_map *map, const struct key_kind *kind,
                                  const struct group *group, const struct key *key,
                                  uint64_t *stored)
{
    unsigned home = hash_line(key->hash, group->line_mask);
    *stored = TH_KEY_EMPTY;
    for (unsigned d = 0; d <= group->line_mask; d++) {
        unsigned line = home ^ d;
        struct cell *cells = group->cells + ((size_t)line << TH_MAP_LINE_CELLS_LOG2);
        struct cell *cell = line_find(map, kind, cells, key, stored);
        if (cell != NULL) {
            return cell;
        }
        if ((passed_load(group->side) >> line & 1) == 0) {
            return NULL;
        }
    }
    return NULL;
}

/* What a look at a key found: the cell, its key word and value, and the group the cell stands in.
 * */
struct found {
    struct cell *cell;
    uint64_t stored;
    uint64_t value;
    struct group group;
};

/* The groups a key may stand in while its own group borrows, is being split or merged, old places
 * first. */
static inline unsigned look_groups(const struct thi_map *map, const struct group *own,
                                   uint64_t word, uint64_t hash, struct group *groups)
{
    unsigned count = 0;
    if ((word & TH_WORD_BORROWS) != 0) {
        for (uint32_t bits = own->index; bits >= TH_MAP_ROOT_GROUPS; bits = group_parent(bits)) {
            groups[count++] = thi_map_group(map, group_parent(bits));
        }
        for (unsigned i = 0; i < count / 2; i++) { /* the oldest ancestor first */
            struct group swap = groups[i];
            groups[i] = groups[count - 1 - i];
            groups[count - 1 - i] = swap;
        }
    }
    groups[count++] = *own;
    if ((word & TH_WORD_SPLITTING) != 0) {
        uint32_t sibling = own->index | (uint32_t)1 << word_depth(word);
        if (hash_group(hash, word_depth(word) + 1) == sibling) {
            groups[count++] = thi_map_group(map, sibling);
        }
    }
    if ((word & TH_WORD_MERGING) != 0) {
        groups[count++] = thi_map_group(map, group_parent(own->index));
    }
    return count;
}

enum look { LOOK_FOUND, LOOK_ABSENT, LOOK_AGAIN };

/* One validated look at all groups of a key. A key moves at most once while the words of these
 * groups stay the same, so two rounds in a row find it wherever it goes. */
TH_INLINE enum look look_special(const struct thi_map *map, const struct key_kind *kind,
                                 const struct key *key, const struct group *own, uint64_t word,
                                 struct found *found)
{
    struct group groups[LOOK_GROUPS_MAX];
    uint64_t words[LOOK_GROUPS_MAX];
    unsigned count = look_groups(map, own, word, key->hash, groups);
    for (unsigned i = 0; i < count; i++) {
        words[i] = groups[i].index == own->index ? word : word_load(groups[i].side);
    }
    enum look result = LOOK_ABSENT;
    for (unsigned i = 0; i < 2 * count && result == LOOK_ABSENT; i++) {
        const struct group *group = &groups[i % count];
        THI_MAP_POINT(THI_MAP_POINT_READ_WORD, map);
        found->cell = group_scan(map, kind, group, key, &found->stored);
        if (found->cell != NULL) {
            THI_MAP_POINT(THI_MAP_POINT_READ_KEY, map);
            found->value = cell_value(found->cell);
            THI_MAP_POINT(THI_MAP_POINT_READ_VALUE, map);
            found->group = *group;
            result = LOOK_FOUND;
        } else {
            THI_MAP_POINT(THI_MAP_POINT_READ_SCANNED, map);
        }
    }
    for (unsigned i = 0; i < count; i++) {
        if (!word_same(word_recheck(groups[i].side), words[i])) {
            return LOOK_AGAIN;
        }
    }
    return result;
}

/* One validated look at the group whose word was read. `word` may carry the LOCK of the caller. */
TH_INLINE enum look look_once(const struct thi_map *map, const struct key_kind *kind,
                              const struct key *key, const struct group *own, uint64_t word,
                              struct found *found)
{
    if (TH_UNLIKELY((word & TH_WORD_SPECIAL) != 0)) {
        return look_special(map, kind, key, own, word, found);
    }
    THI_MAP_POINT(THI_MAP_POINT_READ_WORD, map);
    found->cell = group_scan(map, kind, own, key, &found->stored);
    if (found->cell != NULL) {
        THI_MAP_POINT(THI_MAP_POINT_READ_KEY, map);
        found->value = cell_value(found->cell);
        THI_MAP_POINT(THI_MAP_POINT_READ_VALUE, map);
        found->group = *own;
    } else {
        THI_MAP_POINT(THI_MAP_POINT_READ_SCANNED, map);
    }
    if (!word_same(word_recheck(own->side), word)) {
        return LOOK_AGAIN;
    }
    return found->cell != NULL ? LOOK_FOUND : LOOK_ABSENT;
}

/* Looks until a look was undisturbed. */
TH_INLINE bool look(const struct thi_map *map, const struct key_kind *kind, const struct key *key,
                    struct found *found)
{
    for (;;) {
        uint64_t word;
        struct group group = thi_map_find_group(map, key->hash, &word);
        enum look result = look_once(map, kind, key, &group, word, found);
        if (TH_LIKELY(result != LOOK_AGAIN)) {
            return result == LOOK_FOUND;
        }
        /* The group had an erase, a split or a merge meanwhile: somebody made progress.
         * relaxed: statistic, read by stats only. */
        th_u64_add_rlx(&((struct thi_map *)(uintptr_t)map)->counters.read_retries, 1);
    }
}

/* Where a look at a key begins in a map in the table, one level down at the typical depth. For a
 * small map, a place that is always empty. */
struct spot {
    struct side *side;
    struct cell *cells; /* of the group */
    uint64_t hint;
};

TH_INLINE uint32_t hint_group(uint64_t hint, uint64_t hash)
{
    return (uint32_t)(hash >> TH_HASH_GROUP_SHIFT) & (uint32_t)hint;
}

/* By a hint that says that run 0 is all. */
TH_INLINE struct spot spot_near(const struct thi_map *map, uint64_t hash, uint64_t hint)
{
    uint32_t index = hint_group(hint, hash);
    const char *cells = cells_load(map);
    return (struct spot){cells_side(cells, index), cells_group(cells, index), hint};
}

TH_INLINE struct spot spot_of(const struct thi_map *map, uint64_t hash)
{
    uint64_t hint = hint_load(map);
    if (TH_UNLIKELY((hint & TH_HINT_RUNS) != 0)) {
        struct group group = group_in_table(map, hint_group(hint, hash));
        return (struct spot){group.side, group.cells, hint};
    }
    return spot_near(map, hash, hint);
}

TH_INLINE struct cell *spot_line(const struct spot *spot, uint64_t hash)
{
    return (struct cell *)((uintptr_t)spot->cells + hash_line_offset(hash));
}

/* Asks for the group's word to write it. Not of a small map, whose spot is no place of its own:
 * what all small maps of the process read would go from core to core. */
TH_INLINE void spot_prefetch_write(const struct spot *spot)
{
    if (TH_LIKELY((spot->hint & TH_HINT_SMALL) == 0)) {
        thi_prefetch_write(spot->side);
    }
}

/* The first line that entries are displaced to from the home line. */
TH_INLINE struct cell *line_next(const struct spot *spot, uint64_t hash)
{
    return (struct cell *)(((uintptr_t)spot->cells + hash_line_offset(hash)) ^ 64u);
}

TH_INLINE bool line_was_passed(const struct side *side, uint64_t hash)
{
    return (passed_load(side) >> hash_line(hash, TH_MAP_LINES - 1) & 1) != 0;
}

/* Asks for the lines that a look at the hash will read. */
TH_INLINE void look_prefetch(const struct thi_map *map, uint64_t hash)
{
    struct spot spot = spot_of(map, hash);
    __builtin_prefetch(spot_line(&spot, hash));
    __builtin_prefetch(spot.side);
}

/* Asks for the next line if an entry of the home line, which is here, stands in it. */
TH_INLINE void look_prefetch_next(const struct thi_map *map, uint64_t hash)
{
    struct spot spot = spot_of(map, hash);
    if (line_was_passed(spot.side, hash)) {
        __builtin_prefetch(line_next(&spot, hash));
    }
}

/* The get path of a map in the table: group word, home cell, home line. Anything unusual is left to
 * `look`. */
enum quick { QUICK_FOUND, QUICK_ABSENT, QUICK_UNKNOWN };

/* The home line was read and does not hold the key: is it absent? Not to be told here if the group
 * is not the typical one: the map is small, or the group absent, split further or less than most. A
 * hit needs none of this: an entry that stands where we look is the key's. */
TH_INLINE bool spot_is_typical(const struct spot *spot, uint64_t word)
{
    return ((word ^ spot->hint) >> TH_WORD_DEPTH_SHIFT | (word & TH_WORD_SPECIAL)) == 0;
}

TH_INLINE enum quick quick_absent(const struct spot *spot, uint64_t hash, uint64_t word)
{
    bool all = !line_was_passed(spot->side, hash) && spot_is_typical(spot, word);
    return all && word_same(word_recheck(spot->side), word) ? QUICK_ABSENT : QUICK_UNKNOWN;
}

/* The cell of the home line that holds the key, and its key word as it is when nobody holds the
 * cell. */
TH_INLINE bool home_find(const struct thi_map *map, const struct key_kind *kind, struct cell *cells,
                         const struct key *key, struct cell **cell, uint64_t *stored)
{
    struct cell *line = (struct cell *)((uintptr_t)cells + hash_line_offset(key->hash));
    if (kind->bytes) {
        *cell = &cells[hash_home(key->hash)];
        uint64_t word = cell_key(*cell);
        if (TH_UNLIKELY(!key_matches(map, kind, word, key))) {
            *cell = line_find(map, kind, line, key, &word);
        }
        *stored = key_let_go(word);
        return *cell != NULL;
    }
    /* Held by an updater or not: one look, or an update that ends between two would hide it. */
    unsigned offset = thi_line_find(line, key->word, true);
    *cell = (struct cell *)((uintptr_t)line + (uintptr_t)offset * TH_LINE_UNIT);
    *stored = key->word;
    return offset != TH_LINE_NONE;
}

/* The same where the caller takes the cell's lock next, which proves that it is the key's. */
TH_INLINE bool home_find_to_lock(const struct thi_map *map, const struct key_kind *kind,
                                 const struct spot *spot, const struct key *key,
                                 struct found *found)
{
#ifdef TH_LINE_WHOLE
    if (!kind->bytes) {
        void *cell;
        found->stored = key->word;
        if (TH_LIKELY(thi_line_likely(spot_line(spot, key->hash), key->word, &cell))) {
            found->cell = cell;
            return true;
        }
    }
#endif
    return home_find(map, kind, spot->cells, key, &found->cell, &found->stored);
}

TH_INLINE enum quick quick_look(const struct thi_map *map, const struct key_kind *kind,
                                const struct key *key, uint64_t *value)
{
    struct spot spot = spot_of(map, key->hash);
    uint64_t word = word_load(spot.side);
    THI_MAP_POINT(THI_MAP_POINT_READ_WORD, map);
    uint64_t stored;
    struct cell *cell;
    if (TH_UNLIKELY(!home_find(map, kind, spot.cells, key, &cell, &stored))) {
        THI_MAP_POINT(THI_MAP_POINT_READ_SCANNED, map);
        return quick_absent(&spot, key->hash, word);
    }
    THI_MAP_POINT(THI_MAP_POINT_READ_KEY, map);
    uint64_t seen = cell_value(cell);
    THI_MAP_POINT(THI_MAP_POINT_READ_VALUE, map);
    /* The whole word, count and LOCK too: shorter, and who comes while the group is written may
     * look once more. */
    if (TH_UNLIKELY(word_recheck(spot.side) != word)) {
        return QUICK_UNKNOWN;
    }
    *value = seen;
    return QUICK_FOUND;
}

/* ------------------------------------------------------------------ updates */

/* Takes the lock of the cell that holds the key: true and *found; false: absent. Waits while
 * another holds it. */
TH_INLINE bool key_lock(struct thi_map *map, const struct key_kind *kind, const struct key *key,
                        struct found *found)
{
    unsigned round = 0;
    for (;;) {
        if (!look(map, kind, key, found)) {
            return false;
        }
        uint64_t unlocked = key_let_go(found->stored);
        THI_MAP_POINT(THI_MAP_POINT_CELL_FOUND, map);
        if (cell_try_lock(found->cell, unlocked)) {
            found->stored = unlocked;
            THI_MAP_POINT(THI_MAP_POINT_CELL_HELD, map);
            return true;
        }
        thi_map_wait(&map->counters.cell_waits, found->cell, &round);
    }
}

/* The same in the home line of a map in the table, without a look at anything but the line. The
 * lock proves by itself that the cell is the key's (I1). False: not this way. */
TH_INLINE bool key_lock_quick(const struct thi_map *map, const struct key_kind *kind,
                              const struct key *key, struct found *found)
{
    struct spot spot = spot_of(map, key->hash);
    if (TH_UNLIKELY(!home_find_to_lock(map, kind, &spot, key, found))) {
        return false;
    }
    THI_MAP_POINT(THI_MAP_POINT_CELL_FOUND, map);
    if (TH_UNLIKELY(!cell_try_lock(found->cell, found->stored))) {
        return false;
    }
    THI_MAP_POINT(THI_MAP_POINT_CELL_HELD, map);
    return true;
}

/* True if the key is certainly absent, as a get would tell, by a look at its home line. */
TH_INLINE bool key_absent_quick(const struct thi_map *map, const struct key_kind *kind,
                                const struct key *key)
{
    uint64_t value;
    return quick_look(map, kind, key, &value) == QUICK_ABSENT;
}

TH_INLINE bool key_lock_any(struct thi_map *map, const struct key_kind *kind, const struct key *key,
                            struct found *found)
{
    if (TH_LIKELY(key_lock_quick(map, kind, key, found))) {
        return true;
    }
    return !key_absent_quick(map, kind, key) && key_lock(map, kind, key, found);
}

/* Gives a held cell its new value and lets it go. Returns the value before. */
TH_INLINE uint64_t held_cell_set(const struct found *found, uint64_t value)
{
    uint64_t before = cell_value(found->cell);
    cell_store_value(found->cell, value);
    THI_MAP_POINT(THI_MAP_POINT_UPDATE_STORED, NULL);
    cell_store_key(found->cell, found->stored);
    return before;
}

/* ------------------------------------------------------------------ inserts */

/* Locks the group that covers the hash. `word` is its word without the LOCK. */
TH_INLINE struct group group_lock(struct thi_map *map, uint64_t hash, uint64_t *word)
{
    unsigned round = 0;
    for (;;) {
        struct group group = thi_map_find_group(map, hash, word);
        THI_MAP_POINT(THI_MAP_POINT_GROUP_FOUND, map);
        /* The exchange proves that nothing of the word changed: depth, and so coverage, are as
         * found. */
        if ((*word & TH_WORD_LOCK) == 0 && group_try_lock(group.side, word)) {
            THI_MAP_POINT(THI_MAP_POINT_GROUP_HELD, map);
            return group;
        }
        thi_map_wait(&map->counters.group_waits, group.side, &round);
    }
}

enum insert { INSERT_DONE, INSERT_PRESENT, INSERT_FULL, INSERT_AGAIN };

/* True: the key's home line does not hold it, *vacant is a free cell there or NULL. False:
 * found->cell holds it. */
TH_INLINE bool home_lacks(const struct thi_map *map, const struct key_kind *kind,
                          const struct spot *spot, const struct key *key, struct found *found,
                          struct cell **vacant)
{
    struct cell *line = spot_line(spot, key->hash);
#ifdef TH_LINE_WHOLE
    void *first = NULL;
    if (!kind->bytes && TH_LIKELY(thi_line_lacks(line, key->word, &first))) {
        *vacant = first;
        return true;
    }
#endif
    uint64_t stored;
    if (TH_UNLIKELY(home_find(map, kind, spot->cells, key, &found->cell, &stored))) {
        return false;
    }
    uintptr_t offset = (uintptr_t)thi_line_find(line, TH_KEY_EMPTY, false) * TH_LINE_UNIT;
    *vacant =
        offset == TH_LINE_NONE * TH_LINE_UNIT ? NULL : (struct cell *)((uintptr_t)line + offset);
    return true;
}

/* The whole of an insert into a home line with a free cell. Everything is found before the lock is
 * taken: that the word is still the same then proves that nothing was inserted, erased or moved in
 * the group since it was read, for each of these changes the count or the version. INSERT_PRESENT:
 * *present is the value seen. INSERT_AGAIN: not this way. */
TH_INLINE enum insert insert_quick(struct thi_map *map, const struct key_kind *kind,
                                   const struct key *key, uint64_t key_word, uint64_t value,
                                   struct found *found)
{
    struct spot spot = spot_of(map, key->hash);
    spot_prefetch_write(&spot);
    if (!kind->bytes && (spot.hint & TH_HINT_SMALL) == 0) {
        /* One home line in seven is full: the next line is asked for before that is known. */
        thi_prefetch_write(line_next(&spot, key->hash));
    }
    uint64_t word = word_load(spot.side);
    if (TH_UNLIKELY(!spot_is_typical(&spot, word))) {
        /* Nothing is read of a group that is not there yet: the system would show an empty page,
         * and the split that fills it would have to wait until all cores have forgotten that. */
        return INSERT_AGAIN;
    }
    struct cell *cell = NULL;
    if (TH_UNLIKELY(!home_lacks(map, kind, &spot, key, found, &cell))) {
        found->value = cell_value(found->cell);
        return word_same(word_recheck(spot.side), word) ? INSERT_PRESENT : INSERT_AGAIN;
    }
    bool room = cell != NULL && !line_was_passed(spot.side, key->hash);
    THI_MAP_POINT(THI_MAP_POINT_GROUP_FOUND, map);
    if (!room || (word & TH_WORD_LOCK) != 0 || !group_try_lock(spot.side, &word)) {
        return INSERT_AGAIN;
    }
    THI_MAP_POINT(THI_MAP_POINT_GROUP_HELD, map);
    cell_store_value(cell, value);
    THI_MAP_POINT(THI_MAP_POINT_INSERT_STORED, map);
    cell_store_key(cell, key_word);
    found->value = word + TH_WORD_COUNT_ONE;
    word_store(spot.side, word + TH_WORD_COUNT_ONE);
    return INSERT_DONE;
}

/* Under the group's lock: looks for the key, fills a free cell if it is absent. Lets the group go
 * in any case. *found is the present entry for INSERT_PRESENT; *count the entries of the group for
 * INSERT_DONE. */
TH_INLINE enum insert insert_locked(struct thi_map *map, const struct key_kind *kind,
                                    const struct key *key, uint64_t key_word, uint64_t value,
                                    struct found *found)
{
    uint64_t word;
    struct group group = group_lock(map, key->hash, &word);
    enum look seen;
    do {
        seen = look_once(map, kind, key, &group, word, found);
    } while (seen == LOOK_AGAIN); /* only an ancestor can have changed: it completed a step */
    if (seen == LOOK_FOUND) {
        word_store(group.side, word);
        return INSERT_PRESENT;
    }
    unsigned distance = 0;
    struct cell *cell = thi_map_free_cell(&group, key->hash, &distance);
    if (TH_UNLIKELY(cell == NULL)) {
        word_store(group.side, word);
        return INSERT_FULL;
    }
    thi_map_passes_add(&group, key->hash, distance);
    cell_store_value(cell, value);
    THI_MAP_POINT(THI_MAP_POINT_INSERT_STORED, map);
    cell_store_key(cell, key_word);
    found->group = group;
    found->value = word + TH_WORD_COUNT_ONE;
    word_store(group.side, word + TH_WORD_COUNT_ONE);
    return INSERT_DONE;
}

#endif
