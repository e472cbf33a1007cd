/* SPDX-License-Identifier: MIT
 * cache.h - th_cache: a concurrent cache bounded in bytes, with exact expiry.
 *
 * Keys and values are bytes; every item carries 32 bits of flags, a cas number and an expiry
 * second. Time is an argument: seconds on any clock that does not run backwards, chosen by the
 * caller, above 0 and the same for all calls. All operations may be called by any number of threads
 * at once, except new and free.
 */
#ifndef TOPHASH_CACHE_H
#define TOPHASH_CACHE_H

#include <tophash/alloc.h>
#include <tophash/base.h>
#include <tophash/epoch.h>

TH_EXTERN_C_BEGIN

struct th_cache;

#define TH_CACHE_KEY_MAX 250u
#define TH_CACHE_NEVER 0u /* as an expiry: the item does not expire */

struct th_cache_config {
    uint64_t memory_bytes; /* the one budget: items and index. 0: 64 MiB; at least 1 MiB */
    /* Largest item: key + value + 24 bytes. At least 512, at most 1 GiB and, as the power of two
     * not below it, a sixteenth of memory_bytes: room is made in pieces that hold the largest item,
     * and with fewer than 16 of them much would be lost at a time. 0: 1 MiB, or less if that is
     * above the sixteenth. */
    uint64_t item_bytes_max;
    const struct th_allocator *allocator; /* NULL: malloc and the system's pages. Copied. */
    struct th_epoch *epoch;               /* NULL: the default domain. Outlives the cache. */
    bool no_eviction;                     /* full: store returns TH_ENOMEM instead of evicting */
};

/* What a lookup shows. `value` points into the cache and stays valid and unchanged while the thread
 * stays inside the guard (th_cache_enter) in which it looked up. */
struct th_cache_view {
    const void *value;
    uint32_t value_bytes;
    uint32_t flags;
    uint64_t cas;
    uint32_t expires; /* second, or TH_CACHE_NEVER */
};

struct th_cache_key {
    const void *bytes;
    size_t size; /* 1 to TH_CACHE_KEY_MAX */
};

/* How th_cache_store() treats what is there. */
enum th_cache_mode {
    TH_CACHE_SET,     /* always: TH_OK */
    TH_CACHE_ADD,     /* only if absent, else TH_EXISTS */
    TH_CACHE_REPLACE, /* only if present, else TH_ABSENT */
    TH_CACHE_APPEND,  /* behind the present value, keeping its flags and expiry; else TH_ABSENT */
    TH_CACHE_PREPEND, /* before it, likewise */
    TH_CACHE_CAS      /* only if present (TH_ABSENT) with item.cas (TH_MISMATCH) */
};

struct th_cache_item {
    const void *value;
    size_t value_bytes;
    uint32_t flags;
    uint32_t expires; /* second, or TH_CACHE_NEVER. Not after now: stored as already expired */
    uint64_t cas;     /* for TH_CACHE_CAS */
};

struct th_cache_stats {
    uint64_t items;           /* live, expired ones not yet removed included */
    uint64_t items_total;     /* stored since the start */
    uint64_t bytes;           /* of live items: header + key + value, rounded as stored */
    uint64_t memory_bytes;    /* the budget */
    uint64_t memory_used;     /* pages for items, and the index */
    uint64_t evictions_total; /* live, unexpired items dropped for room */
    uint64_t expired_total;   /* removed because their time had come */
    uint64_t reclaimed_total; /* items whose room was taken again after expiry or delete */
    uint64_t store_enomem_total;
    uint64_t store_too_large_total;
    uint64_t get_hits_total;
    uint64_t get_misses_total;
    uint64_t get_expired_total;
    uint64_t get_flushed_total;
};

/* `config` may be NULL. Address space for memory_bytes is reserved at once, memory is used as items
 * come. TH_OK, TH_ENOMEM, TH_EINVAL: a size is out of its range. */
TH_API TH_MUST_CHECK th_status th_cache_new(const struct th_cache_config *config,
                                            struct th_cache **cache);
/* NULL is allowed. Nobody may be in the cache or inside a guard with a view of it. */
TH_API void th_cache_free(struct th_cache *cache);

