/* SPDX-License-Identifier: MIT
 * map_life.c - making and freeing a map.
 *
 * Guarantees   G1 an empty map is one allocation of less than 1 KiB (and a slab of a few hundred
 *                 bytes for bytes keys).
 *              G2 free gives back all but the map's own words; these go when what it gave to the
 *                 epoch before has come back: after a drain of the domain nothing of the map is
 *                 left.
 * Progress     wait-free but for the allocator.
 */
#include "map/map_priv.h"

/* What maps without a table point to: a run whose groups are absent and empty, so that the get path
 * needs no branch for them. */
static struct {
    struct side sides[TH_MAP_ROOT_GROUPS];
    struct cell cells[TH_MAP_ROOT_GROUPS * TH_MAP_GROUP_BYTES / sizeof(struct cell)] TH_ALIGNED(
        TH_CACHE_LINE_BYTES);
} absent TH_ALIGNED(TH_CACHE_LINE_BYTES);

_Static_assert(sizeof(absent.sides) == offsetof(__typeof__(absent), cells), "sides end at cells");

bool thi_map_has_cells(const struct thi_map *map)
{
    return cells_load(map) != (const char *)absent.cells;
}

bool thi_map_has_whole(const struct thi_map *map)
{
    return whole_load(map) != (const char *)absent.cells;
}

_Static_assert(offsetof(struct thi_map, limbo_first) + sizeof(struct limbo) ==
                   sizeof(struct thi_map),
               "what some maps have no memory for is last");

/* Where the first, embedded block of a map begins. */
static size_t first_offset(bool has_limbo)
{
    size_t own = has_limbo ? sizeof(struct thi_map) : offsetof(struct thi_map, limbo_first);
    return (size_t)thi_round_up(own, TH_CACHE_LINE_BYTES);
}

static size_t map_bytes(bool has_limbo)
{
    return first_offset(has_limbo) + thi_map_small_bytes(0);
}

static void map_init(struct thi_map *map, const struct th_map_config *config)
{
    struct small_block *first =
        (struct small_block *)(void *)((char *)map + first_offset(map->has_limbo));
    thi_map_small_init(first, 0, 0);
    th_u64_init(&map->hint, TH_HINT_SMALL | depth_mask(TH_MAP_ROOT_DEPTH));
    th_u64_init(&map->span, TH_SPAN_ROOTS);
    th_ptr_init(&map->whole, absent.cells);
    th_ptr_init(&map->cells, absent.cells);
    th_ptr_init(&map->small, first);
    th_ptr_init(&map->runs, NULL);
    th_u64_init(&map->group_end, 0);
    th_u64_init(&map->group_count, 0);
    th_u64_init(&map->block_bytes, map_bytes(map->has_limbo));
    th_u64_init(&map->pins, 1);
    th_ptr_init(&map->stripes, NULL);
    uint64_t seed = config->seed;
    if ((config->flags & TH_MAP_FIXED_SEED) == 0) {
        thi_port_random(&seed, sizeof(seed));
    }
    thi_seed_init(&map->seed, seed);
    map->flags = config->flags;
    map->epoch = config->epoch != NULL ? config->epoch : th_epoch_default();
    map->default_domain = map->epoch == th_epoch_default();
    map->drop = config->drop;
    map->drop_context = config->drop_context;
    map->drop_node_offset = config->drop_node_offset;
    if (map->has_limbo) {
        thi_map_limbo_init(&map->limbo_first, map);
    }
}

