/* SPDX-License-Identifier: MIT
 * cache_write.c - storing, deleting and touching under a stripe's lock.
 *
 * Guarantees   G1 the writers of one key follow one another; what a store judged (present, cas
 *              number, old value) still holds when its item is published.
 *              G2 the number of an item is unlike every other's and above that of the item it
 *              replaces.
 *              G3 where a store fails, nothing has changed.
 * Progress     waits for the stripe's lock, whose holders copy one item at most; makes room before,
 *              never under, the lock.
 */
#include "cache/cache_write.h"

void thi_cache_find(const struct thi_cache_request *request, struct thi_cache_found *found)
{
    struct th_cache *cache = request->cache;
    *found = (struct thi_cache_found){0};
    if (!th_map_u64_get(cache->index, request->hash, &found->reference)) {
        return;
    }
    struct thi_item *item = thi_cache_item_at(cache, found->reference);
    uint64_t header = thi_item_header(item); /* the stripe lock keeps the item */
    found->item = item;
    found->header = header;
    found->same_key = thi_item_key_equals(item, header, request->key, request->key_bytes);
    found->live = found->same_key &&
                  !thi_cache_expired(thi_item_expires(item, header), request->now) &&
                  !thi_cache_flushed(cache, thi_cache_segment_of(cache, found->reference));
}

/* The index no longer refers to the item: books it out. Stripe lock held. */
static void item_died(const struct thi_cache_request *request, const struct thi_cache_found *found,
                      enum thi_removal why)
{
    struct th_cache *cache = request->cache;
    struct thi_cache_stripe *stripe = request->stripe;
    uint64_t bytes = thi_item_bytes(found->header);
    /* relaxed: DEAD publishes it. */
    th_u64_sub_rlx(&cache->segments[thi_cache_segment_of(cache, found->reference)].load, bytes);
    /* release @cache.dead: all use of the item and of its segment's load before DEAD; other side:
     * walk_step(). Without it: the segment is opened anew and then loses these bytes. */
    th_u32_or_rel(&found->item->word, TH_ITEM_DEAD);
    thi_cache_count(&stripe->items, (uint64_t)-1);
    thi_cache_count(&stripe->bytes, -bytes);
    if (why == TH_REMOVED_FOR_ROOM) {
        thi_cache_count(&stripe->evictions_total, 1);
    } else if (why == TH_REMOVED_EXPIRED) {
        thi_cache_count(&stripe->expired_total, 1);
    }
}

void thi_cache_remove(const struct thi_cache_request *request, const struct thi_cache_found *found,
                      enum thi_removal why)
{
    th_status status =
        th_map_u64_erase_if(request->cache->index, request->hash, found->reference, NULL);
    TH_ASSERT(status == TH_OK); /* the stripe lock keeps the entry where we found it */
    item_died(request, found, why);
}

/* Why an item that gives way to another of the same hash goes. */
static enum thi_removal removal_reason(const struct thi_cache_request *request,
                                       const struct thi_cache_found *found)
{
    if (thi_cache_expired(thi_item_expires(found->item, found->header), request->now)) {
        return TH_REMOVED_EXPIRED;
    }
    return found->same_key ? TH_REMOVED_OTHERWISE : TH_REMOVED_FOR_ROOM;
}

/* False: the key's size is out of range. */
bool thi_cache_request_init(struct thi_cache_request *request, struct th_cache *cache,
                            const struct th_cache_key *key, uint32_t now)
{
    if (key->size == 0 || key->size > TH_CACHE_KEY_MAX) {
        return false;
    }
    thi_cache_flush_carry_out(cache, now);
    uint64_t hash = thi_cache_hash(cache, key->bytes, key->size);
    *request = (struct thi_cache_request){.cache = cache,
                                          .key = key->bytes,
                                          .key_bytes = key->size,
                                          .hash = hash,
                                          .stripe = &cache->stripes[hash & cache->stripe_mask],
                                          .now = now};
    return true;
}

static uint32_t plan_parts(const struct thi_cache_plan *plan)
{
    return (plan->number != 0 ? TH_ITEM_NUMBER : 0) |
           (plan->flags != 0 || plan->expires != TH_CACHE_NEVER ? TH_ITEM_META : 0);
}

static uint64_t plan_header(const struct thi_cache_request *request,
                            const struct thi_cache_plan *plan)
{
    return thi_item_header_make(request->key_bytes, plan->first_bytes + plan->second_bytes,
                                plan_parts(plan));
}

