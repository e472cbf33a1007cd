/* SPDX-License-Identifier: MIT
 * tbb_bytes.cc - oneTBB's concurrent_hash_map with keys of bytes: std::string inside, looked up by
 * std::string_view.
 */
#include "peers/bytes.h"

#include <new>
#include <string>
#include <string_view>

#include <oneapi/tbb/concurrent_hash_map.h>
#include <oneapi/tbb/version.h>

namespace
{
struct hash_compare {
    using is_transparent = void;
    std::size_t hash(std::string_view key) const
    {
        return bench_bytes_hash(key.data(), key.size());
    }
    bool equal(std::string_view left, std::string_view right) const
    {
        return left == right;
    }
};

using table = oneapi::tbb::concurrent_hash_map<std::string, uint64_t, hash_compare>;

struct peer_map {
    table map;
};

inline std::string_view view_of(const bench_bytes *key)
{
    return std::string_view(reinterpret_cast<const char *>(key->bytes), key->size);
}

inline bool text_get(peer_map *map, const bench_bytes *key, uint64_t *value)
{
    table::const_accessor element;
    if (!map->map.find(element, view_of(key))) {
        return false;
    }
    *value = element->second;
    return true;
}

inline bool text_update(peer_map *map, const bench_bytes *key, uint64_t value)
{
    table::accessor element;
    if (!map->map.find(element, view_of(key))) {
        return false;
    }
    element->second = value;
    return true;
}

inline bool text_insert(peer_map *map, const bench_bytes *key, uint64_t value)
{
    return map->map.insert(table::value_type(std::string(view_of(key)), value));
}

inline bool text_erase(peer_map *map, const bench_bytes *key)
{
    return map->map.erase(view_of(key));
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

#include "loops_bytes.h"

void *tbb_bytes_make(const struct bench_setup *)
{
    return new (std::nothrow) peer_map;
}

void tbb_bytes_discard(void *map)
{
    delete static_cast<peer_map *>(map);
}

void tbb_bytes_settle(void *)
{
}

uint64_t tbb_bytes_bytes(void *)
{
    return 0;
}
} // namespace

extern "C" const struct bench_peer bench_peer_tbb_bytes = {
    .name = "tbb-bytes",
    .title = "oneTBB concurrent_hash_map of std::string",
    .version = TBB_VERSION_STRING,
    .is_limit = false,
    .has_get_many = false,
    .one_writer = false,
    .only_if_named = true,
    .make = tbb_bytes_make,
    .discard = tbb_bytes_discard,
    .enter = loop_enter,
    .leave = loop_leave,
    .settle = tbb_bytes_settle,
    .bytes = tbb_bytes_bytes,
    .describe = nullptr,
    .slice = {text_loop_get, text_loop_get, text_loop_miss, nullptr, text_loop_95_5,
              text_loop_50_50, text_loop_churn, loop_hot, nullptr, nullptr},
    .grow = loop_grow,
    .insert = loop_insert,
    .verify = loop_verify,
};
