/* SPDX-License-Identifier: MIT
 * cache_priv.h - the parts of a cache, shared by the files of this room.
 *
 * The index maps a keyed 64-bit hash to a reference: the item's offset in the storage, in units of
 * 4 bytes. The storage is cut into segments, filled from the start by a few streams, emptied by the
 * reclaimer. Locks, in the order in which they are taken:
 *
 *   reclaimer.lock -> stripe.lock (one) -> stream.lock -> pool.lock
 *
 * A flush takes the reclaimer's and then every stream's. Readers take none.
 */
#ifndef TOPHASH_CACHE_CACHE_PRIV_H
#define TOPHASH_CACHE_CACHE_PRIV_H

#include <tophash/cache.h>
#include <tophash/map.h>

#include "cache/cache_geometry.h"
#include "cache/cache_item.h"
#include "atomic/atomic.h"
#include "hash/hash.h"
#include "map/map.h"
#include "mem/mem.h"
#include "port/port.h"

#define TH_SEGMENT_NONE UINT32_MAX
#define TH_EXPIRES_LATEST UINT32_MAX
#define TH_CACHE_ITEM_BYTES_LIMIT (1ull << 30)

/* Segments that only the reclaimer may open: without a place to move to it could not free any. */
#define TH_CACHE_RESERVE_MOVES 1u

struct thi_cache_lock {
    struct th_au32 word; /* 0 free, 1 held */
};

void thi_cache_lock_wait(struct thi_cache_lock *lock);

TH_INLINE bool thi_cache_try_lock(struct thi_cache_lock *lock)
{
    uint32_t expected = 0;
    /* acquire @cache.lock: the lock before what it guards; other side: thi_cache_unlock(). Without
     * it: a holder works on what the holder before him had not finished. */
    return th_u32_cas_acq_rlx(&lock->word, &expected, 1);
}

TH_INLINE void thi_cache_lock(struct thi_cache_lock *lock)
{
    if (TH_UNLIKELY(!thi_cache_try_lock(lock))) {
        thi_cache_lock_wait(lock);
    }
}

TH_INLINE void thi_cache_unlock(struct thi_cache_lock *lock)
{
    /* release @cache.lock: what the lock guards before its end; other side: thi_cache_try_lock().
     * Without it: the next holder sees a part of our writes. */
    th_u32_store_rel(&lock->word, 0);
}

/* A stripe serialises the writers of its keys, and counts them. Access: all counters are written
 * under the lock and read relaxed by th_cache_get_stats(). */
struct TH_ALIGNED(TH_CACHE_LINE_BYTES) thi_cache_stripe {
    struct thi_cache_lock lock;
    struct th_au64 items;
    struct th_au64 items_total;
    struct th_au64 bytes;
    struct th_au64 evictions_total;
    struct th_au64 expired_total;
};

/* Counters of those who hold no lock, spread over threads. Access: relaxed read-modify-writes. */
struct TH_ALIGNED(TH_CACHE_LINE_BYTES) thi_cache_slot {
    struct th_au64 hits_total;
    struct th_au64 misses_total;
    struct th_au64 expired_total;
    struct th_au64 flushed_total;
    struct th_au64 store_enomem_total;
    struct th_au64 store_too_large_total;
};

enum thi_segment_state {
    TH_SEGMENT_UNUSED, /* no pages behind it */
    TH_SEGMENT_FREE,
    TH_SEGMENT_OPEN,   /* a stream fills it */
    TH_SEGMENT_SEALED, /* full, or closed by a flush */
    TH_SEGMENT_VICTIM, /* the reclaimer empties it */
    TH_SEGMENT_LIMBO   /* empty; readers may still look at it */
};

#define TH_LOAD_WRITER (1ull << 40)
#define TH_LOAD_BYTES(load) ((load) & (TH_LOAD_WRITER - 1))
#define TH_LOAD_WRITERS(load) ((load) >> 40)

/* Access: load      live bytes, and above them the writers that still fill a room of it: relaxed or
 *                   release read-modify-writes (@cache.writer).
 *         state     @cache.seal; otherwise under the lock of who owns the segment.
 *         expires_earliest  no item expires before it: relaxed, see walk_begin().
 *         age, used_bytes, next   under the owner's lock; after sealing the reclaimer's. */
struct TH_ALIGNED(TH_CACHE_LINE_BYTES) thi_segment {
    struct th_au64 load;
    struct th_au32 state;
    struct th_au32 expires_earliest;
    uint64_t age; /* the sequence number of the eldest stream segment its items may claim */
    uint64_t used_bytes;
    uint32_t next; /* in the pool's lists */
};

/* Who fills a segment. Access: under its lock. */
struct TH_ALIGNED(TH_CACHE_LINE_BYTES) thi_cache_stream {
    struct thi_cache_lock lock;
    uint32_t segment;
    uint64_t cursor_bytes;
};

/* Covers the segments that were in limbo when it was issued: once the epoch has passed it, nobody
 * reads them. One a thread, not one a segment, because a thread reclaims its own nodes: a segment
 * must not wait for an idle thread. Access: busy @cache.ticket, the others by its holder. */
