/* SPDX-License-Identifier: MIT
 * test_slab_threads.c - the slab among threads: nobody is given another's record, nobody waits for
 * a thread that stopped inside.
 */
#include "mem/slab.h"

#include <pthread.h>

#include "mem/ledger.h"
#include "port/port.h"

#define THREADS 4
#define BOXES 512

/* Records travel between threads through boxes: dropped by others than who took them. */
struct exchange {
    struct thi_slab *slab;
    struct th_au64 boxes[BOXES]; /* reference << 12 | size; 0: empty */
    uint64_t rounds;
};

struct member {
    struct exchange *exchange;
    uint64_t number;
    uint64_t wrong;
    uint64_t refused;
};

/* First and last word of a record name it: its reference and size. */
static void record_sign(void *record, size_t size, uint64_t box)
{
    unsigned char *bytes = record;
    memcpy(bytes, &box, sizeof(box));
    memcpy(bytes + size - sizeof(box), &box, sizeof(box));
}

static bool record_signed(const void *record, size_t size, uint64_t box)
{
    const unsigned char *bytes = record;
    return memcmp(bytes, &box, sizeof(box)) == 0 &&
           memcmp(bytes + size - sizeof(box), &box, sizeof(box)) == 0;
}

static void box_empty(struct member *member, uint64_t box)
{
    if (box == 0) {
        return;
    }
    size_t size = box & 4095;
    member->wrong += !record_signed(thi_slab_at(member->exchange->slab, box >> 12), size, box);
    thi_slab_drop(member->exchange->slab, box >> 12, size);
}

static void *member_run(void *context)
{
    struct member *member = context;
    struct exchange *exchange = member->exchange;
    uint64_t state = test_seed + member->number;
    for (uint64_t i = exchange->rounds; i > 0; i--) {
        size_t size = 16 + (size_t)(test_random(&state) % (i % 32 == 0 ? 4000 : 150));
        uint64_t reference = thi_slab_take(exchange->slab, size);
        if (reference == 0) {
            member->refused++;
            continue;
        }
        uint64_t box = reference << 12 | size;
        record_sign(thi_slab_at(exchange->slab, reference), size, box);
        struct th_au64 *place = &exchange->boxes[test_random(&state) % BOXES];
        box_empty(member, th_u64_exchange_acqrel(place, box));
    }
    return NULL;
}

static void exchange_run(struct exchange *exchange, struct member *members)
{
    pthread_t threads[THREADS];
    for (unsigned i = 0; i < THREADS; i++) {
        members[i] = (struct member){exchange, i, 0, 0};
        REQUIRE(pthread_create(&threads[i], NULL, member_run, &members[i]) == 0);
    }
    for (unsigned i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        CHECK_EQ(members[i].wrong, 0);
    }
    for (unsigned i = 0; i < BOXES; i++) {
        box_empty(&members[0], th_u64_load_rlx(&exchange->boxes[i]));
        th_u64_store_rlx(&exchange->boxes[i], 0);
    }
    CHECK_EQ(members[0].wrong, 0);
}

/* A take that finds its class empty takes in what was dropped while all shards were locked. */
static void orphans_collect(struct thi_slab *slab)
{
    uint64_t reference = thi_slab_take(slab, 50000);
    CHECK(reference != 0);
    thi_slab_drop(slab, reference, 50000);
}

TEST(slab_records_travelling_between_threads_stay_whole)
{
    /* Goal: one owner a record, whoever drops it. Method: four threads take, sign and hand over;
     * whoever finds a record checks both ends and drops it. At the end nothing is used, and the
     * memory is bounded by what was out at once. */
    struct ledger ledger;
    struct th_allocator mem = ledger_allocator(&ledger);
    static struct exchange exchange;
    memset(&exchange, 0, sizeof(exchange));
    REQUIRE(thi_slab_new(&mem, false, &exchange.slab) == TH_OK);
    exchange.rounds = test_scaled(150000);
    struct member members[THREADS];
    exchange_run(&exchange, members);
    for (unsigned i = 0; i < THREADS; i++) {
        CHECK_EQ(members[i].refused, 0);
    }
    orphans_collect(exchange.slab);
    uint64_t mapped = 0;
    uint64_t used = 1;
    thi_slab_get_stats(exchange.slab, &mapped, &used);
    printf("# %" PRIu64 " bytes mapped\n", mapped);
    CHECK_EQ(used, 0);
    CHECK_EQ(mapped, ledger.open_bytes);
    CHECK(mapped < 16u << 20);
    thi_slab_free(exchange.slab);
    CHECK_EQ(ledger.open_blocks, 0);
    CHECK_EQ(ledger.mistakes, 0);
}

