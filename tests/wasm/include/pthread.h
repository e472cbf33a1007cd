/* SPDX-License-Identifier: MIT
 * pthread.h - threads on the workers of the host.
 */
#ifndef TOPHASH_TESTS_WASM_INCLUDE_PTHREAD_H
#define TOPHASH_TESTS_WASM_INCLUDE_PTHREAD_H

#include <stdint.h>
#include <time.h>

struct wasm_mutex {
    uint32_t word;
};
struct wasm_once {
    uint32_t word;
};
struct wasm_attr {
    uint32_t unused;
};
struct wasm_mutexattr {
    uint32_t unused;
};

struct wasm_barrier {
    uint32_t members;
    uint32_t arrived;
    uint32_t round;
};
struct wasm_barrierattr {
    uint32_t unused;
};

typedef struct wasm_thread *wasm_thread_reference;

/* Names that POSIX gives, for types that it leaves open. */
#define pthread_t wasm_thread_reference
#define pthread_key_t unsigned
#define pthread_mutex_t struct wasm_mutex
#define pthread_once_t struct wasm_once
#define pthread_attr_t struct wasm_attr
#define pthread_mutexattr_t struct wasm_mutexattr
#define pthread_barrier_t struct wasm_barrier
#define pthread_barrierattr_t struct wasm_barrierattr

#define PTHREAD_BARRIER_SERIAL_THREAD (-1)
#define PTHREAD_MUTEX_INITIALIZER \
    {                             \
        0                         \
    }
#define PTHREAD_ONCE_INIT \
    {                     \
        0                 \
    }
#define PTHREAD_CANCEL_ENABLE 0
#define PTHREAD_CANCEL_DISABLE 1

int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *),
                   void *argument);
int pthread_join(pthread_t thread, void **result);
_Noreturn void pthread_exit(void *result);
pthread_t pthread_self(void);
int pthread_mutex_init(pthread_mutex_t *mutex, const pthread_mutexattr_t *attributes);
int pthread_mutex_destroy(pthread_mutex_t *mutex);
int pthread_mutex_lock(pthread_mutex_t *mutex);
int pthread_mutex_unlock(pthread_mutex_t *mutex);
int pthread_barrier_init(pthread_barrier_t *barrier, const pthread_barrierattr_t *attributes,
                         unsigned members);
int pthread_barrier_destroy(pthread_barrier_t *barrier);
int pthread_barrier_wait(pthread_barrier_t *barrier);
int pthread_once(pthread_once_t *once, void (*run)(void));
int pthread_key_create(pthread_key_t *key, void (*destroy)(void *));
int pthread_key_delete(pthread_key_t key);
int pthread_setspecific(pthread_key_t key, const void *value);
int pthread_atfork(void (*before)(void), void (*in_parent)(void), void (*in_child)(void));
int pthread_setcancelstate(int state, int *old);

#endif
