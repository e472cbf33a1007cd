/* SPDX-License-Identifier: MIT
 * tiny_pairs.c - two threads and one key: the first stands still at each step it comes by, the
 * second does all it can do meanwhile; some order of the operations must explain every answer.
 */
#include "map/actors.h"

#include "map/map_integer.h"

enum {
    PERMANENT = 40,
    ABSENT_FIRST = 500,
    STEPS_MAX = 6,
    PATIENCE = 30,
    CROWD = 7, /* the keys of a crowd: they share a home line */
    CROWD_FIRST = 2000,
    GROWTH = 60 /* entries that come and go and leave a table of nearly empty groups */
};

/* Where the key is when the two threads begin. */
enum place {
    PLACE_ANY,     /* somewhere or nowhere, as chance will have it */
    PLACE_HOME,    /* in its home line, alone */
    PLACE_NEXT,    /* one line further: its home line is full */
    PLACE_NO_ROOM, /* nowhere, its home line is full */
    PLACE_PASSED,  /* nowhere, its home line has room and was passed */
    PLACES
};

/* One operation of the second thread on the key, and its answer. */
struct step {
    enum part part;
    uint64_t value;
    th_status status;
};

/* What the second thread does beside its operations on the key. */
enum chore {
    CHORE_NONE,
    CHORE_FILL,     /* others come, from here on */
    CHORE_TURN,     /* another comes and goes */
    CHORE_RENEW,    /* more come and go, the map shrinks */
    CHORE_DISPLACE, /* the neighbours go, the key's place may be filled */
    CHORE_SWAP,     /* one more of the crowd comes, the displaced one goes */
    CHORE_LEAVE     /* the crowd goes */
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
    {CHORE_SWAP, 1, {PART_GET}},
    {CHORE_SWAP, 2, {PART_ERASE, PART_INSERT}},
    {CHORE_LEAVE, 2, {PART_ERASE, PART_PUT}},
};

struct second {
    struct world *world;
    const struct script *script;
    uint64_t id;
    uint64_t crowd[CROWD];
    bool present; /* the key, at the beginning */
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
    case CHORE_SWAP:
        if (self->crowd[0] == self->crowd[1]) {
            break; /* the key has no crowd */
        }
        world_put(world, self->crowd[5], 1);
        world_erase(world, self->crowd[4], 1);
        break;
    case CHORE_LEAVE:
        for (unsigned i = 0; i + 1 < CROWD && self->crowd[i] != 0; i++) {
            world_erase(world, self->crowd[i], 1);
        }
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
    struct state state = {second->present, value_of(second->id)};
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

/* True if the key's group is as deep as most, and empty enough for a crowd. */
static bool is_typical(const struct thi_map *map, uint64_t id)
{
    uint64_t word = 0;
    (void)thi_map_find_group(map, integer_hash(map, id), &word);
    return word_depth(word) == word_depth(hint_load(map)) && word_count(word) == 0;
}

/* Takes the next key in a typical group, and others with its home line; it is the last of them. */
static void crowd_find(struct second *second)
{
    const struct thi_map *map = second->world->map;
    while (!is_typical(map, second->id)) {
        second->id++;
    }
    uint64_t mask = span_load(map) | TH_SPAN_ROOTS | TH_LINE_BITS;
    uint64_t home = integer_hash(map, second->id) & mask;
    unsigned count = 0;
    for (uint64_t other = CROWD_FIRST; count < CROWD - 1; other++) {
        if ((integer_hash(map, other) & mask) == home && other != second->id) {
            second->crowd[count++] = other;
        }
    }
    second->crowd[count] = second->id;
}

/* Puts the key where it is to be. */
static void place_make(struct second *second, enum place place)
{
    struct world *world = second->world;
    world_put(world, CROWD_FIRST, GROWTH);
    world_erase(world, CROWD_FIRST, GROWTH);
    second->present = second->id < PERMANENT;
    if (place != PLACE_ANY) {
        crowd_find(second);
    }
    for (unsigned i = 0; place >= PLACE_NEXT && i < 4; i++) {
        world_put(world, second->crowd[i], 1);
    }
    if (place == PLACE_HOME || place == PLACE_NEXT) {
        world_put(world, second->id, 1);
        second->present = true;
    }
    if (place == PLACE_PASSED) {
        world_put(world, second->crowd[4], 1);
        world_erase(world, second->crowd[0], 1);
    }
}

/* One meeting: false if the first thread does not come by the point. */
static bool pair_meet(const struct actor *like, enum place place, const struct stops_stop *stop,
                      const struct script *script)
{
    struct world world = world_make(&kinds[0], place == PLACE_ANY ? PERMANENT : 4);
    uint64_t id = like->part == PART_GROW ? like->value : like->id;
    struct second second = {.world = &world, .script = script, .id = id};
    place_make(&second, place);
    id = second.id;
    struct actor first = *like;
    first.world = &world;
    first.id = first.part == PART_GROW ? first.id : id;
    stops_reset();
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
static uint64_t pairs_meet(const struct actor *like, enum place place)
{
    uint64_t met = 0;
    for (unsigned point = 0; point < THI_MAP_POINT_COUNT; point++) {
        struct stops_stop stop = {.point = (enum thi_map_point)point, .nth = 1};
        for (bool there = true; there && stop.nth < 4; stop.nth++) {
            for (size_t s = 0; s < sizeof(scripts) / sizeof(scripts[0]) && there; s++) {
                there = pair_meet(like, place, &stop, &scripts[s]);
                met += there;
            }
        }
    }
    return met;
}

/* Goal: an operation that stands still at any of its steps while all sorts of others end, or wait
 * for it, takes its place among them: nothing is lost, doubled or answered out of the past. Method:
 * as pair_meet() says, for keys that are there and keys that are not. */
static void pairs_test(enum part part)
{
    uint64_t keys = test_scaled(1), random = test_seed + part;
    uint64_t met = 0;
    for (unsigned place = 0; place < PLACES; place++) {
        for (uint64_t i = 0; i < keys; i++) {
            uint64_t pick = test_random(&random);
            bool present = place == PLACE_ANY && (pick >> 32 & 1) != 0;
            uint64_t id = pick % PERMANENT + (present ? 0 : ABSENT_FIRST);
            struct actor like = {NULL, part, 1, id, 0, 5, 0, false, 0};
            met += pairs_meet(&like, (enum place)place);
        }
    }
    printf("# met %" PRIu64 " times\n", met);
    CHECK(met > 0);
}

TEST(pairs_get_stopped_takes_its_place)
{
    pairs_test(PART_GET);
}

TEST(pairs_add_stopped_takes_its_place)
{
    pairs_test(PART_ADD);
}

TEST(pairs_put_stopped_takes_its_place)
{
    pairs_test(PART_PUT);
}

TEST(pairs_insert_stopped_takes_its_place)
{
    pairs_test(PART_INSERT);
}

TEST(pairs_erase_stopped_takes_its_place)
{
    pairs_test(PART_ERASE);
}

/* Goal: the same beside a thread that grows the map. Method: as above, the grower stopped at each
 * of its steps. */
TEST(pairs_growth_stopped_disturbs_nobody)
{
    uint64_t keys = test_scaled(1), random = test_seed;
    for (uint64_t i = 0; i < keys; i++) {
        uint64_t pick = test_random(&random);
        uint64_t id = pick % PERMANENT + (pick >> 32 & 1) * ABSENT_FIRST;
        struct actor like = {NULL, PART_GROW, 1, OTHERS_FIRST, 60, id, 0, false, 0};
        CHECK(pairs_meet(&like, PLACE_ANY) > 0);
    }
}

TEST_MAIN()
