/* SPDX-License-Identifier: MIT
 * test_slab.c - records by reference: sizes, content, growth, memory, refusals.
 */
#include "mem/slab.h"

#include "mem/ledger.h"
#include "port/port.h"

/* What a record of the test holds: bytes that follow from its number. */
static void record_fill(void *record, size_t size, uint64_t number)
{
    unsigned char *bytes = record;
    for (size_t i = 0; i < size; i++) {
        bytes[i] = (unsigned char)(number * 31 + i);
    }
}

static bool record_holds(const void *record, size_t size, uint64_t number)
{
    const unsigned char *bytes = record;
    for (size_t i = 0; i < size; i++) {
        if (bytes[i] != (unsigned char)(number * 31 + i)) {
            return false;
        }
    }
    return true;
}

TEST(slab_class_every_size_fits_with_little_waste)
{
    /* Goal: classes cover every size, rise, and waste at most an eighth beyond 256 bytes. Method:
     * all sizes. */
    unsigned last = 0;
    for (size_t size = 1; size <= THI_SLAB_RECORD_BYTES_MAX; size++) {
        unsigned class_index = thi_slab_class(size);
        size_t bytes = thi_slab_record_bytes(size);
        CHECK(class_index == last || class_index == last + 1);
        CHECK(class_index < TH_SLAB_CLASSES);
        CHECK(bytes >= size);
        CHECK_EQ(bytes % THI_SLAB_UNIT_BYTES, 0);
        CHECK_EQ(thi_slab_class(bytes), class_index);
        CHECK(size > 256 ? (bytes - size) * 8 <= size : bytes - size < 16);
        last = class_index;
    }
    CHECK_EQ(last, TH_SLAB_CLASSES - 1);
}

TEST(slab_empty_is_small_and_grows_with_its_records)
{
    /* Goal: under 200 bytes empty, little more than the records need. Method: a ledger counts what
     * the slab asked for, records of 48 bytes. */
    static const struct {
        uint64_t records;
        uint64_t bytes_max;
    } steps[] = {{0, 200}, {1, 2200}, {10, 2200}, {40, 4096}, {300, 28000}, {3000, 230000}};
    struct ledger ledger;
    struct th_allocator mem = ledger_allocator(&ledger);
    struct thi_slab *slab = NULL;
    REQUIRE(thi_slab_new(&mem, false, &slab) == TH_OK);
    uint64_t records = 0;
    uint64_t mapped = 0;
    uint64_t used = 0;
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        for (; records < steps[i].records; records++) {
            CHECK(thi_slab_take(slab, 48) != 0);
        }
        thi_slab_get_stats(slab, &mapped, &used);
        printf("# %" PRIu64 " records of 48 bytes: %" PRIu64 " bytes\n", records, mapped);
        CHECK_EQ(mapped, ledger.open_bytes);
        CHECK_EQ(used, records * 48);
        CHECK(mapped <= steps[i].bytes_max);
    }
    thi_slab_free(slab);
    CHECK_EQ(ledger.open_blocks, 0);
    CHECK_EQ(ledger.mistakes, 0);
    thi_slab_free(NULL);
}

#define MODEL_RECORDS 4096u

struct model {
    struct thi_slab *slab;
    uint64_t references[MODEL_RECORDS];
    size_t sizes[MODEL_RECORDS];
    uint64_t numbers[MODEL_RECORDS];
    void *addresses[MODEL_RECORDS];
    uint64_t bytes_used;
};

static size_t size_random(uint64_t *state)
{
    uint64_t kind = test_random(state) % 64;
    size_t limit = kind == 0 ? THI_SLAB_RECORD_BYTES_MAX : kind < 8 ? 2000 : 120;
    return 1 + (size_t)(test_random(state) % limit);
}

