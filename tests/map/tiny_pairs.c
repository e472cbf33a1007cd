/* SPDX-License-Identifier: MIT
 * tiny_pairs.c - two threads and one key: the first stands still at each step it comes by, the
 * second does all it can do meanwhile; some order of the operations must explain every answer.
 */
#include "map/actors.h"

enum { PERMANENT = 60, ABSENT_FIRST = 500, STEPS_MAX = 6, PATIENCE = 60 };

/* One operation of the second thread on the key, and its answer. */
struct step {
    enum part part;
    uint64_t value;
    th_status status;
};

/* What the second thread does beside its operations on the key. */
enum chore {
    CHORE_NONE,
    CHORE_FILL,    /* others come, from here on */
    CHORE_TURN,    /* another comes and goes */
    CHORE_RENEW,   /* more come and go, the map shrinks */
    CHORE_DISPLACE /* the neighbours go, the key's place may be filled */
};

struct script {
    enum chore chore; /* after the first operation */
    unsigned count;
    enum part parts[STEPS_MAX];
};

static const struct script scripts[] = {
    {CHORE_NONE, 1, {PART_ERASE}},
    {CHORE_NONE, 1, {PART_PUT}},
    {CHORE_NONE, 1, {PART_INSERT}},
    {CHORE_NONE, 2, {PART_ADD, PART_ADD}},
    {CHORE_NONE, 2, {PART_PUT, PART_PUT}},
    {CHORE_NONE, 3, {PART_ERASE, PART_PUT, PART_ADD}},
    {CHORE_FILL, 2, {PART_ERASE, PART_INSERT}},
    {CHORE_FILL, 1, {PART_PUT}},
    {CHORE_TURN, 2, {PART_ERASE, PART_PUT}},
    {CHORE_TURN, 1, {PART_GET}},
    {CHORE_RENEW, 2, {PART_INSERT, PART_PUT}},
    {CHORE_RENEW, 3, {PART_PUT, PART_ERASE, PART_INSERT}},
    {CHORE_DISPLACE, 2, {PART_ERASE, PART_PUT}},
    {CHORE_NONE, 2, {PART_CLEAR, PART_INSERT}},
};

struct second {
    struct world *world;
    const struct script *script;
    uint64_t id;
    unsigned count;
    struct step steps[STEPS_MAX + 2];
    bool ended;
};

static void step_do(struct second *self, struct step *step, enum part part)
{
    const struct kind *kind = self->world->kind;
    void *map = self->world->map;
    uint64_t given = 1000 + self->count, out = 0;
    *step = (struct step){part, 0, TH_OK};
    switch (part) {
    case PART_GET: step->status = kind->get(map, self->id, &out) ? TH_OK : TH_ABSENT; break;
    case PART_ADD: step->status = kind->fetch_add(map, self->id, given, &out); break;
    case PART_PUT: step->status = kind->put(map, self->id, given, &out); break;
    case PART_INSERT: step->status = kind->insert(map, self->id, given, &out); break;
    case PART_ERASE: step->status = kind->erase(map, self->id, &out); break;
    default: kind->clear(map); break;
    }
    step->value = out;
    self->count++;
}

static void chore_do(const struct second *self)
{
    struct world *world = self->world;
    switch (self->script->chore) {
    case CHORE_FILL: world_put(world, MORE_FIRST, 30); break;
    case CHORE_TURN:
        for (uint64_t i = 0; i < 30; i++) {
            world_put(world, MORE_FIRST + i, 1);
            world_erase(world, MORE_FIRST + i, 1);
        }
        break;
    case CHORE_RENEW:
        world_put(world, MORE_FIRST, 150);
        world_erase(world, MORE_FIRST, 150);
        CHECK(world->kind->shrink(world->map, 0) >= 0);
        break;
    case CHORE_DISPLACE:
        world_erase(world, 0, self->id < PERMANENT ? self->id : PERMANENT);
        world_erase(world, self->id + 1, self->id < PERMANENT ? PERMANENT - self->id - 1 : 0);
        world_put(world, MORE_FIRST, PERMANENT);
        break;
    default: break;
    }
}

static void *second_run(void *argument)
{
    struct second *self = argument;
    for (unsigned i = 0; i < self->script->count; i++) {
        step_do(self, &self->steps[i], self->script->parts[i]);
        if (i == 0) {
            chore_do(self);
        }
    }
    step_do(self, &self->steps[self->count], PART_GET);
    struct step *batch = &self->steps[self->count];
    bool found = false;
    *batch = (struct step){PART_GET, 0, TH_ABSENT};
    (void)self->world->kind->get_many(self->world->map, &self->id, 1, &batch->value, &found);
    batch->status = found ? TH_OK : TH_ABSENT;
    self->count++;
    pool_flag_set(&self->ended);
    return NULL;
}

/* ------------------------------------------------------------------ which order explains it */

struct state {
    bool present;
    uint64_t value;
};

/* True if the answer is the one the state demands; the state goes on. `given` is the operation's
 * value. */
static bool state_step(struct state *state, const struct step *step, uint64_t given)
{
    bool was = state->present;
    uint64_t before = state->value;
    bool as_before = !was || step->value == before;
    switch (step->part) {
    case PART_GET: return step->status == (was ? TH_OK : TH_ABSENT) && as_before;
    case PART_ADD:
        state->value += was ? given : 0;
        return step->status == (was ? TH_OK : TH_ABSENT) && as_before;
    case PART_PUT:
        *state = (struct state){true, given};
        return step->status == (was ? TH_EXISTS : TH_OK) && as_before;
    case PART_INSERT:
        *state = was ? *state : (struct state){true, given};
        return step->status == (was ? TH_EXISTS : TH_OK) && as_before;
    case PART_ERASE:
        state->present = false;
        return step->status == (was ? TH_OK : TH_ABSENT) && as_before;
    case PART_CLEAR: state->present = false; return true;
    default: return true;
    }
}

