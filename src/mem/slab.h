/* SPDX-License-Identifier: MIT
 * slab.h - storage of small records addressed by 40-bit references: what the cells of a bytes map
 * refer to.
 *
 * A reference counts units of 16 bytes; 0 is never given. References stay valid and their memory
 * mapped until the slab ends; a freed record's room is given again to a record of the same size
 * class.
 */
#ifndef TOPHASH_MEM_SLAB_H
#define TOPHASH_MEM_SLAB_H

#include "atomic/atomic.h"
#include "mem/mem.h"

#define THI_SLAB_UNIT_LOG2 4u
#define THI_SLAB_UNIT_BYTES (1u << THI_SLAB_UNIT_LOG2)
#define THI_SLAB_RECORD_BYTES_MAX (64u * 1024u + 64u)
#define THI_SLAB_REFERENCE_BITS 40u

struct thi_slab;

/* Under 200 bytes until the first record, then starts with about 2 KiB and grows geometrically.
 * `mem` is copied. `huge_pages`: the system is asked for them where a part is large enough. */
TH_MUST_CHECK th_status thi_slab_new(const struct th_allocator *mem, bool huge_pages,
                                     struct thi_slab **slab);
/* NULL is allowed. Nobody may be inside or use a record any more. */
void thi_slab_free(struct thi_slab *slab);

/* A record of `size` bytes (1 to the max), aligned to 16; 0 if there is no memory. Content is
 * undefined. Any number of threads; a thread stopped inside holds up nobody else (shards are
 * try-locked). */
TH_MUST_CHECK uint64_t thi_slab_take(struct thi_slab *slab, size_t size);
/* Gives a record back: nobody may read it any more. `size` as it was taken. Cannot fail, waits for
 * nobody. */
void thi_slab_drop(struct thi_slab *slab, uint64_t reference, size_t size);

/* The record's address. Hot path: inline, one relaxed load for most records. The reference must
 * come from a take that happens before. */
TH_INLINE void *thi_slab_at(const struct thi_slab *slab, uint64_t reference);

/* Bytes that a record of `size` bytes occupies: 16 to 128 in steps of 16, then eight sizes a
 * doubling. */
TH_INLINE size_t thi_slab_record_bytes(size_t size);

/* mapped: everything the slab asked memory for, of its range what was cut for regions. used:
 * records taken and not dropped, as they are occupied. */
void thi_slab_get_stats(const struct thi_slab *slab, uint64_t *bytes_mapped, uint64_t *bytes_used);

#include "mem/slab_priv.h"

#endif
