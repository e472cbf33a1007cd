/* SPDX-License-Identifier: MIT
 * cache_reclaim.c - makes room: compacts segments with much dead room, evicts from the eldest.
 *
 * Guarantees   G1 while a segment has an eighth of a segment of dead room, no live item is evicted:
 *              that segment is compacted instead.
 *              G2 a store does work in proportion to its size, until the pool is empty: then as
 *              much as it takes to free a segment, at most ten segments.
 *              G3 a stopped reader makes stores fail with TH_ENOMEM when the reserve is used up.
 *              The first to meet it has waited about 7 ms, for it might only have been interrupted.
 * Progress     one reclaimer at a time, in small steps; a store that finds it taken goes on as long
 *              as there is room, and waits for it (bounded steps) when there is none.
 * Invariants   I1 a segment under a walk that empties it is VICTIM; nobody else opens or empties
 *              it.
 *              I2 at the end of such a walk no item of it is live.
 * Sources      FIFO with reinsertion of visited items: CLOCK (Corbato), S3-FIFO and SIEVE (Yang et
 *              al.) for the evidence that one bit is enough; choosing by dead room: greedy cleaning
 *              of log-structured file systems.
 */
#include "cache/cache_priv.h"

/* A segment is worth compacting from this share of dead room on: 1 / 8. Greedy choice then keeps
 * live items up to about 93 % of the storage under uniform overwriting, for seven bytes copied a
 * byte stored in the worst case. */
#define COMPACT_DEAD_SHIFT 3u
/* An eviction moves at most 7/8 of its segment, so that each gives an eighth. */
#define MOVE_BOUND(cache) ((cache)->segment_bytes - ((cache)->segment_bytes >> COMPACT_DEAD_SHIFT))
#define BARREN_VICTIMS_MAX 8u
#define EXPIRY_SCANS_MAX 2u
#define GRACE_SLEEP_NS 50000u
#define GRACE_SLEEPS_DOUBLE 8u /* sleeps after which they become twice as long */
/* Bytes of the index for an entry, at its lowest load. */
#define INDEX_ENTRY_BYTES_MAX 45u
/* Shrinking: from this much on, so many groups at a time. */
#define INDEX_SHRINK_BYTES_MIN (64u << 10)
#define INDEX_MERGES_MAX 512u

static uint64_t items_count(const struct th_cache *cache)
{
    uint64_t items = 0;
    for (uint32_t i = 0; i <= cache->stripe_mask; i++) {
        /* relaxed: statistic. */
        items += th_u64_load_rlx(&cache->stripes[i].items);
    }
    return items;
}

/* Where the items of a segment end, and that none is half written; false: not to be walked now. */
static bool walk_may_begin(struct th_cache *cache, uint32_t index, uint64_t *end)
{
    struct thi_segment *segment = &cache->segments[index];
    for (uint32_t i = 0; i < cache->stream_count + 2; i++) {
        struct thi_cache_stream *stream = &cache->streams[i];
        thi_cache_lock(&stream->lock);
        bool open = stream->segment == index;
        if (open) {
            *end = stream->cursor_bytes;
        }
        /* acquire @cache.writer: the items before the end of their writing; other side:
         * thi_room_done(). Without it: the walk meets a header that is not there yet. */
        uint64_t load = th_u64_load_acq(&segment->load);
        thi_cache_unlock(&stream->lock);
        if (open) {
            return TH_LOAD_WRITERS(load) == 0;
        }
    }
    /* relaxed: who seals holds his stream's lock, and so did we. If that was before he opened the
     * segment, nobody has asked us to walk it. */
    if (th_u32_load_rlx(&segment->state) != TH_SEGMENT_SEALED) {
        return false;
    }
    *end = segment->used_bytes;
    /* acquire @cache.writer: as in thi_room_done(). */
    return TH_LOAD_WRITERS(th_u64_load_acq(&segment->load)) == 0;
}

