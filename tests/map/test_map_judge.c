/* SPDX-License-Identifier: MIT
 * test_map_judge.c - the judge of histories: accepts what a map may do, rejects six seeded
 * histories it may not.
 */
#include "map/history_judge.h"
#include "test.h"

static struct judge room;

static const struct judge_state absent = {0, false};

static struct judge_state present(uint64_t value)
{
    return (struct judge_state){value, true};
}

/* A call of `thread` from stamp `invoked` to stamp `returned`; the other fields are set by the
 * tests by name. */
#define CALL(thread_, invoked_, returned_, ...)                                          \
    (struct judge_call)                                                                  \
    {                                                                                    \
        .thread = (thread_), .invoked = (invoked_), .returned = (returned_), __VA_ARGS__ \
    }

/* Goal: sequential histories of every operation and answer are accepted. Method: one thread, one
 * key, all transitions. */
TEST(map_judge_accepts_a_sequential_history)
{
    const struct judge_call calls[] = {
        CALL(0, 1, 2, .operation = JUDGE_GET, .status = 0),
        CALL(0, 3, 4, .operation = JUDGE_PUT, .argument = 5, .status = TH_OK),
        CALL(0, 5, 6, .operation = JUDGE_PUT, .argument = 6, .status = TH_EXISTS, .out = 5),
        CALL(0, 7, 8, .operation = JUDGE_INSERT, .argument = 9, .status = TH_EXISTS, .out = 6),
        CALL(0, 9, 10, .operation = JUDGE_REPLACE, .argument = 7, .status = TH_OK, .out = 6),
        CALL(0, 11, 12, .operation = JUDGE_EXCHANGE, .expected = 6, .argument = 8,
             .status = TH_MISMATCH, .out = 7),
        CALL(0, 13, 14, .operation = JUDGE_EXCHANGE, .expected = 7, .argument = 8, .status = TH_OK),
        CALL(0, 15, 16, .operation = JUDGE_ADD, .argument = 2, .status = TH_OK, .out = 8),
        CALL(0, 17, 18, .operation = JUDGE_ERASE_IF, .expected = 9, .status = TH_MISMATCH,
             .out = 10),
        CALL(0, 19, 20, .operation = JUDGE_ERASE, .status = TH_OK, .out = 10),
        CALL(0, 21, 22, .operation = JUDGE_ERASE, .status = TH_ABSENT),
        CALL(0, 23, 24, .operation = JUDGE_REPLACE, .argument = 1, .status = TH_ABSENT),
        CALL(0, 25, 26, .operation = JUDGE_ADD, .argument = 1, .status = TH_ABSENT),
        CALL(0, 27, 28, .operation = JUDGE_EXCHANGE, .status = TH_ABSENT),
        CALL(0, 29, 30, .operation = JUDGE_INSERT, .argument = 3, .status = TH_OK),
        CALL(0, 31, 32, .operation = JUDGE_GET, .status = 1, .out = 3),
    };
    CHECK(judge_history(&room, calls, 16, absent, present(3)));
    CHECK(!judge_history(&room, calls, 16, absent, present(4)));
    CHECK(!judge_history(&room, calls, 16, present(1), present(3)));
}

/* Goal: overlapping calls may take either order. Method: a put and a get that overlap, both
 * outcomes. */
TEST(map_judge_accepts_both_orders_of_overlapping_calls)
{
    for (int32_t seen = 0; seen < 2; seen++) {
        const struct judge_call calls[] = {
            CALL(0, 1, 4, .operation = JUDGE_PUT, .argument = 5, .status = TH_OK),
            CALL(1, 2, 3, .operation = JUDGE_GET, .status = seen, .out = 5),
        };
        CHECK(judge_history(&room, calls, 2, absent, present(5)));
    }
}

/* Goal: a large history in which everything overlaps is judged quickly. Method: adds of four
 * threads, outs in some order. */
