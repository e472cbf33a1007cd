/* SPDX-License-Identifier: MIT
 * unit_body.h - what each public function of the maps promises, checked alone; the same for all
 * three kinds of key.
 */
#ifndef TOPHASH_TESTS_MAP_UNIT_BODY_H
#define TOPHASH_TESTS_MAP_UNIT_BODY_H

#include "map/counting.h"
#include "map/kinds.h"

enum { UNIT_UNTOUCHED = 4711, UNIT_SIZE_MAX = 5000 };

/* A value that differs for every id and is never UNIT_UNTOUCHED for the small ids used here. */
static inline uint64_t unit_value(uint64_t id)
{
    return (id + 3) * 0x9e3779b97f4a7c15u;
}

/* Goal: every function on an empty map says so and touches no out parameter. Method: call all of
 * them once. */
static inline void unit_empty_map(const struct kind *kind)
{
    void *map = kind_make(kind, NULL);
    uint64_t value = UNIT_UNTOUCHED;
    CHECK(!kind->get(map, 7, &value));
    CHECK(!kind->get(map, 7, NULL));
    CHECK_EQ(kind->replace(map, 7, 1, &value), TH_ABSENT);
    CHECK_EQ(kind->replace(map, 7, 1, NULL), TH_ABSENT);
    CHECK_EQ(kind->compare_exchange(map, 7, &value, 9), TH_ABSENT);
    CHECK_EQ(kind->fetch_add(map, 7, 1, &value), TH_ABSENT);
    CHECK_EQ(kind->fetch_add(map, 7, 1, NULL), TH_ABSENT);
    CHECK_EQ(kind->erase(map, 7, &value), TH_ABSENT);
    CHECK_EQ(kind->erase(map, 7, NULL), TH_ABSENT);
    CHECK_EQ(kind->erase_if(map, 7, 1, &value), TH_ABSENT);
    CHECK_EQ(kind->erase_if(map, 7, 1, NULL), TH_ABSENT);
    CHECK_EQ(value, UNIT_UNTOUCHED);
    uint64_t ids[3] = {7, 8, 9};
    uint64_t values[3] = {UNIT_UNTOUCHED, UNIT_UNTOUCHED, UNIT_UNTOUCHED};
    bool found[3] = {true, true, true};
    CHECK_EQ(kind->get_many(map, ids, 3, values, found), 0);
    for (size_t i = 0; i < 3; i++) {
        CHECK(!found[i]);
        CHECK_EQ(values[i], UNIT_UNTOUCHED);
    }
    struct th_map_cursor cursor = {0, 0};
    struct kind_entry entry;
    CHECK_EQ(kind->next(map, &cursor, &entry, 1), 0);
    CHECK(cursor.done != 0);
    CHECK_EQ(kind->next(map, &cursor, &entry, 1), 0);
    kind->clear(map);
    CHECK_EQ(kind->shrink(map, 0), TH_OK);
    CHECK_EQ(kind->count(map), 0);
    kind_finish(kind, map);
    kind->destroy(NULL);
}

/* Goal: the status and the out parameter of every writer, present and absent. Method: one key, all
 * transitions. */
