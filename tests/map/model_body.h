/* SPDX-License-Identifier: MIT
 * model_body.h - random operations on a map and on a plain chained table side by side: equal
 * answers after every one.
 *
 * Built twice: test_map_model.c with the real geometry, tiny_model.c with groups of a few cells, in
 * which splits, merges and displaced entries are the usual case.
 */
#ifndef TOPHASH_TESTS_MAP_MODEL_BODY_H
#define TOPHASH_TESTS_MAP_MODEL_BODY_H

#include "map/kinds.h"

/* ------------------------------------------------------------------ the reference: chains in an
 * array */

#define MODEL_NONE UINT32_MAX

enum { MODEL_CHAINS = 4096 };

struct model_node {
    uint64_t id;
    uint64_t value;
    uint32_t next;
    bool used;
};

struct model_table {
    uint32_t heads[MODEL_CHAINS];
    struct model_node *nodes;
    uint32_t node_count;
    uint32_t free_head;
    uint64_t entries;
};

static inline struct model_table *model_new(uint32_t entries_max)
{
    struct model_table *model = malloc(sizeof(*model));
    struct model_node *nodes = calloc(entries_max, sizeof(*nodes));
    if (model == NULL || nodes == NULL) {
        abort();
    }
    for (uint32_t i = 0; i < MODEL_CHAINS; i++) {
        model->heads[i] = MODEL_NONE;
    }
    for (uint32_t i = 0; i < entries_max; i++) {
        nodes[i].next = i + 1 < entries_max ? i + 1 : MODEL_NONE;
    }
    model->nodes = nodes;
    model->node_count = entries_max;
    model->free_head = 0;
    model->entries = 0;
    return model;
}

static inline void model_free(struct model_table *model)
{
    free(model->nodes);
    free(model);
}

static inline uint32_t *model_head(struct model_table *model, uint64_t id)
{
    return &model->heads[(id * 0x9e3779b97f4a7c15u >> 32) % MODEL_CHAINS];
}

static inline struct model_node *model_find(struct model_table *model, uint64_t id)
{
    for (uint32_t at = *model_head(model, id); at != MODEL_NONE; at = model->nodes[at].next) {
        if (model->nodes[at].id == id) {
            return &model->nodes[at];
        }
    }
    return NULL;
}

static inline void model_add(struct model_table *model, uint64_t id, uint64_t value)
{
    uint32_t at = model->free_head;
    if (at == MODEL_NONE) {
        abort(); /* The universe of ids is no larger than the table. */
    }
    model->free_head = model->nodes[at].next;
    uint32_t *head = model_head(model, id);
    model->nodes[at] = (struct model_node){id, value, *head, true};
    *head = at;
    model->entries++;
}

static inline void model_remove(struct model_table *model, uint64_t id)
{
    for (uint32_t *at = model_head(model, id); *at != MODEL_NONE; at = &model->nodes[*at].next) {
        uint32_t index = *at;
        if (model->nodes[index].id == id) {
            *at = model->nodes[index].next;
            model->nodes[index].used = false;
            model->nodes[index].next = model->free_head;
            model->free_head = index;
            model->entries--;
            return;
        }
    }
}

static inline void model_clear(struct model_table *model)
{
    for (uint32_t i = 0; i < model->node_count; i++) {
        if (model->nodes[i].used) {
            model_remove(model, model->nodes[i].id);
        }
    }
}

/* ------------------------------------------------------------------ one operation on both sides */

struct model_run {
    const struct kind *kind;
    void *map;
    struct model_table *model;
    uint64_t random;
    uint64_t ids;        /* size of the universe */
    uint64_t spread;     /* ids are numbers below `ids` times this: dense, or far apart */
    unsigned grow_share; /* of 100 writes, how many add rather than take */
    uint64_t operations;
};

enum { MODEL_CANARY = 0x5ca1ab1e };

static inline uint64_t model_id(struct model_run *run)
{
    return test_random(&run->random) % run->ids * run->spread;
}

static inline void model_expect_old(const struct model_node *node, uint64_t out)
{
    CHECK_EQ(out, node != NULL ? node->value : MODEL_CANARY);
}