static bool walk_begin(struct th_cache *cache, struct thi_cache_walk *walk, uint32_t index,
                       enum thi_walk_mode mode)
{
    struct thi_segment *segment = &cache->segments[index];
    uint32_t overdue_since = TH_EXPIRES_LATEST;
    uint64_t end;
    if (mode == TH_WALK_EXPIRE) {
        /* Before the end is looked at: an item that is stored meanwhile lies before the end, or
         * lowers the segment's second after us. The walk lowers it again, item by item.
         * relaxed: whose second we overwrite took the lock of his stream or stripe before us; after
         * us he would have lowered what we write. So those locks, which we take next, show us his
         * item. */
        overdue_since = th_u32_exchange_rlx(&segment->expires_earliest, TH_EXPIRES_LATEST);
    }
    if (!walk_may_begin(cache, index, &end)) {
        thi_segment_expires_lower(segment, overdue_since);
        return false;
    }
    *walk = (struct thi_cache_walk){
        .segment = index, .mode = mode, .sequence = thi_cache_sequence(cache, index), .end = end};
    if (mode != TH_WALK_EXPIRE) {
        /* relaxed: only we look at sealed segments' states. */
        th_u32_store_rlx(&segment->state, TH_SEGMENT_VICTIM);
    }
    return true;
}

/* Copies an item to `room`, with its number, since the place no longer implies it. */
static void item_copy(const struct thi_cache_found *from, const struct thi_cache_room *room,
                      uint64_t number, bool visited)
{
    uint64_t header = (from->header & ~(uint64_t)TH_ITEM_VISITED) | TH_ITEM_NUMBER;
    struct thi_item *to = room->item;
    thi_item_header_init(to, visited ? header | TH_ITEM_VISITED : header);
    memcpy(thi_item_number(to, header), &number, sizeof number);
    if ((header & TH_ITEM_META) != 0) {
        struct thi_item_meta *meta = thi_item_meta(to, header);
        th_u32_init(&meta->expires, thi_item_expires(from->item, from->header));
        meta->flags = thi_item_flags(from->item, from->header);
    }
    memcpy(thi_item_key(to, header), thi_item_key(from->item, from->header),
           thi_item_key_bytes(header) + thi_item_value_bytes(header));
}

/* Moves an item to the stream of moves. Stripe lock held. False: no room. */
static bool item_move(struct thi_cache_walk *walk, const struct thi_cache_request *request,
                      const struct thi_cache_found *found)
{
    struct th_cache *cache = request->cache;
    struct thi_cache_stream *stream = thi_cache_stream_moves(cache);
    struct thi_cache_room room;
    uint64_t bytes = thi_item_bytes(found->header | TH_ITEM_NUMBER);
    uint32_t before = stream->segment;
    if (!thi_room_take(cache, stream, bytes, &room)) {
        return false;
    }
    bool opened = room.segment != before;
    bool compacting = walk->mode == TH_WALK_COMPACT;
    uint64_t number = thi_cache_item_number(cache, found->item, found->header, found->reference);
    item_copy(found, &room, number, compacting && (found->header & TH_ITEM_VISITED) != 0);
    struct thi_segment *target = &cache->segments[room.segment];
    /* Compacted items keep their age; visited ones start anew. Mixed: the younger for all. */
    uint64_t age = cache->segments[walk->segment].age;
    if (!compacting) {
        age = th_u64_load_rlx(&cache->sequence_next); /* relaxed: an approximate age */
    }
    target->age = opened || age > target->age ? age : target->age;
    thi_segment_expires_lower(target, thi_item_expires(found->item, found->header));
    th_status status = th_map_u64_replace(cache->index, request->hash, room.reference, NULL);
    TH_ASSERT(status == TH_OK); /* the stripe lock keeps the entry where we found it */
    uint64_t old_bytes = thi_item_bytes(found->header);
    thi_cache_count(&request->stripe->bytes, bytes - old_bytes);
    /* relaxed, both: we are the ones who walk the segment. */
    th_u64_sub_rlx(&cache->segments[walk->segment].load, old_bytes);
    th_u32_or_rlx(&found->item->word, TH_ITEM_DEAD);
    thi_room_done(cache, &room);
    walk->moved_bytes += bytes;
    walk->opened = walk->opened || opened;
    return true;
}

static bool walk_wants_move(const struct th_cache *cache, const struct thi_cache_walk *walk,
                            uint64_t header)
{
    switch (walk->mode) {
    case TH_WALK_COMPACT: return true;
    case TH_WALK_EVICT:
        return (header & TH_ITEM_VISITED) != 0 &&
               walk->moved_bytes + thi_item_bytes(header) <= MOVE_BOUND(cache);
    case TH_WALK_EXPIRE:
    case TH_WALK_EVICT_ALL:
    default: return false;
    }
}

