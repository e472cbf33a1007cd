/* SPDX-License-Identifier: MIT
 * map.h - th_map_u32, th_map_u64, th_map_bytes: concurrent hash maps that grow in small steps.
 *
 * All operations may be called by any number of threads at once, except new and free. Reads take no
 * lock and write no shared memory. Values are one 64-bit word: a number, or a pointer the caller
 * owns. Every key and every value of the full domain is usable. The numbered guarantees are in
 * docs/guarantees.md.
 *
 * The three kinds have the same operations; th_map_u64 is described, the others differ where said.
 */
#ifndef TOPHASH_MAP_H
#define TOPHASH_MAP_H

#include <tophash/alloc.h>
#include <tophash/base.h>
#include <tophash/epoch.h>

TH_EXTERN_C_BEGIN

struct th_map_u32;
struct th_map_u64;
struct th_map_bytes;

/* Longest key of a th_map_bytes, in bytes. The empty key is a key. */
#define TH_MAP_BYTES_KEY_MAX 65535u

enum {
    /* Ask the system for huge pages for table and records: for maps of many megabytes, as a table,
     * and records beyond some 200 KiB, take whole ones. An allocator of the caller's must give
     * memory aligned to 2 MiB then. */
    TH_MAP_HUGE_PAGES = 1u,
    TH_MAP_FIXED_SEED = 2u /* use config.seed as it is: for tests; no protection by a random seed */
};

/* All fields may be zero. */
struct th_map_config {
    uint32_t flags;
    uint64_t seed;                        /* with TH_MAP_FIXED_SEED */
    uint64_t reserve;                     /* entries to make room for at once */
    const struct th_allocator *allocator; /* NULL: malloc and the system's pages. Copied. */
    struct th_epoch *epoch;               /* NULL: the default domain */
    /* If set, values are pointers to objects that embed a struct th_epoch_node at
     * `drop_node_offset` bytes; a value that was replaced or erased is given to `drop` once nobody
     * can read it any more. A value stored in two places at once, or put again after it was
     * replaced, would be dropped twice: do not. Callers who follow such values stand inside a guard
     * of `epoch`. */
    void (*drop)(void *context, uint64_t value);
    void *drop_context;
    size_t drop_node_offset;
};

/* A position in hash order: walks are resumable, and survive growth and shrink. Zero-filled: the
 * start. */
struct th_map_cursor {
    uint64_t position;
    uint64_t done; /* not 0: the walk is over */
};

struct th_map_entry_u32 {
    uint64_t value;
    uint32_t key;
};
struct th_map_entry_u64 {
    uint64_t key;
    uint64_t value;
};
/* `key` points into the map; valid while the thread stays inside the guard it held when it called
 * next. */
struct th_map_entry_bytes {
    const void *key;
    size_t key_bytes;
    uint64_t value;
};

struct th_map_stats {
    uint64_t entries;
    uint64_t cells;     /* places in the table; entries / cells is the load */
    uint64_t groups;    /* groups in use; 4 in a small map */
    uint64_t depth_min; /* of the groups in use */
    uint64_t depth_max;
    uint64_t displaced;        /* entries that do not stand in their home line */
    uint64_t borrowed;         /* entries that stand in an ancestor of their group */
    uint64_t table_bytes;      /* asked for, most of it address space not yet touched */
    uint64_t table_bytes_used; /* of those, cells of groups in use and their side words */
    uint64_t record_bytes;     /* th_map_bytes: storage of keys, 0 otherwise */
    uint64_t record_bytes_used;
    uint64_t splits_total;
    uint64_t merges_total;
    uint64_t upgrades_total;      /* a small map moved to a bigger block */
    uint64_t growth_enomem_total; /* growth that got no memory and was put off */
    uint64_t split_put_off_total; /* splits not made: the group was held or at full depth */
    uint64_t read_retries_total;  /* reads that had to start again (counted on the slow path) */
    uint64_t cell_waits_total;    /* waits for a held cell */
    uint64_t group_waits_total;   /* waits for a held group */
};

