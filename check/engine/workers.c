/* SPDX-License-Identifier: MIT
 * workers.c - several processes that share one search.
 *
 * Every process walks the top of the search tree in the same order; at a fixed depth of choices a
 * subtree is searched by the process that claims its number first, the others pass it over. What
 * ends above that depth is counted by the first process only. So every execution is counted once,
 * and the sums are the same for any number of processes.
 *
 * Of the errors that are found, the one with the lowest subtree is told: the first in the order of
 * a single process. It comes back as a token and is run again here, where error() can be called.
 */
#include "engine/engine_priv.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
    WORKERS_MAX = 64,
    SPLIT_DEPTH = 7,
    CLAIMS_MAX = 1 << 20,
    TOKEN_BYTES_MAX = 1 << 18,
    SITES_SHARED_MAX = 4096,
    POLL_MS = 5,
    POSITION_ONE = 1 << 30,
};

struct slot {
    _Atomic(uint32_t) position; /* in the tree, of POSITION_ONE */
    struct thi_engine_result result;
    struct thi_site_counters sites[SITES_SHARED_MAX];
    uint32_t site_count;
    bool done;
};

/* Shared by all processes. */
struct shared {
    _Atomic(uint64_t) claims[CLAIMS_MAX / 64];
    _Atomic(uint64_t) executions;
    _Atomic(uint64_t) blocked;
    _Atomic(uint64_t) error_claim; /* the lowest with an error; UINT64_MAX */
    _Atomic(uint32_t) error_lock;
    _Atomic(bool) stop;
    char token[TOKEN_BYTES_MAX];
    struct slot slots[];
};

struct workers {
    struct shared *shared;
    uint32_t number;
    uint32_t count;
    uint64_t claim; /* number of the last subtree come by */
};

static size_t shared_bytes(uint32_t count)
{
    return sizeof(struct shared) + count * sizeof(struct slot);
}

static uint32_t graph_depth(struct thi_engine *engine)
{
    const struct frame *frame = frame_top(engine);
    return frame->graph.count > frame->base ? frame->graph.events[frame->graph.count - 1].depth
                                            : frame->depth;
}

/* Whether what ends here is this process's to count. */
bool thi_workers_counts(struct thi_engine *engine)
{
    const struct workers *workers = engine->workers;
    return workers == NULL || workers->number == 0 || graph_depth(engine) >= SPLIT_DEPTH;
}

/* Whether this process goes into the subtree that was just come by. */
bool thi_search_claim(struct thi_engine *engine, uint32_t depth)
{
    struct workers *workers = engine->workers;
    if (workers == NULL || depth != SPLIT_DEPTH) {
        return true;
    }
    struct shared *shared = workers->shared;
    uint64_t claim = ++workers->claim;
    /* relaxed: a bit is taken by one process, nothing else is told by it. */
    if (claim > atomic_load_explicit(&shared->error_claim, memory_order_relaxed) ||
        atomic_load_explicit(&shared->stop, memory_order_relaxed)) {
        engine->stop = true;
        engine->claim_refused = true;
        return false;
    }
    bool mine = claim % workers->count == workers->number;
    if (claim < CLAIMS_MAX) {
        uint64_t bit = (uint64_t)1 << claim % 64;
        uint64_t before =
            atomic_fetch_or_explicit(&shared->claims[claim / 64], bit, memory_order_relaxed);
        mine = (before & bit) == 0;
    }
    engine->claim_refused = engine->claim_refused || !mine;
    return mine;
}

