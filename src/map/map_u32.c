/* SPDX-License-Identifier: MIT
 * map_u32.c - th_map_u32: the exported functions of the 32-bit key kind.
 *
 * Guarantees   those of map_core.h.
 * Progress     as stated there.
 */
#include "map/map_integer_keys.h"

struct th_map_u32 {
    struct thi_map base;
};

th_status th_map_u32_new(const struct th_map_config *config, struct th_map_u32 **map)
{
    struct thi_map *base = NULL;
    th_status status = thi_map_new(config, false, &base);
    if (status == TH_OK) {
        *map = (struct th_map_u32 *)base;
    }
    return status;
}

void th_map_u32_free(struct th_map_u32 *map)
{
    thi_map_free((struct thi_map *)map);
}

bool th_map_u32_get(const struct th_map_u32 *map, uint32_t key, uint64_t *value)
{
    return integer_get_key(&map->base, key, value);
}

size_t th_map_u32_get_many(const struct th_map_u32 *map, const uint32_t *keys, size_t count,
                           uint64_t *values, bool *found)
{
    return integer_get_many(&map->base, (struct integer_keys){keys, false}, count,
                            (struct batch_out){values, found});
}

th_status th_map_u32_put(struct th_map_u32 *map, uint32_t key, uint64_t value, uint64_t *old)
{
    return integer_put_key(&map->base, key, value, old);
}

th_status th_map_u32_put_many(struct th_map_u32 *map, const uint32_t *keys, const uint64_t *values,
                              size_t count, size_t *done)
{
    return integer_put_many(&map->base, (struct integer_keys){keys, false}, values, count, done);
}

th_status th_map_u32_insert(struct th_map_u32 *map, uint32_t key, uint64_t value, uint64_t *present)
{
    return integer_insert_key(&map->base, key, value, present);
}

th_status th_map_u32_replace(struct th_map_u32 *map, uint32_t key, uint64_t value, uint64_t *old)
{
    return thi_integer_replace(&map->base, key, value, old);
}

th_status th_map_u32_compare_exchange(struct th_map_u32 *map, uint32_t key, uint64_t *expected,
                                      uint64_t desired)
{
    return thi_integer_compare_exchange(&map->base, key, expected, desired);
}

th_status th_map_u32_fetch_add(struct th_map_u32 *map, uint32_t key, uint64_t delta, uint64_t *old)
{
    return thi_integer_fetch_add(&map->base, key, delta, old);
}

th_status th_map_u32_erase(struct th_map_u32 *map, uint32_t key, uint64_t *old)
{
    return integer_erase_key(&map->base, key, old);
}

th_status th_map_u32_erase_if(struct th_map_u32 *map, uint32_t key, uint64_t expected,
                              uint64_t *found)
{
    return thi_integer_erase_if(&map->base, key, expected, found);
}

th_status th_map_u32_reserve(struct th_map_u32 *map, uint64_t entries)
{
    return thi_map_reserve(&map->base, entries);
}

th_status th_map_u32_shrink(struct th_map_u32 *map, uint64_t merges_max)
{
    return thi_map_shrink(&map->base, merges_max);
}

void th_map_u32_clear(struct th_map_u32 *map)
{
    thi_map_clear(&map->base);
}

uint64_t th_map_u32_count(const struct th_map_u32 *map)
{
    return thi_map_count(&map->base);
}

size_t th_map_u32_next(const struct th_map_u32 *map, struct th_map_cursor *cursor,
                       struct th_map_entry_u32 *entries, size_t capacity)
{
    struct walk_entry room[TH_MAP_GROUP_CELLS];
    size_t most = capacity < TH_MAP_GROUP_CELLS ? capacity : TH_MAP_GROUP_CELLS;
    size_t count = thi_map_next(&map->base, cursor, room, most);
    for (size_t i = 0; i < count; i++) {
        entries[i].key = (uint32_t)integer_unmixed(&map->base, &room[i]);
        entries[i].value = room[i].value;
    }
    return count;
}

void th_map_u32_get_stats(const struct th_map_u32 *map, struct th_map_stats *stats)
{
    thi_map_get_stats(&map->base, stats);
}

th_status th_map_u32_validate(const struct th_map_u32 *map, const char **reason)
{
    return thi_map_validate(&map->base, reason);
}
