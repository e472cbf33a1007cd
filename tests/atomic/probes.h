/* SPDX-License-Identifier: MIT
 * probes.h - one function for each operation of src/atomic, so that the machine code of each can be
 * found by its name and compared with what th_atomic_describe() says.
 */
#ifndef TOPHASH_TESTS_ATOMIC_PROBES_H
#define TOPHASH_TESTS_ATOMIC_PROBES_H

#include "atomic/atomic.h"

/* X(type, name, parameters, call): all operations of one width. */
#define PROBES_OF_WIDTH(bits, wrap, type)                                                    \
    PROBE(type, load_relaxed_##bits, (const struct wrap *word), th_u##bits##_load_rlx(word)) \
    PROBE(type, load_acquire_##bits, (const struct wrap *word), th_u##bits##_load_acq(word)) \
    PROBE_VOID(store_relaxed_##bits, (struct wrap * word, type value),                       \
               th_u##bits##_store_rlx(word, value))                                          \
    PROBE_VOID(store_release_##bits, (struct wrap * word, type value),                       \
               th_u##bits##_store_rel(word, value))                                          \
    PROBE(type, exchange_relaxed_##bits, (struct wrap * word, type value),                   \
          th_u##bits##_exchange_rlx(word, value))                                            \
    PROBE(type, exchange_acquire_##bits, (struct wrap * word, type value),                   \
          th_u##bits##_exchange_acq(word, value))                                            \
    PROBE(type, exchange_release_##bits, (struct wrap * word, type value),                   \
          th_u##bits##_exchange_rel(word, value))                                            \
    PROBE(type, exchange_acq_rel_##bits, (struct wrap * word, type value),                   \
          th_u##bits##_exchange_acqrel(word, value))                                         \
    PROBE(type, add_relaxed_##bits, (struct wrap * word, type value),                        \
          th_u##bits##_add_rlx(word, value))                                                 \
    PROBE(type, add_release_##bits, (struct wrap * word, type value),                        \
          th_u##bits##_add_rel(word, value))                                                 \
    PROBE(type, add_acq_rel_##bits, (struct wrap * word, type value),                        \
          th_u##bits##_add_acqrel(word, value))                                              \
    PROBE(bool, compare_exchange_relaxed_relaxed_##bits,                                     \
          (struct wrap * word, type * expected, type value),                                 \
          th_u##bits##_cas_rlx_rlx(word, expected, value))                                   \
    PROBE(bool, compare_exchange_acquire_relaxed_##bits,                                     \
          (struct wrap * word, type * expected, type value),                                 \
          th_u##bits##_cas_acq_rlx(word, expected, value))                                   \
    PROBE(bool, compare_exchange_acquire_acquire_##bits,                                     \
          (struct wrap * word, type * expected, type value),                                 \
          th_u##bits##_cas_acq_acq(word, expected, value))                                   \
    PROBE(bool, compare_exchange_release_relaxed_##bits,                                     \
          (struct wrap * word, type * expected, type value),                                 \
          th_u##bits##_cas_rel_rlx(word, expected, value))                                   \
    PROBE(bool, compare_exchange_acq_rel_acquire_##bits,                                     \
          (struct wrap * word, type * expected, type value),                                 \
          th_u##bits##_cas_acqrel_acq(word, expected, value))

/* Where compilers are tempted to leave something out. */
TH_INLINE void exchange_ignored(struct th_au64 *word, uint64_t value)
{
    uint64_t ignored = th_u64_exchange_rel(word, value);
    (void)ignored;
}

#define PROBES                                                               \
    PROBES_OF_WIDTH(64, th_au64, uint64_t)                                   \
    PROBES_OF_WIDTH(32, th_au32, uint32_t)                                   \
    PROBE_VOID(fence_acquire, (void), th_fence_acq())                        \
    PROBE_VOID(fence_release, (void), th_fence_rel())                        \
    PROBE_VOID(fence_seq_cst, (void), th_fence_sc())                         \
    PROBE_VOID(exchange_ignored_64, (struct th_au64 * word, uint64_t value), \
               exchange_ignored(word, value))                                \
    PROBE(uint64_t, add_zero_64, (struct th_au64 * word), th_u64_add_acqrel(word, 0))

#define PROBE(type, name, parameters, call) type probe_##name parameters;
#define PROBE_VOID(name, parameters, call) void probe_##name parameters;
PROBES
#undef PROBE
#undef PROBE_VOID

#endif
