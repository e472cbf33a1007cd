/* SPDX-License-Identifier: MIT
 * map_bytes_get.c - gets of th_map_bytes, one and many.
 *
 * Guarantees   those of map_core.h.
 * Progress     lock-free; a get stands in a guard of the map's epoch domain while it reads a
 *              record.
 * Layout       that of map_bytes.c. Where cells may be read whole, a cell that has the key's tag is
 *              read at one moment and then its record: records do not change while a guard stands,
 *              so the value read with a reference to the key's record is the key's value of that
 *              moment (I1), and no version is asked.
 */
#include "map/map_bytes.h"

bool thi_bytes_look(const struct thi_map *map, const struct key *key, uint64_t *value)
{
    uint64_t seen;
    enum quick quick = quick_look(map, &bytes_kind, key, &seen);
    if (TH_LIKELY(quick == QUICK_FOUND)) {
        if (value != NULL) {
            *value = seen;
        }
        return true;
    }
    return TH_UNLIKELY(quick == QUICK_UNKNOWN) && core_look(map, &bytes_kind, key, value);
}

/* A get of a key of any size whose hash is known, on the way that needs nothing of the processor.
 */
static TH_NOINLINE bool bytes_get_slow(const struct th_map_bytes *map, const void *bytes,
                                       size_t size, uint64_t *value, uint64_t hash)
{
    struct key key = bytes_key_of_hash(hash, bytes, size);
    bytes_enter(map);
    bool found = thi_bytes_look(&map->base, &key, value);
    bytes_leave(map);
    return found;
}

static TH_NOINLINE bool bytes_get_any(const struct th_map_bytes *map, const void *bytes,
                                      size_t size, uint64_t *value)
{
    return size <= TH_MAP_BYTES_KEY_MAX &&
           bytes_get_slow(map, bytes, size, value,
                          hash_turned(thi_hash_bytes(&map->base.seed, bytes, size)));
}

#ifdef TH_LINE_WHOLE
/* Keys of 17 to 32 bytes and of 8 to 16 are compared in place, by two words that overlap; the
 * compiler folds the class away. */
enum key_class { KEY_TO_16, KEY_TO_32 };

TH_INLINE uint64_t bytes_hash_of(const struct thi_map *map, const void *bytes, size_t size,
                                 enum key_class class)
{
    return hash_turned(class == KEY_TO_32 ? thi_hash_bytes_to_32(&map->seed, bytes, size)
                                          : thi_hash_bytes_to_16(&map->seed, bytes, size));
}

TH_INLINE bool record_is(const struct record *record, const unsigned char *bytes, size_t size,
                         enum key_class class)
{
    if (TH_UNLIKELY(record->key_bytes != (uint32_t)size)) {
        return false; /* and it may end before what follows would read */
    }
    if (class == KEY_TO_16) {
        return ((thi_word_load(record->key) ^ thi_word_load(bytes)) |
                (thi_word_load(record->key + size - 8) ^ thi_word_load(bytes + size - 8))) == 0;
    }
    return thi_line_same_32(record->key, bytes, size);
}

/* The same of a key of any size. */
TH_INLINE bool record_is_any(const struct record *record, const unsigned char *bytes, size_t size)
{
    return size - 17 < 16
               ? record_is(record, bytes, size, KEY_TO_32)
               : record->key_bytes == (uint32_t)size && memcmp(record->key, bytes, size) == 0;
}

/* A cell of the line whose record is the key's, read whole. Within a guard. */
TH_INLINE bool line_get(const struct thi_map *map, const void *line, const struct key *key,
                        uint64_t *value)
{
    struct thi_pair pair;
    if (!thi_line_get_tagged(line, (uint32_t)key->word, &pair) ||
        !record_is_any(record_at(map, pair.key), key->bytes, key->size)) {
        return false;
    }
    if (value != NULL) {
        *value = pair.value;
    }
    return true;
}

/* True: the key's home line has no cell of its tag, and nothing was displaced from there. No record
 * is read, so no guard stands. */
TH_INLINE bool bytes_absent(const struct thi_map *map, uint64_t hash)
{
    uint64_t hint = hint_load(map);
    if (TH_UNLIKELY((hint & TH_HINT_RUNS) != 0)) {
        return false;
    }
    struct spot spot = spot_near(map, hash, hint);
    uint64_t word = word_load(spot.side);
    if (TH_UNLIKELY(line_was_passed(spot.side, hash))) {
        return false;
    }
    THI_MAP_POINT(THI_MAP_POINT_READ_WORD, map);
    bool lacks = thi_line_misses_tag(spot_line(&spot, hash), (uint32_t)bytes_tag(hash));
    THI_MAP_POINT(THI_MAP_POINT_READ_SCANNED, map);
    return TH_LIKELY(lacks) && spot_is_typical(&spot, word) &&
           word_same(word_recheck(spot.side), word);
}

