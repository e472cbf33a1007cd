/* SPDX-License-Identifier: MIT
 * tbb.cc - oneTBB's concurrent_hash_map. Accessors hold a lock on the element.
 */
#include "peer.h"

#include <new>

#include <oneapi/tbb/concurrent_hash_map.h>
#include <oneapi/tbb/version.h>

namespace
{
struct hash_compare {
    std::size_t hash(const uint64_t &key) const
    {
        return bench_hash(key);
    }
    bool equal(const uint64_t &left, const uint64_t &right) const
    {
        return left == right;
    }
};

using table = oneapi::tbb::concurrent_hash_map<uint64_t, uint64_t, hash_compare>;

struct peer_map {
    table map;
};

inline bool peer_get(peer_map *map, uint64_t key, uint64_t *value)
{
    table::const_accessor element;
    if (!map->map.find(element, key)) {
        return false;
    }
    *value = element->second;
    return true;
}

inline bool peer_update(peer_map *map, uint64_t key, uint64_t value)
{
    table::accessor element;
    if (!map->map.find(element, key)) {
        return false;
    }
    element->second = value;
    return true;
}

inline bool peer_insert(peer_map *map, uint64_t key, uint64_t value)
{
    return map->map.insert(table::value_type(key, value));
}

inline bool peer_erase(peer_map *map, uint64_t key)
{
    return map->map.erase(key);
}

inline void peer_enter(peer_map *)
{
}

inline void peer_leave(peer_map *)
{
}

inline void peer_quiesce(peer_map *)
{
}

#include "loops.h"

void *tbb_make(const struct bench_setup *)
{
    return new (std::nothrow) peer_map;
}

void tbb_discard(void *map)
{
    delete static_cast<peer_map *>(map);
}

void tbb_settle(void *)
{
}

uint64_t tbb_bytes(void *)
{
    return 0;
}
} // namespace

extern "C" const struct bench_peer bench_peer_tbb = {
    .name = "tbb",
    .title = "oneTBB concurrent_hash_map",
    .version = TBB_VERSION_STRING,
    .is_limit = false,
    .has_get_many = false,
    .one_writer = false,
    .only_if_named = false,
    .make = tbb_make,
    .discard = tbb_discard,
    .enter = loop_enter,
    .leave = loop_leave,
    .settle = tbb_settle,
    .bytes = tbb_bytes,
    .describe = nullptr,
    .slice = {loop_get, loop_get, loop_miss, nullptr, loop_95_5, loop_50_50, loop_churn,
              loop_hot, nullptr, nullptr},
    .grow = loop_grow,
    .insert = loop_insert,
    .verify = loop_verify,
};
