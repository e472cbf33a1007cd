/* SPDX-License-Identifier: MIT
 * map_integer.h - what the two integer key kinds share: keys are mixed by a keyed bijection and
 * stored in place.
 *
 * Progress     as stated in map_core.h.
 */
#ifndef TOPHASH_MAP_MAP_INTEGER_H
#define TOPHASH_MAP_MAP_INTEGER_H

#include "map/map_ops.h"

static const struct key_kind integer_kind = {.bytes = false};

TH_INLINE struct key integer_key_of_hash(uint64_t hash)
{
    return (struct key){.hash = hash, .word = hash | TH_KEY_MARKS};
}

TH_INLINE uint64_t integer_hash(const struct thi_map *map, uint64_t key)
{
    return hash_turned(thi_mix(&map->seed, key));
}

TH_INLINE struct key integer_key(const struct thi_map *map, uint64_t key)
{
    return integer_key_of_hash(integer_hash(map, key));
}

/* The key of an entry that a walk gave. */
TH_INLINE uint64_t integer_unmixed(const struct thi_map *map, const struct walk_entry *entry)
{
    return thi_unmix(&map->seed, hash_turned_back(position_hash(entry->position)));
}

/* map_wide.c: the hot paths for processors whose vector loads are wide; whether this is one, known
 * once a map is made. */
extern struct th_au8 thi_map_wide __attribute__((visibility("hidden")));
bool thi_map_get_wide(const struct thi_map *map, uint64_t hash, uint64_t *value);
th_status thi_map_insert_wide(struct thi_map *map, uint64_t hash, uint64_t value,
                              uint64_t *present);
th_status thi_map_erase_wide(struct thi_map *map, uint64_t hash, uint64_t *old);

TH_INLINE bool map_is_wide(void)
{
    /* relaxed: both paths are right. */
    return th_u8_load_rlx(&thi_map_wide) != 0;
}

struct batch_out {
    uint64_t *values;
    bool *found;
};

/* map_integer.c: the slow half of a get, and the operations that need no inlining into each kind.
 * */
bool thi_integer_look(const struct thi_map *map, uint64_t hash, uint64_t *value);
/* A get goes on here when the key's whole cell was not found at once. */
bool thi_integer_get_other(const struct thi_map *map, uint64_t hash, uint64_t *value);
/* A get goes on here when its home line does not hold the key; `word` was read before the line. */
bool thi_integer_get_absent(const struct thi_map *map, uint64_t hash, uint64_t *value,
                            const struct side *side, uint64_t word);
th_status thi_integer_put(struct thi_map *map, uint64_t hash, uint64_t value, uint64_t *old);
th_status thi_integer_insert(struct thi_map *map, uint64_t hash, uint64_t value, uint64_t *present);
/* map_next.c: writes one line further. True: done; false: not this way. Replaced and erased values
 * are the caller's to retire. */
bool thi_integer_insert_next(struct thi_map *map, uint64_t hash, uint64_t value);
bool thi_integer_erase_next(struct thi_map *map, uint64_t hash, uint64_t *old);
bool thi_integer_update_next(struct thi_map *map, uint64_t hash, uint64_t value, uint64_t *old);

th_status thi_integer_replace(struct thi_map *map, uint64_t key, uint64_t value, uint64_t *old);
th_status thi_integer_compare_exchange(struct thi_map *map, uint64_t key, uint64_t *expected,
                                       uint64_t desired);
th_status thi_integer_fetch_add(struct thi_map *map, uint64_t key, uint64_t delta, uint64_t *old);
th_status thi_integer_erase(struct thi_map *map, uint64_t hash, uint64_t *old);
th_status thi_integer_erase_if(struct thi_map *map, uint64_t key, uint64_t expected,
                               uint64_t *found);

/* What becomes of a value that was replaced or erased: the caller's to look at, and dropped once
 * nobody reads it any more. */
TH_INLINE void value_hand_out(struct thi_map *map, uint64_t hash, uint64_t value, uint64_t *old)
{
    if (old != NULL) {
        *old = value;
    }
    if (TH_UNLIKELY(map->drop != NULL)) {
        thi_map_value_retire(map, value, hash);
    }
}

#ifdef TH_LINE_WHOLE
/* The get path where a cell can be read whole: what stands in a cell at one moment is the key's
 * value at that moment, wherever the cell is and whatever moves meanwhile (I1), so no version is
 * asked. Only misses, displaced entries and small maps go on. */
TH_INLINE bool integer_get_whole(const struct thi_map *map, uint64_t hash, uint64_t *value)
{
    const void *line = thi_line_at(&map->span, &map->whole, hash);
    return thi_line_get(line, hash | TH_KEY_MARKS, value);
}

