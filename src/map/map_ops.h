/* SPDX-License-Identifier: MIT
 * map_ops.h - the operations of a map, once for all key kinds, on top of map_core.h. Inlined into
 * the three kinds.
 *
 * Progress     as stated in map_core.h.
 */
#ifndef TOPHASH_MAP_MAP_OPS_H
#define TOPHASH_MAP_MAP_OPS_H

#include "map/map_core.h"

#define TH_BORROW_TRIES 64u

/* The slow half of a get. */
TH_INLINE bool core_look(const struct thi_map *map, const struct key_kind *kind,
                         const struct key *key, uint64_t *value)
{
    struct found found = {.value = 0};
    if (!look(map, kind, key, &found)) {
        return false;
    }
    if (value != NULL) {
        *value = found.value;
    }
    return true;
}

/* ------------------------------------------------------------------ growth as seen by an insert */

/* After an insert that left the group's word at `word`: is it full enough to be split, or soon, or
 * does it borrow? A small map moves when it is full, and has neither. */
TH_INLINE bool after_insert_wants_more(uint64_t word)
{
    return word_count(word) >= TH_MAP_PREPARE_COUNT || (word & TH_WORD_BORROWS) != 0;
}

/* Makes room in the full group of `hash`. TH_OK: try again; TH_MORE: held by others, wait; below 0:
 * borrow or give up. */
static inline th_status core_make_room(struct thi_map *map, uint64_t hash)
{
    if (thi_map_is_small(map)) {
        return thi_map_upgrade(map);
    }
    th_status status = thi_map_split(map, hash, TH_MAP_GROUP_CELLS);
    /* A held group will not stay held by a split; but its holder may have stopped. Borrowing needs
     * its lock too. */
    return status;
}

/* Puts an entry that is known to be absent when the lock is taken into an ancestor of its full
 * group. */
static inline enum insert core_borrow(struct thi_map *map, const struct group *own, uint64_t word,
                                      const struct key *key, uint64_t key_word, uint64_t value)
{
    struct lender lender;
    struct cell *cell = thi_map_borrow_cell(map, own->index, key->hash, &lender);
    if (cell == NULL) {
        word_store(own->side, word);
        return lender.held ? INSERT_AGAIN : INSERT_FULL;
    }
    /* Shown before the entry: who finds our group without the mark looks nowhere else. */
    word_store(own->side, word | TH_WORD_LOCK | TH_WORD_BORROWS);
    cell_store_value(cell, value);
    THI_MAP_POINT(THI_MAP_POINT_INSERT_STORED, map);
    cell_store_key(cell, key_word);
    word_store(lender.group.side, lender.word + TH_WORD_COUNT_ONE);
    word_store(own->side, word | TH_WORD_BORROWS);
    return INSERT_DONE;
}

TH_INLINE enum insert borrow_locked(struct thi_map *map, const struct key_kind *kind,
                                    const struct key *key, uint64_t key_word, uint64_t value)
{
    uint64_t word;
    struct found found;
    struct group group = group_lock(map, key->hash, &word);
    enum look seen;
    do {
        seen = look_once(map, kind, key, &group, word, &found);
    } while (seen == LOOK_AGAIN);
    if (seen == LOOK_FOUND) {
        word_store(group.side, word);
        return INSERT_AGAIN;
    }
    if (word_count(word) < TH_MAP_GROUP_CELLS || group.line_mask != TH_MAP_LINES - 1) {
        word_store(group.side, word);
        return INSERT_AGAIN; /* room was made meanwhile */
    }
    return core_borrow(map, &group, word, key, key_word, value);
}

/* Inserts the key if it is absent. TH_OK; TH_EXISTS: *present is its value as seen under the
 * group's lock; TH_ENOMEM. */
