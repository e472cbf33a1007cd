/* SPDX-License-Identifier: MIT
 * cache_segment.c - segments: who may open one, how streams fill them, when an emptied one is free.
 *
 * Guarantees   G1 a segment is filled again only when no guard that could show its old items
 *              stands.
 *              G2 segments with pages never exceed what the budget leaves beside the index, but for
 *              the moment after the index has grown, until the reclaimer has given some back.
 * Progress     taking a room waits for two short locks; everything else never waits.
 * Invariants   I1 a segment is in exactly one place: a stream, a list of the pool, or the
 *              reclaimer.
 *              I2 freed_total <= graced_total <= limbo_total; limbo is a queue in that order.
 *              I3 the last segment that could be opened is left to the stream of moves.
 * Sources      append-only segments with reclaim by copying: log-structured file systems
 *              (Rosenblum, Ousterhout), RAMCloud; grace periods by epochs: Fraser.
 */
#include "cache/cache_priv.h"

/* Under the pool's lock. Lists of segments are linked by index. */
static void free_list_push(struct th_cache *cache, uint32_t segment)
{
    struct thi_cache_pool *pool = &cache->pool;
    cache->segments[segment].next = pool->free_first;
    pool->free_first = segment;
    /* relaxed: the lock orders it; others take it as a hint. */
    th_u32_store_rlx(&cache->segments[segment].state, TH_SEGMENT_FREE);
    thi_cache_count(&pool->free_count, 1);
}

static void unused_list_push(struct th_cache *cache, uint32_t segment)
{
    cache->segments[segment].next = cache->pool.unused_first;
    cache->pool.unused_first = segment;
    /* relaxed: the lock orders it. */
    th_u32_store_rlx(&cache->segments[segment].state, TH_SEGMENT_UNUSED);
}

/* Under the pool's lock. Only where free_count is not 0. */
static uint32_t free_list_pop(struct th_cache *cache)
{
    uint32_t segment = cache->pool.free_first;
    TH_DEBUG_ASSERT(segment != TH_SEGMENT_NONE);
    cache->pool.free_first = cache->segments[segment].next;
    thi_cache_count(&cache->pool.free_count, (uint64_t)-1);
    return segment;
}

void thi_segments_init(struct th_cache *cache)
{
    struct thi_cache_pool *pool = &cache->pool;
    pool->free_first = TH_SEGMENT_NONE;
    pool->unused_first = TH_SEGMENT_NONE;
    pool->limbo_first = TH_SEGMENT_NONE;
    pool->limbo_last = TH_SEGMENT_NONE;
    for (uint32_t i = cache->segment_count; i-- > 0;) {
        unused_list_push(cache, i);
    }
    for (uint32_t i = 0; i < TH_CACHE_STREAMS_MAX + 2; i++) {
        cache->streams[i].segment = TH_SEGMENT_NONE;
    }
    for (uint32_t i = 0; i < TH_CACHE_TICKETS; i++) {
        cache->tickets[i].cache = cache;
    }
}

/* Under the pool's lock: what has passed its grace period becomes free. */
static void limbo_collect(struct th_cache *cache)
{
    struct thi_cache_pool *pool = &cache->pool;
    /* acquire @cache.grace: the end of every guard that could show the items before the next
     * filling of the segment; other side: ticket_passed(). Without it: a view changes under its
     * reader. */
    uint64_t graced = th_u64_load_acq(&pool->graced_total);
    /* relaxed: written under this lock only. */
    while (th_u64_load_rlx(&pool->freed_total) < graced) {
        uint32_t segment = pool->limbo_first;
        TH_DEBUG_ASSERT(segment != TH_SEGMENT_NONE);
        pool->limbo_first = cache->segments[segment].next;
        if (pool->limbo_first == TH_SEGMENT_NONE) {
            pool->limbo_last = TH_SEGMENT_NONE;
        }
        free_list_push(cache, segment);
        thi_cache_count(&pool->freed_total, 1);
    }
}

/* Segments that may have pages: what the budget leaves beside the index. */
static uint64_t pool_allowed(const struct th_cache *cache)
{
    uint64_t taken = cache->fixed_bytes + thi_map_u64_bytes(cache->index);
    uint64_t left = cache->memory_bytes > taken ? cache->memory_bytes - taken : 0;
    uint64_t allowed = left >> cache->segment_shift;
    /* Below this the streams and the reclaimer would wait for each other. */
    uint64_t least = cache->stream_count + 4;
    allowed = allowed < least ? least : allowed;
    return allowed > cache->segment_count ? cache->segment_count : allowed;
}

