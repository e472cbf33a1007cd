/* SPDX-License-Identifier: MIT
 * atomic.h - ordered operations on struct-wrapped words; the order is in the name of the call.
 *
 * Guarantees   A plain `x = 5` on a shared word does not compile. Words are lock-free and naturally
 *              aligned, checked at compile time.
 * Progress     every operation is wait-free but the compare-exchange loops of LL/SC machines, which
 *              are lock-free.
 * Rules        Only these compare-exchange pairs exist: (acq_rel, acquire), (acquire, acquire),
 *              (acquire, relaxed), (relaxed, relaxed), (seq_cst, seq_cst), (release, relaxed):
 *              compilers have lost the barrier of others. No result-less exchange, no add of 0 as a
 *              barrier, nothing wider than 64 bits, no consume. A seq_cst store is never paired
 *              with a seq_cst load alone: use a seq_cst fence.
 * Sources      order in the call's name: mimalloc, vatomic.
 */
#ifndef TOPHASH_ATOMIC_ATOMIC_H
#define TOPHASH_ATOMIC_ATOMIC_H

#include <stdatomic.h>

#include "base/base.h"

struct th_au64 {
    _Alignas(8) _Atomic(uint64_t) raw;
};
struct th_au32 {
    _Alignas(4) _Atomic(uint32_t) raw;
};
struct th_au8 {
    _Atomic(uint8_t) raw;
};
struct th_aptr {
    _Alignas(sizeof(void *)) _Atomic(void *) raw;
};

#if !defined(ATOMIC_LLONG_LOCK_FREE) || ATOMIC_LLONG_LOCK_FREE != 2
#error "tophash needs lock-free 64-bit atomics on this target"
#endif
_Static_assert(sizeof(struct th_au64) == 8, "a shared word is 8 bytes");
_Static_assert(_Alignof(struct th_au64) == 8, "a shared word never straddles a line");
_Static_assert(sizeof(struct th_au32) == 4, "a shared half word is 4 bytes");
_Static_assert(sizeof(struct th_au8) == 1, "a shared byte is 1 byte");
_Static_assert(sizeof(struct th_aptr) == sizeof(void *), "a shared pointer is one word");

/* X(short name, struct, value type) makes the operations of one width. A macro, because C has no
 * other way to write one body for four widths; it hides no control flow. */
#define THI_ATOMIC_LOADS_STORES(name, wrap, type)                                                  \
    TH_INLINE void th_##name##_init(struct wrap *word, type value)                                 \
    {                                                                                              \
        atomic_init(&word->raw, value);                                                            \
    }                                                                                              \
    TH_INLINE type th_##name##_load_rlx(const struct wrap *word)                                   \
    {                                                                                              \
        return atomic_load_explicit(&((struct wrap *)(uintptr_t)word)->raw, memory_order_relaxed); \
    }                                                                                              \
    TH_INLINE type th_##name##_load_acq(const struct wrap *word)                                   \
    {                                                                                              \
        return atomic_load_explicit(&((struct wrap *)(uintptr_t)word)->raw, memory_order_acquire); \
    }                                                                                              \
    TH_INLINE type th_##name##_load_sc(const struct wrap *word)                                    \
    {                                                                                              \
        return atomic_load_explicit(&((struct wrap *)(uintptr_t)word)->raw, memory_order_seq_cst); \
    }                                                                                              \
    TH_INLINE void th_##name##_store_rlx(struct wrap *word, type value)                            \
    {                                                                                              \
        atomic_store_explicit(&word->raw, value, memory_order_relaxed);                            \
    }                                                                                              \
    TH_INLINE void th_##name##_store_rel(struct wrap *word, type value)                            \
    {                                                                                              \
        atomic_store_explicit(&word->raw, value, memory_order_release);                            \
    }                                                                                              \
    THI_ATOMIC_EXCHANGE(name, wrap, type, rlx, memory_order_relaxed)                               \
    THI_ATOMIC_EXCHANGE(name, wrap, type, acq, memory_order_acquire)                               \
    THI_ATOMIC_EXCHANGE(name, wrap, type, rel, memory_order_release)                               \
    THI_ATOMIC_EXCHANGE(name, wrap, type, acqrel, memory_order_acq_rel)                            \
    THI_ATOMIC_EXCHANGE(name, wrap, type, sc, memory_order_seq_cst)                                \
    THI_ATOMIC_CAS(name, wrap, type, rlx_rlx, memory_order_relaxed, memory_order_relaxed)          \
    THI_ATOMIC_CAS(name, wrap, type, acq_rlx, memory_order_acquire, memory_order_relaxed)          \
    THI_ATOMIC_CAS(name, wrap, type, acq_acq, memory_order_acquire, memory_order_acquire)          \
    THI_ATOMIC_CAS(name, wrap, type, rel_rlx, memory_order_release, memory_order_relaxed)          \
    THI_ATOMIC_CAS(name, wrap, type, acqrel_acq, memory_order_acq_rel, memory_order_acquire)       \
    THI_ATOMIC_CAS(name, wrap, type, sc_sc, memory_order_seq_cst, memory_order_seq_cst)

