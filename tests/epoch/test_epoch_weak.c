/* SPDX-License-Identifier: MIT
 * test_epoch_weak.c - the guard with one thing taken out of it must be caught: otherwise the tests
 * are blind.
 *
 * Each test runs twice, once as it is (nothing may go wrong) and once as a twin with one step
 * weakened (something must).
 */
#include "epoch/epoch_help.h"

#include <sched.h>

#include "epoch/epoch_priv.h"
#include "port/port.h"

/* ---- freeing too early */

/* A reader stands inside when an object is retired. True if the object is reclaimed all the same.
 * `epochs_early`: what the stamp lacks. */
static bool early_is_reclaimed(uint64_t epochs_early)
{
    struct th_epoch *domain = help_domain(NULL);
    struct th_epoch_handle *reader = NULL;
    struct th_epoch_handle *writer = NULL;
    if (th_epoch_register(domain, &reader) != TH_OK ||
        th_epoch_register(domain, &writer) != TH_OK) {
        abort();
    }
    th_epoch_handle_enter(reader);
    struct help_object *object = help_object_new(1);
    th_epoch_handle_retire(writer, &object->node, sizeof(*object), help_reclaim_keep);
    bool stamped = thi_epoch_limbo_refresh(writer);
    CHECK(stamped);
    writer->stamp -= epochs_early;
    for (int i = 0; i < 4; i++) {
        (void)thi_epoch_advance(domain);
        (void)thi_epoch_run_batch(writer, writer, 1);
    }
    bool reclaimed = object->canary == HELP_DEAD;
    th_epoch_unregister(reader);
    th_epoch_unregister(writer);
    help_finish(domain);
    free(object);
    return reclaimed;
}

/* Goal: the epochs between stamp and reclaim are what holds an object. Method: stamps that are too
 * old by as much as lets the reader's epoch be passed. */
TEST(epoch_weak_stamp_is_caught)
{
    CHECK(!early_is_reclaimed(0));
    CHECK(early_is_reclaimed(TH_EPOCH_GRACE - 1));
    CHECK(early_is_reclaimed(TH_EPOCH_GRACE));
}

/* Goal: an advance does not pass a member announced at another epoch. Method: as it is, and with a
 * reader that announces nothing. */
TEST(epoch_weak_announcement_is_caught)
{
    for (int weak = 0; weak < 2; weak++) {
        struct th_epoch *domain = help_domain(NULL);
        struct th_epoch_handle *reader = NULL;
        REQUIRE(th_epoch_register(domain, &reader) == TH_OK);
        th_epoch_handle_enter(reader);
        struct help_object *object = help_object_new(1);
        th_epoch_retire(domain, &object->node, sizeof(*object), help_reclaim_keep);
        if (weak == 1) {
            th_u64_store_rlx(&reader->announced, TH_EPOCH_OUTSIDE);
        }
        (void)th_epoch_reclaim(domain, 0);
        CHECK(object->canary == (weak == 1 ? HELP_DEAD : HELP_ALIVE));
        th_epoch_unregister(reader);
        help_finish(domain);
        free(object);
    }
}

/* ---- the barrier between announcement and reads */

enum { NOISE_LINES = 48, LITMUS_CAUGHT = 3 };

/* WITHOUT: readers pay the light barrier only, and scans no heavy one. */
enum litmus_barrier { LITMUS_OF_THE_SYSTEM, LITMUS_FENCES, LITMUS_WITHOUT };

struct noise_line {
    TH_ALIGNED(64) struct th_au32 word;
};

struct litmus {
    struct th_epoch *domain;
    struct th_epoch *readers_domain;
    struct th_epoch_handle *reader;
    struct noise_line linked; /* the object can be found */
    struct noise_line start;
    struct noise_line done;
    struct noise_line judged;
    struct noise_line stop;
    uint32_t seen; /* by the reader, handed over by `done` */
    struct noise_line noise[NOISE_LINES];
};

static void pin_to(unsigned index)
{
    cpu_set_t all;
    cpu_set_t one;
    if (sched_getaffinity(0, sizeof(all), &all) != 0) {
        return;
    }
    for (size_t cpu = 0; cpu < CPU_SETSIZE; cpu++) {
        if (CPU_ISSET(cpu, &all) && index-- == 0) {
            CPU_ZERO(&one);
            CPU_SET(cpu, &one);
            (void)sched_setaffinity(0, sizeof(one), &one);
            return;
        }
    }
}

static bool litmus_await(struct litmus *litmus, struct noise_line *line, uint32_t round)
{
    for (unsigned spins = 0; th_u32_load_acq(&line->word) != round; spins++) {
        if (th_u32_load_rlx(&litmus->stop.word) != 0) {
            return false;
        }
        if (spins > 10000) {
            thi_port_yield(); /* the other one may need our processor */
        }
    }
    return true;
}