/* ---------------------------------------------------------------- th_map_u64 */

/* A new empty map; under 1 KiB until it holds entries. `config` may be NULL. TH_OK, TH_ENOMEM,
 * TH_EINVAL. */
TH_API TH_MUST_CHECK th_status th_map_u64_new(const struct th_map_config *config,
                                              struct th_map_u64 **map);
/* Frees the map; drops the values still in it (at once: nobody may be reading). NULL is allowed. A
 * few words of a map with bytes keys or a drop callback stay until the epoch has given back what
 * the map retired before: an allocator of the caller's must live until th_epoch_drain() says so. */
TH_API void th_map_u64_free(struct th_map_u64 *map);

/* True and the value, or false and *value untouched. `value` may be NULL. Lock-free; writes nothing
 * shared. */
TH_API bool th_map_u64_get(const struct th_map_u64 *map, uint64_t key, uint64_t *value);

/* Looks up `count` keys in batches with prefetch; values[i] and found[i] belong to keys[i];
 * values[i] is untouched where found[i] is false. Returns the number found. Each lookup is like a
 * get of its own. */
TH_API size_t th_map_u64_get_many(const struct th_map_u64 *map, const uint64_t *keys, size_t count,
                                  uint64_t *values, bool *found);

/* Insert or replace. TH_OK: inserted; TH_EXISTS: replaced, *old (if not NULL) is the value before.
 * TH_ENOMEM: nothing changed. */
TH_API TH_MUST_CHECK th_status th_map_u64_put(struct th_map_u64 *map, uint64_t key, uint64_t value,
                                              uint64_t *old);

/* As `count` puts in order, in batches with prefetch. Stops at the first error; *done (may be NULL)
 * tells how many were put. TH_OK or TH_ENOMEM. */
TH_API TH_MUST_CHECK th_status th_map_u64_put_many(struct th_map_u64 *map, const uint64_t *keys,
                                                   const uint64_t *values, size_t count,
                                                   size_t *done);

/* Insert only if absent. TH_OK, TH_EXISTS (*present, if not NULL, is the value that stands),
 * TH_ENOMEM. This is get-or-insert too. */
TH_API TH_MUST_CHECK th_status th_map_u64_insert(struct th_map_u64 *map, uint64_t key,
                                                 uint64_t value, uint64_t *present);

/* Replace only if present. TH_OK (*old the value before), TH_ABSENT. */
TH_API TH_MUST_CHECK th_status th_map_u64_replace(struct th_map_u64 *map, uint64_t key,
                                                  uint64_t value, uint64_t *old);

/* If the key's value is *expected, makes it `desired`: TH_OK. TH_MISMATCH: *expected is the value
 * found. TH_ABSENT. */
TH_API TH_MUST_CHECK th_status th_map_u64_compare_exchange(struct th_map_u64 *map, uint64_t key,
                                                           uint64_t *expected, uint64_t desired);

/* Adds `delta` (modulo 2^64) to the key's value: TH_OK, *old (may be NULL) the value before.
 * TH_ABSENT. */
TH_API TH_MUST_CHECK th_status th_map_u64_fetch_add(struct th_map_u64 *map, uint64_t key,
                                                    uint64_t delta, uint64_t *old);

/* TH_OK: erased, *old (may be NULL) the value before. TH_ABSENT. */
TH_API TH_MUST_CHECK th_status th_map_u64_erase(struct th_map_u64 *map, uint64_t key,
                                                uint64_t *old);

/* Erases only if the value is `expected`. TH_OK, TH_ABSENT, TH_MISMATCH (*found, may be NULL, the
 * value). */
TH_API TH_MUST_CHECK th_status th_map_u64_erase_if(struct th_map_u64 *map, uint64_t key,
                                                   uint64_t expected, uint64_t *found);

/* Makes room for `entries` in all; the map grows no further before it holds about that many. TH_OK,
 * TH_ENOMEM (room was made as far as memory went). */