/* Of a line that is full the next one is looked at, without asking the side word first, which takes
 * as long: entries are displaced from full lines, and mostly to there. */
static TH_NOINLINE bool bytes_get_next(const struct th_map_bytes *map, const void *bytes,
                                       size_t size, uint64_t *value, uint64_t hash)
{
    const struct thi_map *base = &map->base;
    const void *line = thi_line_at(&base->span, &base->whole, hash);
    struct key key = bytes_key_of_hash(hash, bytes, size);
    bytes_enter(map);
    bool found = line_get(base, (const void *)((uintptr_t)line ^ TH_CACHE_LINE_BYTES), &key, value);
    bytes_leave(map);
    return TH_LIKELY(found) ||
           (!bytes_absent(base, hash) && bytes_get_slow(map, bytes, size, value, hash));
}

/* The key is not in the line that the span leads to, or its cell is held. */
static TH_NOINLINE bool bytes_get_other(const struct th_map_bytes *map, const void *bytes,
                                        size_t size, uint64_t *value, uint64_t hash)
{
    const struct thi_map *base = &map->base;
    if (TH_UNLIKELY(thi_line_is_full(thi_line_at(&base->span, &base->whole, hash)))) {
        return bytes_get_next(map, bytes, size, value, hash);
    }
    return !bytes_absent(base, hash) && bytes_get_slow(map, bytes, size, value, hash);
}

/* The cell that the span leads to, read whole, and the record it refers to. Within a guard. */
TH_INLINE bool bytes_get_here(const struct thi_map *map, const struct th_bytes *key, uint64_t hash,
                              uint64_t *value, enum key_class class)
{
    struct thi_pair pair;
    const void *line = thi_line_at(&map->span, &map->whole, hash);
    if (TH_UNLIKELY(!thi_line_get_tagged(line, (uint32_t)(hash >> TAG_HASH_SHIFT), &pair)) ||
        TH_UNLIKELY(!record_is(record_at(map, pair.key), key->bytes, key->size, class))) {
        return false;
    }
    if (value != NULL) {
        *value = pair.value;
    }
    return true;
}

/* The same of a thread that stands in a guard already. */
static TH_NOINLINE bool bytes_get_inside(const struct th_map_bytes *map, const void *bytes,
                                         size_t size, uint64_t *value)
{
    const struct thi_map *base = &map->base;
    const struct th_bytes key = {bytes, size};
    bool found = false;
    uint64_t hash;
    if (size > 16) {
        hash = bytes_hash_of(base, bytes, size, KEY_TO_32);
        found = bytes_get_here(base, &key, hash, value, KEY_TO_32);
    } else {
        hash = bytes_hash_of(base, bytes, size, KEY_TO_16);
        found = bytes_get_here(base, &key, hash, value, KEY_TO_16);
    }
    return TH_LIKELY(found) || bytes_get_other(map, bytes, size, value, hash);
}

/* The same in a guard as others have it: in a domain of the user's, or without a light barrier. */
static TH_NOINLINE bool bytes_get_guarded(const struct th_map_bytes *map, const void *bytes,
                                          size_t size, uint64_t *value)
{
    bytes_enter(map);
    bool found = bytes_get_inside(map, bytes, size, value);
    bytes_leave(map);
    return found;
}

/* All that is rare is left to calls in tail position, so that nothing is saved on the way to a hit.
 */
TH_INLINE bool bytes_get_class(const struct th_map_bytes *map, const void *bytes, size_t size,
                               uint64_t *value, enum key_class class)
{
    uint64_t hash = bytes_hash_of(&map->base, bytes, size, class);
    /* Of sums with the size that the hash needed none is kept in a register for the comparison. */
    __asm__("" : "+r"(size));
    struct th_epoch_handle *guard = thi_epoch_record_light();
    if (TH_UNLIKELY(!map->base.default_domain) || TH_UNLIKELY(guard == NULL) ||
        TH_UNLIKELY(thi_epoch_is_inside(guard))) {
        return bytes_get_guarded(map, bytes, size, value);
    }
    thi_epoch_announce_light(guard);
    const struct th_bytes key = {bytes, size};
    bool found = bytes_get_here(&map->base, &key, hash, value, class);
    thi_epoch_withdraw(guard);
    if (TH_UNLIKELY(!found)) {
        return bytes_get_other(map, bytes, size, value, hash);
    }
    return true;
}

static TH_NOINLINE bool bytes_get_to_16(const struct th_map_bytes *map, const void *bytes,
                                        size_t size, uint64_t *value)
{
    return bytes_get_class(map, bytes, size, value, KEY_TO_16);
}
#endif

