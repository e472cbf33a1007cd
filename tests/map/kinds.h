/* SPDX-License-Identifier: MIT
 * kinds.h - the three maps behind one table of functions, so that one test body serves all of them.
 *
 * A key is named by a 64-bit id. u64: the id itself. u32: its low half (bodies stay below 2^32).
 * bytes: the empty key, three, seven, eight and more bytes, now and then thousands, chosen by the
 * id and checked byte by byte on the way back.
 */
#ifndef TOPHASH_TESTS_MAP_KINDS_H
#define TOPHASH_TESTS_MAP_KINDS_H

#include <tophash/map.h>

#include "test.h"

enum {
    KIND_COUNT = 3,
    KIND_BATCH_MAX = 512,
    KIND_KEY_BYTES_MAX = 3100,
};

struct kind_entry {
    uint64_t id;
    uint64_t value;
};

struct kind {
    const char *name;
    uint64_t id_max;
    th_status (*create)(const struct th_map_config *config, void **map);
    void (*destroy)(void *map);
    bool (*get)(void *map, uint64_t id, uint64_t *value);
    size_t (*get_many)(void *map, const uint64_t *ids, size_t count, uint64_t *values, bool *found);
    th_status (*put)(void *map, uint64_t id, uint64_t value, uint64_t *old);
    th_status (*put_many)(void *map, const uint64_t *ids, const uint64_t *values, size_t count,
                          size_t *done);
    th_status (*insert)(void *map, uint64_t id, uint64_t value, uint64_t *present);
    th_status (*replace)(void *map, uint64_t id, uint64_t value, uint64_t *old);
    th_status (*compare_exchange)(void *map, uint64_t id, uint64_t *expected, uint64_t desired);
    th_status (*fetch_add)(void *map, uint64_t id, uint64_t delta, uint64_t *old);
    th_status (*erase)(void *map, uint64_t id, uint64_t *old);
    th_status (*erase_if)(void *map, uint64_t id, uint64_t expected, uint64_t *found);
    th_status (*reserve)(void *map, uint64_t entries);
    th_status (*shrink)(void *map, uint64_t merges_max);
    void (*clear)(void *map);
    uint64_t (*count)(void *map);
    size_t (*next)(void *map, struct th_map_cursor *cursor, struct kind_entry *entries,
                   size_t capacity);
    void (*get_stats)(void *map, struct th_map_stats *stats);
    th_status (*validate)(void *map, const char **reason);
};

/* ------------------------------------------------------------------ bytes keys made from ids */

/* The key of `id` is written to `key`; returns its size. Injective: sizes 0, 3 and 7 hold all of
 * their ids, longer keys start with the id. */
static inline size_t kind_key_write(uint64_t id, unsigned char *key)
{
    size_t size = 8 + (size_t)(id * 7 % 33);
    if (id == 0) {
        return 0;
    } else if (id % 4 == 0 && id < 1u << 24) {
        size = 3;
    } else if (id % 4 == 1 && id < UINT64_C(1) << 56) {
        size = 7;
    } else if (id % 1021 == 2) {
        size = KIND_KEY_BYTES_MAX;
    }
    for (size_t i = 0; i < size; i++) {
        key[i] = (unsigned char)(i < 8 ? id >> (8 * i) : id + i);
    }
    return size;
}

static inline uint64_t kind_key_read(const unsigned char *key, size_t size)
{
    uint64_t id = 0;
    for (size_t i = 0; i < size && i < 8; i++) {
        id |= (uint64_t)key[i] << (8 * i);
    }
    unsigned char again[KIND_KEY_BYTES_MAX];
    CHECK(kind_key_write(id, again) == size);
    CHECK(size == 0 || memcmp(again, key, size) == 0);
    return id;
}

static inline struct th_bytes kind_key_make(uint64_t id, unsigned char *room)
{
    size_t size = kind_key_write(id, room);
    return (struct th_bytes){size == 0 ? NULL : room, size};
}

/* ------------------------------------------------------------------ u64 and u32 */

/* The adapters of the two integer kinds differ in types only; a macro saves a second copy of them.
 */
