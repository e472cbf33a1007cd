/* SPDX-License-Identifier: MIT
 * throughput.c - all maps in one process, in short slices that take turns, so that a change of the
 * machine's speed meets every map alike. The figures are operations per CPU-second of the workers.
 *
 * Invariants   I1 a map holds exactly `keys` entries: permanent ones, and a window of 1/64 for each
 *              thread, which the churn workload moves on.
 */
#include "bench.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define CHURN_SHARE 64u
#define ZIPF_EXPONENT 0.99
#define WARM_OPERATIONS 600000u /* of all threads: more than the lines of a level-3 cache */

struct entrant {
    const struct bench_peer *peer;
    void *map;
    uint64_t churn_oldest[BENCH_THREADS_MAX][8]; /* one in a cache line */
    uint64_t churn_next[BENCH_THREADS_MAX][8];
    uint64_t wrong;
    struct bench_cell *cells; /* [workload][threads option] */
};

struct contest {
    const struct bench_options *options;
    struct bench_pool *pool;
    unsigned threads_max;
    uint64_t permanent; /* numbers of the keys that stay: 0 to this */
    uint64_t window;
    uint64_t *uniform[BENCH_THREADS_MAX];
    uint64_t *zipf[BENCH_THREADS_MAX];
    struct entrant entrants[BENCH_PEERS_MAX];
    size_t entrant_count;
    /* the job under way */
    struct entrant *entrant;
    unsigned workload;
    unsigned threads;
    unsigned round;
    struct bench_slice slices[BENCH_THREADS_MAX];
};

/* ---------------------------------------------------------------- key streams */

/* Ranks by the method of Gray et al. (SIGMOD 1994). */
struct zipf {
    double entries;
    double zeta;
    double alpha;
    double eta;
};

static struct zipf zipf_make(uint64_t entries)
{
    struct zipf zipf = {.entries = (double)entries, .alpha = 1 / (1 - ZIPF_EXPONENT)};
    uint64_t exact = entries < 100000 ? entries : 100000;
    for (uint64_t i = 1; i <= exact; i++) {
        zipf.zeta += pow((double)i, -ZIPF_EXPONENT);
    }
    double rest = 1 - ZIPF_EXPONENT;
    zipf.zeta += (pow(zipf.entries, rest) - pow((double)exact, rest)) / rest;
    zipf.eta = (1 - pow(2 / zipf.entries, rest)) / (1 - (1 + pow(0.5, ZIPF_EXPONENT)) / zipf.zeta);
    return zipf;
}

static uint64_t zipf_rank(const struct zipf *zipf, uint64_t *random)
{
    double draw = (double)(bench_random(random) >> 11) * 0x1p-53;
    double scaled = draw * zipf->zeta;
    if (scaled < 1) {
        return 0;
    }
    if (scaled < 1 + pow(0.5, ZIPF_EXPONENT)) {
        return 1;
    }
    double rank = zipf->entries * pow(zipf->eta * draw - zipf->eta + 1, zipf->alpha);
    return rank >= zipf->entries ? (uint64_t)zipf->entries - 1 : (uint64_t)rank;
}

static void streams_fill(void *context, unsigned thread)
{
    struct contest *contest = context;
    uint64_t random = bench_key(thread + 1000);
    bool wants_zipf = contest->options->workloads[BENCH_ZIPF];
    struct zipf zipf = zipf_make(contest->permanent);
    for (size_t i = 0; i < BENCH_STREAM_KEYS; i++) {
        uint64_t draw = bench_random(&random) % contest->permanent;
        contest->uniform[thread][i] = bench_key(draw);
        if (wants_zipf) {
            /* Which keys are the popular ones has nothing to do with the order of insertion. */
            uint64_t rank = zipf_rank(&zipf, &random);
            contest->zipf[thread][i] = bench_key((rank * 2654435761u + 12345) % contest->permanent);
        }
    }
}

static bool streams_make(struct contest *contest)
{
    for (unsigned i = 0; i < contest->threads_max; i++) {
        contest->uniform[i] = aligned_alloc(64, BENCH_STREAM_KEYS * sizeof(uint64_t));
        contest->zipf[i] = aligned_alloc(64, BENCH_STREAM_KEYS * sizeof(uint64_t));
        if (contest->uniform[i] == NULL || contest->zipf[i] == NULL) {
            return false;
        }
    }
    bench_pool_run(contest->pool, streams_fill, contest);
    return true;
}

static void streams_free(struct contest *contest)
{
    for (unsigned i = 0; i < contest->threads_max; i++) {
        free(contest->uniform[i]);
        free(contest->zipf[i]);
    }
}

/* ---------------------------------------------------------------- loading */

static void load_range(struct entrant *entrant, uint64_t first, uint64_t count)
{
    struct bench_grow grow = {.map = entrant->map, .first = first, .count = count};
    entrant->peer->grow(&grow);
    __atomic_fetch_add(&entrant->wrong, grow.wrong, __ATOMIC_RELAXED);
}

