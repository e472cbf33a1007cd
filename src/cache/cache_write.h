/* SPDX-License-Identifier: MIT
 * cache_write.h - the steps of a store that other operations use too.
 */
#ifndef TOPHASH_CACHE_CACHE_WRITE_H
#define TOPHASH_CACHE_CACHE_WRITE_H

#include "cache/cache_priv.h"

/* A store judges again when a flush or another's need for room came between. */
#define STORE_TRIES_MAX 16u

/* The item that is to stand in the place of what was found: its value is `first`, then `second`. */
struct thi_cache_plan {
    const void *first;
    size_t first_bytes;
    const void *second;
    size_t second_bytes;
    uint32_t flags;
    uint32_t expires;
    uint64_t number;    /* 0: what the place implies; after the store: what it is */
    uint64_t watermark; /* as it was before the key was looked up */
    bool visited;
};

th_status thi_cache_plan_store(const struct thi_cache_request *request,
                               const struct thi_cache_found *found, struct thi_cache_plan *plan);

th_status thi_cache_run(const struct thi_cache_request *request, uint64_t bytes_guess,
                        th_status (*attempt)(const struct thi_cache_request *request,
                                             void *context),
                        void *context);

bool thi_cache_request_init(struct thi_cache_request *request, struct th_cache *cache,
                            const struct th_cache_key *key, uint32_t now);

TH_INLINE bool thi_cache_item_fits(const struct th_cache *cache, size_t key_bytes,
                                   size_t value_bytes)
{
    return value_bytes < TH_CACHE_ITEM_BYTES_LIMIT &&
           value_bytes + key_bytes + TH_ITEM_OVERHEAD_BYTES_MAX <= cache->item_bytes_max;
}

#endif
