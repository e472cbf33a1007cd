/* SPDX-License-Identifier: MIT
 * map_find.c - which group covers a hash, and how to wait for a held cell or group.
 *
 * Guarantees   G1 the group returned was live and covered the hash at the moment its word was read.
 * Progress     lock-free: every further step of the descent follows a split or merge that
 *              completed.
 * Sources      extendible hashing (Fagin and others) without a directory: the depth in a group's
 *              word names the bit at which its nearest sibling was split off.
 */
#include "map/map_priv.h"

#define WAIT_SLEEP_FIRST_NS 20000u
#define WAIT_SLEEP_MAX_NS 1000000u

#ifdef THI_TEST_POINTS
void (*thi_map_point_hook)(enum thi_map_point point, const void *map);
#endif

bool thi_map_is_small(const struct thi_map *map)
{
    return (hint_load(map) & TH_HINT_SMALL) != 0;
}

static struct small_block *small_load(const struct thi_map *map)
{
    /* acquire @map.small: the block's content before the pointer to it; other side:
     * upgrade_to_block(). Without it: a reader scans cells that are not written yet. */
    return th_ptr_load_acq(&map->small);
}

struct group thi_map_group(const struct thi_map *map, uint32_t index)
{
    if (thi_map_is_small(map)) {
        return group_in_small(small_load(map), index);
    }
    return group_in_table(map, index);
}

struct group thi_map_find_group(const struct thi_map *map, uint64_t hash, uint64_t *word)
{
    uint64_t hint = hint_load(map);
    struct group group;
    if ((hint & TH_HINT_SMALL) != 0) {
        group = group_in_small(small_load(map), hash_group(hash, TH_MAP_ROOT_DEPTH));
        *word = word_load(group.side);
        return group;
    }
    uint32_t index = hash_group(hash, word_depth(hint));
    for (;;) {
        group = group_in_table(map, index);
        *word = word_load(group.side);
        unsigned depth = word_depth(*word);
        if (depth == 0) {
            index =
                group_parent(index); /* not split off yet, or merged away: its parent covers it */
            continue;
        }
        uint64_t differs = (hash_group(hash, depth) ^ index) & depth_mask(depth);
        if (differs == 0) {
            return group;
        }
        index |= 1u << thi_lowest_bit(differs); /* split since: follow it one level down */
    }
}

void thi_map_wait(struct th_au64 *counter, const void *what, unsigned *round)
{
    unsigned now = (*round)++;
    if (now < TH_MAP_WAIT_SPIN_ROUNDS) {
        for (unsigned i = 0; i < (1u << now); i++) {
            thi_port_pause();
        }
        return;
    }
    /* The holder is not running. Sleeping, not yielding: a waiter of higher priority must not keep
     * it from the core. */
    unsigned slept = now - TH_MAP_WAIT_SPIN_ROUNDS;
    uint64_t ns = (uint64_t)WAIT_SLEEP_FIRST_NS << (slept < 6 ? slept : 6);
    thi_port_sleep_ns(ns < WAIT_SLEEP_MAX_NS ? ns : WAIT_SLEEP_MAX_NS);
    thi_trace(THI_EVENT_WAIT, (uintptr_t)what, now);
    if (slept == 0) {
        /* relaxed: statistic, read by stats only, which promise no order. */
        th_u64_add_rlx(counter, 1);
    }
}
