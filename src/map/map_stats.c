/* SPDX-License-Identifier: MIT
 * map_stats.c - count, stats and the check of every invariant.
 *
 * Guarantees   count and stats are exact when nobody writes, and a sum of moments otherwise.
 * Progress     wait-free; they read one word a group, validate and stats every cell.
 */
#include "map/map_priv.h"

/* Visits every live group of the map, small or not. */
struct group_walk {
    const struct thi_map *map;
    uint64_t index;
    uint64_t end;
};

static struct group_walk groups_begin(const struct thi_map *map)
{
    struct group_walk walk = {map, 0, TH_MAP_ROOT_GROUPS};
    if (!thi_map_is_small(map)) {
        /* acquire @map.group_end: the runs below the bound before our use of them; other side:
         * thi_map_runs_reach(). Without it: we ask for a run that we do not see yet. */
        walk.end = th_u64_load_acq(&map->group_end);
    }
    return walk;
}

static bool groups_next(struct group_walk *walk, struct group *group, uint64_t *word)
{
    while (walk->index < walk->end) {
        *group = thi_map_group(walk->map, (uint32_t)walk->index++);
        *word = word_load(group->side);
        if (word_depth(*word) != 0) {
            return true;
        }
    }
    return false;
}

uint64_t thi_map_count(const struct thi_map *map)
{
    uint64_t count = 0;
    struct group group;
    uint64_t word;
    for (struct group_walk walk = groups_begin(map); groups_next(&walk, &group, &word);) {
        count += word_count(word);
    }
    return count;
}

/* ------------------------------------------------------------------ stats */

static void stats_of_cells(const struct thi_map *map, const struct group *group, uint64_t word,
                           struct th_map_stats *stats)
{
    unsigned cells = (group->line_mask + 1) * TH_MAP_LINE_CELLS;
    stats->cells += cells;
    stats->groups++;
    stats->entries += word_count(word);
    unsigned depth = word_depth(word);
    stats->depth_min = depth < stats->depth_min ? depth : stats->depth_min;
    stats->depth_max = depth > stats->depth_max ? depth : stats->depth_max;
    stats->table_bytes_used +=
        cells * sizeof(struct cell) + sizeof(struct side) + group->line_mask + 1;
    for (unsigned i = 0; i < cells; i++) {
        uint64_t key_word = cell_key(&group->cells[i]);
        if (key_word == TH_KEY_EMPTY) {
            continue;
        }
        uint64_t hash = entry_hash(map, key_word, group->index);
        stats->displaced += thi_map_distance(group, hash, &group->cells[i]) != 0;
        stats->borrowed += hash_group(hash, depth) != group->index;
    }
}

static void stats_of_memory(const struct thi_map *map, struct th_map_stats *stats)
{
    /* relaxed: statistic. */
    stats->table_bytes = th_u64_load_rlx(&map->block_bytes) + thi_map_runs_bytes(map);
    if (map->slab != NULL) {
        thi_slab_get_stats(map->slab, &stats->record_bytes, &stats->record_bytes_used);
    }
}

uint64_t thi_map_u64_bytes(const struct th_map_u64 *map)
{
    const struct thi_map *base = (const struct thi_map *)map;
    /* relaxed, all: sums; nothing is done with what they count. */
    uint64_t cells = th_u64_load_rlx(&base->group_count) * TH_MAP_GROUP_BYTES;
    uint64_t sides = th_u64_load_rlx(&base->group_end) * (sizeof(struct side) + TH_MAP_LINES);
    return th_u64_load_rlx(&base->block_bytes) + cells + sides;
}

/* A relaxed statistic. */
static uint64_t statistic(const struct th_au64 *counter)
{
    /* relaxed: stats promise no order. */
    return th_u64_load_rlx(counter);
}

void thi_map_get_stats(const struct thi_map *map, struct th_map_stats *stats)
{
    *stats = (struct th_map_stats){.depth_min = TH_MAP_DEPTH_MAX};
    struct group group;
    uint64_t word;
    for (struct group_walk walk = groups_begin(map); groups_next(&walk, &group, &word);) {
        stats_of_cells(map, &group, word, stats);
    }
    stats_of_memory(map, stats);
    stats->splits_total = statistic(&map->counters.splits);
    stats->merges_total = statistic(&map->counters.merges);
    stats->upgrades_total = statistic(&map->counters.upgrades);
    stats->growth_enomem_total = statistic(&map->counters.growth_enomem);
    stats->split_put_off_total = statistic(&map->counters.split_put_off);
    stats->read_retries_total = statistic(&map->counters.read_retries);
    stats->cell_waits_total = statistic(&map->counters.cell_waits);
    stats->group_waits_total = statistic(&map->counters.group_waits);
}

