/* SPDX-License-Identifier: MIT
 * service.h - what all workers share: the cache, the settings, the clock, the counters.
 */
#ifndef TOPHASH_SERVER_SERVICE_H
#define TOPHASH_SERVER_SERVICE_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <tophash/cache.h>

#include "counters.h"
#include "options.h"

/* The clock of expiries counts seconds from two before the start, so that no second of life is 0
 * (which means never) and 1 is always past. */
struct thi_clock {
    int64_t unix_zero_s;    /* the Unix second that is 0 on it */
    uint64_t started_ns;    /* monotonic */
    int64_t debug_offset_s; /* by debugtime; guarded by the service's lock */
};

/* Guarded by the service's lock. */
struct thi_gate {
    uint64_t open_count;
    uint64_t opened_total;
    uint64_t rejected_total;
    uint64_t paused_total; /* times accepting stopped for want of descriptors */
    bool paused;
};

struct thi_service {
    struct th_cache *cache;
    const struct thi_options *options;
    struct thi_clock clock;
    struct thi_counters *counters; /* one for each worker */
    pthread_mutex_t lock;
    unsigned verbosity; /* guarded by lock */
    struct thi_gate gate;
};

/* Opens the cache by the options. TH_OK; else *error says what to do. */
th_status thi_service_init(struct thi_service *service, const struct thi_options *options,
                           const char **error);
void thi_service_fini(struct thi_service *service);

/* Seconds on the clock of expiries. */
uint32_t thi_service_now(struct thi_service *service);
int64_t thi_service_unix_now(struct thi_service *service);

/* Moves the clock; false if it would run backwards. */
bool thi_service_move_clock(struct thi_service *service, int64_t delta_s);

/* A protocol's expiry on our clock: 0 never, negative past, up to 30 days relative, else a Unix
 * second. */
uint32_t thi_service_expiry(const struct thi_service *service, int64_t exptime, uint32_t now);

unsigned thi_service_verbosity(struct thi_service *service);
void thi_service_set_verbosity(struct thi_service *service, uint64_t level);

/* True: one more connection is open. False: there are as many as the limit allows. */
bool thi_service_open_connection(struct thi_service *service);
void thi_service_close_connection(struct thi_service *service);

#endif
