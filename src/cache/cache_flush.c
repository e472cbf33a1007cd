/* SPDX-License-Identifier: MIT
 * cache_flush.c - making everything stored so far invisible, now or at a second to come.
 *
 * Guarantees   G1 when th_cache_flush(at <= now) returns, no item stored before the call is shown.
 *              G2 items stored after it are not touched: the stamp is a segment sequence number,
 *              and the open segments are sealed with it.
 *              G3 the last flush asked for is the one that counts: a later call replaces one to
 *              come.
 * Progress     waits for the streams' locks; no walk over items.
 * Sources      a stamp instead of a walk, and the last call's right: memcached's flush_all.
 */
#include "cache/cache_priv.h"

/* Reclaimer's lock held: items move meanwhile nowhere. */
static void flush_stamp(struct th_cache *cache)
{
    for (uint32_t i = 0; i < cache->stream_count + 2; i++) {
        thi_cache_lock(&cache->streams[i].lock);
    }
    for (uint32_t i = 0; i < cache->stream_count + 2; i++) {
        thi_stream_seal(cache, &cache->streams[i]);
    }
    /* relaxed: no stream opens a segment while we hold their locks. */
    uint64_t watermark = th_u64_load_rlx(&cache->sequence_next);
    /* relaxed: to writers by the streams' locks, to readers by @cache.flush or by happens-before.
     * */
    th_u64_store_rlx(&cache->watermark, watermark);
    for (uint32_t i = cache->stream_count + 2; i-- > 0;) {
        thi_cache_unlock(&cache->streams[i].lock);
    }
}

static void flush_at_set(struct th_cache *cache, uint32_t at)
{
    /* release @cache.flush: the watermark before the end of the wait; other side:
     * thi_cache_flush_due(). Without it: a reader sees neither and shows a flushed item. */
    th_u32_store_rel(&cache->flush_at, at);
}

void thi_cache_flush_carry_out(struct th_cache *cache, uint32_t now)
{
    if (!thi_cache_flush_due(cache, now)) {
        return;
    }
    thi_cache_lock(&cache->reclaimer.lock);
    if (thi_cache_flush_due(cache, now)) { /* another may have been first */
        flush_stamp(cache);
        flush_at_set(cache, 0);
    }
    thi_cache_unlock(&cache->reclaimer.lock);
}

void th_cache_flush(struct th_cache *cache, uint32_t now, uint32_t at)
{
    thi_cache_flush_carry_out(cache, now);
    thi_cache_lock(&cache->reclaimer.lock);
    if (at <= now) {
        flush_stamp(cache);
        at = 0;
    }
    flush_at_set(cache, at);
    thi_cache_unlock(&cache->reclaimer.lock);
}