static void item_fill(const struct thi_cache_request *request, const struct thi_cache_plan *plan,
                      struct thi_item *item)
{
    uint64_t header = plan_header(request, plan);
    thi_item_header_init(item, plan->visited ? header | TH_ITEM_VISITED : header);
    if ((header & TH_ITEM_NUMBER) != 0) {
        memcpy(thi_item_number(item, header), &plan->number, sizeof plan->number);
    }
    if ((header & TH_ITEM_META) != 0) {
        struct thi_item_meta *meta = thi_item_meta(item, header);
        th_u32_init(&meta->expires, plan->expires);
        meta->flags = plan->flags;
    }
    memcpy(thi_item_key(item, header), request->key, request->key_bytes);
    char *value = thi_item_value(item, header);
    if (plan->first_bytes != 0) {
        memcpy(value, plan->first, plan->first_bytes);
    }
    if (plan->second_bytes != 0) {
        memcpy(value + plan->first_bytes, plan->second, plan->second_bytes);
    }
}

/* Room for the plan in the stream of its size. A large item always says its number, since the place
 * in the large stream may imply an older one than the key has. */
static bool plan_take_room(const struct thi_cache_request *request, struct thi_cache_plan *plan,
                           struct thi_cache_room *room)
{
    struct th_cache *cache = request->cache;
    uint64_t bytes = thi_item_bytes(plan_header(request, plan));
    struct thi_cache_stream *stream =
        &cache->streams[request->hash >> 32 & (cache->stream_count - 1)];
    if (thi_cache_is_large(cache, bytes)) {
        stream = &cache->streams[cache->stream_count];
        if (plan->number == 0) {
            /* relaxed: only uniqueness matters; the stripe lock orders the numbers of a key. */
            uint64_t sequence = th_u64_add_rlx(&cache->sequence_next, 1);
            plan->number = thi_cache_number(cache, sequence, 0);
            bytes = thi_item_bytes(plan_header(request, plan));
        }
    }
    return thi_room_take(cache, stream, bytes, room);
}

/* Publishes a filled room in the place of what was found. */
static th_status plan_publish(const struct thi_cache_request *request,
                              const struct thi_cache_found *found,
                              const struct thi_cache_plan *plan, const struct thi_cache_room *room)
{
    struct th_cache *cache = request->cache;
    item_fill(request, plan, room->item);
    thi_segment_expires_lower(&cache->segments[room->segment], plan->expires);
    th_status status = th_map_u64_put(cache->index, request->hash, room->reference, NULL);
    if (status < 0) {
        thi_room_give_up(cache, room);
        return status;
    }
    if (found->item != NULL) {
        item_died(request, found, removal_reason(request, found));
    }
    thi_room_done(cache, room);
    thi_cache_count(&request->stripe->items, 1);
    thi_cache_count(&request->stripe->bytes, room->bytes);
    return TH_OK;
}

/* Puts a new item in the place of what was found. Stripe lock held. TH_OK, TH_ENOMEM, TH_MORE: no
 * room, TH_EBUSY: flushed meanwhile, judge again. */
th_status thi_cache_plan_store(const struct thi_cache_request *request,
                               const struct thi_cache_found *found, struct thi_cache_plan *plan)
{
    struct th_cache *cache = request->cache;
    struct thi_cache_room room;
    if (!plan_take_room(request, plan, &room)) {
        return TH_MORE;
    }
    uint64_t old_number = 0;
    if (found->item != NULL) {
        old_number = thi_cache_item_number(cache, found->item, found->header, found->reference);
    }
    if (plan->number == 0 && room.number <= old_number) {
        /* The key's last item was large, or moved: its number is younger than our segment. */
        thi_room_give_up(cache, &room);
        /* relaxed: only uniqueness matters. */
        plan->number = thi_cache_number(cache, th_u64_add_rlx(&cache->sequence_next, 1), 0);
        if (!plan_take_room(request, plan, &room)) {
            return TH_MORE;
        }
    }
    /* relaxed: the stream's lock orders it: a flush that sealed the segment before ours is seen. */
    if (plan->watermark != th_u64_load_rlx(&cache->watermark)) {
        thi_room_give_up(cache, &room);
        return TH_EBUSY;
    }
    th_status status = plan_publish(request, found, plan, &room);
    plan->number = plan->number != 0 ? plan->number : room.number;
    return status;
}

/* Runs `attempt` under the stripe lock until it says something else than "no room" or "again".
 * bytes_guess: about what it will store. */
