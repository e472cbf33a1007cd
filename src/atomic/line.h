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

#ifdef TH_PLAIN_C
#define TH_LINE_PORTABLE 1
#endif

/* Cells are told by their offset in the line in units of 4 bytes, as an address counts them at no
 * cost; this is none of them. */
#define TH_LINE_NONE 16u
#define TH_LINE_UNIT 4u
#define TH_LINE_MARK ((uint64_t)2 << 12)
/* Of keys that refer to something: both marks, and how many bits stand below the reference. */
#define TH_LINE_MARKS ((uint32_t)3 << 12)
#define TH_LINE_TAG_BITS 24u

#if defined(__SSE2__) && defined(__x86_64__) && !defined(TH_LINE_PORTABLE)
#include <immintrin.h>

/* The mark twice, in memory and unknown to the compiler: made in registers it would take one of
 * those that are scarce. */
extern const uint64_t thi_line_mark[2] __attribute__((visibility("hidden")));

TH_INLINE __m128i line_mark(void)
{
    return _mm_loadu_si128((const __m128i *)(const void *)thi_line_mark);
}

/* The mark four times, of lower halves; as above. */
extern const uint32_t thi_line_mark_low[4] __attribute__((visibility("hidden")));

TH_INLINE __m128i line_mark_low(void)
{
    return _mm_loadu_si128((const __m128i *)(const void *)thi_line_mark_low);
}

#define TH_LINE_REFERENCE ((uint32_t)(UINT32_MAX << TH_LINE_TAG_BITS))
/* The bits of a lower half that are the reference's, and these with both marks, four times; as
 * above. */
extern const TH_ALIGNED(16) uint32_t thi_line_reference[4] __attribute__((visibility("hidden")));
extern const TH_ALIGNED(16) uint32_t thi_line_marks[4] __attribute__((visibility("hidden")));

/* A cell as it was at one moment. */
struct thi_pair {
    uint64_t key;
    uint64_t value;
};

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

#define TH_LINE_WHOLE 1

/* One {key, value} cell as it was at one moment. Only where thi_port_has_wide_loads(): processors
 * with AVX never tear an aligned load of 16 bytes, whichever encoding it has. An instruction of its
 * own, because a compiler may make two loads of a plain one. */
TH_INLINE __m128i line_load_whole(const void *cell)
{
    __m128i pair;
#ifdef __AVX__
    __asm__ volatile("vmovdqa %1, %0" : "=x"(pair) : "m"(*(const __m128i *)cell));
#else
    __asm__ volatile("movdqa %1, %0" : "=x"(pair) : "m"(*(const __m128i *)cell));
#endif
    return pair;
}

/* base + (hash & span), both words read where they stand, in this order: an AND and an ADD from
 * memory, which compilers do not make of atomic loads. */
TH_INLINE const void *thi_line_at(const struct th_au64 *span, const struct th_aptr *base,
                                  uint64_t hash)
{
    /* acquire @map.span: the address of run 0 before ours of it: aligned loads are whole, and the
     * processor keeps their order; other side: thi_map_span_update(). Without it: a line is looked
     * for behind the few that stand in for a table. */
    __asm__ volatile("andq %1, %0\n\taddq %2, %0" : "+&r"(hash) : "m"(*span), "m"(*base) : "cc");
    return (const void *)(uintptr_t)hash;
}

/* Where the lowest bit of a word that is not 0 stands. An instruction by itself: of the builtin's
 * int the compiler makes a 64-bit index in one more. */
TH_INLINE uint64_t line_lowest_bit(uint64_t word)
{
    uint64_t bit;
    __asm__("rep bsfq %1, %0" : "=r"(bit) : "r"(word) : "cc");
    return bit;
}

/* The lower halves of the keys of the four {key, value} cells at a 64-byte boundary. */
TH_INLINE __m128i line_low_halves(const void *line)
{
    const __m128 *cells = (const __m128 *)line;
    __m128 low = _mm_shuffle_ps(cells[0], cells[1], 0);
    __m128 high = _mm_shuffle_ps(cells[2], cells[3], 0);
    return _mm_castps_si128(_mm_shuffle_ps(low, high, _MM_SHUFFLE(2, 0, 2, 0)));
}

/* Which of four lower halves are that of `key`: four equal bits a cell. */
TH_INLINE uint64_t line_match_low(__m128i halves, uint64_t key)
{
    __m128i wanted = _mm_shuffle_epi32(_mm_cvtsi64_si128((long long)key), 0);
    return (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi32(halves, wanted));
}

/* True and the cell, of four {key, value} cells at a 64-byte boundary, that has the lower half of
 * `key` and so most probably is the key's. For those who look at the whole key next. */
TH_INLINE bool thi_line_likely(void *line, uint64_t key, void **cell)
{
    uint64_t match = line_match_low(line_low_halves(line), key);
    /* acquire @atomic.line: as in thi_line_find(). */
    th_fence_signal_acq();
    if (TH_UNLIKELY(match == 0)) {
        return false;
    }
    *cell = (char *)line + line_lowest_bit(match) * TH_LINE_UNIT;
    return true;
}

/* One look for two questions. True: none of the four {key, value} cells at a 64-byte boundary holds
 * `key`, with TH_LINE_MARK or without it; *vacant is the first cell whose key is 0, NULL if there
 * is none. False: one may, look closer. Keys that are not 0 have a bit in their lower half. */