TH_INLINE th_status core_insert(struct thi_map *map, const struct key_kind *kind,
                                const struct key *key, uint64_t key_word, uint64_t value,
                                uint64_t *present)
{
    unsigned round = 0;
    struct found found;
    enum insert result = insert_quick(map, kind, key, key_word, value, &found);
    for (unsigned borrows = 0;;) {
        if (TH_UNLIKELY(result == INSERT_AGAIN)) {
            result = insert_locked(map, kind, key, key_word, value, &found);
        }
        if (TH_LIKELY(result == INSERT_DONE)) {
            if (TH_UNLIKELY(after_insert_wants_more(found.value))) {
                thi_map_after_insert(map, key->hash, found.value);
            }
            return TH_OK;
        }
        if (result == INSERT_PRESENT) {
            *present = found.value;
            return TH_EXISTS;
        }
        th_status status = core_make_room(map, key->hash);
        if (status == TH_MORE) {
            thi_map_wait(&map->counters.group_waits, map, &round);
        }
        if (status < 0) {
            if (thi_map_is_small(map) || borrows++ >= TH_BORROW_TRIES) {
                return TH_ENOMEM;
            }
            result = borrow_locked(map, kind, key, key_word, value);
            if (result == INSERT_DONE) {
                return TH_OK;
            }
            if (result == INSERT_FULL) {
                return TH_ENOMEM; /* the group and all its ancestors are full */
            }
            thi_map_wait(&map->counters.group_waits, map, &round);
        }
        result = INSERT_AGAIN;
    }
}

/* ------------------------------------------------------------------ erase */

/* Frees the cell of a held entry. Both its group's lock and its own LOCK are held. `word` is the
 * group's without LOCK. */
TH_INLINE void entry_clear(struct thi_map *map, const struct group *group, uint64_t word,
                           struct cell *cell, uint64_t hash)
{
    (void)map; /* named for the test points */
    unsigned distance = thi_map_distance(group, hash, cell);
    cell_store_key(cell, TH_KEY_EMPTY);
    THI_MAP_POINT(THI_MAP_POINT_ERASE_CLEARED, map);
    thi_map_passes_sub(group, hash, distance);
    word_store(group->side, word_bumped(word - TH_WORD_COUNT_ONE));
}

/* Locks the lender of a borrowed entry; its own group is locked by the caller. */
static inline bool lender_try_lock(const struct group *lender, uint64_t *word)
{
    *word = word_load(lender->side);
    return (*word & TH_WORD_LOCK) == 0 && group_try_lock(lender->side, word);
}

enum erase { ERASE_DONE, ERASE_ABSENT, ERASE_MISMATCH, ERASE_HELD };

/* One try, under the group's lock. `expected` NULL: whatever the value is. found->value is the
 * value. */
TH_INLINE enum erase erase_locked(struct thi_map *map, const struct key_kind *kind,
                                  const struct key *key, const uint64_t *expected,
                                  struct found *found)
{
    uint64_t word;
    uint64_t lender_word = 0;
    struct group group = group_lock(map, key->hash, &word);
    enum look seen;
    do {
        seen = look_once(map, kind, key, &group, word, found);
    } while (seen == LOOK_AGAIN);
    if (seen == LOOK_ABSENT) {
        word_store(group.side, word);
        return ERASE_ABSENT;
    }
    bool borrowed = found->group.index != group.index;
    found->stored = key_let_go(found->stored);
    if (borrowed && !lender_try_lock(&found->group, &lender_word)) {
        word_store(group.side, word);
        return ERASE_HELD;
    }
    enum erase result = ERASE_HELD;
    if (cell_try_lock(found->cell, found->stored)) {
        found->value = cell_value(found->cell);
        result = expected == NULL || *expected == found->value ? ERASE_DONE : ERASE_MISMATCH;
    }
    if (result == ERASE_DONE) {
        entry_clear(map, &found->group, borrowed ? lender_word : word, found->cell, key->hash);
        if (borrowed) {
            word_store(group.side, word);
        }
        return ERASE_DONE;
    }
    if (result == ERASE_MISMATCH) {
        cell_store_key(found->cell, found->stored);
    }
    if (borrowed) {
        word_store(found->group.side, lender_word);
    }
    word_store(group.side, word);
    return result;
}

/* The whole of an erase of an entry in its home line, found before the lock is taken as in
 * insert_quick(). ERASE_HELD: not this way. */
