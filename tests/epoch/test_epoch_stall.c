/* SPDX-License-Identifier: MIT
 * test_epoch_stall.c - readers that stay inside: who is named, how often, and what the cap does.
 */
#include "epoch/epoch_help.h"

#include <sys/prctl.h>
#include <sys/syscall.h>

struct report {
    unsigned count;
    uint64_t thread_id;
    uint64_t stalled_ns;
    uint64_t waiting_bytes;
    char name[32];
};

static void report_take(void *context, const struct th_epoch_stall *stall)
{
    struct report *report = context;
    report->count++;
    report->thread_id = stall->thread_id;
    report->stalled_ns = stall->stalled_ns;
    report->waiting_bytes = stall->waiting_bytes;
    snprintf(report->name, sizeof(report->name), "%s", stall->thread_name);
}

static uint64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static uint64_t seconds_since(uint64_t started_ns)
{
    return (now_ns() - started_ns) / 1000000000u;
}

struct sleeper {
    struct th_epoch *domain;
    struct help_steps steps;
    uint64_t thread_id;
};

static void *sleeper_run(void *argument)
{
    struct sleeper *sleeper = argument;
    prctl(PR_SET_NAME, "sleepy-reader", 0, 0, 0);
    sleeper->thread_id = (uint64_t)syscall(SYS_gettid);
    th_epoch_enter(sleeper->domain);
    help_step_reach(&sleeper->steps, 1);
    help_step_await(&sleeper->steps, 2);
    th_epoch_leave(sleeper->domain);
    return NULL;
}

/* Goal: a reader that sleeps inside is reported, by name and number, once a second, and nobody
 * waits for it; when it left, all is reclaimed and the reports end. Method: a named thread, a short
 * limit. */
TEST(epoch_stalled_reader_is_named_once_a_second)
{
    struct report report = {0};
    struct th_epoch *domain = help_domain(&(struct th_epoch_config){
        .on_stall = report_take, .on_stall_context = &report, .stall_ns = 20000000});
    struct sleeper sleeper = {.domain = domain};
    pthread_t thread = help_thread(sleeper_run, &sleeper);
    help_step_await(&sleeper.steps, 1);
    uint64_t started_ns = now_ns();
    for (int i = 0; i < 60; i++) {
        help_retire_many(domain, 100);
        (void)th_epoch_reclaim(domain, 0);
        usleep(10000);
    }
    CHECK(report.count >= 1 && report.count <= 1 + seconds_since(started_ns));
    CHECK_EQ(report.thread_id, sleeper.thread_id);
    CHECK(strcmp(report.name, "sleepy-reader") == 0);
    CHECK(report.stalled_ns >= 20000000 && report.stalled_ns < 20000000000u);
    CHECK(report.waiting_bytes >= 100 * sizeof(struct help_object));
    CHECK_EQ(atomic_load(&help_reclaimed), 0);
    usleep(1000000);
    (void)th_epoch_reclaim(domain, 0);
    (void)th_epoch_reclaim(domain, 0);
    unsigned count = report.count; /* a second later: once more, not twice */
    CHECK(count >= 2 && count <= 1 + seconds_since(started_ns));
    CHECK_EQ(help_stats(domain).stalls_total, count);
    help_step_reach(&sleeper.steps, 2);
    pthread_join(thread, NULL);
    CHECK_EQ(th_epoch_drain(domain, HELP_DRAIN_NS), TH_OK);
    CHECK_EQ(report.count, count);
    CHECK_EQ(help_stats(domain).waiting_bytes, 0);
    help_finish(domain);
}

/* Goal: a new stall of the same member is reported anew, at once when it is due; short guards never
 * are. Method: a handle that stalls twice, and one that is only busy. */
TEST(epoch_stall_is_judged_by_guard)
{
    struct report report = {0};
    struct th_epoch *domain = help_domain(&(struct th_epoch_config){
        .on_stall = report_take, .on_stall_context = &report, .stall_ns = 5000000});
    struct th_epoch_handle *reader = NULL;
    REQUIRE(th_epoch_register(domain, &reader) == TH_OK);
    for (int i = 0; i < 100; i++) { /* busy: always inside, never for long */
        th_epoch_handle_enter(reader);
        help_retire_many(domain, 10);
        (void)th_epoch_reclaim(domain, 0);
        th_epoch_handle_leave(reader);
        usleep(200);
    }
    unsigned busy_count = report.count; /* not 0 only if the machine stopped us for 5 ms */
    REQUIRE(th_epoch_drain(domain, HELP_DRAIN_NS) == TH_OK);
    for (unsigned stall = 1; stall <= 2; stall++) {
        th_epoch_handle_enter(reader);
        help_retire_many(domain, 10);
        (void)th_epoch_reclaim(domain, 0);
        usleep(20000);
        (void)th_epoch_reclaim(domain, 0);
        CHECK_EQ(report.count, busy_count + stall);
        th_epoch_handle_leave(reader);
        REQUIRE(th_epoch_drain(domain, HELP_DRAIN_NS) == TH_OK);
    }
    th_epoch_unregister(reader);
    help_finish(domain);
}

/* Goal: the cap makes retires reclaim at once, counts when that does not help, and never waits.
 * Method: a cap of 100 objects, first without a reader, then with one inside. */
