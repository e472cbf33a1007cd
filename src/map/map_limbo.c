/* SPDX-License-Identifier: MIT
 * map_limbo.c - what left the map waits until nobody can read it: records of erased keys, values with a drop callback.
 *
 * Guarantees   G1 a record or value is given back once, after every guard that was held when it left the map.
 *              G2 retiring needs no memory and cannot fail: a value brings its epoch node, records are linked through their
 *                 hash word and go to the epoch as one bag.
 * Progress     lock-free; a bag gives back at most BAG_STEP records at a time.
 * Invariants   in_flight 1 <=> the node is with the epoch or in its callback; `taken_*` belong to that bag alone.
 */
#include "map/map_priv.h"

#define BAG_STEP 256u

void thi_map_limbo_init(struct limbo *limbo, struct thi_map *map)
{
    limbo->map = map;
    th_u64_init(&limbo->records, 0);
    th_u64_init(&limbo->values_out, 0);
    th_u64_init(&limbo->bytes, 0);
    th_u32_init(&limbo->in_flight, 0);
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
        /* relaxed: the link came to us with the exchange that took the list (@map.limbo). */
        limbo->taken_records = th_u64_load_rlx(&record->hash);
        thi_slab_drop(map->slab, reference, record_bytes(record));
    }
    return true;
}

static void limbo_hand_over(struct limbo *limbo);

static void bag_reclaim(struct th_epoch_node *node)
{
    struct limbo *limbo = TH_CONTAINER_OF(node, struct limbo, node);
    struct thi_map *map = limbo->map;
    if (!bag_empty(limbo, BAG_STEP)) {
        th_epoch_retire(map->epoch, node, (size_t)limbo->taken_bytes, bag_reclaim);
        return;
    }
    /* release @map.bag: our use of the bag before the mark that it is free; other side: limbo_hand_over().
     * Without it: the next bag is filled while we still read this one. */
    th_u32_store_rel(&limbo->in_flight, 0);
    limbo_hand_over(limbo); /* what gathered meanwhile */
    thi_map_unpin(map);
}

static bool limbo_waiting(const struct limbo *limbo)
{
    /* relaxed: a hint whether to try; the exchange decides. */
    return th_u64_load_rlx(&limbo->records) != 0;
}

/* Gives what waits to the epoch, unless a bag is on its way already: then the end of that bag does it. */
static void limbo_hand_over(struct limbo *limbo)
{
    uint32_t idle = 0;
    /* relaxed first look: saves the exchange while a bag is in flight. */
    while (limbo_waiting(limbo) && th_u32_load_rlx(&limbo->in_flight) == 0) {
        /* acquire @map.bag: the last bag's end before our use of it; other side: bag_reclaim().
         * Without it: two bags share their content. */
        if (!th_u32_cas_acq_rlx(&limbo->in_flight, &idle, 1)) {
            return;
        }
        /* acq_rel @map.limbo: the links of what waits before we follow them; other side: thi_map_record_retire().
         * Without it: we follow a link that is not written yet. */
        limbo->taken_records = th_u64_exchange_acqrel(&limbo->records, 0);
        /* relaxed: an estimate for the epoch's account. */
        limbo->taken_bytes = th_u64_exchange_rlx(&limbo->bytes, 0);
        if (limbo->taken_records != 0) {
            /* relaxed: the map cannot end meanwhile, the caller uses it. */
            th_u64_add_rlx(&limbo->map->pins, 1);
            th_epoch_retire(limbo->map->epoch, &limbo->node, (size_t)limbo->taken_bytes,
                            bag_reclaim);
            return;
        }
        /* release @map.bag: as in bag_reclaim(). Somebody else took what we saw; look again, for a push may have seen our
         * mark and left its record to us. */
        th_u32_store_rel(&limbo->in_flight, 0);
        idle = 0;
    }
}

static struct limbo *limbo_choose(struct thi_map *map, uint64_t hash)
{
    /* acquire @map.stripes: the limbos before the pointer to them; other side: thi_map_limbo_spread().
     * Without it: we push to a limbo that is not set up yet. */
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
    /* relaxed: the map cannot end meanwhile, the caller uses it; the epoch orders our retire before the reclaim. The first
     * value that is out of a limbo pins the map, the last one back unpins it. */
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
    /* relaxed: only a link; the exchange below publishes. */
    uint64_t head = th_u64_load_rlx(&limbo->records);
    do {
        /* relaxed: who still reads this word as a hash validates the group's version afterwards. */
        th_u64_store_rlx(&record->hash, head);
        /* release @map.limbo: the link before the reference; other side: limbo_hand_over().
         * Without it: a bag follows a link that is not written yet. */
    } while (!th_u64_cas_rel_rlx(&limbo->records, &head, reference));
    /* relaxed: an estimate for the epoch's account. */
    th_u64_add_rlx(&limbo->bytes, bytes);
    limbo_hand_over(limbo);
}

void thi_map_limbo_spread(struct thi_map *map)
{
    if (map->drop == NULL && map->slab == NULL) {
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
    /* acq_rel @map.stripes: the limbos before the pointer to them; other side: limbo_choose().
     * Without it: a push goes to a limbo that is not set up yet. */
    if (!th_ptr_cas_acqrel_acq(&map->stripes, &none, stripes)) {
        thi_mem_free(&map->mem, stripes, bytes, TH_CACHE_LINE_BYTES);
    }
}

/* Nobody reads or writes the map any more: what waits needs no grace. */
static void limbo_free(struct limbo *limbo)
{
    uint32_t idle = 0;
    /* acquire @map.bag: as in limbo_hand_over(). A bag in flight gives back what waits as well when it ends. */
    if (th_u32_cas_acq_rlx(&limbo->in_flight, &idle, 1)) {
        /* acq_rel @map.limbo: the last links before we follow them; other side: thi_map_record_retire().
         * Without it: we follow a link that is not written yet. */
        limbo->taken_records = th_u64_exchange_acqrel(&limbo->records, 0);
        (void)bag_empty(limbo, UINT32_MAX);
    }
}

void thi_map_limbo_finish(struct thi_map *map)
{
    limbo_free(&map->limbo_first);
    /* relaxed: the map is being freed, nobody else is here. */
    struct limbo *stripes = th_ptr_load_rlx(&map->stripes);
    for (unsigned i = 0; stripes != NULL && i < TH_LIMBO_STRIPES; i++) {
        limbo_free(&stripes[i]);
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
