/* SPDX-License-Identifier: MIT
 * map_limbo.c - what left the map waits until nobody can read it: records of erased keys, values
 * with a drop callback.
 *
 * Guarantees   G1 a record or value is given back once, after every guard that was held when it
 *                 left the map.
 *              G2 retiring needs no memory and cannot fail: a value brings its epoch node, records
 *                 are linked through their hash word and go to the epoch as one bag.
 * Progress     lock-free; a bag gives back at most BAG_STEP records at a time.
 * Invariants   the bag is SENT while its node is with the epoch, BUSY while one thread fills or
 *              empties it, CLOSED for ever once the map is freed; `taken_*` belong to that thread
 *              or to the node's callback alone.
 */
#include "map/map_priv.h"

#define BAG_STEP 256u
#define LOOK_BYTES ((uint64_t)1 << 16)
#define ACCOUNT_BYTES ((uint64_t)1 << 12)

void thi_map_limbo_init(struct limbo *limbo, struct thi_map *map)
{
    limbo->map = map;
    th_u64_init(&limbo->records, 0);
    th_u64_init(&limbo->values_out, 0);
    th_u64_init(&limbo->bytes, 0);
    th_u32_init(&limbo->bag, TH_BAG_IDLE);
    limbo->taken_records = 0;
    limbo->taken_bytes = 0;
}

static size_t record_bytes(const struct record *record)
{
    return TH_RECORD_HEADER_BYTES + record->key_bytes;
}

/* Gives back at most `limit` records of the bag; true when it is empty. */
static bool bag_empty(struct limbo *limbo, unsigned limit)
{
    struct thi_map *map = limbo->map;
    while (limbo->taken_records != 0) {
        if (limit-- == 0) {
            return false;
        }
        uint64_t reference = limbo->taken_records;
        struct record *record = thi_slab_at(map->slab, reference);
        /* relaxed: the link was written inside a guard that ended before the bag came back: see
         * limbo_hand_over(). */
        limbo->taken_records = th_u64_load_rlx(&record->hash);
        size_t bytes = record_bytes(record);
        limbo->taken_bytes -= limbo->taken_bytes < bytes ? limbo->taken_bytes : bytes;
        thi_slab_drop(map->slab, reference, bytes);
    }
    return true;
}

/* Takes the bag if it is in the state `from`. */
static bool bag_take(struct limbo *limbo, uint32_t from, uint32_t to)
{
    /* acquire @map.bag: what the last owner wrote to the bag before our use of it; other side:
     * bag_leave(). Without it: two bags share their content. */
    return th_u32_cas_acq_rlx(&limbo->bag, &from, to);
}

static void bag_leave(struct limbo *limbo, uint32_t state)
{
    /* release @map.bag: our use of the bag before it is somebody else's; other side: bag_take().
     * Without it: the next bag is filled while we still read this one. */
    th_u32_store_rel(&limbo->bag, state);
}

/* What gathers behind a bag is in the domain's account too, in steps that spare its shared word. */
static uint64_t accounted_bytes(uint64_t gathered_bytes)
{
    return gathered_bytes & ~(ACCOUNT_BYTES - 1);
}

/* Takes the bytes that gathered, out of the account. */
static uint64_t limbo_take_bytes(struct limbo *limbo)
{
    /* relaxed: an estimate for the epoch's account; it may hold the bytes of a record that is just
     * being pushed. */
    uint64_t bytes = th_u64_exchange_rlx(&limbo->bytes, 0);
    if (accounted_bytes(bytes) != 0) {
        thi_epoch_account(limbo->map->epoch, -(int64_t)accounted_bytes(bytes));
    }
    return bytes;
}

static void limbo_hand_over(struct limbo *limbo);

