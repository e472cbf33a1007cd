/* SPDX-License-Identifier: MIT
 * fault.c - refusing memory on purpose, and the list of all places that ask for it.
 *
 * Guarantees   G1 with n set, exactly the n-th request of the process is refused (sticky: it and
 *              all later ones).
 *              G2 the list of sites is complete for the program: the linker makes it.
 * Progress     wait-free. One relaxed load a request while off.
 * Invariants   I1 FAULT_OFF in fault_nth  <=>  nothing is counted.
 * Sources      failing the n-th allocation, n = 1, 2, ...: SQLite's out-of-memory tests. Linker
 *              sections as lists: the initcalls of Linux.
 *
 * field            readers            writers                      guard
 * fault_nth        relaxed            relaxed, thi_mem_fault_set   none: a test sets it before its
 * threads start fault_sticky     relaxed            relaxed, thi_mem_fault_set   as above
 * counters         relaxed            relaxed add                  none: statistics
 */
#include "mem/mem_priv.h"

#include <string.h>

#define TH_FAULT_OFF 0u

static struct th_au64 fault_nth;
static struct th_au32 fault_sticky;
static struct th_au64 fault_requests;
static struct th_au64 fault_refused;

/* Made by the linker; weak, for a program without any site. */
extern struct thi_mem_site *const __start_thi_mem_sites[]
    __attribute__((weak, visibility("hidden")));
extern struct thi_mem_site *const __stop_thi_mem_sites[]
    __attribute__((weak, visibility("hidden")));

void thi_mem_fault_set(uint64_t nth, bool sticky)
{
    if (nth != TH_FAULT_OFF) {
        /* relaxed: tests set faults before they start threads, and join them before they read. */
        th_u64_store_rlx(&fault_requests, 0);
        th_u64_store_rlx(&fault_refused, 0);
    }
    th_u32_store_rlx(&fault_sticky, sticky);
    th_u64_store_rlx(&fault_nth, nth);
}

uint64_t thi_mem_fault_requests(void)
{
    /* relaxed: statistic. */
    return th_u64_load_rlx(&fault_requests);
}

uint64_t thi_mem_fault_refused(void)
{
    /* relaxed: statistic. */
    return th_u64_load_rlx(&fault_refused);
}

static TH_NOINLINE bool fault_judge(struct thi_mem_site *site, uint64_t nth)
{
    /* relaxed: counting needs each request to get a number of its own, no order. */
    uint64_t number = th_u64_add_rlx(&fault_requests, 1) + 1;
    th_u64_add_rlx(&site->requests, 1);
    bool refuse = th_u32_load_rlx(&fault_sticky) != 0 ? number >= nth : number == nth;
    if (refuse) {
        th_u64_add_rlx(&fault_refused, 1);
        th_u64_add_rlx(&site->refused, 1);
    }
    return refuse;
}

bool thi_mem_fault_hit(struct thi_mem_site *site)
{
    /* relaxed: see thi_mem_fault_set(); a request that races with the set may or may not count. */
    uint64_t nth = th_u64_load_rlx(&fault_nth);
    return TH_UNLIKELY(nth != TH_FAULT_OFF) && fault_judge(site, nth);
}

size_t thi_mem_site_count(void)
{
    return (size_t)(__stop_thi_mem_sites - __start_thi_mem_sites);
}

const struct thi_mem_site *thi_mem_site_get(size_t index)
{
    return index < thi_mem_site_count() ? __start_thi_mem_sites[index] : NULL;
}

size_t thi_mem_sites_unrefused(const char *file_part,
                               void (*report)(const struct thi_mem_site *site))
{
    size_t unrefused = 0;
    for (size_t i = 0; i < thi_mem_site_count(); i++) {
        const struct thi_mem_site *site = __start_thi_mem_sites[i];
        /* relaxed: statistic; the threads that counted have been joined. */
        if (strstr(site->file, file_part) == NULL || th_u64_load_rlx(&site->refused) != 0) {
            continue;
        }
        unrefused++;
        if (report != NULL) {
            report(site);
        }
    }
    return unrefused;
}
