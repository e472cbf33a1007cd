/* SPDX-License-Identifier: MIT
 * counters.c - what a worker counts, and how others read it.
 *
 * Guarantees   G1 a reader sees whole turns. G2 what an owner counted and folded before a reader's
 *              call is in the reader's sums.
 */
#include "counters.h"

#include <string.h>

void thi_counters_init(struct thi_counters *counters)
{
    memset(counters->turn, 0, sizeof counters->turn);
    memset(counters->total, 0, sizeof counters->total);
    pthread_mutex_init(&counters->lock, NULL);
}

void thi_counters_fini(struct thi_counters *counters)
{
    pthread_mutex_destroy(&counters->lock);
}

void thi_counters_fold(struct thi_counters *counters)
{
    pthread_mutex_lock(&counters->lock);
    for (size_t i = 0; i < TH_COUNTERS; i++) {
        counters->total[i] += counters->turn[i];
    }
    pthread_mutex_unlock(&counters->lock);
    memset(counters->turn, 0, sizeof counters->turn);
}

void thi_counters_add_to(struct thi_counters *counters, uint64_t sums[TH_COUNTERS])
{
    pthread_mutex_lock(&counters->lock);
    for (size_t i = 0; i < TH_COUNTERS; i++) {
        sums[i] += counters->total[i];
    }
    pthread_mutex_unlock(&counters->lock);
}

void thi_counters_reset(struct thi_counters *counters)
{
    pthread_mutex_lock(&counters->lock);
    memset(counters->total, 0, sizeof counters->total);
    pthread_mutex_unlock(&counters->lock);
}