static inline void unit_statuses(const struct kind *kind)
{
    void *map = kind_make(kind, NULL);
    uint64_t out = UNIT_UNTOUCHED;
    CHECK_EQ(kind->put(map, 5, 10, &out), TH_OK);
    CHECK_EQ(out, UNIT_UNTOUCHED);
    CHECK_EQ(kind->put(map, 5, 11, &out), TH_EXISTS);
    CHECK_EQ(out, 10);
    CHECK_EQ(kind->put(map, 5, 12, NULL), TH_EXISTS);
    CHECK_EQ(kind->insert(map, 5, 99, &out), TH_EXISTS);
    CHECK_EQ(out, 12);
    CHECK_EQ(kind->insert(map, 5, 99, NULL), TH_EXISTS);
    CHECK_EQ(kind->replace(map, 5, 13, &out), TH_OK);
    CHECK_EQ(out, 12);
    CHECK_EQ(kind->replace(map, 5, 14, NULL), TH_OK);
    uint64_t expected = 13;
    CHECK_EQ(kind->compare_exchange(map, 5, &expected, 15), TH_MISMATCH);
    CHECK_EQ(expected, 14);
    CHECK_EQ(kind->compare_exchange(map, 5, &expected, 15), TH_OK);
    CHECK_EQ(expected, 14);
    CHECK_EQ(kind->fetch_add(map, 5, UINT64_MAX, &out), TH_OK);
    CHECK_EQ(out, 15);
    CHECK_EQ(kind->fetch_add(map, 5, 0, NULL), TH_OK);
    CHECK(kind->get(map, 5, &out));
    CHECK_EQ(out, 14);
    CHECK(kind->get(map, 5, NULL));
    CHECK_EQ(kind->erase_if(map, 5, 13, &out), TH_MISMATCH);
    CHECK_EQ(out, 14);
    CHECK_EQ(kind->erase_if(map, 5, 13, NULL), TH_MISMATCH);
    CHECK_EQ(kind->count(map), 1);
    CHECK_EQ(kind->erase_if(map, 5, 14, &out), TH_OK);
    CHECK(!kind->get(map, 5, &out));
    out = UNIT_UNTOUCHED;
    CHECK_EQ(kind->insert(map, 5, 20, &out), TH_OK);
    CHECK_EQ(out, UNIT_UNTOUCHED);
    CHECK_EQ(kind->erase(map, 5, &out), TH_OK);
    CHECK_EQ(out, 20);
    CHECK_EQ(kind->erase(map, 5, &out), TH_ABSENT);
    CHECK_EQ(kind->insert(map, 5, 21, NULL), TH_OK);
    CHECK_EQ(kind->erase(map, 5, NULL), TH_OK);
    CHECK_EQ(kind->count(map), 0);
    kind_finish(kind, map);
}

/* Goal: no key and no value is reserved. Method: edge keys (0, all ones, single bits, their
 * neighbours) with edge values, all in the map at once, each read back after each change. */
static inline void unit_full_domain(const struct kind *kind)
{
    void *map = kind_make(kind, NULL);
    uint64_t ids[256];
    size_t count = 0;
    ids[count++] = 0;
    for (unsigned bit = 0; bit < 64 && (UINT64_C(1) << bit) <= kind->id_max; bit++) {
        ids[count++] = UINT64_C(1) << bit;
        ids[count++] = kind->id_max - (UINT64_C(1) << bit);
    }
    ids[count++] = kind->id_max;
    for (unsigned bit = 0; bit <= 64; bit++) {
        uint64_t value = bit == 64 ? 0 : UINT64_MAX << bit;
        for (size_t i = 0; i < count; i++) {
            uint64_t old = 0;
            CHECK_EQ(kind->put(map, ids[i], value ^ i, &old), bit == 0 ? TH_OK : TH_EXISTS);
            CHECK(bit == 0 || old == ((UINT64_MAX << (bit - 1)) ^ i));
        }
        for (size_t i = 0; i < count; i++) {
            uint64_t seen = 0;
            CHECK(kind->get(map, ids[i], &seen));
            CHECK_EQ(seen, value ^ i);
        }
    }
    CHECK_EQ(kind->count(map), count);
    for (size_t i = 0; i < count; i++) {
        CHECK_EQ(kind->erase(map, ids[i], NULL), TH_OK);
        CHECK(!kind->get(map, ids[i], NULL));
        CHECK_EQ(kind->count(map), count - 1 - i);
    }
    kind_finish(kind, map);
}

/* All of ids [0, size) are there with their values, and the 50 behind are not. */
static inline void unit_check_range(const struct kind *kind, void *map, uint64_t size)
{
    uint64_t ids[KIND_BATCH_MAX], values[KIND_BATCH_MAX];
    bool found[KIND_BATCH_MAX];
    for (uint64_t first = 0; first < size + 50; first += KIND_BATCH_MAX) {
        uint64_t left = size + 50 - first;
        size_t count = left < KIND_BATCH_MAX ? (size_t)left : KIND_BATCH_MAX;
        for (size_t i = 0; i < count; i++) {
            ids[i] = first + i;
        }
        kind->get_many(map, ids, count, values, found);
        for (size_t i = 0; i < count; i++) {
            CHECK(found[i] == (ids[i] < size));
            CHECK(!found[i] || values[i] == unit_value(ids[i]));
        }
    }
    CHECK_EQ(kind->count(map), size);
}

/* Goal: growth and shrink lose and invent nothing at any size. Method: one by one up to
 * UNIT_SIZE_MAX and back down, shrink called on the way; the newest key at each size, everything
 * and the invariants at many. */