/* The guard that keeps views valid. Guards nest; see th_epoch_enter(). Keep guards short: room that
 * was freed while one stands cannot be filled, so a thread that stores much inside its own guard,
 * or stops inside one, uses up the reserve (a few percent of the memory) and stores return
 * TH_ENOMEM. */
TH_API void th_cache_enter(struct th_cache *cache);
TH_API void th_cache_leave(struct th_cache *cache);

/* Inside a guard. True and *view if the key is present and neither expired nor flushed at second
 * `now`. A hit writes at most one bit. */
TH_API bool th_cache_get(struct th_cache *cache, const void *key, size_t key_bytes, uint32_t now,
                         struct th_cache_view *view);

/* Inside a guard: as `count` gets, in batches with prefetch. views[i] and found[i] belong to
 * keys[i]. Returns how many were found. */
TH_API size_t th_cache_get_many(struct th_cache *cache, const struct th_cache_key *keys,
                                size_t count, uint32_t now, struct th_cache_view *views,
                                bool *found);

/* As get, and sets the expiry (get-and-touch). Inside a guard. If there is no room to note the
 * expiry the item is shown and then dropped, so that it cannot outlive its second. */
TH_API bool th_cache_get_touch(struct th_cache *cache, const void *key, size_t key_bytes,
                               uint32_t now, uint32_t expires, struct th_cache_view *view);

/* Stores by mode. TH_OK (*cas, if not NULL, is the item's new number), TH_EXISTS, TH_ABSENT,
 * TH_MISMATCH as the mode says; TH_ERANGE: larger than item_bytes_max; TH_ENOMEM: no room, because
 * nothing may be evicted, or a guard stands since the reserve was used up (see enter), or the index
 * got no memory; TH_EINVAL: key size or mode. On these errors nothing changed. The numbers of a
 * key's items rise, no two items of a cache share one. */
TH_API TH_MUST_CHECK th_status th_cache_store(struct th_cache *cache, enum th_cache_mode mode,
                                              const void *key, size_t key_bytes,
                                              const struct th_cache_item *item, uint32_t now,
                                              uint64_t *cas);

/* Adds to (or, with `negative`, takes from) the decimal number that the value is, as memcached
 * does: incr wraps at 2^64, decr stops at 0, a shorter result of decr is padded with spaces behind.
 * TH_OK (*result), TH_ABSENT, TH_EINVAL: not a decimal number below 2^64 (spaces around it are
 * allowed, up to 24 bytes in all), TH_ENOMEM. Flags and expiry stay. */
TH_API TH_MUST_CHECK th_status th_cache_add_number(struct th_cache *cache, const void *key,
                                                   size_t key_bytes, uint64_t delta, bool negative,
                                                   uint32_t now, uint64_t *result, uint64_t *cas);

/* Sets the expiry; the item keeps its cas number. TH_OK, TH_ABSENT, TH_ENOMEM: as for a store. */
TH_API TH_MUST_CHECK th_status th_cache_touch(struct th_cache *cache, const void *key,
                                              size_t key_bytes, uint32_t now, uint32_t expires);

/* TH_OK, TH_ABSENT. */
TH_API TH_MUST_CHECK th_status th_cache_delete(struct th_cache *cache, const void *key,
                                               size_t key_bytes, uint32_t now);

/* From second `at` on, items stored before `at` are gone; `at` not after `now`: everything stored
 * before this call is. One stamp, no walk. The last call counts: it replaces one still to come. */
TH_API void th_cache_flush(struct th_cache *cache, uint32_t now, uint32_t at);

/* Bounded upkeep: removes at most `items_max` items whose time has come, looks at a bounded number,
 * keeps the reserve and shrinks an index that is far too large. Returns how many were removed. Call
 * it about once a second, and again at once while it returns items_max. */
TH_API size_t th_cache_maintain(struct th_cache *cache, uint32_t now, size_t items_max);

/* Sums of counters, exact when nobody else is in the cache. */
TH_API void th_cache_get_stats(struct th_cache *cache, struct th_cache_stats *stats);

/* Zeroes the _total counters. */
TH_API void th_cache_reset_stats(struct th_cache *cache);

/* Checks every invariant. Only when nobody else is in the cache. TH_OK or TH_EINVAL with a
 * sentence. */
TH_API TH_MUST_CHECK th_status th_cache_validate(struct th_cache *cache, const char **reason);

TH_EXTERN_C_END

#endif
