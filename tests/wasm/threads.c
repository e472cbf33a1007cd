/* SPDX-License-Identifier: MIT
 * threads.c - for tests on wasm: POSIX threads on workers that stand ready.
 *
 * run.mjs starts the workers; each has an instance of the program of its own, with its own stack
 * pointer, on the one memory. A thread is a job that a worker takes; its variables are made anew
 * for each.
 */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include "host.h"

#define WORKER_COUNT 16u
#define STACK_BYTES ((size_t)1 << 19)
#define VARIABLE_BYTES 4096u
#define KEY_COUNT 8u

enum { WORKER_IDLE, WORKER_TAKEN, WORKER_RUNS, WORKER_ENDED };

struct wasm_thread {
    atomic_int state;
    void *(*run)(void *);
    void *argument;
    void *result;
};

static struct wasm_thread workers[WORKER_COUNT];
/* One more: the main thread. */
static _Alignas(64) char stacks[WORKER_COUNT + 1][STACK_BYTES];
static _Alignas(64) char variables[WORKER_COUNT + 1][VARIABLE_BYTES];
static void (*key_destroy[KEY_COUNT])(void *);
static atomic_uint key_next;

static _Thread_local struct wasm_thread *thread_self;
static _Thread_local void *key_values[KEY_COUNT];

extern int main(int argc, char **argv);
extern void __wasm_call_ctors(void);

static void word_await_change(atomic_int *word, int from)
{
    while (atomic_load(word) == from) {
        (void)__builtin_wasm_memory_atomic_wait32((int *)word, from, -1);
    }
}

static void word_set(atomic_int *word, int value)
{
    atomic_store(word, value);
    (void)__builtin_wasm_memory_atomic_notify((int *)word, ~0u);
}

/* For the host, before anything else runs in an instance. */
__attribute__((export_name("stack_top"))) char *stack_top(unsigned worker)
{
    return stacks[worker] + STACK_BYTES;
}

__attribute__((export_name("run_main"))) void run_main(unsigned scale)
{
    __wasm_init_tls(variables[WORKER_COUNT]);
    __wasm_call_ctors();
    static char scale_text[24];
    snprintf(scale_text, sizeof scale_text, "--scale=%u", scale);
    static char name[] = "test", seed[] = "--seed=20261122";
    char *arguments[] = {name, scale_text, seed, NULL};
    if (__builtin_wasm_tls_size() > VARIABLE_BYTES) {
        printf("# threads have %u bytes of variables\n", (unsigned)__builtin_wasm_tls_size());
        exit(2);
    }
    exit(main(3, arguments));
}

static void keys_end(void)
{
    for (unsigned round = 0; round < 4; round++) {
        for (unsigned key = 0; key < KEY_COUNT; key++) {
            void *value = key_values[key];
            key_values[key] = NULL;
            if (value != NULL && key_destroy[key] != NULL) {
                key_destroy[key](value);
            }
        }
    }
}

__attribute__((noinline)) static void worker_run(struct wasm_thread *worker)
{
    thread_self = worker;
    worker->result = worker->run(worker->argument);
    keys_end();
}

__attribute__((export_name("run_worker"))) void run_worker(unsigned index)
{
    struct wasm_thread *worker = &workers[index];
    for (;;) {
        int state = atomic_load(&worker->state);
        if (state != WORKER_RUNS) {
            word_await_change(&worker->state, state);
            continue;
        }
        __wasm_init_tls(variables[index]);
        worker_run(worker);
        word_set(&worker->state, WORKER_ENDED);
    }
}

int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *),
                   void *argument)
{
    (void)attributes;
    for (unsigned i = 0; i < WORKER_COUNT; i++) {
        int idle = WORKER_IDLE;
        if (atomic_compare_exchange_strong(&workers[i].state, &idle, WORKER_TAKEN)) {
            workers[i].run = run;
            workers[i].argument = argument;
            *thread = &workers[i];
            word_set(&workers[i].state, WORKER_RUNS);
            return 0;
        }
    }
    return EAGAIN;
}