/* Under the stripe lock: what becomes of one item. False: it had to be moved and there is no room.
 * */
static bool walk_judge(struct thi_cache_walk *walk, const struct thi_cache_request *request,
                       const struct thi_cache_found *found)
{
    struct th_cache *cache = request->cache;
    uint32_t expires = thi_item_expires(found->item, found->header);
    if (thi_cache_expired(expires, request->now)) {
        walk->removed++;
        thi_cache_remove(request, found, TH_REMOVED_EXPIRED);
        return true;
    }
    if (thi_cache_flushed(cache, walk->segment)) {
        walk->removed++;
        thi_cache_remove(request, found, TH_REMOVED_OTHERWISE);
        return true;
    }
    if (walk->mode == TH_WALK_EXPIRE) {
        thi_segment_expires_lower(&cache->segments[walk->segment], expires);
        return true;
    }
    if (walk_wants_move(cache, walk, found->header) && item_move(walk, request, found)) {
        return true;
    }
    if (cache->no_eviction) {
        return false;
    }
    walk->removed++;
    thi_cache_remove(request, found, TH_REMOVED_FOR_ROOM);
    return true;
}

static bool walk_live_item(struct th_cache *cache, struct thi_cache_walk *walk, uint64_t reference,
                           uint32_t now)
{
    struct thi_item *item = thi_cache_item_at(cache, reference);
    uint64_t header = thi_item_header(item);
    const char *key = thi_item_key(item, header);
    size_t key_bytes = thi_item_key_bytes(header);
    uint64_t hash = thi_cache_hash(cache, key, key_bytes);
    struct thi_cache_request request = {.cache = cache,
                                        .key = key,
                                        .key_bytes = key_bytes,
                                        .hash = hash,
                                        .stripe = &cache->stripes[hash & cache->stripe_mask],
                                        .now = now};
    bool done = true;
    thi_cache_lock(&request.stripe->lock);
    header = thi_item_header(item); /* DEAD changes under this lock only */
    if ((header & TH_ITEM_DEAD) == 0) {
        struct thi_cache_found found = {
            .item = item, .reference = reference, .header = header, .same_key = true};
        done = walk_judge(walk, &request, &found);
    }
    thi_cache_unlock(&request.stripe->lock);
    return done;
}

/* One item further; the bytes it has, or 0: it had to be moved and there is no room. */
static uint64_t walk_step(struct th_cache *cache, struct thi_cache_walk *walk, uint32_t now)
{
    uint64_t start = (uint64_t)walk->segment << cache->segment_shift;
    uint64_t reference = (start + walk->offset) / TH_ITEM_UNIT_BYTES;
    struct thi_item *item = thi_cache_item_at(cache, reference);
    /* acquire @cache.dead: all use of the item before DEAD; other side: item_died().
     * Without it: the segment is opened anew and then loses these bytes. What was written into the
     * item is known by walk_may_begin(). */
    uint64_t header = thi_item_header_of(item, th_u32_load_acq(&item->word));
    uint64_t bytes = thi_item_bytes(header);
    if ((header & TH_ITEM_DEAD) != 0) {
        if (walk->mode != TH_WALK_EXPIRE) {
            thi_cache_count(&cache->reclaimer.reclaimed_total, 1);
        }
    } else if (!walk_live_item(cache, walk, reference, now)) {
        return 0;
    }
    walk->offset += bytes;
    return bytes;
}

/* The best segments for each kind of victim. */
struct choice {
    uint32_t dead; /* most dead room */
    uint64_t dead_bytes;
    uint64_t dead_live_bytes;
    uint32_t eldest;
    uint64_t eldest_age;
    uint32_t expired; /* most overdue */
    uint32_t expired_since;
};

