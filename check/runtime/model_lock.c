/* SPDX-License-Identifier: MIT
 * model_lock.c - operations of models, and locks made of them: mutexes, spin locks, rwlocks.
 *
 * A lock is a word in the user's own object: taken by a compare-exchange with acquire, given back
 * by a store with release. Whoever finds it taken waits for a newer value. An object that was made
 * by its static initialiser needs no other treatment, since all zeros mean free.
 */
#include "runtime/model.h"
#include "runtime/record.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <threads.h>
#include <time.h>

enum { HELD_MAX = 32, RWLOCK_WRITER = 0x7fffffff };

/* Locks a thread holds, and how often. */
static struct {
    uintptr_t address;
    uint32_t depth;
} held[TH_FIBERS_MAX][HELD_MAX];

uint64_t thi_model_load(uintptr_t address, uint8_t bytes, enum thi_order order, uint32_t site)
{
    return thi_operate(&(struct thi_operation){
        .kind = TH_OP_LOAD, .order = order, .bytes = bytes, .site = site, .address = address});
}

void thi_model_store(uintptr_t address, uint8_t bytes, uint64_t value, uint32_t site)
{
    thi_operate(&(struct thi_operation){.kind = TH_OP_STORE,
                                        .order = TH_ORDER_RELEASE,
                                        .bytes = bytes,
                                        .site = site,
                                        .address = address,
                                        .value = value});
}

uint64_t thi_model_add(uintptr_t address, uint8_t bytes, uint64_t value, enum thi_order order,
                       uint32_t site)
{
    return thi_operate(&(struct thi_operation){.kind = TH_OP_RMW,
                                               .rmw = TH_RMW_ADD,
                                               .order = order,
                                               .bytes = bytes,
                                               .site = site,
                                               .address = address,
                                               .value = value});
}

bool thi_model_compare_exchange(const struct thi_model_exchange *exchange)
{
    enum thi_order failure =
        exchange->order == TH_ORDER_ACQ_REL ? TH_ORDER_ACQUIRE : exchange->order;
    thi_operate(&(struct thi_operation){.kind = TH_OP_CAS,
                                        .order = exchange->order,
                                        .failure_order = failure,
                                        .bytes = exchange->bytes,
                                        .site = exchange->site,
                                        .address = exchange->address,
                                        .value = exchange->value,
                                        .expected = exchange->expected});
    return thi_cas_done();
}

/* --- Lock words. */

static uint32_t *held_depth(uintptr_t address)
{
    for (unsigned i = 0; i < HELD_MAX; i++) {
        if (held[thi_self()][i].depth != 0 && held[thi_self()][i].address == address) {
            return &held[thi_self()][i].depth;
        }
    }
    return NULL;
}

static void held_add(uintptr_t address, uint32_t site)
{
    for (unsigned i = 0; i < HELD_MAX; i++) {
        if (held[thi_self()][i].depth == 0) {
            held[thi_self()][i].address = address;
            held[thi_self()][i].depth = 1;
            return;
        }
    }
    thi_fail_format(TH_ENGINE_MISUSE, site, "a thread holds more than %d locks", HELD_MAX);
}

void thi_model_lock_restart(void)
{
    memset(held, 0, sizeof held);
}

bool thi_model_lock_held(uintptr_t address)
{
    return held_depth(address) != NULL;
}

bool thi_model_lock_try(uintptr_t address, uint32_t site)
{
    struct thi_model_exchange exchange = {.address = address,
                                          .bytes = 4,
                                          .expected = 0,
                                          .value = thi_self() + 1,
                                          .order = TH_ORDER_ACQUIRE,
                                          .site = site};
    thi_record_label(TH_RECORD_LOCK, 0, address, exchange.bytes);
    if (!thi_model_compare_exchange(&exchange)) {
        return false;
    }
    held_add(address, site);
    return true;
}

void thi_model_lock(uintptr_t address, uint32_t site)
{
    if (!thi_model_lock_try(address, site)) {
        thi_await(1, site);
    }
}

