/* SPDX-License-Identifier: MIT
 * service.c - what all workers share: the cache, the settings, the clock, the counters.
 *
 * Guarantees   G1 the clock of expiries does not run backwards and is at least 2.
 */
#include "service.h"

#include <stdlib.h>

#include "net/system.h"

/* Where the protocol's expiries turn from relative to absolute. */
static const int64_t relative_max_s = 60 * 60 * 24 * 30;

static th_status cache_open(struct thi_service *service, const char **error)
{
    const struct thi_options *options = service->options;
    struct th_cache_config config = {.memory_bytes = options->memory_bytes,
                                     .item_bytes_max = options->item_bytes_max,
                                     .no_eviction = options->no_eviction};
    th_status status = th_cache_new(&config, &service->cache);
    if (status == TH_EINVAL) {
        *error = "the cache refuses these sizes; give more memory (-m) or smaller items (-I)";
    } else if (status != TH_OK) {
        *error = "no memory for the cache; give it less (-m)";
    }
    return status;
}

th_status thi_service_init(struct thi_service *service, const struct thi_options *options,
                           const char **error)
{
    *service = (struct thi_service){.options = options, .verbosity = options->verbosity};
    th_status status = cache_open(service, error);
    if (status != TH_OK) {
        return status;
    }
    service->counters = calloc(options->threads, sizeof *service->counters);
    if (service->counters == NULL) {
        th_cache_free(service->cache);
        *error = "no memory for the threads; start fewer (-t)";
        return TH_ENOMEM;
    }
    for (unsigned i = 0; i < options->threads; i++) {
        thi_counters_init(&service->counters[i]);
    }
    pthread_mutex_init(&service->lock, NULL);
    service->clock = (struct thi_clock){.unix_zero_s = thi_system_unix_s() - 2,
                                        .started_ns = thi_system_now_ns()};
    return TH_OK;
}

void thi_service_fini(struct thi_service *service)
{
    for (unsigned i = 0; i < service->options->threads; i++) {
        thi_counters_fini(&service->counters[i]);
    }
    free(service->counters);
    pthread_mutex_destroy(&service->lock);
    th_cache_free(service->cache);
}

uint32_t thi_service_now(struct thi_service *service)
{
    int64_t offset_s = 0;
    if (service->options->debugtime) {
        pthread_mutex_lock(&service->lock);
        offset_s = service->clock.debug_offset_s;
        pthread_mutex_unlock(&service->lock);
    }
    uint64_t elapsed_ns = thi_system_now_ns() - service->clock.started_ns;
    return (uint32_t)(2 + (int64_t)(elapsed_ns / 1000000000u) + offset_s);
}

int64_t thi_service_unix_now(struct thi_service *service)
{
    return service->clock.unix_zero_s + thi_service_now(service);
}

bool thi_service_move_clock(struct thi_service *service, int64_t delta_s)
{
    /* Far below where 32 bits of seconds end. */
    const int64_t offset_max_s = INT32_MAX;
    pthread_mutex_lock(&service->lock);
    bool fits = delta_s >= 0 && delta_s <= offset_max_s - service->clock.debug_offset_s;
    if (fits) {
        service->clock.debug_offset_s += delta_s;
    }
    pthread_mutex_unlock(&service->lock);
    return fits;
}

uint32_t thi_service_expiry(const struct thi_service *service, int64_t exptime, uint32_t now)
{
    if (exptime == 0) {
        return TH_CACHE_NEVER;
    }
    if (exptime < 0) {
        return 1;
    }
    if (exptime <= relative_max_s) {
        return now + (uint32_t)exptime;
    }
    if (exptime <= service->clock.unix_zero_s) {
        return 1;
    }
    int64_t expires = exptime - service->clock.unix_zero_s;
    return expires < UINT32_MAX ? (uint32_t)expires : UINT32_MAX;
}

unsigned thi_service_verbosity(struct thi_service *service)
{
    pthread_mutex_lock(&service->lock);
    unsigned level = service->verbosity;
    pthread_mutex_unlock(&service->lock);
    return level;
}

void thi_service_set_verbosity(struct thi_service *service, uint64_t level)
{
    pthread_mutex_lock(&service->lock);
    service->verbosity = level < 10 ? (unsigned)level : 10;
    pthread_mutex_unlock(&service->lock);
}

bool thi_service_open_connection(struct thi_service *service)
{
    pthread_mutex_lock(&service->lock);
    struct thi_gate *gate = &service->gate;
    bool open = gate->open_count < service->options->connections_max;
    gate->open_count += open;
    gate->opened_total += open;
    gate->rejected_total += !open;
    pthread_mutex_unlock(&service->lock);
    return open;
}

void thi_service_close_connection(struct thi_service *service)
{
    pthread_mutex_lock(&service->lock);
    service->gate.open_count--;
    pthread_mutex_unlock(&service->lock);
}