TH_API TH_MUST_CHECK th_status th_map_u64_reserve(struct th_map_u64 *map, uint64_t entries);

/* Gives memory back after many erases: merges thin groups in small steps, at most `merges_max` (0:
 * no limit). Holds two groups at a time. TH_OK: nothing left to merge; TH_MORE: the limit was hit.
 */
TH_API TH_MUST_CHECK th_status th_map_u64_shrink(struct th_map_u64 *map, uint64_t merges_max);

/* Erases everything that is there, group by group; what others put meanwhile may stay. */
TH_API void th_map_u64_clear(struct th_map_u64 *map);

/* Entries now; exact when nobody writes. Reads one word a group: not for hot paths. */
TH_API uint64_t th_map_u64_count(const struct th_map_u64 *map);

/* Copies up to `capacity` (at least 1) further entries to `entries` and moves the cursor on; 0: the
 * walk is over. An entry present during the whole walk is given exactly once, whatever grows or
 * shrinks meanwhile; one that was put or erased meanwhile at most once. Values are as of some
 * moment during the call. Fastest with room for 256. Never blocks writers for longer than the copy
 * of one group. */
TH_API size_t th_map_u64_next(const struct th_map_u64 *map, struct th_map_cursor *cursor,
                              struct th_map_entry_u64 *entries, size_t capacity);

/* Walks the whole table. */
TH_API void th_map_u64_get_stats(const struct th_map_u64 *map, struct th_map_stats *stats);

/* Checks every invariant of the map's files. TH_OK or TH_EINVAL with a sentence in *reason (static
 * storage, may be NULL). Only when nobody writes. */
TH_API TH_MUST_CHECK th_status th_map_u64_validate(const struct th_map_u64 *map,
                                                   const char **reason);

/* ---------------------------------------------------------------- th_map_u32 */

TH_API TH_MUST_CHECK th_status th_map_u32_new(const struct th_map_config *config,
                                              struct th_map_u32 **map);
TH_API void th_map_u32_free(struct th_map_u32 *map);
TH_API bool th_map_u32_get(const struct th_map_u32 *map, uint32_t key, uint64_t *value);
TH_API size_t th_map_u32_get_many(const struct th_map_u32 *map, const uint32_t *keys, size_t count,
                                  uint64_t *values, bool *found);
TH_API TH_MUST_CHECK th_status th_map_u32_put(struct th_map_u32 *map, uint32_t key, uint64_t value,
                                              uint64_t *old);
TH_API TH_MUST_CHECK th_status th_map_u32_put_many(struct th_map_u32 *map, const uint32_t *keys,
                                                   const uint64_t *values, size_t count,
                                                   size_t *done);
TH_API TH_MUST_CHECK th_status th_map_u32_insert(struct th_map_u32 *map, uint32_t key,
                                                 uint64_t value, uint64_t *present);
TH_API TH_MUST_CHECK th_status th_map_u32_replace(struct th_map_u32 *map, uint32_t key,
                                                  uint64_t value, uint64_t *old);
TH_API TH_MUST_CHECK th_status th_map_u32_compare_exchange(struct th_map_u32 *map, uint32_t key,
                                                           uint64_t *expected, uint64_t desired);
TH_API TH_MUST_CHECK th_status th_map_u32_fetch_add(struct th_map_u32 *map, uint32_t key,
                                                    uint64_t delta, uint64_t *old);
TH_API TH_MUST_CHECK th_status th_map_u32_erase(struct th_map_u32 *map, uint32_t key,
                                                uint64_t *old);
TH_API TH_MUST_CHECK th_status th_map_u32_erase_if(struct th_map_u32 *map, uint32_t key,
                                                   uint64_t expected, uint64_t *found);
TH_API TH_MUST_CHECK th_status th_map_u32_reserve(struct th_map_u32 *map, uint64_t entries);
TH_API TH_MUST_CHECK th_status th_map_u32_shrink(struct th_map_u32 *map, uint64_t merges_max);
TH_API void th_map_u32_clear(struct th_map_u32 *map);
TH_API uint64_t th_map_u32_count(const struct th_map_u32 *map);
TH_API size_t th_map_u32_next(const struct th_map_u32 *map, struct th_map_cursor *cursor,
                              struct th_map_entry_u32 *entries, size_t capacity);