/* A worker keeps the error for the parent process. False: this is no worker. */
bool thi_workers_defer(struct thi_engine *engine)
{
    struct workers *workers = engine->workers;
    if (workers == NULL) {
        return false;
    }
    struct shared *shared = workers->shared;
    /* acquire and release: the lock's turns; the token is written within. */
    while (atomic_exchange_explicit(&shared->error_lock, 1, memory_order_acquire) != 0) {
        usleep(100);
    }
    if (workers->claim < atomic_load_explicit(&shared->error_claim, memory_order_relaxed)) {
        size_t size = thi_engine_token(engine, shared->token, TOKEN_BYTES_MAX);
        if (size < TOKEN_BYTES_MAX) {
            atomic_store_explicit(&shared->error_claim, workers->claim, memory_order_relaxed);
        }
    }
    atomic_store_explicit(&shared->error_lock, 0, memory_order_release);
    engine->stop = true;
    return true;
}

/* relaxed: sums, read as a bound that need not be exact to one run. */
void thi_workers_run_count(struct thi_engine *engine, bool complete)
{
    struct shared *shared = engine->workers->shared;
    atomic_fetch_add_explicit(complete ? &shared->executions : &shared->blocked, 1,
                              memory_order_relaxed);
}

static uint64_t runs_count(struct shared *shared)
{
    return atomic_load_explicit(&shared->executions, memory_order_relaxed) +
           atomic_load_explicit(&shared->blocked, memory_order_relaxed);
}

bool thi_workers_runs_done(struct thi_engine *engine)
{
    uint64_t most = engine->options.executions_max;
    return most != 0 && runs_count(engine->workers->shared) >= most;
}

/* relaxed: a figure to be shown. */
void thi_workers_position(struct thi_engine *engine, double position)
{
    struct slot *slot = &engine->workers->shared->slots[engine->workers->number];
    atomic_store_explicit(&slot->position, (uint32_t)(position * POSITION_ONE),
                          memory_order_relaxed);
}

/* All walk the whole tree, past what others search: where they are on average. */
static uint64_t workers_estimate(struct shared *shared, uint32_t count)
{
    double sum = 0;
    for (uint32_t i = 0; i < count; i++) {
        sum += atomic_load_explicit(&shared->slots[i].position, memory_order_relaxed);
    }
    double position = sum / count / POSITION_ONE;
    double estimate = position > 1e-9 ? (double)runs_count(shared) / position : 0;
    return estimate < 1e18 ? (uint64_t)estimate : 0;
}

static void worker_publish(struct thi_engine *engine)
{
    struct slot *slot = &engine->workers->shared->slots[engine->workers->number];
    slot->result = *engine->result;
    slot->site_count = engine->options.coverage ? thi_engine_site_count(engine) : 0;
    if (slot->site_count > SITES_SHARED_MAX) {
        slot->site_count = SITES_SHARED_MAX;
    }
    for (uint32_t i = 0; i < slot->site_count; i++) {
        if (!thi_engine_site_counters(engine, i, &slot->sites[i])) {
            slot->sites[i] = (struct thi_site_counters){.events = 0};
        }
    }
    slot->result.threads = engine->thread_count;
    slot->done = !engine->broken;
}

static void worker_main(struct thi_engine *engine, struct shared *shared, uint32_t number)
{
    struct workers workers = {.shared = shared, .number = number, .count = engine->options.workers};
    engine->workers = &workers;
    engine->program.progress = NULL; /* the parent tells */
    thi_search(engine);
    if ((engine->result->bounds & (TH_BOUND_EXECUTIONS | TH_BOUND_SECONDS)) != 0) {
        atomic_store_explicit(&shared->stop, true, memory_order_relaxed);
    }
    worker_publish(engine);
}

static void result_add(struct thi_engine_result *sum, const struct thi_engine_result *one)
{
    sum->bounds |= one->bounds;
    sum->executions += one->executions;
    sum->blocked += one->blocked;
    sum->pruned += one->pruned;
    sum->cut += one->cut;
    sum->revisits += one->revisits;
    sum->duplicates += one->duplicates;
    sum->contended += one->contended;
    sum->heavy_fences += one->heavy_fences;
    if (sum->threads < one->threads) {
        sum->threads = one->threads;
    }
    if (sum->events_most < one->events_most) {
        sum->events_most = one->events_most;
    }
}