/* What the exchange below does not reach: the slab itself, and regions of pages. */
static void lone_refusals(const struct th_allocator *mem)
{
    struct thi_slab *slab = NULL;
    thi_mem_fault_set(1, false);
    CHECK_EQ(thi_slab_new(mem, false, &slab), TH_ENOMEM);
    REQUIRE(thi_slab_new(mem, false, &slab) == TH_OK);
    CHECK(thi_slab_take(slab, 10) != 0);
    thi_mem_fault_set(1, true);
    CHECK_EQ(thi_slab_take(slab, THI_SLAB_RECORD_BYTES_MAX), 0);
    thi_mem_fault_set(0, false);
    CHECK(thi_slab_take(slab, THI_SLAB_RECORD_BYTES_MAX) != 0);
    thi_slab_free(slab);
}

static void site_print(const struct thi_mem_site *site)
{
    printf("# never refused: %s:%d %s\n", site->file, site->line, site->function);
}

TEST(slab_refusals_among_threads_lose_no_record)
{
    /* Goal: memory that runs short while threads are at work is answered with 0 and harms nobody.
     * Method: the same exchange with all requests refused from the n-th on. */
    struct ledger ledger;
    struct th_allocator mem = ledger_allocator(&ledger);
    static struct exchange exchange;
    lone_refusals(&mem);
    for (uint64_t nth = 1; nth <= 40; nth++) {
        memset(&exchange, 0, sizeof(exchange));
        REQUIRE(thi_slab_new(&mem, false, &exchange.slab) == TH_OK);
        exchange.rounds = test_scaled(300);
        struct member members[THREADS];
        thi_mem_fault_set(nth, true);
        exchange_run(&exchange, members);
        thi_mem_fault_set(0, false);
        uint64_t reference = thi_slab_take(exchange.slab, 100);
        CHECK(reference != 0);
        thi_slab_free(exchange.slab);
        CHECK_EQ(ledger.open_blocks, 0);
    }
    CHECK_EQ(ledger.mistakes, 0);
    CHECK_EQ(thi_mem_sites_unrefused("mem/slab.c", site_print), 0);
}

struct relay {
    struct thi_slab *slab;
    struct th_au64 box; /* reference on its way; 0: none */
    uint64_t count;
};

static void *relay_drop(void *context)
{
    struct relay *relay = context;
    for (uint64_t left = relay->count; left > 0;) {
        uint64_t reference = th_u64_exchange_acqrel(&relay->box, 0);
        if (reference == 0) {
            thi_port_yield();
            continue;
        }
        thi_slab_drop(relay->slab, reference, 64);
        left--;
    }
    return NULL;
}

TEST(slab_one_takes_another_drops_memory_stays_bounded)
{
    /* Goal: what one thread frees feeds another. Method: a thread that only takes, one that only
     * drops, one record on its way at a time; both start in shards of their own. */
    struct th_allocator mem;
    REQUIRE(thi_mem_init(&mem, NULL) == TH_OK);
    struct relay relay = {NULL, {0}, test_scaled(30000)};
    REQUIRE(thi_slab_new(&mem, false, &relay.slab) == TH_OK);
    pthread_t thread;
    REQUIRE(pthread_create(&thread, NULL, relay_drop, &relay) == 0);
    for (uint64_t i = 0; i < relay.count; i++) {
        uint64_t reference = thi_slab_take(relay.slab, 64);
        REQUIRE(reference != 0);
        uint64_t empty = 0;
        while (!th_u64_cas_acqrel_acq(&relay.box, &empty, reference)) {
            empty = 0;
            thi_port_yield();
        }
    }
    pthread_join(thread, NULL);
    orphans_collect(relay.slab);
    uint64_t mapped = 0;
    uint64_t used = 1;
    thi_slab_get_stats(relay.slab, &mapped, &used);
    printf("# %" PRIu64 " bytes mapped\n", mapped);
    CHECK_EQ(used, 0);
    CHECK(mapped < 256u * 1024); /* what went through: almost 2 MB */
    thi_slab_free(relay.slab);
}

/* An allocator in which chosen requests stop until they are let go: their thread then stands inside
 * the slab, with a shard locked. */
struct gate {
    struct ledger ledger;
    struct th_au32 closed;  /* requests stop while 1 */
    struct th_au32 refuse;  /* other threads' requests are refused while 1 */
    struct th_au32 stopped; /* threads that stand at the gate */
};

static _Thread_local bool stops_at_gate;

static void *gate_alloc(void *context, size_t size, size_t alignment)
{
    struct gate *gate = context;
    /* A region is the only large request, and is made under a shard's lock. */
    if (stops_at_gate && size >= 1000 && th_u32_load_acq(&gate->closed) == 1) {
        th_u32_add_rel(&gate->stopped, 1);
        while (th_u32_load_acq(&gate->closed) == 1) {
            thi_port_sleep_ns(100000);
        }
    }
    if (!stops_at_gate && th_u32_load_acq(&gate->refuse) == 1) {
        return NULL;
    }
    return ledger_alloc(&gate->ledger, size, alignment);
}