TEST(epoch_cap_is_kept_or_counted)
{
    enum { CAP_OBJECTS = 100 };
    struct th_epoch *domain = help_domain(
        &(struct th_epoch_config){.waiting_bytes_max = CAP_OBJECTS * sizeof(struct help_object)});
    for (int i = 0; i < 2000; i++) {
        help_retire(domain, help_object_new(1));
        CHECK(help_stats(domain).waiting_bytes <= (CAP_OBJECTS + 1) * sizeof(struct help_object));
    }
    CHECK_EQ(help_stats(domain).over_cap_total, 0);
    struct th_epoch_handle *reader = NULL;
    REQUIRE(th_epoch_register(domain, &reader) == TH_OK);
    th_epoch_handle_enter(reader);
    help_retire_many(domain, 1000);
    struct th_epoch_stats stats = help_stats(domain);
    CHECK(stats.waiting_bytes >= 1000 * sizeof(struct help_object));
    CHECK(stats.waiting_bytes_peak >= stats.waiting_bytes);
    CHECK(stats.over_cap_total >= 1000 - CAP_OBJECTS - 1);
    th_epoch_handle_leave(reader);
    help_retire_many(domain, 40); /* each reclaims up to a batch */
    CHECK(help_stats(domain).waiting_bytes <= (CAP_OBJECTS + 1) * sizeof(struct help_object));
    th_epoch_unregister(reader);
    help_finish(domain);
}

/* Goal: a long backlog, left by a stall, shrinks while retires go on, in bounded batches. Method:
 * leave, then retire and watch. */
TEST(epoch_backlog_shrinks_while_retires_go_on)
{
    struct th_epoch *domain = help_domain(&(struct th_epoch_config){.fences_only = true});
    struct th_epoch_handle *reader = NULL;
    REQUIRE(th_epoch_register(domain, &reader) == TH_OK);
    th_epoch_handle_enter(reader);
    help_retire_many(domain, 20000);
    CHECK_EQ(atomic_load(&help_reclaimed), 0);
    th_epoch_handle_leave(reader);
    help_retire_many(domain, 25000);
    struct th_epoch_stats stats = help_stats(domain);
    CHECK(stats.retired_total - stats.reclaimed_total < 2000);
    th_epoch_unregister(reader);
    help_finish(domain);
}

static void *backlog_make(void *argument)
{
    struct sleeper *sleeper = argument;
    help_retire_many(sleeper->domain, 9000);
    help_step_reach(&sleeper->steps, 1);
    help_step_await(&sleeper->steps, 2);
    return NULL;
}

/* Goal: what an idle thread has too much of is reclaimed by others. Method: a thread retires under
 * a stalled reader and then sleeps; the main thread retires a little. */
TEST(epoch_long_list_of_an_idle_thread_gets_help)
{
    struct th_epoch *domain = help_domain(&(struct th_epoch_config){.fences_only = true});
    struct th_epoch_handle *reader = NULL;
    REQUIRE(th_epoch_register(domain, &reader) == TH_OK);
    th_epoch_handle_enter(reader);
    struct sleeper sleeper = {.domain = domain};
    pthread_t thread = help_thread(backlog_make, &sleeper);
    help_step_await(&sleeper.steps, 1);
    th_epoch_handle_leave(reader);
    help_retire_many(domain, 6400);
    struct th_epoch_stats stats = help_stats(domain);
    CHECK(stats.retired_total - stats.reclaimed_total < 5000);
    CHECK_EQ(th_epoch_drain(domain, HELP_DRAIN_NS),
             TH_OK); /* drain takes the rest of the idle one */
    CHECK_EQ(atomic_load(&help_reclaimed), 15400);
    help_step_reach(&sleeper.steps, 2);
    pthread_join(thread, NULL);
    th_epoch_unregister(reader);
    help_finish(domain);
}

static struct help_object remnants[3];

static void *remnant_make(void *argument)
{
    struct sleeper *sleeper = argument;
    for (int i = 0; i < 3; i++) {
        remnants[i].canary = HELP_ALIVE;
        th_epoch_retire(sleeper->domain, &remnants[i].node, sizeof(remnants[i]), help_reclaim_keep);
    }
    help_step_reach(&sleeper->steps, 1);
    help_step_await(&sleeper->steps, 2);
    return NULL;
}

/* Goal: the last few objects of a thread that goes idle do not wait for ever. Method: such a
 * thread; first the main thread only retires, then, with another one, it only asks to reclaim. */
TEST(epoch_remnant_of_an_idle_thread_gets_help)
{
    for (int ask = 0; ask < 2; ask++) {
        struct th_epoch *domain = help_domain(&(struct th_epoch_config){.fences_only = true});
        struct sleeper sleeper = {.domain = domain};
        pthread_t thread = help_thread(remnant_make, &sleeper);
        help_step_await(&sleeper.steps, 1);
        if (ask == 0) {
            help_retire_many(domain, 1000);
        } else {
            size_t reclaimed = th_epoch_reclaim(domain, 0);
            reclaimed += th_epoch_reclaim(domain, 0);
            reclaimed += th_epoch_reclaim(domain, 0);
            CHECK_EQ(reclaimed, 3);
        }
        for (int i = 0; i < 3; i++) {
            CHECK(remnants[i].canary == HELP_DEAD);
        }
        help_step_reach(&sleeper.steps, 2);
        pthread_join(thread, NULL);
        help_finish(domain);
    }
}

TEST_MAIN()