/* The strong compare-exchange: true if *expected was found and `desired` stored; otherwise
 * *expected is what was found. */
#define THI_ATOMIC_CAS(name, wrap, type, suffix, success, failure)                             \
    TH_INLINE bool th_##name##_cas_##suffix(struct wrap *word, type *expected, type desired)   \
    {                                                                                          \
        return atomic_compare_exchange_strong_explicit(&word->raw, expected, desired, success, \
                                                       failure);                               \
    }

#define THI_ATOMIC_EXCHANGE(name, wrap, type, suffix, order)                                  \
    TH_INLINE TH_MUST_CHECK type th_##name##_exchange_##suffix(struct wrap *word, type value) \
    {                                                                                         \
        return atomic_exchange_explicit(&word->raw, value, order);                            \
    }

#define THI_ATOMIC_ARITHMETIC(name, wrap, type, suffix, order)             \
    TH_INLINE type th_##name##_add_##suffix(struct wrap *word, type value) \
    {                                                                      \
        return atomic_fetch_add_explicit(&word->raw, value, order);        \
    }                                                                      \
    TH_INLINE type th_##name##_sub_##suffix(struct wrap *word, type value) \
    {                                                                      \
        return atomic_fetch_sub_explicit(&word->raw, value, order);        \
    }                                                                      \
    TH_INLINE type th_##name##_or_##suffix(struct wrap *word, type value)  \
    {                                                                      \
        return atomic_fetch_or_explicit(&word->raw, value, order);         \
    }                                                                      \
    TH_INLINE type th_##name##_and_##suffix(struct wrap *word, type value) \
    {                                                                      \
        return atomic_fetch_and_explicit(&word->raw, value, order);        \
    }

THI_ATOMIC_LOADS_STORES(u64, th_au64, uint64_t)
THI_ATOMIC_LOADS_STORES(u32, th_au32, uint32_t)
THI_ATOMIC_LOADS_STORES(u8, th_au8, uint8_t)
THI_ATOMIC_LOADS_STORES(ptr, th_aptr, void *)
THI_ATOMIC_ARITHMETIC(u64, th_au64, uint64_t, rlx, memory_order_relaxed)
THI_ATOMIC_ARITHMETIC(u64, th_au64, uint64_t, acqrel, memory_order_acq_rel)
THI_ATOMIC_ARITHMETIC(u64, th_au64, uint64_t, rel, memory_order_release)
THI_ATOMIC_ARITHMETIC(u32, th_au32, uint32_t, rlx, memory_order_relaxed)
THI_ATOMIC_ARITHMETIC(u32, th_au32, uint32_t, acqrel, memory_order_acq_rel)
THI_ATOMIC_ARITHMETIC(u32, th_au32, uint32_t, rel, memory_order_release)

TH_INLINE void th_fence_acq(void)
{
    atomic_thread_fence(memory_order_acquire);
}
TH_INLINE void th_fence_rel(void)
{
    atomic_thread_fence(memory_order_release);
}
TH_INLINE void th_fence_sc(void)
{
    atomic_thread_fence(memory_order_seq_cst);
}

/* Keeps the compiler from moving later accesses before earlier loads: enough where the processor
 * does not. */
TH_INLINE void th_fence_signal_acq(void)
{
    atomic_signal_fence(memory_order_acquire);
}

/* Keeps the compiler, and only the compiler, from moving accesses across: the light half of a
 * barrier pair. */
TH_INLINE void th_fence_compiler(void)
{
    atomic_signal_fence(memory_order_seq_cst);
}

#endif