th_status thi_map_new(const struct th_map_config *config, bool bytes_keys, struct thi_map **map)
{
    static const struct th_map_config plain;
    const struct th_map_config *chosen = config != NULL ? config : &plain;
    if ((chosen->flags & ~(uint32_t)(TH_MAP_HUGE_PAGES | TH_MAP_FIXED_SEED)) != 0) {
        return TH_EINVAL;
    }
    struct th_allocator mem;
    th_status status = thi_mem_init(&mem, chosen->allocator);
    if (status != TH_OK) {
        return status;
    }
    bool has_limbo = bytes_keys || chosen->drop != NULL;
    struct thi_map *made = thi_mem_alloc_zero(&mem, map_bytes(has_limbo), TH_CACHE_LINE_BYTES);
    if (made == NULL) {
        return TH_ENOMEM;
    }
    made->mem = mem;
    made->has_limbo = has_limbo;
    thi_map_wide_choose();
    map_init(made, chosen);
    if (bytes_keys) {
        status = thi_slab_new(&mem, (made->flags & TH_MAP_HUGE_PAGES) != 0, &made->slab);
    }
    if (status == TH_OK && chosen->reserve != 0) {
        status = thi_map_reserve(made, chosen->reserve);
    }
    if (status != TH_OK) {
        thi_map_free(made);
        return status;
    }
    *map = made;
    return TH_OK;
}

/* Drops the values that are still in the map. */
static void values_drop(struct thi_map *map)
{
    struct th_map_cursor cursor = {0, 0};
    struct walk_entry entries[TH_MAP_BATCH];
    size_t count = 0;
    while ((count = thi_map_next(map, &cursor, entries, TH_MAP_BATCH)) != 0) {
        for (size_t i = 0; i < count; i++) {
            map->drop(map->drop_context, entries[i].value);
        }
    }
}

void thi_map_free(struct thi_map *map)
{
    if (map == NULL) {
        return;
    }
    if (map->drop != NULL) {
        values_drop(map);
    }
    if (map->has_limbo) {
        thi_map_limbo_close(map);
    }
    thi_map_runs_free_all(map);
    thi_map_small_free_all(map);
    thi_slab_free(map->slab); /* with it the records that still wait: nobody reads them any more */
    thi_map_unpin(map);
}

void thi_map_unpin(struct thi_map *map)
{
    /* acq_rel @map.pins: every user's last access before the last one frees; other side:
     * value_reclaim(), bag_reclaim(). Without it: memory is freed that is still written. */
    if (th_u64_sub_acqrel(&map->pins, 1) != 1) {
        return;
    }
    thi_map_limbo_free_all(map);
    struct th_allocator mem = map->mem;
    thi_mem_free(&mem, map, map_bytes(map->has_limbo), TH_CACHE_LINE_BYTES);
}

/* Splits every group of the level that is no deeper yet. */
static th_status level_split(struct thi_map *map, unsigned depth)
{
    for (uint32_t index = 0; index < (uint32_t)1 << depth; index++) {
        unsigned round = 0;
        for (;;) {
            uint64_t word;
            struct group group = thi_map_find_group(map, group_hash(index), &word);
            if (word_depth(word) != depth) {
                break;
            }
            th_status status = thi_map_split(map, group_hash(index), 0);
            if (status != TH_MORE) {
                if (status != TH_OK) {
                    return status;
                }
                break;
            }
            thi_map_wait(&map->counters.group_waits, group.side, &round);
        }
    }
    return TH_OK;
}

th_status thi_map_reserve(struct thi_map *map, uint64_t entries)
{
    struct small_block *block = NULL;
    unsigned round = 0;
    while (thi_map_is_small(map)) {
        /* acquire @map.small: as in small_load(). */
        block = th_ptr_load_acq(&map->small);
        uint64_t cells = (uint64_t)TH_MAP_ROOT_GROUPS
                         << (block->line_count_log2 + TH_MAP_LINE_CELLS_LOG2);
        if (entries <= cells / 2) {
            return TH_OK;
        }
        th_status status = thi_map_upgrade(map);
        if (status == TH_MORE) {
            thi_map_wait(&map->counters.group_waits, block, &round);
        } else if (status != TH_OK) {
            return status;
        }
    }
    /* As many groups as hold the entries at three quarters of what makes one split. */
    uint64_t group_entries = TH_MAP_SPLIT_COUNT * 3u / 4u;
    unsigned depth = TH_MAP_ROOT_DEPTH;
    while (depth < TH_MAP_DEPTH_MAX && (entries >> depth) > group_entries) {
        th_status status = level_split(map, depth);
        if (status != TH_OK) {
            return status == TH_EBUSY ? TH_ENOMEM : status;
        }
        depth++;
    }
    return TH_OK;
}