/* True if the first thread's operation, done before step `place`, explains all answers and the
 * end. */
static bool order_explains(const struct second *second, const struct step *first, uint64_t given,
                           unsigned place, struct state end)
{
    struct state state = {second->id < PERMANENT, value_of(second->id)};
    for (unsigned i = 0; i <= second->count; i++) {
        if (i == place && !state_step(&state, first, given)) {
            return false;
        }
        if (i < second->count && !state_step(&state, &second->steps[i], 1000 + i)) {
            return false;
        }
    }
    return state.present == end.present && (!end.present || state.value == end.value);
}

static void answers_check(const struct second *second, const struct actor *first, uint64_t given)
{
    struct state end = {false, 0};
    struct step step = {first->part, first->value, first->status};
    const struct world *world = second->world;
    end.present = world->kind->get(world->map, second->id, &end.value);
    bool explained = false;
    for (unsigned place = 0; place <= second->count && !explained; place++) {
        explained = order_explains(second, &step, given, place, end);
    }
    if (!explained) {
        printf("# key %" PRIu64 ": part %d answers %d %" PRIu64 ", beside it", second->id,
               (int)first->part, (int)first->status, first->value);
        for (unsigned i = 0; i < second->count; i++) {
            printf(" (%d: %d %" PRIu64 ")", (int)second->steps[i].part,
                   (int)second->steps[i].status, second->steps[i].value);
        }
        printf(", at the end %d %" PRIu64 "\n", (int)end.present, end.value);
    }
    CHECK(explained);
}

/* ------------------------------------------------------------------ pairs */

/* One meeting: false if the first thread does not come by the point. */
static bool pair_meet(const struct kind *kind, const struct actor *like,
                      const struct stops_stop *stop, const struct script *script, uint64_t id)
{
    struct world world = world_make(kind, PERMANENT);
    struct actor first = *like;
    struct second second = {.world = &world, .script = script, .id = id};
    first.world = &world;
    bool met = actor_start_to(&first, 0, stop->point, stop->nth);
    if (met) {
        bool calm = script->chore != CHORE_DISPLACE && script->parts[0] != PART_CLEAR;
        pthread_t thread = pool_start(second_run, &second);
        for (unsigned i = 0; i < PATIENCE && !pool_flag(&second.ended); i++) {
            stops_pause();
        }
        if (calm) {
            world_check(&world, id); /* nobody waits to read the others */
        }
        actor_release(&first, 0);
        pool_join(thread);
        answers_check(&second, &first, like->value);
        (void)world_walk(&world, id);
        if (calm) {
            world_check(&world, id);
        }
    }
    world_finish(&world);
    return met;
}

/* All scripts beside one part of the first thread, stopped at each point. */
static uint64_t pairs_meet(const struct kind *kind, const struct actor *like, uint64_t id)
{
    uint64_t met = 0;
    for (unsigned point = 0; point < THI_MAP_POINT_COUNT; point++) {
        struct stops_stop stop = {.point = (enum thi_map_point)point, .nth = 1};
        for (bool there = true; there && stop.nth < 4; stop.nth++) {
            for (size_t s = 0; s < sizeof(scripts) / sizeof(scripts[0]) && there; s++) {
                there = pair_meet(kind, like, &stop, &scripts[s], id);
                met += there;
            }
        }
    }
    return met;
}

/* Goal: an operation that stands still at any of its steps while all sorts of others end, or wait
 * for it, takes its place among them: nothing is lost, doubled or answered out of the past. Method:
 * as pair_meet() says, for keys that are there and keys that are not. */
static void pairs_test(const struct kind *kind, enum part part)
{
    uint64_t met = 0, keys = test_scaled(2);
    uint64_t random = test_seed + part;
    for (uint64_t i = 0; i < keys; i++) {
        uint64_t pick = test_random(&random);
        uint64_t id = i % 2 == 0 ? pick % PERMANENT : ABSENT_FIRST + pick % PERMANENT;
        struct actor like = {NULL, part, 1, id, 0, 5, 0, false, 0};
        met += pairs_meet(kind, &like, id);
    }
    printf("# %s: met %" PRIu64 " times\n", kind->name, met);
    CHECK(met > 0);
}

TEST(pairs_get)
{
    pairs_test(&kinds[0], PART_GET);
}

TEST(pairs_add)
{
    pairs_test(&kinds[0], PART_ADD);
}

TEST(pairs_put)
{
    pairs_test(&kinds[0], PART_PUT);
}

TEST(pairs_insert)
{
    pairs_test(&kinds[0], PART_INSERT);
}

TEST(pairs_erase)
{
    pairs_test(&kinds[0], PART_ERASE);
}

/* Goal: the same beside a thread that grows the map and one that shrinks it. Method: as above, the
 * mover stopped at each of its steps. */
TEST(pairs_grow)
{
    uint64_t keys = test_scaled(1), random = test_seed;
    for (uint64_t i = 0; i < keys; i++) {
        uint64_t pick = test_random(&random);
        uint64_t id = pick % PERMANENT + (pick >> 32 & 1) * ABSENT_FIRST;
        struct actor like = {NULL, PART_GROW, 1, OTHERS_FIRST, 60, 0, 0, false, 0};
        CHECK(pairs_meet(&kinds[0], &like, id) > 0);
    }
}

TEST_MAIN()
