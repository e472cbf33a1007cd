/* SPDX-License-Identifier: MIT
 * map_runs.c - the memory of the table: runs of groups, made ahead of need, never moved.
 *
 * Guarantees   G1 a run, once published, stays mapped at its address until the map is freed:
 *                 readers
 *              of integer keys hold no guard.
 * Progress     lock-free: who loses the race to publish takes the winner's run.
 * Sources      arrays of doubling blocks: Brodnik et al., "Resizable arrays in optimal time and
 *              space".
 */
#include "map/map_priv.h"

#define PLAIN_ALIGNMENT 4096u
#define HUGE_ALIGNMENT ((size_t)2 << 20)

static size_t runs_bytes(void)
{
    return TH_MAP_RUNS_MAX * sizeof(struct th_aptr);
}

static void run_free(const struct thi_map *map, struct run *run)
{
    if (run->memory != NULL) {
        thi_region_unmap(&map->mem, run->memory, run->bytes, run->alignment);
    }
    thi_mem_free(&map->mem, run, sizeof(*run), _Alignof(struct run));
}

/* The memory of a run of that many groups; false: refused. */
static bool run_map(const struct thi_map *map, struct run *run, uint32_t groups)
{
    bool huge = (map->flags & TH_MAP_HUGE_PAGES) != 0;
    run->alignment = huge ? HUGE_ALIGNMENT : PLAIN_ALIGNMENT;
    size_t before = (size_t)groups * (sizeof(struct side) + TH_MAP_LINES);
    before = (size_t)thi_round_up(before, run->alignment);
    run->bytes =
        before + (size_t)thi_round_up((size_t)groups * TH_MAP_GROUP_BYTES, PLAIN_ALIGNMENT);
    run->memory = thi_region_map(&map->mem, run->bytes, run->alignment, huge ? THI_REGION_HUGE : 0,
                                 "tophash map");
    if (run->memory == NULL) {
        return false;
    }
    run->cells = (char *)run->memory + before;
    run->passes = run->memory;
    run->groups = groups;
    return true;
}

static struct run *run_new(const struct thi_map *map, uint32_t first)
{
    struct run *run = thi_mem_alloc_zero(&map->mem, sizeof(*run), _Alignof(struct run));
    if (run == NULL) {
        return NULL;
    }
    run->first = first;
    bool lazy = thi_region_is_lazy(&map->mem);
    unsigned log2 = lazy ? TH_MAP_FIRST_RUN_GROUPS_LOG2 : TH_MAP_RUN_GROUPS_LOG2;
    /* Run 0 takes as much address space as it can have; the others are as long as all before. */
    while (!run_map(map, run, first != 0 ? first : (uint32_t)1 << log2)) {
        if (first != 0 || log2-- == TH_MAP_RUN_GROUPS_LOG2) {
            thi_trace(THI_EVENT_GROWTH_ENOMEM, (uintptr_t)map, run->bytes);
            run_free(map, run);
            return NULL;
        }
    }
    for (uint32_t number = 0; first == 0 && number < TH_MAP_ROOT_GROUPS; number++) {
        th_u64_init(&cells_side(run->cells, number)->word, word_with_depth(0, TH_MAP_ROOT_DEPTH));
    }
    return run;
}

static struct th_aptr *runs_make(struct thi_map *map)
{
    /* acquire @map.runs: the empty array before the pointer to it; other side: runs_make(). Without
     * it: a run's address is read before it is written. */
    void *runs = th_ptr_load_acq(&map->runs);
    if (runs != NULL) {
        return runs;
    }
    void *made = thi_mem_alloc_zero(&map->mem, runs_bytes(), _Alignof(struct th_aptr));
    /* release @map.runs: the empty array before the pointer to it; other side: runs_make(),
     * thi_map_runs_bytes(). Without it: a run's address is read before it is written. */
    if (made != NULL && th_ptr_cas_rel_rlx(&map->runs, &runs, made)) {
        return made;
    }
    if (made != NULL) {
        thi_mem_free(&map->mem, made, runs_bytes(), _Alignof(struct th_aptr));
    }
    /* acquire @map.runs: as in runs_make(): another has made it meanwhile. */
    return th_ptr_load_acq(&map->runs);
}