/* Waits for the workers and tells of progress. */
static void workers_wait(struct thi_engine *engine, struct shared *shared, const pid_t *pids,
                         uint32_t count)
{
    const struct timespec pause = {.tv_nsec = POLL_MS * 1000000};
    struct timespec from, now;
    clock_gettime(CLOCK_MONOTONIC, &from);
    double next_s = engine->options.progress_ms * 1e-3;
    bool ended[WORKERS_MAX] = {false};
    for (uint32_t left = count; left > 0;) {
        for (uint32_t i = 0; i < count; i++) {
            int status;
            if (!ended[i] && waitpid(pids[i], &status, WNOHANG) != 0) {
                ended[i] = true;
                left--;
            }
        }
        clock_gettime(CLOCK_MONOTONIC, &now);
        double elapsed_s =
            (double)(now.tv_sec - from.tv_sec) + (double)(now.tv_nsec - from.tv_nsec) * 1e-9;
        engine->result->elapsed_s = elapsed_s;
        if (left > 0) {
            nanosleep(&pause, NULL);
        }
        if (left == 0 || elapsed_s < next_s || engine->program.progress == NULL) {
            continue;
        }
        next_s = elapsed_s + engine->options.progress_ms * 1e-3;
        struct thi_engine_progress progress = {
            .executions = atomic_load_explicit(&shared->executions, memory_order_relaxed),
            .blocked = atomic_load_explicit(&shared->blocked, memory_order_relaxed),
            .estimate = workers_estimate(shared, count),
            .elapsed_s = elapsed_s};
        if (engine->program.progress(engine->program.context, &progress)) {
            atomic_store_explicit(&shared->stop, true, memory_order_relaxed);
            engine->result->bounds |= TH_BOUND_STOPPED;
        }
    }
}

static uint32_t workers_start(struct thi_engine *engine, struct shared *shared, pid_t *pids)
{
    uint32_t count = 0;
    fflush(NULL);
    while (count < engine->options.workers) {
        pid_t pid = fork();
        if (pid == 0) {
            worker_main(engine, shared, count);
            _exit(0);
        }
        if (pid < 0) {
            break;
        }
        pids[count++] = pid;
    }
    return count;
}

/* The search in several processes. */
void thi_workers_search(struct thi_engine *engine)
{
    struct thi_engine_result *result = engine->result;
    pid_t pids[WORKERS_MAX];
    if (engine->options.workers > WORKERS_MAX) {
        engine->options.workers = WORKERS_MAX;
    }
    size_t bytes = shared_bytes(engine->options.workers);
    struct shared *shared =
        mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED) {
        thi_search(engine); /* alone, then */
        return;
    }
    atomic_init(&shared->error_claim, UINT64_MAX);
    uint32_t count = workers_start(engine, shared, pids);
    if (count < engine->options.workers) {
        /* Those that run would wait for nobody, but leave parts out. */
        atomic_store_explicit(&shared->stop, true, memory_order_relaxed);
        engine->broken = true;
    }
    workers_wait(engine, shared, pids, count);
    for (uint32_t i = 0; i < count; i++) {
        const struct slot *slot = &shared->slots[i];
        result_add(result, &slot->result);
        thi_sites_add(engine->sites, slot->sites, slot->site_count);
        engine->broken = engine->broken || !slot->done;
    }
    result->workers = count;
    result->estimate = result->bounds == 0 ? result->executions + result->blocked
                                           : workers_estimate(shared, count);
    if (result->threads > engine->thread_count) {
        engine->thread_count = engine->program.thread_count; /* the rest comes with the replay */
    }
    if (atomic_load_explicit(&shared->error_claim, memory_order_relaxed) != UINT64_MAX) {
        struct thi_engine_result sums = *result;
        const char *why;
        engine->broken = !thi_engine_replay(engine, shared->token, result, &why);
        sums.errors = result->errors;
        *result = sums;
    }
    munmap(shared, bytes);
}
