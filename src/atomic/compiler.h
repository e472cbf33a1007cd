/* SPDX-License-Identifier: MIT
 * compiler.h - faults of compilers that would reach the operations of atomic.h, and our answers.
 *
 * Guarantees   G1 what a compiler is known to lose is put back here, or the operation it loses it
 *              in is not offered; docs/targets.md lists every fault with where it was seen.
 *              G2 where no fault is known nothing is added.
 * Progress     as the operations of atomic.h.
 * Sources      GCC bugs 100265, 107713, 114130; LLVM issues 56450, 60418, 67391, 68428. What a
 *              release of a compiler really does, tests/atomic/test_describe.sh reads in its
 *              output.
 */
#ifndef TOPHASH_ATOMIC_COMPILER_H
#define TOPHASH_ATOMIC_COMPILER_H

#include <stdatomic.h>

#include "base/base.h"

/* gcc on RISC-V: a compare-exchange of release or acq_rel order is lr/sc without the release; only
 * the seq_cst one has a fence. A release fence before it carries the order instead. No later gcc
 * was at hand to say from which release on this is superfluous: it costs one fence. */
#if defined(__riscv) && defined(__GNUC__) && !defined(__clang__)
#define THI_CAS_LOSES_RELEASE 1
#else
#define THI_CAS_LOSES_RELEASE 0
#endif

/* clang 16 on LoongArch: a compare-exchange that fails leaves its ll/sc loop past the barrier. An
 * acquire fence behind the failure. clang 19 has the barrier; those between were not at hand. */
#if defined(__loongarch__) && defined(__clang__) && __clang_major__ < 19
#define THI_CAS_LOSES_FAILURE 1
#else
#define THI_CAS_LOSES_FAILURE 0
#endif

/* gcc on 64-bit RISC-V: the 32-bit compare-exchange compares whole registers, the loaded half
 * sign-extended, the expected one as it happens to lie there. Where they differ in the upper half
 * only, nothing is stored, and the caller told that it was. The expected half is sign-extended
 * before, in a way that the compiler does not see through. */
#if defined(__riscv) && __riscv_xlen == 64 && defined(__GNUC__) && !defined(__clang__)
#define THI_EXPECTED_EXTEND_u32(expected)           \
    do {                                            \
        long thi_extended = (int32_t) * (expected); \
        __asm__("" : "+r"(thi_extended));           \
        *(expected) = (uint32_t)thi_extended;       \
    } while (0)
#else
#define THI_EXPECTED_EXTEND_u32(expected) ((void)(expected))
#endif
#define THI_EXPECTED_EXTEND_u64(expected) ((void)(expected))
#define THI_EXPECTED_EXTEND_ptr(expected) ((void)(expected))

/* clang makes a plain store of an exchange whose result nobody uses, which breaks release sequences
 * and pairs with fences (seen in 14 to 16), and a call to a library of it where the store is wider
 * than a register. Volatile objects it leaves alone. */
#define THI_RMW_OBJECT(word) (&((volatile __typeof__(*(word)) *)(word))->raw)

/* Any compiler on 64-bit Arm with LSE may give the result of an exchange to the zero register if
 * nobody uses it; such an exchange is not ordered by an acquire fence behind it. We use it. */
#ifdef __aarch64__
#define THI_RESULT_KEEP(result) __asm__ volatile("" : : "r"(result))
#else
#define THI_RESULT_KEEP(result) ((void)(result))
#endif

/* clang on x86 makes a fence and a load of a read-modify-write that changes nothing, such as an add
 * of 0, and so no write that others could read. It is not shown the operand. */
#if defined(__clang__) && (defined(__x86_64__) || defined(__i386__))
#define THI_OPERAND_HIDE(operand)                \
    do {                                         \
        if (sizeof(operand) <= sizeof(void *)) { \
            __asm__("" : "+r"(operand));         \
        }                                        \
    } while (0)
#else
#define THI_OPERAND_HIDE(operand) ((void)(operand))
#endif

#endif