static inline void unit_all_sizes(const struct kind *kind)
{
    void *map = kind_make(kind, NULL);
    for (uint64_t size = 0; size < UNIT_SIZE_MAX; size++) {
        CHECK_EQ(kind->put(map, size, unit_value(size), NULL), TH_OK);
        CHECK(kind->get(map, size, NULL));
        CHECK(kind->get(map, size / 2, NULL));
        CHECK(!kind->get(map, size + 1, NULL));
        CHECK_EQ(kind->count(map), size + 1);
        if (size < 64 || size % 61 == 0) {
            unit_check_range(kind, map, size + 1);
            kind_validate(kind, map);
        }
    }
    struct th_map_stats full, empty;
    kind->get_stats(map, &full);
    for (uint64_t size = UNIT_SIZE_MAX; size-- > 0;) {
        uint64_t old = 0;
        CHECK_EQ(kind->erase(map, size, &old), TH_OK);
        CHECK_EQ(old, unit_value(size));
        CHECK(!kind->get(map, size, NULL));
        if (size % 7 == 0) {
            th_status status = kind->shrink(map, size % 3);
            CHECK(status == TH_OK || (status == TH_MORE && size % 3 != 0));
        }
        if (size < 64 || size % 61 == 0) {
            unit_check_range(kind, map, size);
            kind_validate(kind, map);
        }
    }
    CHECK_EQ(kind->shrink(map, 0), TH_OK);
    kind->get_stats(map, &empty);
    CHECK_EQ(empty.entries, 0);
    CHECK(empty.merges_total > 0);
    CHECK(empty.cells < full.cells);
    kind_finish(kind, map);
}

/* Goal: after reserve no group splits before about that many entries. Method: reserve by call and
 * by config, fill to three quarters, compare the counters. */
static inline void unit_reserve(const struct kind *kind)
{
    struct th_map_config config = {.reserve = 20000};
    for (unsigned round = 0; round < 2; round++) {
        void *map = kind_make(kind, round == 0 ? &config : NULL);
        CHECK_EQ(kind->reserve(map, 20000), TH_OK);
        CHECK_EQ(kind->reserve(map, 10), TH_OK); /* never smaller */
        struct th_map_stats before, after;
        kind->get_stats(map, &before);
        CHECK(before.cells >= 20000);
        for (uint64_t id = 0; id < 15000; id++) {
            CHECK_EQ(kind->put(map, id, unit_value(id), NULL), TH_OK);
        }
        kind->get_stats(map, &after);
        CHECK_EQ(after.splits_total, before.splits_total);
        CHECK_EQ(after.upgrades_total, before.upgrades_total);
        unit_check_range(kind, map, 15000);
        kind_finish(kind, map);
    }
}

/* Goal: a reserve beyond all memory is refused and harms nothing. Method: an allocator that refuses
 * above 8 MiB. */
static inline void unit_reserve_too_much(const struct kind *kind)
{
    struct counting counting;
    counting_start(&counting, 8u << 20);
    struct th_map_config config = {.allocator = &counting.allocator};
    void *map = kind_make(kind, &config);
    for (uint64_t id = 0; id < 300; id++) {
        CHECK_EQ(kind->put(map, id, unit_value(id), NULL), TH_OK);
    }
    static const uint64_t sizes[] = {UINT64_C(1) << 24, UINT64_C(1) << 40, UINT64_C(1) << 60,
                                     UINT64_MAX / 16, UINT64_MAX};
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        CHECK_EQ(kind->reserve(map, sizes[i]), TH_ENOMEM);
        unit_check_range(kind, map, 300);
        kind_validate(kind, map);
    }
    kind_finish(kind, map);
    counting_finish(&counting);
}

/* Goal: clear empties, and the map serves on. Method: fill, clear, look, fill again, three times.
 */
static inline void unit_clear(const struct kind *kind)
{
    void *map = kind_make(kind, NULL);
    for (unsigned round = 0; round < 3; round++) {
        for (uint64_t id = 0; id < 3000; id++) {
            CHECK_EQ(kind->insert(map, id, unit_value(id), NULL), TH_OK);
        }
        unit_check_range(kind, map, 3000);
        kind->clear(map);
        CHECK_EQ(kind->count(map), 0);
        unit_check_range(kind, map, 0);
        struct th_map_cursor cursor = {0, 0};
        struct kind_entry entries[16];
        CHECK_EQ(kind->next(map, &cursor, entries, 16), 0);
        kind_validate(kind, map);
    }
    kind_finish(kind, map);
}

/* One whole walk of ids [0, size) with room for `capacity`; at `resize_at` calls the map changes
 * size under the walk. */
