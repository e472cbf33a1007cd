/* SPDX-License-Identifier: MIT
 * region.c - page-backed regions: mapped, named, registered, populated ahead of need, given back.
 *
 * Guarantees   G1 a region is zero-filled and untouched when it is handed out.
 *              G2 populate never changes content, also against concurrent writers.
 *              G3 drop leaves zeros, whoever supplied the memory.
 * Progress     map and unmap: system calls and a scan of the registry; populate and drop: linear in
 *              the pages.
 */
#include "mem/mem_priv.h"

#include "port/port.h"

static struct th_au64 region_bytes; /* relaxed everywhere: statistic */

bool thi_region_is_lazy(const struct th_allocator *mem)
{
    return mem->map == thi_mem_pages_map;
}

void *thi_region_map_at(struct thi_mem_site *site, const struct th_allocator *mem,
                        const struct thi_region_request *request)
{
    size_t size = request->size;
    TH_ASSERT(size != 0);
    TH_ASSERT((request->alignment & (request->alignment - 1)) == 0);
    if (thi_mem_fault_hit(site)) {
        return NULL;
    }
    void *memory = mem->map(mem->context, size, request->alignment);
    if (memory == NULL) {
        return NULL;
    }
    /* As in thi_mem_alloc_at(). */
    TH_DEBUG_ASSERT(request->alignment == 0 || (uintptr_t)memory % request->alignment == 0);
    if (thi_region_is_lazy(mem)) {
        /* Only on pages we mapped: advice on a user's memory may hit a file or a shared mapping. */
        thi_port_pages_name(memory, size, request->name);
        if ((request->flags & THI_REGION_HUGE) != 0) {
            thi_port_pages_huge(memory, size);
        }
    }
    thi_registry_add((uintptr_t)memory, size, request->name);
    /* relaxed: statistic. */
    th_u64_add_rlx(&region_bytes, size);
    return memory;
}

void thi_region_unmap(const struct th_allocator *mem, void *memory, size_t size, size_t alignment)
{
    if (memory == NULL) {
        return;
    }
    /* Forgotten first: once unmapped, another thread may be given the same addresses. */
    thi_registry_remove((uintptr_t)memory);
    /* relaxed: statistic. */
    th_u64_sub_rlx(&region_bytes, size);
    mem->unmap(mem->context, memory, size, alignment);
}

uint64_t thi_region_bytes_mapped(void)
{
    /* relaxed: statistic. */
    return th_u64_load_rlx(&region_bytes);
}

/* Writes 0 to a word of the page that is 0: in a page that is not there yet it is, and a page with
 * something else in it is there. Not read before: the system would show an empty page, and the
 * write would have to wait until all cores have forgotten that. */
static void page_touch(struct th_au64 *word)
{
    uint64_t zero = 0;
    /* relaxed: the value is not looked at and not changed. */
    (void)th_u64_cas_rlx_rlx(word, &zero, 0);
}

void thi_region_touch(void *memory, size_t size)
{
    uintptr_t page = thi_port_page_bytes();
    uintptr_t end = (uintptr_t)memory + size;
    uintptr_t address = ((uintptr_t)memory + 7) & ~(uintptr_t)7; /* never before `memory` */
    while (address + sizeof(struct th_au64) <= end) {
        page_touch((struct th_au64 *)address);
        address = (address & ~(page - 1)) + page;
    }
}

void thi_region_populate(void *memory, size_t size)
{
    uintptr_t page = thi_port_page_bytes();
    uintptr_t start = (uintptr_t)memory & ~(page - 1);
    size_t whole = (size_t)thi_round_up((uintptr_t)memory + size - start, page);
    /* One page is touched at once: a fault costs no more than a system call, and most are there. */
    bool one = whole == page && size >= 2 * sizeof(struct th_au64);
    if (size != 0 && (one || !thi_port_pages_populate((void *)start, whole))) {
        thi_region_touch(memory, size);
    }
}

bool thi_region_drop(const struct th_allocator *mem, void *memory, size_t size)
{
    size_t page = thi_port_page_bytes();
    if ((uintptr_t)memory % page != 0 || size % page != 0) {
        return false;
    }
    if (thi_region_is_lazy(mem) && thi_port_pages_drop(memory, size)) {
        return true;
    }
    struct th_au64 *words = memory;
    for (size_t i = 0; i < size / sizeof *words; i++) {
        /* release @map.value: as in cell_store_value(). Maps drop cells that readers may still look
         * at: the zeros must not be seen before the words that say that the group went away. */
        th_u64_store_rel(&words[i], 0);
    }
    return true;
}