static void choice_consider(struct th_cache *cache, uint32_t index, struct choice *choice)
{
    struct thi_segment *segment = &cache->segments[index];
    /* acquire @cache.seal: the segment's end before its state; other side: thi_stream_seal().
     * Without it: the walk goes to an old end. */
    if (th_u32_load_acq(&segment->state) != TH_SEGMENT_SEALED) {
        return;
    }
    uint64_t load = th_u64_load_rlx(&segment->load); /* relaxed: walk_may_begin() looks again */
    if (TH_LOAD_WRITERS(load) != 0) {
        return;
    }
    uint64_t live_bytes = TH_LOAD_BYTES(load);
    uint64_t dead_bytes = segment->used_bytes - live_bytes;
    if (live_bytes == 0 || thi_cache_flushed(cache, index)) {
        dead_bytes = cache->segment_bytes;
        live_bytes = 0;
    }
    if (choice->dead == TH_SEGMENT_NONE || dead_bytes > choice->dead_bytes) {
        choice->dead = index;
        choice->dead_bytes = dead_bytes;
        choice->dead_live_bytes = live_bytes;
    }
    if (choice->eldest == TH_SEGMENT_NONE || segment->age < choice->eldest_age) {
        choice->eldest = index;
        choice->eldest_age = segment->age;
    }
    uint32_t expires = th_u32_load_rlx(&segment->expires_earliest); /* relaxed: a hint */
    if (choice->expired == TH_SEGMENT_NONE || expires < choice->expired_since) {
        choice->expired = index;
        choice->expired_since = expires;
    }
}

static bool move_room_exists(struct th_cache *cache, uint64_t live_bytes)
{
    struct thi_cache_stream *stream = thi_cache_stream_moves(cache);
    return live_bytes == 0 || thi_pool_available(cache) > 0 ||
           (stream->segment != TH_SEGMENT_NONE &&
            stream->cursor_bytes + 2 * live_bytes <= cache->segment_bytes);
}

/* Picks a segment and what to do with it. Looks at all descriptors: once a segment's worth. */
static bool victim_choose(struct th_cache *cache, uint32_t now)
{
    struct thi_cache_reclaimer *reclaimer = &cache->reclaimer;
    struct choice choice = {
        .dead = TH_SEGMENT_NONE, .eldest = TH_SEGMENT_NONE, .expired = TH_SEGMENT_NONE};
    for (uint32_t i = 0; i < cache->segment_count; i++) {
        choice_consider(cache, i, &choice);
    }
    if (choice.eldest == TH_SEGMENT_NONE) {
        return false;
    }
    bool stuck = reclaimer->barren_victims >= BARREN_VICTIMS_MAX && !cache->no_eviction;
    bool dead_suffices = choice.dead_bytes >= cache->segment_bytes >> COMPACT_DEAD_SHIFT;
    if (dead_suffices && (choice.dead_live_bytes == 0 || !stuck) &&
        move_room_exists(cache, choice.dead_live_bytes)) {
        return walk_begin(cache, &reclaimer->victim, choice.dead, TH_WALK_COMPACT);
    }
    if (choice.expired_since <= now &&
        (cache->no_eviction || reclaimer->expiry_scans < EXPIRY_SCANS_MAX)) {
        reclaimer->expiry_scans++;
        return walk_begin(cache, &reclaimer->victim, choice.expired, TH_WALK_EXPIRE);
    }
    if (cache->no_eviction) {
        return false;
    }
    return walk_begin(cache, &reclaimer->victim, choice.eldest,
                      stuck ? TH_WALK_EVICT_ALL : TH_WALK_EVICT);
}

/* The victim has been walked to its end. */
static void victim_finish(struct th_cache *cache)
{
    struct thi_cache_reclaimer *reclaimer = &cache->reclaimer;
    struct thi_cache_walk *walk = &reclaimer->victim;
    uint32_t segment = walk->segment;
    walk->segment = TH_SEGMENT_NONE;
    if (walk->mode == TH_WALK_EXPIRE) {
        return;
    }
    /* relaxed: walk_step() has seen every writer and every death. */
    TH_DEBUG_ASSERT(th_u64_load_rlx(&cache->segments[segment].load) == 0);
    reclaimer->barren_victims = walk->opened ? reclaimer->barren_victims + 1 : 0;
    reclaimer->expiry_scans = 0;
    thi_segment_to_limbo(cache, segment);
}

/* Works on victims until `work_bytes` have been looked at or the pool is no longer low. False:
 * there is nothing to reclaim. Reclaimer's lock held. */