static inline void unit_walk(const struct kind *kind, void *map, uint64_t size, size_t capacity,
                             int resize)
{
    static struct kind_entry entries[1000];
    uint8_t *seen = calloc((size_t)size, 1);
    REQUIRE(seen != NULL);
    struct th_map_cursor cursor = {0, 0};
    uint64_t calls = 0, given = 0;
    for (;;) {
        size_t count = kind->next(map, &cursor, entries, capacity);
        REQUIRE(count <= capacity);
        if (count == 0) {
            break;
        }
        for (size_t i = 0; i < count; i++) {
            REQUIRE(entries[i].id < size || resize != 0);
            CHECK_EQ(entries[i].value, unit_value(entries[i].id));
            given += entries[i].id < size;
            if (entries[i].id < size) {
                seen[entries[i].id]++;
            }
        }
        calls++;
        for (uint64_t i = 0; resize == 1 && calls < 40 && i < size / 16; i++) {
            uint64_t id = size + calls * 100000 + i;
            CHECK_EQ(kind->put(map, id, unit_value(id), NULL), TH_OK);
        }
        if (resize == -1) {
            CHECK(kind->shrink(map, 1) >= 0);
        }
    }
    CHECK(cursor.done != 0);
    CHECK_EQ(given, size);
    for (uint64_t id = 0; id < size; id++) {
        CHECK_EQ(seen[id], 1);
    }
    free(seen);
}

/* Goal: a walk gives each entry exactly once, also when the map grows or shrinks under it. Method:
 * capacities 1, 3, 256 and 1000 at several sizes, at rest, with puts of others between the calls,
 * and with shrink between the calls. */
static inline void unit_walks(const struct kind *kind)
{
    static const size_t capacities[] = {1, 3, 256, 1000};
    static const uint64_t sizes[] = {1, 2, 5, 17, 100, 700, 4000};
    for (size_t s = 0; s < sizeof(sizes) / sizeof(sizes[0]); s++) {
        for (size_t c = 0; c < sizeof(capacities) / sizeof(capacities[0]); c++) {
            void *map = kind_make(kind, NULL);
            for (uint64_t id = 0; id < sizes[s]; id++) {
                CHECK_EQ(kind->put(map, id, unit_value(id), NULL), TH_OK);
            }
            unit_walk(kind, map, sizes[s], capacities[c], 0);
            unit_walk(kind, map, sizes[s], capacities[c], 1);
            for (uint64_t call = 1; call < 40; call++) {
                for (uint64_t i = 0; i < sizes[s] / 16; i++) {
                    th_status status = kind->erase(map, sizes[s] + call * 100000 + i, NULL);
                    CHECK(status == TH_OK || status == TH_ABSENT);
                }
            }
            unit_walk(kind, map, sizes[s], capacities[c], -1);
            unit_check_range(kind, map, sizes[s]);
            kind_finish(kind, map);
        }
    }
}

/* Goal: a batch equals single operations in order. Method: sizes around the inner batch, duplicates
 * inside a batch (the last one stands), absent keys between present ones. */
static inline void unit_batches(const struct kind *kind)
{
    static const size_t sizes[] = {0, 1, 2, 31, 32, 33, 64, 100, 511, 512};
    uint64_t ids[KIND_BATCH_MAX], values[KIND_BATCH_MAX];
    bool found[KIND_BATCH_MAX];
    void *map = kind_make(kind, NULL);
    for (size_t s = 0; s < sizeof(sizes) / sizeof(sizes[0]); s++) {
        size_t count = sizes[s], done = UNIT_UNTOUCHED;
        for (size_t i = 0; i < count; i++) {
            ids[i] = i / 2 * 2; /* each twice */
            values[i] = s * 1000 + i;
        }
        CHECK_EQ(kind->put_many(map, ids, values, count, &done), TH_OK);
        CHECK_EQ(done, count);
        CHECK_EQ(kind->put_many(map, ids, values, count, NULL), TH_OK);
        for (size_t i = 0; i < count; i++) {
            ids[i] = i; /* every second one is absent */
            values[i] = UNIT_UNTOUCHED;
        }
        CHECK_EQ(kind->get_many(map, ids, count, values, found), (count + 1) / 2);
        for (size_t i = 0; i < count; i++) {
            uint64_t last = s * 1000 + (i + 1 < count ? i + 1 : i);
            CHECK(found[i] == (i % 2 == 0));
            CHECK_EQ(values[i], found[i] ? last : UNIT_UNTOUCHED);
        }
        kind->clear(map);
    }
    for (uint64_t first = 0; first < 20 * KIND_BATCH_MAX; first += KIND_BATCH_MAX) {
        for (size_t i = 0; i < KIND_BATCH_MAX; i++) {
            ids[i] = first + i;
            values[i] = unit_value(first + i);
        }
        CHECK_EQ(kind->put_many(map, ids, values, KIND_BATCH_MAX, NULL), TH_OK);
        unit_check_range(kind, map, first + KIND_BATCH_MAX);
    }
    kind_finish(kind, map);
}

