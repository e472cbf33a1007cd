/* SPDX-License-Identifier: MIT
 * actors.h - threads that play one part each against a map and can be stopped at its steps; the
 * worlds they play in.
 */
#ifndef TOPHASH_TESTS_MAP_ACTORS_H
#define TOPHASH_TESTS_MAP_ACTORS_H

#include "map/kinds.h"
#include "map/stops.h"

enum { WORLD_SEED = 4242, OTHERS_FIRST = 1000, MORE_FIRST = 50000 };

struct world {
    const struct kind *kind;
    void *map;
    struct thi_seed seed; /* the map's own, so that tests can tell where a u64 key stands */
    uint64_t permanent;   /* ids [0, permanent) stand with value_of(id) */
};

static inline uint64_t value_of(uint64_t id)
{
    return (id + 11) * 0x9e3779b97f4a7c15u;
}

static inline void world_put(struct world *world, uint64_t first, uint64_t count)
{
    for (uint64_t id = first; id < first + count; id++) {
        CHECK(world->kind->put(world->map, id, value_of(id), NULL) >= 0);
    }
}

static inline void world_erase(struct world *world, uint64_t first, uint64_t count)
{
    for (uint64_t id = first; id < first + count; id++) {
        th_status status = world->kind->erase(world->map, id, NULL);
        CHECK(status == TH_OK || status == TH_ABSENT);
    }
}

static inline struct world world_make(const struct kind *kind, uint64_t permanent)
{
    struct th_map_config config = {.flags = TH_MAP_FIXED_SEED, .seed = WORLD_SEED};
    struct world world = {.kind = kind, .map = kind_make(kind, &config), .permanent = permanent};
    thi_seed_init(&world.seed, WORLD_SEED);
    world_put(&world, 0, permanent);
    stops_reset();
    return world;
}

/* The permanent keys are there with their values, singly and in batches; `except` may be on its way
 * (UINT64_MAX: none). */
static inline void world_check(struct world *world, uint64_t except)
{
    uint64_t ids[KIND_BATCH_MAX] = {0}, values[KIND_BATCH_MAX];
    bool found[KIND_BATCH_MAX];
    size_t count = 0;
    for (uint64_t id = 0; id < world->permanent; id++) {
        uint64_t value = 0;
        if (id == except) {
            continue;
        }
        CHECK(world->kind->get(world->map, id, &value));
        CHECK_EQ(value, value_of(id));
        ids[count++] = id;
    }
    CHECK_EQ(world->kind->get_many(world->map, ids, count, values, found), count);
    for (size_t i = 0; i < count; i++) {
        CHECK(found[i] && values[i] == value_of(ids[i]));
    }
}

static inline void world_finish(struct world *world)
{
    stops_reset();
    kind_finish(world->kind, world->map);
}

/* Counts by walking; each key at most once, each value its key's, but that of `except`. */
static inline uint64_t world_walk(struct world *world, uint64_t except)
{
    static uint8_t seen[MORE_FIRST + 20000];
    struct kind_entry entries[64];
    struct th_map_cursor cursor = {0, 0};
    uint64_t walked = 0;
    size_t count = 0;
    memset(seen, 0, sizeof(seen));
    while ((count = world->kind->next(world->map, &cursor, entries, 64)) != 0) {
        for (size_t i = 0; i < count; i++, walked++) {
            CHECK(entries[i].id < sizeof(seen) && seen[entries[i].id]++ == 0);
            CHECK(entries[i].id == except || entries[i].value == value_of(entries[i].id));
        }
    }
    CHECK_EQ(world->kind->count(world->map), walked);
    return walked;
}

/* ------------------------------------------------------------------ actors */

enum part {
    PART_GET,
    PART_ADD,
    PART_PUT,
    PART_INSERT,
    PART_ERASE,
    PART_GROW,
    PART_SHRINK,
    PART_CLEAR
};

struct actor {
    struct world *world;
    enum part part;
    uint32_t name;  /* 1, 2: for stops */
    uint64_t id;    /* or the first of `count` */
    uint64_t count; /* of PART_GROW */
    uint64_t value; /* given, then the out value */
    th_status status;
    bool ended;
    pthread_t thread;
};

static void *actor_run(void *argument)
{
    struct actor *self = argument;
    const struct kind *kind = self->world->kind;
    void *map = self->world->map;
    uint64_t out = 0;
    stops_name_me(self->name);
    switch (self->part) {
    case PART_GET: self->status = kind->get(map, self->id, &out) ? TH_OK : TH_ABSENT; break;
    case PART_ADD: self->status = kind->fetch_add(map, self->id, self->value, &out); break;
    case PART_PUT: self->status = kind->put(map, self->id, self->value, &out); break;
    case PART_INSERT: self->status = kind->insert(map, self->id, self->value, &out); break;
    case PART_ERASE: self->status = kind->erase(map, self->id, &out); break;
    case PART_GROW: world_put(self->world, self->id, self->count); break;
    case PART_SHRINK: self->status = kind->shrink(map, 0); break;
    case PART_CLEAR: kind->clear(map); break;
    }
    self->value = out;
    stops_name_me(STOPS_NOBODY);
    pool_flag_set(&self->ended);
    return NULL;
}

static inline void actor_start(struct actor *actor)
{
    actor->thread = pool_start(actor_run, actor);
}

/* Starts the actor and waits until it stands at the point (true) or has ended without coming there
 * (joined; false). */
static inline bool actor_start_to(struct actor *actor, unsigned slot, enum thi_map_point point,
                                  uint32_t nth)
{
    struct stops_stop *stop = stops_arm(slot, actor->name, point, nth);
    actor_start(actor);
    if (stops_await(stop, &actor->ended)) {
        return true;
    }
    pool_join(actor->thread);
    return false;
}

static inline void actor_release(struct actor *actor, unsigned slot)
{
    stops_release(&stops[slot]);
    pool_join(actor->thread);
}

#endif
