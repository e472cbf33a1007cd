/* SPDX-License-Identifier: MIT
 * map_place.c - places inside one group: free cells, displaced entries, moving an entry.
 *
 * Guarantees   G1 an entry that moves is at every moment in at least one cell a reader looks at,
 *                 old place first.
 * Progress     runs under the group's lock; every loop is bounded by the cells of a group.
 * Invariants   keeps I1, I2, I4 of map_priv.h.
 */
#include "map/map_priv.h"

struct cell *thi_map_free_cell(const struct group *group, uint64_t hash, unsigned *distance)
{
    unsigned home = hash_line(hash, group->line_mask);
    unsigned wanted = hash_cell(hash);
    for (unsigned d = 0; d <= group->line_mask; d++) {
        struct cell *line = group->cells + ((size_t)(home ^ d) << TH_MAP_LINE_CELLS_LOG2);
        for (unsigned i = 0; i < TH_MAP_LINE_CELLS; i++) {
            struct cell *cell = &line[(wanted + i) & (TH_MAP_LINE_CELLS - 1)];
            if (cell_key(cell) == TH_KEY_EMPTY) {
                *distance = d;
                return cell;
            }
        }
    }
    return NULL;
}

void thi_map_passes_add(const struct group *group, uint64_t hash, unsigned distance)
{
    if (distance == 0) {
        return;
    }
    unsigned home = hash_line(hash, group->line_mask);
    uint64_t passed = passed_load(group->side);
    for (unsigned d = 0; d < distance; d++) {
        group->passes[home ^ d]++;
        passed |= (uint64_t)1 << (home ^ d);
    }
    passed_store(group->side, passed);
}

void thi_map_passes_sub(const struct group *group, uint64_t hash, unsigned distance)
{
    if (distance == 0) {
        return;
    }
    unsigned home = hash_line(hash, group->line_mask);
    uint64_t passed = passed_load(group->side);
    for (unsigned d = 0; d < distance; d++) {
        TH_DEBUG_ASSERT(group->passes[home ^ d] > 0);
        if (--group->passes[home ^ d] == 0) {
            passed &= ~((uint64_t)1 << (home ^ d));
        }
    }
    passed_store(group->side, passed);
}

unsigned thi_map_distance(const struct group *group, uint64_t hash, const struct cell *cell)
{
    unsigned line = (unsigned)((size_t)(cell - group->cells) >> TH_MAP_LINE_CELLS_LOG2);
    return line ^ hash_line(hash, group->line_mask);
}

uint64_t thi_map_cell_lock_bounded(struct cell *cell)
{
    for (unsigned spin = 0; spin < TH_MAP_CELL_LOCK_SPINS; spin++) {
        uint64_t key_word = cell_key(cell);
        if (key_word == TH_KEY_EMPTY) {
            return TH_KEY_EMPTY;
        }
        if (!key_is_held(key_word) && cell_try_lock(cell, key_word)) {
            return key_word;
        }
        thi_port_pause();
    }
    return TH_KEY_EMPTY;
}

struct cell *thi_map_place_take(const struct group *group, uint64_t hash)
{
    unsigned distance = 0;
    struct cell *cell = thi_map_free_cell(group, hash, &distance);
    if (cell != NULL) {
        thi_map_passes_add(group, hash, distance);
    }
    return cell;
}

void thi_map_move_entry(const struct thi_map *map, struct cell *from, uint64_t key_word,
                        struct cell *to)
{
    (void)map; /* named for the test points */
    /* relaxed would do for this load: we hold the cell. cell_value() spares a second accessor. */
    cell_store_value(to, cell_value(from));
    /* The copy is shown held: were it free, an update of it could end while a reader still takes
     * the old value here. */
    cell_store_key(to, key_held(key_word));
    THI_MAP_POINT(THI_MAP_POINT_SPLIT_COPIED, map);
    cell_store_key(from, TH_KEY_EMPTY);
    THI_MAP_POINT(THI_MAP_POINT_SPLIT_CLEARED, map);
    cell_store_key(to, key_word);
}
