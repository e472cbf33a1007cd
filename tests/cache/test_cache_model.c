/* SPDX-License-Identifier: MIT
 * test_cache_model.c - random operations against a plain table of what must be there.
 *
 * Without evictions every answer must be the table's. With evictions a hit must be the newest
 * value, neither expired nor flushed nor deleted; a miss may be an eviction.
 */
#include "cache/support.h"

enum { MODEL_KEYS = 300, MODEL_VALUE_MAX = 3000 };

struct model_item {
    bool present;
    bool number; /* the value is `text` */
    uint64_t id; /* otherwise the value is a function of it */
    size_t size;
    char text[24];
    uint32_t flags;
    uint32_t expires;
    uint64_t cas;
};

struct model {
    struct th_cache *cache;
    bool evicts;
    uint64_t state;
    uint64_t next_id;
    uint32_t now;
    uint32_t flush_at; /* 0: none */
    uint64_t hits;
    uint64_t misses;
    struct model_item items[MODEL_KEYS];
};

static uint64_t below(struct model *model, uint64_t limit)
{
    return test_random(&model->state) % limit;
}

static size_t key_text(unsigned index, char *key)
{
    /* Sizes from 2 to 250 bytes. */
    int size =
        snprintf(key, 251, "%u:%0*u", index, (int)(index % 5 == 0 ? index * 3 % 240 : 1), index);
    return (size_t)size;
}

static void model_flush_if_due(struct model *model)
{
    if (model->flush_at == 0 || model->flush_at > model->now) {
        return;
    }
    for (unsigned i = 0; i < MODEL_KEYS; i++) {
        model->items[i].present = false;
    }
    model->flush_at = 0;
}

/* NULL if the key must be absent now. */
static struct model_item *model_live(struct model *model, unsigned index)
{
    struct model_item *item = &model->items[index];
    if (item->expires != TH_CACHE_NEVER && item->expires <= model->now) {
        item->present = false;
    }
    return item->present ? item : NULL;
}

static void value_of(const struct model_item *item, char *value)
{
    if (item->number) {
        memcpy(value, item->text, item->size);
    } else {
        value_fill(value, item->size, item->id);
        if (item->size != 0) {
            value[0] |= 0x40; /* no digit: a random byte alone could be a number */
        }
    }
}

static bool view_matches(const struct th_cache_view *view, const struct model_item *item)
{
    static char want[MODEL_VALUE_MAX];
    value_of(item, want);
    return view->value_bytes == item->size && memcmp(view->value, want, item->size) == 0 &&
           view->flags == item->flags && view->expires == item->expires && view->cas == item->cas;
}

/* Looks one key up and judges the answer. Whoever evicts may have lost it: then the model forgets.
 * */
static struct model_item *model_look(struct model *model, unsigned index)
{
    char key[256];
    size_t key_bytes = key_text(index, key);
    struct model_item *item = model_live(model, index);
    struct th_cache_view view;
    th_cache_enter(model->cache);
    bool found = th_cache_get(model->cache, key, key_bytes, model->now, &view);
    if (found) {
        model->hits++;
        CHECK(item != NULL);
        CHECK(item == NULL || view_matches(&view, item));
    } else {
        model->misses++;
        CHECK(item == NULL || model->evicts);
        model->items[index].present = false;
        item = NULL;
    }
    th_cache_leave(model->cache);
    return item;
}

static uint32_t random_expiry(struct model *model)
{
    uint64_t kind = below(model, 4);
    return kind < 2 ? TH_CACHE_NEVER : model->now + (uint32_t)below(model, 30);
}

static void model_store(struct model *model, unsigned index)
{
    static char value[MODEL_VALUE_MAX];
    char key[256];
    size_t key_bytes = key_text(index, key);
    struct model_item *item = model_look(model, index);
    struct model_item made = {.present = true,
                              .id = model->next_id++,
                              .size = (size_t)below(model, MODEL_VALUE_MAX),
                              .flags = (uint32_t)(below(model, 2) * below(model, UINT32_MAX)),
                              .expires = random_expiry(model)};
    if (below(model, 3) == 0) {
        made.number = true;
        made.size = (size_t)snprintf(made.text, sizeof made.text, "%" PRIu64,
                                     test_random(&model->state) >> below(model, 64));
    }
    value_of(&made, value);
    struct th_cache_item stored = {.value = value,
                                   .value_bytes = made.size,
                                   .flags = made.flags,
                                   .expires = made.expires,
                                   .cas = item != NULL ? item->cas + below(model, 2) : 1};
    static const enum th_cache_mode modes[] = {TH_CACHE_SET, TH_CACHE_SET, TH_CACHE_ADD,
                                               TH_CACHE_REPLACE, TH_CACHE_CAS};
    enum th_cache_mode mode = modes[below(model, 5)];
    th_status want = TH_OK;
    if (mode == TH_CACHE_ADD) {
        want = item != NULL ? TH_EXISTS : TH_OK;
    } else if (mode == TH_CACHE_REPLACE) {
        want = item != NULL ? TH_OK : TH_ABSENT;
    } else if (mode == TH_CACHE_CAS) {
        want = item == NULL ? TH_ABSENT : (stored.cas == item->cas ? TH_OK : TH_MISMATCH);
    }
    uint64_t cas = 0;
    th_status status =
        th_cache_store(model->cache, mode, key, key_bytes, &stored, model->now, &cas);
    /* Making room for the store may have evicted the very item it asks for. */
    bool evicted = model->evicts && item != NULL && mode != TH_CACHE_SET &&
                   status == (mode == TH_CACHE_ADD ? TH_OK : TH_ABSENT);
    CHECK(status == want || evicted);
    if (status == TH_OK) {
        CHECK(item == NULL || cas > item->cas);
        made.cas = cas;
        model->items[index] = made;
    } else if (evicted) {
        model->items[index].present = false;
    }
}

