/* SPDX-License-Identifier: MIT
 * cache.c - a cache's beginning and end, and the lock its writers use.
 *
 * Guarantees   G1 all memory that a cache will ever use for items is reserved, not touched, when it
 *              is made; what is touched stays within the budget.
 * Progress     th_cache_new() and th_cache_free() belong to one thread. A lock is waited for with a
 *              bounded spin, then by giving the core away, then in short sleeps.
 */
#include "cache/cache_priv.h"

#define MEMORY_BYTES_DEFAULT (64ull << 20)
#define ITEM_BYTES_DEFAULT (1ull << 20)
#define SEGMENT_BYTES_MAX (8ull << 20) /* of those not forced by the largest item */
#define STRIPES_MAX 512u
#define RESERVE_SHARE 32u
#define RESERVE_MAX 8u

#define SLEEP_NS 50000u

void thi_cache_lock_wait(struct thi_cache_lock *lock)
{
    for (uint32_t round = 0;; round++) { /* each round: the holder has not finished yet */
        /* relaxed: only a look; the acquisition orders. */
        if (th_u32_load_rlx(&lock->word) == 0 && thi_cache_try_lock(lock)) {
            return;
        }
        if (round < TH_CACHE_LOCK_SPINS_MAX) {
            thi_port_pause();
        } else if (round < TH_CACHE_LOCK_SPINS_MAX + TH_CACHE_LOCK_YIELDS_MAX) {
            thi_port_yield();
        } else {
            thi_port_sleep_ns(SLEEP_NS);
        }
    }
}

static uint64_t power_floor(uint64_t value)
{
    return 1ull << thi_log2_floor(value);
}

static uint64_t power_ceiling(uint64_t value)
{
    return value <= 1 ? 1 : 1ull << (thi_log2_floor(value - 1) + 1);
}

static uint64_t clamp(uint64_t value, uint64_t least, uint64_t most)
{
    if (value < least) {
        return least;
    }
    return value > most ? most : value;
}

/* Sizes of everything from the configuration. TH_EINVAL: out of range. */
static th_status geometry_init(struct th_cache *cache, const struct th_cache_config *config)
{
    uint64_t memory_bytes = config->memory_bytes;
    uint64_t item_bytes = config->item_bytes_max;
    memory_bytes = memory_bytes == 0 ? MEMORY_BYTES_DEFAULT : memory_bytes;
    if (memory_bytes < TH_CACHE_MEMORY_BYTES_MIN || memory_bytes > SIZE_MAX / 2) {
        return TH_EINVAL;
    }
    uint64_t item_bytes_limit = power_floor(memory_bytes / TH_CACHE_SEGMENTS_MIN);
    if (item_bytes == 0) {
        item_bytes = clamp(item_bytes_limit, 0, ITEM_BYTES_DEFAULT);
    }
    if (item_bytes < TH_CACHE_ITEM_BYTES_MIN || item_bytes > item_bytes_limit ||
        item_bytes > TH_CACHE_ITEM_BYTES_LIMIT) {
        return TH_EINVAL;
    }
    uint64_t segment_bytes = clamp(power_floor(memory_bytes / TH_CACHE_SEGMENTS_WANTED),
                                   TH_CACHE_SEGMENT_BYTES_MIN, SEGMENT_BYTES_MAX);
    segment_bytes = clamp(segment_bytes, power_ceiling(item_bytes), UINT64_MAX);
    if (memory_bytes / segment_bytes >= TH_SEGMENT_NONE) {
        return TH_EINVAL;
    }
    cache->memory_bytes = memory_bytes;
    cache->item_bytes_max = item_bytes;
    cache->segment_bytes = segment_bytes;
    cache->segment_shift = thi_log2_floor(segment_bytes);
    cache->segment_count = (uint32_t)(memory_bytes / segment_bytes);
    cache->stream_count =
        (uint32_t)power_floor(clamp(cache->segment_count / RESERVE_SHARE, 1, TH_CACHE_STREAMS_MAX));
    cache->reserve_target =
        clamp(cache->segment_count / RESERVE_SHARE, TH_CACHE_RESERVE_MIN, RESERVE_MAX);
    cache->stripe_mask = (uint32_t)clamp(power_floor(memory_bytes / TH_CACHE_STRIPE_SHARE_BYTES),
                                         TH_CACHE_STRIPES_MIN, STRIPES_MAX) -
                         1;
    cache->no_eviction = config->no_eviction;
    cache->epoch = config->epoch != NULL ? config->epoch : th_epoch_default();
    return TH_OK;
}