#define KIND_INTEGER(name_, key_type)                                                              \
    static th_status kind_##name_##_create(const struct th_map_config *config, void **map)         \
    {                                                                                              \
        struct th_map_##name_ *made = NULL;                                                        \
        th_status status = th_map_##name_##_new(config, &made);                                    \
        *map = status == TH_OK ? made : *map;                                                      \
        return status;                                                                             \
    }                                                                                              \
    static void kind_##name_##_destroy(void *map)                                                  \
    {                                                                                              \
        th_map_##name_##_free(map);                                                                \
    }                                                                                              \
    static bool kind_##name_##_get(void *map, uint64_t id, uint64_t *value)                        \
    {                                                                                              \
        return th_map_##name_##_get(map, (key_type)id, value);                                     \
    }                                                                                              \
    static size_t kind_##name_##_get_many(void *map, const uint64_t *ids, size_t count,            \
                                          uint64_t *values, bool *found)                           \
    {                                                                                              \
        key_type keys[KIND_BATCH_MAX];                                                             \
        for (size_t i = 0; i < count; i++) {                                                       \
            keys[i] = (key_type)ids[i];                                                            \
        }                                                                                          \
        return th_map_##name_##_get_many(map, keys, count, values, found);                         \
    }                                                                                              \
    static th_status kind_##name_##_put(void *map, uint64_t id, uint64_t value, uint64_t *old)     \
    {                                                                                              \
        return th_map_##name_##_put(map, (key_type)id, value, old);                                \
    }                                                                                              \
    static th_status kind_##name_##_put_many(void *map, const uint64_t *ids,                       \
                                             const uint64_t *values, size_t count, size_t *done)   \
    {                                                                                              \
        key_type keys[KIND_BATCH_MAX];                                                             \
        for (size_t i = 0; i < count; i++) {                                                       \
            keys[i] = (key_type)ids[i];                                                            \
        }                                                                                          \
        return th_map_##name_##_put_many(map, keys, values, count, done);                          \
    }                                                                                              \
    static th_status kind_##name_##_insert(void *map, uint64_t id, uint64_t value,                 \
                                           uint64_t *present)                                      \
    {                                                                                              \
        return th_map_##name_##_insert(map, (key_type)id, value, present);                         \
    }                                                                                              \
    static th_status kind_##name_##_replace(void *map, uint64_t id, uint64_t value, uint64_t *old) \
    {                                                                                              \
        return th_map_##name_##_replace(map, (key_type)id, value, old);                            \
    }                                                                                              \
    static th_status kind_##name_##_compare_exchange(void *map, uint64_t id, uint64_t *expected,   \
                                                     uint64_t desired)                             \
    {                                                                                              \
        return th_map_##name_##_compare_exchange(map, (key_type)id, expected, desired);            \
    }                                                                                              \
    static th_status kind_##name_##_fetch_add(void *map, uint64_t id, uint64_t delta,              \
                                              uint64_t *old)                                       \
    {                                                                                              \
        return th_map_##name_##_fetch_add(map, (key_type)id, delta, old);                          \
    }                                                                                              \
    static th_status kind_##name_##_erase(void *map, uint64_t id, uint64_t *old)                   \
    {                                                                                              \
        return th_map_##name_##_erase(map, (key_type)id, old);                                     \
    }                                                                                              \
    static th_status kind_##name_##_erase_if(void *map, uint64_t id, uint64_t expected,            \
                                             uint64_t *found)                                      \
    {                                                                                              \
        return th_map_##name_##_erase_if(map, (key_type)id, expected, found);                      \
    }                                                                                              \
    static size_t kind_##name_##_next(void *map, struct th_map_cursor *cursor,                     \
                                      struct kind_entry *entries, size_t capacity)                 \
    {                                                                                              \
        struct th_map_entry_##name_ own[1024];                                                     \
        capacity = capacity < 1024 ? capacity : 1024;                                              \
        size_t count = th_map_##name_##_next(map, cursor, own, capacity);                          \
        for (size_t i = 0; i < count && i < capacity; i++) {                                       \
            entries[i] = (struct kind_entry){own[i].key, own[i].value};                            \
        }                                                                                          \
        return count;                                                                              \
    }                                                                                              \
    KIND_KEYLESS(name_)

