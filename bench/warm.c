/* SPDX-License-Identifier: MIT
 * warm.c - memory that the host has given already, for the measurement of growth.
 *
 * In a virtual machine a page that was never touched, or was free for some seconds, may have to be
 * given by the host first: some milliseconds for a huge one, which is no map's doing. So memory is
 * touched beforehand, and given back bit by bit while the map grows, always a little more than it
 * has taken: the system hands out first what was freed last.
 */
#include "bench.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define STEP_BYTES ((size_t)2 << 20)
#define AHEAD_BYTES (4 * STEP_BYTES)
#define LOOK_US 3000u
#define FRESH_NS 300000000u /* after that what lies ready is too old */

struct bench_warm {
    char *memory;
    size_t bytes;
    size_t released;
    unsigned cores;         /* that will take it */
    size_t ahead;           /* to be released above what was taken */
    size_t resident_before; /* of the process, the memory included */
    uint64_t released_at_ns;
    pthread_t thread;
    bool started;
    bool stop; /* set by the other thread */
};

static size_t resident_bytes(void)
{
    unsigned long pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    if (file != NULL) {
        if (fscanf(file, "%*u %lu", &pages) != 1) {
            pages = 0;
        }
        fclose(file);
    }
    return pages * (size_t)sysconf(_SC_PAGESIZE);
}

/* Every second step first: neighbours that are free together become a bigger block, and the system
 * hands out the smaller ones first. */
static char *warm_step(const struct bench_warm *warm, size_t number)
{
    size_t half = warm->bytes / STEP_BYTES / 2;
    size_t at = number < half ? 2 * number : 2 * (number - half) + 1;
    return warm->memory + at * STEP_BYTES;
}

static void warm_release(struct bench_warm *warm)
{
    size_t resident = resident_bytes() + warm->released;
    size_t taken = resident > warm->resident_before ? resident - warm->resident_before : 0;
    uint64_t now_ns = bench_wall_ns();
    if (warm->released > 0 && now_ns - warm->released_at_ns > FRESH_NS) {
        warm->ahead += AHEAD_BYTES * warm->cores;
    }
    while (warm->released < warm->bytes && warm->released < taken + warm->ahead) {
        /* What a core frees it keeps for itself at first: to each its share. */
        bench_pin((unsigned)(warm->released / STEP_BYTES % warm->cores));
        (void)munmap(warm_step(warm, warm->released / STEP_BYTES), STEP_BYTES);
        warm->released += STEP_BYTES;
        warm->released_at_ns = now_ns;
    }
}

static void *warm_run(void *argument)
{
    struct bench_warm *warm = argument;
    while (!__atomic_load_n(&warm->stop, __ATOMIC_ACQUIRE)) {
        warm_release(warm);
        usleep(LOOK_US);
    }
    return NULL;
}

struct bench_warm *bench_warm_new(size_t bytes, unsigned threads)
{
    struct bench_warm *warm = calloc(1, sizeof *warm);
    if (warm == NULL) {
        return NULL;
    }
    warm->bytes = bytes / (2 * STEP_BYTES) * (2 * STEP_BYTES);
    void *memory = mmap(NULL, warm->bytes + STEP_BYTES, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) {
        free(warm);
        return NULL;
    }
    size_t misplaced = (uintptr_t)memory % STEP_BYTES;
    warm->memory = (char *)memory + (misplaced == 0 ? 0 : STEP_BYTES - misplaced);
    memory = warm->memory;
    /* Huge pages are not given to a process that runs without them, see child.c. */
    (void)madvise(memory, warm->bytes, MADV_HUGEPAGE);
    memset(memory, 1, warm->bytes);
    warm->resident_before = resident_bytes();
    warm->cores = threads;
    warm->ahead = AHEAD_BYTES * threads;
    warm_release(warm);
    warm->started = pthread_create(&warm->thread, NULL, warm_run, warm) == 0;
    return warm;
}

void bench_warm_free(struct bench_warm *warm)
{
    if (warm == NULL) {
        return;
    }
    if (warm->started) {
        __atomic_store_n(&warm->stop, true, __ATOMIC_RELEASE);
        pthread_join(warm->thread, NULL);
    }
    for (; warm->released < warm->bytes; warm->released += STEP_BYTES) {
        (void)munmap(warm_step(warm, warm->released / STEP_BYTES), STEP_BYTES);
    }
    free(warm);
}