static void gate_free(void *context, void *memory, size_t size, size_t alignment)
{
    struct gate *gate = context;
    ledger_free(&gate->ledger, memory, size, alignment);
}

static struct th_allocator gate_allocator(struct gate *gate)
{
    memset(gate, 0, sizeof(*gate));
    (void)ledger_allocator(&gate->ledger);
    return (struct th_allocator){gate, gate_alloc, gate_free, NULL, NULL};
}

/* Takes until the allocator is asked for a region, and there stops. */
static void *stopped_run(void *context)
{
    struct thi_slab *slab = context;
    stops_at_gate = true;
    uint64_t taken = 0;
    while (thi_slab_take(slab, 500) != 0 && taken < 8) {
        taken++;
    }
    return (void *)(uintptr_t)taken;
}

static void stopped_wait(struct gate *gate, uint32_t count)
{
    while (th_u32_load_acq(&gate->stopped) < count) {
        thi_port_sleep_ns(100000);
    }
}

TEST(slab_thread_stopped_inside_holds_up_nobody)
{
    /* Goal: with the only shard locked by a stopped thread, drops and takes go on, and what was
     * dropped meanwhile is given again. Method: stop a thread in the allocator, under its shard's
     * lock; drop and take with this one, with memory and without. */
    struct gate gate;
    struct th_allocator user = gate_allocator(&gate);
    struct th_allocator mem;
    REQUIRE(thi_mem_init(&mem, &user) == TH_OK);
    struct thi_slab *slab = NULL;
    REQUIRE(thi_slab_new(&mem, false, &slab) == TH_OK);
    uint64_t early[2] = {thi_slab_take(slab, 64), thi_slab_take(slab, 64)};
    REQUIRE(early[0] != 0 && early[1] != 0);
    th_u32_store_rel(&gate.closed, 1);
    pthread_t thread;
    REQUIRE(pthread_create(&thread, NULL, stopped_run, slab) == 0);
    stopped_wait(&gate, 1);
    thi_slab_drop(slab, early[0], 64); /* no shard is open */
    thi_slab_drop(slab, early[1], 64);
    th_u32_store_rel(&gate.refuse, 1);
    CHECK_EQ(thi_slab_take(slab, 64), 0); /* no shard, no memory for one */
    th_u32_store_rel(&gate.refuse, 0);
    uint64_t again[2] = {thi_slab_take(slab, 64), thi_slab_take(slab, 64)};
    CHECK(again[0] == early[0] || again[0] == early[1]);
    CHECK(again[1] == early[0] || again[1] == early[1]);
    CHECK(again[0] != again[1]);
    for (unsigned i = 0; i < 1000; i++) {
        CHECK(thi_slab_take(slab, 64) != 0);
    }
    th_u32_store_rel(&gate.closed, 0);
    pthread_join(thread, NULL);
    thi_slab_free(slab);
    CHECK_EQ(gate.ledger.open_blocks, 0);
    CHECK_EQ(gate.ledger.mistakes, 0);
}

TEST(slab_every_shard_stopped_refuses_takes_and_accepts_drops)
{
    /* Goal: the end of the promise is orderly. Method: as many stopped threads as there are shards;
     * a take gives 0 after a while, a drop goes through, and all is well when they go on. */
    struct gate gate;
    struct th_allocator user = gate_allocator(&gate);
    struct th_allocator mem;
    REQUIRE(thi_mem_init(&mem, &user) == TH_OK);
    struct thi_slab *slab = NULL;
    REQUIRE(thi_slab_new(&mem, false, &slab) == TH_OK);
    uint64_t early = thi_slab_take(slab, 64);
    REQUIRE(early != 0);
    pthread_t threads[TH_SLAB_SHARDS_MAX];
    for (uint32_t i = 0; i < TH_SLAB_SHARDS_MAX; i++) {
        th_u32_store_rel(&gate.closed, 1);
        REQUIRE(pthread_create(&threads[i], NULL, stopped_run, slab) == 0);
        stopped_wait(&gate, i + 1);
    }
    CHECK_EQ(thi_slab_take(slab, 64), 0);
    thi_slab_drop(slab, early, 64);
    th_u32_store_rel(&gate.closed, 0);
    for (uint32_t i = 0; i < TH_SLAB_SHARDS_MAX; i++) {
        pthread_join(threads[i], NULL);
    }
    CHECK(thi_slab_take(slab, 64) != 0);
    thi_slab_free(slab);
    CHECK_EQ(gate.ledger.open_blocks, 0);
    CHECK_EQ(gate.ledger.mistakes, 0);
}

TEST_MAIN()