static void load_job(void *context, unsigned thread)
{
    struct contest *contest = context;
    struct entrant *entrant = contest->entrant;
    unsigned writers = entrant->peer->one_writer ? 1 : contest->threads_max;
    if (thread >= writers) {
        return;
    }
    entrant->peer->enter(entrant->map);
    uint64_t from = contest->permanent * thread / writers;
    uint64_t to = contest->permanent * (thread + 1) / writers;
    load_range(entrant, from, to - from);
    for (unsigned i = thread; i < contest->threads_max; i += writers) {
        load_range(entrant, (uint64_t)(i + 1) << 48, contest->window);
        entrant->churn_oldest[i][0] = 0;
        entrant->churn_next[i][0] = contest->window;
    }
    entrant->peer->leave(entrant->map);
}

static bool entrant_load(struct contest *contest, struct entrant *entrant,
                         const struct bench_setup *setup)
{
    entrant->map = entrant->peer->make(setup);
    entrant->cells = calloc(BENCH_WORKLOADS * BENCH_LIST_MAX, sizeof *entrant->cells);
    if (entrant->map == NULL || entrant->cells == NULL) {
        fprintf(stderr, "%s: not enough memory for %llu keys\n", entrant->peer->name,
                (unsigned long long)setup->entries);
        return false;
    }
    if (entrant->peer->is_limit) {
        return true;
    }
    uint64_t start_ns = bench_wall_ns();
    contest->entrant = entrant;
    bench_pool_run(contest->pool, load_job, contest);
    entrant->peer->settle(entrant->map);
    if (!contest->options->quiet) {
        char text[200] = "";
        double seconds = (double)(bench_wall_ns() - start_ns) * 1e-9;
        if (entrant->peer->describe != NULL) {
            entrant->peer->describe(entrant->map, text, sizeof text);
        }
        fprintf(stderr, "  %s loaded in %.1f s%s\n", entrant->peer->name, seconds, text);
    }
    if (entrant->wrong != 0) {
        fprintf(stderr, "%s: %llu inserts went wrong\n", entrant->peer->name,
                (unsigned long long)entrant->wrong);
    }
    return true;
}

/* The limit comes last: it takes the footprint of our table, where that is in the contest. */
static bool contest_load(struct contest *contest, bool huge_pages, uint64_t keys)
{
    struct bench_setup setup = {.entries = keys, .huge_pages = huge_pages};
    const struct bench_options *options = contest->options;
    for (int limits = 0; limits < 2; limits++) {
        for (size_t i = 0; i < options->peer_count; i++) {
            if (options->peers[i]->is_limit != (limits == 1)) {
                continue;
            }
            struct entrant *entrant = &contest->entrants[contest->entrant_count++];
            entrant->peer = options->peers[i];
            if (!entrant_load(contest, entrant, &setup)) {
                return false;
            }
            if (entrant->peer == &bench_peer_tophash) {
                setup.footprint_bytes = entrant->peer->bytes(entrant->map);
            }
        }
    }
    return true;
}

/* ---------------------------------------------------------------- the rounds */

static void slice_job(void *context, unsigned thread)
{
    struct contest *contest = context;
    struct entrant *entrant = contest->entrant;
    if (thread >= contest->threads) {
        return;
    }
    entrant->peer->enter(entrant->map);
    entrant->peer->slice[contest->workload](&contest->slices[thread]);
    entrant->peer->leave(entrant->map);
}

static void slice_run(struct contest *contest, struct entrant *entrant, struct bench_cell *cell)
{
    const struct bench_options *options = contest->options;
    uint64_t now_ns = bench_wall_ns();
    for (unsigned i = 0; i < contest->threads; i++) {
        uint64_t seed = bench_key(((uint64_t)contest->round << 16) + contest->workload * 64 + i);
        contest->slices[i] = (struct bench_slice){
            .map = entrant->map,
            .keys = contest->workload == BENCH_ZIPF ? contest->zipf[i] : contest->uniform[i],
            .start = seed & (BENCH_STREAM_KEYS - BENCH_BLOCK),
            .thread = i,
            .seed = seed,
            .churn_oldest = entrant->churn_oldest[i],
            .churn_next = entrant->churn_next[i],
            .warm_operations = WARM_OPERATIONS / contest->threads,
            .warm_until_ns = now_ns + options->warm_ms * 1000000u,
            .slice_ns = options->slice_ms * 1000000u,
        };
    }
    contest->entrant = entrant;
    bench_pool_run(contest->pool, slice_job, contest);
    if (!entrant->peer->is_limit) {
        entrant->peer->settle(entrant->map);
    }
    double operations = 0;
    double cpu_ns = 0;
    double wall_ns = 0;
    unsigned workers = 0;
    for (unsigned i = 0; i < contest->threads; i++) {
        workers += contest->slices[i].cpu_ns > 0;
        operations += (double)contest->slices[i].operations;
        cpu_ns += (double)contest->slices[i].cpu_ns;
        wall_ns += (double)contest->slices[i].wall_ns;
        entrant->wrong += contest->slices[i].wrong;
    }
    /* Weighted by CPU time: a worker that hardly ran says little. */
    cell->cpu[cell->rounds] = cpu_ns > 0 ? operations / cpu_ns * 1e3 * workers : 0;
    cell->wall[cell->rounds] = wall_ns > 0 ? operations / wall_ns * 1e3 * workers : 0;
    cell->rounds++;
}

