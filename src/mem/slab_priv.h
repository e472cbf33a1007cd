/* SPDX-License-Identifier: MIT
 * slab_priv.h - the slab's layout, and the inline part of its hot path.
 *
 * Layout       reference (40 bits) = 0 . unit in the range (39), or 1 . slot (23) . unit in the
 *              slot (16). The range is one piece of address space, made with the first region that
 *              is pages and costs nothing before it is touched; regions are cut from it as they are
 *              asked for. What has no place there, and the regions before, are in slots: a slot is
 *              1 MiB of references, whatever part of it has memory. Slots count from 4; level k of
 *              the directory holds the slots 4^k to 4^(k+1) - 1 (at those indices: its first
 *              quarter stays empty) and is never moved once it is there:
 *
 *              slab.levels [ 1 | 2 | 3 | ... | 11 ]
 *                            |   +--> slots 16..63
 *                            +------> slots 4..15: [slot] -> origin
 *
 *              address of a record = origin of the range or of its slot + 16 * reference. (The
 *              origin is where reference 0 would be.)
 * Sources      arrays of doubling blocks: Brodnik et al., "Resizable arrays in optimal time and
 *              space".
 */
#ifndef TOPHASH_MEM_SLAB_PRIV_H
#define TOPHASH_MEM_SLAB_PRIV_H

#include "mem/mem_geometry.h"
#include "mem/slab.h"

#define TH_SLAB_SLOT_SHIFT 16u
#define TH_SLAB_SLOT_BYTES ((size_t)THI_SLAB_UNIT_BYTES << TH_SLAB_SLOT_SHIFT)
#define TH_SLAB_SLOT_FIRST 4u
#define TH_SLAB_SLOT_END (1u << (THI_SLAB_REFERENCE_BITS - 1 - TH_SLAB_SLOT_SHIFT))
#define TH_SLAB_IN_SLOT ((uint64_t)1 << (THI_SLAB_REFERENCE_BITS - 1)) /* else: in the range */
#define TH_SLAB_LEVELS 11u
#define TH_SLAB_RANGE_BYTES ((uint64_t)1 << TH_SLAB_RANGE_LOG2)
#define TH_SLAB_CLASSES 81u

/* field        readers           writers                                    guard
 * range        acquire, relaxed  release compare-exchange, once, from NULL  none
 * range_next   relaxed           relaxed compare-exchange                   none
 * levels[k]    acquire, relaxed  release compare-exchange, once, from NULL  none
 * shard_first  acquire           release compare-exchange, once, from NULL  none
 * shards       acquire, relaxed  release compare-exchange, once, from NULL  none
 * orphans      acquire exchange  release compare-exchange                   none
 * slot_next    relaxed           relaxed compare-exchange                   none
 * collisions   relaxed           relaxed add                                none: a heuristic */
struct thi_slab {
    struct th_aptr range; /* where reference 0 is, which is none: of pages, or NULL */
    struct th_aptr levels[TH_SLAB_LEVELS]; /* level k at [k - 1] */
    struct th_allocator mem;
    struct th_aptr shard_first; /* made with the first record */
    struct th_aptr
        shards; /* -> th_aptr[TH_SLAB_SHARDS_MAX], made with the second shard; [0] unused */
    struct th_au64 orphans;    /* reference: records dropped while every shard was locked */
    struct th_au64 range_next; /* the first byte of the range that no region has */
    struct th_au32 slot_next;
    struct th_au32 collisions;
    bool huge_pages;
};

_Static_assert(sizeof(struct thi_slab) < 200, "an empty slab is small");
_Static_assert(TH_SLAB_RANGE_LOG2 < 8 * sizeof(void *) &&
                   TH_SLAB_RANGE_LOG2 < THI_SLAB_REFERENCE_BITS + THI_SLAB_UNIT_LOG2,
               "a distance in the range is a size and leaves the top bit of a reference");

/* The record whose reference is in the upper bits of `word`, above as many zeros as a unit has
 * bits and what else the word has. */
TH_INLINE void *thi_slab_at_upper(const struct thi_slab *slab, uint64_t word)
{
    const unsigned below = 64u - THI_SLAB_REFERENCE_BITS;
    uintptr_t bytes = (uintptr_t)(word >> (below - THI_SLAB_UNIT_LOG2));
    /* relaxed, all: each word is written once, before the reference is handed out by a take that
     * happens before this call; nothing newer than it exists to be missed. */
    if (TH_LIKELY((int64_t)word >= 0)) {
        return (void *)((uintptr_t)th_ptr_load_rlx(&slab->range) + bytes);
    }
    uint64_t slot = (word << 1) >> (below + TH_SLAB_SLOT_SHIFT + 1);
    TH_DEBUG_ASSERT(slot >= TH_SLAB_SLOT_FIRST);
    const struct th_aptr *level = th_ptr_load_rlx(&slab->levels[thi_log2_floor(slot) / 2 - 1]);
    return (void *)((uintptr_t)th_ptr_load_rlx(&level[slot]) + bytes);
}

TH_INLINE void *thi_slab_at(const struct thi_slab *slab, uint64_t reference)
{
    return thi_slab_at_upper(slab, reference << (64u - THI_SLAB_REFERENCE_BITS));
}

/* The class of a record: steps of one unit up to 16 units, then 8 classes a doubling. */
TH_INLINE unsigned thi_slab_class(size_t size)
{
    uint64_t last = (size - 1) / THI_SLAB_UNIT_BYTES; /* index of the last unit needed */
    if (last < 8) {
        return (unsigned)last;
    }
    unsigned step_shift = thi_log2_floor(last) - 3;
    return step_shift * 8 + (unsigned)(last >> step_shift);
}

TH_INLINE size_t thi_slab_class_bytes(unsigned class_index)
{
    if (class_index < 16) {
        return (size_t)(class_index + 1) * THI_SLAB_UNIT_BYTES;
    }
    unsigned step_shift = class_index / 8 - 1;
    size_t steps = class_index % 8 + 9; /* 9 to 16 steps */
    return (steps << step_shift) * THI_SLAB_UNIT_BYTES;
}

TH_INLINE size_t thi_slab_record_bytes(size_t size)
{
    return thi_slab_class_bytes(thi_slab_class(size));
}

#endif
