/* SPDX-License-Identifier: MIT
 * chase_lev.c - the work-stealing deque of Chase and Lev: the owner puts and takes at the bottom,
 * thieves steal at the top. Of fixed size: the jobs here never fill it.
 *
 * Switches     JOBS, TAKES, THIEVES. PUT_FENCE, BOTTOM_LOAD: a job before it is seen. TAKE_FENCE,
 *              STEAL_FENCE: seq_cst, so that owner and thief do not both think the last job is
 *              theirs. TOP_CAS: seq_cst as published; relaxed passes here, for the fences order
 *              what it would. TOP_BY_STORE: the owner moves the top without asking.
 * Sources      D. Chase, Y. Lev, Dynamic Circular Work-Stealing Deque, SPAA 2005; N. Le, A. Pop,
 *              A. Cohen, F. Zappa Nardelli, Correct and Efficient Work-Stealing for Weak Memory
 *              Models, PPoPP 2013.
 */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#ifndef JOBS
#define JOBS 2
#endif
#ifndef TAKES
#define TAKES 2
#endif
#ifndef THIEVES
#define THIEVES 1
#endif
#ifndef PUT_FENCE
#define PUT_FENCE memory_order_release
#endif
#ifndef BOTTOM_LOAD
#define BOTTOM_LOAD memory_order_acquire
#endif
#ifndef TAKE_FENCE
#define TAKE_FENCE memory_order_seq_cst
#endif
#ifndef STEAL_FENCE
#define STEAL_FENCE memory_order_seq_cst
#endif
#ifndef TOP_CAS
#define TOP_CAS memory_order_seq_cst
#endif

enum { SLOTS = 4 };

struct job {
    int input;
    int runs; /* plain, so that two who run it are a race */
};

static struct job jobs[JOBS];
static _Atomic(struct job *) slots[SLOTS];
static atomic_int top;
static atomic_int bottom;

static bool top_move(int from)
{
#ifdef TOP_BY_STORE
    atomic_store_explicit(&top, from + 1, memory_order_seq_cst);
    return true;
#else
    return atomic_compare_exchange_strong_explicit(&top, &from, from + 1, TOP_CAS,
                                                   memory_order_relaxed);
#endif
}

static void put(struct job *job)
{
    int end = atomic_load_explicit(&bottom, memory_order_relaxed);
    atomic_store_explicit(&slots[end % SLOTS], job, memory_order_relaxed);
    atomic_thread_fence(PUT_FENCE);
    atomic_store_explicit(&bottom, end + 1, memory_order_relaxed);
}

static struct job *take(void)
{
    int end = atomic_load_explicit(&bottom, memory_order_relaxed) - 1;
    atomic_store_explicit(&bottom, end, memory_order_relaxed);
    atomic_thread_fence(TAKE_FENCE);
    int start = atomic_load_explicit(&top, memory_order_relaxed);
    struct job *job = NULL;
    if (start <= end) {
        job = atomic_load_explicit(&slots[end % SLOTS], memory_order_relaxed);
        if (start < end) {
            return job;
        }
        if (!top_move(start)) { /* the last job: a thief may be at it */
            job = NULL;
        }
    }
    atomic_store_explicit(&bottom, end + 1, memory_order_relaxed);
    return job;
}

static struct job *steal(void)
{
    int start = atomic_load_explicit(&top, memory_order_acquire);
    atomic_thread_fence(STEAL_FENCE);
    int end = atomic_load_explicit(&bottom, BOTTOM_LOAD);
    if (start >= end) {
        return NULL;
    }
    struct job *job = atomic_load_explicit(&slots[start % SLOTS], memory_order_relaxed);
    return atomic_compare_exchange_strong_explicit(&top, &start, start + 1, TOP_CAS,
                                                   memory_order_relaxed)
               ? job
               : NULL;
}

static void job_run(struct job *job)
{
    if (job != NULL) {
        assert(job->input == 1);
        job->runs++;
    }
}

static void *owner(void *unused)
{
    for (int i = 0; i < JOBS; i++) {
        jobs[i].input = 1;
        put(&jobs[i]);
    }
    for (int i = 0; i < TAKES; i++) {
        job_run(take());
    }
    return unused;
}

static void *thief(void *unused)
{
    job_run(steal());
    return unused;
}

int main(void)
{
    pthread_t threads[1 + THIEVES];
    for (int i = 0; i < 1 + THIEVES; i++) {
        pthread_create(&threads[i], NULL, i == 0 ? owner : thief, NULL);
    }
    for (int i = 0; i < 1 + THIEVES; i++) {
        pthread_join(threads[i], NULL);
    }
    for (struct job *job = take(); job != NULL; job = take()) {
        job_run(job);
    }
    for (int i = 0; i < JOBS; i++) {
        assert(jobs[i].runs == 1);
    }
    return 0;
}
