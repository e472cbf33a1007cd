/* SPDX-License-Identifier: MIT
 * drop_body.h - values that are objects: each is dropped exactly once, and not while somebody may
 * still read it.
 */
#ifndef TOPHASH_TESTS_MAP_DROP_BODY_H
#define TOPHASH_TESTS_MAP_DROP_BODY_H

#include "map/kinds.h"

enum { DROP_OBJECTS = 4000, DROP_KEYS = 300 };

struct drop_object {
    uint64_t number;
    struct th_epoch_node node;
    uint32_t drops;
    bool stored;
};

struct drop_store {
    struct drop_object *objects;
    uint64_t used;
    _Alignas(8) uint64_t drops;
};

static void drop_count(void *context, uint64_t value)
{
    struct drop_store *store = context;
    struct drop_object *object = (struct drop_object *)(uintptr_t)value;
    __atomic_fetch_add(&object->drops, 1, __ATOMIC_RELAXED);
    __atomic_fetch_add(&store->drops, 1, __ATOMIC_RELAXED);
}

static inline uint64_t drop_make(struct drop_store *store)
{
    struct drop_object *object = &store->objects[store->used++];
    object->number = store->used;
    return (uint64_t)(uintptr_t)object;
}

static inline struct drop_object *drop_of(uint64_t value)
{
    return (struct drop_object *)(uintptr_t)value;
}

static inline struct th_map_config drop_config(struct drop_store *store)
{
    return (struct th_map_config){.drop = drop_count,
                                  .drop_context = store,
                                  .drop_node_offset = offsetof(struct drop_object, node)};
}

/* Replaces, exchanges and erases one present key by operation number `operation`; returns the value
 * that went, 0: none. */
static inline uint64_t drop_step(const struct kind *kind, void *map, struct drop_store *store,
                                 uint64_t id, uint64_t operation)
{
    uint64_t old = 0, made = 0, expected = 0;
    switch (operation) {
    case 0:
        made = drop_make(store);
        CHECK(kind->put(map, id, made, &old) >= 0);
        break;
    case 1:
        made = drop_make(store);
        CHECK(kind->replace(map, id, made, &old) == TH_OK || old == 0);
        break;
    case 2:
        made = drop_make(store);
        if (kind->get(map, id, &expected)) {
            CHECK_EQ(kind->compare_exchange(map, id, &expected, made), TH_OK);
            old = expected;
        }
        break;
    case 3: (void)(kind->erase(map, id, &old) == TH_OK); break;
    default:
        if (kind->get(map, id, &expected)) {
            CHECK_EQ(kind->erase_if(map, id, expected, NULL), TH_OK);
            old = expected;
        }
        break;
    }
    uint64_t now = 0;
    bool stored = made != 0 && kind->get(map, id, &now) && now == made;
    if (made != 0) {
        drop_of(made)->stored = stored;
    }
    return old;
}

/* Goal: exactly one drop a value that was stored, none for one that was not, none inside the guard
 * of a reader. Method: random writers on few keys while this thread stands in a guard; drain; then
 * the rest by clear or free. */
static inline void drop_exactly_once(const struct kind *kind, bool clear)
{
    struct drop_store store = {calloc(DROP_OBJECTS, sizeof(struct drop_object)), 0, 0};
    REQUIRE(store.objects != NULL);
    struct th_map_config config = drop_config(&store);
    void *map = kind_make(kind, &config);
    uint64_t random = test_seed, gone = 0;
    while (store.used + 200 < DROP_OBJECTS) {
        th_epoch_enter(NULL);
        for (unsigned i = 0; i < 100; i++) {
            uint64_t id = test_random(&random) % DROP_KEYS;
            uint64_t old = drop_step(kind, map, &store, id, test_random(&random) % 5);
            if (old != 0) {
                gone++;
                CHECK_EQ(drop_of(old)->drops, 0); /* we stand in a guard */
            }
        }
        th_epoch_leave(NULL);
        CHECK(store.drops <= gone);
    }
    CHECK_EQ(th_epoch_drain(NULL, UINT64_C(10000000000)), TH_OK);
    CHECK_EQ(store.drops, gone);
    uint64_t left = kind->count(map);
    CHECK(left > 0);
    if (clear) {
        kind->clear(map);
        CHECK_EQ(th_epoch_drain(NULL, UINT64_C(10000000000)), TH_OK);
        CHECK_EQ(store.drops, gone + left);
    }
    kind_finish(kind, map);
    CHECK_EQ(store.drops, gone + left);
    for (uint64_t i = 0; i < store.used; i++) {
        CHECK_EQ(store.objects[i].drops, store.objects[i].stored);
    }
    free(store.objects);
}

/* Goal: exchanging a value for itself, and a failed insert, drop nothing. Method: one key. */
static inline void drop_not_at_all(const struct kind *kind)
{
    struct drop_store store = {calloc(4, sizeof(struct drop_object)), 0, 0};
    REQUIRE(store.objects != NULL);
    struct th_map_config config = drop_config(&store);
    void *map = kind_make(kind, &config);
    uint64_t first = drop_make(&store), second = drop_make(&store);
    CHECK_EQ(kind->insert(map, 1, first, NULL), TH_OK);
    CHECK_EQ(kind->insert(map, 1, second, NULL), TH_EXISTS);
    uint64_t expected = second;
    CHECK_EQ(kind->compare_exchange(map, 1, &expected, second), TH_MISMATCH);
    CHECK_EQ(kind->erase_if(map, 1, second, NULL), TH_MISMATCH);
    CHECK_EQ(th_epoch_drain(NULL, UINT64_C(10000000000)), TH_OK);
    CHECK_EQ(store.drops, 0);
    kind_finish(kind, map);
    CHECK_EQ(drop_of(first)->drops, 1);
    CHECK_EQ(drop_of(second)->drops, 0);
    free(store.objects);
}

#endif
