/* SPDX-License-Identifier: MIT
 * slab_priv.h - the slab's layout, and the inline part of its hot path.
 *
 * Layout       reference (40 bits) = slot (24) . unit in the slot (16); a slot is 1 MiB of
 *              references, whatever part of it has memory. Slots count from 4; level k of the
 *              directory holds the slots 4^k to 4^(k+1) - 1 (at those indices: its first quarter
 *              stays empty) and is never moved once it is there:
 *
 *              slab.levels [ - | 1 | 2 | 3 | ... | 11 ]
 *                                |   +--> slots 16..63
 *                                +------> slots 4..15: [slot] -> origin
 *
 *              address of a record = origin of its slot + 16 * reference. (The origin is where
 *              reference 0 would be.)
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
#define TH_SLAB_SLOT_END (1u << (THI_SLAB_REFERENCE_BITS - TH_SLAB_SLOT_SHIFT))
#define TH_SLAB_LEVELS 12u
#define TH_SLAB_CLASSES 81u

/* field        readers           writers                                    guard
 * levels[k]    acquire, relaxed  release compare-exchange, once, from NULL  none
 * shard_first  acquire           release compare-exchange, once, from NULL  none
 * shards       acquire, relaxed  release compare-exchange, once, from NULL  none
 * orphans      acquire exchange  release compare-exchange                   none
 * slot_next    relaxed           relaxed compare-exchange                   none
 * collisions   relaxed           relaxed add                                none: a heuristic */
struct thi_slab {
    struct th_aptr levels[TH_SLAB_LEVELS]; /* [0] stays NULL */
    struct th_allocator mem;
    struct th_aptr shard_first; /* made with the first record */
    struct th_aptr
        shards; /* -> th_aptr[TH_SLAB_SHARDS_MAX], made with the second shard; [0] unused */
    struct th_au64 orphans; /* reference: records dropped while every shard was locked */
    struct th_au32 slot_next;
    struct th_au32 collisions;
    bool huge_pages;
};

_Static_assert(sizeof(struct thi_slab) < 200, "an empty slab is small");

/* The record whose reference counts `bytes`, for those to whom slot and bytes cost less apart. */
TH_INLINE void *thi_slab_at_bytes(const struct thi_slab *slab, uint64_t slot, uint64_t bytes)
{
    TH_DEBUG_ASSERT(slot >= TH_SLAB_SLOT_FIRST);
    TH_DEBUG_ASSERT(slot < TH_SLAB_SLOT_END);
    /* relaxed, both: each word is written once, before the reference is handed out by a take that
     * happens before this call; nothing newer than it exists to be missed. */
    const struct th_aptr *level = th_ptr_load_rlx(&slab->levels[thi_log2_floor(slot) / 2]);
    uintptr_t origin = (uintptr_t)th_ptr_load_rlx(&level[slot]);
    return (void *)(origin + (uintptr_t)bytes);
}

TH_INLINE void *thi_slab_at(const struct thi_slab *slab, uint64_t reference)
{
    return thi_slab_at_bytes(slab, reference >> TH_SLAB_SLOT_SHIFT,
                             reference * THI_SLAB_UNIT_BYTES);
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
