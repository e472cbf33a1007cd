/* SPDX-License-Identifier: MIT
 * cuckoo.cc - libcuckoo's cuckoohash_map.
 */
#include "peer.h"

#include <new>

#include <libcuckoo/cuckoohash_map.hh>

namespace
{
struct hasher {
    std::size_t operator()(uint64_t key) const
    {
        return bench_hash(key);
    }
};

using table = libcuckoo::cuckoohash_map<uint64_t, uint64_t, hasher>;

struct peer_map {
    table map;
    explicit peer_map(std::size_t entries) : map(entries) {}
};

inline bool peer_get(peer_map *map, uint64_t key, uint64_t *value)
{
    return map->map.find(key, *value);
}

inline bool peer_update(peer_map *map, uint64_t key, uint64_t value)
{
    return map->map.update(key, value);
}

inline bool peer_insert(peer_map *map, uint64_t key, uint64_t value)
{
    return map->map.insert(key, value);
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

/* Starts with the room of one bucket for each entry of a small program, not with its default of a
 * quarter of a million: it is to show its growth as the others do. */
void *cuckoo_make(const struct bench_setup *)
{
    return new (std::nothrow) peer_map(64);
}

void cuckoo_discard(void *map)
{
    delete static_cast<peer_map *>(map);
}

void cuckoo_settle(void *)
{
}

uint64_t cuckoo_bytes(void *)
{
    return 0;
}
} // namespace

extern "C" const struct bench_peer bench_peer_cuckoo = {
    .name = "libcuckoo",
    .title = "libcuckoo cuckoohash_map",
    .version = "libcuckoo of this system",
    .is_limit = false,
    .has_get_many = false,
    .one_writer = false,
    .only_if_named = false,
    .make = cuckoo_make,
    .discard = cuckoo_discard,
    .enter = loop_enter,
    .leave = loop_leave,
    .settle = cuckoo_settle,
    .bytes = cuckoo_bytes,
    .describe = nullptr,
    .slice = {loop_get, loop_get, loop_miss, nullptr, loop_95_5, loop_50_50, loop_churn,
              loop_hot, nullptr, nullptr},
    .grow = loop_grow,
    .insert = loop_insert,
    .verify = loop_verify,
};
