/* SPDX-License-Identifier: MIT
 * loops.c - several operations in a loop, nested inlined ones, loops of compare-exchanges of every
 *           width, fences between plain accesses, results dropped or tested by bits, choices of
 *           orders, ends that are merged and copied again.
 */
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
void *memset(void *, int, size_t);
#define LOAD(p, m) atomic_load_explicit(p, memory_order_##m)
#define STORE(p, v, m) atomic_store_explicit(p, v, memory_order_##m)
#define FENCE(m) atomic_thread_fence(memory_order_##m)
struct queue {
    atomic_uint head;
    atomic_uint tail;
    _Atomic(void *) cell[32];
    uint64_t data[32];
    atomic_bool closed;
    _Atomic uint8_t state;
    _Atomic int16_t level;
    _Atomic uint64_t stamp;
    _Atomic uint32_t bits;
    _Atomic uint8_t lane[16];
};
/* cas loops of each width */
#define CASLOOP(n, t, s, f)                                                                        \
    t casloop_##n##_##s##_##f(_Atomic t *p, t d)                                                   \
    {                                                                                              \
        t old = atomic_load_explicit(p, memory_order_relaxed);                                     \
        while (!atomic_compare_exchange_weak_explicit(p, &old, (t)(old * 3 + d), memory_order_##s, \
                                                      memory_order_##f)) {                         \
        }                                                                                          \
        return old;                                                                                \
    }
CASLOOP(8, uint8_t, acq_rel, relaxed)
CASLOOP(16, uint16_t, acq_rel, acquire)
CASLOOP(32, uint32_t, acq_rel, acquire)
CASLOOP(64, uint64_t, acq_rel, relaxed)
CASLOOP(8, uint8_t, acquire, relaxed)
CASLOOP(16, uint16_t, acquire, relaxed)
CASLOOP(32, uint32_t, acquire, acquire)
CASLOOP(64, uint64_t, acquire, acquire)
CASLOOP(8, uint8_t, seq_cst, seq_cst)
CASLOOP(16, uint16_t, seq_cst, seq_cst)
CASLOOP(32, uint32_t, seq_cst, seq_cst)
CASLOOP(64, uint64_t, seq_cst, seq_cst)
CASLOOP(8, int8_t, relaxed, relaxed)
CASLOOP(16, int16_t, relaxed, relaxed)
CASLOOP(32, int32_t, relaxed, relaxed)
CASLOOP(64, int64_t, relaxed, relaxed)
/* several atomics in a loop */
uint64_t scan(struct queue *q, unsigned n)
{
    uint64_t sum = 0;
    for (unsigned i = 0; i < n; i++) {
        if (LOAD(&q->closed, acquire)) {
            break;
        }
        void *c = LOAD(&q->cell[i & 31], acquire);
        if (c != NULL) {
            sum += q->data[i & 31];
            atomic_fetch_add_explicit(&q->stamp, 1, memory_order_relaxed);
        }
        if (atomic_fetch_or_explicit(&q->bits, 1u << (i & 31), memory_order_acq_rel) &
            (1u << (i & 31))) {
            STORE(&q->level, (int16_t)i, release);
        }
    }
    return sum;
}
/* nested inline functions */
static inline bool bit_take(_Atomic uint32_t *w, unsigned b)
{
    return (atomic_fetch_or_explicit(w, 1u << b, memory_order_acquire) & (1u << b)) == 0;
}
static inline void bit_give(_Atomic uint32_t *w, unsigned b)
{
    atomic_fetch_and_explicit(w, ~(1u << b), memory_order_release);
}
static inline int with_bit(struct queue *q, unsigned b, uint64_t v)
{
    if (!bit_take(&q->bits, b)) {
        return 0;
    }
    q->data[b] = v;
    bit_give(&q->bits, b);
    return 1;
}
static inline int with_two(struct queue *q, uint64_t v)
{
    return with_bit(q, 3, v) + with_bit(q, 4, v + 1);
}
int nested(struct queue *q, int k)
{
    int r = 0;
    for (int i = 0; i < k; i++) {
        r += with_two(q, (uint64_t)i);
    }
    return r + with_bit(q, 5, 9);
}
int dispatch(struct queue *q, int op, uint64_t v)
{
    switch (op) {
    case 0: return with_two(q, v);
    case 1: return with_bit(q, 7, v);
    case 2: STORE(&q->closed, true, release); return 2;
    case 3: return LOAD(&q->closed, seq_cst);
    case 4: FENCE(seq_cst); return (int)q->data[0];
    case 5: return (int)atomic_exchange_explicit(&q->state, 3, memory_order_acq_rel);
    case 6: atomic_fetch_sub_explicit(&q->stamp, v, memory_order_release); return 6;
    case 7: STORE(&q->stamp, v, seq_cst); return 7;
    case 8: return (int)LOAD(&q->level, acquire);
    default: return -1;
    }
}
/* fences between plain accesses */
void plain_fences(uint64_t *a, uint64_t *b)
{
    a[0] = 1;
    FENCE(release);
    a[1] = 2;
    FENCE(seq_cst);
    b[0] = a[2];
    FENCE(acquire);
    b[1] = a[3];
    FENCE(acq_rel);
    b[2] = 7;
}
uint64_t fence_loop(uint64_t *a, atomic_int *f, int n)
{
    uint64_t s = 0;
    for (int i = 0; i < n; i++) {
        while (LOAD(f, relaxed) != i) {
        }
        FENCE(acquire);
        s += a[i];
        a[i] = s;
        FENCE(release);
        STORE(f, -i, relaxed);
    }
    return s;
}
/* results unused */
void unused(struct queue *q, void *p)
{
    q->data[0] = 1;
    (void)atomic_exchange_explicit(&q->cell[0], p, memory_order_acq_rel);
    q->data[1] = q->data[2];
    (void)atomic_exchange_explicit(&q->state, 1, memory_order_seq_cst);
    q->data[3] = q->data[4];
    (void)atomic_exchange_explicit(&q->level, 1, memory_order_acquire);
    q->data[5] = q->data[6];
}
/* bits that are tested */
int bits(struct queue *q, unsigned n)
{
    int r = 0;
    if (atomic_fetch_or_explicit(&q->bits, 1u, memory_order_seq_cst) & 1u)
        r |= 1;
    if (!(atomic_fetch_and_explicit(&q->bits, ~2u, memory_order_acquire) & 2u))
        r |= 2;
    if (atomic_fetch_xor_explicit(&q->bits, 4u, memory_order_acq_rel) & 4u)
        r |= 4;
    if (atomic_fetch_or_explicit(&q->stamp, 1ull << n, memory_order_acq_rel) & (1ull << n))
        r |= 8;
    if (atomic_fetch_or_explicit(&q->state, 0x80, memory_order_acq_rel) & 0x80)
        r |= 16;
    return r;
}
/* flags */
bool once(atomic_bool *done, atomic_bool *busy, int *value)
{
    if (LOAD(done, acquire)) {
        return true;
    }
    bool expected = false;
    if (atomic_compare_exchange_strong_explicit(busy, &expected, true, memory_order_acquire,
                                                memory_order_relaxed)) {
        *value = 42;
        STORE(done, true, release);
        return true;
    }
    while (!LOAD(done, acquire)) {
    }
    return *value == 42;
}
bool flag_swap(atomic_bool *f)
{
    return atomic_exchange_explicit(f, true, memory_order_acquire);
}
void flag_toggle(atomic_bool *f)
{
    bool b = LOAD(f, relaxed);
    while (!atomic_compare_exchange_weak_explicit(f, &b, !b, memory_order_acq_rel,
                                                  memory_order_relaxed)) {
    }
}
/* arrays of bytes */
unsigned lanes(struct queue *q, uint8_t tag)
{
    unsigned mask = 0;
    for (unsigned i = 0; i < 16; i++) {
        mask |= (unsigned)(LOAD(&q->lane[i], relaxed) == tag) << i;
    }
    FENCE(acquire);
    return mask;
}
unsigned lanes_acquire(struct queue *q, uint8_t tag)
{
    for (unsigned i = 0; i < 16; i++) {
        if (LOAD(&q->lane[i], acquire) == tag)
            return i;
    }
    return 16;
}
/* early exits */
int find_or_claim(struct queue *q, void *p)
{
    for (int i = 0; i < 32; i++) {
        void *seen = LOAD(&q->cell[i], acquire);
        if (seen == p) {
            return i;
        }
        if (seen == NULL) {
            if (atomic_compare_exchange_strong_explicit(&q->cell[i], &seen, p, memory_order_acq_rel,
                                                        memory_order_acquire)) {
                return i;
            }
            if (seen == p) {
                return i;
            }
        }
    }
    return -1;
}
/* a lock by hand, both paths */
void slow(void *);
void mutex(atomic_int *m, uint64_t *n)
{
    int zero = 0;
    if (!atomic_compare_exchange_strong_explicit(m, &zero, 1, memory_order_acquire,
                                                 memory_order_relaxed)) {
        slow(m);
    }
    (*n)++;
    if (atomic_exchange_explicit(m, 0, memory_order_release) == 2) {
        slow(m);
    }
}
/* Dekker with fences */
int dekker_fence(atomic_int *x, atomic_int *y)
{
    STORE(x, 1, relaxed);
    FENCE(seq_cst);
    return LOAD(y, relaxed);
}
int dekker_seq(atomic_int *x, atomic_int *y)
{
    STORE(x, 1, seq_cst);
    return LOAD(y, seq_cst);
}
uint64_t seq_chain(_Atomic uint64_t *x, _Atomic uint64_t *y, _Atomic uint64_t *z)
{
    uint64_t a = LOAD(x, seq_cst);
    STORE(y, a, seq_cst);
    uint64_t b = atomic_fetch_add(z, a);
    STORE(x, b, seq_cst);
    return LOAD(y, seq_cst) + LOAD(z, acquire);
}
/* arguments on the stack, calls beside */
struct big {
    uint64_t v[12];
};
void take(const struct big *);
void publish_big(struct big *b, atomic_int *ready)
{
    memset(b, 0, sizeof *b);
    b->v[11] = 5;
    STORE(ready, 1, release);
    struct big copy = *b;
    take(&copy);
}
/* recursion, tail calls */
uint64_t walk(_Atomic(struct queue *) *p, int depth)
{
    struct queue *q = LOAD(p, acquire);
    if (q == NULL || depth == 0)
        return 0;
    uint64_t v = q->data[0];
    if (v & 1)
        return walk((_Atomic(struct queue *) *)&q->cell[0], depth - 1);
    return v + LOAD(&q->stamp, acquire);
}
/* ternaries of orders */
unsigned pick(atomic_uint *a, atomic_uint *b, bool c)
{
    atomic_uint *p = c ? a : b;
    unsigned r = c ? LOAD(a, acquire) : LOAD(b, relaxed);
    STORE(p, r + 1, release);
    return r;
}
/* max by cas with several exits */
uint64_t store_max(_Atomic uint64_t *p, uint64_t v)
{
    uint64_t old = LOAD(p, acquire);
    for (;;) {
        if (old >= v) {
            return old;
        }
        if (atomic_compare_exchange_weak_explicit(p, &old, v, memory_order_acq_rel,
                                                  memory_order_acquire)) {
            return v;
        }
    }
}
/* two words with a check between */
bool snapshot(_Atomic uint64_t *w, _Atomic uint32_t *version, uint64_t out[2])
{
    for (int tries = 0; tries < 8; tries++) {
        uint32_t v = LOAD(version, acquire);
        if (v & 1)
            continue;
        out[0] = LOAD(&w[0], relaxed);
        out[1] = LOAD(&w[1], relaxed);
        FENCE(acquire);
        if (LOAD(version, relaxed) == v)
            return true;
    }
    return false;
}
void snapshot_write(_Atomic uint64_t *w, _Atomic uint32_t *version, uint64_t a, uint64_t b)
{
    atomic_fetch_add_explicit(version, 1, memory_order_acquire);
    FENCE(release);
    STORE(&w[0], a, relaxed);
    STORE(&w[1], b, relaxed);
    atomic_fetch_add_explicit(version, 1, memory_order_release);
}
#ifndef __wasm__
_Thread_local
#endif
    uint64_t mine;
void count(_Atomic uint64_t *total)
{
    if (++mine == 64) {
        atomic_fetch_add_explicit(total, mine, memory_order_release);
        mine = 0;
    }
}
float float_add(_Atomic float *f, float v)
{
    float old = LOAD(f, relaxed);
    while (!atomic_compare_exchange_weak_explicit(f, &old, old + v, memory_order_acq_rel,
                                                  memory_order_relaxed)) {
    }
    return old;
}
