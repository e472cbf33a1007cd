/* SPDX-License-Identifier: MIT
 * support.h - short forms for tests of the cache: text keys, one call a step, a validation at the
 * end.
 */
#ifndef TOPHASH_TESTS_CACHE_SUPPORT_H
#define TOPHASH_TESTS_CACHE_SUPPORT_H

#include <tophash/cache.h>

#include "test.h"

#define SUPPORT_NOW 1000u

static inline struct th_cache *cache_make(const struct th_cache_config *config)
{
    struct th_cache *cache = NULL;
    if (th_cache_new(config, &cache) != TH_OK) {
        printf("# a cache could not be made\n");
        abort();
    }
    return cache;
}

/* A cache of `memory_bytes`, otherwise as by default. */
static inline struct th_cache *cache_make_sized(uint64_t memory_bytes)
{
    struct th_cache_config config = {.memory_bytes = memory_bytes};
    return cache_make(&config);
}

static inline void cache_check(struct th_cache *cache)
{
    const char *reason = "";
    th_status status = th_cache_validate(cache, &reason);
    if (status != TH_OK) {
        printf("# validate: %s\n", reason);
    }
    CHECK_EQ(status, TH_OK);
}

/* Every test ends with it. */
static inline void cache_finish(struct th_cache *cache)
{
    cache_check(cache);
    th_cache_free(cache);
}

/* Stores a text under a text. */
static inline th_status cache_put(struct th_cache *cache, enum th_cache_mode mode, const char *key,
                                  const char *value, uint32_t expires)
{
    struct th_cache_item item = {.value = value, .value_bytes = strlen(value), .expires = expires};
    return th_cache_store(cache, mode, key, strlen(key), &item, SUPPORT_NOW, NULL);
}

static inline th_status cache_set(struct th_cache *cache, const char *key, const char *value)
{
    return cache_put(cache, TH_CACHE_SET, key, value, TH_CACHE_NEVER);
}

/* True if `key` holds exactly `value` at second `now`; a NULL value: if it is absent. */
static inline bool cache_holds_at(struct th_cache *cache, const char *key, const char *value,
                                  uint32_t now)
{
    struct th_cache_view view;
    th_cache_enter(cache);
    bool found = th_cache_get(cache, key, strlen(key), now, &view);
    bool same = found && value != NULL && view.value_bytes == strlen(value) &&
                memcmp(view.value, value, view.value_bytes) == 0;
    if (found && value != NULL && !same) {
        printf("# %s holds \"%.*s\"\n", key, (int)view.value_bytes, (const char *)view.value);
    }
    th_cache_leave(cache);
    return value == NULL ? !found : same;
}

static inline bool cache_holds(struct th_cache *cache, const char *key, const char *value)
{
    return cache_holds_at(cache, key, value, SUPPORT_NOW);
}

static inline bool cache_view(struct th_cache *cache, const char *key, struct th_cache_view *view)
{
    th_cache_enter(cache);
    bool found = th_cache_get(cache, key, strlen(key), SUPPORT_NOW, view);
    th_cache_leave(cache);
    return found;
}

static inline struct th_cache_stats cache_stats(struct th_cache *cache)
{
    struct th_cache_stats stats;
    th_cache_get_stats(cache, &stats);
    return stats;
}

/* A value of `size` bytes that is a function of `id`: every byte of it can be checked. */
static inline void value_fill(char *value, size_t size, uint64_t id)
{
    for (size_t i = 0; i < size; i++) {
        value[i] = (char)(id * 31 + i * 7 + (id >> 8) + (i >> 8));
    }
}

static inline bool value_is(const char *value, size_t size, uint64_t id)
{
    for (size_t i = 0; i < size; i++) {
        if (value[i] != (char)(id * 31 + i * 7 + (id >> 8) + (i >> 8))) {
            return false;
        }
    }
    return true;
}

#endif
