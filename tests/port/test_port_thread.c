/* SPDX-License-Identifier: MIT
 * test_port_thread.c - thread exit and fork as the seam tells of them, and the lock of the process.
 */
#include "test.h"

#include <pthread.h>
#include <stdatomic.h>
#include <sys/wait.h>

#include "port/port_thread.h"

static atomic_uint exits;
static _Thread_local unsigned exits_again; /* how often at_exit asks to be called once more */

static void count_exit(void)
{
    atomic_fetch_add(&exits, 1);
    if (exits_again > 0) {
        exits_again--;
        CHECK(thi_port_thread_watch(count_exit));
    }
}

static void *watched_run(void *argument)
{
    exits_again = *(const unsigned *)argument;
    CHECK(thi_port_thread_watch(count_exit));
    CHECK(thi_port_thread_watch(count_exit)); /* twice is once */
    if (exits_again == 1) {
        pthread_exit(NULL);
    }
    return NULL;
}

/* Goal: the function runs once when a watched thread ends, and again if it asks. Method: threads
 * that return and exit, with and without asking. */
TEST(port_thread_exit_is_told_once)
{
    unsigned expected = 0;
    for (unsigned again = 0; again < 3; again++) {
        pthread_t thread;
        REQUIRE(pthread_create(&thread, NULL, watched_run, &again) == 0);
        pthread_join(thread, NULL);
        expected += again + 1;
        CHECK_EQ(atomic_load(&exits), expected);
    }
}

static unsigned before_count, parent_count, child_count;

static void fork_before(void)
{
    thi_port_process_lock();
    before_count++;
}

static void fork_in_parent(void)
{
    parent_count++;
    thi_port_process_unlock();
}

static void fork_in_child(void)
{
    child_count++;
    thi_port_process_unlock();
}

/* Goal: a fork calls the three functions, each on its side, and a lock taken before is free on
 * both. Method: fork; the child tells by its status. */
TEST(port_thread_fork_is_told_on_both_sides)
{
    REQUIRE(thi_port_fork_watch(fork_before, fork_in_parent, fork_in_child));
    pid_t child = fork();
    if (child == 0) {
        thi_port_process_lock();
        _exit(before_count == 1 && parent_count == 0 && child_count == 1 ? 0 : 1);
    }
    int status = -1;
    CHECK(child > 0 && waitpid(child, &status, 0) == child && status == 0);
    CHECK(before_count == 1 && parent_count == 1 && child_count == 0);
    thi_port_process_lock();
    thi_port_process_unlock();
}

static unsigned long locked_sum;

static void *lock_run(void *argument)
{
    for (uint64_t i = *(const uint64_t *)argument; i > 0; i--) {
        thi_port_process_lock();
        locked_sum++;
        thi_port_process_unlock();
    }
    return NULL;
}

/* Goal: the lock excludes. Method: two threads count without atomics. */
TEST(port_thread_lock_excludes)
{
    uint64_t each = test_scaled(100000);
    pthread_t threads[2];
    for (int i = 0; i < 2; i++) {
        REQUIRE(pthread_create(&threads[i], NULL, lock_run, &each) == 0);
    }
    for (int i = 0; i < 2; i++) {
        pthread_join(threads[i], NULL);
    }
    CHECK_EQ(locked_sum, 2 * each);
}

TEST_MAIN()