static void bag_reclaim(struct th_epoch_node *node)
{
    struct limbo *limbo = TH_CONTAINER_OF(node, struct limbo, node);
    struct thi_map *map = limbo->map;
    if (!bag_take(limbo, TH_BAG_SENT, TH_BAG_BUSY)) {
        thi_map_unpin(map); /* closed: the map was freed, and all its records with it */
        return;
    }
    if (!bag_empty(limbo, BAG_STEP)) {
        size_t bytes = (size_t)limbo->taken_bytes;
        bag_leave(limbo, TH_BAG_SENT);
        th_epoch_retire(map->epoch, node, bytes, bag_reclaim);
        return;
    }
    bag_leave(limbo, TH_BAG_IDLE);
    limbo_hand_over(limbo); /* what gathered meanwhile */
    thi_map_unpin(map);
}

static bool limbo_waiting(const struct limbo *limbo)
{
    /* relaxed: a hint whether to try; the exchange decides. */
    return th_u64_load_rlx(&limbo->records) != 0;
}

/* Gives what waits to the epoch, unless a bag is on its way already: then the end of that bag does
 * it. */
static void limbo_hand_over(struct limbo *limbo)
{
    for (;;) {
        /* seq_cst @map.handover: our push, or our leaving of the bag, before the look at the
         * other's word; other side: limbo_hand_over() of another thread. The total order of fences
         * makes one of the two see the other. Without it: a record waits, nobody in charge. */
        th_fence_sc();
        if (!limbo_waiting(limbo) || !bag_take(limbo, TH_BAG_IDLE, TH_BAG_BUSY)) {
            return;
        }
        /* relaxed: what we take is not looked at before the bag comes back. Who pushed it did so
         * inside a guard, entered before our retire of the bag, which the epoch sees left. */
        limbo->taken_records = th_u64_exchange_rlx(&limbo->records, 0);
        if (limbo->taken_records != 0) {
            limbo->taken_bytes = limbo_take_bytes(limbo);
            size_t bytes = (size_t)limbo->taken_bytes;
            /* relaxed: the map cannot end meanwhile, the caller uses it. */
            th_u64_add_rlx(&limbo->map->pins, 1);
            bag_leave(limbo, TH_BAG_SENT);
            th_epoch_retire(limbo->map->epoch, &limbo->node, bytes, bag_reclaim);
            return;
        }
        /* Somebody else took what we saw; look again, for a push may have seen us and left its
         * record to us. */
        bag_leave(limbo, TH_BAG_IDLE);
    }
}

static struct limbo *limbo_choose(struct thi_map *map, uint64_t hash)
{
    /* acquire @map.stripes: the limbos before the pointer to them; other side:
     * thi_map_limbo_spread(). Without it: we push to a limbo that is not set up yet. */
    struct limbo *stripes = th_ptr_load_acq(&map->stripes);
    return stripes == NULL ? &map->limbo_first : &stripes[(hash >> 32) & (TH_LIMBO_STRIPES - 1)];
}

static void value_reclaim(struct th_epoch_node *node)
{
    struct limbo *limbo = node->context;
    struct thi_map *map = limbo->map;
    map->drop(map->drop_context, (uint64_t)(uintptr_t)node - map->drop_node_offset);
    /* acq_rel @map.pins: our use of the map before its end; other side: thi_map_unpin().
     * Without it: the map is freed while we still read it. */
    if (th_u64_sub_acqrel(&limbo->values_out, 1) == 1) {
        thi_map_unpin(map);
    }
}

void thi_map_value_retire(struct thi_map *map, uint64_t value, uint64_t hash)
{
    if (map->drop == NULL) {
        return;
    }
    struct th_epoch_node *node = (struct th_epoch_node *)(uintptr_t)(value + map->drop_node_offset);
    struct limbo *limbo = limbo_choose(map, hash);
    node->context = limbo;
    /* relaxed: the map cannot end meanwhile, the caller uses it; the epoch orders our retire before
     * the reclaim. The first value that is out of a limbo pins the map, the last one back unpins
     * it. */
    if (th_u64_add_rlx(&limbo->values_out, 1) == 0) {
        th_u64_add_rlx(&map->pins, 1);
    }
    th_epoch_retire(map->epoch, node, sizeof(*node), value_reclaim);
}