TH_API void th_map_u32_get_stats(const struct th_map_u32 *map, struct th_map_stats *stats);
TH_API TH_MUST_CHECK th_status th_map_u32_validate(const struct th_map_u32 *map,
                                                   const char **reason);

/* -------------------------------------------------------------- th_map_bytes */

/* A key to look up: `bytes` may be NULL when `size` is 0. */
struct th_bytes {
    const void *bytes;
    size_t size;
};

/* Keys are copied in. A key longer than TH_MAP_BYTES_KEY_MAX is never present: lookups miss,
 * writers return TH_EINVAL. All operations stand inside a guard of the map's epoch domain for their
 * duration. */
TH_API TH_MUST_CHECK th_status th_map_bytes_new(const struct th_map_config *config,
                                                struct th_map_bytes **map);
TH_API void th_map_bytes_free(struct th_map_bytes *map);
TH_API bool th_map_bytes_get(const struct th_map_bytes *map, const void *key, size_t key_bytes,
                             uint64_t *value);
TH_API size_t th_map_bytes_get_many(const struct th_map_bytes *map, const struct th_bytes *keys,
                                    size_t count, uint64_t *values, bool *found);
TH_API TH_MUST_CHECK th_status th_map_bytes_put(struct th_map_bytes *map, const void *key,
                                                size_t key_bytes, uint64_t value, uint64_t *old);
TH_API TH_MUST_CHECK th_status th_map_bytes_put_many(struct th_map_bytes *map,
                                                     const struct th_bytes *keys,
                                                     const uint64_t *values, size_t count,
                                                     size_t *done);
TH_API TH_MUST_CHECK th_status th_map_bytes_insert(struct th_map_bytes *map, const void *key,
                                                   size_t key_bytes, uint64_t value,
                                                   uint64_t *present);
TH_API TH_MUST_CHECK th_status th_map_bytes_replace(struct th_map_bytes *map, const void *key,
                                                    size_t key_bytes, uint64_t value,
                                                    uint64_t *old);
TH_API TH_MUST_CHECK th_status th_map_bytes_compare_exchange(struct th_map_bytes *map,
                                                             const void *key, size_t key_bytes,
                                                             uint64_t *expected, uint64_t desired);
TH_API TH_MUST_CHECK th_status th_map_bytes_fetch_add(struct th_map_bytes *map, const void *key,
                                                      size_t key_bytes, uint64_t delta,
                                                      uint64_t *old);
TH_API TH_MUST_CHECK th_status th_map_bytes_erase(struct th_map_bytes *map, const void *key,
                                                  size_t key_bytes, uint64_t *old);
TH_API TH_MUST_CHECK th_status th_map_bytes_erase_if(struct th_map_bytes *map, const void *key,
                                                     size_t key_bytes, uint64_t expected,
                                                     uint64_t *found);
TH_API TH_MUST_CHECK th_status th_map_bytes_reserve(struct th_map_bytes *map, uint64_t entries);
TH_API TH_MUST_CHECK th_status th_map_bytes_shrink(struct th_map_bytes *map, uint64_t merges_max);
TH_API void th_map_bytes_clear(struct th_map_bytes *map);
TH_API uint64_t th_map_bytes_count(const struct th_map_bytes *map);
/* Must be called inside a guard of the map's domain: the keys point into the map. */
TH_API size_t th_map_bytes_next(const struct th_map_bytes *map, struct th_map_cursor *cursor,
                                struct th_map_entry_bytes *entries, size_t capacity);
TH_API void th_map_bytes_get_stats(const struct th_map_bytes *map, struct th_map_stats *stats);
TH_API TH_MUST_CHECK th_status th_map_bytes_validate(const struct th_map_bytes *map,
                                                     const char **reason);

TH_EXTERN_C_END

#endif