/* The home line, read whole, does not hold the key. True: the key is absent. False: it may be
 * elsewhere, or was written meanwhile.
 *
 * The side word is asked first whether the next line may hold the key: it is near, so that a wrong
 * guess is known early. A branch on what the home line holds, whether it is full for example, would
 * cost all that is under way behind it each time it is guessed wrong. What was passed when the word
 * of the group had been read is enough: entries are displaced by inserts only, and one inserted
 * since was absent then. */
TH_INLINE bool spot_absent(const struct thi_map *map, const struct spot *spot, uint64_t hash,
                           uint64_t word)
{
    (void)map; /* for the points */
    if (TH_UNLIKELY(line_was_passed(spot->side, hash))) {
        return false;
    }
    THI_MAP_POINT(THI_MAP_POINT_READ_WORD, map);
    bool lacks = thi_line_misses(spot_line(spot, hash), hash | TH_KEY_MARKS);
    THI_MAP_POINT(THI_MAP_POINT_READ_SCANNED, map);
    return TH_LIKELY(lacks) && spot_is_typical(spot, word) &&
           word_same(word_recheck(spot->side), word);
}

/* The same of a hash whose group has the depth that most have and lies in run 0; false of others.
 */
TH_INLINE bool integer_absent(const struct thi_map *map, uint64_t hash)
{
    THI_MAP_POINT(THI_MAP_POINT_READ_SCANNED, map);
    uint64_t hint = hint_load(map);
    if (TH_UNLIKELY((hint & TH_HINT_RUNS) != 0)) {
        return false;
    }
    struct spot spot = spot_near(map, hash, hint);
    return spot_absent(map, &spot, hash, word_load(spot.side));
}

/* An update in the home line in run 0: the lock proves that the cell is the key's (I1). */
TH_INLINE bool integer_update(struct thi_map *map, uint64_t hash, uint64_t value, uint64_t *old)
{
    struct found found = {.stored = hash | TH_KEY_MARKS};
    void *line = (void *)(uintptr_t)thi_line_at(&map->span, &map->whole, hash);
    void *cell;
    if (!thi_line_likely(line, found.stored, &cell)) {
        return false;
    }
    THI_MAP_POINT(THI_MAP_POINT_CELL_FOUND, map);
    if (TH_UNLIKELY(!cell_try_lock(cell, found.stored))) {
        return false;
    }
    found.cell = cell;
    THI_MAP_POINT(THI_MAP_POINT_CELL_HELD, map);
    uint64_t before = held_cell_set(&found, value);
    value_hand_out(map, hash, before, old);
    return true;
}

/* The home line, which is here, does not show the key: asks for the next one if that may. Entries
 * are displaced from full lines, and a line that is full still needs no look at the bitmap. */
TH_INLINE void line_prefetch_next(const struct thi_map *map, uint64_t hash, const void *line)
{
    if (thi_line_is_full(line)) {
        __builtin_prefetch((const void *)((uintptr_t)line ^ TH_CACHE_LINE_BYTES));
    } else {
        look_prefetch_next(map, hash);
    }
}

/* The key of a full home line in the next one, where most go that do not stand at home: without
 * asking the side word, which mostly is further away than the line that was asked for. */
TH_INLINE bool line_get_displaced(const void *line, uint64_t hash, uint64_t *value)
{
    return thi_line_is_full(line) &&
           thi_line_get((const void *)((uintptr_t)line ^ TH_CACHE_LINE_BYTES), hash | TH_KEY_MARKS,
                        value);
}

/* One batch of at most TH_MAP_BATCH hashes, whose lines in run 0 were asked for: what is not found
 * there at once is looked for on its own. */
TH_INLINE size_t integer_get_batch_whole(const struct thi_map *map, const uint64_t *hashes,
                                         const void *const *lines, size_t count,
                                         struct batch_out out)
{
    unsigned char pending[TH_MAP_BATCH];
    size_t pending_count = 0;
    for (size_t i = 0; i < count; i++) {
        out.found[i] = true;
        if (TH_UNLIKELY(!thi_line_get(lines[i], hashes[i] | TH_KEY_MARKS, &out.values[i]))) {
            line_prefetch_next(map, hashes[i], lines[i]);
            pending[pending_count++] = (unsigned char)i;
        }
    }
    size_t hits = count - pending_count;
    for (size_t i = 0; i < pending_count; i++) {
        unsigned at = pending[i];
        out.found[at] = line_get_displaced(lines[at], hashes[at], &out.values[at]) ||
                        thi_integer_get_other(map, hashes[at], &out.values[at]);
        hits += out.found[at];
    }
    return hits;
}
#endif

/* The get path: mixed key to value. All that is rare is left to calls in tail position, so that
 * nothing is saved or spilled on the way to a hit; docs/adr/0002 says what each instruction costs.
 * */
