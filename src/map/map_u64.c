/* SPDX-License-Identifier: MIT
 * map_u64.c - th_map_u64: the exported functions of the 64-bit key kind.
 *
 * Guarantees   those of map_core.h.
 * Progress     as stated there.
 */
#include "map/map_integer.h"

struct th_map_u64 {
    struct thi_map base;
};

th_status th_map_u64_new(const struct th_map_config *config, struct th_map_u64 **map)
{
    struct thi_map *base = NULL;
    th_status status = thi_map_new(config, false, &base);
    if (status == TH_OK) {
        *map = (struct th_map_u64 *)base;
    }
    return status;
}

void th_map_u64_free(struct th_map_u64 *map)
{
    thi_map_free((struct thi_map *)map);
}

bool th_map_u64_get(const struct th_map_u64 *map, uint64_t key, uint64_t *value)
{
    uint64_t hash = integer_hash(&map->base, key);
#ifdef TH_LINE_WHOLE
    if (TH_LIKELY(integer_get_whole(&map->base, hash, value))) {
        return true;
    }
    return thi_integer_get_other(&map->base, hash, value);
#else
    return integer_get(&map->base, hash, value);
#endif
}

/* One batch: all lines are asked for before the first is looked at. */
TH_INLINE size_t get_batch(const struct thi_map *map, const uint64_t *keys, size_t count,
                           struct batch_out out)
{
    uint64_t hashes[TH_MAP_BATCH];
#ifdef TH_LINE_WHOLE
    if (TH_LIKELY(span_load(map) != 0)) {
        const void *lines[TH_MAP_BATCH];
        for (size_t i = 0; i < count; i++) {
            hashes[i] = integer_hash(map, keys[i]);
            lines[i] = thi_line_at(&map->span, &map->whole, hashes[i]);
            __builtin_prefetch(lines[i]);
        }
        return integer_get_batch_whole(map, hashes, lines, count, out);
    }
#endif
    for (size_t i = 0; i < count; i++) {
        hashes[i] = integer_hash(map, keys[i]);
        look_prefetch(map, hashes[i]);
    }
    return integer_get_batch(map, hashes, count, out);
}

size_t th_map_u64_get_many(const struct th_map_u64 *map, const uint64_t *keys, size_t count,
                           uint64_t *values, bool *found)
{
    size_t hits = 0;
    for (size_t done = 0; done < count; done += TH_MAP_BATCH) {
        size_t batch = count - done < TH_MAP_BATCH ? count - done : TH_MAP_BATCH;
        hits += get_batch(&map->base, keys + done, batch,
                          (struct batch_out){values + done, found + done});
    }
    return hits;
}

th_status th_map_u64_put(struct th_map_u64 *map, uint64_t key, uint64_t value, uint64_t *old)
{
    uint64_t hash = integer_hash(&map->base, key);
#ifdef TH_LINE_WHOLE
    if (TH_LIKELY(integer_update(&map->base, hash, value, old))) {
        return TH_EXISTS;
    }
    return thi_integer_put(&map->base, hash, value, old);
#else
    return integer_put(&map->base, hash, value, old);
#endif
}

th_status th_map_u64_put_many(struct th_map_u64 *map, const uint64_t *keys, const uint64_t *values,
                              size_t count, size_t *done)
{
    th_status status = TH_OK;
    size_t put = 0;
    while (put < count && status >= 0) {
        size_t end = count - put < TH_MAP_BATCH ? count : put + TH_MAP_BATCH;
        for (size_t i = put; i < end; i++) {
            look_prefetch(&map->base, integer_hash(&map->base, keys[i]));
        }
        while (put < end && status >= 0) {
            status = th_map_u64_put(map, keys[put], values[put], NULL);
            put += status >= 0;
        }
    }
    if (done != NULL) {
        *done = put;
    }
    return status < 0 ? status : TH_OK;
}

th_status th_map_u64_insert(struct th_map_u64 *map, uint64_t key, uint64_t value, uint64_t *present)
{
    uint64_t hash = integer_hash(&map->base, key);
    return map_is_wide() ? thi_map_insert_wide(&map->base, hash, value, present)
                         : integer_insert(&map->base, hash, value, present);
}

th_status th_map_u64_replace(struct th_map_u64 *map, uint64_t key, uint64_t value, uint64_t *old)
{
    return thi_integer_replace(&map->base, key, value, old);
}

th_status th_map_u64_compare_exchange(struct th_map_u64 *map, uint64_t key, uint64_t *expected,
                                      uint64_t desired)
{
    return thi_integer_compare_exchange(&map->base, key, expected, desired);
}

th_status th_map_u64_fetch_add(struct th_map_u64 *map, uint64_t key, uint64_t delta, uint64_t *old)
{
    return thi_integer_fetch_add(&map->base, key, delta, old);
}

th_status th_map_u64_erase(struct th_map_u64 *map, uint64_t key, uint64_t *old)
{
    uint64_t hash = integer_hash(&map->base, key);
    return map_is_wide() ? thi_map_erase_wide(&map->base, hash, old)
                         : integer_erase(&map->base, hash, old);
}

th_status th_map_u64_erase_if(struct th_map_u64 *map, uint64_t key, uint64_t expected,
                              uint64_t *found)
{
    return thi_integer_erase_if(&map->base, key, expected, found);
}

th_status th_map_u64_reserve(struct th_map_u64 *map, uint64_t entries)
{
    return thi_map_reserve(&map->base, entries);
}

th_status th_map_u64_shrink(struct th_map_u64 *map, uint64_t merges_max)
{
    return thi_map_shrink(&map->base, merges_max);
}

void th_map_u64_clear(struct th_map_u64 *map)
{
    thi_map_clear(&map->base);
}

uint64_t th_map_u64_count(const struct th_map_u64 *map)
{
    return thi_map_count(&map->base);
}

size_t th_map_u64_next(const struct th_map_u64 *map, struct th_map_cursor *cursor,
                       struct th_map_entry_u64 *entries, size_t capacity)
{
    struct walk_entry room[TH_MAP_GROUP_CELLS];
    size_t most = capacity < TH_MAP_GROUP_CELLS ? capacity : TH_MAP_GROUP_CELLS;
    size_t count = thi_map_next(&map->base, cursor, room, most);
    for (size_t i = 0; i < count; i++) {
        entries[i].key = integer_unmixed(&map->base, &room[i]);
        entries[i].value = room[i].value;
    }
    return count;
}

void th_map_u64_get_stats(const struct th_map_u64 *map, struct th_map_stats *stats)
{
    thi_map_get_stats(&map->base, stats);
}

th_status th_map_u64_validate(const struct th_map_u64 *map, const char **reason)
{
    return thi_map_validate(&map->base, reason);
}
