/* SPDX-License-Identifier: MIT
 * litmus.c - store buffering and message passing: what two processors may see of each other.
 *
 * Two threads walk over a row of cells, each with two words on lines of their own. They meet before
 * every cell, so that both are at the same cell at nearly the same time; the values written are the
 * number of the round, so that nothing has to be cleared. After a round the results are counted.
 *
 * Progress     a thread waits for the other before each cell, spinning, then yielding.
 * Sources      store buffering and message passing as named by the litmus literature (Sewell et
 *              al., Alglave et al.); meeting before each cell: the "user" mode of litmus7.
 */
#include "lab/lab.h"
#include "lab/statistics.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sys/syscall.h>

enum { CELL_COUNT = 256, SKEW_MAX = 64, LINE_BYTES = 128 };

/* membarrier(2): constants of linux/membarrier.h, which older systems lack. */
enum { MEMBARRIER_PRIVATE_EXPEDITED = 8, MEMBARRIER_REGISTER_PRIVATE_EXPEDITED = 16 };

struct cell {
    _Alignas(LINE_BYTES) _Atomic(uint32_t) x;
    _Alignas(LINE_BYTES) _Atomic(uint32_t) y;
};

/* Of one thread. */
struct side {
    _Alignas(LINE_BYTES) atomic_uint arrived; /* how many meetings it has come to */
    uint32_t first[CELL_COUNT];               /* what it read */
    uint32_t second[CELL_COUNT];
    uint64_t random;
};

struct trial {
    struct cell cells[CELL_COUNT];
    struct side sides[2];
    const struct variant *variant;
    uint64_t deadline_ns;
    atomic_uint stops;
    uint32_t round;
    uint64_t outcomes[4]; /* first * 2 + second: 1 means new */
};

struct variant {
    const char *name;
    void (*bodies[2])(struct trial *trial, unsigned side);
    bool allowed;             /* by C11 */
    bool qemu_aarch64_breaks; /* qemu-aarch64 7.2 shows it although it is forbidden */
    bool needs_membarrier;
};

static void meet(struct trial *trial, unsigned side)
{
    struct side *mine = &trial->sides[side];
    unsigned number = atomic_load_explicit(&mine->arrived, memory_order_relaxed) + 1;
    atomic_store_explicit(&mine->arrived, number, memory_order_release);
    unsigned turns = 0;
    /* The difference, so that the count may wrap. */
    while ((int)(atomic_load_explicit(&trial->sides[1 - side].arrived, memory_order_acquire) -
                 number) < 0) {
        thi_lab_wait(&turns);
    }
}

/* Meets, then lets a few instructions pass: who comes first changes from cell to cell. */
static void cell_meet(struct trial *trial, unsigned side)
{
    meet(trial, side);
    for (uint64_t i = thi_lab_random(&trial->sides[side].random) % SKEW_MAX; i != 0; i--) {
        __asm__ volatile("" ::: "memory");
    }
}

/* A body for each variant, because a compiler makes of a memory order that is a variable the
 * strongest one. A macro, because C has no other way to write one body for many orders. */
#define STORE_BUFFERING(name, WRITE, BETWEEN, READ)                     \
    static void name(struct trial *trial, unsigned side)                \
    {                                                                   \
        for (size_t i = 0; i < CELL_COUNT; i++) {                       \
            struct cell *cell = &trial->cells[i];                       \
            _Atomic(uint32_t) *mine = side == 0 ? &cell->x : &cell->y;  \
            _Atomic(uint32_t) *other = side == 0 ? &cell->y : &cell->x; \
            cell_meet(trial, side);                                     \
            WRITE;                                                      \
            BETWEEN;                                                    \
            trial->sides[side].first[i] = READ;                         \
        }                                                               \
    }

#define STORE(order) atomic_store_explicit(mine, trial->round, order)
#define EXCHANGE(order) \
    trial->sides[side].second[i] = atomic_exchange_explicit(mine, trial->round, order)
#define LOAD(order) atomic_load_explicit(other, order)
#define NOTHING (void)0

STORE_BUFFERING(buffer_relaxed, STORE(memory_order_relaxed), NOTHING, LOAD(memory_order_relaxed))
STORE_BUFFERING(buffer_release, STORE(memory_order_release), NOTHING, LOAD(memory_order_acquire))
STORE_BUFFERING(buffer_seq_cst, STORE(memory_order_seq_cst), NOTHING, LOAD(memory_order_seq_cst))
STORE_BUFFERING(buffer_fence, STORE(memory_order_relaxed),
                atomic_thread_fence(memory_order_seq_cst), LOAD(memory_order_relaxed))
