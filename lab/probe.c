/* SPDX-License-Identifier: MIT
 * probe.c - the loads and stores of each target, one instruction each.
 *
 * `"memory"` keeps the compiler from moving an access; what the processor does is what is asked.
 */
#include "lab/probe.h"

/* PROBE_STORE_n(at, value) and PROBE_LOAD_n(at, value) for n bytes; PROBE_NAME_n says what they
 * are. A target that lacks a width does not define it. */
#define TO_MEMORY(instruction, at, value) \
    __asm__ volatile(instruction : : "r"(value), "r"(at) : "memory")
#define FROM_MEMORY(instruction, at, value) \
    __asm__ volatile(instruction : "=r"(value) : "r"(at) : "memory")
/* Where a register has 32 bits. */
#define FROM_MEMORY_32(instruction, at, value)                           \
    do {                                                                 \
        uint32_t word;                                                   \
        __asm__ volatile(instruction : "=r"(word) : "r"(at) : "memory"); \
        (value) = word;                                                  \
    } while (0)

#if defined(__x86_64__)
#define PROBE_NAME_2 "movw"
#define PROBE_STORE_2(at, value) TO_MEMORY("movw %w0, (%1)", at, value)
#define PROBE_LOAD_2(at, value) FROM_MEMORY("movzwl (%1), %k0", at, value)
#define PROBE_NAME_4 "movl"
#define PROBE_STORE_4(at, value) TO_MEMORY("movl %k0, (%1)", at, value)
#define PROBE_LOAD_4(at, value) FROM_MEMORY("movl (%1), %k0", at, value)
#define PROBE_NAME_8 "movq"
#define PROBE_STORE_8(at, value) TO_MEMORY("movq %q0, (%1)", at, value)
#define PROBE_LOAD_8(at, value) FROM_MEMORY("movq (%1), %q0", at, value)
#define PROBE_NAME_16 "movdqu"
#define PROBE_STORE_16(at, value)                                        \
    __asm__ volatile("movq %q0, %%xmm0\n\tpunpcklqdq %%xmm0, %%xmm0\n\t" \
                     "movdqu %%xmm0, (%1)"                               \
                     :                                                   \
                     : "r"(value), "r"(at)                               \
                     : "memory", "xmm0")
#define PROBE_LOAD_16(at, low, high)                               \
    __asm__ volatile("movdqu (%2), %%xmm0\n\tmovq %%xmm0, %q0\n\t" \
                     "psrldq $8, %%xmm0\n\tmovq %%xmm0, %q1"       \
                     : "=&r"(low), "=&r"(high)                     \
                     : "r"(at)                                     \
                     : "memory", "xmm0")

#elif defined(__i386__)
#define PROBE_NAME_2 "movw"
#define PROBE_STORE_2(at, value) TO_MEMORY("movw %w0, (%1)", at, (uint32_t)(value))
#define PROBE_LOAD_2(at, value) FROM_MEMORY_32("movzwl (%1), %0", at, value)
#define PROBE_NAME_4 "movl"
#define PROBE_STORE_4(at, value) TO_MEMORY("movl %0, (%1)", at, (uint32_t)(value))
#define PROBE_LOAD_4(at, value) FROM_MEMORY_32("movl (%1), %0", at, value)
/* The only 8 bytes at once without SSE: by way of the floating-point unit, exact for integers. */
#define PROBE_NAME_8 "fildll, fistpll"
#define PROBE_STORE_8(at, value) \
    __asm__ volatile("fildll %0\n\tfistpll (%1)" : : "m"(value), "r"(at) : "memory", "st")
#define PROBE_LOAD_8(at, value) \
    __asm__ volatile("fildll (%1)\n\tfistpll %0" : "=m"(value) : "r"(at) : "memory", "st")

