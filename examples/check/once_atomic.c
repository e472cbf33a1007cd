/* SPDX-License-Identifier: MIT
 * once_atomic.c - double-checked initialization: an atomic pointer in front of a mutex.
 *
 * Switches     READY_LOAD, READY_STORE: the object before the pointer to it. Relaxed, each is a
 *              race on the object: the thread that takes the quick path never meets the mutex.
 *              NO_SECOND_CHECK: who waited for the mutex makes the object once more.
 * Sources      S. Meyers, A. Alexandrescu, C++ and the Perils of Double-Checked Locking, 2004.
 */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#ifndef READY_LOAD
#define READY_LOAD memory_order_acquire
#endif
#ifndef READY_STORE
#define READY_STORE memory_order_release
#endif

struct config {
    int width;
    int height;
};

static _Atomic(struct config *) shared;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static int made;

static struct config *config_make(void)
{
    struct config *config = malloc(sizeof *config);
    if (config == NULL) {
        abort();
    }
    config->width = 3;
    config->height = 4;
    made++;
    return config;
}

static const struct config *config_get(void)
{
    struct config *config = atomic_load_explicit(&shared, READY_LOAD);
    if (config != NULL) {
        return config;
    }
    pthread_mutex_lock(&mutex);
#ifndef NO_SECOND_CHECK
    config = atomic_load_explicit(&shared, memory_order_relaxed);
#endif
    if (config == NULL) {
        config = config_make();
        atomic_store_explicit(&shared, config, READY_STORE);
    }
    pthread_mutex_unlock(&mutex);
    return config;
}

static void *user(void *unused)
{
    const struct config *mine = config_get();
    assert(mine->width == 3 && mine->height == 4);
    return unused;
}

int main(void)
{
    pthread_t threads[2];
    pthread_create(&threads[0], NULL, user, NULL);
    pthread_create(&threads[1], NULL, user, NULL);
    pthread_join(threads[0], NULL);
    pthread_join(threads[1], NULL);
    assert(made == 1);
    free(atomic_load_explicit(&shared, memory_order_relaxed));
    return 0;
}