STORE_BUFFERING(buffer_exchange_acq_rel, EXCHANGE(memory_order_acq_rel), NOTHING,
                LOAD(memory_order_acquire))
STORE_BUFFERING(buffer_exchange, EXCHANGE(memory_order_seq_cst), NOTHING,
                LOAD(memory_order_seq_cst))
STORE_BUFFERING(buffer_light, STORE(memory_order_relaxed),
                atomic_signal_fence(memory_order_seq_cst), LOAD(memory_order_relaxed))

#ifdef SYS_membarrier
static long membarrier(int command)
{
    return syscall(SYS_membarrier, command, 0, 0);
}
#else
static long membarrier(int command)
{
    (void)command;
    return -1;
}
#endif

STORE_BUFFERING(buffer_heavy, STORE(memory_order_relaxed),
                (void)membarrier(MEMBARRIER_PRIVATE_EXPEDITED), LOAD(memory_order_relaxed))

/* x is the message, y says that it is there. */
#define MESSAGE_PASSING(name, write_order, write_fence, read_order, read_fence)                  \
    static void name##_write(struct trial *trial, unsigned side)                                 \
    {                                                                                            \
        for (size_t i = 0; i < CELL_COUNT; i++) {                                                \
            struct cell *cell = &trial->cells[i];                                                \
            cell_meet(trial, side);                                                              \
            atomic_store_explicit(&cell->x, trial->round, memory_order_relaxed);                 \
            write_fence;                                                                         \
            atomic_store_explicit(&cell->y, trial->round, write_order);                          \
        }                                                                                        \
    }                                                                                            \
    static void name##_read(struct trial *trial, unsigned side)                                  \
    {                                                                                            \
        for (size_t i = 0; i < CELL_COUNT; i++) {                                                \
            struct cell *cell = &trial->cells[i];                                                \
            cell_meet(trial, side);                                                              \
            trial->sides[side].first[i] = atomic_load_explicit(&cell->y, read_order);            \
            read_fence;                                                                          \
            trial->sides[side].second[i] = atomic_load_explicit(&cell->x, memory_order_relaxed); \
        }                                                                                        \
    }

MESSAGE_PASSING(message_relaxed, memory_order_relaxed, NOTHING, memory_order_relaxed, NOTHING)
MESSAGE_PASSING(message_no_acquire, memory_order_release, NOTHING, memory_order_relaxed, NOTHING)
MESSAGE_PASSING(message_no_release, memory_order_relaxed, NOTHING, memory_order_acquire, NOTHING)
MESSAGE_PASSING(message_ordered, memory_order_release, NOTHING, memory_order_acquire, NOTHING)
MESSAGE_PASSING(message_fences, memory_order_relaxed, atomic_thread_fence(memory_order_release),
                memory_order_relaxed, atomic_thread_fence(memory_order_acquire))

static const struct variant buffer_variants[] = {
    {"store relaxed; load relaxed", {buffer_relaxed, buffer_relaxed}, true, false, false},
    {"store release; load acquire", {buffer_release, buffer_release}, true, false, false},
    {"exchange acq_rel; load acquire",
     {buffer_exchange_acq_rel, buffer_exchange_acq_rel},
     true,
     false,
     false},
    {"store seq_cst; load seq_cst", {buffer_seq_cst, buffer_seq_cst}, false, true, false},
    {"exchange seq_cst; load seq_cst", {buffer_exchange, buffer_exchange}, false, false, false},
    {"store relaxed; fence seq_cst; load", {buffer_fence, buffer_fence}, false, false, false},
    {"nothing here; membarrier there", {buffer_light, buffer_heavy}, false, false, true},
};

static const struct variant message_variants[] = {
    {"relaxed; relaxed", {message_relaxed_write, message_relaxed_read}, true, false, false},
    {"release; relaxed", {message_no_acquire_write, message_no_acquire_read}, true, false, false},
    {"relaxed; acquire", {message_no_release_write, message_no_release_read}, true, false, false},
    {"release; acquire", {message_ordered_write, message_ordered_read}, false, false, false},
    {"fence release; fence acquire",
     {message_fences_write, message_fences_read},
     false,
     false,
     false},
};

