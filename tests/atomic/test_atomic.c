/* SPDX-License-Identifier: MIT
 * test_atomic.c - each operation does what its name says, alone and between threads.
 */
#include "death.h"

#include <pthread.h>
#include <sched.h>

#include "atomic/atomic.h"

/* Runs every operation of one width on one thread; `top` is a value that needs all bits. */
#define WIDTH_CHECK(name, wrap, type, top)                             \
    do {                                                               \
        struct wrap word;                                              \
        th_##name##_init(&word, 1);                                    \
        CHECK_EQ(th_##name##_load_rlx(&word), 1);                      \
        th_##name##_store_rlx(&word, (top));                           \
        CHECK_EQ(th_##name##_load_acq(&word), (top));                  \
        th_##name##_store_rel(&word, 7);                               \
        CHECK_EQ(th_##name##_exchange_rlx(&word, 8), 7);               \
        CHECK_EQ(th_##name##_exchange_acq(&word, 9), 8);               \
        CHECK_EQ(th_##name##_exchange_rel(&word, 10), 9);              \
        CHECK_EQ(th_##name##_exchange_acqrel(&word, 11), 10);          \
        type expected = 11;                                            \
        CHECK(th_##name##_cas_rlx_rlx(&word, &expected, 13));          \
        CHECK(!th_##name##_cas_acq_rlx(&word, &expected, 14));         \
        CHECK_EQ(expected, 13);                                        \
        CHECK(th_##name##_cas_acq_rlx(&word, &expected, (type)(top))); \
        CHECK(!th_##name##_cas_acq_acq(&word, &expected, 15));         \
        CHECK_EQ(expected, (top));                                     \
        CHECK(th_##name##_cas_acq_acq(&word, &expected, 15));          \
        expected = 15;                                                 \
        CHECK(th_##name##_cas_rel_rlx(&word, &expected, 16));          \
        expected = 16;                                                 \
        CHECK(th_##name##_cas_acqrel_acq(&word, &expected, 17));       \
        expected = 99;                                                 \
        CHECK(!th_##name##_cas_acqrel_acq(&word, &expected, 18));      \
        CHECK_EQ(expected, 17);                                        \
    } while (0)

#define ARITHMETIC_CHECK(name, wrap, order, top)              \
    do {                                                      \
        struct wrap word;                                     \
        th_##name##_init(&word, (top));                       \
        CHECK_EQ(th_##name##_add_##order(&word, 2), (top));   \
        CHECK_EQ(th_##name##_sub_##order(&word, 1), 1);       \
        CHECK_EQ(th_##name##_or_##order(&word, 0x30), 0);     \
        CHECK_EQ(th_##name##_and_##order(&word, 0x21), 0x30); \
        CHECK_EQ(th_##name##_load_rlx(&word), 0x20);          \
    } while (0)

TEST(atomic_words_hold_and_exchange_values)
{
    /* Goal: load, store, exchange and compare-exchange act on the whole word, and a failed
     * compare-exchange tells what it found. Method: each once, on one thread; a byte is
     * only loaded and stored. */
    WIDTH_CHECK(u64, th_au64, uint64_t, UINT64_MAX);
    WIDTH_CHECK(u32, th_au32, uint32_t, UINT32_MAX);
    struct th_au8 byte;
    th_u8_init(&byte, 1);
    CHECK_EQ(th_u8_load_rlx(&byte), 1);
    th_u8_store_rlx(&byte, UINT8_MAX);
    CHECK_EQ(th_u8_load_acq(&byte), UINT8_MAX);
    th_u8_store_rel(&byte, 7);
    CHECK_EQ(th_u8_load_rlx(&byte), 7);
}

TEST(atomic_pointers_hold_and_exchange_values)
{
    /* Goal: the same for pointers. Method: two objects change places. */
    int first = 1, second = 2;
    struct th_aptr word;
    th_ptr_init(&word, &first);
    CHECK(th_ptr_load_acq(&word) == &first);
    th_ptr_store_rel(&word, &second);
    CHECK(th_ptr_exchange_acqrel(&word, &first) == &second);
    void *expected = &second;
    CHECK(!th_ptr_cas_acqrel_acq(&word, &expected, NULL));
    CHECK(expected == &first);
    CHECK(th_ptr_cas_rel_rlx(&word, &expected, NULL));
    CHECK(th_ptr_load_rlx(&word) == NULL);
}

TEST(atomic_arithmetic_gives_the_value_before)
{
    /* Goal: add, sub, or and and return what was there and wrap around. Method: each once, for each
     * order. */
    ARITHMETIC_CHECK(u64, th_au64, rlx, UINT64_MAX);
    ARITHMETIC_CHECK(u64, th_au64, acqrel, UINT64_MAX);
    ARITHMETIC_CHECK(u64, th_au64, rel, UINT64_MAX);
    ARITHMETIC_CHECK(u32, th_au32, rlx, UINT32_MAX);
    ARITHMETIC_CHECK(u32, th_au32, acqrel, UINT32_MAX);
    ARITHMETIC_CHECK(u32, th_au32, rel, UINT32_MAX);
}

enum { THREADS = 4 };

static struct th_au64 counter;
static struct th_au32 lock;
static uint64_t guarded; /* plain: a race detector sees a lock that does not order */

static void *count(void *rounds)
{
    for (uint64_t i = 0; i < *(const uint64_t *)rounds; i++) {
        th_u64_add_rlx(&counter, 1);
        uint32_t unlocked = 0;
        while (!th_u32_cas_acq_rlx(&lock, &unlocked, 1)) {
            unlocked = 0;
            sched_yield();
        }
        guarded++;
        th_u32_store_rel(&lock, 0);
    }
    return NULL;
}

TEST(atomic_threads_lose_no_count)
{
    /* Goal: no addition is lost, and acquire and release make a lock. Method: threads count an
     * atomic and, under a lock made of a compare-exchange and a release store, a plain word. */
    uint64_t rounds = test_scaled(50000);
    th_u64_init(&counter, 0);
    th_u32_init(&lock, 0);
    guarded = 0;
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++) {
        REQUIRE(pthread_create(&threads[i], NULL, count, &rounds) == 0);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
    }
    CHECK_EQ(th_u64_load_rlx(&counter), THREADS * rounds);
    CHECK_EQ(guarded, THREADS * rounds);
}

/* Words as a careless caller places them: one byte beside where they belong. */
static _Alignas(8) char misplaced[32];

static void misplaced_init(void)
{
    th_u64_init((struct th_au64 *)(void *)(misplaced + 1), 0);
}

static void misplaced_load(void)
{
    (void)th_u32_load_rlx((const struct th_au32 *)(const void *)(misplaced + 2));
}

static void misplaced_add(void)
{
    (void)th_u64_add_rlx((struct th_au64 *)(void *)(misplaced + 4), 1);
}

static void placed_add(void)
{
    (void)th_u64_add_rlx((struct th_au64 *)(void *)(misplaced + 8), 1);
}

/* Goal: a word that could be torn is found in debug builds, on targets that would not trap too.
 * Method: words one, two and four bytes off, each used in a child that must not survive it. */
TEST(atomic_misplaced_words_stop_a_debug_build)
{
    DEATH_SKIP_RELEASE();
    CHECK(death_follows(misplaced_init));
    CHECK(death_follows(misplaced_load));
    CHECK(death_follows(misplaced_add));
    CHECK(!death_follows(placed_add));
}

TEST_MAIN()
