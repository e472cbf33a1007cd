/* SPDX-License-Identifier: MIT
 * line.h - which of the four cells of a line holds a key: one look at a whole line.
 *
 * Guarantees   G1 each key is read once, whole, and with acquire order: what was written before a
 *                 key that was read is seen by the reads that follow.
 * Progress     wait-free.
 *
 * Two paths, the same answer. The portable one is four C11 acquire loads. On x86-64 the four cells
 * are read by 16-byte vector loads: aligned 8-byte halves of such a load are never torn there (16
 * aligned bytes are read whole by every processor that has AVX), loads are not reordered with later
 * loads, and the signal fence keeps the compiler from doing so. The vector path leaves few
 * instructions waiting for the line, so that more reads are under way at once; docs/adr/0002 has
 * the figures. Race detectors and checkers see the portable path.
 */
#ifndef TOPHASH_ATOMIC_LINE_H
#define TOPHASH_ATOMIC_LINE_H

#include "atomic/atomic.h"

#if defined(__SANITIZE_THREAD__)
#define TH_LINE_PORTABLE 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define TH_LINE_PORTABLE 1
#endif
#endif

/* Cells are told by their offset in the line in units of 4 bytes, as an address counts them at no
 * cost; this is none of them. */
#define TH_LINE_NONE 16u
#define TH_LINE_UNIT 4u
#define TH_LINE_MARK ((uint64_t)2)

#if defined(__SSE2__) && defined(__x86_64__) && !defined(TH_LINE_PORTABLE)
#include <immintrin.h>

/* The mark twice, in memory and unknown to the compiler: made in registers it would take one of
 * those that are scarce. */
extern const uint64_t thi_line_mark[2] __attribute__((visibility("hidden")));

TH_INLINE __m128i line_mark(void)
{
    return _mm_loadu_si128((const __m128i *)(const void *)thi_line_mark);
}

/* Four bits for each cell, the lowest set if its key is `key`, whatever its mark is if `marked`.
 * What waits for the line are vector registers, of which a processor has many; the integer
 * registers that are written while a line is waited for are what limits how many gets are under way
 * at once. */
#ifdef __AVX__
TH_INLINE unsigned thi_line_match(const void *line, uint64_t key, bool marked)
{
    const __m128i *cells = (const __m128i *)line;
    __m128i wanted = _mm_set1_epi64x((long long)key);
    __m128i mask = marked ? line_mark() : _mm_setzero_si128();
    __m128i first = _mm_cmpeq_epi64(wanted, _mm_or_si128(mask, _mm_load_si128(&cells[0])));
    __m128i second = _mm_cmpeq_epi64(wanted, _mm_or_si128(mask, _mm_load_si128(&cells[1])));
    __m128i third = _mm_cmpeq_epi64(wanted, _mm_or_si128(mask, _mm_load_si128(&cells[2])));
    __m128i fourth = _mm_cmpeq_epi64(wanted, _mm_or_si128(mask, _mm_load_si128(&cells[3])));
    __m128i low = _mm_packs_epi32(first, second);
    __m128i high = _mm_packs_epi32(third, fourth);
    return (unsigned)_mm_movemask_epi8(_mm_packs_epi16(low, high)) & 0x1111u;
}
#else
TH_INLINE unsigned thi_line_match(const void *line, uint64_t key, bool marked)
{
    const __m128i *cells = (const __m128i *)line;
    __m128i wanted = _mm_set1_epi64x((long long)key);
    __m128i mask = marked ? line_mark() : _mm_setzero_si128();
    __m128i first = _mm_cmpeq_epi32(wanted, _mm_or_si128(mask, _mm_load_si128(&cells[0])));
    __m128i second = _mm_cmpeq_epi32(wanted, _mm_or_si128(mask, _mm_load_si128(&cells[1])));
    __m128i third = _mm_cmpeq_epi32(wanted, _mm_or_si128(mask, _mm_load_si128(&cells[2])));
    __m128i fourth = _mm_cmpeq_epi32(wanted, _mm_or_si128(mask, _mm_load_si128(&cells[3])));
    __m128i low = _mm_packs_epi32(first, second);
    __m128i high = _mm_packs_epi32(third, fourth);
    /* Both halves of the key, both of the value. */
    unsigned halves = (unsigned)_mm_movemask_epi8(_mm_packs_epi16(low, high));
    return halves & (halves >> 1) & 0x1111u;
}
#endif

/* The offset in units of the cell, of four {key, value} cells at a 64-byte boundary, whose key is
 * `key`; TH_LINE_NONE. With `marked`, `key` carries TH_LINE_MARK and a key that does not is found
 * all the same, in one look: it may get or lose the mark meanwhile. */
TH_INLINE unsigned thi_line_find(const void *line, uint64_t key, bool marked)
{
    unsigned match = thi_line_match(line, key, marked);
    /* acquire @atomic.line: the keys before the reads that follow; the processor keeps the order of
     * loads, this the compiler's; other side: cell_store_key(). Without it: the value is read
     * before the key that shows it. */
    th_fence_signal_acq();
    return match == 0 ? TH_LINE_NONE : (unsigned)__builtin_ctz(match);
}

#else

TH_INLINE unsigned thi_line_find(const void *line, uint64_t key, bool marked)
{
    const struct {
        struct th_au64 key;
        struct th_au64 value;
    } *cells = line;
    unsigned found = TH_LINE_NONE;
    for (unsigned i = 0; i < 4; i++) {
        /* acquire @atomic.line: what was written before the key before the reads that follow; other
         * side: cell_store_key(). Without it: the value of the cell's last tenant is read. */
        found =
            (th_u64_load_acq(&cells[i].key) | (marked ? TH_LINE_MARK : 0)) == key ? i * 4 : found;
    }
    return found;
}

#endif

#endif
