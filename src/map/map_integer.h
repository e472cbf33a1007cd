/* SPDX-License-Identifier: MIT
 * map_integer.h - what the two integer key kinds share: keys are mixed by a keyed bijection and stored in place.
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

TH_INLINE struct key integer_key(const struct thi_map *map, uint64_t key)
{
    return integer_key_of_hash(thi_mix(&map->seed, key));
}

/* The key of an entry that a walk gave. */
TH_INLINE uint64_t integer_unmixed(const struct thi_map *map, const struct walk_entry *entry)
{
    return thi_unmix(&map->seed, thi_map_reverse(entry->position));
}

/* map_integer.c: the slow half of a get, and the operations that need no inlining into each kind. */
bool thi_integer_look(const struct thi_map *map, uint64_t hash, uint64_t *value);
th_status thi_integer_put(struct thi_map *map, uint64_t key, uint64_t value, uint64_t *old);
th_status thi_integer_insert(struct thi_map *map, uint64_t key, uint64_t value, uint64_t *present);
th_status thi_integer_replace(struct thi_map *map, uint64_t key, uint64_t value, uint64_t *old);
th_status thi_integer_compare_exchange(struct thi_map *map, uint64_t key, uint64_t *expected,
                                       uint64_t desired);
th_status thi_integer_fetch_add(struct thi_map *map, uint64_t key, uint64_t delta, uint64_t *old);
th_status thi_integer_erase(struct thi_map *map, uint64_t key, uint64_t *old);
th_status thi_integer_erase_if(struct thi_map *map, uint64_t key, uint64_t expected,
                               uint64_t *found);

/* Nothing here has its address taken by a call: key and value stay in registers. */
TH_INLINE bool integer_get(const struct thi_map *map, uint64_t hash, uint64_t *value)
{
    struct key key = integer_key_of_hash(hash);
    uint64_t seen;
    enum quick quick = quick_look(map, &integer_kind, &key, &seen);
    if (TH_LIKELY(quick == QUICK_FOUND)) {
        if (value != NULL) {
            *value = seen;
        }
        return true;
    }
    return TH_UNLIKELY(quick == QUICK_UNKNOWN) && thi_integer_look(map, hash, value);
}

/* A look at the home line without branches, for batches: the four keys are compared and the value of the one that
 * matches is loaded. True if it was there, free, and nothing moved. */
TH_INLINE bool integer_line_look(uint64_t hash, uint64_t hint, const struct chunk *chunks,
                                 uint64_t *value)
{
    uint32_t index = (uint32_t)hash & (uint32_t)hint;
    const struct chunk *chunk = &chunks[index >> TH_MAP_CHUNK_GROUPS_LOG2];
    const struct side *side = chunk_side(chunk, index);
    uint64_t word = word_load(side);
    unsigned home = hash_home(hash);
    struct cell *line = &chunk_cells(chunk, index)[home & ~(TH_MAP_LINE_CELLS - 1)];
    unsigned offset = thi_line_find(line, hash | TH_KEY_MARKS);
    bool here = offset != TH_LINE_NONE;
    *value = cell_value((struct cell *)((uintptr_t)line + offset % TH_LINE_NONE));
    bool same = word_same(word_recheck(side), word);
    return here & same;
}

/* One batch of at most TH_MAP_BATCH mixed keys. */
TH_INLINE size_t integer_get_batch(const struct thi_map *map, const uint64_t *hashes, size_t count,
                                   uint64_t *values, bool *found)
{
    unsigned char pending[TH_MAP_BATCH];
    size_t pending_count = 0;
    uint64_t hint = hint_load(map);
    const struct chunk *chunks = chunks_load(map);
    size_t hits = 0;
    if ((hint & TH_HINT_SMALL) != 0) {
        for (size_t i = 0; i < count; i++) {
            pending[i] = (unsigned char)i;
        }
        pending_count = count;
    } else {
        for (size_t i = 0; i < count; i++) {
            uint64_t value;
            bool here = integer_line_look(hashes[i], hint, chunks, &value);
            values[i] = here ? value : values[i];
            found[i] = here;
            hits += here;
            pending[pending_count] = (unsigned char)i;
            pending_count += !here;
        }
    }
    for (size_t i = 0; i < pending_count; i++) {
        unsigned at = pending[i];
        found[at] = integer_get(map, hashes[at], &values[at]);
        hits += found[at];
    }
    return hits;
}

#endif
