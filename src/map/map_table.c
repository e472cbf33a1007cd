/* SPDX-License-Identifier: MIT
 * map_table.c - the directory of chunks: made longer ahead of need, never shorter.
 *
 * Guarantees   G1 a chunk, once published, stays mapped at its address until the map is freed:
 *                 readers of integer keys
 *              hold no guard.
 * Progress     lock-free: who loses the race to publish takes the winner's directory.
 * Layout       run k of the directory adds as many chunks as there were before; its cells are one
 *              region, its sides and pass counters another.
 */
#include "map/map_priv.h"

#define TH_SIDES_ALIGNMENT 4096u

static void table_drop(const struct thi_map *map, struct table *table)
{
    if (table->cells != NULL) {
        thi_region_unmap(&map->mem, table->cells, table->cells_bytes, table->alignment);
    }
    if (table->sides != NULL) {
        thi_region_unmap(&map->mem, table->sides, table->sides_bytes, TH_SIDES_ALIGNMENT);
    }
    size_t bytes = sizeof(struct table) + (size_t)table->chunk_count * sizeof(struct chunk);
    thi_mem_free(&map->mem, table, bytes, TH_CACHE_LINE_BYTES);
}

void thi_map_table_free_all(struct thi_map *map)
{
    /* relaxed: the map is being freed, nobody else is here. */
    struct table *table = th_ptr_load_rlx(&map->table_head);
    while (table != NULL) {
        struct table *older = table->older;
        table_drop(map, table);
        table = older;
    }
}

/* The cells and sides of the chunks from `first` on, and their directory entries. */
static bool run_map(const struct thi_map *map, struct table *table, uint64_t first)
{
    uint64_t chunks = table->chunk_count - first;
    uint64_t groups = chunks << TH_MAP_CHUNK_GROUPS_LOG2;
    bool huge = (map->flags & TH_MAP_HUGE_PAGES) != 0;
    table->cells_bytes = (size_t)groups * TH_MAP_GROUP_BYTES;
    table->alignment = huge ? (size_t)2 << 20 : 4096;
    table->sides_bytes = (size_t)groups * (sizeof(struct side) + TH_MAP_LINES);
    uint32_t flags = huge ? THI_REGION_HUGE : 0;
    table->cells =
        thi_region_map(&map->mem, table->cells_bytes, table->alignment, flags, "tophash map cells");
    if (table->cells == NULL) {
        return false;
    }
    table->sides = thi_region_map(&map->mem, table->sides_bytes, TH_SIDES_ALIGNMENT, flags,
                                  "tophash map sides");
    if (table->sides == NULL) {
        return false;
    }
    uintptr_t group = (uintptr_t)first << TH_MAP_CHUNK_GROUPS_LOG2;
    struct chunk base = {
        .cells = (uintptr_t)table->cells - group * TH_MAP_GROUP_BYTES,
        .sides = (uintptr_t)table->sides - group * sizeof(struct side),
        .passes = (uintptr_t)table->sides + (uintptr_t)groups * sizeof(struct side) -
                  group * TH_MAP_LINES,
    };
    for (uint64_t i = first; i < table->chunk_count; i++) {
        table->chunks[i] = base; /* one run is contiguous: its chunks share their biased bases */
    }
    return true;
}

static struct table *table_new(const struct thi_map *map, struct table *older, uint64_t chunk_count)
{
    size_t bytes = sizeof(struct table) + (size_t)chunk_count * sizeof(struct chunk);
    struct table *table = thi_mem_alloc_zero(&map->mem, bytes, TH_CACHE_LINE_BYTES);
    if (table == NULL) {
        return NULL;
    }
    uint64_t first = older == NULL ? 0 : older->chunk_count;
    table->chunks = (struct chunk *)(void *)(table + 1);
    table->older = older;
    table->chunk_count = chunk_count;
    for (uint64_t i = 0; i < first; i++) {
        table->chunks[i] = older->chunks[i];
    }
    if (!run_map(map, table, first)) {
        thi_trace(THI_EVENT_GROWTH_ENOMEM, (uintptr_t)map, table->cells_bytes);
        table_drop(map, table);
        return NULL;
    }
    return table;
}

/* The first directory must show the four roots live before anybody can look at them. */
static void roots_make_live(struct table *table)
{
    for (uint32_t index = 0; index < TH_MAP_ROOT_GROUPS; index++) {
        struct group group = group_in_table(table->chunks, index);
        th_u64_init(&group.side->word, word_with_depth(0, TH_MAP_ROOT_DEPTH));
    }
}

/* Brings the pointer that readers use up to the head. It only ever moves to longer directories:
 * `shown` is read first, so the head read after it is at least as long, and the exchange fails if
 * somebody else moved it meanwhile. */
static void table_show(struct thi_map *map)
{
    for (;;) {
        /* acquire @map.table: the head that was published before this pointer before our read of
         * the head; other side: table_show(). Without it: we put back a shorter directory
         * under a reader who uses a longer one. */
        void *shown = th_ptr_load_acq(&map->table);
        /* acquire @map.table_head: as in thi_map_table_cover(). */
        struct table *head = th_ptr_load_acq(&map->table_head);
        if (shown == head->chunks) {
            return;
        }
        /* acq_rel @map.table: the entries before the pointer to them; other side: chunks_load().
         * Without it: a reader follows a base that is not written yet. */
        (void)th_ptr_cas_acqrel_acq(&map->table, &shown, head->chunks);
    }
}

/* Publishes the directory; false: somebody else published one meanwhile. */
static bool table_publish(struct thi_map *map, struct table *older, struct table *table)
{
    void *expected = older;
    /* acq_rel @map.table_head: the directory's content before the pointer to it; other side:
     * thi_map_table_cover(). Without it: the next run copies entries that are not written. */
    return th_ptr_cas_acqrel_acq(&map->table_head, &expected, table);
}

th_status thi_map_table_cover(struct thi_map *map, uint32_t index)
{
    uint64_t chunk = index >> TH_MAP_CHUNK_GROUPS_LOG2;
    for (;;) {
        /* acquire @map.table_head: the directory before our copy of it; other side:
         * table_publish(). Without it: we copy entries that are not written. */
        struct table *older = th_ptr_load_acq(&map->table_head);
        uint64_t count = older == NULL ? 0 : older->chunk_count;
        if (chunk < count) {
            table_show(map);
            return TH_OK;
        }
        uint64_t wanted = count == 0 ? 1 : count * 2;
        while (wanted <= chunk) {
            wanted *= 2;
        }
        struct table *table = table_new(map, older, wanted);
        if (table == NULL) {
            /* relaxed: statistic, read by stats only. */
            th_u64_add_rlx(&map->counters.growth_enomem, 1);
            return TH_ENOMEM;
        }
        if (older == NULL) {
            roots_make_live(table);
        }
        if (!table_publish(map, older, table)) {
            table_drop(map, table);
        }
    }
}