th_status thi_cache_run(const struct thi_cache_request *request, uint64_t bytes_guess,
                        th_status (*attempt)(const struct thi_cache_request *request,
                                             void *context),
                        void *context)
{
    struct th_cache *cache = request->cache;
    thi_cache_pace(cache, bytes_guess, request->now);
    for (uint32_t tries = 0; tries < STORE_TRIES_MAX; tries++) {
        thi_cache_lock(&request->stripe->lock);
        th_status status = attempt(request, context);
        thi_cache_unlock(&request->stripe->lock);
        if (status == TH_MORE) {
            if (!thi_cache_make_room(cache, request->now)) {
                break;
            }
        } else if (status != TH_EBUSY) { /* TH_EBUSY: a flush was completed meanwhile */
            if (status == TH_ENOMEM) {
                break;
            }
            return status;
        }
    }
    th_u64_add_rlx(&thi_cache_slot_mine(cache)->store_enomem_total, 1); /* relaxed: statistic */
    return TH_ENOMEM;
}

struct store {
    enum th_cache_mode mode;
    const struct th_cache_item *item;
    uint64_t number;
};

static th_status store_judge(const struct store *store, const struct thi_cache_request *request,
                             const struct thi_cache_found *found)
{
    switch (store->mode) {
    case TH_CACHE_SET: return TH_OK;
    case TH_CACHE_ADD: return found->live ? TH_EXISTS : TH_OK;
    case TH_CACHE_REPLACE:
    case TH_CACHE_APPEND:
    case TH_CACHE_PREPEND: return found->live ? TH_OK : TH_ABSENT;
    case TH_CACHE_CAS:
        if (!found->live) {
            return TH_ABSENT;
        }
        return thi_cache_item_number(request->cache, found->item, found->header,
                                     found->reference) == store->item->cas
                   ? TH_OK
                   : TH_MISMATCH;
    default: return TH_EINVAL;
    }
}

static void store_plan(const struct store *store, const struct thi_cache_found *found,
                       struct thi_cache_plan *plan)
{
    const struct th_cache_item *item = store->item;
    plan->first = item->value;
    plan->first_bytes = item->value_bytes;
    plan->flags = item->flags;
    plan->expires = item->expires;
    if (store->mode != TH_CACHE_APPEND && store->mode != TH_CACHE_PREPEND) {
        return;
    }
    const char *old_value = thi_item_value(found->item, found->header);
    uint32_t old_bytes = thi_item_value_bytes(found->header);
    plan->flags = thi_item_flags(found->item, found->header);
    plan->expires = thi_item_expires(found->item, found->header);
    if (store->mode == TH_CACHE_APPEND) {
        plan->second = plan->first;
        plan->second_bytes = plan->first_bytes;
        plan->first = old_value;
        plan->first_bytes = old_bytes;
    } else {
        plan->second = old_value;
        plan->second_bytes = old_bytes;
    }
}

static th_status store_attempt(const struct thi_cache_request *request, void *context)
{
    struct store *store = context;
    struct thi_cache_plan plan = {0};
    struct thi_cache_found found;
    /* relaxed: compared with itself after the room was taken. */
    plan.watermark = th_u64_load_rlx(&request->cache->watermark);
    thi_cache_find(request, &found);
    th_status status = store_judge(store, request, &found);
    if (status != TH_OK) {
        return status;
    }
    store_plan(store, &found, &plan);
    if (!thi_cache_item_fits(request->cache, request->key_bytes,
                             plan.first_bytes + plan.second_bytes)) {
        return TH_ERANGE;
    }
    status = thi_cache_plan_store(request, &found, &plan);
    if (status == TH_OK) {
        thi_cache_count(&request->stripe->items_total, 1);
        store->number = plan.number;
    }
    return status;
}

th_status th_cache_store(struct th_cache *cache, enum th_cache_mode mode, const void *key,
                         size_t key_bytes, const struct th_cache_item *item, uint32_t now,
                         uint64_t *cas)
{
    struct thi_cache_request request;
    struct store store = {.mode = mode, .item = item};
    struct th_cache_key wanted = {.bytes = key, .size = key_bytes};
    if (!thi_cache_request_init(&request, cache, &wanted, now)) {
        return TH_EINVAL;
    }
    th_status status = TH_ERANGE;
    if (thi_cache_item_fits(cache, key_bytes, item->value_bytes)) {
        status = thi_cache_run(&request, key_bytes + item->value_bytes, store_attempt, &store);
    }
    if (status == TH_ERANGE) {
        /* relaxed: statistic. */
        th_u64_add_rlx(&thi_cache_slot_mine(cache)->store_too_large_total, 1);
    }
    if (status == TH_OK && cas != NULL) {
        *cas = store.number;
    }
    return status;
}