static size_t stripes_bytes(const struct th_cache *cache)
{
    return ((size_t)cache->stripe_mask + 1) * sizeof(struct thi_cache_stripe);
}

static size_t segments_bytes(const struct th_cache *cache)
{
    return (size_t)cache->segment_count * sizeof(struct thi_segment);
}

static size_t sequences_bytes(const struct th_cache *cache)
{
    return (size_t)cache->segment_count * sizeof(struct th_au64);
}

static size_t storage_bytes(const struct th_cache *cache)
{
    return (size_t)cache->segment_count << cache->segment_shift;
}

static size_t storage_alignment(const struct th_cache *cache)
{
    return (size_t)clamp(cache->segment_bytes, 0, 2u << 20);
}

/* Frees what there is, the cache itself by its last reference. */
static void cache_end(struct th_cache *cache)
{
    th_map_u64_free(cache->index);
    if (cache->storage != NULL) {
        thi_region_unmap(&cache->mem, cache->storage, storage_bytes(cache),
                         storage_alignment(cache));
    }
    if (cache->stripes != NULL) {
        thi_mem_free(&cache->mem, cache->stripes, stripes_bytes(cache), TH_CACHE_LINE_BYTES);
    }
    if (cache->segments != NULL) {
        thi_mem_free(&cache->mem, cache->segments, segments_bytes(cache), TH_CACHE_LINE_BYTES);
    }
    if (cache->sequences != NULL) {
        thi_mem_free(&cache->mem, cache->sequences, sequences_bytes(cache), TH_CACHE_LINE_BYTES);
    }
    thi_cache_reference_drop(cache);
}

/* All that can fail. */
static th_status parts_new(struct th_cache *cache)
{
    struct th_allocator *mem = &cache->mem;
    cache->stripes = thi_mem_alloc_zero(mem, stripes_bytes(cache), TH_CACHE_LINE_BYTES);
    cache->segments = thi_mem_alloc_zero(mem, segments_bytes(cache), TH_CACHE_LINE_BYTES);
    cache->sequences = thi_mem_alloc_zero(mem, sequences_bytes(cache), TH_CACHE_LINE_BYTES);
    cache->storage = thi_region_map(mem, storage_bytes(cache), storage_alignment(cache), 0,
                                    "tophash cache items");
    if (cache->stripes == NULL || cache->segments == NULL || cache->sequences == NULL ||
        cache->storage == NULL) {
        return TH_ENOMEM;
    }
    struct th_map_config index_config = {.allocator = mem, .epoch = cache->epoch};
    return th_map_u64_new(&index_config, &cache->index);
}

static void parts_init(struct th_cache *cache)
{
    uint64_t random;
    thi_port_random(&random, sizeof random);
    thi_seed_init(&cache->seed, random);
    cache->fixed_bytes =
        sizeof *cache + stripes_bytes(cache) + segments_bytes(cache) + sequences_bytes(cache);
    th_u64_init(&cache->sequence_next, 1);
    cache->reclaimer.victim.segment = TH_SEGMENT_NONE;
    cache->reclaimer.upkeep.segment = TH_SEGMENT_NONE;
    thi_segments_init(cache);
}

th_status th_cache_new(const struct th_cache_config *config, struct th_cache **out)
{
    static const struct th_cache_config defaults = {0};
    struct th_allocator mem;
    config = config != NULL ? config : &defaults;
    th_status status = thi_mem_init(&mem, config->allocator);
    if (status != TH_OK) {
        return status;
    }
    struct th_cache *cache = thi_mem_alloc_zero(&mem, sizeof *cache, _Alignof(struct th_cache));
    if (cache == NULL) {
        return TH_ENOMEM;
    }
    cache->mem = mem;
    th_u64_init(&cache->references, 1);
    status = geometry_init(cache, config);
    if (status == TH_OK) {
        status = parts_new(cache);
    }
    if (status != TH_OK) {
        cache_end(cache);
        return status;
    }
    parts_init(cache);
    *out = cache;
    return TH_OK;
}

void th_cache_free(struct th_cache *cache)
{
    if (cache != NULL) {
        cache_end(cache);
    }
}