TH_INLINE bool integer_get(const struct thi_map *map, uint64_t hash, uint64_t *value)
{
    struct spot spot = spot_of(map, hash);
    uint64_t word = word_load(spot.side);
    const char *line = (const char *)spot_line(&spot, hash);
    if (TH_UNLIKELY(line_was_passed(spot.side, hash))) {
        /* Some entry of this line stands in the next one: ask for it before the first arrives. */
        __builtin_prefetch(line_next(&spot, hash));
    }
    THI_MAP_POINT(THI_MAP_POINT_READ_WORD, map);
    unsigned offset = thi_line_find(line, hash | TH_KEY_MARKS, true);
    if (TH_UNLIKELY(offset == TH_LINE_NONE)) {
        THI_MAP_POINT(THI_MAP_POINT_READ_SCANNED, map);
        return thi_integer_get_absent(map, hash, value, spot.side, word);
    }
    THI_MAP_POINT(THI_MAP_POINT_READ_KEY, map);
    uint64_t seen =
        cell_value((const struct cell *)(const void *)(line + (size_t)offset * TH_LINE_UNIT));
    THI_MAP_POINT(THI_MAP_POINT_READ_VALUE, map);
    /* The whole word, count and LOCK too: shorter, and who comes while the group is written may
     * look once more. */
    if (TH_UNLIKELY(word_recheck(spot.side) != word)) {
        return thi_integer_look(map, hash, value);
    }
    if (value != NULL) {
        *value = seen;
    }
    return true;
}

/* The hot half of put: an update in the home line. Everything else goes the long way. */
TH_INLINE th_status integer_put(struct thi_map *map, uint64_t hash, uint64_t value, uint64_t *old)
{
    struct key key = integer_key_of_hash(hash);
    struct found found;
    if (TH_UNLIKELY(!key_lock_quick(map, &integer_kind, &key, &found))) {
        return thi_integer_put(map, hash, value, old);
    }
    uint64_t before = held_cell_set(&found, value);
    value_hand_out(map, hash, before, old);
    return TH_EXISTS;
}

/* The hot half of insert: a free cell in the home line of a group with room. */
TH_INLINE th_status integer_insert(struct thi_map *map, uint64_t hash, uint64_t value,
                                   uint64_t *present)
{
    struct key key = integer_key_of_hash(hash);
    struct found found;
    enum insert result = insert_quick(map, &integer_kind, &key, key.word, value, &found);
    if (TH_UNLIKELY(result == INSERT_AGAIN)) {
        return thi_integer_insert(map, hash, value, present);
    }
    if (result == INSERT_PRESENT) {
        if (present != NULL) {
            *present = found.value;
        }
        return TH_EXISTS;
    }
    if (TH_UNLIKELY(after_insert_wants_more(found.value))) {
        thi_map_after_insert(map, hash, found.value);
    }
    return TH_OK;
}

/* The hot half of erase: an entry in its home line that nobody holds. */
TH_INLINE th_status integer_erase(struct thi_map *map, uint64_t hash, uint64_t *old)
{
    struct key key = integer_key_of_hash(hash);
    struct found found;
    enum erase result = erase_quick(map, &integer_kind, &key, NULL, &found);
    if (TH_UNLIKELY(result == ERASE_HELD)) {
        return thi_integer_erase(map, hash, old);
    }
    if (result == ERASE_ABSENT) {
        return TH_ABSENT;
    }
    value_hand_out(map, hash, found.value, old);
    return TH_OK;
}

/* A look at the home line without branches, for batches. True if the key was there, not held, and
 * nothing moved. */
TH_INLINE bool integer_line_look(const struct thi_map *map, uint64_t hash, uint64_t *value)
{
    struct spot spot = spot_of(map, hash);
    uint64_t word = word_load(spot.side);
    uintptr_t line = (uintptr_t)spot_line(&spot, hash);
    unsigned offset = thi_line_find((const void *)line, hash | TH_KEY_MARKS, true);
    *value = cell_value((struct cell *)(line + (size_t)(offset % TH_LINE_NONE) * TH_LINE_UNIT));
    return (offset != TH_LINE_NONE) & (word_recheck(spot.side) == word);
}

/* One batch of at most TH_MAP_BATCH hashes, whose lines were asked for. */
TH_INLINE size_t integer_get_batch(const struct thi_map *map, const uint64_t *hashes, size_t count,
                                   struct batch_out out)
{
    unsigned char pending[TH_MAP_BATCH];
    size_t pending_count = 0;
    for (size_t i = 0; i < count; i++) {
        uint64_t value;
        bool here = integer_line_look(map, hashes[i], &value);
        out.values[i] = here ? value : out.values[i];
        out.found[i] = here;
        pending[pending_count] = (unsigned char)i;
        pending_count += !here;
    }
    size_t hits = count - pending_count;
    for (size_t i = 0; i < pending_count; i++) {
        unsigned at = pending[i];
        out.found[at] = integer_get(map, hashes[at], &out.values[at]);
        hits += out.found[at];
    }
    return hits;
}

#endif