void thi_model_unlock(uintptr_t address, uint32_t site)
{
    uint32_t *depth = held_depth(address);
    if (depth == NULL) {
        thi_fail(TH_ENGINE_FAILED, "unlock of a lock that the thread does not hold", site);
    }
    if (--*depth == 0) {
        thi_record_label(TH_RECORD_UNLOCK, 0, address, 4);
        thi_model_store(address, 4, 0, site);
    }
}

/* --- Mutexes of POSIX: the kind stands where glibc's static initialisers put it. */

static int mutex_kind(const pthread_mutex_t *mutex)
{
    int kind;
    memcpy(&kind, (const char *)mutex + offsetof(pthread_mutex_t, __data.__kind), sizeof kind);
    return kind & 3;
}

int thi_call_pthread_mutex_init(pthread_mutex_t *mutex, const pthread_mutexattr_t *attributes);
int thi_call_pthread_mutex_init(pthread_mutex_t *mutex, const pthread_mutexattr_t *attributes)
{
    uint32_t site = TH_SITE_HERE;
    int kind = 0;
    thi_model_enter();
    if (attributes != NULL) {
        memcpy(&kind, attributes, sizeof kind);
    }
    thi_model_fill(mutex, 0, sizeof *mutex, site);
    mutex->__data.__kind = kind & 3;
    return 0;
}

int thi_call_pthread_mutex_destroy(pthread_mutex_t *mutex);
int thi_call_pthread_mutex_destroy(pthread_mutex_t *mutex)
{
    uint32_t site = TH_SITE_HERE;
    thi_model_enter();
    if (thi_model_load((uintptr_t)mutex, 4, TH_ORDER_RELAXED, site) != 0) {
        thi_fail(TH_ENGINE_FAILED, "destroy of a mutex that is locked", site);
    }
    return 0;
}

int thi_call_pthread_mutexattr_init(pthread_mutexattr_t *attributes);
int thi_call_pthread_mutexattr_init(pthread_mutexattr_t *attributes)
{
    thi_model_fill(attributes, 0, sizeof *attributes, TH_SITE_HERE);
    return 0;
}

int thi_call_pthread_mutexattr_destroy(pthread_mutexattr_t *attributes);
int thi_call_pthread_mutexattr_destroy(pthread_mutexattr_t *attributes)
{
    (void)attributes;
    return 0;
}

int thi_call_pthread_mutexattr_settype(pthread_mutexattr_t *attributes, int kind);
int thi_call_pthread_mutexattr_settype(pthread_mutexattr_t *attributes, int kind)
{
    thi_plain((uintptr_t)attributes, sizeof kind, true, TH_SITE_HERE);
    memcpy(attributes, &kind, sizeof kind);
    return 0;
}

/* Of a mutex that the thread holds already: what locking it again gives; -1: it waits for ever. */
static int mutex_again(const pthread_mutex_t *mutex)
{
    uint32_t *depth = held_depth((uintptr_t)mutex);
    if (depth != NULL && mutex_kind(mutex) == PTHREAD_MUTEX_RECURSIVE) {
        ++*depth;
        return 0;
    }
    return depth != NULL && mutex_kind(mutex) == PTHREAD_MUTEX_ERRORCHECK ? EDEADLK : -1;
}

static int mutex_lock(pthread_mutex_t *mutex, uint32_t site)
{
    thi_model_enter();
    int again = mutex_again(mutex);
    if (again < 0) {
        thi_model_lock((uintptr_t)mutex, site);
    }
    return again < 0 ? 0 : again;
}

static int mutex_try(pthread_mutex_t *mutex, uint32_t site)
{
    thi_model_enter();
    if (mutex_kind(mutex) == PTHREAD_MUTEX_RECURSIVE && mutex_again(mutex) == 0) {
        return 0;
    }
    return thi_model_lock_try((uintptr_t)mutex, site) ? 0 : EBUSY;
}

static int mutex_unlock(pthread_mutex_t *mutex, uint32_t site)
{
    thi_model_enter();
    if (mutex_kind(mutex) == PTHREAD_MUTEX_ERRORCHECK && !thi_model_lock_held((uintptr_t)mutex)) {
        return EPERM;
    }
    thi_model_unlock((uintptr_t)mutex, site);
    return 0;
}

