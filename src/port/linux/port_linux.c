/* SPDX-License-Identifier: MIT
 * port_linux.c - the part of the OS seam that is Linux's own: page advice, random bytes, thread
 * names, membarrier.
 *
 * Guarantees   G1 constants a header may lack are given here by number: the kernel that runs
 *              decides, not the header.
 *              G2 a call the running kernel does not know is answered false or ignored, never an
 *              error.
 * Progress     one system call each; nothing is kept between calls.
 * Sources      membarrier(2), madvise(2), getrandom(2), prctl(2).
 */
#define _GNU_SOURCE 1

#include "port/port.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "port/port_priv.h"

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23 /* Linux 5.14 */
#endif
#ifndef PR_SET_VMA
#define PR_SET_VMA 0x53564d41 /* Linux 5.17 */
#endif
#ifndef PR_SET_VMA_ANON_NAME
#define PR_SET_VMA_ANON_NAME 0
#endif

enum {
    TH_MEMBARRIER_QUERY = 0,
    TH_MEMBARRIER_PRIVATE_EXPEDITED = 1 << 3,
    TH_MEMBARRIER_REGISTER_PRIVATE_EXPEDITED = 1 << 4
};

void thi_port_pages_huge(void *memory, size_t size)
{
    (void)madvise(memory, size, MADV_HUGEPAGE);
}

bool thi_port_pages_populate(void *memory, size_t size)
{
    int result = 0;
    do {
        result = madvise(memory, size, MADV_POPULATE_WRITE);
    } while (result != 0 && errno == EINTR); /* a signal; the kernel kept what it had populated */
    /* Without memory it stops early, and touching by hand would end in a kill: that is no reason to
     * say that the call is missing. */
    return result == 0 || errno != EINVAL;
}

bool thi_port_pages_drop(void *memory, size_t size)
{
    return madvise(memory, size, MADV_DONTNEED) == 0;
}

void thi_port_pages_name(void *memory, size_t size, const char *name)
{
    (void)prctl(PR_SET_VMA, PR_SET_VMA_ANON_NAME, memory, size, name);
}

void thi_port_random(void *memory, size_t size)
{
    char *bytes = memory;
    size_t done = 0;
    while (done < size) {
        long got = syscall(SYS_getrandom, bytes + done, size - done, 0);
        if (got > 0) {
            done += (size_t)got;
        } else if (got == 0 || errno != EINTR) {
            thi_port_random_fallback(bytes + done, size - done);
            return;
        }
    }
}

uint64_t thi_port_thread_id(void)
{
    return (uint64_t)syscall(SYS_gettid);
}

void thi_port_thread_name(char *name, size_t size)
{
    char whole[16] = ""; /* what the kernel keeps, its terminator included */
    (void)prctl(PR_GET_NAME, whole, 0, 0, 0);
    whole[sizeof whole - 1] = '\0';
    if (size == 0) {
        return;
    }
    size_t length = strlen(whole);
    length = length < size ? length : size - 1;
    memcpy(name, whole, length);
    name[length] = '\0';
}

static long membarrier_call(int command)
{
    return syscall(SYS_membarrier, command, 0, 0);
}

bool thi_port_membarrier_register(void)
{
    long supported = membarrier_call(TH_MEMBARRIER_QUERY);
    if (supported < 0 || (supported & TH_MEMBARRIER_PRIVATE_EXPEDITED) == 0) {
        return false;
    }
    /* Registering twice is allowed by the kernel and changes nothing. */
    return membarrier_call(TH_MEMBARRIER_REGISTER_PRIVATE_EXPEDITED) == 0;
}

bool thi_port_membarrier_heavy(void)
{
    return membarrier_call(TH_MEMBARRIER_PRIVATE_EXPEDITED) == 0;
}
