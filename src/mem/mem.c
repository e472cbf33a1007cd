/* SPDX-License-Identifier: MIT
 * mem.c - objects through the allocator seam, with malloc and the system's pages where the user
 * gave nothing.
 *
 * Guarantees   G1 every request passes the fault gate before it reaches an allocator.
 *              G2 free gets exactly the size and alignment of its alloc.
 * Progress     that of the allocator behind it.
 */
#include "mem/mem.h"

#include "mem/mem_priv.h"

#include <stdlib.h>
#include <string.h>

#include "port/port.h"

static void *default_alloc(void *context, size_t size, size_t alignment)
{
    (void)context;
    if (alignment <= _Alignof(max_align_t)) {
        return malloc(size);
    }
    if (size > SIZE_MAX - alignment) {
        return NULL;
    }
    /* aligned_alloc wants a multiple of the alignment. */
    return aligned_alloc(alignment, (size_t)thi_round_up(size, alignment));
}

static void default_free(void *context, void *memory, size_t size, size_t alignment)
{
    (void)context;
    (void)size;
    (void)alignment;
    free(memory);
}

void *thi_mem_pages_map(void *context, size_t size, size_t alignment)
{
    (void)context;
    size_t page = thi_port_page_bytes();
    if (size > SIZE_MAX - page) {
        return NULL;
    }
    return thi_port_pages_map((size_t)thi_round_up(size, page),
                              alignment < page ? page : alignment);
}

static void pages_unmap(void *context, void *memory, size_t size, size_t alignment)
{
    (void)context;
    (void)alignment;
    thi_port_pages_unmap(memory, (size_t)thi_round_up(size, thi_port_page_bytes()));
}

th_status thi_mem_init(struct th_allocator *mem, const struct th_allocator *user)
{
    struct th_allocator result = {NULL, default_alloc, default_free, thi_mem_pages_map,
                                  pages_unmap};
    if (user != NULL) {
        if (user->alloc == NULL || user->free == NULL) {
            return TH_EINVAL;
        }
        if ((user->map == NULL) != (user->unmap == NULL)) {
            return TH_EINVAL;
        }
        result.context = user->context;
        result.alloc = user->alloc;
        result.free = user->free;
        if (user->map != NULL) {
            result.map = user->map;
            result.unmap = user->unmap;
        }
    }
    *mem = result;
    return TH_OK;
}

void *thi_mem_alloc_at(struct thi_mem_site *site, const struct th_allocator *mem, size_t size,
                       size_t alignment)
{
    TH_ASSERT(size != 0);
    TH_ASSERT(alignment != 0);
    TH_ASSERT((alignment & (alignment - 1)) == 0);
    if (thi_mem_fault_hit(site)) {
        return NULL;
    }
    void *memory = mem->alloc(mem->context, size, alignment);
    /* Objects of ours hold shared words: misplaced by a user's allocator they are torn, or trap. */
    TH_DEBUG_ASSERT((uintptr_t)memory % alignment == 0);
    return memory;
}

void *thi_mem_alloc_zero_at(struct thi_mem_site *site, const struct th_allocator *mem, size_t size,
                            size_t alignment)
{
    void *memory = thi_mem_alloc_at(site, mem, size, alignment);
    if (memory != NULL) {
        memset(memory, 0, size);
    }
    return memory;
}

void thi_mem_free(const struct th_allocator *mem, void *memory, size_t size, size_t alignment)
{
    if (memory != NULL) {
        mem->free(mem->context, memory, size, alignment);
    }
}