/* Adds run `number`, which begins with group `first`. */
static th_status run_add(struct thi_map *map, struct th_aptr *runs, unsigned number, uint32_t first)
{
    struct run *run = run_new(map, first);
    if (run == NULL) {
        /* relaxed: statistic, read by stats only. */
        th_u64_add_rlx(&map->counters.growth_enomem, 1);
        return TH_ENOMEM;
    }
    void *none = NULL;
    /* release @map.run: the run before the pointer to it; other side: thi_map_runs_cover(),
     * thi_map_runs_bytes(). Without it: others compute with addresses that are not written yet. */
    if (!th_ptr_cas_rel_rlx(&runs[number], &none, run)) {
        run_free(map, run);
    }
    return TH_OK;
}

th_status thi_map_runs_cover(struct thi_map *map, uint32_t index)
{
    struct th_aptr *runs = runs_make(map);
    if (runs == NULL) {
        return TH_ENOMEM;
    }
    uint64_t covered = 0;
    for (unsigned number = 0; number < TH_MAP_RUNS_MAX && covered <= index; number++) {
        /* acquire @map.run: the run before the pointer to it; other side: run_add(). Without it: we
         * compute with addresses that are not written yet. */
        struct run *run = th_ptr_load_acq(&runs[number]);
        if (run == NULL) {
            if (covered > UINT32_MAX / 2) {
                return TH_ENOMEM; /* group numbers have 31 bits */
            }
            th_status status = run_add(map, runs, number, (uint32_t)covered);
            if (status != TH_OK) {
                return status;
            }
            /* acquire @map.run: as in thi_map_runs_cover(). */
            run = th_ptr_load_acq(&runs[number]);
        }
        covered += run->groups;
    }
    return TH_OK;
}

void thi_map_runs_free_all(struct thi_map *map)
{
    /* relaxed, both: the map is being freed, nobody else is here. */
    struct th_aptr *runs = th_ptr_load_rlx(&map->runs);
    for (unsigned number = 0; runs != NULL && number < TH_MAP_RUNS_MAX; number++) {
        struct run *run = th_ptr_load_rlx(&runs[number]);
        if (run != NULL) {
            run_free(map, run);
        }
    }
    if (runs != NULL) {
        thi_mem_free(&map->mem, runs, runs_bytes(), _Alignof(struct th_aptr));
    }
}

uint64_t thi_map_runs_bytes(const struct thi_map *map)
{
    uint64_t bytes = 0;
    /* acquire @map.runs: as in runs_make(). */
    struct th_aptr *runs = th_ptr_load_acq(&map->runs);
    for (unsigned number = 0; runs != NULL && number < TH_MAP_RUNS_MAX; number++) {
        /* acquire @map.run: as in thi_map_runs_cover(). */
        const struct run *run = th_ptr_load_acq(&runs[number]);
        bytes += run == NULL ? 0 : run->bytes + sizeof(*run);
    }
    return runs == NULL ? 0 : bytes + runs_bytes();
}

void thi_map_runs_reach(struct thi_map *map, uint32_t index)
{
    /* relaxed: only the start of the exchange. */
    uint64_t end = th_u64_load_rlx(&map->group_end);
    while (end <= index) {
        /* release @map.group_end: the runs below the bound before the bound; other side:
         * groups_begin(), thi_map_shrink(). Without it: a walk over all groups asks for a run that
         * it does not see yet. */
        if (th_u64_cas_rel_rlx(&map->group_end, &end, (uint64_t)index + 1)) {
            return;
        }
    }
}