TH_INLINE bool thi_line_lacks(void *line, uint64_t key, void **vacant)
{
    __m128i halves = line_low_halves(line);
    /* acquire @atomic.line: as in thi_line_find(). */
    th_fence_signal_acq();
    uint64_t empty = (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi32(halves, _mm_setzero_si128()));
    *vacant = empty == 0 ? NULL : (char *)line + line_lowest_bit(empty) * TH_LINE_UNIT;
    return line_match_low(_mm_or_si128(halves, line_mark_low()), key | TH_LINE_MARK) == 0;
}

/* True: none of the four {key, value} cells at a 64-byte boundary holds `key`, with TH_LINE_MARK or
 * without it. False: one may, look closer. */
TH_INLINE bool thi_line_misses(const void *line, uint64_t key)
{
    __m128i marked = _mm_or_si128(line_low_halves(line), line_mark_low());
    uint64_t match = line_match_low(marked, key | TH_LINE_MARK);
    /* acquire @atomic.line: as in thi_line_find(). */
    th_fence_signal_acq();
    return match == 0;
}

/* True if none of the four {key, value} cells at a 64-byte boundary has the key 0. */
TH_INLINE bool thi_line_is_full(const void *line)
{
    __m128i empty = _mm_cmpeq_epi32(line_low_halves(line), _mm_setzero_si128());
    return _mm_movemask_epi8(empty) == 0;
}

/* Takes the value of the cell, of four {key, value} cells at a 64-byte boundary, whose key is
 * `key`. Key and value are of one moment: the pair stood there. False: no such cell, or another
 * whose lower half of the key is the same comes first. `value` may be NULL. Needs
 * thi_port_has_wide_loads().
 *
 * The lower halves of the four keys are compared in one vector register, then the cell that matches
 * is read once more, whole: few instructions, and few of these write integer registers. */
TH_INLINE bool thi_line_get(const void *line, uint64_t key, uint64_t *value)
{
    uint64_t match = line_match_low(line_low_halves(line), key);
    if (TH_UNLIKELY(match == 0)) {
        return false;
    }
    /* Four bits a cell: four times this are bytes. */
    __m128i pair = line_load_whole((const char *)line + line_lowest_bit(match) * TH_LINE_UNIT);
    /* acquire @atomic.line: as in thi_line_find(). */
    th_fence_signal_acq();
    if (TH_UNLIKELY((uint64_t)_mm_cvtsi128_si64(pair) != key)) {
        return false;
    }
    if (value != NULL) {
        _mm_storeh_pd((double *)(void *)value, _mm_castsi128_pd(pair));
    }
    return true;
}

TH_INLINE __m128i line_constant(const uint32_t four[4])
{
    return _mm_load_si128((const __m128i *)(const void *)four);
}

/* The first cell that has the tag, as it was at one moment: whether its key is the one that is
 * looked for must be asked of what it refers to. That tells a tenant that came between the two
 * reads, too, so only TH_LINE_MARK is looked at again: a cell that is free or held refers to
 * nothing, or not for certain. Needs thi_port_has_wide_loads() once a cell matched. */
TH_INLINE bool thi_line_get_tagged(const void *line, uint32_t tag, struct thi_pair *pair)
{
    __m128i wanted = _mm_or_si128(_mm_shuffle_epi32(_mm_cvtsi32_si128((int)tag), 0),
                                  line_constant(thi_line_marks));
    __m128i halves = _mm_or_si128(line_low_halves(line), line_constant(thi_line_reference));
    uint64_t match = (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi32(halves, wanted));
    if (TH_UNLIKELY(match == 0)) {
        return false;
    }
    __m128i cell = line_load_whole((const char *)line + line_lowest_bit(match) * TH_LINE_UNIT);
    /* acquire @atomic.line: as in thi_line_find(). */
    th_fence_signal_acq();
    pair->key = (uint64_t)_mm_cvtsi128_si64(cell);
    pair->value = (uint64_t)_mm_cvtsi128_si64(_mm_unpackhi_epi64(cell, cell));
    return TH_LIKELY((pair->key & TH_LINE_MARK) != 0);
}

TH_INLINE __m128i line_sixteen(const unsigned char *bytes)
{
    return _mm_loadu_si128((const __m128i *)(const void *)bytes);
}

/* True if 16 to 32 bytes are the same. Needs thi_port_has_wide_loads(): with the instructions that
 * take an operand from memory wherever it lies. */
TH_INLINE bool thi_line_same_32(const unsigned char *a, const unsigned char *b, size_t size)
{
    __m128i first = line_sixteen(b);
    __m128i last = line_sixteen(b + size - 16);
    __asm__("vpcmpeqb %1, %0, %0" : "+x"(first) : "m"(*(const __m128i_u *)(const void *)a));
    __asm__("vpcmpeqb %1, %0, %0"
            : "+x"(last)
            : "m"(*(const __m128i_u *)(const void *)(a + size - 16)));
    return _mm_movemask_epi8(_mm_and_si128(first, last)) == 0xffff;
}

/* True: none of the four cells has the tag, with TH_LINE_MARK or without it. */
TH_INLINE bool thi_line_misses_tag(const void *line, uint32_t tag)
{
    __m128i rest = _mm_or_si128(line_constant(thi_line_reference), line_mark_low());
    uint64_t match = line_match_low(_mm_or_si128(line_low_halves(line), rest),
                                    tag | TH_LINE_REFERENCE | TH_LINE_MARK);
    /* acquire @atomic.line: as in thi_line_find(). */
    th_fence_signal_acq();
    return match == 0;
}

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
