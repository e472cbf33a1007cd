/* SPDX-License-Identifier: MIT
 * model_wait.c - condition variables, barriers, semaphores.
 *
 * A condition variable is one word of 8 bytes: how many have begun to wait (high half), how many
 * of them may go (low half). Who waits has a ticket and goes when the low half has passed it: those
 * who came first go first. A broadcast lets all go who wait now. Wake-ups without cause, which the
 * standards allow, are not made up: a missing loop around a wait is not found this way.
 */
#include "runtime/model.h"
#include "runtime/record.h"

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <string.h>
#include <threads.h>

#define TH_COND_TICKET ((uint64_t)1 << 32)

static int cond_init(void *condition, size_t bytes, uint32_t site)
{
    thi_model_fill(condition, 0, bytes, site);
    return 0;
}

static int cond_wait(uintptr_t condition, uintptr_t mutex, uint32_t site)
{
    thi_model_enter();
    if (!thi_model_lock_held(mutex)) {
        thi_fail(TH_ENGINE_FAILED, "wait on a condition without holding the mutex", site);
    }
    thi_record_label(TH_RECORD_WAIT, 0, condition, 8);
    uint64_t ticket =
        thi_model_add(condition, 8, TH_COND_TICKET, TH_ORDER_RELAXED, site) / TH_COND_TICKET;
    thi_model_unlock(mutex, site);
    thi_record_label(TH_RECORD_WOKEN, 0, condition, 8);
    uint64_t word = thi_model_load(condition, 8, TH_ORDER_RELAXED, site);
    if (word % TH_COND_TICKET <= ticket) {
        thi_await(1, site);
    }
    thi_model_lock(mutex, site);
    return 0;
}

static int cond_wake(uintptr_t condition, bool all, uint32_t site)
{
    thi_model_enter();
    thi_record_label(TH_RECORD_WAKE, 0, condition, 8);
    uint64_t word = thi_model_load(condition, 8, TH_ORDER_RELAXED, site);
    uint64_t waiting = word / TH_COND_TICKET;
    uint64_t gone = word % TH_COND_TICKET;
    if (waiting == gone) {
        return 0;
    }
    struct thi_model_exchange exchange = {.address = condition,
                                          .bytes = 8,
                                          .expected = word,
                                          .value = word - gone + (all ? waiting : gone + 1),
                                          .order = TH_ORDER_RELAXED,
                                          .site = site};
    thi_record_label(TH_RECORD_HIDDEN, 0, condition, 8);
    if (!thi_model_compare_exchange(&exchange)) {
        thi_await(2, site); /* somebody came in between: the load would see it as well */
    }
    return 0;
}

int thi_call_pthread_cond_init(pthread_cond_t *condition, const pthread_condattr_t *attributes);
int thi_call_pthread_cond_init(pthread_cond_t *condition, const pthread_condattr_t *attributes)
{
    (void)attributes;
    return cond_init(condition, sizeof *condition, TH_SITE_HERE);
}

int thi_call_pthread_cond_destroy(pthread_cond_t *condition);
int thi_call_pthread_cond_destroy(pthread_cond_t *condition)
{
    (void)condition;
    return 0;
}

int thi_call_pthread_cond_wait(pthread_cond_t *condition, pthread_mutex_t *mutex);
int thi_call_pthread_cond_wait(pthread_cond_t *condition, pthread_mutex_t *mutex)
{
    return cond_wait((uintptr_t)condition, (uintptr_t)mutex, TH_SITE_HERE);
}

int thi_call_pthread_cond_signal(pthread_cond_t *condition);
int thi_call_pthread_cond_signal(pthread_cond_t *condition)
{
    return cond_wake((uintptr_t)condition, false, TH_SITE_HERE);
}

int thi_call_pthread_cond_broadcast(pthread_cond_t *condition);
int thi_call_pthread_cond_broadcast(pthread_cond_t *condition)
{
    return cond_wake((uintptr_t)condition, true, TH_SITE_HERE);
}

int thi_call_cnd_init(cnd_t *condition);
int thi_call_cnd_init(cnd_t *condition)
{
    return cond_init(condition, sizeof *condition, TH_SITE_HERE);
}

void thi_call_cnd_destroy(cnd_t *condition);
void thi_call_cnd_destroy(cnd_t *condition)
{
    (void)condition;
}

int thi_call_cnd_wait(cnd_t *condition, mtx_t *mutex);
int thi_call_cnd_wait(cnd_t *condition, mtx_t *mutex)
{
    return cond_wait((uintptr_t)condition, (uintptr_t)mutex, TH_SITE_HERE);
}

int thi_call_cnd_signal(cnd_t *condition);
int thi_call_cnd_signal(cnd_t *condition)
{
    return cond_wake((uintptr_t)condition, false, TH_SITE_HERE);
}

