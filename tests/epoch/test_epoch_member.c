/* SPDX-License-Identifier: MIT
 * test_epoch_member.c - members that end: threads that return, exit, are cancelled or vanish in a
 * fork, in any order with their domains, with and without memory.
 */
#include "epoch/epoch_help.h"

#include <sched.h>
#include <sys/wait.h>

#if __has_include(<linux/seccomp.h>)
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#endif

#include "epoch/epoch_priv.h"
#include "mem/mem.h"

struct player {
    struct th_epoch *domain;
    struct help_steps steps;
    unsigned objects;
    bool exit_inside;
    bool sleep_inside;
};

/* Until the thread is cancelled. Not in a blocking call, in which the thread sanitizer loses
 * track. */
static void cancel_await(void)
{
    for (;;) {
        pthread_testcancel();
        sched_yield();
    }
}

static void *player_run(void *argument)
{
    struct player *player = argument;
    th_epoch_enter(player->domain);
    help_retire_many(player->domain, player->objects);
    help_step_reach(&player->steps, 1);
    if (player->sleep_inside) {
        cancel_await();
    }
    if (player->exit_inside) {
        pthread_exit(NULL);
    }
    th_epoch_leave(player->domain);
    return NULL;
}

/* Goal: what an ended thread left behind is reclaimed by others, and its record is used again.
 * Method: threads that end with objects waiting, one after another. */
TEST(epoch_exit_with_objects_waiting_hands_them_over)
{
    struct th_epoch *domain = help_domain(NULL);
    for (int i = 0; i < 20; i++) {
        struct player player = {.domain = domain, .objects = 37};
        pthread_join(help_thread(player_run, &player), NULL);
        CHECK_EQ(help_stats(domain).threads, i == 0 ? 0 : 1);
        CHECK_EQ(th_epoch_drain(domain, HELP_DRAIN_NS), TH_OK);
        CHECK_EQ(atomic_load(&help_reclaimed), 37 * (i + 1));
        help_retire(domain, help_object_new(1)); /* makes us a member */
        CHECK_EQ(th_epoch_reclaim(domain, 0), 1);
        atomic_fetch_sub(&help_reclaimed, 1);
        CHECK_EQ(help_stats(domain).threads, 1);
    }
    size_t records = 0;
    for (const struct th_epoch_handle *record = thi_epoch_records(domain); record != NULL;
         record = record->next) {
        records++;
    }
    CHECK(records <= 3); /* the threads', ours, the spare */
    atomic_fetch_add(&help_reclaimed, 20);
    help_finish(domain);
}

/* Goal: retires alone, without reclaim or drain, take care of what ended threads left. Method: as
 * above, then only retire. */
TEST(epoch_exit_leftovers_are_found_by_retires)
{
    struct th_epoch *domain = help_domain(&(struct th_epoch_config){.fences_only = true});
    for (int i = 0; i < 10; i++) {
        struct player player = {.domain = domain, .objects = 60};
        pthread_join(help_thread(player_run, &player), NULL);
    }
    help_retire_many(domain, 1000);
    struct th_epoch_stats stats = help_stats(domain);
    CHECK_EQ(stats.retired_total, 1600);
    CHECK(stats.reclaimed_total >= 1200);
    help_finish(domain);
}

/* Goal: who ends or is cancelled inside a guard has left it. Method: both, then drain. */
TEST(epoch_end_inside_a_guard_is_leaving)
{
    struct th_epoch *domain = help_domain(NULL);
    for (int cancel = 0; cancel < 2; cancel++) {
        struct player player = {.domain = domain,
                                .objects = 10,
                                .exit_inside = cancel == 0,
                                .sleep_inside = cancel == 1};
        pthread_t thread = help_thread(player_run, &player);
        help_step_await(&player.steps, 1);
        if (cancel == 1) {
            CHECK_EQ(th_epoch_drain(domain, 1000000), TH_MORE);
            pthread_cancel(thread);
        }
        pthread_join(thread, NULL);
        CHECK_EQ(th_epoch_drain(domain, HELP_DRAIN_NS), TH_OK);
        CHECK_EQ(atomic_load(&help_reclaimed), 10 * (cancel + 1));
        CHECK_EQ(help_stats(domain).threads, 1); /* we, by drain */
    }
    help_finish(domain);
}

static struct help_steps callback_steps;

static void callback_sleeps(struct th_epoch_node *node)
{
    help_reclaim(node);
    if (atomic_load(&callback_steps.at) == 0) {
        help_step_reach(&callback_steps, 1);
        cancel_await();
    }
}

