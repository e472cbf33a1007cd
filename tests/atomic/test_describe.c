/* SPDX-License-Identifier: MIT
 * test_describe.c - what the library says it uses for its atomic operations: every operation once;
 * test_describe.sh holds what this program prints against the machine code of probes.c.
 */
#include <tophash/atomic.h>

#include "probes.h"
#include "test.h"

/* "compare_exchange_acquire_relaxed_64": the probe's name. */
static void name_make(const struct th_atomic_use *use, char *name, size_t size)
{
    char bits[16] = "";
    if (use->bits != 0) {
        snprintf(bits, sizeof bits, "_%u", (unsigned)use->bits);
    }
    snprintf(name, size, "%s_%s%s", use->operation, use->order, bits);
    char *comma = strstr(name, ", ");
    if (comma != NULL) {
        *comma = '_';
        memmove(comma + 1, comma + 2, strlen(comma + 2) + 1);
    }
}

/* Goal: the table has a row for each operation that atomic.h offers, and ends. Method: read it to
 * the end; printed with the names of the probes. */
TEST(describe_has_a_row_for_every_operation)
{
    struct th_atomic_use use = {.target = NULL};
    size_t count = 0;
    for (; th_atomic_describe(count, &use) == TH_OK; count++) {
        char name[64];
        name_make(&use, name, sizeof name);
        CHECK(use.instructions[0] != '\0');
        CHECK(strcmp(use.instructions, "unknown") != 0);
        printf("# uses %s: %s\n", name, use.instructions);
        if (use.workaround[0] != '\0') {
            printf("#   %s\n", use.workaround);
        }
    }
    CHECK_EQ(count, 2 * 16 + 3);
    CHECK_EQ(th_atomic_describe(count, &use), TH_ABSENT);
    CHECK_EQ(th_atomic_describe(SIZE_MAX, &use), TH_ABSENT);
    CHECK_EQ(th_atomic_describe(0, NULL), TH_EINVAL);
    printf("# target: %s\n", use.target);
}

/* Goal: the probes do what their names say, so that what is disassembled is the operation. Method:
 * one of each kind. */
TEST(describe_probes_run)
{
    struct th_au64 word;
    th_u64_init(&word, 5);
    CHECK_EQ(probe_load_acquire_64(&word), 5);
    probe_store_release_64(&word, UINT64_MAX);
    CHECK_EQ(probe_exchange_acq_rel_64(&word, 7), UINT64_MAX);
    CHECK_EQ(probe_add_acq_rel_64(&word, 3), 7);
    uint64_t expected = 10;
    CHECK(probe_compare_exchange_release_relaxed_64(&word, &expected, 11));
    CHECK(!probe_compare_exchange_acq_rel_acquire_64(&word, &expected, 12));
    CHECK_EQ(expected, 11);
    probe_exchange_ignored_64(&word, 12);
    CHECK_EQ(probe_add_zero_64(&word), 12);
    probe_fence_seq_cst();
}

/* Half of what lies in a 64-bit register, where the compiler need not extend it again. */
static __attribute__((noinline)) bool half_replace(struct th_au32 *word, uint64_t pair)
{
    uint32_t expected = (uint32_t)(pair >> 32);
    return th_u32_cas_acq_rlx(word, &expected, 7);
}

/* Goal: a 32-bit compare-exchange compares 32 bits, whatever lies above them in the registers.
 * Method: the expected half, its highest bit set, is cut out of a 64-bit word; gcc 12 for RISC-V
 * says that it stored and did not. */
TEST(describe_half_words_with_the_highest_bit_are_exchanged)
{
    struct th_au32 word;
    th_u32_init(&word, 0x80000001u);
    CHECK(half_replace(&word, UINT64_C(0x8000000100000000)));
    CHECK_EQ(th_u32_load_rlx(&word), 7);
    th_u32_init(&word, 0x80000001u);
    CHECK(!half_replace(&word, UINT64_C(0x8000000200000000)));
    CHECK_EQ(th_u32_load_rlx(&word), 0x80000001u);
}

TEST_MAIN()