static bool reclaim_slice(struct th_cache *cache, uint64_t work_bytes, uint32_t now)
{
    struct thi_cache_walk *walk = &cache->reclaimer.victim;
    uint64_t done_bytes = 0;
    while (done_bytes < work_bytes) {
        if (walk->segment == TH_SEGMENT_NONE) {
            if (!thi_pool_low(cache)) {
                return true;
            }
            if (!victim_choose(cache, now)) {
                return false;
            }
        }
        while (walk->offset < walk->end && done_bytes < work_bytes) {
            uint64_t bytes = walk_step(cache, walk, now);
            if (bytes == 0) {
                /* relaxed: only we look at it; it is as it was before the walk. */
                th_u32_store_rlx(&cache->segments[walk->segment].state, TH_SEGMENT_SEALED);
                walk->segment = TH_SEGMENT_NONE;
                return false;
            }
            done_bytes += bytes;
        }
        if (walk->offset >= walk->end) {
            victim_finish(cache);
            done_bytes += 64; /* choosing and finishing are work too */
        }
    }
    return true;
}

/* Before a store of `bytes`: keeps the reserve, with work in proportion. Holds no lock before. */
void thi_cache_pace(struct th_cache *cache, uint64_t bytes, uint32_t now)
{
    if (TH_LIKELY(!thi_pool_low(cache)) && TH_LIKELY(thi_pool_in_limbo(cache) == 0)) {
        return;
    }
    if (thi_pool_low(cache) && thi_cache_try_lock(&cache->reclaimer.lock)) {
        (void)reclaim_slice(cache, bytes * 8 + 512, now);
        thi_pool_trim(cache);
        thi_cache_unlock(&cache->reclaimer.lock);
    }
    if (thi_pool_in_limbo(cache) > 0) {
        thi_ticket_issue(cache);
        (void)th_epoch_reclaim(cache->epoch, 0);
    }
}

/* Between two looks at whether guards have ended: gives the core away, then sleeps. False: enough,
 * this is a stopped reader. Once that was said nobody sleeps again until a guard has ended, and who
 * stands in a guard himself does not sleep at all. */
static bool grace_await(struct th_cache *cache, uint32_t attempt)
{
    struct th_au64 *stalled = &cache->reclaimer.stalled_graced_total;
    /* relaxed, all: hints. */
    uint64_t graced = th_u64_load_rlx(&cache->pool.graced_total);
    if (attempt < TH_CACHE_GRACE_YIELDS_MAX) {
        thi_port_yield();
        return true;
    }
    if (th_u64_load_rlx(stalled) == graced + 1 || th_epoch_inside(cache->epoch)) {
        return false;
    }
    if (attempt >= TH_CACHE_GRACE_YIELDS_MAX + TH_CACHE_GRACE_SLEEPS_MAX) {
        th_u64_store_rlx(stalled, graced + 1);
        return false;
    }
    thi_port_sleep_ns(GRACE_SLEEP_NS
                      << (attempt - TH_CACHE_GRACE_YIELDS_MAX) / GRACE_SLEEPS_DOUBLE);
    return true;
}

/* Under no lock: works on victims until a segment is available or enough are in limbo. False: there
 * is nothing to reclaim. */
bool thi_cache_victims_work_off(struct th_cache *cache, uint32_t now)
{
    bool found = true;
    thi_cache_lock(&cache->reclaimer.lock);
    while (found && thi_pool_available(cache) <= TH_CACHE_RESERVE_MOVES &&
           thi_pool_in_limbo(cache) < cache->reserve_target) {
        found = reclaim_slice(cache, cache->segment_bytes, now);
    }
    thi_pool_trim(cache);
    thi_cache_unlock(&cache->reclaimer.lock);
    return found;
}

/* When a store found no room: frees a segment, with as much work as it takes. False: nothing may be
 * evicted, or what was freed may still be read. Holds no lock before. */