bool th_map_bytes_get(const struct th_map_bytes *map, const void *key, size_t key_bytes,
                      uint64_t *value)
{
#ifdef TH_LINE_WHOLE
    /* Two branches, not a difference in a register. */
    size_t size = key_bytes;
    if (TH_LIKELY(size > 16)) {
        __asm__("" : "+r"(size));
        if (TH_LIKELY(size <= 32)) {
            return bytes_get_class(map, key, size, value, KEY_TO_32);
        }
    } else if (size >= 8) {
        return bytes_get_to_16(map, key, size, value);
    }
#endif
    return bytes_get_any(map, key, key_bytes, value);
}

struct bytes_batch {
    const struct th_bytes *keys;
    size_t count; /* at most TH_MAP_BATCH */
    uint64_t *values;
    bool *found;
};

/* A key too long to be there is looked for as an empty one, and not found. */
TH_INLINE struct key batch_key(const struct thi_map *map, const struct th_bytes *key)
{
    size_t size = key->size > TH_MAP_BYTES_KEY_MAX ? 0 : key->size;
#ifdef TH_LINE_WHOLE
    if (TH_LIKELY(size - 17 < 16)) {
        return bytes_key_of_hash(bytes_hash_of(map, key->bytes, size, KEY_TO_32), key->bytes, size);
    }
#endif
    return bytes_key(map, key->bytes, size);
}

TH_INLINE bool batch_look(const struct thi_map *map, const struct bytes_batch *batch, size_t at,
                          const struct key *key)
{
    return batch->keys[at].size <= TH_MAP_BYTES_KEY_MAX &&
           thi_bytes_look(map, key, &batch->values[at]);
}

#ifdef TH_LINE_WHOLE
/* Three stages: ask for all lines; read each cell that has its key's tag whole and ask for its
 * record, of which the end may lie in another line; compare. What is not found so is looked for on
 * its own. Within a guard. */
TH_INLINE size_t bytes_get_batch(const struct thi_map *map, const struct bytes_batch *batch)
{
    struct key wanted[TH_MAP_BATCH];
    const void *lines[TH_MAP_BATCH];
    const struct record *records[TH_MAP_BATCH];
    uint64_t seen[TH_MAP_BATCH];
    for (size_t i = 0; i < batch->count; i++) {
        wanted[i] = batch_key(map, &batch->keys[i]);
        lines[i] = thi_line_at(&map->span, &map->whole, wanted[i].hash);
        __builtin_prefetch(lines[i]);
    }
    for (size_t i = 0; i < batch->count; i++) {
        struct thi_pair pair;
        records[i] = NULL;
        if (TH_LIKELY(thi_line_get_tagged(lines[i], (uint32_t)wanted[i].word, &pair))) {
            records[i] = record_at(map, pair.key);
            seen[i] = pair.value;
            __builtin_prefetch(records[i]);
            __builtin_prefetch(records[i]->key + wanted[i].size - 1);
        } else {
            __builtin_prefetch((const void *)((uintptr_t)lines[i] ^ TH_CACHE_LINE_BYTES));
        }
    }
    size_t hits = 0;
    for (size_t i = 0; i < batch->count; i++) {
        bool here = TH_LIKELY(records[i] != NULL) &&
                    TH_LIKELY(record_is_any(records[i], wanted[i].bytes, wanted[i].size)) &&
                    TH_LIKELY(batch->keys[i].size <= TH_MAP_BYTES_KEY_MAX);
        if (TH_LIKELY(here)) {
            batch->values[i] = seen[i];
        } else {
            here = batch_look(map, batch, i, &wanted[i]);
        }
        batch->found[i] = here;
        hits += here;
    }
    return hits;
}
#else
TH_INLINE size_t bytes_get_batch(const struct thi_map *map, const struct bytes_batch *batch)
{
    struct key wanted[TH_MAP_BATCH];
    size_t hits = 0;
    for (size_t i = 0; i < batch->count; i++) {
        wanted[i] = batch_key(map, &batch->keys[i]);
        look_prefetch(map, wanted[i].hash);
    }
    for (size_t i = 0; i < batch->count; i++) {
        batch->found[i] = batch_look(map, batch, i, &wanted[i]);
        hits += batch->found[i];
    }
    return hits;
}
#endif

size_t th_map_bytes_get_many(const struct th_map_bytes *map, const struct th_bytes *keys,
                             size_t count, uint64_t *values, bool *found)
{
    size_t hits = 0;
    bytes_enter(map);
    for (size_t done = 0; done < count; done += TH_MAP_BATCH) {
        size_t size = count - done < TH_MAP_BATCH ? count - done : TH_MAP_BATCH;
        struct bytes_batch batch = {keys + done, size, values + done, found + done};
        hits += bytes_get_batch(&map->base, &batch);
    }
    bytes_leave(map);
    return hits;
}
