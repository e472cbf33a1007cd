/* SPDX-License-Identifier: MIT
 * atomic.h - ordered operations on struct-wrapped words; the order is in the name of the call.
 *
 * Guarantees   G1 a plain `x = 5` on a shared word does not compile.
 *              G2 words are lock-free, of the width they say and naturally aligned: checked at
 *              compile time, and where a word lies in memory that a caller placed, in debug builds
 *              at each use.
 *              G3 faults of compilers that are known are answered in compiler.h.
 * Progress     every operation is wait-free but the read-modify-writes of LL/SC machines, which are
 *              lock-free.
 * Rules        Only these compare-exchange pairs exist: (acq_rel, acquire), (acquire, acquire),
 *              (acquire, relaxed), (relaxed, relaxed), (release, relaxed): compilers have lost the
 *              barrier of others, gcc 12 on ARMv7 and POWER the failure side of (release, acquire).
 *              No add of 0 as a barrier, nothing wider than 64 bits, no consume, no
 *              read-modify-write of bytes: some targets have none and call a library.
 *              No seq_cst access, only the fence: the sequences for such accesses are of families
 *              that do not mix on RISC-V and POWER, and qemu 7.2 for 64-bit Arm lets a seq_cst load
 *              pass a seq_cst store. A handshake of the shape "my store before my load" is made of
 *              fences.
 * Sources      order in the call's name: mimalloc, vatomic.
 */
#ifndef TOPHASH_ATOMIC_ATOMIC_H
#define TOPHASH_ATOMIC_ATOMIC_H

#include <stdatomic.h>

#include "atomic/compiler.h"
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

/* The second is about words aligned like ours: the first, of clang on i686, about a long long that
 * may straddle two lines there. */
#if ATOMIC_LLONG_LOCK_FREE != 2 && !defined(__GCC_HAVE_SYNC_COMPARE_AND_SWAP_8)
#error "tophash needs lock-free 64-bit atomics on this target"
#endif
_Static_assert(ATOMIC_INT_LOCK_FREE == 2, "32-bit atomics take no lock");
_Static_assert(ATOMIC_POINTER_LOCK_FREE == 2, "atomic pointers take no lock");
_Static_assert(sizeof(long long) == 8, "what was asked above is about 64 bits");
_Static_assert(sizeof(int) == 4, "what was asked above is about 32 bits");
_Static_assert(sizeof(struct th_au64) == 8, "a shared word is 8 bytes");
_Static_assert(_Alignof(struct th_au64) == 8, "a shared word never straddles a line");
_Static_assert(sizeof(struct th_au32) == 4, "a shared half word is 4 bytes");
_Static_assert(_Alignof(struct th_au32) == 4, "a shared half word never straddles a line");
_Static_assert(sizeof(struct th_au8) == 1, "a shared byte is 1 byte");
_Static_assert(sizeof(struct th_aptr) == sizeof(void *), "a shared pointer is one word");
_Static_assert(_Alignof(struct th_aptr) == sizeof(void *), "a shared pointer straddles no line");

/* A word that straddles two lines is read and written in two pieces, or traps: by target. */
#define THI_ATOMIC_CHECK(word) TH_DEBUG_ASSERT((uintptr_t)(word) % sizeof(*(word)) == 0)

/* X(short name, struct, value type) makes the operations of one width. A macro, because C has no
 * other way to write one body for four widths; it hides no control flow. */
#define THI_ATOMIC_LOADS_STORES(name, wrap, type)                                                  \
    TH_INLINE void th_##name##_init(struct wrap *word, type value)                                 \
    {                                                                                              \
        THI_ATOMIC_CHECK(word);                                                                    \
        atomic_init(&word->raw, value);                                                            \
    }                                                                                              \
    TH_INLINE type th_##name##_load_rlx(const struct wrap *word)                                   \
    {                                                                                              \
        THI_ATOMIC_CHECK(word);                                                                    \
        return atomic_load_explicit(&((struct wrap *)(uintptr_t)word)->raw, memory_order_relaxed); \
    }                                                                                              \
    TH_INLINE type th_##name##_load_acq(const struct wrap *word)                                   \
    {                                                                                              \
        THI_ATOMIC_CHECK(word);                                                                    \
        return atomic_load_explicit(&((struct wrap *)(uintptr_t)word)->raw, memory_order_acquire); \
    }                                                                                              \
    TH_INLINE void th_##name##_store_rlx(struct wrap *word, type value)                            \
    {                                                                                              \
        THI_ATOMIC_CHECK(word);                                                                    \
        atomic_store_explicit(&word->raw, value, memory_order_relaxed);                            \
    }                                                                                              \
    TH_INLINE void th_##name##_store_rel(struct wrap *word, type value)                            \
    {                                                                                              \
        THI_ATOMIC_CHECK(word);                                                                    \
        atomic_store_explicit(&word->raw, value, memory_order_release);                            \
    }