struct thi_cache_ticket {
    struct th_epoch_node node;
    struct th_cache *cache;
    struct th_au64 stamp;
    struct th_au64 owner;
    struct th_au32 busy;
};

/* Access: lists, counts of lists and freed_total under the lock (counts also relaxed by others, as
 * a hint); limbo_total @cache.limbo; graced_total @cache.grace. */
struct thi_cache_pool {
    struct thi_cache_lock lock;
    uint32_t free_first;
    uint32_t unused_first;
    uint32_t limbo_first;
    uint32_t limbo_last;
    struct th_au64 free_count;
    struct th_au64 in_use;       /* segments with pages */
    struct th_au64 limbo_total;  /* segments put in limbo since the start */
    struct th_au64 graced_total; /* how many of those, from the first, nobody can read any more */
    struct th_au64 freed_total;  /* how many of those were put into the free list */
};

enum thi_walk_mode {
    TH_WALK_EXPIRE,   /* drop what has expired, leave the rest */
    TH_WALK_COMPACT,  /* move every live item */
    TH_WALK_EVICT,    /* move visited items, as far as the bound allows, evict the rest */
    TH_WALK_EVICT_ALL /* evict everything: progress for certain */
};

/* A walk over one segment, resumable. */
struct thi_cache_walk {
    uint32_t segment; /* TH_SEGMENT_NONE: no walk */
    enum thi_walk_mode mode;
    uint64_t sequence;
    uint64_t offset;
    uint64_t end;
    uint64_t moved_bytes;
    uint64_t removed;
    bool opened; /* a segment was opened to move items to */
};

/* Access: under the lock, but reclaimed_total (relaxed by stats). */
struct thi_cache_reclaimer {
    struct thi_cache_lock lock;
    struct thi_cache_walk victim;
    struct thi_cache_walk upkeep;
    uint32_t upkeep_segment;
    uint32_t expiry_scans;   /* since the last victim */
    uint32_t barren_victims; /* in a row that cost as much room as they gave */
    struct th_au64 reclaimed_total;
    struct th_au64
        stalled_graced_total; /* above 0: one more than graced_total was at the last stall */
};

struct th_cache {
    /* Set by th_cache_new() and not changed: what readers need. */
    struct th_map_u64 *index;
    char *storage;
    struct th_au64 *sequences; /* of each segment; written at opening, before any item is in it */
    struct th_epoch *epoch;
    struct thi_seed seed;
    unsigned segment_shift;
    uint32_t segment_count;
    uint32_t stripe_mask;
    uint32_t stream_count; /* streams of small items; behind them stand one for large ones and one
                              for moves */
    uint64_t segment_bytes;
    uint64_t memory_bytes;
    uint64_t item_bytes_max;
    uint64_t fixed_bytes;
    uint64_t reserve_target; /* segments that should be free or in limbo */
    bool no_eviction;
    struct thi_cache_stripe *stripes;
    struct thi_segment *segments;
    struct th_allocator mem;

    /* Access: watermark and flush_at: @cache.flush. Read by all, written by a flush. */
    TH_ALIGNED(TH_CACHE_LINE_BYTES) struct th_au64 watermark; /* segments before it are flushed */
    struct th_au32 flush_at;                                  /* a flush to come, or 0 */

    TH_ALIGNED(TH_CACHE_LINE_BYTES) struct th_au64 sequence_next; /* relaxed: only unique numbers */
    struct th_au64 references; /* the owner and every ticket on its way: @cache.reference */

    TH_ALIGNED(TH_CACHE_LINE_BYTES) struct thi_cache_pool pool;
    TH_ALIGNED(TH_CACHE_LINE_BYTES) struct thi_cache_reclaimer reclaimer;
    struct thi_cache_stream streams[TH_CACHE_STREAMS_MAX + 2];
    struct thi_cache_slot slots[TH_CACHE_SLOTS];
    struct thi_cache_ticket tickets[TH_CACHE_TICKETS];
};

/* Room for one item, to be filled and then published or given up. */
struct thi_cache_room {
    struct thi_item *item;
    uint64_t reference;
    uint64_t bytes;
    uint64_t number; /* the cas number that the place implies */
    uint32_t segment;
};

/* One operation on one key. */
struct thi_cache_request {
    struct th_cache *cache;
    const void *key;
    size_t key_bytes;
    uint64_t hash;
    struct thi_cache_stripe *stripe;
    uint32_t now;
};

/* What the index holds for a request's hash; looked up under the stripe lock. */
struct thi_cache_found {
    struct thi_item *item; /* NULL: nothing */
    uint64_t reference;
    uint64_t header;
    bool same_key;
    bool live; /* same key, neither expired nor flushed */
};

TH_INLINE uint64_t thi_cache_hash(const struct th_cache *cache, const void *key, size_t key_bytes)
{
    return thi_hash_bytes(&cache->seed, key, key_bytes);
}

TH_INLINE struct thi_item *thi_cache_item_at(const struct th_cache *cache, uint64_t reference)
{
    return (struct thi_item *)(void *)(cache->storage + reference * TH_ITEM_UNIT_BYTES);
}