int thi_call_pthread_mutex_lock(pthread_mutex_t *mutex);
int thi_call_pthread_mutex_lock(pthread_mutex_t *mutex)
{
    return mutex_lock(mutex, TH_SITE_HERE);
}

int thi_call_pthread_mutex_trylock(pthread_mutex_t *mutex);
int thi_call_pthread_mutex_trylock(pthread_mutex_t *mutex)
{
    return mutex_try(mutex, TH_SITE_HERE);
}

int thi_call_pthread_mutex_unlock(pthread_mutex_t *mutex);
int thi_call_pthread_mutex_unlock(pthread_mutex_t *mutex)
{
    return mutex_unlock(mutex, TH_SITE_HERE);
}

/* --- Mutexes of C11: the same object under another name. */

int thi_call_mtx_init(mtx_t *mutex, int type);
int thi_call_mtx_init(mtx_t *mutex, int type)
{
    uint32_t site = TH_SITE_HERE;
    pthread_mutex_t *as_pthread = (pthread_mutex_t *)mutex;
    thi_model_enter();
    thi_model_fill(as_pthread, 0, sizeof *as_pthread, site);
    as_pthread->__data.__kind = (type & mtx_recursive) != 0 ? PTHREAD_MUTEX_RECURSIVE : 0;
    return thrd_success;
}

void thi_call_mtx_destroy(mtx_t *mutex);
void thi_call_mtx_destroy(mtx_t *mutex)
{
    thi_call_pthread_mutex_destroy((pthread_mutex_t *)mutex);
}

int thi_call_mtx_lock(mtx_t *mutex);
int thi_call_mtx_lock(mtx_t *mutex)
{
    return mutex_lock((pthread_mutex_t *)mutex, TH_SITE_HERE) == 0 ? thrd_success : thrd_error;
}

int thi_call_mtx_trylock(mtx_t *mutex);
int thi_call_mtx_trylock(mtx_t *mutex)
{
    return mutex_try((pthread_mutex_t *)mutex, TH_SITE_HERE) == 0 ? thrd_success : thrd_busy;
}

int thi_call_mtx_unlock(mtx_t *mutex);
int thi_call_mtx_unlock(mtx_t *mutex)
{
    return mutex_unlock((pthread_mutex_t *)mutex, TH_SITE_HERE) == 0 ? thrd_success : thrd_error;
}

/* --- Spin locks. */

int thi_call_pthread_spin_init(pthread_spinlock_t *lock, int shared);
int thi_call_pthread_spin_init(pthread_spinlock_t *lock, int shared)
{
    (void)shared;
    uint32_t site = TH_SITE_HERE;
    thi_plain((uintptr_t)lock, sizeof *lock, true, site);
    *(int *)(uintptr_t)lock = 0;
    return 0;
}

int thi_call_pthread_spin_destroy(pthread_spinlock_t *lock);
int thi_call_pthread_spin_destroy(pthread_spinlock_t *lock)
{
    (void)lock;
    return 0;
}

int thi_call_pthread_spin_lock(pthread_spinlock_t *lock);
int thi_call_pthread_spin_lock(pthread_spinlock_t *lock)
{
    uint32_t site = TH_SITE_HERE;
    thi_model_enter();
    thi_model_lock((uintptr_t)lock, site);
    return 0;
}

int thi_call_pthread_spin_trylock(pthread_spinlock_t *lock);
int thi_call_pthread_spin_trylock(pthread_spinlock_t *lock)
{
    uint32_t site = TH_SITE_HERE;
    thi_model_enter();
    return thi_model_lock_try((uintptr_t)lock, site) ? 0 : EBUSY;
}

int thi_call_pthread_spin_unlock(pthread_spinlock_t *lock);
int thi_call_pthread_spin_unlock(pthread_spinlock_t *lock)
{
    uint32_t site = TH_SITE_HERE;
    thi_model_enter();
    thi_model_unlock((uintptr_t)lock, site);
    return 0;
}

/* --- Reader-writer locks: the number of readers, or RWLOCK_WRITER. */

int thi_call_pthread_rwlock_init(pthread_rwlock_t *lock, const pthread_rwlockattr_t *attributes);
int thi_call_pthread_rwlock_init(pthread_rwlock_t *lock, const pthread_rwlockattr_t *attributes)
{
    (void)attributes;
    thi_model_fill(lock, 0, sizeof *lock, TH_SITE_HERE);
    return 0;
}