#define THI_ATOMIC_EXCHANGES(name, wrap, type)                                            \
    THI_ATOMIC_EXCHANGE(name, wrap, type, rlx, memory_order_relaxed)                      \
    THI_ATOMIC_EXCHANGE(name, wrap, type, acq, memory_order_acquire)                      \
    THI_ATOMIC_EXCHANGE(name, wrap, type, rel, memory_order_release)                      \
    THI_ATOMIC_EXCHANGE(name, wrap, type, acqrel, memory_order_acq_rel)                   \
    THI_ATOMIC_CAS(name, wrap, type, rlx_rlx, memory_order_relaxed, memory_order_relaxed) \
    THI_ATOMIC_CAS(name, wrap, type, acq_rlx, memory_order_acquire, memory_order_relaxed) \
    THI_ATOMIC_CAS(name, wrap, type, acq_acq, memory_order_acquire, memory_order_acquire) \
    THI_ATOMIC_CAS(name, wrap, type, rel_rlx, memory_order_release, memory_order_relaxed) \
    THI_ATOMIC_CAS(name, wrap, type, acqrel_acq, memory_order_acq_rel, memory_order_acquire)

/* The strong compare-exchange: true if *expected was found and `desired` stored; otherwise
 * *expected is what was found. */
#define THI_ATOMIC_CAS(name, wrap, type, suffix, success, failure)                           \
    TH_INLINE bool th_##name##_cas_##suffix(struct wrap *word, type *expected, type desired) \
    {                                                                                        \
        THI_ATOMIC_CHECK(word);                                                              \
        if (THI_CAS_LOSES_RELEASE &&                                                         \
            ((success) == memory_order_release || (success) == memory_order_acq_rel)) {      \
            atomic_thread_fence(memory_order_release);                                       \
        }                                                                                    \
        THI_EXPECTED_EXTEND_##name(expected);                                                \
        bool done = atomic_compare_exchange_strong_explicit(THI_RMW_OBJECT(word), expected,  \
                                                            desired, success, failure);      \
        if (THI_CAS_LOSES_FAILURE && !done && (failure) == memory_order_acquire) {           \
            atomic_thread_fence(memory_order_acquire);                                       \
        }                                                                                    \
        return done;                                                                         \
    }

#define THI_ATOMIC_EXCHANGE(name, wrap, type, suffix, order)                                  \
    TH_INLINE TH_MUST_CHECK type th_##name##_exchange_##suffix(struct wrap *word, type value) \
    {                                                                                         \
        THI_ATOMIC_CHECK(word);                                                               \
        type result = atomic_exchange_explicit(THI_RMW_OBJECT(word), value, order);           \
        THI_RESULT_KEEP(result);                                                              \
        return result;                                                                        \
    }

#define THI_ATOMIC_FETCH(name, wrap, type, verb, call, suffix, order)           \
    TH_INLINE type th_##name##_##verb##_##suffix(struct wrap *word, type value) \
    {                                                                           \
        THI_ATOMIC_CHECK(word);                                                 \
        THI_OPERAND_HIDE(value);                                                \
        return call(THI_RMW_OBJECT(word), value, order);                        \
    }

#define THI_ATOMIC_ARITHMETIC(name, wrap, type, suffix, order)                        \
    THI_ATOMIC_FETCH(name, wrap, type, add, atomic_fetch_add_explicit, suffix, order) \
    THI_ATOMIC_FETCH(name, wrap, type, sub, atomic_fetch_sub_explicit, suffix, order) \
    THI_ATOMIC_FETCH(name, wrap, type, or, atomic_fetch_or_explicit, suffix, order)   \
    THI_ATOMIC_FETCH(name, wrap, type, and, atomic_fetch_and_explicit, suffix, order)

THI_ATOMIC_LOADS_STORES(u64, th_au64, uint64_t)
THI_ATOMIC_LOADS_STORES(u32, th_au32, uint32_t)
THI_ATOMIC_LOADS_STORES(u8, th_au8, uint8_t)
THI_ATOMIC_LOADS_STORES(ptr, th_aptr, void *)
THI_ATOMIC_EXCHANGES(u64, th_au64, uint64_t)
THI_ATOMIC_EXCHANGES(u32, th_au32, uint32_t)
THI_ATOMIC_EXCHANGES(ptr, th_aptr, void *)
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
