/* SPDX-License-Identifier: MIT
 * map_bytes.c - th_map_bytes: keys are records in a slab, cells refer to them.
 *
 * Guarantees   those of map_core.h. A record is retired once, after its cell was cleared.
 * Progress     as stated in map_core.h; every operation stands in a guard of the map's epoch domain
 *              while it reads a record.
 * Layout       key word of a cell: 20 bits of tag from the hash, LIVE and FREE in the place of two,
 *              4 bits 0, 40 bits of record reference. record: hash (8 B), size (4 B), key. A hit
 *              reads two lines: the cell's and the record's.
 */
#include "map/map_bytes.h"

/* A record for the key: its cell's key word, or EMPTY without memory. */
static uint64_t record_new(struct thi_map *map, const struct key *key)
{
    uint64_t reference = thi_slab_take(map->slab, TH_RECORD_HEADER_BYTES + key->size);
    if (reference == 0) {
        return TH_KEY_EMPTY;
    }
    struct record *record = thi_slab_at(map->slab, reference);
    th_u64_init(&record->hash, key->hash);
    record->key_bytes = (uint32_t)key->size;
    memcpy(record->key, key->bytes, key->size);
    return key->word | reference << TH_KEY_REFERENCE_SHIFT;
}

/* Takes back a record that was never shown. */
static void record_discard(struct thi_map *map, uint64_t key_word, const struct key *key)
{
    uint64_t reference =
        (key_word >> TH_KEY_REFERENCE_SHIFT) & (((uint64_t)1 << THI_SLAB_REFERENCE_BITS) - 1);
    thi_slab_drop(map->slab, reference, TH_RECORD_HEADER_BYTES + key->size);
}

th_status th_map_bytes_new(const struct th_map_config *config, struct th_map_bytes **map)
{
    struct thi_map *base = NULL;
    th_status status = thi_map_new(config, true, &base);
    if (status == TH_OK) {
        *map = (struct th_map_bytes *)base;
    }
    return status;
}

void th_map_bytes_free(struct th_map_bytes *map)
{
    thi_map_free((struct thi_map *)map);
}

/* Insert-only. TH_OK, TH_EXISTS, TH_ENOMEM. */
static th_status bytes_insert_key(struct thi_map *map, const struct key *key, uint64_t value,
                                  uint64_t *present)
{
    uint64_t key_word = record_new(map, key);
    if (key_word == TH_KEY_EMPTY) {
        return TH_ENOMEM;
    }
    th_status status = core_insert(map, &bytes_kind, key, key_word, value, present);
    if (status != TH_OK) {
        record_discard(map, key_word, key);
    }
    return status;
}

static th_status bytes_put_key(struct thi_map *map, const struct key *key, uint64_t value,
                               uint64_t *old)
{
    for (;;) {
        if (core_replace(map, &bytes_kind, key, value, old) == TH_OK) {
            return TH_EXISTS;
        }
        uint64_t present;
        th_status status = bytes_insert_key(map, key, value, &present);
        if (status != TH_EXISTS) {
            return status;
        }
        /* Somebody inserted it between our two looks: now it is an update. */
    }
}

th_status th_map_bytes_put(struct th_map_bytes *map, const void *key, size_t key_bytes,
                           uint64_t value, uint64_t *old)
{
    if (key_bytes > TH_MAP_BYTES_KEY_MAX) {
        return TH_EINVAL;
    }
    struct key wanted = bytes_key(&map->base, key, key_bytes);
    bytes_enter(map);
    th_status status = bytes_put_key(&map->base, &wanted, value, old);
    bytes_leave(map);
    return status;
}

th_status th_map_bytes_put_many(struct th_map_bytes *map, const struct th_bytes *keys,
                                const uint64_t *values, size_t count, size_t *done)
{
    struct key wanted[TH_MAP_BATCH];
    th_status status = TH_OK;
    size_t put = 0;
    bytes_enter(map);
    while (put < count && status >= 0) {
        size_t first = put;
        size_t end = count - put < TH_MAP_BATCH ? count : put + TH_MAP_BATCH;
        for (size_t i = first; i < end; i++) {
            size_t size = keys[i].size > TH_MAP_BYTES_KEY_MAX ? 0 : keys[i].size;
            wanted[i - first] = bytes_key(&map->base, keys[i].bytes, size);
            look_prefetch(&map->base, wanted[i - first].hash);
        }
        while (put < end && status >= 0) {
            bool fits = keys[put].size <= TH_MAP_BYTES_KEY_MAX;
            status = fits ? bytes_put_key(&map->base, &wanted[put - first], values[put], NULL)
                          : TH_EINVAL;
            put += status >= 0;
        }
    }
    bytes_leave(map);
    if (done != NULL) {
        *done = put;
    }
    return status < 0 ? status : TH_OK;
}