static void outcomes_count(struct trial *trial)
{
    bool is_message =
        trial->variant->bodies[0] != trial->variant->bodies[1] && !trial->variant->needs_membarrier;
    const uint32_t *first = is_message ? trial->sides[1].first : trial->sides[0].first;
    const uint32_t *second = is_message ? trial->sides[1].second : trial->sides[1].first;
    for (size_t i = 0; i < CELL_COUNT; i++) {
        unsigned is_new = first[i] == trial->round ? 2 : 0;
        is_new += second[i] == trial->round ? 1 : 0;
        trial->outcomes[is_new]++;
    }
}

static void trial_job(void *context, unsigned side)
{
    struct trial *trial = context;
    while (atomic_load_explicit(&trial->stops, memory_order_acquire) == 0) {
        trial->variant->bodies[side](trial, side);
        meet(trial, side);
        if (side == 0) {
            outcomes_count(trial);
            trial->round++;
            unsigned over = thi_lab_now_ns() >= trial->deadline_ns ? 1 : 0;
            atomic_store_explicit(&trial->stops, over, memory_order_release);
        }
        meet(trial, side);
    }
}

/* How often the variant's weak outcome came, of how many trials; `weak` is its index. */
static uint64_t variant_run(struct thi_lab *lab, struct trial *trial, const struct variant *variant,
                            uint64_t time_ns)
{
    memset(trial, 0, sizeof *trial);
    trial->variant = variant;
    trial->round = 1;
    trial->sides[0].random = lab->seed;
    trial->sides[1].random = ~lab->seed;
    trial->deadline_ns = thi_lab_now_ns() + time_ns;
    thi_lab_progress(lab, "%s", variant->name);
    if (!thi_lab_crew_run(lab, 2, false, trial_job, trial)) {
        return 0;
    }
    return trial->outcomes[0] + trial->outcomes[1] + trial->outcomes[2] + trial->outcomes[3];
}

static bool breaks_here(const struct thi_lab *lab, const struct variant *variant)
{
    return variant->qemu_aarch64_breaks && lab->machine.emulator != TH_LAB_NATIVE &&
           strcmp(lab->machine.architecture, "aarch64") == 0;
}

static void variant_judge(struct thi_lab_result *result, const struct variant *variant,
                          enum thi_lab_outcome outcome, uint64_t seen, uint64_t trials)
{
    unsigned long long n = trials;
    double below = thi_lab_rate_of(seen, trials).high * 1e6;
    switch (outcome) {
    case TH_LAB_SEEN:
        thi_lab_verdict_add(result, outcome, "%s: allowed by C11, seen %llu times in %llu",
                            variant->name, (unsigned long long)seen, n);
        break;
    case TH_LAB_NOT_SEEN:
        thi_lab_verdict_add(result, outcome,
                            "%s: allowed by C11, not seen in %llu (fewer than %.2g in a million); "
                            "another processor or compiler may show it",
                            variant->name, n, below);
        break;
    case TH_LAB_NEVER:
        thi_lab_verdict_add(result, outcome, "%s: forbidden, not seen in %llu", variant->name, n);
        break;
    case TH_LAB_EMULATOR:
        thi_lab_verdict_add(result, outcome,
                            "%s: forbidden, and seen %llu times in %llu: the emulator leaves out "
                            "the barrier between the two (see the limits); processors do not",
                            variant->name, (unsigned long long)seen, n);
        break;
    case TH_LAB_VIOLATED:
        thi_lab_verdict_add(result, outcome,
                            "%s: forbidden, and seen %llu times in %llu: the compiler, the "
                            "processor or what emulates it is at fault",
                            variant->name, (unsigned long long)seen, n);
        break;
    default: thi_lab_verdict_add(result, outcome, "%s: threads refused", variant->name); break;
    }
}

struct litmus {
    const struct variant *variants;
    size_t count;
    size_t weak; /* index of the outcome that shows it */
    const char *const *columns;
    const char *plot_name;
    const char *plot_title;
};

static void litmus_row(struct thi_lab_table *table, const struct variant *variant,
                       const struct trial *trial, const struct litmus *litmus, uint64_t trials)
{
    struct thi_lab_row *row = thi_lab_row_add(table);
    thi_lab_cell_text(row, "%s", variant->name);
    thi_lab_cell_text(row, "%s", variant->allowed ? "allowed" : "forbidden");
    for (size_t i = 0; i < 4; i++) {
        thi_lab_cell_count(row, trial->outcomes[i ^ litmus->weak]);
    }
    thi_lab_cell_count(row, trials);
    thi_lab_cell_number(row, thi_lab_rate_of(trial->outcomes[litmus->weak], trials).rate * 1e6);
}