static void *callback_run(void *argument)
{
    struct th_epoch *domain = argument;
    for (int i = 0; i < 30; i++) {
        struct help_object *object = help_object_new(1);
        th_epoch_retire(domain, &object->node, sizeof(*object), callback_sleeps);
    }
    (void)th_epoch_reclaim(domain, 0);
    return NULL;
}

/* Goal: a thread cancelled inside a callback loses none of the batch. Method: the first callback
 * sleeps, the thread is cancelled, the main thread drains. */
TEST(epoch_cancel_inside_a_callback_keeps_the_batch)
{
    struct th_epoch *domain = help_domain(NULL);
    atomic_store(&callback_steps.at, 0);
    pthread_t thread = help_thread(callback_run, domain);
    help_step_await(&callback_steps, 1);
    CHECK_EQ(th_epoch_drain(domain, 1000000), TH_MORE); /* the batch is not finished */
    pthread_cancel(thread);
    pthread_join(thread, NULL);
    CHECK_EQ(th_epoch_drain(domain, HELP_DRAIN_NS), TH_OK);
    CHECK_EQ(atomic_load(&help_reclaimed), 30);
    struct th_epoch_stats stats = help_stats(domain);
    CHECK_EQ(stats.waiting_bytes, 0);
    th_epoch_free(domain);
    CHECK_EQ(atomic_load(&help_reclaimed_twice), 0);
}

/* A moment later: the test has gone on to drain. */
static void *cancel_soon(void *argument)
{
    usleep(20000);
    pthread_cancel(*(pthread_t *)argument);
    return NULL;
}

/* Goal: a drain that waits for a batch of a thread that ends in it also waits for what is put back.
 * Method: as above, but the thread is cancelled while the main thread drains. */
TEST(epoch_drain_waits_for_the_rest_of_a_cut_batch)
{
    struct th_epoch *domain = help_domain(NULL);
    atomic_store(&callback_steps.at, 0);
    pthread_t thread = help_thread(callback_run, domain);
    help_step_await(&callback_steps, 1);
    pthread_t canceller = help_thread(cancel_soon, &thread);
    CHECK_EQ(th_epoch_drain(domain, HELP_DRAIN_NS), TH_OK);
    CHECK_EQ(atomic_load(&help_reclaimed), 30);
    pthread_join(thread, NULL);
    pthread_join(canceller, NULL);
    th_epoch_free(domain);
    CHECK_EQ(atomic_load(&help_reclaimed_twice), 0);
}

static pthread_key_t late_key;
static struct th_epoch *late_domain;

static void late_destructor(void *value)
{
    (void)value;
    th_epoch_enter(late_domain);
    help_retire_many(late_domain, 3);
    th_epoch_leave(late_domain);
}

static void *late_run(void *argument)
{
    pthread_setspecific(late_key, argument);
    th_epoch_enter(late_domain);
    th_epoch_leave(late_domain);
    return NULL;
}

/* Goal: destructors of other thread-local data may still use a domain, after ours has run. Method:
 * a key made after ours, so that its destructor runs later. */
TEST(epoch_exit_destructors_may_still_enter)
{
    th_epoch_enter(NULL); /* makes our key */
    th_epoch_leave(NULL);
    late_domain = help_domain(NULL);
    REQUIRE(pthread_key_create(&late_key, late_destructor) == 0);
    pthread_join(help_thread(late_run, late_domain), NULL);
    CHECK_EQ(help_stats(late_domain).threads, 0);
    CHECK_EQ(th_epoch_drain(late_domain, HELP_DRAIN_NS), TH_OK);
    CHECK_EQ(atomic_load(&help_reclaimed), 3);
    pthread_key_delete(late_key);
    help_finish(late_domain);
}

static void *outlive_run(void *argument)
{
    struct player *player = argument;
    th_epoch_enter(player->domain);
    help_retire_many(player->domain, player->objects);
    th_epoch_leave(player->domain);
    help_step_reach(&player->steps, 1);
    help_step_await(&player->steps, 2);
    struct th_epoch *next = NULL;
    if (player->exit_inside && th_epoch_new(NULL, &next) == TH_OK) {
        th_epoch_enter(next); /* comes upon the dead membership */
        th_epoch_leave(next);
        th_epoch_free(next);
    }
    return NULL;
}

