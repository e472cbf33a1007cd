/* SPDX-License-Identifier: MIT
 * map_small.c - small maps: four groups of few lines in one block, moved as a whole to a block
 * twice as large, and at the end to the table.
 *
 * Guarantees   G1 a reader in an old block finds what the map held when it fetched the block's
 *                 address: an old block is
 *              frozen before its successor is shown, and never changes or goes away before the map
 *              is freed.
 * Progress     reads never wait. Writers of a small map wait for the one who moves it; it moves at
 *              most half a table group's worth of entries a root.
 * Invariants   an old block's cells and groups stay locked for ever, so that a late writer cannot
 *              touch them.
 */
#include "map/map_priv.h"

static size_t block_bytes(unsigned line_count_log2, size_t *passes_offset, size_t *cells_offset)
{
    size_t lines = (size_t)TH_MAP_ROOT_GROUPS << line_count_log2;
    *passes_offset = sizeof(struct small_block);
    *cells_offset = (size_t)thi_round_up(*passes_offset + lines, TH_CACHE_LINE_BYTES);
    return *cells_offset + lines * TH_MAP_LINE_CELLS * sizeof(struct cell);
}

size_t thi_map_small_bytes(unsigned line_count_log2)
{
    size_t passes;
    size_t cells;
    return block_bytes(line_count_log2, &passes, &cells);
}

void thi_map_small_init(struct small_block *block, unsigned line_count_log2, size_t bytes)
{
    size_t passes;
    size_t cells;
    (void)block_bytes(line_count_log2, &passes, &cells);
    block->older = NULL;
    block->bytes = bytes;
    block->line_count_log2 = line_count_log2;
    block->passes = (uint8_t *)block + passes;
    block->cells = (struct cell *)(void *)((char *)block + cells);
    for (unsigned i = 0; i < TH_MAP_ROOT_GROUPS; i++) {
        th_u64_init(&block->sides[i].word, word_with_depth(0, TH_MAP_ROOT_DEPTH));
        th_u64_init(&block->sides[i].passed, 0);
    }
}

void thi_map_small_free_all(struct thi_map *map)
{
    /* relaxed: the map is being freed, nobody else is here. */
    struct small_block *block = th_ptr_load_rlx(&map->small);
    while (block != NULL) {
        struct small_block *older = block->older;
        if (block->bytes != 0) {
            thi_mem_free(&map->mem, block, block->bytes, TH_CACHE_LINE_BYTES);
        }
        block = older;
    }
}

/* Unlocks the cells [0, count) of the group again. */
static void cells_unlock(const struct group *group, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        uint64_t key_word = cell_key(&group->cells[i]);
        if (key_word != TH_KEY_EMPTY) {
            cell_store_key(&group->cells[i], key_let_go(key_word));
        }
    }
}

static bool cells_lock(const struct group *group)
{
    unsigned count = (group->line_mask + 1) * TH_MAP_LINE_CELLS;
    for (unsigned i = 0; i < count; i++) {
        if (cell_key(&group->cells[i]) == TH_KEY_EMPTY) {
            continue; /* nobody fills it: the group is locked */
        }
        if (thi_map_cell_lock_bounded(&group->cells[i]) == TH_KEY_EMPTY) {
            cells_unlock(group, i);
            return false;
        }
    }
    return true;
}

/* Locks all groups and cells of the block, or nothing. */
static bool block_freeze(struct small_block *block)
{
    unsigned groups = 0;
    unsigned frozen = 0;
    for (; groups < TH_MAP_ROOT_GROUPS; groups++) {
        uint64_t word = word_load(&block->sides[groups]);
        if ((word & TH_WORD_LOCK) != 0 || !group_try_lock(&block->sides[groups], &word)) {
            break;
        }
    }
    for (; groups == TH_MAP_ROOT_GROUPS && frozen < TH_MAP_ROOT_GROUPS; frozen++) {
        struct group group = group_in_small(block, frozen);
        if (!cells_lock(&group)) {
            break;
        }
    }
    if (groups == TH_MAP_ROOT_GROUPS && frozen == TH_MAP_ROOT_GROUPS) {
        return true;
    }
    for (unsigned i = 0; i < frozen; i++) {
        struct group group = group_in_small(block, i);
        cells_unlock(&group, (group.line_mask + 1) * TH_MAP_LINE_CELLS);
    }
    for (unsigned i = 0; i < groups; i++) {
        word_store(&block->sides[i], word_load(&block->sides[i]) & ~TH_WORD_LOCK);
    }
    return false;
}

/* Copies a frozen group to its successor, which nobody sees yet. */
static void group_copy(const struct thi_map *map, const struct group *from, const struct group *to)
{
    unsigned count = (from->line_mask + 1) * TH_MAP_LINE_CELLS;
    uint64_t word = word_load(to->side);
    for (unsigned i = 0; i < count; i++) {
        uint64_t key_word = cell_key(&from->cells[i]);
        if (key_word == TH_KEY_EMPTY) {
            continue;
        }
        key_word = key_let_go(key_word);
        uint64_t hash = entry_hash(map, key_word, from->index);
        unsigned distance = 0;
        struct cell *cell = thi_map_free_cell(to, hash, &distance);
        TH_ASSERT(cell != NULL); /* the successor's groups are larger */
        thi_map_passes_add(to, hash, distance);
        cell_store_value(cell, cell_value(&from->cells[i]));
        cell_store_key(cell, key_word);
        word += TH_WORD_COUNT_ONE;
    }
    word_store(to->side, word);
}

