/* SPDX-License-Identifier: MIT
 * cache_item.h - how one item lies in a segment.
 *
 * Guarantees   An item is immutable once published, but for three things: VISITED and DEAD in the
 *              header and the expiry second. All three are atomic and change nothing a view shows.
 * Invariants   I1 every room in a segment, also one that was given up, starts with a header that
 *              tells its size: a segment can be walked from its start.
 *              I2 DEAD is set once, under the stripe lock, when the index stops referring to it.
 * Layout       offsets of 4 bytes, no pointers: an item can lie anywhere, also after a restart.
 *              0      4        8           16                24      (parts in brackets if used)
 *              | word | [size] | [number] | [expiry | flags] | key | value | padding to 4 |
 *                 0-18 value bytes   19-26 key bytes   27 LONG   28 META   29 NUMBER   30 VISITED
 *                 31 DEAD. LONG: the value's size stands in `size`, bits 0-18 mean nothing.
 *              META and NUMBER say which optional parts there are: an item without expiry and flags
 *              that was never moved has 4 bytes of overhead, one with them 12, one moved 20.
 * Sources      small headers with optional parts in segments: Segcache.
 */
#ifndef TOPHASH_CACHE_CACHE_ITEM_H
#define TOPHASH_CACHE_CACHE_ITEM_H

#include <string.h>

#include "atomic/atomic.h"
#include "base/base.h"

#define TH_ITEM_UNIT_SHIFT 2u
#define TH_ITEM_UNIT_BYTES 4u
#define TH_ITEM_OVERHEAD_BYTES_MAX 24u
#define TH_ITEM_VALUE_BITS 19u
#define TH_ITEM_LONG (1u << 27)
#define TH_ITEM_META (1u << 28)
#define TH_ITEM_NUMBER (1u << 29)
#define TH_ITEM_VISITED (1u << 30)
#define TH_ITEM_DEAD (1u << 31)

/* Access: word  readers and writers relaxed (sizes never change; bits by read-modify-write), DEAD
 *               by @cache.dead; published with the item by the index. */
struct thi_item {
    struct th_au32 word;
};

/* Access: expires  relaxed by readers, stored relaxed under the stripe lock. flags  immutable. */
struct thi_item_meta {
    struct th_au32 expires;
    uint32_t flags;
};

_Static_assert(sizeof(struct thi_item) == TH_ITEM_UNIT_BYTES, "an item starts with one word");
_Static_assert(sizeof(struct thi_item_meta) == 8, "expiry and flags are two words");
_Static_assert(_Alignof(struct thi_item_meta) <= TH_ITEM_UNIT_BYTES, "they lie at any unit");
_Static_assert(1u << TH_ITEM_UNIT_SHIFT == TH_ITEM_UNIT_BYTES, "one unit, two ways");

/* In memory of the program a header is 64 bits: the word, and above it the size of a LONG value. */
TH_INLINE uint64_t thi_item_header_make(size_t key_bytes, size_t value_bytes, uint32_t parts)
{
    uint64_t header = (uint64_t)key_bytes << TH_ITEM_VALUE_BITS | parts;
    if (value_bytes >> TH_ITEM_VALUE_BITS != 0) {
        return header | TH_ITEM_LONG | (uint64_t)value_bytes << 32;
    }
    return header | value_bytes;
}

/* A dead item that takes exactly `bytes`, at least two units. */
TH_INLINE uint64_t thi_item_header_dead(uint64_t bytes)
{
    return (bytes - 2 * TH_ITEM_UNIT_BYTES) << 32 | TH_ITEM_LONG | TH_ITEM_DEAD;
}

/* Nobody sees the item yet. */
TH_INLINE void thi_item_header_init(struct thi_item *item, uint64_t header)
{
    th_u32_init(&item->word, (uint32_t)header);
    if ((header & TH_ITEM_LONG) != 0) {
        uint32_t size = (uint32_t)(header >> 32);
        memcpy(item + 1, &size, sizeof size);
    }
}