/* Goal: a domain may end before the threads that used it, and the end reclaims what they left in
 * it. Method: two threads wait, the domain is freed, one of them uses another domain, both end.
 * Leaks are for the address sanitizer to find. */
TEST(epoch_domain_may_end_before_its_threads)
{
    struct th_epoch *domain = help_domain(NULL);
    struct player players[2] = {{.domain = domain, .objects = 5},
                                {.domain = domain, .objects = 6, .exit_inside = true}};
    pthread_t threads[2];
    for (int i = 0; i < 2; i++) {
        threads[i] = help_thread(outlive_run, &players[i]);
        help_step_await(&players[i].steps, 1);
    }
    CHECK_EQ(help_stats(domain).threads, 2);
    help_finish(domain);
    for (int i = 0; i < 2; i++) {
        help_step_reach(&players[i].steps, 2);
        pthread_join(threads[i], NULL);
    }
}

/* Goal: a domain may end while its threads are ending. Method: many times, all at once. */
TEST(epoch_domain_may_end_while_threads_end)
{
    for (uint64_t round = test_scaled(200); round > 0; round--) {
        struct th_epoch *domain = help_domain(NULL);
        struct player players[4];
        pthread_t threads[4];
        for (int i = 0; i < 4; i++) {
            players[i] = (struct player){.domain = domain, .objects = 3};
            threads[i] = help_thread(outlive_run, &players[i]);
        }
        for (int i = 0; i < 4; i++) {
            help_step_await(&players[i].steps, 1);
        }
        for (int i = 0; i < 4; i++) {
            help_step_reach(&players[i].steps, 2);
        }
        help_finish(domain);
        for (int i = 0; i < 4; i++) {
            pthread_join(threads[i], NULL);
        }
    }
}

/* ---- without memory */

static void *starved_run(void *argument)
{
    struct player *player = argument;
    struct th_epoch *domain = player->domain;
    th_epoch_enter(domain);
    CHECK(th_epoch_inside(domain));
    th_epoch_enter(domain);
    th_epoch_leave(domain);
    CHECK(th_epoch_inside(domain));
    CHECK_EQ(th_epoch_drain(domain, 0), TH_EINVAL);
    help_step_reach(&player->steps, 1);
    help_step_await(&player->steps, 2);
    th_epoch_leave(domain);
    CHECK(!th_epoch_inside(domain));
    help_retire_many(domain, 200);
    th_epoch_enter(domain);
    help_step_reach(&player->steps, 3);
    help_step_await(&player->steps, 4);
    if (!player->exit_inside) { /* memory came back: this level stands in a record */
        th_epoch_enter(domain);
        CHECK_EQ(help_stats(domain).threads, 2);
        th_epoch_leave(domain);
        CHECK(th_epoch_inside(domain));
        th_epoch_leave(domain);
        CHECK(!th_epoch_inside(domain));
    }
    return NULL;
}

static void starved_name(void *context, const struct th_epoch_stall *stall)
{
    *(bool *)context = strcmp(stall->thread_name, "(no record)") == 0 && stall->thread_id == 0;
}

/* Goal: without memory enter still guards, retire still takes, and a thread that ends inside has
 * left. Method: refuse all memory to a thread; memory comes back while it stands inside, or not at
 * all. */
TEST(epoch_fallback_serves_who_gets_no_memory)
{
    for (int exit_inside = 0; exit_inside < 2; exit_inside++) {
        bool named = false;
        struct th_epoch *domain = help_domain(&(struct th_epoch_config){
            .on_stall = starved_name, .on_stall_context = &named, .stall_ns = 1});
        th_epoch_enter(domain); /* our record */
        th_epoch_leave(domain);
        thi_mem_fault_set(1, true);
        struct th_epoch_handle *handle = NULL;
        CHECK_EQ(th_epoch_register(domain, &handle), TH_ENOMEM);
        struct player player = {.domain = domain, .exit_inside = exit_inside != 0};
        pthread_t thread = help_thread(starved_run, &player);
        help_step_await(&player.steps, 1);
        help_retire_many(domain, 10);
        for (int i = 0; i < 4; i++) {
            CHECK_EQ(th_epoch_reclaim(domain, 0), 0);
        }
        CHECK(named);
        CHECK_EQ(help_stats(domain).threads, 1);
        help_step_reach(&player.steps, 2);
        help_step_await(&player.steps, 3);
        if (exit_inside == 0) {
            thi_mem_fault_set(0, false);
        }
        help_step_reach(&player.steps, 4);
        pthread_join(thread, NULL);
        thi_mem_fault_set(0, false);
        CHECK_EQ(th_epoch_drain(domain, HELP_DRAIN_NS), TH_OK);
        CHECK_EQ(atomic_load(&help_reclaimed), 210);
        help_finish(domain);
    }
}

