/* SPDX-License-Identifier: MIT
 * port_unix.c - the part of the OS seam that every unix has: pages by mmap, clock, sleep, yield.
 *
 * Guarantees   G1 a mapping is aligned as asked: what was mapped too much at both ends is given
 *              back at once.
 *              G2 no function here touches the pages it maps.
 * Progress     each call is one to three system calls; nothing is shared, nothing is kept.
 */
#define _DEFAULT_SOURCE 1 /* MAP_ANONYMOUS, MAP_NORESERVE */

#include "port/port.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#ifndef MAP_NORESERVE
#define MAP_NORESERVE 0 /* an advice only: without it the system may count untouched pages */
#endif

#define TH_NS_PER_S 1000000000u

size_t thi_port_page_bytes(void)
{
    long bytes = sysconf(_SC_PAGESIZE);
    return bytes < 4096 ? 4096 : (size_t)bytes;
}

static void *pages_map_any(size_t size)
{
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return memory == MAP_FAILED ? NULL : memory;
}

void *thi_port_pages_map(size_t size, size_t alignment)
{
    size_t page = thi_port_page_bytes();
    if (alignment <= page) {
        return pages_map_any(size);
    }
    /* Map so much that an aligned range lies inside, then trim. */
    if (size > SIZE_MAX - alignment) {
        return NULL;
    }
    size_t whole_bytes = size + alignment - page;
    char *whole = pages_map_any(whole_bytes);
    if (whole == NULL) {
        return NULL;
    }
    size_t before = (size_t)(-(uintptr_t)whole & (alignment - 1));
    size_t behind = whole_bytes - before - size;
    if (before != 0) {
        (void)munmap(whole, before);
    }
    if (behind != 0) {
        (void)munmap(whole + before + size, behind);
    }
    return whole + before;
}

void thi_port_pages_unmap(void *memory, size_t size)
{
    /* Fails only if the range was never mapped (misuse) or if splitting a mapping exceeds the
     * system's count of mappings; whole mappings, as we give them back, are not split. */
    (void)munmap(memory, size);
}

unsigned thi_port_cpu_count(void)
{
    long count = sysconf(_SC_NPROCESSORS_ONLN);
    return count < 1 ? 1 : (unsigned)count;
}

uint64_t thi_port_now_ns(void)
{
    struct timespec now = {0, 0};
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * TH_NS_PER_S + (uint64_t)now.tv_nsec;
}

void thi_port_sleep_ns(uint64_t ns)
{
    struct timespec left = {(time_t)(ns / TH_NS_PER_S), (long)(ns % TH_NS_PER_S)};
    /* Callers wait in the middle of an operation, holding what a cancelled thread would not give
     * back: cancellation strikes at the next point of the user's own code. */
    int cancel_state = PTHREAD_CANCEL_ENABLE;
    (void)pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel_state);
    while (nanosleep(&left, &left) != 0 && errno == EINTR) {
        /* A signal interrupted us; `left` is what remains. */
    }
    (void)pthread_setcancelstate(cancel_state, &cancel_state);
}

void thi_port_yield(void)
{
    (void)sched_yield();
}
