/* SPDX-License-Identifier: MIT
 * structures.c - what programs do with atomics, for the auditor to read: stacks, locks, reference
 *                counts, tables of jumps, inlined and merged operations, narrow objects.
 */
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
struct node {
    struct node *next;
    long value;
};
struct stack {
    _Atomic(struct node *) top;
    long pad[7];
    _Atomic uint32_t count;
    _Atomic uint16_t half;
    _Atomic uint8_t byte;
    _Atomic bool flag;
    atomic_flag lock;
    long data[4];
};
struct wrap {
    struct {
        _Atomic uint64_t raw;
    } a;
    struct {
        _Atomic(void *) raw;
    } p;
};
void push(struct stack *s, struct node *n)
{
    struct node *old = atomic_load_explicit(&s->top, memory_order_relaxed);
    do {
        n->next = old;
    } while (!atomic_compare_exchange_weak_explicit(&s->top, &old, n, memory_order_release,
                                                    memory_order_relaxed));
    atomic_fetch_add_explicit(&s->count, 1, memory_order_relaxed);
}
struct node *pop(struct stack *s)
{
    struct node *old = atomic_load_explicit(&s->top, memory_order_acquire);
    while (old != NULL &&
           !atomic_compare_exchange_weak_explicit(&s->top, &old, old->next, memory_order_acq_rel,
                                                  memory_order_acquire)) {
    }
    return old;
}
long pop_many(struct stack *s, int n)
{
    long sum = 0;
    for (int i = 0; i < n; i++) {
        for (;;) {
            struct node *old = atomic_load_explicit(&s->top, memory_order_acquire);
            if (old == NULL) {
                break;
            }
            if (atomic_compare_exchange_strong_explicit(
                    &s->top, &old, old->next, memory_order_acquire, memory_order_relaxed)) {
                sum += old->value;
                break;
            }
        }
    }
    return sum;
}
static inline uint64_t get(const struct wrap *w)
{
    return atomic_load_explicit(&w->a.raw, memory_order_acquire);
}
static inline void put(struct wrap *w, uint64_t v)
{
    atomic_store_explicit(&w->a.raw, v, memory_order_release);
}
static inline bool cas(struct wrap *w, uint64_t *e, uint64_t v)
{
    return atomic_compare_exchange_strong_explicit(&w->a.raw, e, v, memory_order_acq_rel,
                                                   memory_order_acquire);
}
uint64_t twice(struct wrap *w, struct wrap *v)
{
    uint64_t a = get(w);
    uint64_t b = get(v);
    put(w, a + b);
    put(v, a - b);
    return a;
}
uint64_t branchy(struct wrap *w, int c)
{
    uint64_t r = 0;
    switch (c) {
    case 0: r = get(w); break;
    case 1: put(w, 1); break;
    case 2: cas(w, &r, 7); break;
    case 3: r = atomic_exchange_explicit(&w->a.raw, 3, memory_order_acq_rel); break;
    case 4: r = atomic_fetch_or_explicit(&w->a.raw, 3, memory_order_seq_cst); break;
    case 5:
        atomic_thread_fence(memory_order_seq_cst);
        r = get(w);
        break;
    default: put(w, c > 10 ? 11 : 12); break;
    }
    return r;
}
bool lock_try(struct stack *s)
{
    return !atomic_flag_test_and_set_explicit(&s->lock, memory_order_acquire);
}
void lock(struct stack *s)
{
    while (atomic_flag_test_and_set_explicit(&s->lock, memory_order_acquire)) {
        while (atomic_load_explicit(&s->byte, memory_order_relaxed)) {
        }
    }
    s->data[0]++;
}
void unlock(struct stack *s)
{
    s->data[1] = s->data[0];
    atomic_flag_clear_explicit(&s->lock, memory_order_release);
}
void spin(struct stack *s)
{
    while (!atomic_load_explicit(&s->flag, memory_order_acquire)) {
    }
    s->data[2] = s->data[3];
}
uint16_t half_max(struct stack *s, uint16_t v)
{
    uint16_t old = atomic_load_explicit(&s->half, memory_order_relaxed);
    while (old < v && !atomic_compare_exchange_weak_explicit(
                          &s->half, &old, v, memory_order_acq_rel, memory_order_relaxed)) {
    }
    return old;
}
uint8_t byte_bits(struct stack *s, uint8_t v)
{
    return (uint8_t)(atomic_fetch_or_explicit(&s->byte, v, memory_order_acq_rel) & v);
}
bool bit_set(struct stack *s, unsigned n)
{
    return (atomic_fetch_or_explicit(&s->count, 1u << n, memory_order_acq_rel) >> n) & 1;
}
bool bit_clear(struct stack *s, unsigned n)
{
    return (atomic_fetch_and_explicit(&s->count, ~(1u << n), memory_order_release) >> n) & 1;
}
bool ref_drop(struct stack *s)
{
    if (atomic_fetch_sub_explicit(&s->count, 1, memory_order_release) == 1) {
        atomic_thread_fence(memory_order_acquire);
        s->data[0] = s->data[1];
        return true;
    }
    return false;
}
void fence_branch(struct stack *s, int c)
{
    s->data[0] = 1;
    if (c)
        atomic_thread_fence(memory_order_seq_cst);
    else
        atomic_thread_fence(memory_order_release);
    atomic_store_explicit(&s->count, 1, memory_order_relaxed);
    s->data[1] = 2;
}
long fence_acq_branch(struct stack *s, int c)
{
    long r = 0;
    uint32_t n = atomic_load_explicit(&s->count, memory_order_relaxed);
    if (n == (uint32_t)c) {
        atomic_thread_fence(memory_order_acquire);
        r = s->data[0];
    }
    return r;
}
void seq_write(struct stack *s, long a, long b)
{
    uint32_t n = atomic_load_explicit(&s->count, memory_order_relaxed);
    atomic_store_explicit(&s->count, n + 1, memory_order_relaxed);
    atomic_thread_fence(memory_order_release);
    s->data[0] = a;
    s->data[1] = b;
    atomic_store_explicit(&s->count, n + 2, memory_order_release);
}
bool seq_read(struct wrap *w, struct stack *s, uint64_t *a)
{
    uint32_t n = atomic_load_explicit(&s->count, memory_order_acquire);
    uint64_t v = atomic_load_explicit(&w->a.raw, memory_order_relaxed);
    void *p = atomic_load_explicit(&w->p.raw, memory_order_relaxed);
    atomic_thread_fence(memory_order_acquire);
    *a = v + (uint64_t)(uintptr_t)p;
    return n == atomic_load_explicit(&s->count, memory_order_relaxed) && !(n & 1);
}
void store_loop(struct wrap *w, int n)
{
    for (int i = 0; i < n; i++) {
        w[i].p.raw = w;
        put(&w[i], (uint64_t)i);
    }
}
uint64_t sum_loop(const struct wrap *w, int n)
{
    uint64_t s = 0;
    for (int i = 0; i < n; i++) {
        s += get(&w[i]);
    }
    return s;
}
void dekker(struct wrap *w, struct wrap *v, uint64_t *r)
{
    atomic_store(&w->a.raw, 1);
    *r = atomic_load(&v->a.raw);
}
void sc_mix(struct wrap *w, struct wrap *v, uint64_t *r)
{
    atomic_fetch_add(&w->a.raw, 1);
    *r = atomic_load(&v->a.raw);
    atomic_store(&v->a.raw, 4);
    *r += atomic_exchange(&w->a.raw, 4);
}
void *ptr_swap(struct wrap *w, void *p)
{
    return atomic_exchange_explicit(&w->p.raw, p, memory_order_acq_rel);
}
void *ptr_once(struct wrap *w, void *(*make)(void))
{
    void *p = atomic_load_explicit(&w->p.raw, memory_order_acquire);
    if (p == NULL) {
        void *q = make();
        if (atomic_compare_exchange_strong_explicit(&w->p.raw, &p, q, memory_order_acq_rel,
                                                    memory_order_acquire))
            p = q;
    }
    return p;
}
extern void done(void);
void tail_store(struct wrap *w)
{
    w->p.raw = NULL;
    atomic_store_explicit(&w->a.raw, 1, memory_order_release);
    done();
}
void tail_only(struct stack *s)
{
    s->data[0] = 5;
    atomic_store_explicit(&s->flag, true, memory_order_release);
}
int signed_ops(_Atomic int *x, _Atomic short *y, _Atomic signed char *z)
{
    return atomic_fetch_sub_explicit(x, 3, memory_order_acquire) +
           atomic_load_explicit(y, memory_order_acquire) +
           atomic_load_explicit(z, memory_order_acquire);
}
int cmp_zero(_Atomic int *x)
{
    return atomic_fetch_add_explicit(x, -1, memory_order_acq_rel) == 1;
}
_Atomic int global;
static _Atomic long hidden;
long mine;
int global_ops(void)
{
    mine++;
    hidden++;
    atomic_store_explicit(&global, 3, memory_order_release);
    return (int)atomic_load_explicit(&hidden, memory_order_acquire) + (int)mine;
}
void plain_ops(_Atomic int *x, _Atomic uint64_t *y)
{
    *x += 3;
    *y *= 5;
    (*x)++;
    *y = 7;
}
bool cas_local(struct wrap *w, uint64_t a, uint64_t b)
{
    return atomic_compare_exchange_strong_explicit(&w->a.raw, &a, b, memory_order_seq_cst,
                                                   memory_order_seq_cst);
}
int wait_two(struct stack *a, struct stack *b)
{
    int n = 0;
    while (atomic_load_explicit(&a->count, memory_order_acquire) != 0 ||
           atomic_load_explicit(&b->count, memory_order_acquire) != 0) {
        n++;
    }
    return n;
}
void relaxed_all(struct stack *s)
{
    atomic_store_explicit(&s->half, 3, memory_order_relaxed);
    atomic_fetch_xor_explicit(&s->half, 9, memory_order_relaxed);
    atomic_store_explicit(&s->byte, 3, memory_order_relaxed);
}