th_status th_map_bytes_insert(struct th_map_bytes *map, const void *key, size_t key_bytes,
                              uint64_t value, uint64_t *present)
{
    if (key_bytes > TH_MAP_BYTES_KEY_MAX) {
        return TH_EINVAL;
    }
    struct key wanted = bytes_key(&map->base, key, key_bytes);
    uint64_t seen;
    th_status status = TH_EXISTS;
    bytes_enter(map);
    if (!thi_bytes_look(&map->base, &wanted, &seen)) {
        status = bytes_insert_key(&map->base, &wanted, value, &seen);
    }
    bytes_leave(map);
    if (status == TH_EXISTS && present != NULL) {
        *present = seen;
    }
    return status;
}

th_status th_map_bytes_replace(struct th_map_bytes *map, const void *key, size_t key_bytes,
                               uint64_t value, uint64_t *old)
{
    if (key_bytes > TH_MAP_BYTES_KEY_MAX) {
        return TH_EINVAL;
    }
    struct key wanted = bytes_key(&map->base, key, key_bytes);
    bytes_enter(map);
    th_status status = core_replace(&map->base, &bytes_kind, &wanted, value, old);
    bytes_leave(map);
    return status;
}

th_status th_map_bytes_compare_exchange(struct th_map_bytes *map, const void *key, size_t key_bytes,
                                        uint64_t *expected, uint64_t desired)
{
    if (key_bytes > TH_MAP_BYTES_KEY_MAX) {
        return TH_EINVAL;
    }
    struct key wanted = bytes_key(&map->base, key, key_bytes);
    bytes_enter(map);
    th_status status = core_compare_exchange(&map->base, &bytes_kind, &wanted, expected, desired);
    bytes_leave(map);
    return status;
}

th_status th_map_bytes_fetch_add(struct th_map_bytes *map, const void *key, size_t key_bytes,
                                 uint64_t delta, uint64_t *old)
{
    if (key_bytes > TH_MAP_BYTES_KEY_MAX) {
        return TH_EINVAL;
    }
    struct key wanted = bytes_key(&map->base, key, key_bytes);
    bytes_enter(map);
    th_status status = core_fetch_add(&map->base, &bytes_kind, &wanted, delta, old);
    bytes_leave(map);
    return status;
}

static th_status bytes_erase_key(struct th_map_bytes *map, const void *key, size_t key_bytes,
                                 const uint64_t *expected, uint64_t *value)
{
    if (key_bytes > TH_MAP_BYTES_KEY_MAX) {
        return TH_EINVAL;
    }
    struct key wanted = bytes_key(&map->base, key, key_bytes);
    bytes_enter(map);
    th_status status = core_erase(&map->base, &bytes_kind, &wanted, expected, value);
    bytes_leave(map);
    return status;
}

th_status th_map_bytes_erase(struct th_map_bytes *map, const void *key, size_t key_bytes,
                             uint64_t *old)
{
    return bytes_erase_key(map, key, key_bytes, NULL, old);
}

th_status th_map_bytes_erase_if(struct th_map_bytes *map, const void *key, size_t key_bytes,
                                uint64_t expected, uint64_t *found)
{
    uint64_t seen;
    th_status status = bytes_erase_key(map, key, key_bytes, &expected, &seen);
    if (status == TH_MISMATCH && found != NULL) {
        *found = seen;
    }
    return status;
}

th_status th_map_bytes_reserve(struct th_map_bytes *map, uint64_t entries)
{
    bytes_enter(map);
    th_status status = thi_map_reserve(&map->base, entries);
    bytes_leave(map);
    return status;
}

th_status th_map_bytes_shrink(struct th_map_bytes *map, uint64_t merges_max)
{
    bytes_enter(map);
    th_status status = thi_map_shrink(&map->base, merges_max);
    bytes_leave(map);
    return status;
}

void th_map_bytes_clear(struct th_map_bytes *map)
{
    bytes_enter(map);
    thi_map_clear(&map->base);
    bytes_leave(map);
}

uint64_t th_map_bytes_count(const struct th_map_bytes *map)
{
    return thi_map_count(&map->base);
}

size_t th_map_bytes_next(const struct th_map_bytes *map, struct th_map_cursor *cursor,
                         struct th_map_entry_bytes *entries, size_t capacity)
{
    struct walk_entry room[TH_MAP_GROUP_CELLS];
    size_t most = capacity < TH_MAP_GROUP_CELLS ? capacity : TH_MAP_GROUP_CELLS;
    size_t count = thi_map_next(&map->base, cursor, room, most);
    for (size_t i = 0; i < count; i++) {
        const struct record *record = record_at(&map->base, room[i].key_word);
        entries[i].key = record->key;
        entries[i].key_bytes = record->key_bytes;
        entries[i].value = room[i].value;
    }
    return count;
}

void th_map_bytes_get_stats(const struct th_map_bytes *map, struct th_map_stats *stats)
{
    bytes_enter(map);
    thi_map_get_stats(&map->base, stats);
    bytes_leave(map);
}

th_status th_map_bytes_validate(const struct th_map_bytes *map, const char **reason)
{
    bytes_enter(map);
    th_status status = thi_map_validate(&map->base, reason);
    bytes_leave(map);
    return status;
}