static inline void model_write(struct model_run *run, uint64_t id, uint64_t value, unsigned way)
{
    struct model_node *node = model_find(run->model, id);
    uint64_t out = MODEL_CANARY;
    if (way == 0) {
        CHECK_EQ(run->kind->put(run->map, id, value, &out), node != NULL ? TH_EXISTS : TH_OK);
    } else if (way == 1) {
        CHECK_EQ(run->kind->insert(run->map, id, value, &out), node != NULL ? TH_EXISTS : TH_OK);
    } else {
        CHECK_EQ(run->kind->replace(run->map, id, value, &out), node != NULL ? TH_OK : TH_ABSENT);
    }
    model_expect_old(node, out);
    if (node == NULL && way != 2) {
        model_add(run->model, id, value);
    } else if (node != NULL && way != 1) {
        node->value = value;
    }
}

static inline void model_exchange(struct model_run *run, uint64_t id, uint64_t value, bool guess)
{
    struct model_node *node = model_find(run->model, id);
    uint64_t expected = guess && node != NULL ? node->value : value ^ 1;
    bool equal = node != NULL && node->value == expected;
    uint64_t seen = expected;
    th_status status = run->kind->compare_exchange(run->map, id, &seen, value);
    CHECK_EQ(status, node == NULL ? TH_ABSENT : equal ? TH_OK : TH_MISMATCH);
    CHECK_EQ(seen, node == NULL ? expected : node->value);
    if (equal) {
        node->value = value;
    }
}

static inline void model_erase(struct model_run *run, uint64_t id, uint64_t way)
{
    struct model_node *node = model_find(run->model, id);
    uint64_t out = MODEL_CANARY;
    if (way == 0) {
        CHECK_EQ(run->kind->erase(run->map, id, &out), node != NULL ? TH_OK : TH_ABSENT);
        model_expect_old(node, out);
    } else {
        bool match = node != NULL && way == 1;
        uint64_t expected = node == NULL ? way : match ? node->value : node->value + 1;
        th_status status = run->kind->erase_if(run->map, id, expected, &out);
        CHECK_EQ(status, node == NULL ? TH_ABSENT : match ? TH_OK : TH_MISMATCH);
        CHECK_EQ(out, node != NULL && !match ? node->value : MODEL_CANARY);
        if (!match) {
            return;
        }
    }
    if (node != NULL) {
        model_remove(run->model, id);
    }
}

static inline void model_add_number(struct model_run *run, uint64_t id, uint64_t delta)
{
    struct model_node *node = model_find(run->model, id);
    uint64_t out = MODEL_CANARY;
    CHECK_EQ(run->kind->fetch_add(run->map, id, delta, &out), node != NULL ? TH_OK : TH_ABSENT);
    model_expect_old(node, out);
    if (node != NULL) {
        node->value += delta;
    }
}

static inline void model_look(struct model_run *run, uint64_t id)
{
    struct model_node *node = model_find(run->model, id);
    uint64_t out = MODEL_CANARY;
    CHECK(run->kind->get(run->map, id, &out) == (node != NULL));
    model_expect_old(node, out);
}

static inline void model_look_many(struct model_run *run, size_t count)
{
    uint64_t ids[100], values[100];
    bool found[100];
    size_t hits = 0;
    for (size_t i = 0; i < count; i++) {
        ids[i] = model_id(run);
        values[i] = MODEL_CANARY;
        found[i] = i % 2 == 0;
    }
    size_t reported = run->kind->get_many(run->map, ids, count, values, found);
    for (size_t i = 0; i < count; i++) {
        struct model_node *node = model_find(run->model, ids[i]);
        CHECK(found[i] == (node != NULL));
        model_expect_old(node, values[i]);
        hits += node != NULL;
    }
    CHECK_EQ(reported, hits);
}

static inline void model_write_many(struct model_run *run, size_t count)
{
    uint64_t ids[100], values[100];
    for (size_t i = 0; i < count; i++) {
        ids[i] = model_id(run);
        values[i] = test_random(&run->random);
    }
    size_t done = 0;
    CHECK_EQ(run->kind->put_many(run->map, ids, values, count, &done), TH_OK);
    CHECK_EQ(done, count);
    for (size_t i = 0; i < count; i++) {
        struct model_node *node = model_find(run->model, ids[i]);
        if (node == NULL) {
            model_add(run->model, ids[i], values[i]);
        } else {
            node->value = values[i];
        }
    }
}

/* ------------------------------------------------------------------ whole comparisons */

