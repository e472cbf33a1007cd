/* SPDX-License-Identifier: MIT
 * pool.c - the worker threads. They sleep between jobs, so that only the measured ones run.
 */
#include "bench.h"

#include <pthread.h>
#include <sched.h>
#include <stdlib.h>

struct bench_worker {
    struct bench_pool *pool;
    pthread_t thread;
    unsigned number;
};

struct bench_pool {
    unsigned threads;
    pthread_barrier_t start;
    pthread_barrier_t end;
    void (*job)(void *context, unsigned thread); /* NULL: end */
    void *context;
    struct bench_worker workers[BENCH_THREADS_MAX];
};

unsigned bench_core_of(unsigned thread)
{
    static cpu_set_t allowed;
    static bool known;
    if (!known) {
        known = sched_getaffinity(0, sizeof allowed, &allowed) == 0;
    }
    unsigned count = (unsigned)CPU_COUNT(&allowed);
    unsigned wanted = count > 0 ? thread % count : 0;
    for (unsigned core = 0; core < CPU_SETSIZE; core++) {
        if (CPU_ISSET(core, &allowed) && wanted-- == 0) {
            return core;
        }
    }
    return 0;
}

void bench_pin(unsigned thread)
{
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(bench_core_of(thread), &one);
    (void)pthread_setaffinity_np(pthread_self(), sizeof one, &one);
}

static void *worker_run(void *argument)
{
    const struct bench_worker *worker = argument;
    struct bench_pool *pool = worker->pool;
    bench_pin(worker->number);
    for (;;) {
        pthread_barrier_wait(&pool->start);
        if (pool->job == NULL) {
            return NULL;
        }
        pool->job(pool->context, worker->number);
        pthread_barrier_wait(&pool->end);
    }
}

struct bench_pool *bench_pool_new(unsigned threads)
{
    struct bench_pool *pool = calloc(1, sizeof *pool);
    if (pool == NULL || threads > BENCH_THREADS_MAX) {
        free(pool);
        return NULL;
    }
    (void)bench_core_of(0); /* before any thread is pinned */
    pool->threads = threads;
    pthread_barrier_init(&pool->start, NULL, threads + 1);
    pthread_barrier_init(&pool->end, NULL, threads + 1);
    for (unsigned i = 0; i < threads; i++) {
        struct bench_worker *worker = &pool->workers[i];
        worker->pool = pool;
        worker->number = i;
        if (pthread_create(&worker->thread, NULL, worker_run, worker) != 0) {
            fprintf(stderr, "cannot start %u threads\n", threads);
            exit(1);
        }
    }
    return pool;
}

void bench_pool_run(struct bench_pool *pool, void (*job)(void *context, unsigned thread),
                    void *context)
{
    pool->job = job;
    pool->context = context;
    pthread_barrier_wait(&pool->start);
    pthread_barrier_wait(&pool->end);
}

void bench_pool_free(struct bench_pool *pool)
{
    pool->job = NULL;
    pthread_barrier_wait(&pool->start);
    for (unsigned i = 0; i < pool->threads; i++) {
        pthread_join(pool->workers[i].thread, NULL);
    }
    pthread_barrier_destroy(&pool->start);
    pthread_barrier_destroy(&pool->end);
    free(pool);
}