/* Segments that could be opened now. A hint unless the pool's lock is held. */
uint64_t thi_pool_available(struct th_cache *cache)
{
    struct thi_cache_pool *pool = &cache->pool;
    /* relaxed, all: hints; who acts on them looks again under the lock. */
    uint64_t freed = th_u64_load_rlx(&pool->freed_total);
    uint64_t graced = th_u64_load_rlx(&pool->graced_total);
    uint64_t in_use = th_u64_load_rlx(&pool->in_use);
    uint64_t allowed = pool_allowed(cache);
    return th_u64_load_rlx(&pool->free_count) + (graced > freed ? graced - freed : 0) +
           (allowed > in_use ? allowed - in_use : 0);
}

uint64_t thi_pool_in_limbo(const struct th_cache *cache)
{
    /* relaxed: a hint. */
    uint64_t graced = th_u64_load_rlx(&cache->pool.graced_total);
    uint64_t total = th_u64_load_rlx(&cache->pool.limbo_total);
    return total > graced ? total - graced : 0;
}

bool thi_pool_low(const struct th_cache *cache)
{
    struct th_cache *writable = (struct th_cache *)(uintptr_t)cache;
    const struct thi_cache_pool *pool = &cache->pool;
    /* relaxed: a hint. */
    if (TH_UNLIKELY(th_u64_load_rlx(&pool->in_use) > pool_allowed(cache))) {
        return true;
    }
    return thi_pool_available(writable) + thi_pool_in_limbo(cache) <
           cache->reserve_target + TH_CACHE_RESERVE_MOVES;
}

/* Gives free segments back to the system while the index needs their share. Under the reclaimer's
 * lock, so that only one thread at a time does. */
void thi_pool_trim(struct th_cache *cache)
{
    struct thi_cache_pool *pool = &cache->pool;
    for (;;) {
        uint32_t segment = TH_SEGMENT_NONE;
        thi_cache_lock(&pool->lock);
        limbo_collect(cache);
        /* relaxed, all: written under this lock only. */
        if (th_u64_load_rlx(&pool->in_use) > pool_allowed(cache) &&
            th_u64_load_rlx(&pool->free_count) > TH_CACHE_RESERVE_MOVES) {
            segment = free_list_pop(cache);
        }
        thi_cache_unlock(&pool->lock);
        if (segment == TH_SEGMENT_NONE) {
            return;
        }
        char *start = cache->storage + ((uint64_t)segment << cache->segment_shift);
        bool dropped = thi_region_drop(&cache->mem, start, (size_t)cache->segment_bytes);
        thi_cache_lock(&pool->lock);
        if (dropped) {
            unused_list_push(cache, segment);
            thi_cache_count(&pool->in_use, (uint64_t)-1);
        } else {
            free_list_push(cache, segment); /* The system keeps the pages: nothing to gain. */
        }
        thi_cache_unlock(&pool->lock);
        if (!dropped) {
            return;
        }
    }
}

/* A segment to fill, or TH_SEGMENT_NONE. */
static uint32_t pool_take(struct th_cache *cache, bool for_moves)
{
    struct thi_cache_pool *pool = &cache->pool;
    uint32_t segment = TH_SEGMENT_NONE;
    thi_cache_lock(&pool->lock);
    limbo_collect(cache);
    if (thi_pool_available(cache) > (for_moves ? 0 : TH_CACHE_RESERVE_MOVES)) {
        if (pool->free_first != TH_SEGMENT_NONE) {
            segment = free_list_pop(cache);
        } else if (pool->unused_first != TH_SEGMENT_NONE) {
            segment = pool->unused_first;
            pool->unused_first = cache->segments[segment].next;
            thi_cache_count(&pool->in_use, 1);
        }
    }
    thi_cache_unlock(&pool->lock);
    return segment;
}

/* Under the stream's lock: the open segment is closed; its end stays unused. */
void thi_stream_seal(struct th_cache *cache, struct thi_cache_stream *stream)
{
    if (stream->segment == TH_SEGMENT_NONE) {
        return;
    }
    struct thi_segment *segment = &cache->segments[stream->segment];
    segment->used_bytes = stream->cursor_bytes;
    /* release @cache.seal: used_bytes, and the writers counted in load, before the state; other
     * side: choice_consider(). Without it: the reclaimer walks to an old end. */
    th_u32_store_rel(&segment->state, TH_SEGMENT_SEALED);
    stream->segment = TH_SEGMENT_NONE;
}

