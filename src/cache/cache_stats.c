/* SPDX-License-Identifier: MIT
 * cache_stats.c - what a cache counts, and the check of its invariants.
 *
 * Guarantees   Figures are sums of counters read one after another: exact when nobody writes.
 * Progress     get_stats is wait-free; reset_stats and validate wait for locks.
 */
#include "cache/cache_priv.h"

void th_cache_get_stats(struct th_cache *cache, struct th_cache_stats *stats)
{
    *stats = (struct th_cache_stats){0};
    /* relaxed, all: statistics. */
    for (uint32_t i = 0; i <= cache->stripe_mask; i++) {
        const struct thi_cache_stripe *stripe = &cache->stripes[i];
        stats->items += th_u64_load_rlx(&stripe->items);
        stats->items_total += th_u64_load_rlx(&stripe->items_total);
        stats->bytes += th_u64_load_rlx(&stripe->bytes);
        stats->evictions_total += th_u64_load_rlx(&stripe->evictions_total);
        stats->expired_total += th_u64_load_rlx(&stripe->expired_total);
    }
    for (uint32_t i = 0; i < TH_CACHE_SLOTS; i++) {
        const struct thi_cache_slot *slot = &cache->slots[i];
        stats->get_hits_total += th_u64_load_rlx(&slot->hits_total);
        stats->get_misses_total += th_u64_load_rlx(&slot->misses_total);
        stats->get_expired_total += th_u64_load_rlx(&slot->expired_total);
        stats->get_flushed_total += th_u64_load_rlx(&slot->flushed_total);
        stats->store_enomem_total += th_u64_load_rlx(&slot->store_enomem_total);
        stats->store_too_large_total += th_u64_load_rlx(&slot->store_too_large_total);
    }
    stats->reclaimed_total = th_u64_load_rlx(&cache->reclaimer.reclaimed_total);
    stats->memory_bytes = cache->memory_bytes;
    stats->memory_used = cache->fixed_bytes + thi_map_u64_bytes(cache->index) +
                         (th_u64_load_rlx(&cache->pool.in_use) << cache->segment_shift);
}

void th_cache_reset_stats(struct th_cache *cache)
{
    /* relaxed, all: statistics; where a lock guards the counter, under it. */
    for (uint32_t i = 0; i <= cache->stripe_mask; i++) {
        struct thi_cache_stripe *stripe = &cache->stripes[i];
        thi_cache_lock(&stripe->lock);
        th_u64_store_rlx(&stripe->items_total, 0);
        th_u64_store_rlx(&stripe->evictions_total, 0);
        th_u64_store_rlx(&stripe->expired_total, 0);
        thi_cache_unlock(&stripe->lock);
    }
    for (uint32_t i = 0; i < TH_CACHE_SLOTS; i++) {
        struct thi_cache_slot *slot = &cache->slots[i];
        th_u64_store_rlx(&slot->hits_total, 0);
        th_u64_store_rlx(&slot->misses_total, 0);
        th_u64_store_rlx(&slot->expired_total, 0);
        th_u64_store_rlx(&slot->flushed_total, 0);
        th_u64_store_rlx(&slot->store_enomem_total, 0);
        th_u64_store_rlx(&slot->store_too_large_total, 0);
    }
    thi_cache_lock(&cache->reclaimer.lock);
    th_u64_store_rlx(&cache->reclaimer.reclaimed_total, 0);
    thi_cache_unlock(&cache->reclaimer.lock);
}

/* Sums of a validation. */
struct census {
    uint64_t items;
    uint64_t bytes;
    uint64_t in_use;
    uint64_t free;
    uint64_t limbo;
};

/* Nobody else is in the cache, so relaxed loads see everything. */
static const char *item_check(struct th_cache *cache, uint32_t index, uint64_t offset,
                              struct census *census)
{
    uint64_t reference = (((uint64_t)index << cache->segment_shift) + offset) / TH_ITEM_UNIT_BYTES;
    struct thi_item *item = thi_cache_item_at(cache, reference);
    uint64_t header = thi_item_header(item);
    if ((header & TH_ITEM_DEAD) != 0) {
        return NULL;
    }
    size_t key_bytes = thi_item_key_bytes(header);
    if (key_bytes == 0 || key_bytes > TH_CACHE_KEY_MAX) {
        return "a live item's key has a size out of range";
    }
    uint64_t hash = thi_cache_hash(cache, thi_item_key(item, header), key_bytes);
    uint64_t indexed;
    if (!th_map_u64_get(cache->index, hash, &indexed) || indexed != reference) {
        return "the index does not refer to an item that is not dead";
    }
    uint32_t expires = thi_item_expires(item, header);
    struct thi_segment *segment = &cache->segments[index];
    if (expires != TH_CACHE_NEVER &&
        expires < th_u32_load_rlx(&segment->expires_earliest) && /* relaxed: nobody else */
        cache->reclaimer.upkeep.segment != index && cache->reclaimer.victim.segment != index) {
        return "an item expires before its segment says";
    }
    if (thi_cache_item_number(cache, item, header, reference) >=
        thi_cache_number(cache, th_u64_load_rlx(&cache->sequence_next),
                         0)) { /* relaxed: likewise */
        return "an item has a cas number from the future";
    }
    census->items++;
    census->bytes += thi_item_bytes(header);
    return NULL;
}

