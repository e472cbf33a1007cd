/* SPDX-License-Identifier: MIT
 * test_line.c - looks at lines of four cells: the right one is found, and a cell that is read whole
 * is of one moment.
 */
#include "atomic/line.h"
#include "port/port.h"
#include "test.h"

#include <pthread.h>

#define MARKS (TH_LINE_MARK | TH_LINE_MARK >> 1)

struct line {
    struct {
        struct th_au64 key;
        struct th_au64 value;
    } cells[4];
} TH_ALIGNED(64);

static void line_fill(struct line *line, const uint64_t *keys)
{
    for (unsigned i = 0; i < 4; i++) {
        th_u64_init(&line->cells[i].key, keys[i]);
        th_u64_init(&line->cells[i].value, 100 + i);
    }
}

/* Goal: a key is found in each of the four places and nowhere else, with its mark and without it.
 * Method: each place, keys that differ from the wanted one in each single bit around it. */
TEST(line_find_tells_keys_that_differ_in_one_bit)
{
    uint64_t wanted = UINT64_C(0x0123456789abcdef) | MARKS;
    for (unsigned bit = 0; bit < 64; bit++) {
        uint64_t other = wanted ^ (uint64_t)1 << bit;
        bool same = other == (wanted & ~TH_LINE_MARK);
        for (unsigned place = 0; place < 4; place++) {
            struct line line;
            uint64_t keys[4] = {other, other, other, other};
            line_fill(&line, keys);
            CHECK_EQ(thi_line_find(&line, wanted, true) != TH_LINE_NONE, same);
            CHECK_EQ(thi_line_find(&line, wanted, false), TH_LINE_NONE);
            keys[place] = wanted;
            line_fill(&line, keys);
            CHECK_EQ(thi_line_find(&line, wanted, false), place * TH_LINE_UNIT);
        }
    }
}

#ifdef TH_LINE_WHOLE

/* Goal: a whole look finds the key in each place, tells all others, and leaves the value alone when
 * it finds nothing. Method: as above; other keys that share the lower half are passed by, which is
 * allowed to cost the find and not to give a wrong value. */
TEST(line_get_tells_keys_that_differ_in_one_bit)
{
    if (!thi_port_has_wide_loads()) {
        SKIP("this processor has no wide loads");
    }
    uint64_t wanted = UINT64_C(0x0123456789abcdef) | MARKS;
    for (unsigned bit = 0; bit < 64; bit++) {
        uint64_t other = wanted ^ (uint64_t)1 << bit;
        for (unsigned place = 0; place < 4; place++) {
            struct line line;
            uint64_t keys[4] = {other, other, other, other};
            uint64_t value = 7;
            line_fill(&line, keys);
            CHECK(!thi_line_get(&line, wanted, &value));
            CHECK(!thi_line_get(&line, wanted, NULL));
            CHECK_EQ(value, 7);
            keys[place] = wanted;
            line_fill(&line, keys);
            bool first = bit < 32 || place == 0;
            bool found = thi_line_get(&line, wanted, &value);
            CHECK_EQ(found, first);
            CHECK_EQ(value, found ? 100 + place : 7);
            CHECK_EQ(thi_line_get(&line, wanted, NULL), found);
            void *likely = NULL;
            CHECK(thi_line_likely(&line, wanted, &likely));
            CHECK(likely == (void *)&line.cells[first ? place : 0]);
            void *vacant = &line;
            CHECK_EQ(thi_line_lacks(&line, wanted, &vacant), false);
            CHECK(vacant == NULL);
            CHECK(thi_line_is_full(&line));
            CHECK_EQ(thi_line_lacks(&line, ~wanted & ~(uint64_t)1, &vacant), true);
            th_u64_init(&line.cells[place].key, wanted & ~TH_LINE_MARK);
            th_u64_init(&line.cells[place ^ 1].key, ~wanted);
            CHECK_EQ(thi_line_lacks(&line, wanted, &vacant), false);
            th_u64_init(&line.cells[place].key, 0);
            (void)thi_line_lacks(&line, wanted, &vacant);
            CHECK(vacant == (void *)&line.cells[place]);
            CHECK(!thi_line_is_full(&line));
        }
    }
}

/* Two tenants take turns in one cell, as the map lets them: out, the other's value, the other's
 * key. A reader that pairs a key with the other's value has seen a cell of two moments. */
struct turns {
    struct line line;
    uint64_t keys[2];
    uint64_t rounds;
    struct th_au32 stop;
    uint64_t seen[2];
    uint64_t wrong;
};

static void *turns_write(void *context)
{
    struct turns *turns = context;
    for (uint64_t round = 0; round < turns->rounds; round++) {
        uint64_t tenant = round & 1;
        /* release: as cell_store_key() and cell_store_value() of the map. */
        th_u64_store_rel(&turns->line.cells[2].key, 0);
        th_u64_store_rel(&turns->line.cells[2].value, round << 1 | tenant);
        th_u64_store_rel(&turns->line.cells[2].key, turns->keys[tenant]);
    }
    th_u32_store_rel(&turns->stop, 1);
    return NULL;
}

static void turns_read(struct turns *turns)
{
    /* acquire: the last value before the end. */
    while (th_u32_load_acq(&turns->stop) == 0) {
        for (unsigned tenant = 0; tenant < 2; tenant++) {
            uint64_t value = 0;
            if (thi_line_get(&turns->line, turns->keys[tenant], &value)) {
                turns->seen[tenant]++;
                turns->wrong += (value & 1) != tenant;
            }
        }
    }
}

/* Goal: key and value are of one moment. Method: millions of changes of tenant beside a reader. */
TEST(line_get_pairs_key_and_value_of_one_moment)
{
    if (!thi_port_has_wide_loads()) {
        SKIP("this processor has no wide loads");
    }
    static struct turns turns;
    turns = (struct turns){.keys = {0x11 | MARKS, 0x22 | MARKS}, .rounds = test_scaled(3000000)};
    pthread_t writer;
    REQUIRE(pthread_create(&writer, NULL, turns_write, &turns) == 0);
    turns_read(&turns);
    CHECK_EQ(pthread_join(writer, NULL), 0);
    printf("# seen %" PRIu64 " and %" PRIu64 " times\n", turns.seen[0], turns.seen[1]);
    CHECK_EQ(turns.wrong, 0);
}

/* Goal: span and base lead to the line that the hash says. Method: by hand. */
TEST(line_at_cuts_the_hash_off)
{
    static char base[8192] TH_ALIGNED(64);
    struct th_au64 span;
    struct th_aptr first;
    th_u64_init(&span, 0x1fc0);
    th_ptr_init(&first, base);
    CHECK(thi_line_at(&span, &first, UINT64_MAX) == base + 0x1fc0);
    CHECK(thi_line_at(&span, &first, 0x2047) == base + 0x40);
    th_u64_init(&span, 0);
    CHECK(thi_line_at(&span, &first, UINT64_MAX) == base);
}

#endif

TEST_MAIN()