static void model_step(struct model *model, uint64_t *state)
{
    unsigned at = (unsigned)(test_random(state) % MODEL_RECORDS);
    uint64_t reference = model->references[at];
    if (reference != 0) {
        void *record = thi_slab_at(model->slab, reference);
        CHECK(record == model->addresses[at]);
        CHECK(record_holds(record, model->sizes[at], model->numbers[at]));
        thi_slab_drop(model->slab, reference, model->sizes[at]);
        model->bytes_used -= thi_slab_record_bytes(model->sizes[at]);
        model->references[at] = 0;
        return;
    }
    size_t size = size_random(state);
    reference = thi_slab_take(model->slab, size);
    CHECK(reference != 0);
    CHECK(reference >> THI_SLAB_REFERENCE_BITS == 0);
    void *record = thi_slab_at(model->slab, reference);
    CHECK_EQ((uintptr_t)record % 16, 0);
    model->references[at] = reference;
    model->sizes[at] = size;
    model->numbers[at] = test_random(state);
    model->addresses[at] = record;
    model->bytes_used += thi_slab_record_bytes(size);
    record_fill(record, size, model->numbers[at]);
}

TEST(slab_random_takes_and_drops_keep_every_record)
{
    /* Goal: no record is given twice, moved or written by the slab. Method: against a plain table
     * of what was taken; content checked at each drop; statistics at the end. */
    struct ledger ledger;
    struct th_allocator mem = ledger_allocator(&ledger);
    static struct model model;
    memset(&model, 0, sizeof(model));
    REQUIRE(thi_slab_new(&mem, false, &model.slab) == TH_OK);
    uint64_t state = test_seed;
    for (uint64_t i = test_scaled(200000); i > 0; i--) {
        model_step(&model, &state);
    }
    uint64_t mapped = 0;
    uint64_t used = 0;
    thi_slab_get_stats(model.slab, &mapped, &used);
    CHECK_EQ(used, model.bytes_used);
    CHECK_EQ(mapped, ledger.open_bytes);
    thi_slab_free(model.slab);
    CHECK_EQ(ledger.open_blocks, 0);
    CHECK_EQ(ledger.mistakes, 0);
}

TEST(slab_dropped_room_is_taken_again)
{
    /* Goal: churn at constant size asks for nothing more. Method: fill, then drop and take many
     * times over; mapped bytes stay. */
    struct th_allocator mem;
    struct thi_slab *slab = NULL;
    REQUIRE(thi_mem_init(&mem, NULL) == TH_OK);
    REQUIRE(thi_slab_new(&mem, false, &slab) == TH_OK);
    static uint64_t references[10000];
    for (unsigned i = 0; i < 10000; i++) {
        references[i] = thi_slab_take(slab, 16 + i % 7 * 16);
    }
    uint64_t before = 0;
    uint64_t after = 0;
    uint64_t used = 0;
    thi_slab_get_stats(slab, &before, &used);
    for (unsigned round = 0; round < 20; round++) {
        for (unsigned i = round % 3; i < 10000; i += 3) {
            thi_slab_drop(slab, references[i], 16 + i % 7 * 16);
        }
        for (unsigned i = round % 3; i < 10000; i += 3) {
            references[i] = thi_slab_take(slab, 16 + i % 7 * 16);
            CHECK(references[i] != 0);
        }
    }
    thi_slab_get_stats(slab, &after, &used);
    CHECK_EQ(after, before);
    thi_slab_free(slab);
}

TEST(slab_large_spans_many_slots_and_levels)
{
    /* Goal: addresses stay right when regions span slots and the directory has several levels.
     * Method: 300 MiB of records of 64 KiB, one word written at both ends of each, all read back;
     * untouched pages cost nothing. */
    struct th_allocator mem;
    struct thi_slab *slab = NULL;
    REQUIRE(thi_mem_init(&mem, NULL) == TH_OK);
    REQUIRE(thi_slab_new(&mem, false, &slab) == TH_OK);
    enum { COUNT = 4800, BYTES = 65536 };
    static uint64_t references[COUNT];
    uint64_t slot_max = 0;
    for (unsigned i = 0; i < COUNT; i++) {
        references[i] = thi_slab_take(slab, BYTES);
        REQUIRE(references[i] != 0);
        char *record = thi_slab_at(slab, references[i]);
        memcpy(record, &i, sizeof(i));
        memcpy(record + BYTES - sizeof(i), &i, sizeof(i));
        uint64_t slot = references[i] >> TH_SLAB_SLOT_SHIFT;
        slot_max = slot > slot_max ? slot : slot_max;
    }
    CHECK(slot_max >= 256); /* level 4 */
    for (unsigned i = 0; i < COUNT; i++) {
        const char *record = thi_slab_at(slab, references[i]);
        CHECK(memcmp(record, &i, sizeof(i)) == 0);
        CHECK(memcmp(record + BYTES - sizeof(i), &i, sizeof(i)) == 0);
        thi_slab_drop(slab, references[i], BYTES);
    }
    uint64_t mapped = 0;
    uint64_t used = 1;
    thi_slab_get_stats(slab, &mapped, &used);
    CHECK_EQ(used, 0);
    CHECK(mapped < (uint64_t)COUNT * BYTES * 3 / 2);
    thi_slab_free(slab);
}