static void litmus_run(struct thi_lab *lab, struct thi_lab_result *result,
                       const struct litmus *litmus)
{
    if (lab->cpu_count < 2) {
        thi_lab_verdict_add(result, TH_LAB_CANNOT,
                            "two processors are needed at once, and this process has one");
        return;
    }
    struct trial *trial = aligned_alloc(LINE_BYTES, sizeof *trial);
    if (trial == NULL) {
        thi_lab_verdict_add(result, TH_LAB_CANNOT, "no memory");
        return;
    }
    bool has_membarrier = membarrier(MEMBARRIER_REGISTER_PRIVATE_EXPEDITED) == 0;
    struct thi_lab_table *table = thi_lab_table_add(result, "outcomes by order", litmus->columns);
    struct thi_lab_plot *plot =
        thi_lab_plot_add(result, TH_LAB_BARS, litmus->plot_name, litmus->plot_title);
    plot->x_title = "weak outcomes in a million trials";
    plot->is_rates = true;
    struct thi_lab_series *series = thi_lab_series_add(plot, "seen");
    for (size_t i = 0; i < litmus->count; i++) {
        const struct variant *variant = &litmus->variants[i];
        if (variant->needs_membarrier && !has_membarrier) {
            thi_lab_verdict_add(result, TH_LAB_CANNOT, "%s: this system has no membarrier",
                                variant->name);
            continue;
        }
        uint64_t trials = variant_run(lab, trial, variant, lab->slice_ns / litmus->count);
        uint64_t seen = trial->outcomes[litmus->weak];
        litmus_row(table, variant, trial, litmus, trials);
        thi_lab_bar_add(series, trials == 0 ? 0 : (double)seen * 1e6 / (double)trials, "%s",
                        variant->name);
        variant_judge(result, variant,
                      thi_lab_judge(variant->allowed, breaks_here(lab, variant), seen, trials),
                      seen, trials);
        result->trials += trials;
    }
    free(trial);
}

static void store_buffering_run(struct thi_lab *lab, struct thi_lab_result *result)
{
    static const char *const columns[] = {"each thread does", "C11",          "both old",
                                          "right new",        "left new",     "both new",
                                          "trials",           "in a million", NULL};
    static const struct litmus litmus = {
        buffer_variants,   sizeof buffer_variants / sizeof buffer_variants[0], 0, columns,
        "store-buffering", "Store buffering: both threads read the old value"};
    litmus_run(lab, result, &litmus);
}

static void message_passing_run(struct thi_lab *lab, struct thi_lab_result *result)
{
    static const char *const columns[] = {"writer's flag; reader's flag",
                                          "C11",
                                          "flag, no message",
                                          "flag and message",
                                          "nothing",
                                          "message",
                                          "trials",
                                          "in a million",
                                          NULL};
    static const struct litmus litmus = {
        message_variants,  sizeof message_variants / sizeof message_variants[0],      2, columns,
        "message-passing", "Message passing: the flag is seen and the message is not"};
    litmus_run(lab, result, &litmus);
}

const struct thi_lab_experiment thi_lab_store_buffering = {
    .name = "store-buffering",
    .title = "Store buffering, by order",
    .explanation =
        "Each of two threads writes its own word, then reads the other's. One of them must come "
        "second, so one should see the other's write; but a processor keeps its writes in a buffer "
        "for a while and reads past them, and then both read the old value. It is why a flag "
        "raised before looking at the other's flag (Dekker's lock, hazard pointers, an epoch's "
        "guard, going to sleep) needs a seq_cst fence, or membarrier on the rare side: release "
        "and acquire do not order a store before a later load, on any processor.",
    .weight = 12,
    .run = store_buffering_run};

const struct thi_lab_experiment thi_lab_message_passing = {
    .name = "message-passing",
    .title = "Message passing, by order",
    .explanation =
        "One thread writes a message, then a flag; the other reads the flag, then the message. "
        "Without release at the one and acquire at the other, the flag may be seen and the message "
        "not. x86 and s390x processors keep these orders by themselves, so that the fault sleeps "
        "until the code is compiled anew, or runs on ARM, POWER or RISC-V: that it is not seen "
        "here is no leave to write relaxed.",
    .weight = 8,
    .run = message_passing_run};
