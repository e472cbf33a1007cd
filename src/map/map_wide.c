/* SPDX-License-Identifier: MIT
 * map_wide.c - the hot paths of integer keys once more, compiled for processors with AVX where the
 * build's baseline has none: the same source, fewer instructions for each look at a line. Elsewhere
 * it is the same as the one in map_u64.c.
 *
 * Guarantees   those of map_core.h.
 * Progress     as stated there.
 */
#include "map/map_integer.h"

struct th_au8 thi_map_wide;

void thi_map_wide_choose(void)
{
    /* relaxed: both paths are right; which one a thread takes does not matter. */
    th_u8_store_rlx(&thi_map_wide, thi_port_has_wide_loads());
}

bool thi_map_get_wide(const struct thi_map *map, uint64_t hash, uint64_t *value)
{
    return integer_get(map, hash, value);
}

th_status thi_map_put_wide(struct thi_map *map, uint64_t hash, uint64_t value, uint64_t *old)
{
    return integer_put(map, hash, value, old);
}

th_status thi_map_insert_wide(struct thi_map *map, uint64_t hash, uint64_t value, uint64_t *present)
{
    return integer_insert(map, hash, value, present);
}

th_status thi_map_erase_wide(struct thi_map *map, uint64_t hash, uint64_t *old)
{
    return integer_erase(map, hash, old);
}

size_t thi_map_get_batch_wide(const struct thi_map *map, const uint64_t *hashes, size_t count,
                              uint64_t *values, bool *found)
{
    return integer_get_batch(map, hashes, count, values, found);
}