static void model_number(struct model *model, unsigned index)
{
    char key[256];
    size_t key_bytes = key_text(index, key);
    struct model_item *item = model_look(model, index);
    uint64_t delta = test_random(&model->state) >> below(model, 64);
    bool negative = below(model, 2) == 0;
    uint64_t result = 0;
    uint64_t cas = 0;
    th_status status = th_cache_add_number(model->cache, key, key_bytes, delta, negative,
                                           model->now, &result, &cas);
    if (item == NULL) {
        CHECK_EQ(status, TH_ABSENT);
        return;
    }
    if (status == TH_ABSENT) {
        CHECK(model->evicts);
        item->present = false;
        return;
    }
    if (!item->number) {
        CHECK_EQ(status, TH_EINVAL);
        return;
    }
    REQUIRE(status == TH_OK);
    uint64_t before = strtoull(item->text, NULL, 10);
    uint64_t want = negative ? (before > delta ? before - delta : 0) : before + delta;
    CHECK_EQ(result, want);
    int digits = snprintf(item->text, sizeof item->text, "%-*" PRIu64, (int)item->size, want);
    item->size = (size_t)digits;
    item->cas = cas;
}

static void model_touch(struct model *model, unsigned index)
{
    char key[256];
    size_t key_bytes = key_text(index, key);
    struct model_item *item = model_look(model, index);
    uint32_t expires = random_expiry(model);
    th_status status = th_cache_touch(model->cache, key, key_bytes, model->now, expires);
    CHECK(status == (item != NULL ? TH_OK : TH_ABSENT) || (model->evicts && status == TH_ABSENT));
    if (status == TH_OK && item != NULL) {
        item->expires = expires;
    } else {
        model->items[index].present = false;
    }
}

static void model_delete(struct model *model, unsigned index)
{
    char key[256];
    size_t key_bytes = key_text(index, key);
    struct model_item *item = model_look(model, index);
    th_status status = th_cache_delete(model->cache, key, key_bytes, model->now);
    CHECK_EQ(status, item != NULL ? TH_OK : TH_ABSENT);
    model->items[index].present = false;
}

static void model_flush(struct model *model)
{
    uint32_t at = model->now + (uint32_t)below(model, 3);
    th_cache_flush(model->cache, model->now, at);
    model->flush_at = at;
}

static void model_step(struct model *model)
{
    uint64_t kind = below(model, 1000);
    unsigned index = (unsigned)below(model, MODEL_KEYS);
    model_flush_if_due(model);
    if (kind < 450) {
        (void)model_look(model, index);
    } else if (kind < 750) {
        model_store(model, index);
    } else if (kind < 850) {
        model_number(model, index);
    } else if (kind < 900) {
        model_touch(model, index);
    } else if (kind < 940) {
        model_delete(model, index);
    } else if (kind < 990) {
        model->now += (uint32_t)below(model, 2);
    } else if (kind < 998) {
        (void)th_cache_maintain(model->cache, model->now, (size_t)below(model, 50));
    } else if (kind == 998 && below(model, 4) == 0) {
        model_flush(model);
    }
}

/* Goal: exact answers where nothing is evicted. Method: 300 keys of 1.5 KB on average in 4 MiB. */
TEST(cache_model_without_eviction_is_exact)
{
    static struct model model;
    uint64_t steps = test_scaled(400000);
    model = (struct model){.cache = cache_make_sized(4u << 20), .state = test_seed, .now = 100};
    for (uint64_t i = 0; i < steps; i++) {
        model_step(&model);
        if (i % (steps / 8 + 1) == 0) {
            cache_check(model.cache);
        }
    }
    struct th_cache_stats stats = cache_stats(model.cache);
    printf("# %" PRIu64 " hits, %" PRIu64 " misses, %" PRIu64 " evictions\n", model.hits,
           model.misses, stats.evictions_total);
    CHECK(model.hits > steps / 20);
    CHECK_EQ(stats.evictions_total, 0);
    CHECK_EQ(stats.store_enomem_total, 0);
    cache_finish(model.cache);
}

/* Goal: sound answers where most is evicted. Method: the same in the smallest cache, with strangers
 * that fill it between the steps. */
TEST(cache_model_under_pressure_is_sound)
{
    static struct model model;
    static char filler[3000];
    uint64_t steps = test_scaled(200000);
    model = (struct model){
        .cache = cache_make_sized(1u << 20), .evicts = true, .state = test_seed, .now = 100};
    for (uint64_t i = 0; i < steps; i++) {
        model_step(&model);
        char key[32];
        int size = snprintf(key, sizeof key, "filler%" PRIu64, i);
        struct th_cache_item item = {.value = filler,
                                     .value_bytes = (size_t)below(&model, sizeof filler),
                                     .expires = random_expiry(&model)};
        model_flush_if_due(&model);
        CHECK_EQ(
            th_cache_store(model.cache, TH_CACHE_SET, key, (size_t)size, &item, model.now, NULL),
            TH_OK);
    }
    CHECK(cache_stats(model.cache).evictions_total > steps / 200);
    CHECK(model.hits > steps / 200);
    cache_finish(model.cache);
}

TEST_MAIN()