static void *starved_alone_run(void *argument)
{
    struct th_epoch *domain = argument;
    help_retire_many(domain, 1000);
    CHECK(help_stats(domain).waiting_bytes <= 600 * sizeof(struct help_object));
    CHECK_EQ(th_epoch_drain(domain, HELP_DRAIN_NS), TH_OK);
    CHECK_EQ(atomic_load(&help_reclaimed), 1000);
    help_retire_many(domain, 1);
    CHECK_EQ(th_epoch_reclaim(domain, 0), 1);
    CHECK(help_stats(domain).over_cap_total == 0);
    th_epoch_enter(domain);
    help_retire_many(domain, 700);
    CHECK(help_stats(domain).over_cap_total > 0);
    th_epoch_leave(domain);
    return NULL;
}

/* Goal: threads without records reclaim too, and keep the cap. Method: no memory at all for
 * records, from the start to the end of the domain. */
TEST(epoch_fallback_reclaims_by_itself)
{
    struct th_epoch *domain = help_domain(
        &(struct th_epoch_config){.waiting_bytes_max = 500 * sizeof(struct help_object)});
    thi_mem_fault_set(1, true);
    pthread_join(help_thread(starved_alone_run, domain), NULL);
    help_finish(domain);
    thi_mem_fault_set(0, false);
}

static void callback_ends(struct th_epoch_node *node)
{
    help_reclaim(node);
    pthread_exit(NULL);
}

static void *starved_end_run(void *argument)
{
    struct th_epoch *domain = argument;
    struct help_object *object = help_object_new(0);
    th_epoch_retire(domain, &object->node, sizeof(*object), callback_ends);
    help_retire_many(domain, 5);
    (void)th_epoch_reclaim(domain, 0);
    return NULL;
}

/* Goal: a thread without a record that ends in a callback gives back what it reclaimed with, and
 * the rest of the batch. Method: the oldest object's callback ends the thread; another one, without
 * a record too, drains. */
TEST(epoch_end_in_a_callback_without_a_record_leaves_the_seat)
{
    struct th_epoch *domain = help_domain(NULL);
    thi_mem_fault_set(1, true);
    pthread_join(help_thread(starved_end_run, domain), NULL);
    CHECK_EQ(th_epoch_drain(domain, HELP_DRAIN_NS), TH_OK);
    CHECK_EQ(help_stats(domain).waiting_bytes, 0);
    th_epoch_free(domain);
    thi_mem_fault_set(0, false);
    CHECK_EQ(atomic_load(&help_reclaimed), 6);
    CHECK_EQ(atomic_load(&help_reclaimed_twice), 0);
}

static void *starved_many_run(void *argument)
{
    (void)argument;
    enum { DOMAINS = TH_EPOCH_FALLBACK_SLOTS + 2 };
    struct th_epoch *domains[DOMAINS];
    for (int i = 0; i < DOMAINS; i++) {
        domains[i] = help_domain(NULL);
    }
    thi_mem_fault_set(1, true);
    for (int i = 0; i < DOMAINS; i++) {
        th_epoch_enter(domains[i]);
        help_retire(domains[i], help_object_new(1));
        CHECK_EQ(th_epoch_reclaim(domains[i], 0), 0);
    }
    for (int i = 0; i < DOMAINS; i++) {
        th_epoch_leave(domains[i]);
        CHECK_EQ(th_epoch_reclaim(domains[i], 0), 1);
    }
    thi_mem_fault_set(0, false);
    for (int i = 0; i < DOMAINS; i++) {
        th_epoch_free(domains[i]);
    }
    return NULL;
}

/* Goal: guards in more fallbacks than a thread keeps track of still guard and still end. Method:
 * one more domain than that, and another. */
TEST(epoch_fallback_of_many_domains_still_guards)
{
    pthread_join(help_thread(starved_many_run, NULL), NULL);
}

static void *faulty_run(void *argument)
{
    struct th_epoch *domain = argument;
    struct th_epoch_handle *handle = NULL;
    th_status status = th_epoch_register(domain, &handle);
    CHECK(status == TH_OK ? handle != NULL : status == TH_ENOMEM && handle == NULL);
    th_epoch_enter(domain);
    help_retire_many(domain, 100);
    th_epoch_leave(domain);
    th_epoch_unregister(handle);
    return NULL;
}