int thi_call_pthread_rwlock_destroy(pthread_rwlock_t *lock);
int thi_call_pthread_rwlock_destroy(pthread_rwlock_t *lock)
{
    (void)lock;
    return 0;
}

/* How many operations it took and failed; 0: locked. */
static uint32_t rwlock_try(uintptr_t address, bool write, uint32_t site)
{
    thi_model_enter();
    struct thi_model_exchange exchange = {.address = address,
                                          .bytes = 4,
                                          .value = RWLOCK_WRITER,
                                          .order = TH_ORDER_ACQUIRE,
                                          .site = site};
    if (write) {
        thi_record_label(TH_RECORD_LOCK, 0, address, exchange.bytes);
        return thi_model_compare_exchange(&exchange) ? 0 : 1;
    }
    thi_record_label(TH_RECORD_LOCK, TH_RECORD_SHARED, address, exchange.bytes);
    exchange.expected = thi_model_load(address, 4, TH_ORDER_ACQUIRE, site);
    if (exchange.expected == RWLOCK_WRITER) {
        return 1;
    }
    exchange.value = exchange.expected + 1;
    thi_record_label(TH_RECORD_HIDDEN, 0, address, exchange.bytes);
    return thi_model_compare_exchange(&exchange) ? 0 : 2;
}

int thi_call_pthread_rwlock_rdlock(pthread_rwlock_t *lock);
int thi_call_pthread_rwlock_rdlock(pthread_rwlock_t *lock)
{
    uint32_t site = TH_SITE_HERE;
    uint32_t failed = rwlock_try((uintptr_t)lock, false, site);
    if (failed != 0) {
        thi_await(failed, site);
    }
    return 0;
}

int thi_call_pthread_rwlock_wrlock(pthread_rwlock_t *lock);
int thi_call_pthread_rwlock_wrlock(pthread_rwlock_t *lock)
{
    uint32_t site = TH_SITE_HERE;
    uint32_t failed = rwlock_try((uintptr_t)lock, true, site);
    if (failed != 0) {
        thi_await(failed, site);
    }
    held_add((uintptr_t)lock, site);
    return 0;
}

int thi_call_pthread_rwlock_tryrdlock(pthread_rwlock_t *lock);
int thi_call_pthread_rwlock_tryrdlock(pthread_rwlock_t *lock)
{
    uint32_t site = TH_SITE_HERE;
    uint32_t failed = rwlock_try((uintptr_t)lock, false, site);
    if (failed == 2) {
        thi_await(failed, site); /* another reader came in between: it would try again */
    }
    return failed == 0 ? 0 : EBUSY;
}

int thi_call_pthread_rwlock_trywrlock(pthread_rwlock_t *lock);
int thi_call_pthread_rwlock_trywrlock(pthread_rwlock_t *lock)
{
    uint32_t site = TH_SITE_HERE;
    if (rwlock_try((uintptr_t)lock, true, site) != 0) {
        return EBUSY;
    }
    held_add((uintptr_t)lock, site);
    return 0;
}

int thi_call_pthread_rwlock_unlock(pthread_rwlock_t *lock);
int thi_call_pthread_rwlock_unlock(pthread_rwlock_t *lock)
{
    uint32_t site = TH_SITE_HERE;
    thi_model_enter();
    uint32_t *depth = held_depth((uintptr_t)lock);
    if (depth != NULL) {
        *depth = 0;
        thi_record_label(TH_RECORD_UNLOCK, 0, (uintptr_t)lock, 4);
        thi_model_store((uintptr_t)lock, 4, 0, site);
        return 0;
    }
    thi_record_label(TH_RECORD_UNLOCK, TH_RECORD_SHARED, (uintptr_t)lock, 4);
    uint64_t before = thi_model_add((uintptr_t)lock, 4, UINT32_MAX, TH_ORDER_RELEASE, site);
    if (before == 0 || before == RWLOCK_WRITER) {
        thi_fail(TH_ENGINE_FAILED, "unlock of a lock that the thread does not hold", site);
    }
    return 0;
}
