/* SPDX-License-Identifier: MIT
 * port_posix.c - the OS seam on a unix that is not Linux: what POSIX alone gives.
 *
 * Guarantees   what is missing is answered false, so that callers take their portable path: pages
 *              are touched one by one, zeros are written, both sides of a barrier pair use a full
 *              fence.
 * Progress     bounded.
 */
#include "port/port.h"

#include "port/port_priv.h"

void thi_port_pages_huge(void *memory, size_t size)
{
    (void)memory;
    (void)size;
}

bool thi_port_pages_populate(void *memory, size_t size)
{
    (void)memory;
    (void)size;
    return false;
}

bool thi_port_pages_drop(void *memory, size_t size)
{
    (void)memory;
    (void)size;
    return false; /* posix_madvise promises no zeros */
}

void thi_port_pages_name(void *memory, size_t size, const char *name)
{
    (void)memory;
    (void)size;
    (void)name;
}

void thi_port_random(void *memory, size_t size)
{
    thi_port_random_fallback(memory, size);
}

uint64_t thi_port_thread_id(void)
{
    /* No portable number: the address of a thread's own byte is unique while it lives. */
    static _Thread_local char own;
    return (uint64_t)(uintptr_t)&own;
}

void thi_port_thread_name(char *name, size_t size)
{
    if (size != 0) {
        name[0] = '\0';
    }
}

bool thi_port_membarrier_register(void)
{
    return false;
}

bool thi_port_membarrier_heavy(void)
{
    return false;
}
