/* SPDX-License-Identifier: MIT
 * map_integer.c - the operations of integer keys that both kinds call: all but the get path.
 *
 * Guarantees   those of map_core.h.
 * Progress     as stated there.
 */
#include "map/map_integer.h"

TH_NOINLINE bool thi_integer_look(const struct thi_map *map, uint64_t hash, uint64_t *value)
{
    struct key key = integer_key_of_hash(hash);
    return core_look(map, &integer_kind, &key, value);
}

TH_NOINLINE bool thi_integer_get_other(const struct thi_map *map, uint64_t hash, uint64_t *value)
{
#ifdef TH_LINE_WHOLE
    if (TH_LIKELY(integer_absent(map, hash))) {
        return false;
    }
#endif
    return map_is_wide() ? thi_map_get_wide(map, hash, value) : integer_get(map, hash, value);
}

TH_NOINLINE bool thi_integer_get_absent(const struct thi_map *map, uint64_t hash, uint64_t *value,
                                        const struct side *side, uint64_t word)
{
    /* The hint may be another than the one the line was found by: it only says which depth the
     * word must show for the line to be the key's, and the group's number is not in it. So the
     * number is asked of the hash: a group of that depth at that side covers the key. */
    struct spot spot = spot_of(map, hash);
    if (spot.side == side && quick_absent(&spot, hash, word) == QUICK_ABSENT) {
        return false;
    }
    return thi_integer_look(map, hash, value);
}

th_status thi_integer_put(struct thi_map *map, uint64_t hash, uint64_t value, uint64_t *old)
{
    struct key key = integer_key_of_hash(hash);
    uint64_t before;
    if (thi_integer_update_next(map, hash, value, &before)) {
        value_hand_out(map, hash, before, old);
        return TH_EXISTS;
    }
    for (;;) {
        if (core_replace(map, &integer_kind, &key, value, old) == TH_OK) {
            return TH_EXISTS;
        }
        uint64_t present;
        th_status status = core_insert(map, &integer_kind, &key, key.word, value, &present);
        if (status != TH_EXISTS) {
            return status;
        }
        /* Somebody inserted it between our two looks: now it is an update. */
    }
}

th_status thi_integer_insert(struct thi_map *map, uint64_t hash, uint64_t value, uint64_t *present)
{
    struct key key = integer_key_of_hash(hash);
    uint64_t seen;
    if (thi_integer_insert_next(map, hash, value)) {
        return TH_OK;
    }
    th_status status = core_insert(map, &integer_kind, &key, key.word, value, &seen);
    if (status == TH_EXISTS && present != NULL) {
        *present = seen;
    }
    return status;
}

th_status thi_integer_replace(struct thi_map *map, uint64_t plain, uint64_t value, uint64_t *old)
{
    struct key key = integer_key(map, plain);
    return core_replace(map, &integer_kind, &key, value, old);
}

th_status thi_integer_compare_exchange(struct thi_map *map, uint64_t plain, uint64_t *expected,
                                       uint64_t desired)
{
    struct key key = integer_key(map, plain);
    return core_compare_exchange(map, &integer_kind, &key, expected, desired);
}

th_status thi_integer_fetch_add(struct thi_map *map, uint64_t plain, uint64_t delta, uint64_t *old)
{
    struct key key = integer_key(map, plain);
    return core_fetch_add(map, &integer_kind, &key, delta, old);
}

th_status thi_integer_erase(struct thi_map *map, uint64_t hash, uint64_t *old)
{
    struct key key = integer_key_of_hash(hash);
    uint64_t before;
    if (!thi_integer_erase_next(map, hash, &before)) {
        return core_erase(map, &integer_kind, &key, NULL, old);
    }
    value_hand_out(map, hash, before, old);
    return TH_OK;
}

th_status thi_integer_erase_if(struct thi_map *map, uint64_t plain, uint64_t expected,
                               uint64_t *found)
{
    struct key key = integer_key(map, plain);
    uint64_t seen;
    th_status status = core_erase(map, &integer_kind, &key, &expected, &seen);
    if (status == TH_MISMATCH && found != NULL) {
        *found = seen;
    }
    return status;
}