static void round_run(struct contest *contest)
{
    const struct bench_options *options = contest->options;
    for (unsigned w = 0; w < BENCH_WORKLOADS; w++) {
        for (size_t t = 0; options->workloads[w] && t < options->threads_count; t++) {
            contest->workload = w;
            contest->threads = options->threads[t];
            for (size_t i = 0; i < contest->entrant_count; i++) {
                size_t turn = (i + contest->round) % contest->entrant_count;
                struct entrant *entrant = &contest->entrants[turn];
                if (entrant->peer->slice[w] != NULL) {
                    slice_run(contest, entrant, &entrant->cells[w * BENCH_LIST_MAX + t]);
                }
            }
        }
    }
}

static void verify_job(void *context, unsigned thread)
{
    struct contest *contest = context;
    struct entrant *entrant = contest->entrant;
    if (thread != 0) {
        return;
    }
    entrant->peer->enter(entrant->map);
    entrant->wrong += entrant->peer->verify(entrant->map, 0, contest->permanent, 61);
    for (unsigned i = 0; i < contest->threads_max; i++) {
        uint64_t first = ((uint64_t)(i + 1) << 48) + entrant->churn_oldest[i][0];
        entrant->wrong += entrant->peer->verify(entrant->map, first, contest->window, 7);
    }
    entrant->peer->leave(entrant->map);
}

/* False if some map gave a wrong answer. */
static bool contest_report(struct contest *contest, bool huge_pages, uint64_t keys)
{
    const struct bench_options *options = contest->options;
    bool good = true;
    for (size_t i = 0; i < contest->entrant_count; i++) {
        struct entrant *entrant = &contest->entrants[i];
        contest->entrant = entrant;
        if (!entrant->peer->is_limit) {
            bench_pool_run(contest->pool, verify_job, contest);
        }
        for (size_t c = 0; c < BENCH_WORKLOADS * BENCH_LIST_MAX; c++) {
            if (entrant->cells[c].rounds == 0) {
                continue;
            }
            struct bench_record record = {.kind = BENCH_CELL,
                                          .huge_pages = huge_pages,
                                          .keys = keys,
                                          .threads = options->threads[c % BENCH_LIST_MAX],
                                          .wrong = entrant->wrong,
                                          .as.cell = entrant->cells[c]};
            record.as.cell.workload = (uint32_t)(c / BENCH_LIST_MAX);
            snprintf(record.map, sizeof record.map, "%s", entrant->peer->name);
            good = bench_send(options, &record) && good;
        }
        if (entrant->wrong != 0) {
            fprintf(stderr, "%s: %llu wrong answers\n", entrant->peer->name,
                    (unsigned long long)entrant->wrong);
            good = false;
        }
    }
    return good;
}

static unsigned threads_max(const struct bench_options *options)
{
    unsigned max = 1;
    for (size_t i = 0; i < options->threads_count; i++) {
        max = options->threads[i] > max ? options->threads[i] : max;
    }
    return max;
}

bool bench_run_throughput(const struct bench_options *options, bool huge_pages, uint64_t keys)
{
    struct contest *contest = calloc(1, sizeof *contest);
    if (contest == NULL) {
        return false;
    }
    contest->options = options;
    contest->threads_max = threads_max(options);
    contest->window = keys / CHURN_SHARE;
    contest->permanent = keys - contest->window * contest->threads_max;
    contest->pool = bench_pool_new(contest->threads_max);
    bool good =
        contest->pool != NULL && streams_make(contest) && contest_load(contest, huge_pages, keys);
    for (unsigned i = 0; good && i < options->rounds; i++) {
        contest->round = i;
        round_run(contest);
        if (!options->quiet) {
            fprintf(stderr, "  round %u of %u done\n", i + 1, options->rounds);
        }
    }
    good = good && contest_report(contest, huge_pages, keys);
    for (size_t i = 0; i < contest->entrant_count; i++) {
        if (contest->entrants[i].map != NULL) {
            contest->entrants[i].peer->discard(contest->entrants[i].map);
        }
        free(contest->entrants[i].cells);
    }
    streams_free(contest);
    if (contest->pool != NULL) {
        bench_pool_free(contest->pool);
    }
    free(contest);
    return good;
}
