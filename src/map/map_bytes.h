/* SPDX-License-Identifier: MIT
 * map_bytes.h - what the files of the bytes kind share: keys as hash and tag, the guard.
 *
 * Progress     as stated in map_core.h.
 */
#ifndef TOPHASH_MAP_MAP_BYTES_H
#define TOPHASH_MAP_MAP_BYTES_H

#include "map/map_ops.h"

/* The tag of a key word: the top bits of the hash, which choose neither group nor line, at the
 * places that reference and marks leave. */
#define TAG_HASH_SHIFT (64u - TH_KEY_TAG_BITS)

struct th_map_bytes {
    struct thi_map base;
};

static const struct key_kind bytes_kind = {.bytes = true};

/* The key word of any key of that hash, without a reference. */
TH_INLINE uint64_t bytes_tag(uint64_t hash)
{
    return hash >> TAG_HASH_SHIFT | TH_KEY_MARKS;
}

TH_INLINE struct key bytes_key_of_hash(uint64_t hash, const void *bytes, size_t size)
{
    return (struct key){
        .hash = hash, .word = bytes_tag(hash), .bytes = size == 0 ? "" : bytes, .size = size};
}

TH_INLINE struct key bytes_key(const struct thi_map *map, const void *bytes, size_t size)
{
    return bytes_key_of_hash(hash_turned(thi_hash_bytes(&map->seed, bytes, size)), bytes, size);
}

/* The guard of one operation. The domain is the map's, which the caller may not change. */
TH_INLINE void bytes_enter(const struct th_map_bytes *map)
{
    thi_epoch_enter_inline(map->base.epoch);
}
TH_INLINE void bytes_leave(const struct th_map_bytes *map)
{
    thi_epoch_leave_inline(map->base.epoch);
}

/* map_bytes_get.c: a get within a guard. */
bool thi_bytes_look(const struct thi_map *map, const struct key *key, uint64_t *value);

#endif
