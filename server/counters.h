/* SPDX-License-Identifier: MIT
 * counters.h - what a worker counts, and how others read it.
 */
#ifndef TOPHASH_SERVER_COUNTERS_H
#define TOPHASH_SERVER_COUNTERS_H

#include <pthread.h>
#include <stdint.h>

enum thi_counter {
    TH_COUNT_CMD_GET,
    TH_COUNT_CMD_SET,
    TH_COUNT_CMD_FLUSH,
    TH_COUNT_CMD_TOUCH,
    TH_COUNT_GET_HITS,
    TH_COUNT_GET_MISSES,
    TH_COUNT_DELETE_HITS,
    TH_COUNT_DELETE_MISSES,
    TH_COUNT_INCR_HITS,
    TH_COUNT_INCR_MISSES,
    TH_COUNT_DECR_HITS,
    TH_COUNT_DECR_MISSES,
    TH_COUNT_CAS_HITS,
    TH_COUNT_CAS_MISSES,
    TH_COUNT_CAS_BADVAL,
    TH_COUNT_TOUCH_HITS,
    TH_COUNT_TOUCH_MISSES,
    TH_COUNT_STORE_TOO_LARGE,
    TH_COUNT_STORE_NO_MEMORY,
    TH_COUNT_BYTES_READ,
    TH_COUNT_BYTES_WRITTEN,
    TH_COUNT_CONN_YIELDS,
    TH_COUNT_IDLE_KICKS,
    TH_COUNT_BUFFER_REFUSALS,
    TH_COUNTERS
};

/* A worker counts a turn in `turn`, which only it touches, and adds it to `total` under the lock
 * when the turn ends: no shared write per command. */
struct thi_counters {
    uint64_t turn[TH_COUNTERS];
    pthread_mutex_t lock;
    uint64_t total[TH_COUNTERS]; /* guarded by lock */
};

void thi_counters_init(struct thi_counters *counters);
void thi_counters_fini(struct thi_counters *counters);

/* By the owner: makes what it counted visible. */
void thi_counters_fold(struct thi_counters *counters);
/* By anybody. */
void thi_counters_add_to(struct thi_counters *counters, uint64_t sums[TH_COUNTERS]);
void thi_counters_reset(struct thi_counters *counters);

#endif