th_status th_cache_delete(struct th_cache *cache, const void *key, size_t key_bytes, uint32_t now)
{
    struct thi_cache_request request;
    struct thi_cache_found found;
    struct th_cache_key wanted = {.bytes = key, .size = key_bytes};
    if (!thi_cache_request_init(&request, cache, &wanted, now)) {
        return TH_ABSENT;
    }
    thi_cache_lock(&request.stripe->lock);
    thi_cache_find(&request, &found);
    if (found.same_key) {
        thi_cache_remove(&request, &found, removal_reason(&request, &found));
    }
    thi_cache_unlock(&request.stripe->lock);
    return found.live ? TH_OK : TH_ABSENT;
}

struct touch {
    uint32_t expires;
    uint64_t reference; /* of the item touched, for a view: the old one where it had to be copied */
};

/* The item has no place for an expiry: a copy with one, under the same number. */
static th_status touch_copy(const struct thi_cache_request *request,
                            const struct thi_cache_found *found, struct thi_cache_plan *plan)
{
    plan->first = thi_item_value(found->item, found->header);
    plan->first_bytes = thi_item_value_bytes(found->header);
    plan->flags = thi_item_flags(found->item, found->header);
    plan->number =
        thi_cache_item_number(request->cache, found->item, found->header, found->reference);
    plan->visited = true;
    return thi_cache_plan_store(request, found, plan);
}

static th_status touch_attempt(const struct thi_cache_request *request, void *context)
{
    struct touch *touch = context;
    struct th_cache *cache = request->cache;
    struct thi_cache_plan plan = {.expires = touch->expires};
    struct thi_cache_found found;
    /* relaxed: compared with itself after the room was taken. */
    plan.watermark = th_u64_load_rlx(&cache->watermark);
    thi_cache_find(request, &found);
    if (!found.live) {
        return TH_ABSENT;
    }
    touch->reference = found.reference;
    if ((found.header & TH_ITEM_META) == 0 && touch->expires != TH_CACHE_NEVER) {
        return touch_copy(request, &found, &plan);
    }
    if ((found.header & TH_ITEM_META) != 0) {
        /* relaxed: as thi_item_expires(). */
        th_u32_store_rlx(&thi_item_meta(found.item, found.header)->expires, touch->expires);
        thi_segment_expires_lower(&cache->segments[thi_cache_segment_of(cache, found.reference)],
                                  touch->expires);
    }
    th_u32_or_rlx(&found.item->word, TH_ITEM_VISITED); /* relaxed: a hint for eviction */
    return TH_OK;
}

th_status th_cache_touch(struct th_cache *cache, const void *key, size_t key_bytes, uint32_t now,
                         uint32_t expires)
{
    struct thi_cache_request request;
    struct touch touch = {.expires = expires};
    struct th_cache_key wanted = {.bytes = key, .size = key_bytes};
    if (!thi_cache_request_init(&request, cache, &wanted, now)) {
        return TH_ABSENT;
    }
    return thi_cache_run(&request, 0, touch_attempt, &touch);
}

bool th_cache_get_touch(struct th_cache *cache, const void *key, size_t key_bytes, uint32_t now,
                        uint32_t expires, struct th_cache_view *view)
{
    struct thi_cache_request request;
    struct touch touch = {.expires = expires};
    struct th_cache_key wanted = {.bytes = key, .size = key_bytes};
    th_status status = TH_ABSENT;
    if (thi_cache_request_init(&request, cache, &wanted, now)) {
        status = thi_cache_run(&request, 0, touch_attempt, &touch);
    }
    struct thi_cache_slot *slot = thi_cache_slot_mine(cache);
    if (status == TH_ABSENT) {
        th_u64_add_rlx(&slot->misses_total, 1); /* relaxed: statistic */
        return false;
    }
    /* The caller's guard keeps the item, also if it was replaced by a copy or by others by now. */
    thi_cache_view_fill(cache, thi_cache_item_at(cache, touch.reference), touch.reference, view);
    view->expires = expires;
    th_u64_add_rlx(&slot->hits_total, 1); /* relaxed: statistic */
    if (status != TH_OK) {
        /* No room for the second: better no item than one that outlives it. */
        status = th_cache_delete(cache, key, key_bytes, now);
        (void)status; /* absent: another was faster */
    }
    return true;
}