static bool stream_open(struct th_cache *cache, struct thi_cache_stream *stream)
{
    uint32_t index = pool_take(cache, stream == thi_cache_stream_moves(cache));
    if (index == TH_SEGMENT_NONE) {
        return false;
    }
    thi_stream_seal(cache, stream);
    struct thi_segment *segment = &cache->segments[index];
    /* relaxed: only uniqueness matters; a flush reads it under every stream's lock. */
    uint64_t sequence = th_u64_add_rlx(&cache->sequence_next, 1);
    /* relaxed, all: nobody looks before an item is published or the segment sealed. */
    th_u64_store_rlx(&cache->sequences[index], sequence);
    th_u64_store_rlx(&segment->load, 0);
    th_u32_store_rlx(&segment->expires_earliest, TH_EXPIRES_LATEST);
    th_u32_store_rlx(&segment->state, TH_SEGMENT_OPEN);
    segment->age = sequence;
    segment->used_bytes = 0;
    stream->segment = index;
    stream->cursor_bytes = 0;
    return true;
}

/* Room for an item of `bytes`; false if no segment can be opened, nothing was changed then. The
 * room must be filled (header first of all) and then done or given up. */
bool thi_room_take(struct th_cache *cache, struct thi_cache_stream *stream, uint64_t bytes,
                   struct thi_cache_room *room)
{
    thi_cache_lock(&stream->lock);
    bool fits =
        stream->segment != TH_SEGMENT_NONE && stream->cursor_bytes + bytes <= cache->segment_bytes;
    if (!fits && !stream_open(cache, stream)) {
        thi_cache_unlock(&stream->lock);
        return false;
    }
    uint64_t offset = ((uint64_t)stream->segment << cache->segment_shift) + stream->cursor_bytes;
    room->segment = stream->segment;
    room->bytes = bytes;
    room->reference = offset / TH_ITEM_UNIT_BYTES;
    room->item = thi_cache_item_at(cache, room->reference);
    room->number = thi_cache_number(cache, thi_cache_sequence(cache, room->segment),
                                    stream->cursor_bytes / TH_ITEM_UNIT_BYTES);
    /* relaxed: sealing publishes it to the reclaimer. */
    th_u64_add_rlx(&cache->segments[room->segment].load, bytes + TH_LOAD_WRITER);
    stream->cursor_bytes += bytes;
    thi_cache_unlock(&stream->lock);
    return true;
}

/* The room is filled and the index refers to it. */
void thi_room_done(struct th_cache *cache, const struct thi_cache_room *room)
{
    /* release @cache.writer: the item before the end of its writing; other side: walk_may_begin().
     * Without it: the reclaimer walks over a header that is not there yet. */
    (void)th_u64_sub_rel(&cache->segments[room->segment].load, TH_LOAD_WRITER);
}

/* The room is filled or empty, and nothing will refer to it: a dead item of its size. */
void thi_room_give_up(struct th_cache *cache, const struct thi_cache_room *room)
{
    thi_item_header_init(room->item, thi_item_header_dead(room->bytes));
    /* release @cache.writer: as in thi_room_done(). */
    (void)th_u64_sub_rel(&cache->segments[room->segment].load, TH_LOAD_WRITER + room->bytes);
}

/* Under the reclaimer's lock: the segment is empty, the index refers to nothing in it. */
void thi_segment_to_limbo(struct th_cache *cache, uint32_t segment)
{
    struct thi_cache_pool *pool = &cache->pool;
    thi_cache_lock(&pool->lock);
    cache->segments[segment].next = TH_SEGMENT_NONE;
    if (pool->limbo_last == TH_SEGMENT_NONE) {
        pool->limbo_first = segment;
    } else {
        cache->segments[pool->limbo_last].next = segment;
    }
    pool->limbo_last = segment;
    /* relaxed: the reclaimer's lock orders it. */
    th_u32_store_rlx(&cache->segments[segment].state, TH_SEGMENT_LIMBO);
    /* release @cache.limbo: the index without the segment's items before the count that a ticket
     * covers; other side: thi_ticket_issue(). Without it: a ticket covers a segment that new
     * readers can still reach. */
    th_u64_store_rel(&pool->limbo_total, th_u64_load_rlx(&pool->limbo_total) + 1);
    thi_cache_unlock(&pool->lock);
}

void thi_segment_expires_lower(struct thi_segment *segment, uint32_t expires)
{
    if (expires == TH_CACHE_NEVER) {
        return;
    }
    /* relaxed: the first guess of the loop. */
    uint32_t earliest = th_u32_load_rlx(&segment->expires_earliest);
    while (expires < earliest) { /* a failed exchange means another writer has changed it */
        /* relaxed: walk_begin() says why. */
        if (th_u32_cas_rlx_rlx(&segment->expires_earliest, &earliest, expires)) {
            return;
        }
    }
}

