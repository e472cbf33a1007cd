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

/* No cell of the line: an offset behind it. */
#define TH_LINE_NONE 64u

#if defined(__SSE2__) && defined(__x86_64__) && !defined(TH_LINE_PORTABLE)
#include <immintrin.h>

/* Bits for each cell, the lowest set if its key is `key`. Few loads: the queue of loads is what
 * limits how many gets are under way at once. */
#ifdef __AVX2__
#define TH_LINE_BIT_BYTES 8u /* of the line for each bit of a match */
TH_INLINE unsigned thi_line_match(const void *line, uint64_t key)
{
    const __m256i *halves = (const __m256i *)line;
    __m256i wanted = _mm256_set1_epi64x((long long)key);
    __m256i low = _mm256_cmpeq_epi64(wanted, _mm256_load_si256(&halves[0]));
    __m256i high = _mm256_cmpeq_epi64(wanted, _mm256_load_si256(&halves[1]));
    unsigned low_bits = (unsigned)_mm256_movemask_pd(_mm256_castsi256_pd(low));
    unsigned high_bits = (unsigned)_mm256_movemask_pd(_mm256_castsi256_pd(high));
    return (low_bits | high_bits << 4) & 0x55u;
}
#else
#define TH_LINE_BIT_BYTES 4u
TH_INLINE unsigned thi_line_match(const void *line, uint64_t key)
{
    const __m128i *cells = (const __m128i *)line;
    __m128i wanted = _mm_set1_epi64x((long long)key);
    __m128i first = _mm_cmpeq_epi32(wanted, _mm_load_si128(&cells[0]));
    __m128i second = _mm_cmpeq_epi32(wanted, _mm_load_si128(&cells[1]));
    __m128i third = _mm_cmpeq_epi32(wanted, _mm_load_si128(&cells[2]));
    __m128i fourth = _mm_cmpeq_epi32(wanted, _mm_load_si128(&cells[3]));
    __m128i packed =
        _mm_packs_epi16(_mm_packs_epi32(first, second), _mm_packs_epi32(third, fourth));
    /* Four bits a cell: both halves of the key, both of the value. */
    unsigned halves = (unsigned)_mm_movemask_epi8(packed);
    return halves & (halves >> 1) & 0x1111u;
}
#endif

/* The offset in bytes of the cell, of four {key, value} cells at a 64-byte boundary, whose key is
 * `key`; TH_LINE_NONE. */
TH_INLINE unsigned thi_line_find(const void *line, uint64_t key)
{
    unsigned match = thi_line_match(line, key);
    /* acquire @atomic.line: the keys before the reads that follow; the processor keeps the order of
     * loads, this the compiler's; other side: the release store of a key. Without it: the value is
     * read before the key that shows it. */
    th_fence_signal_acq();
    return match == 0 ? TH_LINE_NONE : thi_lowest_bit(match) * TH_LINE_BIT_BYTES;
}

#else

TH_INLINE unsigned thi_line_find(const void *line, uint64_t key)
{
    const struct {
        struct th_au64 key;
        struct th_au64 value;
    } *cells = line;
    unsigned found = TH_LINE_NONE;
    for (unsigned i = 0; i < 4; i++) {
        /* acquire @atomic.line: what was written before the key before the reads that follow; other
         * side: the release store of a key. Without it: the value of the cell's last tenant is
         * read. */
        found = th_u64_load_acq(&cells[i].key) == key ? i * 16 : found;
    }
    return found;
}

#endif

#endif
