/* SPDX-License-Identifier: MIT
 * test_epoch_stress.c - readers and writers on a few shared pointers, for millions of operations.
 *
 * Every object a reader finds inside a guard must carry its canary until it leaves, whatever comes
 * and goes meanwhile: threads, handles, nested guards, stalls, helpers. Run under the thread and
 * address sanitizers too: the canary is a plain field, the memory is freed.
 */
#include "epoch/epoch_help.h"

enum { SLOTS = 8, WORKERS = 3 };

struct stress {
    struct th_epoch *domain;
    _Atomic(struct help_object *) slots[SLOTS];
    atomic_bool stop;
    atomic_uint_fast64_t reads;
    atomic_uint_fast64_t bad;
    uint64_t operations_each;
};

struct worker {
    struct stress *stress;
    uint64_t seed;
    struct th_epoch_handle *handle; /* NULL: by thread-local registration */
};

static void worker_enter(const struct worker *worker)
{
    if (worker->handle != NULL) {
        th_epoch_handle_enter(worker->handle);
    } else {
        th_epoch_enter(worker->stress->domain);
    }
}

static void worker_leave(const struct worker *worker)
{
    if (worker->handle != NULL) {
        th_epoch_handle_leave(worker->handle);
    } else {
        th_epoch_leave(worker->stress->domain);
    }
}

static void worker_read(struct worker *worker, uint64_t random)
{
    struct stress *stress = worker->stress;
    size_t index = random % SLOTS;
    bool nested = random % 16 == 3;
    worker_enter(worker);
    if (nested) {
        worker_enter(worker);
    }
    struct help_object *object = atomic_load_explicit(&stress->slots[index], memory_order_acquire);
    bool good = object->canary == HELP_ALIVE && object->number == index;
    if (nested) {
        worker_leave(worker);
    }
    if (random % 4096 == 7) {
        usleep(100); /* now and then long enough for the others to go through many epochs */
    }
    good = good && object->canary == HELP_ALIVE && object->number == index;
    worker_leave(worker);
    if (!good) {
        atomic_fetch_add(&stress->bad, 1);
    }
}

static void worker_replace(struct worker *worker, uint64_t random)
{
    struct stress *stress = worker->stress;
    size_t index = random % SLOTS;
    bool inside = random % 3 == 0;
    if (inside) {
        worker_enter(worker);
    }
    struct help_object *object = help_object_new(index);
    object = atomic_exchange_explicit(&stress->slots[index], object, memory_order_acq_rel);
    if (worker->handle != NULL) {
        th_epoch_handle_retire(worker->handle, &object->node, sizeof(*object), help_reclaim);
    } else {
        help_retire(stress->domain, object);
    }
    if (inside) {
        if (object->canary != HELP_ALIVE) { /* retired, but we stand inside */
            atomic_fetch_add(&stress->bad, 1);
        }
        worker_leave(worker);
    }
    if (random % 64 == 5) {
        (void)th_epoch_reclaim(stress->domain, (size_t)(random % 200));
    }
}

static void worker_work(struct worker *worker, uint64_t operations)
{
    for (uint64_t i = 0; i < operations; i++) {
        uint64_t random = test_random(&worker->seed);
        if (random >> 32 & 1) {
            worker_replace(worker, random & 0xffffffff);
        } else {
            worker_read(worker, random & 0xffffffff);
        }
    }
    atomic_fetch_add(&worker->stress->reads, operations);
}

static void *worker_run(void *argument)
{
    struct worker *worker = argument;
    worker_work(worker, worker->stress->operations_each);
    return NULL;
}

/* A life of a few operations, ended now and then inside a guard. */
static void *worker_short_run(void *argument)
{
    struct worker *worker = argument;
    worker_work(worker, 50);
    if (worker->seed % 2 == 0) {
        th_epoch_enter(worker->stress->domain);
    }
    return NULL;
}

static void *worker_births(void *argument)
{
    struct worker *worker = argument;
    while (!atomic_load(&worker->stress->stop)) {
        struct worker child = {.stress = worker->stress, .seed = test_random(&worker->seed)};
        pthread_join(help_thread(worker_short_run, &child), NULL);
        struct worker by_handle = {.stress = worker->stress, .seed = test_random(&worker->seed)};
        if (th_epoch_register(worker->stress->domain, &by_handle.handle) == TH_OK) {
            worker_work(&by_handle, 50);
            th_epoch_unregister(by_handle.handle);
        }
    }
    return NULL;
}

static void stress_run(const struct th_epoch_config *config)
{
    static struct stress stress;
    stress = (struct stress){.domain = help_domain(config), .operations_each = test_scaled(400000)};
    for (size_t i = 0; i < SLOTS; i++) {
        atomic_init(&stress.slots[i], help_object_new(i));
    }
    struct worker workers[WORKERS + 2];
    pthread_t threads[WORKERS + 2];
    for (unsigned i = 0; i < WORKERS + 2; i++) {
        workers[i] = (struct worker){.stress = &stress, .seed = test_seed + i};
        if (i == 0) {
            REQUIRE(th_epoch_register(stress.domain, &workers[i].handle) == TH_OK);
        }
        threads[i] = help_thread(i <= WORKERS ? worker_run : worker_births, &workers[i]);
    }
    for (unsigned i = 0; i <= WORKERS; i++) {
        pthread_join(threads[i], NULL);
    }
    atomic_store(&stress.stop, true);
    pthread_join(threads[WORKERS + 1], NULL);
    th_epoch_unregister(workers[0].handle);
    CHECK_EQ(atomic_load(&stress.bad), 0);
    struct th_epoch_stats stats = help_stats(stress.domain);
    printf("# %" PRIu64 " operations, %" PRIu64 " retired, %" PRIu64
           " reclaimed meanwhile, %" PRIu64 " epochs, peak %" PRIu64 " bytes\n",
           (uint64_t)atomic_load(&stress.reads), stats.retired_total, stats.reclaimed_total,
           stats.advances_total, stats.waiting_bytes_peak);
    /* In a short run one reader that lost its processor holds back a good part. */
    uint64_t tenths = test_scale_percent >= 100 ? 9 : 0;
    CHECK(stats.reclaimed_total * 10 > stats.retired_total * tenths);
    CHECK_EQ(th_epoch_drain(stress.domain, HELP_DRAIN_NS), TH_OK);
    CHECK_EQ(help_stats(stress.domain).waiting_bytes, 0);
    for (size_t i = 0; i < SLOTS; i++) {
        free(atomic_load(&stress.slots[i]));
    }
    help_finish(stress.domain);
}

/* Goal: no reader ever sees a reclaimed object; nothing is lost. Method: the top of this file. */
TEST(epoch_stress_with_the_barrier_of_the_system)
{
    stress_run(NULL);
}

/* Goal and method as above, with fences on both sides. */
TEST(epoch_stress_with_fences)
{
    stress_run(&(struct th_epoch_config){.fences_only = true});
}

/* Goal and method as above, with a cap so low that nearly every retire reclaims. */
TEST(epoch_stress_above_the_cap)
{
    stress_run(&(struct th_epoch_config){.waiting_bytes_max = 4096, .fences_only = true});
}

TEST_MAIN()
