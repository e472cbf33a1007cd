/* SPDX-License-Identifier: MIT
 * mem.h - the allocator seam as the rooms use it: objects, page-backed regions, injected faults.
 */
#ifndef TOPHASH_MEM_MEM_H
#define TOPHASH_MEM_MEM_H

#include <tophash/alloc.h>

#include "base/base.h"

/* Resolves a user's allocator (or NULL) to one with all four functions set. TH_EINVAL: half set. */
TH_MUST_CHECK th_status thi_mem_init(struct th_allocator *mem, const struct th_allocator *user);

/* Objects. Zeroed: alloc_zero. NULL if refused. Every call site passes through fault injection. */
void *thi_mem_alloc(const struct th_allocator *mem, size_t size, size_t alignment);
void *thi_mem_alloc_zero(const struct th_allocator *mem, size_t size, size_t alignment);
void thi_mem_free(const struct th_allocator *mem, void *memory, size_t size, size_t alignment);

enum { THI_REGION_HUGE = 1u }; /* advise huge pages */

/* Page-backed regions: zero-filled, untouched, named for diagnosis, entered in the registry. NULL
 * if refused. */
void *thi_region_map(const struct th_allocator *mem, size_t size, size_t alignment, uint32_t flags,
                     const char *name);
void thi_region_unmap(const struct th_allocator *mem, void *memory, size_t size, size_t alignment);

/* Touches [memory, memory + size) for writing ahead of need, content kept; may do nothing. */
void thi_region_populate(void *memory, size_t size);
/* Gives the pages back; the content is zero afterwards: by the system, or where it cannot, by
 * writing zeros through `zero`. `memory` and `size` are multiples of the page or nothing is given
 * back and false returned. */
bool thi_region_drop(const struct th_allocator *mem, void *memory, size_t size);

/* Who owns an address: the registry. */
struct thi_region_info {
    uintptr_t start;
    size_t size;
    const char *name;
};
bool thi_region_find(const void *address, struct thi_region_info *info);
uint64_t thi_region_bytes_mapped(void);

/* Faults on purpose (tests): the n-th request from now fails (1: the next one), or with `sticky`
 * all from the n-th on. 0: none. Process-wide, thread-safe. Costs one relaxed load per allocation,
 * which is no hot path. */
void thi_mem_fault_set(uint64_t nth, bool sticky);
/* Requests counted since the last set, and how many of them were refused on purpose. */
uint64_t thi_mem_fault_requests(void);
uint64_t thi_mem_fault_refused(void);

#endif