#elif defined(__aarch64__)
#define PROBE_NAME_2 "ldrh, strh"
#define PROBE_STORE_2(at, value) TO_MEMORY("strh %w0, [%1]", at, value)
#define PROBE_LOAD_2(at, value) FROM_MEMORY("ldrh %w0, [%1]", at, value)
#define PROBE_NAME_4 "ldr w, str w"
#define PROBE_STORE_4(at, value) TO_MEMORY("str %w0, [%1]", at, value)
#define PROBE_LOAD_4(at, value) FROM_MEMORY("ldr %w0, [%1]", at, value)
#define PROBE_NAME_8 "ldr x, str x"
#define PROBE_STORE_8(at, value) TO_MEMORY("str %x0, [%1]", at, value)
#define PROBE_LOAD_8(at, value) FROM_MEMORY("ldr %x0, [%1]", at, value)
#define PROBE_NAME_16 "ldr q, str q"
#define PROBE_STORE_16(at, value) \
    __asm__ volatile("dup v0.2d, %x0\n\tstr q0, [%1]" : : "r"(value), "r"(at) : "memory", "v0")
#define PROBE_LOAD_16(at, low, high)                                        \
    __asm__ volatile("ldr q0, [%2]\n\tmov %x0, v0.d[0]\n\tmov %x1, v0.d[1]" \
                     : "=&r"(low), "=&r"(high)                              \
                     : "r"(at)                                              \
                     : "memory", "v0")

#elif defined(__arm__)
#define PROBE_NAME_2 "ldrh, strh"
#define PROBE_STORE_2(at, value) TO_MEMORY("strh %0, [%1]", at, (uint32_t)(value))
#define PROBE_LOAD_2(at, value) FROM_MEMORY_32("ldrh %0, [%1]", at, value)
#define PROBE_NAME_4 "ldr, str"
#define PROBE_STORE_4(at, value) TO_MEMORY("str %0, [%1]", at, (uint32_t)(value))
#define PROBE_LOAD_4(at, value) FROM_MEMORY_32("ldr %0, [%1]", at, value)
#define PROBE_NAME_8 "ldrd, strd"
/* 8 bytes are whole on processors with the large physical address extension only. */
#define PROBE_WHOLE_BYTES 4
#define PROBE_ALIGNMENT_8 4
#define PROBE_STORE_8(at, value) TO_MEMORY("strd %Q0, %R0, [%1]", at, value)
#define PROBE_LOAD_8(at, value) FROM_MEMORY("ldrd %Q0, %R0, [%1]", at, value)

#elif defined(__riscv) && __riscv_xlen == 64
#define PROBE_NAME_2 "lhu, sh"
#define PROBE_STORE_2(at, value) TO_MEMORY("sh %0, 0(%1)", at, value)
#define PROBE_LOAD_2(at, value) FROM_MEMORY("lhu %0, 0(%1)", at, value)
#define PROBE_NAME_4 "lwu, sw"
#define PROBE_STORE_4(at, value) TO_MEMORY("sw %0, 0(%1)", at, value)
#define PROBE_LOAD_4(at, value) FROM_MEMORY("lwu %0, 0(%1)", at, value)
#define PROBE_NAME_8 "ld, sd"
#define PROBE_STORE_8(at, value) TO_MEMORY("sd %0, 0(%1)", at, value)
#define PROBE_LOAD_8(at, value) FROM_MEMORY("ld %0, 0(%1)", at, value)

#elif defined(__powerpc64__)
#define PROBE_NAME_2 "lhzx, sthx"
#define PROBE_STORE_2(at, value) TO_MEMORY("sthx %0, 0, %1", at, value)
#define PROBE_LOAD_2(at, value) FROM_MEMORY("lhzx %0, 0, %1", at, value)
#define PROBE_NAME_4 "lwzx, stwx"
#define PROBE_STORE_4(at, value) TO_MEMORY("stwx %0, 0, %1", at, value)
#define PROBE_LOAD_4(at, value) FROM_MEMORY("lwzx %0, 0, %1", at, value)
#define PROBE_NAME_8 "ldx, stdx"
#define PROBE_STORE_8(at, value) TO_MEMORY("stdx %0, 0, %1", at, value)
#define PROBE_LOAD_8(at, value) FROM_MEMORY("ldx %0, 0, %1", at, value)

#elif defined(__s390x__)
/* "a": a register that may hold an address, which register 0 may not. */
#define PROBE_NAME_2 "llgh, sth"
#define PROBE_STORE_2(at, value) \
    __asm__ volatile("sth %0, 0(%1)" : : "d"(value), "a"(at) : "memory")
