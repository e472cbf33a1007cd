/* SPDX-License-Identifier: MIT
 * cuckoo_bytes.cc - libcuckoo's cuckoohash_map with keys of bytes: std::string inside, looked up by
 * std::string_view.
 */
#include "peers/bytes.h"

#include <new>
#include <string>
#include <string_view>

#include <libcuckoo/cuckoohash_map.hh>

namespace
{
struct hasher {
    std::size_t operator()(std::string_view key) const
    {
        return bench_bytes_hash(key.data(), key.size());
    }
};

struct equal {
    bool operator()(std::string_view left, std::string_view right) const
    {
        return left == right;
    }
};

using table = libcuckoo::cuckoohash_map<std::string, uint64_t, hasher, equal>;

struct peer_map {
    table map;
    explicit peer_map(std::size_t entries) : map(entries)
    {
    }
};

inline std::string_view view_of(const bench_bytes *key)
{
    return std::string_view(reinterpret_cast<const char *>(key->bytes), key->size);
}

inline bool text_get(peer_map *map, const bench_bytes *key, uint64_t *value)
{
    return map->map.find(view_of(key), *value);
}

inline bool text_update(peer_map *map, const bench_bytes *key, uint64_t value)
{
    return map->map.update(view_of(key), value);
}

inline bool text_insert(peer_map *map, const bench_bytes *key, uint64_t value)
{
    return map->map.insert(std::string(view_of(key)), value);
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

/* Sized at once where the number of entries is known: writers read buckets that another writer's
 * doubling has freed, which with strings in them ends the program nearly always. */
void *cuckoo_bytes_make(const struct bench_setup *setup)
{
    return new (std::nothrow) peer_map(setup->entries == 0 ? 64 : setup->entries / 4 * 5);
}

void cuckoo_bytes_discard(void *map)
{
    delete static_cast<peer_map *>(map);
}

void cuckoo_bytes_settle(void *)
{
}

uint64_t cuckoo_bytes_bytes(void *)
{
    return 0;
}
} // namespace

extern "C" const struct bench_peer bench_peer_cuckoo_bytes = {
    .name = "libcuckoo-bytes",
    .title = "libcuckoo cuckoohash_map of std::string",
    .version = "of this system",
    .is_limit = false,
    .has_get_many = false,
    .one_writer = false,
    .only_if_named = true,
    .make = cuckoo_bytes_make,
    .discard = cuckoo_bytes_discard,
    .enter = loop_enter,
    .leave = loop_leave,
    .settle = cuckoo_bytes_settle,
    .bytes = cuckoo_bytes_bytes,
    .describe = nullptr,
    .slice = {text_loop_get, text_loop_get, text_loop_miss, nullptr, text_loop_95_5,
              text_loop_50_50, text_loop_churn, loop_hot, nullptr, nullptr},
    .grow = loop_grow,
    .insert = loop_insert,
    .verify = loop_verify,
};
