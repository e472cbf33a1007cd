/* SPDX-License-Identifier: MIT
 * macros.c - functions that macros make, whole: all that is in one has the macro's place.
 */
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#define ALLW(m) m(8) m(16) m(32) m(64)
#define S(w)                     \
    struct s##w {                \
        uint##w##_t before;      \
        _Atomic uint##w##_t x;   \
        uint##w##_t after, last; \
    };
ALLW(S)
#define LD(w, o)                                                       \
    uint##w##_t ld_##w##_##o(struct s##w *s)                           \
    {                                                                  \
        s->before = 1;                                                 \
        uint##w##_t r = atomic_load_explicit(&s->x, memory_order_##o); \
        s->after = s->last;                                            \
        return r;                                                      \
    }
#define ST(w, o)                                           \
    void st_##w##_##o(struct s##w *s)                      \
    {                                                      \
        s->before = 1;                                     \
        atomic_store_explicit(&s->x, 5, memory_order_##o); \
        s->after = s->last;                                \
    }
#define RMW(w, o)                                                              \
    uint##w##_t rmw_##w##_##o(struct s##w *s)                                  \
    {                                                                          \
        s->before = 1;                                                         \
        uint##w##_t r = atomic_fetch_add_explicit(&s->x, 5, memory_order_##o); \
        s->after = s->last;                                                    \
        return r;                                                              \
    }                                                                          \
    uint##w##_t xchg_##w##_##o(struct s##w *s)                                 \
    {                                                                          \
        s->before = 1;                                                         \
        uint##w##_t r = atomic_exchange_explicit(&s->x, 5, memory_order_##o);  \
        s->after = s->last;                                                    \
        return r;                                                              \
    }
#define CAS(w, o, f)                                                                    \
    bool cas_##w##_##o##_##f(struct s##w *s, uint##w##_t *e)                            \
    {                                                                                   \
        s->before = 1;                                                                  \
        bool r = atomic_compare_exchange_strong_explicit(&s->x, e, 5, memory_order_##o, \
                                                         memory_order_##f);             \
        s->after = s->last;                                                             \
        return r;                                                                       \
    }
#define FE(o)                                  \
    void fence_##o(struct s64 *s)              \
    {                                          \
        s->before = 1;                         \
        atomic_thread_fence(memory_order_##o); \
        s->after = s->last;                    \
    }
/* Formatted by hand: the formatter makes another form of it each time. */
/* clang-format off */
#define A(w)                                                       \
    LD(w, relaxed) LD(w, acquire) LD(w, seq_cst)                   \
    ST(w, relaxed) ST(w, release) ST(w, seq_cst)                   \
    RMW(w, relaxed) RMW(w, acquire) RMW(w, release)                \
    RMW(w, acq_rel) RMW(w, seq_cst)                                \
    CAS(w, relaxed, relaxed) CAS(w, acquire, relaxed)              \
    CAS(w, acquire, acquire) CAS(w, acq_rel, acquire)              \
    CAS(w, seq_cst, seq_cst)
/* clang-format on */
A(8)
A(16)
A(32)
A(64)
FE(acquire)
FE(release)
FE(acq_rel)
FE(seq_cst)
