/* SPDX-License-Identifier: MIT
 * base.h - the marks, asserts and small arithmetic that every room uses.
 */
#ifndef TOPHASH_BASE_BASE_H
#define TOPHASH_BASE_BASE_H

#include <tophash/base.h>

#define TH_INLINE static inline __attribute__((always_inline))
#define TH_NOINLINE __attribute__((noinline))
#define TH_LIKELY(condition) __builtin_expect(!!(condition), 1)
#define TH_UNLIKELY(condition) __builtin_expect(!!(condition), 0)
#define TH_ALIGNED(bytes) __attribute__((aligned(bytes)))
#define TH_CACHE_LINE_BYTES 64u

/* Builds for race detectors and for the model checker, which see neither assembly nor reads of many
 * bytes: they get what C says. */
#if defined(__SANITIZE_THREAD__)
#define TH_PLAIN_C 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define TH_PLAIN_C 1
#endif
#endif

/* Misuse stops the program; it stays in release. One fact per assert. */
#define TH_ASSERT(condition)                                   \
    do {                                                       \
        if (TH_UNLIKELY(!(condition))) {                       \
            thi_assert_failed(#condition, __FILE__, __LINE__); \
        }                                                      \
    } while (0)

#ifdef NDEBUG
#define TH_DEBUG_ASSERT(condition) ((void)sizeof(!(condition)))
#else
#define TH_DEBUG_ASSERT(condition) TH_ASSERT(condition)
#endif

#define TH_CONTAINER_OF(pointer, type, member) \
    ((type *)(void *)((char *)(pointer)-offsetof(type, member)))

__attribute__((noreturn, cold)) void thi_assert_failed(const char *condition, const char *file,
                                                       int line);

/* Index of the highest bit set; `word` must not be 0. */
TH_INLINE unsigned thi_log2_floor(uint64_t word)
{
    return 63u - (unsigned)__builtin_clzll(word);
}

/* Index of the lowest bit set; `word` must not be 0. */
TH_INLINE unsigned thi_lowest_bit(uint64_t word)
{
    return (unsigned)__builtin_ctzll(word);
}

TH_INLINE uint64_t thi_round_up(uint64_t value, uint64_t power_of_two)
{
    return (value + power_of_two - 1) & ~(power_of_two - 1);
}

/* Asks for the line to write to it: one transfer between cores, not one to read and one to own. For
 * x86-64 by hand: compilers ask to read unless they are told of a processor. All have the
 * instruction, or pass over it, but the very first with 64 bits. */
TH_INLINE void thi_prefetch_write(const void *address)
{
#if defined(__x86_64__) && !defined(TH_PLAIN_C)
    __asm__ volatile("prefetchw %0" : : "m"(*(const char *)address));
#else
    __builtin_prefetch(address, 1);
#endif
}

#endif
