/* SPDX-License-Identifier: MIT
 * map_integer_keys.h - what is inlined into the exported functions of the two integer key kinds,
 * once for both widths.
 *
 * Guarantees   those of map_core.h.
 * Progress     as stated there.
 */
#ifndef TOPHASH_MAP_MAP_INTEGER_KEYS_H
#define TOPHASH_MAP_MAP_INTEGER_KEYS_H

#include "map/map_integer.h"

/* Keys in the caller's array. The compiler folds `wide` away. */
struct integer_keys {
    const void *first;
    bool wide; /* 64 bits each, not 32 */
};

TH_INLINE uint64_t integer_keys_at(struct integer_keys keys, size_t index)
{
    return keys.wide ? ((const uint64_t *)keys.first)[index]
                     : ((const uint32_t *)keys.first)[index];
}

TH_INLINE bool integer_get_key(const struct thi_map *map, uint64_t key, uint64_t *value)
{
    uint64_t hash = integer_hash(map, key);
#ifdef TH_LINE_WHOLE
    if (TH_LIKELY(integer_get_whole(map, hash, value))) {
        return true;
    }
    return thi_integer_get_other(map, hash, value);
#else
    return integer_get(map, hash, value);
#endif
}

/* One batch, from key `at` on: all lines are asked for before the first is looked at. */
TH_INLINE size_t integer_get_keys(const struct thi_map *map, struct integer_keys keys, size_t at,
                                  size_t count, struct batch_out out)
{
    uint64_t hashes[TH_MAP_BATCH];
#ifdef TH_LINE_WHOLE
    if (TH_LIKELY(span_load(map) != TH_SPAN_ROOTS)) {
        const void *lines[TH_MAP_BATCH];
        for (size_t i = 0; i < count; i++) {
            hashes[i] = integer_hash(map, integer_keys_at(keys, at + i));
            lines[i] = thi_line_at(&map->span, &map->whole, hashes[i]);
            __builtin_prefetch(lines[i]);
        }
        return integer_get_batch_whole(map, hashes, lines, count, out);
    }
#endif
    for (size_t i = 0; i < count; i++) {
        hashes[i] = integer_hash(map, integer_keys_at(keys, at + i));
        look_prefetch(map, hashes[i]);
    }
    return integer_get_batch(map, hashes, count, out);
}

TH_INLINE size_t integer_get_many(const struct thi_map *map, struct integer_keys keys, size_t count,
                                  struct batch_out out)
{
    size_t hits = 0;
    for (size_t done = 0; done < count; done += TH_MAP_BATCH) {
        size_t batch = count - done < TH_MAP_BATCH ? count - done : TH_MAP_BATCH;
        hits += integer_get_keys(map, keys, done, batch,
                                 (struct batch_out){out.values + done, out.found + done});
    }
    return hits;
}

TH_INLINE th_status integer_put_key(struct thi_map *map, uint64_t key, uint64_t value,
                                    uint64_t *old)
{
    uint64_t hash = integer_hash(map, key);
#ifdef TH_LINE_WHOLE
    if (TH_LIKELY(integer_update(map, hash, value, old))) {
        return TH_EXISTS;
    }
    return thi_integer_put(map, hash, value, old);
#else
    return integer_put(map, hash, value, old);
#endif
}

TH_INLINE th_status integer_put_many(struct thi_map *map, struct integer_keys keys,
                                     const uint64_t *values, size_t count, size_t *done)
{
    th_status status = TH_OK;
    size_t put = 0;
    while (put < count && status >= 0) {
        size_t end = count - put < TH_MAP_BATCH ? count : put + TH_MAP_BATCH;
        for (size_t i = put; i < end; i++) {
            look_prefetch(map, integer_hash(map, integer_keys_at(keys, i)));
        }
        while (put < end && status >= 0) {
            status = integer_put_key(map, integer_keys_at(keys, put), values[put], NULL);
            put += status >= 0;
        }
    }
    if (done != NULL) {
        *done = put;
    }
    return status < 0 ? status : TH_OK;
}

TH_INLINE th_status integer_insert_key(struct thi_map *map, uint64_t key, uint64_t value,
                                       uint64_t *present)
{
    uint64_t hash = integer_hash(map, key);
    return map_is_wide() ? thi_map_insert_wide(map, hash, value, present)
                         : integer_insert(map, hash, value, present);
}

TH_INLINE th_status integer_erase_key(struct thi_map *map, uint64_t key, uint64_t *old)
{
    uint64_t hash = integer_hash(map, key);
    return map_is_wide() ? thi_map_erase_wide(map, hash, old) : integer_erase(map, hash, old);
}

#endif
