/* SPDX-License-Identifier: MIT
 * port.h - the seam to the operating system: everything that is not C11 stands behind these calls.
 *
 * One implementation a folder: linux/ (and other unixes through posix calls); a checked build links
 * a model of it.
 */
#ifndef TOPHASH_PORT_PORT_H
#define TOPHASH_PORT_PORT_H

#include "base/base.h"

/* Bytes of a page. At least 4096, a power of two. */
size_t thi_port_page_bytes(void);

/* Zero-filled, readable and writable memory of `size` bytes (a multiple of the page), aligned to
 * `alignment` (a power of two, at least the page), untouched and not counted before it is touched.
 * NULL: refused. */
void *thi_port_pages_map(size_t size, size_t alignment);
void thi_port_pages_unmap(void *memory, size_t size);

/* Advice: may be ignored by the system. huge: use huge pages. populate: touch for writing now as
 * far as memory goes, content kept; false if the system has no call for it. drop: content becomes
 * zero, memory goes back to the system; false if the system cannot promise the zeros. */
void thi_port_pages_huge(void *memory, size_t size);
bool thi_port_pages_populate(void *memory, size_t size);
bool thi_port_pages_drop(void *memory, size_t size);
/* A name for diagnosis, where the system has such. */
void thi_port_pages_name(void *memory, size_t size, const char *name);

/* Fills `memory` with bytes an attacker cannot guess; falls back to the best the system has, never
 * fails. */
void thi_port_random(void *memory, size_t size);

/* Processors this process may hope for; at least 1. */
unsigned thi_port_cpu_count(void);

uint64_t thi_port_now_ns(void); /* monotonic */
uint64_t thi_port_thread_id(void);
void thi_port_thread_name(char *name, size_t size); /* of the calling thread, always terminated */
void thi_port_sleep_ns(uint64_t ns);
void thi_port_yield(void);

/* For builds that watch addresses: nobody may touch a hidden range before it is shown again.
 * Nothing otherwise. */
#if defined(__SANITIZE_ADDRESS__)
#define THI_PORT_WATCHES_ADDRESSES 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define THI_PORT_WATCHES_ADDRESSES 1
#endif
#endif
#ifdef THI_PORT_WATCHES_ADDRESSES
#include <sanitizer/asan_interface.h>
TH_INLINE void thi_port_memory_hide(void *memory, size_t size)
{
    __asan_poison_memory_region(memory, size);
}
TH_INLINE void thi_port_memory_show(void *memory, size_t size)
{
    __asan_unpoison_memory_region(memory, size);
}
#else
TH_INLINE void thi_port_memory_hide(void *memory, size_t size)
{
    (void)memory;
    (void)size;
}
TH_INLINE void thi_port_memory_show(void *memory, size_t size)
{
    (void)memory;
    (void)size;
}
#endif

/* True if the processor's aligned 16-byte vector loads are never torn, and it has the compare
 * instructions that go with them (x86-64: AVX and BMI, of makers who say so). Asks the processor
 * each time, which under a hypervisor takes microseconds. */
bool thi_port_has_wide_loads(void);

/* Tells the core that we spin. */
TH_INLINE void thi_port_pause(void)
{
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__) || defined(__arm__)
    __asm__ volatile("yield");
#elif defined(__powerpc__)
    __asm__ volatile("or 27,27,27");
#endif
}

/* The asymmetric barrier. register: true if the system has it for this process (idempotent). heavy:
 * every running thread of the process has passed a full barrier when it returns; only after
 * register said true. */
bool thi_port_membarrier_register(void);
bool thi_port_membarrier_heavy(void);

#endif