int pthread_join(pthread_t thread, void **result)
{
    word_await_change(&thread->state, WORKER_RUNS);
    if (result != NULL) {
        *result = thread->result;
    }
    atomic_store(&thread->state, WORKER_IDLE);
    return 0;
}

void pthread_exit(void *result)
{
    if (thread_self == NULL) {
        exit(70); /* the main thread: nothing here ends it that way */
    }
    thread_self->result = result;
    keys_end();
    word_set(&thread_self->state, WORKER_ENDED);
    host_thread_end();
}

pthread_t pthread_self(void)
{
    return thread_self;
}

int pthread_mutex_init(pthread_mutex_t *mutex, const pthread_mutexattr_t *attributes)
{
    (void)attributes;
    mutex->word = 0;
    return 0;
}

int pthread_mutex_destroy(pthread_mutex_t *mutex)
{
    (void)mutex;
    return 0;
}

int pthread_mutex_lock(pthread_mutex_t *mutex)
{
    while (__atomic_exchange_n(&mutex->word, 1, __ATOMIC_SEQ_CST) != 0) {
        (void)__builtin_wasm_memory_atomic_wait32((int *)&mutex->word, 1, 1000000);
    }
    return 0;
}

int pthread_mutex_unlock(pthread_mutex_t *mutex)
{
    __atomic_store_n(&mutex->word, 0, __ATOMIC_SEQ_CST);
    (void)__builtin_wasm_memory_atomic_notify((int *)&mutex->word, 1);
    return 0;
}

int pthread_barrier_init(pthread_barrier_t *barrier, const pthread_barrierattr_t *attributes,
                         unsigned members)
{
    (void)attributes;
    *barrier = (pthread_barrier_t){.members = members};
    return 0;
}

int pthread_barrier_destroy(pthread_barrier_t *barrier)
{
    (void)barrier;
    return 0;
}

int pthread_barrier_wait(pthread_barrier_t *barrier)
{
    uint32_t round = __atomic_load_n(&barrier->round, __ATOMIC_SEQ_CST);
    if (__atomic_add_fetch(&barrier->arrived, 1, __ATOMIC_SEQ_CST) == barrier->members) {
        __atomic_store_n(&barrier->arrived, 0, __ATOMIC_SEQ_CST);
        __atomic_store_n(&barrier->round, round + 1, __ATOMIC_SEQ_CST);
        (void)__builtin_wasm_memory_atomic_notify((int *)&barrier->round, ~0u);
        return PTHREAD_BARRIER_SERIAL_THREAD;
    }
    while (__atomic_load_n(&barrier->round, __ATOMIC_SEQ_CST) == round) {
        (void)__builtin_wasm_memory_atomic_wait32((int *)&barrier->round, (int)round, -1);
    }
    return 0;
}

/* 0: not yet, 1: runs, 2: done. */
int pthread_once(pthread_once_t *once, void (*run)(void))
{
    uint32_t state = 0;
    if (__atomic_compare_exchange_n(&once->word, &state, 1, false, __ATOMIC_SEQ_CST,
                                    __ATOMIC_SEQ_CST)) {
        run();
        __atomic_store_n(&once->word, 2, __ATOMIC_SEQ_CST);
    }
    while (__atomic_load_n(&once->word, __ATOMIC_SEQ_CST) != 2) {
    }
    return 0;
}

int pthread_key_create(pthread_key_t *key, void (*destroy)(void *))
{
    unsigned next = atomic_fetch_add(&key_next, 1);
    if (next >= KEY_COUNT) {
        return EAGAIN;
    }
    key_destroy[next] = destroy;
    *key = next;
    return 0;
}

int pthread_key_delete(pthread_key_t key)
{
    key_destroy[key] = NULL;
    return 0;
}

int pthread_setspecific(pthread_key_t key, const void *value)
{
    key_values[key] = (void *)(uintptr_t)value;
    return 0;
}

int pthread_atfork(void (*before)(void), void (*in_parent)(void), void (*in_child)(void))
{
    (void)before;
    (void)in_parent;
    (void)in_child;
    return 0; /* nobody forks */
}

int pthread_setcancelstate(int state, int *old)
{
    (void)state;
    *old = PTHREAD_CANCEL_ENABLE;
    return 0; /* nobody cancels */
}
