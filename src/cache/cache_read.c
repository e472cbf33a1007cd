/* SPDX-License-Identifier: MIT
 * cache_read.c - looking up, one key or many.
 *
 * Guarantees   G1 a hit is the value stored last before the lookup, neither expired nor flushed at
 *              the caller's second; the view does not change while the guard stands.
 *              G2 a hit writes one bit of the item if it was not set, and a counter of the
 *              thread's.
 * Progress     lock-free: as the index's lookup; no lock, no wait.
 */
#include "cache/cache_priv.h"

#define GET_BATCH 32u

static _Thread_local char thread_token_place;

/* The address of a thread's own byte: no state, no registration. */
uint64_t thi_cache_thread_token(void)
{
    return (uint64_t)(uintptr_t)&thread_token_place * 0x9e3779b97f4a7c15u >> 32;
}

struct thi_cache_slot *thi_cache_slot_mine(struct th_cache *cache)
{
    return &cache->slots[thi_cache_thread_token() % TH_CACHE_SLOTS];
}

void th_cache_enter(struct th_cache *cache)
{
    th_epoch_enter(cache->epoch);
}

void th_cache_leave(struct th_cache *cache)
{
    th_epoch_leave(cache->epoch);
}

void thi_cache_view_fill(const struct th_cache *cache, struct thi_item *item, uint64_t reference,
                         struct th_cache_view *view)
{
    uint64_t header = thi_item_header(item);
    view->value = thi_item_value(item, header);
    view->value_bytes = thi_item_value_bytes(header);
    view->flags = thi_item_flags(item, header);
    view->cas = thi_cache_item_number(cache, item, header, reference);
}

/* Counts of one call, added once at its end. */
struct tally {
    uint64_t hits;
    uint64_t misses;
    uint64_t expired;
    uint64_t flushed;
};

static void tally_add(struct th_cache *cache, const struct tally *tally)
{
    struct thi_cache_slot *slot = thi_cache_slot_mine(cache);
    /* relaxed, all: statistics. */
    if (tally->hits != 0) {
        th_u64_add_rlx(&slot->hits_total, tally->hits);
    }
    if (tally->misses != 0) {
        th_u64_add_rlx(&slot->misses_total, tally->misses);
    }
    if (tally->expired != 0) {
        th_u64_add_rlx(&slot->expired_total, tally->expired);
    }
    if (tally->flushed != 0) {
        th_u64_add_rlx(&slot->flushed_total, tally->flushed);
    }
}

/* Judges what the index referred to. */
static bool item_show(struct th_cache *cache, uint64_t reference, const struct th_cache_key *key,
                      uint32_t now, struct th_cache_view *view, struct tally *tally)
{
    struct thi_item *item = thi_cache_item_at(cache, reference);
    uint64_t header = thi_item_header(item);
    if (TH_UNLIKELY(!thi_item_key_equals(item, header, key->bytes, key->size))) {
        tally->misses++;
        return false;
    }
    uint32_t expires = thi_item_expires(item, header);
    if (TH_UNLIKELY(thi_cache_expired(expires, now))) {
        tally->misses++;
        tally->expired++;
        return false;
    }
    if (TH_UNLIKELY(thi_cache_flush_due(cache, now) ||
                    thi_cache_flushed(cache, thi_cache_segment_of(cache, reference)))) {
        tally->misses++;
        tally->flushed++;
        return false;
    }
    if ((header & TH_ITEM_VISITED) == 0) {
        /* relaxed: a hint for eviction, lost at worst. */
        th_u32_or_rlx(&item->word, TH_ITEM_VISITED);
    }
    thi_cache_view_fill(cache, item, reference, view);
    view->expires = expires;
    tally->hits++;
    return true;
}

bool th_cache_get(struct th_cache *cache, const void *key, size_t key_bytes, uint32_t now,
                  struct th_cache_view *view)
{
    struct tally tally = {0};
    struct th_cache_key wanted = {.bytes = key, .size = key_bytes};
    uint64_t reference;
    bool found = false;
    if (th_map_u64_get(cache->index, thi_cache_hash(cache, key, key_bytes), &reference)) {
        found = item_show(cache, reference, &wanted, now, view, &tally);
    } else {
        tally.misses = 1;
    }
    tally_add(cache, &tally);
    return found;
}

/* At most GET_BATCH keys: all hashes, all index lines, all items are on their way before the first
 * is needed. */
static size_t get_batch(struct th_cache *cache, const struct th_cache_key *keys, size_t count,
                        uint32_t now, struct th_cache_view *views, bool *found)
{
    uint64_t hashes[GET_BATCH];
    uint64_t references[GET_BATCH];
    struct tally tally = {0};
    for (size_t i = 0; i < count; i++) {
        hashes[i] = thi_cache_hash(cache, keys[i].bytes, keys[i].size);
    }
    (void)th_map_u64_get_many(cache->index, hashes, count, references, found);
    for (size_t i = 0; i < count; i++) {
        if (found[i]) {
            const char *item = (const char *)thi_cache_item_at(cache, references[i]);
            __builtin_prefetch(item);
            __builtin_prefetch(item + TH_CACHE_LINE_BYTES);
        }
    }
    for (size_t i = 0; i < count; i++) {
        if (found[i]) {
            found[i] = item_show(cache, references[i], &keys[i], now, &views[i], &tally);
        } else {
            tally.misses++;
        }
    }
    tally_add(cache, &tally);
    return (size_t)tally.hits;
}

size_t th_cache_get_many(struct th_cache *cache, const struct th_cache_key *keys, size_t count,
                         uint32_t now, struct th_cache_view *views, bool *found)
{
    size_t hits = 0;
    for (size_t done = 0; done < count; done += GET_BATCH) {
        size_t batch = count - done < GET_BATCH ? count - done : GET_BATCH;
        hits += get_batch(cache, keys + done, batch, now, views + done, found + done);
    }
    return hits;
}
