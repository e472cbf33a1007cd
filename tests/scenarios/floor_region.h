/* SPDX-License-Identifier: MIT
 * floor_region.h - regions whose pages are given back or touched, while others use them.
 *
 * Obligation   who reads a zero of a dropped region sees what was written before the drop; a touch
 *              changes nothing.
 */
#ifndef TOPHASH_TESTS_SCENARIOS_FLOOR_REGION_H
#define TOPHASH_TESTS_SCENARIOS_FLOOR_REGION_H

#include "mem/mem.h"
#include "port/port.h"
#include "scenarios/scenario.h"

enum { FLOOR_REGION_BYTES_MAX = 65536 }; /* of a page */

static _Alignas(FLOOR_REGION_BYTES_MAX) struct th_au64
    floor_region_words[FLOOR_REGION_BYTES_MAX / 8];
static struct th_au64 floor_region_gone;

static inline struct th_au64 *floor_region_last(void)
{
    return &floor_region_words[thi_port_page_bytes() / sizeof(struct th_au64) - 1];
}

static inline void floor_region_setup(void)
{
    th_u64_init(&floor_region_gone, 0);
    th_u64_init(&floor_region_words[0], 7);
    th_u64_init(floor_region_last(), 7);
}

/* What a map with a user's memory does: the pages cannot be given to the system. */
static inline void *floor_region_map(void *context, size_t size, size_t alignment)
{
    (void)context;
    (void)size;
    (void)alignment;
    return NULL;
}

static inline void floor_region_drop(void)
{
    struct th_allocator memory = {.map = floor_region_map};
    /* relaxed: what the drop orders. */
    th_u64_store_rlx(&floor_region_gone, 1);
    SCENARIO_CHECK(thi_region_drop(&memory, floor_region_words, thi_port_page_bytes()));
}

static inline void floor_region_look(void)
{
    for (unsigned i = 0; i < 2; i++) {
        uint64_t word = th_u64_load_acq(i == 0 ? &floor_region_words[0] : floor_region_last());
        /* relaxed: after the acquire above. */
        SCENARIO_CHECK(word == 7 || (word == 0 && th_u64_load_rlx(&floor_region_gone) == 1));
    }
}

static inline void floor_region_is_zero(void)
{
    /* relaxed, both: the threads have ended. */
    SCENARIO_CHECK(th_u64_load_rlx(&floor_region_words[0]) == 0);
    SCENARIO_CHECK(th_u64_load_rlx(floor_region_last()) == 0);
}

static inline void floor_region_touch(void)
{
    thi_region_touch(floor_region_words, thi_port_page_bytes());
}

static inline void floor_region_write(void)
{
    /* relaxed: only its value counts. */
    th_u64_store_rlx(&floor_region_words[0], 0);
    th_u64_store_rlx(&floor_region_words[0], 8);
}

static inline void floor_region_is_kept(void)
{
    /* relaxed, both: the threads have ended. */
    SCENARIO_CHECK(th_u64_load_rlx(&floor_region_words[0]) == 8);
    SCENARIO_CHECK(th_u64_load_rlx(floor_region_last()) == 7);
}

static const struct scenario floor_region_table[] = {
    {"region_drop", floor_region_setup, floor_region_drop, floor_region_look, floor_region_is_zero},
    {"region_touch", floor_region_setup, floor_region_touch, floor_region_write,
     floor_region_is_kept},
};
enum { FLOOR_REGION_COUNT = sizeof(floor_region_table) / sizeof(floor_region_table[0]) };

#endif