int thi_call_cnd_broadcast(cnd_t *condition);
int thi_call_cnd_broadcast(cnd_t *condition)
{
    return cond_wake((uintptr_t)condition, true, TH_SITE_HERE);
}

/* --- Barriers: how many have come (low half), how many it takes (high half). */

int thi_call_pthread_barrier_init(pthread_barrier_t *barrier,
                                  const pthread_barrierattr_t *attributes, unsigned count);
int thi_call_pthread_barrier_init(pthread_barrier_t *barrier,
                                  const pthread_barrierattr_t *attributes, unsigned count)
{
    uint32_t site = TH_SITE_HERE;
    (void)attributes;
    if (count == 0) {
        return EINVAL;
    }
    thi_model_fill(barrier, 0, sizeof *barrier, site);
    uint64_t word = (uint64_t)count << 32;
    memcpy(barrier, &word, sizeof word);
    return 0;
}

int thi_call_pthread_barrier_destroy(pthread_barrier_t *barrier);
int thi_call_pthread_barrier_destroy(pthread_barrier_t *barrier)
{
    (void)barrier;
    return 0;
}

int thi_call_pthread_barrier_wait(pthread_barrier_t *barrier);
int thi_call_pthread_barrier_wait(pthread_barrier_t *barrier)
{
    uint32_t site = TH_SITE_HERE;
    thi_model_enter();
    uint64_t word = thi_model_add((uintptr_t)barrier, 8, 1, TH_ORDER_ACQ_REL, site);
    uint64_t count = word >> 32;
    uint64_t number = word % TH_COND_TICKET; /* of this arrival, from 0 */
    if (count == 0) {
        thi_fail(TH_ENGINE_FAILED, "wait on a barrier that was not made", site);
    }
    uint64_t needed = (number / count + 1) * count;
    if (number + 1 == needed) {
        return PTHREAD_BARRIER_SERIAL_THREAD;
    }
    word = thi_model_load((uintptr_t)barrier, 8, TH_ORDER_ACQUIRE, site);
    if (word % TH_COND_TICKET < needed) {
        thi_await(1, site);
    }
    return 0;
}

/* --- Semaphores. */

int thi_call_sem_init(sem_t *semaphore, int shared, unsigned value);
int thi_call_sem_init(sem_t *semaphore, int shared, unsigned value)
{
    (void)shared;
    thi_model_fill(semaphore, 0, sizeof *semaphore, TH_SITE_HERE);
    memcpy(semaphore, &value, sizeof value);
    return 0;
}

int thi_call_sem_destroy(sem_t *semaphore);
int thi_call_sem_destroy(sem_t *semaphore)
{
    (void)semaphore;
    return 0;
}

int thi_call_sem_post(sem_t *semaphore);
int thi_call_sem_post(sem_t *semaphore)
{
    uint32_t site = TH_SITE_HERE;
    thi_model_enter();
    thi_model_add((uintptr_t)semaphore, 4, 1, TH_ORDER_RELEASE, site);
    return 0;
}

/* How many operations it took and failed; 0: one taken. */
static uint32_t sem_take(uintptr_t semaphore, uint32_t site)
{
    thi_model_enter();
    uint64_t value = thi_model_load(semaphore, 4, TH_ORDER_RELAXED, site);
    struct thi_model_exchange exchange = {.address = semaphore,
                                          .bytes = 4,
                                          .expected = value,
                                          .value = value - 1,
                                          .order = TH_ORDER_ACQUIRE,
                                          .site = site};
    if (value == 0) {
        return 1;
    }
    return thi_model_compare_exchange(&exchange) ? 0 : 2;
}

int thi_call_sem_wait(sem_t *semaphore);
int thi_call_sem_wait(sem_t *semaphore)
{
    uint32_t site = TH_SITE_HERE;
    uint32_t failed = sem_take((uintptr_t)semaphore, site);
    if (failed != 0) {
        thi_await(failed, site);
    }
    return 0;
}

int thi_call_sem_trywait(sem_t *semaphore);
int thi_call_sem_trywait(sem_t *semaphore)
{
    uint32_t site = TH_SITE_HERE;
    uint32_t failed = sem_take((uintptr_t)semaphore, site);
    if (failed == 2) {
        thi_await(failed, site); /* it would look again */
    }
    if (failed != 0) {
        thi_self_state()->error_number = EAGAIN;
        return -1;
    }
    return 0;
}

int thi_call_sem_getvalue(sem_t *semaphore, int *value);
int thi_call_sem_getvalue(sem_t *semaphore, int *value)
{
    uint32_t site = TH_SITE_HERE;
    thi_model_enter();
    uint64_t now = thi_model_load((uintptr_t)semaphore, 4, TH_ORDER_RELAXED, site);
    thi_plain((uintptr_t)value, sizeof *value, true, site);
    *value = (int)now;
    return 0;
}
