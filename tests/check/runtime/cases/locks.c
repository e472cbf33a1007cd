/* SPDX-License-Identifier: MIT
 * locks.c - two threads and what orders them; CASE says what. The shared number is plain, so that
 *           any hole is a race.
 */
#include <assert.h>
#include <pthread.h>
#include <semaphore.h>
#include <threads.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t second = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static pthread_rwlock_t rwlock = PTHREAD_RWLOCK_INITIALIZER;
static pthread_spinlock_t spin;
static pthread_barrier_t barrier;
static sem_t semaphore;
static mtx_t c11_mutex;
static cnd_t c11_changed;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static int number;
static int ready;

static void number_make(void)
{
    number = 1;
}

/* The thread that waits, or comes second. */
static void look(void)
{
    switch (CASE) {
    case 1: pthread_mutex_lock(&mutex), number++, pthread_mutex_unlock(&mutex); break;
    case 2: /* the other way round: may stop for ever */
        pthread_mutex_lock(&second), pthread_mutex_lock(&mutex);
        number++;
        pthread_mutex_unlock(&mutex), pthread_mutex_unlock(&second);
        break;
    case 3:
    case 4: /* without a loop and without a look: sleeps through the signal */
        pthread_mutex_lock(&mutex);
        while (CASE == 4 || !ready) {
            pthread_cond_wait(&changed, &mutex);
            if (CASE == 4) {
                break;
            }
        }
        assert(number == 1);
        pthread_mutex_unlock(&mutex);
        break;
    case 5: pthread_rwlock_rdlock(&rwlock), number += 0, pthread_rwlock_unlock(&rwlock); break;
    case 6: pthread_spin_lock(&spin), number++, pthread_spin_unlock(&spin); break;
    case 7: pthread_barrier_wait(&barrier), assert(number == 1); break;
    case 8: sem_wait(&semaphore), assert(number == 1); break;
    case 9:
        mtx_lock(&c11_mutex);
        while (!ready) {
            cnd_wait(&c11_changed, &c11_mutex);
        }
        assert(number == 1);
        mtx_unlock(&c11_mutex);
        break;
    case 10: pthread_once(&once, number_make), assert(number == 1); break;
    case 11:
        if (pthread_mutex_trylock(&mutex) == 0) {
            number++;
            pthread_mutex_unlock(&mutex);
        }
        break;
    case 12: pthread_mutex_unlock(&mutex); break;
    case 13: pthread_mutex_lock(&mutex), pthread_mutex_lock(&mutex); break;
    default: break;
    }
}

static void *change(void *unused)
{
    switch (CASE) {
    case 2: pthread_mutex_lock(&mutex), pthread_mutex_lock(&second); break;
    case 5: pthread_rwlock_wrlock(&rwlock), number = 1, pthread_rwlock_unlock(&rwlock); break;
    case 6: pthread_spin_lock(&spin), number++, pthread_spin_unlock(&spin); break;
    case 7: number = 1, pthread_barrier_wait(&barrier); break;
    case 8: number = 1, sem_post(&semaphore); break;
    case 9: mtx_lock(&c11_mutex), number = 1, ready = 1; break;
    case 10: pthread_once(&once, number_make); break;
    default: pthread_mutex_lock(&mutex), number = 1, ready = 1; break;
    }
    switch (CASE) {
    case 2: number++, pthread_mutex_unlock(&second), pthread_mutex_unlock(&mutex); break;
    case 5:
    case 6:
    case 7:
    case 8:
    case 10: break;
    case 9: cnd_signal(&c11_changed), mtx_unlock(&c11_mutex); break;
    default: pthread_cond_signal(&changed), pthread_mutex_unlock(&mutex); break;
    }
    return unused;
}

int main(void)
{
    pthread_t thread;
    pthread_spin_init(&spin, PTHREAD_PROCESS_PRIVATE);
    pthread_barrier_init(&barrier, NULL, 2);
    sem_init(&semaphore, 0, 0);
    mtx_init(&c11_mutex, mtx_plain);
    cnd_init(&c11_changed);
    pthread_create(&thread, NULL, change, NULL);
    look();
    pthread_join(thread, NULL);
    return 0;
}