void thi_cache_reference_drop(struct th_cache *cache)
{
    /* acqrel @cache.reference: all use of the cache before its end; other side:
     * thi_cache_reference_drop(). Without it: the last one frees what another still writes. */
    if (th_u64_add_acqrel(&cache->references, (uint64_t)-1) == 1) {
        struct th_allocator mem = cache->mem;
        thi_mem_free(&mem, cache, sizeof *cache, _Alignof(struct th_cache));
    }
}

/* Called by the epoch: nobody reads what was in limbo when the ticket was issued. */
static void ticket_passed(struct th_epoch_node *node)
{
    struct thi_cache_ticket *ticket = TH_CONTAINER_OF(node, struct thi_cache_ticket, node);
    struct th_cache *cache = ticket->cache;
    struct th_au64 *graced_total = &cache->pool.graced_total;
    /* relaxed: the first guess of the loop. */
    uint64_t graced = th_u64_load_rlx(graced_total);
    uint64_t stamp = th_u64_load_rlx(&ticket->stamp); /* relaxed: the epoch orders it */
    while (graced < stamp) { /* a failed exchange means another ticket has passed */
        /* release @cache.grace: the guards that ended, known to us by the epoch, before the count;
         * other side: limbo_collect(). Tickets that passed before are in the same release sequence.
         * Without it: a segment is filled under a reader's view. */
        if (th_u64_cas_rel_rlx(graced_total, &graced, stamp)) {
            break;
        }
    }
    /* relaxed: so that no thread takes the ticket's next user for itself. */
    th_u64_store_rlx(&ticket->owner, 0);
    /* release @cache.ticket: our reads of the ticket before its next use; other side:
     * ticket_take(). Without it: the next user's stamp is taken for ours. */
    th_u32_store_rel(&ticket->busy, 0);
    thi_cache_reference_drop(cache);
}

/* A ticket for this thread; NULL if it has one that covers `stamp`, or two, or all are taken. */
static struct thi_cache_ticket *ticket_take(struct th_cache *cache, uint64_t stamp)
{
    uint64_t owner = thi_cache_thread_token();
    uint32_t mine = 0;
    for (uint32_t i = 0; i < TH_CACHE_TICKETS; i++) {
        struct thi_cache_ticket *ticket = &cache->tickets[i];
        /* relaxed: only the answer for our own tickets counts, and we wrote those. Taking another's
         * for ours in the moment of its issue costs one ticket not issued: the next call does. */
        if (th_u32_load_rlx(&ticket->busy) == 0 || th_u64_load_rlx(&ticket->owner) != owner) {
            continue;
        }
        mine++;
        if (mine == 2 || th_u64_load_rlx(&ticket->stamp) >= stamp) { /* relaxed: as above */
            return NULL;
        }
    }
    for (uint32_t i = 0; i < TH_CACHE_TICKETS; i++) {
        struct thi_cache_ticket *ticket = &cache->tickets[(owner + i) % TH_CACHE_TICKETS];
        uint32_t expected = 0;
        /* acquire @cache.ticket: the last use before ours; other side: ticket_passed(). Without it:
         * the last user takes our stamp for its own. */
        if (th_u32_load_rlx(&ticket->busy) == 0 &&
            th_u32_cas_acq_rlx(&ticket->busy, &expected, 1)) {
            /* relaxed: read for its value only by ourselves, later. */
            th_u64_store_rlx(&ticket->owner, owner);
            return ticket;
        }
    }
    return NULL;
}

/* Sends a ticket on its way if segments in limbo have none of this thread's. Holds no lock. */
void thi_ticket_issue(struct th_cache *cache)
{
    /* acquire @cache.limbo: the unlinking of what we cover before our retirement; other side:
     * thi_segment_to_limbo(). Without it: the epoch passes a reader who still finds the items. */
    uint64_t stamp = th_u64_load_acq(&cache->pool.limbo_total);
    /* relaxed: if it is higher meanwhile, the ticket is one too many, no harm. */
    uint64_t graced = th_u64_load_rlx(&cache->pool.graced_total);
    if (stamp <= graced) {
        return;
    }
    struct thi_cache_ticket *ticket = ticket_take(cache, stamp);
    if (ticket == NULL) {
        return;
    }
    th_u64_store_rlx(&ticket->stamp, stamp); /* relaxed: the epoch orders it for ticket_passed() */
    /* relaxed: we hold a reference by being in the cache. */
    th_u64_add_rlx(&cache->references, 1);
    th_epoch_retire(cache->epoch, &ticket->node, (size_t)((stamp - graced) * cache->segment_bytes),
                    ticket_passed);
}
