/* SPDX-License-Identifier: MIT
 * algorithms.c - more of it: rings, ticket locks, sequence locks, lists, hazard pointers, barriers,
 *                floating point, old builtins.
 */
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
void *memcpy(void *, const void *, size_t);
typedef struct {
    _Atomic uint32_t seq;
    uint32_t pad;
    _Atomic uint64_t words[4];
} seqlock;
typedef struct ring {
    _Alignas(64) atomic_size_t head;
    _Alignas(64) atomic_size_t tail;
    _Alignas(64) long slots[64];
} ring;
typedef struct {
    atomic_uint next;
    atomic_uint owner;
} ticket;
typedef struct {
    _Atomic(struct item *) bucket[16];
    atomic_int users;
} table;
struct item {
    struct item *next;
    long key, value;
    _Atomic(struct item *) link;
};
bool ring_put(ring *r, long v)
{
    size_t h = atomic_load_explicit(&r->head, memory_order_relaxed);
    if (h - atomic_load_explicit(&r->tail, memory_order_acquire) == 64)
        return false;
    r->slots[h & 63] = v;
    atomic_store_explicit(&r->head, h + 1, memory_order_release);
    return true;
}
bool ring_get(ring *r, long *v)
{
    size_t t = atomic_load_explicit(&r->tail, memory_order_relaxed);
    if (t == atomic_load_explicit(&r->head, memory_order_acquire))
        return false;
    *v = r->slots[t & 63];
    atomic_store_explicit(&r->tail, t + 1, memory_order_release);
    return true;
}
void ticket_lock(ticket *t)
{
    unsigned me = atomic_fetch_add_explicit(&t->next, 1, memory_order_relaxed);
    while (atomic_load_explicit(&t->owner, memory_order_acquire) != me)
        ;
}
void ticket_unlock(ticket *t)
{
    atomic_store_explicit(&t->owner, atomic_load_explicit(&t->owner, memory_order_relaxed) + 1,
                          memory_order_release);
}
void seq_write(seqlock *s, const uint64_t *in)
{
    uint32_t n = atomic_load_explicit(&s->seq, memory_order_relaxed);
    atomic_store_explicit(&s->seq, n + 1, memory_order_relaxed);
    atomic_thread_fence(memory_order_release);
    for (int i = 0; i < 4; i++)
        atomic_store_explicit(&s->words[i], in[i], memory_order_relaxed);
    atomic_store_explicit(&s->seq, n + 2, memory_order_release);
}
void seq_read(seqlock *s, uint64_t *out)
{
    uint32_t a, b;
    do {
        a = atomic_load_explicit(&s->seq, memory_order_acquire);
        for (int i = 0; i < 4; i++)
            out[i] = atomic_load_explicit(&s->words[i], memory_order_relaxed);
        atomic_thread_fence(memory_order_acquire);
        b = atomic_load_explicit(&s->seq, memory_order_relaxed);
    } while (a != b || (a & 1));
}
struct item *find(table *t, long key)
{
    for (struct item *i = atomic_load_explicit(&t->bucket[key & 15], memory_order_acquire); i;
         i = atomic_load_explicit(&i->link, memory_order_acquire))
        if (i->key == key)
            return i;
    return NULL;
}
bool insert(table *t, struct item *n)
{
    _Atomic(struct item *) *head = &t->bucket[n->key & 15];
    struct item *first = atomic_load_explicit(head, memory_order_acquire);
    for (;;) {
        for (struct item *i = first; i; i = atomic_load_explicit(&i->link, memory_order_acquire))
            if (i->key == n->key)
                return false;
        atomic_store_explicit(&n->link, first, memory_order_relaxed);
        if (atomic_compare_exchange_weak_explicit(head, &first, n, memory_order_acq_rel,
                                                  memory_order_acquire))
            return true;
    }
}
void hazard(table *t, _Atomic(void *) *slot, void **out)
{
    void *p, *q = atomic_load_explicit((_Atomic(void *) *)&t->bucket[0], memory_order_relaxed);
    do {
        p = q;
        atomic_store_explicit(slot, p, memory_order_relaxed);
        atomic_thread_fence(memory_order_seq_cst);
        q = atomic_load_explicit((_Atomic(void *) *)&t->bucket[0], memory_order_acquire);
    } while (p != q);
    *out = p;
}
void peterson(atomic_bool *mine, atomic_bool *other, atomic_int *turn, int me)
{
    atomic_store(mine, true);
    atomic_store(turn, 1 - me);
    while (atomic_load(other) && atomic_load(turn) == 1 - me) {
    }
}
uint8_t bytes(_Atomic uint8_t *a, _Atomic uint8_t *b, uint8_t v)
{
    uint8_t r = atomic_exchange_explicit(a, v, memory_order_acquire);
    r ^= atomic_fetch_add_explicit(b, r, memory_order_release);
    uint8_t e = r;
    atomic_compare_exchange_strong_explicit(a, &e, 9, memory_order_seq_cst, memory_order_relaxed);
    return (uint8_t)(e + atomic_fetch_and_explicit(b, 3, memory_order_acq_rel));
}
uint16_t halves(_Atomic uint16_t *a, uint16_t v)
{
    uint16_t e = 3;
    while (!atomic_compare_exchange_weak_explicit(a, &e, (uint16_t)(e + v), memory_order_release,
                                                  memory_order_relaxed)) {
    }
    return (uint16_t)(atomic_load_explicit(a, memory_order_acquire) +
                      atomic_fetch_xor_explicit(a, 1, memory_order_seq_cst));
}
long double_checked(_Atomic(long *) *cell, long *(*make)(void), atomic_flag *lock)
{
    long *p = atomic_load_explicit(cell, memory_order_acquire);
    if (!p) {
        while (atomic_flag_test_and_set_explicit(lock, memory_order_acquire)) {
        }
        p = atomic_load_explicit(cell, memory_order_relaxed);
        if (!p) {
            p = make();
            atomic_store_explicit(cell, p, memory_order_release);
        }
        atomic_flag_clear_explicit(lock, memory_order_release);
    }
    return *p;
}
void barrier_wait(atomic_int *count, atomic_int *phase, int n, long *shared)
{
    int p = atomic_load_explicit(phase, memory_order_relaxed);
    shared[0]++;
    if (atomic_fetch_add_explicit(count, 1, memory_order_acq_rel) == n - 1) {
        atomic_store_explicit(count, 0, memory_order_relaxed);
        atomic_fetch_add_explicit(phase, 1, memory_order_release);
    } else {
        while (atomic_load_explicit(phase, memory_order_acquire) == p) {
        }
    }
    shared[1] = shared[2];
}
void copy_publish(atomic_int *flag, char *to, const char *from)
{
    memcpy(to, from, 64);
    atomic_store_explicit(flag, 1, memory_order_release);
}
int consume_copy(atomic_int *flag, char *to, const char *from)
{
    if (atomic_load_explicit(flag, memory_order_acquire)) {
        memcpy(to, from, 32);
        return 1;
    }
    return 0;
}
void many(atomic_int *a, int n)
{
    for (int i = 0; i < n; i++) {
        a[i] += i;
        atomic_fetch_or_explicit(&a[i], 1, memory_order_acq_rel);
        if (a[i] > 5)
            atomic_thread_fence(memory_order_acq_rel);
    }
}
float real(_Atomic float *f, _Atomic double *d, _Atomic(int *) *p)
{
    float r = atomic_load_explicit(f, memory_order_acquire);
    atomic_store_explicit(d, r * 2.0, memory_order_release);
    atomic_fetch_add_explicit(p, 3, memory_order_acq_rel);
    return r;
}
void volatile_ops(volatile atomic_int *a, volatile int *b)
{
    *b = 1;
    atomic_store_explicit(a, 2, memory_order_release);
    *b = atomic_load_explicit(a, memory_order_acquire);
}
int always(atomic_int *a)
{
    __atomic_store_n((int *)a, 1, __ATOMIC_RELEASE);
    __sync_fetch_and_add((int *)a, 2);
    __sync_synchronize();
    return __sync_bool_compare_and_swap((int *)a, 3, 4) +
           __atomic_add_fetch((int *)a, 5, __ATOMIC_ACQ_REL);
}