static void *litmus_reader(void *argument)
{
    struct litmus *litmus = argument;
    pin_to(1);
    for (uint32_t round = 1; litmus_await(litmus, &litmus->start, round); round++) {
        /* Stores to lines that the other processor owns: the announcement waits behind them in the
         * store buffer, while the load does not. */
        for (int i = 0; i < NOISE_LINES; i++) {
            th_u32_store_rlx(&litmus->noise[i].word, round);
        }
        thi_epoch_record_enter(litmus->reader);
        litmus->seen = th_u32_load_rlx(&litmus->linked.word);
        th_u32_store_rel(&litmus->done.word, round);
        bool judged = litmus_await(litmus, &litmus->judged, round);
        thi_epoch_record_leave(litmus->reader);
        if (!judged) {
            break;
        }
    }
    return NULL;
}

/* One object is unlinked, then the epoch moved on if the scan allows. True if that went by a reader
 * who had found the object. */
static bool litmus_round(struct litmus *litmus, uint32_t round)
{
    th_u32_store_rlx(&litmus->linked.word, 1);
    for (int i = 0; i < NOISE_LINES; i++) {
        th_u32_store_rlx(&litmus->noise[i].word, 0);
    }
    th_u32_store_rel(&litmus->start.word, round);
    for (uint32_t i = round * 7 % 800; i > 0; i--) {
        th_fence_compiler(); /* another moment each round */
    }
    th_u32_store_rlx(&litmus->linked.word, 0);
    bool passed = thi_epoch_advance(litmus->domain);
    bool late = !litmus_await(litmus, &litmus->done, round);
    bool caught = !late && passed && litmus->seen == 1;
    th_u32_store_rel(&litmus->judged.word, round);
    return caught;
}

/* The reader's record is in the list of `domain`, but it announces the epoch of another one, which
 * no advance of `domain` can take for its own: so a scan passes it only if it does not see it. */
static void litmus_init(struct litmus *litmus, enum litmus_barrier barrier)
{
    struct th_epoch_config fences = {.fences_only = true};
    litmus->domain = help_domain(barrier == LITMUS_OF_THE_SYSTEM ? NULL : &fences);
    litmus->readers_domain = help_domain(barrier == LITMUS_FENCES ? &fences : NULL);
    th_u64_store_rlx(&litmus->readers_domain->epoch, TH_EPOCH_FIRST - 1);
    if (th_epoch_register(litmus->domain, &litmus->reader) != TH_OK) {
        abort();
    }
    litmus->reader->domain = litmus->readers_domain;
}

static void litmus_fini(struct litmus *litmus)
{
    litmus->reader->domain = litmus->domain;
    th_epoch_unregister(litmus->reader);
    th_epoch_free(litmus->readers_domain);
    help_finish(litmus->domain);
}

/* Runs until the bad outcome was seen a few times, or time is over. Returns how often. */
static unsigned litmus_run(enum litmus_barrier barrier, uint64_t ns_max)
{
    static struct litmus litmus;
    litmus = (struct litmus){0};
    litmus_init(&litmus, barrier);
    cpu_set_t before;
    (void)sched_getaffinity(0, sizeof(before), &before);
    pthread_t thread = help_thread(litmus_reader, &litmus);
    pin_to(0);
    unsigned caught = 0;
    uint64_t end_ns = thi_port_now_ns() + ns_max;
    uint32_t round = 0;
    while (caught < LITMUS_CAUGHT && thi_port_now_ns() < end_ns) {
        caught += litmus_round(&litmus, ++round);
    }
    th_u32_store_rlx(&litmus.stop.word, 1);
    pthread_join(thread, NULL);
    (void)sched_setaffinity(0, sizeof(before), &before);
    printf("# barrier %d: %u of %" PRIu32 " rounds went wrong\n", (int)barrier, caught, round);
    litmus_fini(&litmus);
    return caught;
}

/* Goal: the pair of barriers is what makes a scan see the reader. Method: a reader whose
 * announcement is delayed in the store buffer, against an unlink and an advance; with both kinds of
 * barrier, and without. */
TEST(epoch_weak_barrier_is_caught)
{
    CHECK_EQ(litmus_run(LITMUS_OF_THE_SYSTEM, test_scaled(500) * 1000000), 0);
    CHECK_EQ(litmus_run(LITMUS_FENCES, test_scaled(500) * 1000000), 0);
    struct th_epoch_stats stats = help_stats(th_epoch_default());
    if (!stats.asymmetric) {
        SKIP("no membarrier here: there is no reader with the light barrier only");
    }
    if (litmus_run(LITMUS_WITHOUT, test_scaled(4000) * 1000000) == 0) {
        SKIP("two processors did not run closely enough (busy machine, sanitizer): not seen");
    }
}

TEST_MAIN()