bool thi_cache_make_room(struct th_cache *cache, uint32_t now)
{
    for (uint32_t attempt = 0;; attempt++) { /* each round: guards have not ended yet */
        bool found = thi_cache_victims_work_off(cache, now);
        if (thi_pool_available(cache) > TH_CACHE_RESERVE_MOVES) {
            return true;
        }
        if (!found && thi_pool_in_limbo(cache) == 0) {
            return false;
        }
        thi_ticket_issue(cache);
        (void)th_epoch_reclaim(cache->epoch, 0);
        (void)th_epoch_reclaim(cache->epoch, 0);
        if (thi_pool_available(cache) > TH_CACHE_RESERVE_MOVES) {
            return true;
        }
        if (!grace_await(cache, attempt)) {
            return false;
        }
    }
}

/* The next segment that has something to expire; false: none in a whole round. */
static bool upkeep_next(struct th_cache *cache, uint32_t now)
{
    struct thi_cache_reclaimer *reclaimer = &cache->reclaimer;
    for (uint32_t i = 0; i < cache->segment_count; i++) {
        uint32_t index = reclaimer->upkeep_segment;
        reclaimer->upkeep_segment = index + 1 == cache->segment_count ? 0 : index + 1;
        struct thi_segment *segment = &cache->segments[index];
        /* relaxed, both: hints; walk_may_begin() looks again. */
        uint32_t state = th_u32_load_rlx(&segment->state);
        if ((state == TH_SEGMENT_OPEN || state == TH_SEGMENT_SEALED) &&
            th_u32_load_rlx(&segment->expires_earliest) <= now &&
            walk_begin(cache, &reclaimer->upkeep, index, TH_WALK_EXPIRE)) {
            return true;
        }
    }
    return false;
}

/* A segment emptied since the last call, and perhaps filled anew, is not the one we walked. */
static bool upkeep_still_valid(const struct th_cache *cache, const struct thi_cache_walk *walk)
{
    /* relaxed: only the reclaimer, whose lock we hold, takes a segment out of these two states. */
    uint32_t state = th_u32_load_rlx(&cache->segments[walk->segment].state);
    return (state == TH_SEGMENT_OPEN || state == TH_SEGMENT_SEALED) &&
           walk->sequence == thi_cache_sequence(cache, walk->segment);
}

/* Removes up to `items_max` expired items, looking at a bounded number. Reclaimer's lock held. */
static size_t upkeep_expire(struct th_cache *cache, uint32_t now, size_t items_max)
{
    struct thi_cache_walk *walk = &cache->reclaimer.upkeep;
    size_t removed = 0;
    uint64_t looks = (uint64_t)items_max * 16 + 1024;
    if (walk->segment != TH_SEGMENT_NONE && !upkeep_still_valid(cache, walk)) {
        walk->segment = TH_SEGMENT_NONE;
    }
    while (removed < items_max && looks > 0) {
        if (walk->segment == TH_SEGMENT_NONE && !upkeep_next(cache, now)) {
            break;
        }
        walk->removed = 0;
        while (walk->offset < walk->end && looks > 0 && removed + walk->removed < items_max) {
            (void)walk_step(cache, walk, now);
            looks--;
        }
        removed += (size_t)walk->removed;
        if (walk->offset >= walk->end) {
            walk->segment = TH_SEGMENT_NONE;
        }
    }
    return removed;
}

/* An index that once held many more items gives memory back, in small steps. */
static void index_shrink(struct th_cache *cache)
{
    uint64_t most = items_count(cache) * INDEX_ENTRY_BYTES_MAX * 5 / 4 + INDEX_SHRINK_BYTES_MIN;
    if (thi_map_u64_bytes(cache->index) >= most) {
        th_status status = th_map_u64_shrink(cache->index, INDEX_MERGES_MAX);
        TH_DEBUG_ASSERT(status >= 0); /* what is left to merge the next call meets again */
        (void)status;
    }
}

size_t th_cache_maintain(struct th_cache *cache, uint32_t now, size_t items_max)
{
    thi_cache_flush_carry_out(cache, now);
    thi_cache_lock(&cache->reclaimer.lock);
    size_t removed = upkeep_expire(cache, now, items_max);
    if (thi_pool_low(cache)) {
        (void)reclaim_slice(cache, cache->segment_bytes, now);
    }
    thi_pool_trim(cache);
    thi_cache_unlock(&cache->reclaimer.lock);
    index_shrink(cache);
    if (thi_pool_in_limbo(cache) > 0) {
        thi_ticket_issue(cache);
        (void)th_epoch_reclaim(cache->epoch, 0);
    }
    return removed;
}