static void upgrade_count(struct thi_map *map, uint64_t cells)
{
    /* relaxed: statistic, read by stats only. */
    th_u64_add_rlx(&map->counters.upgrades, 1);
    thi_trace(THI_EVENT_UPGRADE, (uintptr_t)map, cells);
}

static th_status upgrade_to_block(struct thi_map *map, struct small_block *block)
{
    unsigned lines_log2 = block->line_count_log2 + 1;
    size_t bytes = thi_map_small_bytes(lines_log2);
    struct small_block *next = thi_mem_alloc_zero(&map->mem, bytes, TH_CACHE_LINE_BYTES);
    if (next == NULL) {
        /* relaxed: statistic, read by stats only. */
        th_u64_add_rlx(&map->counters.growth_enomem, 1);
        thi_trace(THI_EVENT_GROWTH_ENOMEM, (uintptr_t)map, bytes);
        return TH_ENOMEM;
    }
    thi_map_small_init(next, lines_log2, bytes);
    if (!block_freeze(block)) {
        thi_mem_free(&map->mem, next, bytes, TH_CACHE_LINE_BYTES);
        return TH_MORE;
    }
    for (unsigned i = 0; i < TH_MAP_ROOT_GROUPS; i++) {
        struct group from = group_in_small(block, i);
        struct group to = group_in_small(next, i);
        group_copy(map, &from, &to);
    }
    next->older = block;
    THI_MAP_POINT(THI_MAP_POINT_UPGRADE_COPIED, map);
    /* release @map.small: the block's content before the pointer to it; other side: small_load().
     * Without it: a reader scans cells that are not written yet. */
    th_ptr_store_rel(&map->small, next);
    /* relaxed: statistic. */
    th_u64_add_rlx(&map->block_bytes, bytes);
    THI_MAP_POINT(THI_MAP_POINT_UPGRADE_PUBLISHED, map);
    upgrade_count(map, (uint64_t)TH_MAP_ROOT_GROUPS << (lines_log2 + TH_MAP_LINE_CELLS_LOG2));
    return TH_OK;
}

static th_status upgrade_to_table(struct thi_map *map, struct small_block *block)
{
    th_status status = thi_map_runs_cover(map, TH_MAP_ROOT_GROUPS - 1);
    if (status != TH_OK) {
        return status;
    }
    if (!block_freeze(block)) {
        return TH_MORE;
    }
    for (unsigned i = 0; i < TH_MAP_ROOT_GROUPS; i++) {
        struct group from = group_in_small(block, i);
        struct group to = group_in_table(map, i);
        group_copy(map, &from, &to);
    }
    THI_MAP_POINT(THI_MAP_POINT_UPGRADE_COPIED, map);
    /* relaxed: a count of groups that only steers the hint. */
    th_u64_store_rlx(&map->group_count, TH_MAP_ROOT_GROUPS);
    thi_map_runs_reach(map, TH_MAP_ROOT_GROUPS - 1);
    /* release @map.hint: run 0 and the roots' entries before the hint that leads there;
     * other side: hint_load(). Without it: a reader finds roots that are not filled yet. */
    th_u64_store_rel(&map->hint, thi_map_hint_make(map, TH_MAP_ROOT_DEPTH));
    /* The quick paths follow last: until here they found the absent run, whatever hint they read,
     * and so touched nothing that was being filled.
     * release @map.cells: the roots' entries and the hint before the address of their run; other
     * side: cells_load(). Without it: a quick look finds roots that are not filled yet. */
    th_ptr_store_rel(&map->cells, run_of(map, 0)->cells);
    THI_MAP_POINT(THI_MAP_POINT_UPGRADE_SHOWN, map);
    if (thi_map_reads_whole()) {
        /* release @map.span: the hint before the address; other side: thi_line_at(). Without it:
         * an update goes to the table while others still read the small form. */
        th_ptr_store_rel(&map->whole, run_of(map, 0)->cells);
    }
    thi_map_span_update(map);
    THI_MAP_POINT(THI_MAP_POINT_UPGRADE_PUBLISHED, map);
    thi_map_limbo_spread(map);
    upgrade_count(map, (uint64_t)TH_MAP_ROOT_GROUPS * TH_MAP_GROUP_CELLS);
    return TH_OK;
}

th_status thi_map_upgrade(struct thi_map *map)
{
    if (!thi_map_is_small(map)) {
        return TH_OK;
    }
    /* acquire @map.small: the block's content before the pointer to it; other side:
     * upgrade_to_block(). Without it: we move cells that are not written yet. */
    struct small_block *block = th_ptr_load_acq(&map->small);
    if (block->line_count_log2 + 1 < TH_MAP_LINES_LOG2) {
        return upgrade_to_block(map, block);
    }
    return upgrade_to_table(map, block);
}