TEST(map_judge_handles_full_overlap)
{
    struct judge_call calls[12];
    for (uint32_t i = 0; i < 12; i++) {
        calls[i] = CALL(i % 4, 0, UINT64_MAX, .operation = JUDGE_ADD, .argument = 1, .out = i);
    }
    CHECK(judge_history(&room, calls, 12, present(0), present(12)));
    calls[11].out = 10; /* two adds saw the same value */
    CHECK(!judge_history(&room, calls, 12, present(0), present(12)));
}

/* Goal: seeded bad history 1, a lost update. Method: two adds that do not overlap read the same
 * value. */
TEST(map_judge_rejects_a_lost_update)
{
    const struct judge_call calls[] = {
        CALL(0, 1, 2, .operation = JUDGE_ADD, .argument = 1, .status = TH_OK, .out = 7),
        CALL(1, 1, 2, .operation = JUDGE_ADD, .argument = 1, .status = TH_OK, .out = 7),
    };
    CHECK(!judge_history(&room, calls, 2, present(7), present(8)));
}

/* Goal: seeded bad history 2, a stale read. Method: a get that begins after a put ended sees the
 * value before. */
TEST(map_judge_rejects_a_stale_read)
{
    const struct judge_call calls[] = {
        CALL(0, 1, 2, .operation = JUDGE_PUT, .argument = 5, .status = TH_EXISTS, .out = 4),
        CALL(1, 3, 4, .operation = JUDGE_GET, .status = 1, .out = 4),
    };
    CHECK(!judge_history(&room, calls, 2, present(4), present(5)));
}

/* Goal: seeded bad history 3, a false miss. Method: a key that nobody erases is not found once. */
TEST(map_judge_rejects_a_false_miss)
{
    const struct judge_call calls[] = {
        CALL(0, 1, 9, .operation = JUDGE_PUT, .argument = 5, .status = TH_EXISTS, .out = 4),
        CALL(1, 2, 8, .operation = JUDGE_GET, .status = 0),
    };
    CHECK(!judge_history(&room, calls, 2, present(4), present(5)));
}

/* Goal: seeded bad history 4, a duplicate. Method: two overlapping inserts of an absent key both
 * succeed. */
TEST(map_judge_rejects_a_double_insert)
{
    const struct judge_call calls[] = {
        CALL(0, 1, 9, .operation = JUDGE_INSERT, .argument = 5, .status = TH_OK),
        CALL(1, 2, 8, .operation = JUDGE_INSERT, .argument = 6, .status = TH_OK),
    };
    CHECK(!judge_history(&room, calls, 2, absent, present(5)));
    CHECK(!judge_history(&room, calls, 2, absent, present(6)));
}

/* Goal: seeded bad history 5, a resurrected key. Method: an erase that ended, no writer behind it,
 * and a get that finds. */
TEST(map_judge_rejects_a_resurrection)
{
    const struct judge_call calls[] = {
        CALL(0, 1, 2, .operation = JUDGE_PUT, .argument = 5, .status = TH_OK),
        CALL(1, 3, 4, .operation = JUDGE_ERASE, .status = TH_OK, .out = 5),
        CALL(2, 5, 6, .operation = JUDGE_GET, .status = 1, .out = 5),
    };
    CHECK(!judge_history(&room, calls, 3, absent, absent));
}

/* Goal: seeded bad history 6, going back in time. Method: everything overlaps, but one thread reads
 * the new value, then the old one. */
TEST(map_judge_rejects_a_thread_that_reads_backwards)
{
    const struct judge_call calls[] = {
        CALL(0, 0, UINT64_MAX, .operation = JUDGE_PUT, .argument = 5, .status = TH_EXISTS,
             .out = 4),
        CALL(1, 0, UINT64_MAX, .operation = JUDGE_GET, .status = 1, .out = 5),
        CALL(1, 0, UINT64_MAX, .operation = JUDGE_GET, .status = 1, .out = 4),
    };
    CHECK(!judge_history(&room, calls, 3, present(4), present(5)));
    CHECK(judge_history(&room, calls, 2, present(4), present(5)));
}

TEST_MAIN()