#define PROBE_LOAD_2(at, value) \
    __asm__ volatile("llgh %0, 0(%1)" : "=d"(value) : "a"(at) : "memory")
#define PROBE_NAME_4 "llgf, st"
#define PROBE_STORE_4(at, value) __asm__ volatile("st %0, 0(%1)" : : "d"(value), "a"(at) : "memory")
#define PROBE_LOAD_4(at, value) \
    __asm__ volatile("llgf %0, 0(%1)" : "=d"(value) : "a"(at) : "memory")
#define PROBE_NAME_8 "lg, stg"
#define PROBE_STORE_8(at, value) \
    __asm__ volatile("stg %0, 0(%1)" : : "d"(value), "a"(at) : "memory")
#define PROBE_LOAD_8(at, value) __asm__ volatile("lg %0, 0(%1)" : "=d"(value) : "a"(at) : "memory")
#endif

#define ZEROS ((uint64_t)0)
#define ONES (~(uint64_t)0)

/* The loops of one width up to 8 bytes. A macro, because the access must stand in the loop. */
#define PROBE_LOOPS(bits, STORE, LOAD)                                                   \
    static void write_##bits(void *at, unsigned count)                                   \
    {                                                                                    \
        uint64_t low = ZEROS;                                                            \
        uint64_t high = ONES;                                                            \
        for (unsigned i = 0; i < count; i++) {                                           \
            STORE(at, low);                                                              \
            STORE(at, high);                                                             \
        }                                                                                \
    }                                                                                    \
    static void read_##bits(const void *at, unsigned count, struct thi_lab_reads *reads) \
    {                                                                                    \
        const uint64_t all = ONES >> (64 - (bits));                                      \
        uint64_t last = 0;                                                               \
        for (unsigned i = 0; i < count; i++) {                                           \
            uint64_t value;                                                              \
            LOAD(at, value);                                                             \
            value &= all;                                                                \
            reads->torn += value != 0 && value != all;                                   \
            reads->changes += value != last;                                             \
            last = value;                                                                \
        }                                                                                \
    }

#ifdef PROBE_NAME_2
PROBE_LOOPS(16, PROBE_STORE_2, PROBE_LOAD_2)
#endif
#ifdef PROBE_NAME_4
PROBE_LOOPS(32, PROBE_STORE_4, PROBE_LOAD_4)
#endif
#ifdef PROBE_NAME_8
PROBE_LOOPS(64, PROBE_STORE_8, PROBE_LOAD_8)
#endif

#ifdef PROBE_NAME_16
static void write_128(void *at, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        PROBE_STORE_16(at, ZEROS);
        PROBE_STORE_16(at, ONES);
    }
}

static void read_128(const void *at, unsigned count, struct thi_lab_reads *reads)
{
    uint64_t last_low = 0, last_high = 0;
    for (unsigned i = 0; i < count; i++) {
        uint64_t low, high;
        PROBE_LOAD_16(at, low, high);
        reads->torn += low != high || (low != ZEROS && low != ONES);
        reads->changes += low != last_low || high != last_high;
        last_low = low;
        last_high = high;
    }
}
#endif

#ifndef PROBE_WHOLE_BYTES
#define PROBE_WHOLE_BYTES 8
#endif
const unsigned thi_lab_probe_whole_bytes = PROBE_WHOLE_BYTES;

#ifndef PROBE_ALIGNMENT_8
#define PROBE_ALIGNMENT_8 1
#endif

#ifdef PROBE_NAME_8
const struct thi_lab_probe thi_lab_probes[] = {
    {PROBE_NAME_2, 2, 1, write_16, read_16},
    {PROBE_NAME_4, 4, 1, write_32, read_32},
    {PROBE_NAME_8, 8, PROBE_ALIGNMENT_8, write_64, read_64},
#ifdef PROBE_NAME_16
    {PROBE_NAME_16, 16, 1, write_128, read_128},
#endif
};
const size_t thi_lab_probe_count = sizeof thi_lab_probes / sizeof thi_lab_probes[0];
#else
/* One entry that is not counted: C has no empty arrays. */
const struct thi_lab_probe thi_lab_probes[] = {{"", 0, 1, 0, 0}};
const size_t thi_lab_probe_count = 0;
#endif
