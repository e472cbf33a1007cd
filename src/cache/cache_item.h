/* SPDX-License-Identifier: MIT
 * cache_item.h - how one item lies in a segment.
 *
 * Guarantees   An item is immutable once published, but for three things: VISITED and DEAD in the
 *              header and the expiry second. All three are atomic and change nothing a view shows.
 * Invariants   I1 every room in a segment, also one that was given up, starts with a header that
 *              tells its size: a segment can be walked from its start.
 *              I2 DEAD is set once, under the stripe lock, when the index stops referring to it.
 * Layout       offsets of 8 bytes, no pointers: an item can lie anywhere, also after a restart.
 *              0        8           16                24          (parts in brackets only if used)
 *              | header | [number] | [expiry | flags] | key | value | up to 7 bytes of padding |
 *                 0-29 value bytes   30-37 key bytes   38 META   39 NUMBER   40 VISITED   41 DEAD
 *              META and NUMBER say which optional parts there are: an item without expiry and flags
 *              that was never moved has 8 bytes of overhead, one with them 16, one moved 24.
 * Sources      small headers with optional parts in segments: Segcache.
 */
#ifndef TOPHASH_CACHE_CACHE_ITEM_H
#define TOPHASH_CACHE_CACHE_ITEM_H

#include <string.h>

#include "atomic/atomic.h"
#include "base/base.h"

#define TH_ITEM_UNIT_BYTES 8u
#define TH_ITEM_OVERHEAD_BYTES_MAX 24u
#define TH_ITEM_VALUE_BITS 30u
#define TH_ITEM_META (1ull << 38)
#define TH_ITEM_NUMBER (1ull << 39)
#define TH_ITEM_VISITED (1ull << 40)
#define TH_ITEM_DEAD (1ull << 41)

/* Access: header  readers and writers relaxed (sizes never change; bits by read-modify-write);
 *                 published with the item by the index, @map.publish. */
struct thi_item {
    struct th_au64 header;
};

/* Access: expires  relaxed by readers, stored relaxed under the stripe lock. flags  immutable. */
struct thi_item_meta {
    struct th_au32 expires;
    uint32_t flags;
};

_Static_assert(sizeof(struct thi_item) == 8, "the header is one word");
_Static_assert(sizeof(struct thi_item_meta) == 8, "expiry and flags are one word");

TH_INLINE uint64_t thi_item_header_make(size_t key_bytes, size_t value_bytes, uint64_t parts)
{
    return (uint64_t)value_bytes | (uint64_t)key_bytes << TH_ITEM_VALUE_BITS | parts;
}

TH_INLINE uint32_t thi_item_value_bytes(uint64_t header)
{
    return (uint32_t)(header & ((1u << TH_ITEM_VALUE_BITS) - 1u));
}

TH_INLINE size_t thi_item_key_bytes(uint64_t header)
{
    return (size_t)(header >> TH_ITEM_VALUE_BITS & 0xffu);
}

/* Bytes before the key. */
TH_INLINE size_t thi_item_key_offset(uint64_t header)
{
    return sizeof(struct thi_item) + ((header & TH_ITEM_NUMBER) != 0 ? sizeof(uint64_t) : 0) +
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

/* Only where the header says META. */
TH_INLINE struct thi_item_meta *thi_item_meta(struct thi_item *item, uint64_t header)
{
    char *after_header = (char *)(item + 1);
    size_t skip = (header & TH_ITEM_NUMBER) != 0 ? sizeof(uint64_t) : 0;
    return (struct thi_item_meta *)(void *)(after_header + skip);
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
