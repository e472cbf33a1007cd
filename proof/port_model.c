/* SPDX-License-Identifier: MIT
 * port_model.c - the system, as checked programs may have it: no chance, no files, no time.
 */
#include "port/port.h"

#include "proof.h"
#include "port/port_thread.h"

#include <tophash/check.h>

#include <pthread.h>

#include <stdlib.h>
#include <string.h>

size_t thi_port_page_bytes(void)
{
    return 4096;
}

/* Zeros from calloc(), which the checker need not see written. Behind the range stands what to
 * free. */
void *thi_port_pages_map(size_t size, size_t alignment)
{
    char *block = calloc(1, size + alignment + sizeof(void *));
    if (block == NULL) {
        return NULL;
    }
    char *memory = (char *)(((uintptr_t)block + alignment - 1) & ~(uintptr_t)(alignment - 1));
    *(void **)(void *)(memory + size) = block;
    return memory;
}

void thi_port_pages_unmap(void *memory, size_t size)
{
    free(*(void **)(void *)((char *)memory + size));
}

void thi_port_pages_huge(void *memory, size_t size)
{
    (void)memory;
    (void)size;
}

bool thi_port_pages_populate(void *memory, size_t size)
{
    (void)memory;
    (void)size;
    return true;
}

bool thi_port_pages_drop(void *memory, size_t size)
{
    (void)memory;
    (void)size;
    return true;
}

void thi_port_pages_name(void *memory, size_t size, const char *name)
{
    (void)memory;
    (void)size;
    (void)name;
}

void thi_port_random(void *memory, size_t size)
{
    memset(memory, 1, size);
}

unsigned thi_port_cpu_count(void)
{
    return 2;
}

uint64_t proof_now_ns = 1;

uint64_t thi_port_now_ns(void)
{
    return proof_now_ns;
}

uint64_t thi_port_thread_id(void)
{
    return 1;
}

void thi_port_thread_name(char *name, size_t size)
{
    memset(name, 0, size);
}

void thi_port_sleep_ns(uint64_t ns)
{
    (void)ns;
    th_check_give_up();
}

void thi_port_yield(void)
{
    th_check_give_up();
}

bool proof_wide;

bool thi_port_has_wide_loads(void)
{
    return proof_wide;
}

bool thi_port_membarrier_register(void)
{
    return proof_asymmetric;
}

bool thi_port_membarrier_heavy(void)
{
    th_check_heavy_fence();
    return true;
}

/* --- Threads: as port_thread.c, without forks, and with nothing left to do at the end. */

static pthread_mutex_t process_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_key_t exit_key;
static _Thread_local void (*exit_function)(void);

static void exit_run(void *unused)
{
    (void)unused;
    exit_function();
}

/* Called when a domain starts, before any thread is watched. */
bool thi_port_fork_watch(void (*before)(void), void (*in_parent)(void), void (*in_child)(void))
{
    (void)before;
    (void)in_parent;
    (void)in_child;
    return pthread_key_create(&exit_key, exit_run) == 0;
}

bool thi_port_thread_watch(void (*at_exit)(void))
{
    exit_function = at_exit;
    return pthread_setspecific(exit_key, &exit_function) == 0;
}

void thi_port_process_lock(void)
{
    (void)pthread_mutex_lock(&process_lock);
}

void thi_port_process_unlock(void)
{
    (void)pthread_mutex_unlock(&process_lock);
}