/* The header of an item whose word is known. */
TH_INLINE uint64_t thi_item_header_of(struct thi_item *item, uint32_t word)
{
    uint32_t size = 0;
    if (TH_UNLIKELY((word & TH_ITEM_LONG) != 0)) {
        memcpy(&size, item + 1, sizeof size);
    }
    return word | (uint64_t)size << 32;
}

TH_INLINE uint64_t thi_item_header(struct thi_item *item)
{
    /* relaxed: sizes do not change, bits are hints but under the stripe lock; whoever knows the
     * item knows it by the index or by @cache.writer. */
    return thi_item_header_of(item, th_u32_load_rlx(&item->word));
}

TH_INLINE uint32_t thi_item_value_bytes(uint64_t header)
{
    uint32_t small = (uint32_t)header & ((1u << TH_ITEM_VALUE_BITS) - 1u);
    return TH_UNLIKELY((header & TH_ITEM_LONG) != 0) ? (uint32_t)(header >> 32) : small;
}

TH_INLINE size_t thi_item_key_bytes(uint64_t header)
{
    return (size_t)(header >> TH_ITEM_VALUE_BITS & 0xffu);
}

/* Bytes before the optional parts. */
TH_INLINE size_t thi_item_parts_offset(uint64_t header)
{
    return sizeof(struct thi_item) + ((header & TH_ITEM_LONG) != 0 ? sizeof(uint32_t) : 0);
}

/* Bytes before expiry and flags. */
TH_INLINE size_t thi_item_meta_offset(uint64_t header)
{
    return thi_item_parts_offset(header) + ((header & TH_ITEM_NUMBER) != 0 ? sizeof(uint64_t) : 0);
}

/* Bytes before the key. */
TH_INLINE size_t thi_item_key_offset(uint64_t header)
{
    return thi_item_meta_offset(header) +
           ((header & TH_ITEM_META) != 0 ? sizeof(struct thi_item_meta) : 0);
}

/* The whole item as stored. */
TH_INLINE uint64_t thi_item_bytes(uint64_t header)
{
    return thi_round_up(thi_item_key_offset(header) + thi_item_key_bytes(header) +
                            thi_item_value_bytes(header),
                        TH_ITEM_UNIT_BYTES);
}

TH_INLINE char *thi_item_key(struct thi_item *item, uint64_t header)
{
    return (char *)item + thi_item_key_offset(header);
}

TH_INLINE char *thi_item_value(struct thi_item *item, uint64_t header)
{
    return thi_item_key(item, header) + thi_item_key_bytes(header);
}

/* Only where the header says NUMBER. */
TH_INLINE char *thi_item_number(struct thi_item *item, uint64_t header)
{
    return (char *)item + thi_item_parts_offset(header);
}

/* Only where the header says META. */
TH_INLINE struct thi_item_meta *thi_item_meta(struct thi_item *item, uint64_t header)
{
    return (struct thi_item_meta *)(void *)((char *)item + thi_item_meta_offset(header));
}

TH_INLINE uint32_t thi_item_expires(struct thi_item *item, uint64_t header)
{
    if ((header & TH_ITEM_META) == 0) {
        return 0;
    }
    /* relaxed: a reader beside a touch may take either second; after it, happens-before decides. */
    return th_u32_load_rlx(&thi_item_meta(item, header)->expires);
}

TH_INLINE uint32_t thi_item_flags(struct thi_item *item, uint64_t header)
{
    return (header & TH_ITEM_META) != 0 ? thi_item_meta(item, header)->flags : 0;
}

TH_INLINE bool thi_item_key_equals(struct thi_item *item, uint64_t header, const void *key,
                                   size_t key_bytes)
{
    return thi_item_key_bytes(header) == key_bytes &&
           memcmp(thi_item_key(item, header), key, key_bytes) == 0;
}

#endif