/* A walk gives exactly the model's entries; every one of the model's is found. */
static inline void model_compare(struct model_run *run)
{
    static const size_t capacities[] = {1, 2, 7, 64, 256, 1000};
    static struct kind_entry entries[1000];
    uint64_t given = 0;
    uint8_t *seen = calloc((size_t)run->ids, 1);
    REQUIRE(seen != NULL);
    struct th_map_cursor cursor = {0, 0};
    for (;;) {
        size_t capacity = capacities[test_random(&run->random) % 6];
        size_t count = run->kind->next(run->map, &cursor, entries, capacity);
        if (count == 0) {
            break;
        }
        REQUIRE(count <= capacity);
        for (size_t i = 0; i < count; i++) {
            struct model_node *node = model_find(run->model, entries[i].id);
            REQUIRE(node != NULL);
            CHECK_EQ(entries[i].value, node->value);
            CHECK_EQ(seen[entries[i].id / run->spread], 0);
            seen[entries[i].id / run->spread] = 1;
        }
        given += count;
    }
    CHECK_EQ(given, run->model->entries);
    CHECK_EQ(run->kind->count(run->map), run->model->entries);
    free(seen);
    kind_validate(run->kind, run->map);
}

/* Keys are given back in random order until few are left: what a plain random mix would do too
 * slowly. */
static inline void model_upkeep(struct model_run *run)
{
    uint64_t what = test_random(&run->random) % 16;
    if (what < 6) {
        uint64_t limit = test_random(&run->random) % 4;
        th_status status = run->kind->shrink(run->map, limit);
        CHECK(status == TH_OK || (status == TH_MORE && limit != 0));
    } else if (what < 8) {
        CHECK_EQ(run->kind->reserve(run->map, test_random(&run->random) % (2 * run->ids)), TH_OK);
    } else if (what == 8) {
        run->kind->clear(run->map);
        model_clear(run->model);
    } else if (what < 12) {
        model_compare(run);
    } else {
        run->grow_share = (unsigned)(test_random(&run->random) % 3) * 45 + 5; /* 5, 50 or 95 */
    }
}

static inline void model_step(struct model_run *run)
{
    uint64_t dice = test_random(&run->random);
    uint64_t id = model_id(run), value = dice % 7 == 0 ? dice % 3 : test_random(&run->random);
    unsigned what = (unsigned)(dice >> 8) % 100, way = (unsigned)(dice >> 16) % 100;
    if (what < 30) {
        model_look(run, id);
    } else if (what < 75) {
        if (way < run->grow_share) {
            model_write(run, id, value, way % 2);
        } else {
            model_erase(run, id, way % 3);
        }
    } else if (what < 82) {
        model_write(run, id, value, 2);
    } else if (what < 90) {
        model_exchange(run, id, value, way % 2 == 0);
    } else if (what < 97) {
        model_add_number(run, id, value);
    } else if (what < 99) {
        model_look_many(run, way);
    } else if (run->grow_share > 50) {
        model_write_many(run, way);
    }
}

/* Goal: every answer of every operation equals the plain table's, at all sizes. Method:
 * `operations` random steps in a universe of `ids` keys, with a share of adding writes that changes
 * between growth, balance and decay; whole comparisons between. */
static inline void model_run_kind(const struct kind *kind, uint64_t ids, uint64_t operations,
                                  uint64_t salt)
{
    struct model_run run = {
        .kind = kind,
        .map = kind_make(kind, NULL),
        .model = model_new((uint32_t)ids),
        .random = test_seed ^ salt,
        .ids = ids,
        .grow_share = 95,
        .operations = operations,
    };
    run.spread = test_random(&run.random) % 2 == 0 ? 1 : kind->id_max / ids;
    uint64_t upkeep_every = ids * 2 + 16;
    int failures = test_failures;
    for (uint64_t i = 0; i < operations && test_failures == failures; i++) {
        model_step(&run);
        if (test_random(&run.random) % upkeep_every == 0) {
            model_upkeep(&run);
        }
    }
    if (test_failures != failures) {
        printf("# model of %s: ids %" PRIu64 ", spread %" PRIu64 ", salt %" PRIu64 "\n", kind->name,
               ids, run.spread, salt);
    }
    model_compare(&run);
    struct th_map_stats stats;
    kind->get_stats(run.map, &stats);
    printf("# %s, %" PRIu64 " ids: %" PRIu64 " splits, %" PRIu64 " merges\n", kind->name, ids,
           stats.splits_total, stats.merges_total);
    kind_finish(kind, run.map);
    model_free(run.model);
}

/* The universes: from a handful of keys, where operations meet, to tables of many groups. */
static inline void model_run_all(const struct kind *kind, uint64_t operations)
{
    static const uint64_t universes[] = {3, 20, 150, 1200, 9000, 60000};
    for (size_t i = 0; i < sizeof(universes) / sizeof(universes[0]); i++) {
        model_run_kind(kind, universes[i], test_scaled(operations), i);
    }
}

#endif