TH_INLINE uint32_t thi_cache_segment_of(const struct th_cache *cache, uint64_t reference)
{
    return (uint32_t)(reference * TH_ITEM_UNIT_BYTES >> cache->segment_shift);
}

TH_INLINE uint64_t thi_cache_sequence(const struct th_cache *cache, uint32_t segment)
{
    /* relaxed: written before any item of the segment was published; the index orders it. */
    return th_u64_load_rlx(&cache->sequences[segment]);
}

/* The number that a place in a segment with this sequence implies. */
TH_INLINE uint64_t thi_cache_number(const struct th_cache *cache, uint64_t sequence, uint64_t units)
{
    return (sequence << (cache->segment_shift - TH_ITEM_UNIT_SHIFT)) + units;
}

TH_INLINE uint64_t thi_cache_item_number(const struct th_cache *cache, struct thi_item *item,
                                         uint64_t header, uint64_t reference)
{
    if ((header & TH_ITEM_NUMBER) != 0) {
        uint64_t number;
        memcpy(&number, thi_item_number(item, header), sizeof number);
        return number;
    }
    uint64_t units = reference & ((cache->segment_bytes / TH_ITEM_UNIT_BYTES) - 1);
    return thi_cache_number(
        cache, thi_cache_sequence(cache, thi_cache_segment_of(cache, reference)), units);
}

/* A flush that is due counts for readers before a writer has carried it out: everything there is
 * was stored before it, since storing carries it out first. */
TH_INLINE bool thi_cache_flush_due(const struct th_cache *cache, uint32_t now)
{
    /* acquire @cache.flush: the end of the wait before the watermark; other side:
     * flush_at_set(). Without it: an item from before the flush is seen between the two. */
    uint32_t at = th_u32_load_acq(&cache->flush_at);
    return TH_UNLIKELY(at != 0) && at <= now;
}

TH_INLINE bool thi_cache_flushed(const struct th_cache *cache, uint32_t segment)
{
    /* relaxed: ordered by the load in thi_cache_flush_due(), or by the caller's own ordering. */
    return thi_cache_sequence(cache, segment) < th_u64_load_rlx(&cache->watermark);
}

TH_INLINE bool thi_cache_expired(uint32_t expires, uint32_t now)
{
    return expires != TH_CACHE_NEVER && expires <= now;
}

/* Adds to a counter that only a lock's holder writes. */
TH_INLINE void thi_cache_count(struct th_au64 *counter, uint64_t delta)
{
    /* relaxed: statistic; the lock keeps other writers away. */
    th_u64_store_rlx(counter, th_u64_load_rlx(counter) + delta);
}

/* A number no two living threads share, and a good spread of it. */
uint64_t thi_cache_thread_token(void);
struct thi_cache_slot *thi_cache_slot_mine(struct th_cache *cache);

/* cache_segment.c */
void thi_segments_init(struct th_cache *cache);
bool thi_room_take(struct th_cache *cache, struct thi_cache_stream *stream, uint64_t bytes,
                   struct thi_cache_room *room);
void thi_room_done(struct th_cache *cache, const struct thi_cache_room *room);
void thi_room_give_up(struct th_cache *cache, const struct thi_cache_room *room);
void thi_stream_seal(struct th_cache *cache, struct thi_cache_stream *stream);
void thi_segment_to_limbo(struct th_cache *cache, uint32_t segment);
void thi_segment_expires_lower(struct thi_segment *segment, uint32_t expires);
uint64_t thi_pool_available(struct th_cache *cache);
uint64_t thi_pool_in_limbo(const struct th_cache *cache);
bool thi_pool_low(const struct th_cache *cache);
void thi_pool_trim(struct th_cache *cache);
void thi_ticket_issue(struct th_cache *cache);
void thi_cache_reference_drop(struct th_cache *cache);

TH_INLINE struct thi_cache_stream *thi_cache_stream_moves(struct th_cache *cache)
{
    return &cache->streams[cache->stream_count + 1];
}

TH_INLINE bool thi_cache_is_large(const struct th_cache *cache, uint64_t bytes)
{
    return bytes > cache->segment_bytes >> TH_CACHE_LARGE_SHIFT;
}

/* cache_reclaim.c */
void thi_cache_pace(struct th_cache *cache, uint64_t bytes, uint32_t now);
bool thi_cache_make_room(struct th_cache *cache, uint32_t now);
bool thi_cache_victims_work_off(struct th_cache *cache, uint32_t now);

/* cache_flush.c */
void thi_cache_flush_carry_out(struct th_cache *cache, uint32_t now);

/* cache_write.c */
enum thi_removal { TH_REMOVED_FOR_ROOM, TH_REMOVED_EXPIRED, TH_REMOVED_OTHERWISE };
void thi_cache_remove(const struct thi_cache_request *request, const struct thi_cache_found *found,
                      enum thi_removal why);
void thi_cache_find(const struct thi_cache_request *request, struct thi_cache_found *found);
/* All but the second, which the caller knows: it may change, and what was judged is shown. */
void thi_cache_view_fill(const struct th_cache *cache, struct thi_item *item, uint64_t reference,
                         struct th_cache_view *view);

#endif
