/* SPDX-License-Identifier: MIT
 * forms.c - one operation a function, with nothing beside it: objects by pointer, in fields near
 *           and far, in arrays, global and static; results returned, tested, dropped; calls in the
 *           place of a return; functions that are equal, of which compilers make one.
 */
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#define ORDER(name) memory_order_##name
#define OBJECTS(t, type)      \
    struct object_##t {       \
        char before[24];      \
        _Atomic(type) near;   \
        char between[5000];   \
        _Atomic(type) far;    \
    };                        \
    _Atomic(type) global_##t; \
    static _Atomic(type) hidden_##t;
#define LOADS(t, type, order)                                   \
    type load_##t##_##order(_Atomic(type) *p)                   \
    {                                                           \
        return atomic_load_explicit(p, ORDER(order));           \
    }                                                           \
    type load_near_##t##_##order(struct object_##t *o)          \
    {                                                           \
        return atomic_load_explicit(&o->near, ORDER(order));    \
    }                                                           \
    type load_far_##t##_##order(struct object_##t *o)           \
    {                                                           \
        return atomic_load_explicit(&o->far, ORDER(order));     \
    }                                                           \
    type load_at_##t##_##order(_Atomic(type) *p, size_t i)      \
    {                                                           \
        return atomic_load_explicit(&p[i], ORDER(order));       \
    }                                                           \
    type load_global_##t##_##order(void)                        \
    {                                                           \
        return atomic_load_explicit(&global_##t, ORDER(order)); \
    }                                                           \
    type load_hidden_##t##_##order(void)                        \
    {                                                           \
        return atomic_load_explicit(&hidden_##t, ORDER(order)); \
    }
#define STORES(t, type, order)                                      \
    void store_##t##_##order(_Atomic(type) *p, type v)              \
    {                                                               \
        atomic_store_explicit(p, v, ORDER(order));                  \
    }                                                               \
    void store_zero_##t##_##order(_Atomic(type) *p)                 \
    {                                                               \
        atomic_store_explicit(p, 0, ORDER(order));                  \
    }                                                               \
    void store_far_##t##_##order(struct object_##t *o, type v)      \
    {                                                               \
        atomic_store_explicit(&o->far, v, ORDER(order));            \
    }                                                               \
    void store_at_##t##_##order(_Atomic(type) *p, size_t i, type v) \
    {                                                               \
        atomic_store_explicit(&p[i], v, ORDER(order));              \
    }                                                               \
    void store_hidden_##t##_##order(type v)                         \
    {                                                               \
        atomic_store_explicit(&hidden_##t, v, ORDER(order));        \
    }
#define CHANGES(t, type, order)                                    \
    type exchange_##t##_##order(_Atomic(type) *p, type v)          \
    {                                                              \
        return atomic_exchange_explicit(p, v, ORDER(order));       \
    }                                                              \
    type exchange_far_##t##_##order(struct object_##t *o, type v)  \
    {                                                              \
        return atomic_exchange_explicit(&o->far, v, ORDER(order)); \
    }
#define SUMS(t, type, order)                                                                   \
    type add_##t##_##order(_Atomic(type) *p, type v)                                           \
    {                                                                                          \
        return (type)(atomic_fetch_add_explicit(p, v, ORDER(order)) + v);                      \
    }                                                                                          \
    void sub_##t##_##order(_Atomic(type) *p, type v)                                           \
    {                                                                                          \
        atomic_fetch_sub_explicit(p, v, ORDER(order));                                         \
    }                                                                                          \
    bool last_##t##_##order(_Atomic(type) *p)                                                  \
    {                                                                                          \
        return atomic_fetch_sub_explicit(p, 1, ORDER(order)) == 1;                             \
    }                                                                                          \
    bool bit_set_##t##_##order(_Atomic(type) *p, unsigned bit)                                 \
    {                                                                                          \
        return (atomic_fetch_or_explicit(p, (type)((type)1 << bit), ORDER(order)) >> bit) & 1; \
    }                                                                                          \
    bool bit_clear_##t##_##order(_Atomic(type) *p)                                             \
    {                                                                                          \
        return atomic_fetch_and_explicit(p, (type)~4, ORDER(order)) & 4;                       \
    }                                                                                          \
    bool bit_turn_##t##_##order(struct object_##t *o)                                          \
    {                                                                                          \
        return atomic_fetch_xor_explicit(&o->near, 4, ORDER(order)) & 4;                       \
    }
#define COMPARES(t, type, success, failure)                                                      \
    bool cas_##t##_##success##_##failure(_Atomic(type) *p, type *e, type v)                      \
    {                                                                                            \
        return atomic_compare_exchange_strong_explicit(p, e, v, ORDER(success), ORDER(failure)); \
    }                                                                                            \
    bool cas_weak_##t##_##success##_##failure(struct object_##t *o, type *e, type v)             \
    {                                                                                            \
        return atomic_compare_exchange_weak_explicit(&o->far, e, v, ORDER(success),              \
                                                     ORDER(failure));                            \
    }                                                                                            \
    type cas_seen_##t##_##success##_##failure(_Atomic(type) *p, type e, type v)                  \
    {                                                                                            \
        atomic_compare_exchange_strong_explicit(p, &e, v, ORDER(success), ORDER(failure));       \
        return e;                                                                                \
    }
#define ALL(t, type)                    \
    OBJECTS(t, type)                    \
    LOADS(t, type, relaxed)             \
    LOADS(t, type, acquire)             \
    LOADS(t, type, seq_cst)             \
    STORES(t, type, relaxed)            \
    STORES(t, type, release)            \
    STORES(t, type, seq_cst)            \
    CHANGES(t, type, acquire)           \
    CHANGES(t, type, acq_rel)           \
    CHANGES(t, type, seq_cst)           \
    COMPARES(t, type, relaxed, relaxed) \
    COMPARES(t, type, acquire, relaxed) \
    COMPARES(t, type, acq_rel, acquire) \
    COMPARES(t, type, seq_cst, seq_cst)
#define NUMBERS(t, type)   \
    ALL(t, type)           \
    SUMS(t, type, relaxed) \
    SUMS(t, type, acquire) \
    SUMS(t, type, release) \
    SUMS(t, type, acq_rel) \
    SUMS(t, type, seq_cst)
NUMBERS(u8, uint8_t)
NUMBERS(i16, int16_t)
NUMBERS(u32, uint32_t)
NUMBERS(i32, int32_t) /* equal to those before, as far as the machine can tell */
NUMBERS(u64, uint64_t)
ALL(p, void *)
ALL(b, bool)