/* The operations that take no key. */
#define KIND_KEYLESS(name_)                                                     \
    static th_status kind_##name_##_reserve(void *map, uint64_t entries)        \
    {                                                                           \
        return th_map_##name_##_reserve(map, entries);                          \
    }                                                                           \
    static th_status kind_##name_##_shrink(void *map, uint64_t merges_max)      \
    {                                                                           \
        return th_map_##name_##_shrink(map, merges_max);                        \
    }                                                                           \
    static void kind_##name_##_clear(void *map)                                 \
    {                                                                           \
        th_map_##name_##_clear(map);                                            \
    }                                                                           \
    static uint64_t kind_##name_##_count(void *map)                             \
    {                                                                           \
        return th_map_##name_##_count(map);                                     \
    }                                                                           \
    static void kind_##name_##_get_stats(void *map, struct th_map_stats *stats) \
    {                                                                           \
        th_map_##name_##_get_stats(map, stats);                                 \
    }                                                                           \
    static th_status kind_##name_##_validate(void *map, const char **reason)    \
    {                                                                           \
        return th_map_##name_##_validate(map, reason);                          \
    }

#define KIND_TABLE(name_, id_max_)                                                              \
    {                                                                                           \
        .name = #name_, .id_max = (id_max_), .create = kind_##name_##_create,                   \
        .destroy = kind_##name_##_destroy, .get = kind_##name_##_get,                           \
        .get_many = kind_##name_##_get_many, .put = kind_##name_##_put,                         \
        .put_many = kind_##name_##_put_many, .insert = kind_##name_##_insert,                   \
        .replace = kind_##name_##_replace, .compare_exchange = kind_##name_##_compare_exchange, \
        .fetch_add = kind_##name_##_fetch_add, .erase = kind_##name_##_erase,                   \
        .erase_if = kind_##name_##_erase_if, .reserve = kind_##name_##_reserve,                 \
        .shrink = kind_##name_##_shrink, .clear = kind_##name_##_clear,                         \
        .count = kind_##name_##_count, .next = kind_##name_##_next,                             \
        .get_stats = kind_##name_##_get_stats, .validate = kind_##name_##_validate,             \
    }

KIND_INTEGER(u64, uint64_t)
KIND_INTEGER(u32, uint32_t)

/* ------------------------------------------------------------------ bytes */

static th_status kind_bytes_create(const struct th_map_config *config, void **map)
{
    struct th_map_bytes *made = NULL;
    th_status status = th_map_bytes_new(config, &made);
    *map = status == TH_OK ? made : *map;
    return status;
}

static void kind_bytes_destroy(void *map)
{
    th_map_bytes_free(map);
}

static bool kind_bytes_get(void *map, uint64_t id, uint64_t *value)
{
    unsigned char room[KIND_KEY_BYTES_MAX];
    struct th_bytes key = kind_key_make(id, room);
    return th_map_bytes_get(map, key.bytes, key.size, value);
}

/* The keys of a batch need room of their own, taken from malloc: exact, so that sanitizers see
 * every byte read. */
static void kind_bytes_batch_make(const uint64_t *ids, size_t count, struct th_bytes *keys)
{
    for (size_t i = 0; i < count; i++) {
        unsigned char room[KIND_KEY_BYTES_MAX];
        size_t size = kind_key_write(ids[i], room);
        void *copy = malloc(size + (size == 0));
        if (copy == NULL) {
            abort();
        }
        memcpy(copy, room, size);
        keys[i] = (struct th_bytes){copy, size};
    }
}

static void kind_bytes_batch_free(struct th_bytes *keys, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free((void *)(uintptr_t)keys[i].bytes);
    }
}

static size_t kind_bytes_get_many(void *map, const uint64_t *ids, size_t count, uint64_t *values,
                                  bool *found)
{
    struct th_bytes keys[KIND_BATCH_MAX] = {{NULL, 0}};
    kind_bytes_batch_make(ids, count, keys);
    size_t hits = th_map_bytes_get_many(map, keys, count, values, found);
    kind_bytes_batch_free(keys, count);
    return hits;
}

static th_status kind_bytes_put(void *map, uint64_t id, uint64_t value, uint64_t *old)
{
    unsigned char room[KIND_KEY_BYTES_MAX];
    struct th_bytes key = kind_key_make(id, room);
    return th_map_bytes_put(map, key.bytes, key.size, value, old);
}