TH_INLINE enum erase erase_quick(struct thi_map *map, const struct key_kind *kind,
                                 const struct key *key, const uint64_t *expected,
                                 struct found *found)
{
    struct spot spot = spot_of(map, key->hash);
    spot_prefetch_write(&spot);
    uint64_t word = word_load(spot.side);
    if (TH_UNLIKELY(!home_find_to_lock(map, kind, &spot, key, found))) {
        return quick_absent(&spot, key->hash, word) == QUICK_ABSENT ? ERASE_ABSENT : ERASE_HELD;
    }
    THI_MAP_POINT(THI_MAP_POINT_GROUP_FOUND, map);
    /* A group that is absent is being filled by a split: it is the splitter's, though its word is
     * not locked. */
    if (word_depth(word) == 0 || (word & TH_WORD_LOCK) != 0 || !group_try_lock(spot.side, &word)) {
        return ERASE_HELD;
    }
    THI_MAP_POINT(THI_MAP_POINT_GROUP_HELD, map);
    enum erase result = ERASE_HELD;
    if (TH_LIKELY(cell_try_lock(found->cell, found->stored))) {
        found->value = cell_value(found->cell);
        result = expected == NULL || *expected == found->value ? ERASE_DONE : ERASE_MISMATCH;
        cell_store_key(found->cell, result == ERASE_DONE ? TH_KEY_EMPTY : found->stored);
        THI_MAP_POINT(THI_MAP_POINT_ERASE_CLEARED, map);
    }
    if (TH_LIKELY(result == ERASE_DONE)) {
        word = word_bumped(word - TH_WORD_COUNT_ONE);
    }
    word_store(spot.side, word);
    return result;
}

TH_INLINE th_status core_erase(struct thi_map *map, const struct key_kind *kind,
                               const struct key *key, const uint64_t *expected, uint64_t *value)
{
    unsigned round = 0;
    struct found found;
    enum erase result = erase_quick(map, kind, key, expected, &found);
    while (result == ERASE_HELD &&
           (result = erase_locked(map, kind, key, expected, &found)) == ERASE_HELD) {
        thi_map_wait(&map->counters.cell_waits, map, &round);
    }
    if (result == ERASE_ABSENT) {
        return TH_ABSENT;
    }
    if (value != NULL) {
        *value = found.value;
    }
    if (result == ERASE_MISMATCH) {
        return TH_MISMATCH;
    }
    if (TH_UNLIKELY(map->drop != NULL)) {
        thi_map_value_retire(map, found.value, key->hash);
    }
    if (kind->bytes) {
        thi_map_record_retire(map, found.stored, key->hash);
    }
    return TH_OK;
}

/* ------------------------------------------------------------------ updates */

TH_INLINE th_status core_replace(struct thi_map *map, const struct key_kind *kind,
                                 const struct key *key, uint64_t value, uint64_t *old)
{
    struct found found;
    if (!key_lock_any(map, kind, key, &found)) {
        return TH_ABSENT;
    }
    uint64_t before = held_cell_set(&found, value);
    if (old != NULL) {
        *old = before;
    }
    if (TH_UNLIKELY(map->drop != NULL)) {
        thi_map_value_retire(map, before, key->hash);
    }
    return TH_OK;
}

TH_INLINE th_status core_compare_exchange(struct thi_map *map, const struct key_kind *kind,
                                          const struct key *key, uint64_t *expected,
                                          uint64_t desired)
{
    struct found found;
    if (!key_lock_any(map, kind, key, &found)) {
        return TH_ABSENT;
    }
    uint64_t before = cell_value(found.cell);
    if (before != *expected) {
        cell_store_key(found.cell, found.stored);
        *expected = before;
        return TH_MISMATCH;
    }
    (void)held_cell_set(&found, desired);
    if (TH_UNLIKELY(map->drop != NULL)) {
        thi_map_value_retire(map, before, key->hash);
    }
    return TH_OK;
}

TH_INLINE th_status core_fetch_add(struct thi_map *map, const struct key_kind *kind,
                                   const struct key *key, uint64_t delta, uint64_t *old)
{
    struct found found;
    if (!key_lock_any(map, kind, key, &found)) {
        return TH_ABSENT;
    }
    uint64_t before = cell_value(found.cell);
    (void)held_cell_set(&found, before + delta);
    if (old != NULL) {
        *old = before;
    }
    return TH_OK;
}

#endif