void thi_map_record_retire(struct thi_map *map, uint64_t key_word, uint64_t hash)
{
    struct record *record = record_at(map, key_word);
    uint64_t reference =
        (key_word >> TH_KEY_REFERENCE_SHIFT) & (((uint64_t)1 << THI_SLAB_REFERENCE_BITS) - 1);
    struct limbo *limbo = limbo_choose(map, hash);
    size_t bytes = record_bytes(record);
    /* relaxed: an estimate for the epoch's account; before the push, so that no bag takes the
     * record without its bytes. */
    uint64_t waiting = th_u64_add_rlx(&limbo->bytes, bytes);
    uint64_t step = accounted_bytes(waiting + bytes) - accounted_bytes(waiting);
    if (step != 0) {
        thi_epoch_account(map->epoch, (int64_t)step);
    }
    /* relaxed: only a link. */
    uint64_t head = th_u64_load_rlx(&limbo->records);
    do {
        /* release @map.hash: the group's grown version before the link that takes the hash's place;
         * other side: entry_hash(). Without it: a walk takes the link for a hash and its check of
         * the version does not notice. */
        th_u64_store_rel(&record->hash, head);
        /* relaxed: the link is followed behind the end of our guard: see limbo_hand_over(). */
    } while (!th_u64_cas_rlx_rlx(&limbo->records, &head, reference));
    limbo_hand_over(limbo);
    if ((waiting ^ (waiting + bytes)) >= LOOK_BYTES) {
        /* Much gathers behind a bag that does not come back: let the epoch look for the reader who
         * holds it up, and report him. */
        (void)th_epoch_reclaim(map->epoch, 1);
    }
}

void thi_map_limbo_spread(struct thi_map *map)
{
    if (!map->has_limbo) {
        return;
    }
    size_t bytes = sizeof(struct limbo) * TH_LIMBO_STRIPES;
    struct limbo *stripes = thi_mem_alloc_zero(&map->mem, bytes, TH_CACHE_LINE_BYTES);
    if (stripes == NULL) {
        return; /* one limbo serves, with more contention */
    }
    for (unsigned i = 0; i < TH_LIMBO_STRIPES; i++) {
        thi_map_limbo_init(&stripes[i], map);
    }
    void *none = NULL;
    /* release @map.stripes: the limbos before the pointer to them; other side: limbo_choose().
     * Without it: a push goes to a limbo that is not set up yet. Who is late uses nothing of the
     * other's here. */
    if (!th_ptr_cas_rel_rlx(&map->stripes, &none, stripes)) {
        thi_mem_free(&map->mem, stripes, bytes, TH_CACHE_LINE_BYTES);
    }
}

void thi_map_limbo_close(struct thi_map *map)
{
    /* relaxed: the map is being freed, nobody else is here but a bag that is just being emptied. */
    struct limbo *stripes = th_ptr_load_rlx(&map->stripes);
    for (unsigned i = 0; i <= TH_LIMBO_STRIPES; i++) {
        struct limbo *limbo = &map->limbo_first;
        if (i > 0 && stripes == NULL) {
            return;
        }
        limbo = i > 0 ? &stripes[i - 1] : limbo;
        unsigned round = 0;
        while (!bag_take(limbo, TH_BAG_IDLE, TH_BAG_CLOSED) &&
               !bag_take(limbo, TH_BAG_SENT, TH_BAG_CLOSED)) {
            thi_map_wait(&map->counters.cell_waits, limbo, &round);
        }
        (void)limbo_take_bytes(limbo); /* the records go with the map */
    }
}

void thi_map_limbo_free_all(struct thi_map *map)
{
    /* relaxed: the last pin is gone, nobody else is here. */
    struct limbo *stripes = th_ptr_load_rlx(&map->stripes);
    if (stripes != NULL) {
        thi_mem_free(&map->mem, stripes, sizeof(struct limbo) * TH_LIMBO_STRIPES,
                     TH_CACHE_LINE_BYTES);
    }
}