static th_status kind_bytes_put_many(void *map, const uint64_t *ids, const uint64_t *values,
                                     size_t count, size_t *done)
{
    struct th_bytes keys[KIND_BATCH_MAX] = {{NULL, 0}};
    kind_bytes_batch_make(ids, count, keys);
    th_status status = th_map_bytes_put_many(map, keys, values, count, done);
    kind_bytes_batch_free(keys, count);
    return status;
}

static th_status kind_bytes_insert(void *map, uint64_t id, uint64_t value, uint64_t *present)
{
    unsigned char room[KIND_KEY_BYTES_MAX];
    struct th_bytes key = kind_key_make(id, room);
    return th_map_bytes_insert(map, key.bytes, key.size, value, present);
}

static th_status kind_bytes_replace(void *map, uint64_t id, uint64_t value, uint64_t *old)
{
    unsigned char room[KIND_KEY_BYTES_MAX];
    struct th_bytes key = kind_key_make(id, room);
    return th_map_bytes_replace(map, key.bytes, key.size, value, old);
}

static th_status kind_bytes_compare_exchange(void *map, uint64_t id, uint64_t *expected,
                                             uint64_t desired)
{
    unsigned char room[KIND_KEY_BYTES_MAX];
    struct th_bytes key = kind_key_make(id, room);
    return th_map_bytes_compare_exchange(map, key.bytes, key.size, expected, desired);
}

static th_status kind_bytes_fetch_add(void *map, uint64_t id, uint64_t delta, uint64_t *old)
{
    unsigned char room[KIND_KEY_BYTES_MAX];
    struct th_bytes key = kind_key_make(id, room);
    return th_map_bytes_fetch_add(map, key.bytes, key.size, delta, old);
}

static th_status kind_bytes_erase(void *map, uint64_t id, uint64_t *old)
{
    unsigned char room[KIND_KEY_BYTES_MAX];
    struct th_bytes key = kind_key_make(id, room);
    return th_map_bytes_erase(map, key.bytes, key.size, old);
}

static th_status kind_bytes_erase_if(void *map, uint64_t id, uint64_t expected, uint64_t *found)
{
    unsigned char room[KIND_KEY_BYTES_MAX];
    struct th_bytes key = kind_key_make(id, room);
    return th_map_bytes_erase_if(map, key.bytes, key.size, expected, found);
}

static size_t kind_bytes_next(void *map, struct th_map_cursor *cursor, struct kind_entry *entries,
                              size_t capacity)
{
    struct th_map_entry_bytes own[1024];
    capacity = capacity < 1024 ? capacity : 1024;
    th_epoch_enter(NULL);
    size_t count = th_map_bytes_next(map, cursor, own, capacity);
    for (size_t i = 0; i < count && i < capacity; i++) {
        entries[i].id = kind_key_read(own[i].key, own[i].key_bytes);
        entries[i].value = own[i].value;
    }
    th_epoch_leave(NULL);
    return count;
}

KIND_KEYLESS(bytes)

static const struct kind kinds[KIND_COUNT] = {
    KIND_TABLE(u64, UINT64_MAX),
    KIND_TABLE(u32, UINT32_MAX),
    KIND_TABLE(bytes, UINT64_MAX),
};

/* ------------------------------------------------------------------ small helpers of all bodies */

/* Every test of the room ends with this: the map's own invariants, and the sentence if one is
 * broken. */
static inline void kind_validate(const struct kind *kind, void *map)
{
    const char *reason = "no sentence given";
    th_status status = kind->validate(map, &reason);
    if (status != TH_OK) {
        printf("# th_map_%s_validate: %s\n", kind->name, reason);
    }
    CHECK_EQ(status, TH_OK);
}

static inline void kind_finish(const struct kind *kind, void *map)
{
    kind_validate(kind, map);
    kind->destroy(map);
}

static inline void *kind_make(const struct kind *kind, const struct th_map_config *config)
{
    void *map = NULL;
    if (kind->create(config, &map) != TH_OK || map == NULL) {
        printf("# th_map_%s_new failed\n", kind->name);
        abort(); /* No test means anything without a map. */
    }
    return map;
}

#endif