/* ------------------------------------------------------------------ validate */

/* I5 for a borrower: its own group says that it borrows, and the lender is an ancestor. */
static const char *borrower_check(const struct thi_map *map, uint64_t hash, uint32_t lender)
{
    uint64_t word;
    struct group own = thi_map_find_group(map, hash, &word);
    if ((word & TH_WORD_BORROWS) == 0) {
        return "I5: an entry stands in a group that is not its own, which does not say that it "
               "borrows";
    }
    for (uint32_t bits = own.index; bits >= TH_MAP_ROOT_GROUPS; bits = group_parent(bits)) {
        if (group_parent(bits) == lender) {
            return NULL;
        }
    }
    return "I5: an entry stands in a group that is no ancestor of its own";
}

static const char *entry_check(const struct thi_map *map, const struct group *group, uint64_t word,
                               unsigned cell_index, unsigned *passes)
{
    uint64_t key_word = cell_key(&group->cells[cell_index]);
    if ((key_word & TH_KEY_LIVE) == 0) {
        return "I1: a key word that is neither empty nor live";
    }
    if (key_is_held(key_word)) {
        return "I1: a cell is held although nobody writes";
    }
    uint64_t hash = entry_hash(map, key_word, group->index);
    unsigned distance = thi_map_distance(group, hash, &group->cells[cell_index]);
    for (unsigned d = 0; d < distance; d++) {
        passes[hash_line(hash, group->line_mask) ^ d]++;
    }
    unsigned cells = (group->line_mask + 1) * TH_MAP_LINE_CELLS;
    for (unsigned i = cell_index + 1; i < cells; i++) {
        if (map->slab == NULL && cell_key(&group->cells[i]) == key_word) {
            return "I1: a key stands in two cells";
        }
    }
    if (hash_group(hash, word_depth(word)) != group->index) {
        return borrower_check(map, hash, group->index);
    }
    return NULL;
}

static const char *group_check(const struct thi_map *map, const struct group *group, uint64_t word)
{
    unsigned passes[TH_MAP_LINES] = {0};
    unsigned count = 0;
    unsigned cells = (group->line_mask + 1) * TH_MAP_LINE_CELLS;
    if ((word & (TH_WORD_LOCK | TH_WORD_SPLITTING | TH_WORD_MERGING)) != 0) {
        return "a group is held although nobody writes";
    }
    for (unsigned i = 0; i < cells; i++) {
        if (cell_key(&group->cells[i]) == TH_KEY_EMPTY) {
            continue;
        }
        count++;
        const char *wrong = entry_check(map, group, word, i, passes);
        if (wrong != NULL) {
            return wrong;
        }
    }
    if (count != word_count(word)) {
        return "I6: the count of a group is not the number of its live cells";
    }
    uint64_t passed = passed_load(group->side);
    for (unsigned line = 0; line <= group->line_mask; line++) {
        if (passes[line] != group->passes[line]) {
            return "I4: a pass counter is not the number of entries that probed past its line";
        }
        if ((passed >> line & 1) != (passes[line] != 0)) {
            return "I4: the bitmap does not agree with the pass counters";
        }
    }
    return NULL;
}

th_status thi_map_validate(const struct thi_map *map, const char **reason)
{
    const char *wrong = NULL;
    uint64_t covered = 0; /* of 2^32 parts of the hash space */
    uint64_t live = 0;
    struct group group;
    uint64_t word;
    for (struct group_walk walk = groups_begin(map);
         wrong == NULL && groups_next(&walk, &group, &word);) {
        wrong = group_check(map, &group, word);
        covered += (uint64_t)1 << (32 - word_depth(word));
        live++;
        if (group.index >> word_depth(word) != 0) {
            wrong = "a group's number has more bits than its depth";
        }
    }
    if (wrong == NULL && covered != (uint64_t)1 << 32) {
        wrong = "the live groups do not cover the hash space exactly once";
    }
    /* relaxed: nobody writes. */
    if (wrong == NULL && live != th_u64_load_rlx(&map->group_count) && !thi_map_is_small(map)) {
        wrong = "the count of groups is not their number";
    }
    if (reason != NULL && wrong != NULL) {
        *reason = wrong;
    }
    return wrong == NULL ? TH_OK : TH_EINVAL;
}