/* Goal: every allocation of the room may fail, and nothing is lost or wedged. Method: refuse the
 * n-th, for n = 1, 2, ... until none is refused. */
TEST(epoch_faults_at_each_allocation_are_survived)
{
    uint64_t refused = 1;
    for (uint64_t n = 1; refused != 0; n++) {
        thi_mem_fault_set(n, false);
        struct th_epoch *domain = NULL;
        atomic_store(&help_reclaimed, 0);
        if (th_epoch_new(NULL, &domain) != TH_OK) {
            CHECK(domain == NULL);
            continue;
        }
        pthread_join(help_thread(faulty_run, domain), NULL);
        th_epoch_enter(domain);
        help_retire_many(domain, 10);
        th_epoch_leave(domain);
        refused = thi_mem_fault_refused();
        thi_mem_fault_set(0, false);
        CHECK_EQ(th_epoch_drain(domain, HELP_DRAIN_NS), TH_OK);
        CHECK_EQ(atomic_load(&help_reclaimed), 110);
        help_finish(domain);
    }
    thi_mem_fault_set(0, false);
}

/* ---- fork */

/* By exit() where that is safe, so that coverage counts what the child ran; the sanitizers look for
 * leaks and locks of threads that are no more. */
static void child_end(void)
{
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || defined(__clang__)
    _exit(test_failures == 0 ? 0 : 1);
#else
    exit(test_failures == 0 ? 0 : 1);
#endif
}

static struct th_epoch *fork_domain;
static atomic_bool fork_stop;

/* Objects that are never freed: no allocator is asked in the child, since those of the sanitizers
 * do not survive the fork of a threaded program. */
enum { FORK_OBJECTS = 4096, FORK_WORKERS = 3 };

struct fork_object {
    struct help_object object;
    atomic_uint busy; /* a word: some targets exchange bytes by calling a library */
};

static struct fork_object fork_objects[FORK_WORKERS + 1][FORK_OBJECTS];

static void fork_reclaim(struct th_epoch_node *node)
{
    struct help_object *object = help_object_of(node);
    help_count(object);
    atomic_store(&((struct fork_object *)(void *)object)->busy, false);
}

static void fork_retire(struct fork_object *objects, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        struct fork_object *object = &objects[i % FORK_OBJECTS];
        if (atomic_exchange(&object->busy, 1) == 0) {
            object->object.canary = HELP_ALIVE;
            th_epoch_retire(fork_domain, &object->object.node, sizeof(*object), fork_reclaim);
        }
    }
}

static void *fork_worker(void *argument)
{
    while (!atomic_load(&fork_stop)) {
        th_epoch_enter(fork_domain);
        fork_retire(argument, FORK_OBJECTS);
        th_epoch_leave(fork_domain);
    }
    return NULL;
}

/* What the child must be able to do; it ends with 0 if it was. */
static void fork_child(void)
{
    test_failures = 0;
    struct th_epoch_stats stats = help_stats(fork_domain);
    CHECK_EQ(stats.threads, 1);
    CHECK(stats.waiting_bytes >> 40 == 0); /* not below zero */
    CHECK(th_epoch_inside(fork_domain));
    fork_retire(fork_objects[FORK_WORKERS], 300);
    CHECK_EQ(th_epoch_drain(fork_domain, 0), TH_EINVAL);
    th_epoch_leave(fork_domain);
    CHECK_EQ(th_epoch_drain(fork_domain, HELP_DRAIN_NS), TH_OK);
    /* A thread that was just retiring had counted one object, which it will never hand over. */
    CHECK(help_stats(fork_domain).waiting_bytes <= FORK_WORKERS * sizeof(struct fork_object));
    child_end();
}

/* Goal: in the child of a fork the domain goes on: the other threads are taken as having left, what
 * they retired is reclaimed. Method: fork again and again under load, with the forking thread
 * inside. */