/* Takes records of all kinds until one is refused or all are there; true if all are. */
static bool scenario_take(struct thi_slab *slab, uint64_t *references, unsigned count)
{
    bool all = true;
    for (unsigned i = 0; i < count; i++) {
        references[i] = thi_slab_take(slab, i % 50 == 49 ? 60000 : 1 + i % 300);
        all = all && references[i] != 0;
        if (references[i] != 0) {
            record_fill(thi_slab_at(slab, references[i]), 1 + i % 300, i);
        }
    }
    return all;
}

TEST(slab_refused_memory_changes_nothing)
{
    /* Goal: each refusal is answered with 0 or TH_ENOMEM, and everything taken before stays whole.
     * Method: the n-th request refused, once and from there on, n = 1, 2, ... until nothing is. */
    enum { COUNT = 400 };
    struct ledger ledger;
    struct th_allocator mem = ledger_allocator(&ledger);
    static uint64_t references[COUNT];
    for (unsigned sticky = 0; sticky < 2; sticky++) {
        bool refused = true;
        for (uint64_t nth = 1; refused; nth++) {
            struct thi_slab *slab = NULL;
            thi_mem_fault_set(nth, sticky == 1);
            th_status status = thi_slab_new(&mem, false, &slab);
            bool all = status == TH_OK && scenario_take(slab, references, COUNT);
            refused = thi_mem_fault_refused() != 0;
            thi_mem_fault_set(0, false);
            CHECK(refused || all);
            CHECK(status == TH_OK || (status == TH_ENOMEM && slab == NULL));
            for (unsigned i = 0; status == TH_OK && i < COUNT; i++) {
                size_t size = 1 + i % 300;
                if (references[i] != 0) {
                    CHECK(record_holds(thi_slab_at(slab, references[i]), size, i));
                    thi_slab_drop(slab, references[i], i % 50 == 49 ? 60000 : size);
                }
            }
            thi_slab_free(slab);
            CHECK_EQ(ledger.open_blocks, 0);
        }
    }
    CHECK_EQ(ledger.mistakes, 0);
}

TEST(slab_no_memory_for_large_regions_still_serves_records)
{
    /* Goal: when the geometric step is refused, room for the one record is asked for. Method: an
     * allocator that refuses more than 3 KiB; records come until the test stops asking. */
    struct ledger ledger;
    struct th_allocator mem = ledger_allocator(&ledger);
    ledger.bytes_max = 3000;
    struct thi_slab *slab = NULL;
    REQUIRE(thi_slab_new(&mem, false, &slab) == TH_OK);
    uint64_t references[60];
    for (unsigned i = 0; i < 60; i++) {
        references[i] = thi_slab_take(slab, 1500);
        REQUIRE(references[i] != 0);
        record_fill(thi_slab_at(slab, references[i]), 1500, i);
    }
    for (unsigned i = 0; i < 60; i++) {
        CHECK(record_holds(thi_slab_at(slab, references[i]), 1500, i));
        thi_slab_drop(slab, references[i], 1500);
    }
    CHECK_EQ(thi_slab_take(slab, 4000), 0);
    CHECK(thi_slab_take(slab, 1500) != 0);
    thi_slab_free(slab);
    CHECK_EQ(ledger.open_blocks, 0);
    CHECK_EQ(ledger.mistakes, 0);
}

TEST_MAIN()
