/* SPDX-License-Identifier: MIT
 * mem.h - the allocator seam as the rooms above use it: objects, page-backed regions, faults on
 * purpose.
 */
#ifndef TOPHASH_MEM_MEM_H
#define TOPHASH_MEM_MEM_H

#include <tophash/alloc.h>

#include "atomic/atomic.h"
#include "base/base.h"

/* Resolves a user's allocator (or NULL) to one with all four functions set. TH_EINVAL if half set.
 * */
TH_MUST_CHECK th_status thi_mem_init(struct th_allocator *mem, const struct th_allocator *user);

/* Objects. Zeroed: alloc_zero. NULL if refused. Every call site passes through fault injection.
 * These three are macros over the _at functions, so that each place in the source that asks for
 * memory is known (see the sites below). */
#define thi_mem_alloc(mem, size, alignment) \
    thi_mem_alloc_at(THI_MEM_SITE(), (mem), (size), (alignment))
#define thi_mem_alloc_zero(mem, size, alignment) \
    thi_mem_alloc_zero_at(THI_MEM_SITE(), (mem), (size), (alignment))
void thi_mem_free(const struct th_allocator *mem, void *memory, size_t size, size_t alignment);

enum { THI_REGION_HUGE = 1u }; /* advise huge pages */

/* Page-backed regions: zero-filled, untouched, named for diagnosis, entered in the registry. NULL
 * if refused. `name` must outlive the region: a literal. */
#define thi_region_map(mem, size, alignment, flags, name) \
    thi_region_map_at(THI_MEM_SITE(), (mem),              \
                      &(const struct thi_region_request){(size), (alignment), (flags), (name)})
/* True if regions cost nothing but address space until they are touched: no user's map function. */
bool thi_region_is_lazy(const struct th_allocator *mem);
void thi_region_unmap(const struct th_allocator *mem, void *memory, size_t size, size_t alignment);

/* Touches [memory, memory + size) for writing ahead of need, content kept, also against concurrent
 * writers; may do nothing. */
void thi_region_populate(void *memory, size_t size);
/* The same by hand, where the system has no call: writes to each page and changes nothing. */
void thi_region_touch(void *memory, size_t size);
/* Gives the pages back; the content is zero afterwards: by the system, or where it cannot, by
 * writing zeros. Others may read meanwhile (and see old or zero words), not write. False, and
 * nothing done, unless `memory` and `size` are multiples of the page. */
bool thi_region_drop(const struct th_allocator *mem, void *memory, size_t size);

/* Who owns an address: the registry. A diagnosis: the answer may be outdated when it arrives. */
struct thi_region_info {
    uintptr_t start;
    size_t size;
    const char *name;
};
bool thi_region_find(const void *address, struct thi_region_info *info);
uint64_t thi_region_bytes_mapped(void);
/* Regions that the registry had no room for, since the process started. They work, but cannot be
 * found. */
uint64_t thi_region_unregistered_total(void);

/* Faults on purpose (tests): the n-th request from now fails (1: the next one), or with `sticky`
 * all from the n-th on. 0: off; the figures of the last set stay for reading. UINT64_MAX: count,
 * refuse nothing. Process-wide, thread-safe. Off it costs one relaxed load per allocation, which is
 * no hot path. */
void thi_mem_fault_set(uint64_t nth, bool sticky);
/* Requests counted since the last set that was not off, and how many of them were refused on
 * purpose. */
uint64_t thi_mem_fault_requests(void);
uint64_t thi_mem_fault_refused(void);

/* A place in the source that asks for memory. Counted only while faults are set. */
struct thi_mem_site {
    const char *file; /* as the compiler was given it */
    int line;
    const char *function;
    struct th_au64 requests;
    struct th_au64 refused;
};

/* Every place linked into the program, reached or not: sites 0 to count - 1, in no order. NULL
 * behind the end. */
size_t thi_mem_site_count(void);
const struct thi_mem_site *thi_mem_site_get(size_t index);
/* How many places whose file name contains `file_part` were never refused, since the process
 * started. Each is printed by `report` (may be NULL). A fault loop ends with
 * CHECK_EQ(thi_mem_sites_unrefused("src/map/", print), 0). */
size_t thi_mem_sites_unrefused(const char *file_part,
                               void (*report)(const struct thi_mem_site *site));

/* ---- behind the macros ---- */

/* The pointer lies in a section of its own, so that the linker builds the list of all sites. A
 * statement expression, because only it can hold a static object inside an expression. */
#define THI_MEM_SITE()                                                                   \
    __extension__({                                                                      \
        static struct thi_mem_site thi_site_ = {__FILE__, __LINE__, __func__, {0}, {0}}; \
        static struct thi_mem_site *const thi_site_pointer_                              \
            __attribute__((section("thi_mem_sites"), used)) = &thi_site_;                \
        thi_site_pointer_;                                                               \
    })

struct thi_region_request {
    size_t size;
    size_t alignment;
    uint32_t flags;
    const char *name;
};

void *thi_mem_alloc_at(struct thi_mem_site *site, const struct th_allocator *mem, size_t size,
                       size_t alignment);
void *thi_mem_alloc_zero_at(struct thi_mem_site *site, const struct th_allocator *mem, size_t size,
                            size_t alignment);
void *thi_region_map_at(struct thi_mem_site *site, const struct th_allocator *mem,
                        const struct thi_region_request *request);

#endif