static const char *segment_check(struct th_cache *cache, uint32_t index, uint64_t end,
                                 struct census *census)
{
    uint64_t bytes_before = census->bytes;
    uint64_t offset = 0;
    uint64_t start = (uint64_t)index << cache->segment_shift;
    while (offset < end) {
        const char *reason = item_check(cache, index, offset, census);
        if (reason != NULL) {
            return reason;
        }
        struct thi_item *item = thi_cache_item_at(cache, (start + offset) / TH_ITEM_UNIT_BYTES);
        offset += thi_item_bytes(thi_item_header(item));
    }
    if (offset != end) {
        return "an item reaches beyond the end of its segment";
    }
    /* relaxed: nobody else. */
    if (th_u64_load_rlx(&cache->segments[index].load) != census->bytes - bytes_before) {
        return "a segment's load is not the sum of its live items";
    }
    return NULL;
}

static uint64_t open_end(const struct th_cache *cache, uint32_t index)
{
    for (uint32_t i = 0; i < cache->stream_count + 2; i++) {
        if (cache->streams[i].segment == index) {
            return cache->streams[i].cursor_bytes;
        }
    }
    return UINT64_MAX;
}

static const char *segments_check(struct th_cache *cache, struct census *census)
{
    for (uint32_t i = 0; i < cache->segment_count; i++) {
        const struct thi_segment *segment = &cache->segments[i];
        uint64_t end = segment->used_bytes;
        const char *reason = NULL;
        uint32_t state = th_u32_load_rlx(&segment->state); /* relaxed: nobody else */
        census->in_use += state != TH_SEGMENT_UNUSED;
        census->free += state == TH_SEGMENT_FREE;
        census->limbo += state == TH_SEGMENT_LIMBO;
        if (state == TH_SEGMENT_OPEN) {
            end = open_end(cache, i);
        }
        if (end > cache->segment_bytes) {
            return "an open segment has no stream, or a stream runs beyond its segment";
        }
        if (state == TH_SEGMENT_OPEN || state == TH_SEGMENT_SEALED || state == TH_SEGMENT_VICTIM) {
            reason = segment_check(cache, i, end, census);
        }
        if (reason != NULL) {
            return reason;
        }
    }
    return NULL;
}

static const char *pool_check(struct th_cache *cache, const struct census *census)
{
    const struct thi_cache_pool *pool = &cache->pool;
    uint64_t free_count = 0;
    for (uint32_t i = pool->free_first; i != TH_SEGMENT_NONE && free_count <= census->free;
         i = cache->segments[i].next) {
        free_count++;
    }
    uint64_t freed = th_u64_load_rlx(&pool->freed_total); /* relaxed, all: nobody else */
    uint64_t graced = th_u64_load_rlx(&pool->graced_total);
    uint64_t total = th_u64_load_rlx(&pool->limbo_total);
    if (free_count != census->free || free_count != th_u64_load_rlx(&pool->free_count)) {
        return "the list of free segments does not hold all of them";
    }
    if (freed > graced || graced > total || total - freed != census->limbo) {
        return "the counts of limbo are out of order";
    }
    if (th_u64_load_rlx(&pool->in_use) != census->in_use) {
        return "the count of segments in use is wrong";
    }
    return NULL;
}

th_status th_cache_validate(struct th_cache *cache, const char **reason)
{
    struct census census = {0};
    struct th_cache_stats stats;
    const char *found = NULL;
    th_status status = th_map_u64_validate(cache->index, &found);
    if (status == TH_OK) {
        found = segments_check(cache, &census);
    }
    if (found == NULL) {
        found = pool_check(cache, &census);
    }
    th_cache_get_stats(cache, &stats);
    if (found == NULL && (census.items != stats.items || census.bytes != stats.bytes)) {
        found = "the stripes do not count the items there are";
    }
    if (found == NULL && th_map_u64_count(cache->index) != census.items) {
        found = "the index has entries that lead to no live item";
    }
    if (found == NULL) {
        return TH_OK;
    }
    if (reason != NULL) {
        *reason = found;
    }
    return TH_EINVAL;
}