TEST(epoch_fork_child_goes_on_alone)
{
    fork_domain = help_domain(NULL);
    atomic_store(&fork_stop, false);
    pthread_t threads[FORK_WORKERS];
    for (int i = 0; i < FORK_WORKERS; i++) {
        threads[i] = help_thread(fork_worker, fork_objects[i]);
    }
    for (uint64_t i = test_scaled(60); i > 0; i--) {
        usleep(500);
        th_epoch_enter(fork_domain);
        fflush(stdout);
        pid_t child = fork();
        if (child == 0) {
            fork_child();
        }
        th_epoch_leave(fork_domain);
        int status = -1;
        REQUIRE(child > 0);
        CHECK(waitpid(child, &status, 0) == child && status == 0);
    }
    atomic_store(&fork_stop, true);
    for (int i = 0; i < FORK_WORKERS; i++) {
        pthread_join(threads[i], NULL);
    }
    CHECK_EQ(th_epoch_drain(fork_domain, HELP_DRAIN_NS), TH_OK);
    help_finish(fork_domain);
}

static struct th_epoch_handle *other_record(struct th_epoch *domain)
{
    struct th_epoch_handle *record = thi_epoch_records(domain);
    while (record == &domain->spare || record == thi_epoch_member(domain, false)) {
        record = record->next;
    }
    return record;
}

static void fork_torn_child(struct th_epoch *domain, struct th_epoch_handle *handle)
{
    test_failures = 0;
    CHECK_EQ(help_stats(domain).waiting_bytes, 4 * sizeof(struct help_object));
    CHECK_EQ(help_stats(domain).threads, 2);
    CHECK_EQ(th_epoch_drain(domain, 1000000), TH_MORE); /* the handle is inside, here too */
    th_epoch_unregister(handle);
    CHECK_EQ(th_epoch_drain(domain, HELP_DRAIN_NS), TH_OK);
    CHECK_EQ(help_stats(domain).waiting_bytes, 0);
    child_end();
}

/* Goal: a limbo that a vanished thread was sorting is given up, and no longer counted; a handle
 * inside a guard stays inside until the child unregisters it. Method: take the limbo lock of a
 * thread as if it were at it, with 5 objects sorted and 4 not, and fork. */
TEST(epoch_fork_in_a_locked_limbo_gives_it_up)
{
    struct th_epoch *domain = help_domain(NULL);
    th_epoch_enter(domain);
    th_epoch_leave(domain);
    struct th_epoch_handle *handle = NULL;
    struct player player = {.domain = domain, .objects = 5};
    pthread_t thread = help_thread(outlive_run, &player);
    help_step_await(&player.steps, 1);
    struct th_epoch_handle *record = other_record(domain);
    REQUIRE(record != NULL && thi_epoch_limbo_refresh(record));
    help_retire_many(domain, 4);
    REQUIRE(th_epoch_register(domain, &handle) == TH_OK);
    th_epoch_handle_enter(handle);
    th_u32_store_rlx(&record->limbo_lock, 1);
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        fork_torn_child(domain, handle);
    }
    th_u32_store_rlx(&record->limbo_lock, 0);
    int status = -1;
    CHECK(child > 0 && waitpid(child, &status, 0) == child && status == 0);
    help_step_reach(&player.steps, 2);
    pthread_join(thread, NULL);
    th_epoch_unregister(handle);
    help_finish(domain);
}

#ifdef SYS_membarrier

/* From here on the process and its children have no membarrier. False: no filters here. */
static bool membarrier_forbid(void)
{
    struct sock_filter program[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_membarrier, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | 38), /* ENOSYS */
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog filter = {sizeof(program) / sizeof(program[0]), program};
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
           prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter, 0, 0) == 0;
}

/* Ends with 2 where there are no filters. */
static void forbidden_parent(void)
{
    test_failures = 0;
    if (!membarrier_forbid()) {
        _exit(2);
    }
    pid_t child = fork();
    if (child == 0) {
        CHECK(!help_stats(NULL).asymmetric);
        CHECK(thi_epoch_record_light() == NULL);
        child_end();
    }
    int status = -1;
    CHECK(child > 0 && waitpid(child, &status, 0) == child && status == 0);
    child_end();
}

/* Goal: a child that may not use membarrier any more has no guards without a fence. Method: a
 * thread that has been in such guards forks, forbids the call, and forks again. */
TEST(epoch_fork_without_membarrier_has_fences_in_all_guards)
{
    th_epoch_enter(NULL);
    th_epoch_leave(NULL);
    if (thi_epoch_record_light() == NULL) {
        SKIP("no membarrier here");
    }
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        forbidden_parent();
    }
    int status = -1;
    REQUIRE(child > 0 && waitpid(child, &status, 0) == child);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 2) {
        SKIP("no filters for system calls here");
    }
    CHECK_EQ(status, 0);
}

#endif

TEST_MAIN()