/* Goal: new judges its config, and a fixed seed fixes the order of a walk. Method: bad configs; two
 * maps of one seed. */
static inline void unit_config(const struct kind *kind)
{
    void *map = NULL;
    struct th_allocator half = {0};
    half.alloc = counting_alloc;
    struct th_map_config bad = {.allocator = &half};
    CHECK_EQ(kind->create(&bad, &map), TH_EINVAL);
    CHECK(map == NULL);
    bad = (struct th_map_config){.flags = 1u << 31};
    CHECK_EQ(kind->create(&bad, &map), TH_EINVAL);
    CHECK(map == NULL);

    struct th_map_config fixed = {.flags = TH_MAP_FIXED_SEED, .seed = 42};
    void *twins[2] = {kind_make(kind, &fixed), kind_make(kind, &fixed)};
    for (uint64_t id = 0; id < 1000; id++) {
        CHECK_EQ(kind->put(twins[0], id, unit_value(id), NULL), TH_OK);
        CHECK_EQ(kind->put(twins[1], id, unit_value(id), NULL), TH_OK);
    }
    struct th_map_cursor cursors[2] = {{0, 0}, {0, 0}};
    struct kind_entry entries[2];
    for (uint64_t i = 0; i < 1000; i++) {
        CHECK_EQ(kind->next(twins[0], &cursors[0], &entries[0], 1), 1);
        CHECK_EQ(kind->next(twins[1], &cursors[1], &entries[1], 1), 1);
        CHECK_EQ(entries[0].id, entries[1].id);
    }
    kind_finish(kind, twins[0]);
    kind_finish(kind, twins[1]);

    struct th_map_config huge = {.flags = TH_MAP_HUGE_PAGES};
    map = kind_make(kind, &huge);
    for (uint64_t id = 0; id < 3000; id++) {
        CHECK_EQ(kind->put(map, id, unit_value(id), NULL), TH_OK);
    }
    unit_check_range(kind, map, 3000);
    kind_finish(kind, map);
}

/* Goal: stats agree with what was done, and memory is given back. Method: fixed fills; an allocator
 * that counts. */
static inline void unit_stats(const struct kind *kind)
{
    struct counting counting;
    counting_start(&counting, 0);
    struct th_map_config config = {.allocator = &counting.allocator};
    void *map = kind_make(kind, &config);
    printf("# %s: empty map: %" PRIu64 " bytes\n", kind->name, counting.bytes);
    CHECK(counting.bytes < 1024);
    struct th_map_stats stats;
    for (uint64_t size = 0; size < 4000; size++) {
        if (size < 100 || size % 250 == 0) {
            kind->get_stats(map, &stats);
            CHECK_EQ(stats.entries, size);
            CHECK(stats.cells >= stats.entries);
            CHECK(stats.displaced <= stats.entries);
            CHECK(stats.borrowed <= stats.entries);
            CHECK(stats.depth_min <= stats.depth_max);
            CHECK(stats.groups >= 1);
            CHECK(stats.table_bytes_used <= stats.table_bytes);
            CHECK(stats.record_bytes_used <= stats.record_bytes);
        }
        if (size == 10 || size == 40 || size == 300 || size == 3000) {
            printf("# %s: %" PRIu64 " entries: %" PRIu64 " bytes\n", kind->name, size,
                   counting.bytes);
        }
        CHECK_EQ(kind->put(map, size, unit_value(size), NULL), TH_OK);
    }
    kind->get_stats(map, &stats);
    CHECK(stats.splits_total > 0);
    CHECK(strcmp(kind->name, "bytes") == 0 || stats.record_bytes == 0);
    kind_finish(kind, map);
    CHECK_EQ(th_epoch_drain(NULL, UINT64_C(10000000000)), TH_OK);
    counting_finish(&counting);
}

#endif
