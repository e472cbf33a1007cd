/* SPDX-License-Identifier: MIT
 * broken.c - three faults of a small table, each under delays, on one or several processors, in one
 *            line or across two: how often they show.
 *
 * One thread, the victim, uses the table and knows what it must find; another moves the table or
 * displaces its key all the time. A trial is one operation of the victim. The last rows are the
 * table without the fault, with the widest window.
 *
 * Memory that is freed goes to a small store of the lab's own, is filled with words that nobody
 * wrote, and is given out again: a read of it is a wrong answer here and not a crash.
 */
#include "lab/detect.h"
#include "lab/lab.h"
#include "lab/statistics.h"

#include <sched.h>
#include <string.h>

struct small_slot;

static void window_wait(int fault);
static void pause_wait(void);
static struct small_slot *slots_take(void);
static void slots_give(struct small_slot *slots);
static int fault_now; /* written while no other thread runs */

#define SMALL_FAULT fault_now
#define SMALL_WINDOW(fault) window_wait(fault)
#define SMALL_PAUSE() pause_wait()
#define SMALL_ALLOCATE() slots_take()
#define SMALL_FREE(slots) slots_give(slots)
#include "lab/faults/small_table.h"

enum { STORE_COUNT = 8, STORE_BYTES = 1024, GAP_NS = 400 };

/* What a wrong read of freed memory finds. */
#define POISON ((uint64_t)0x6465657266206e65u)

struct window {
    const char *name;
    uint64_t ns; /* spins so long */
    bool yields;
};

static const struct window windows[] = {
    {"none", 0, false}, {"0.2 us", 200, false}, {"5 us", 5000, false}, {"yield", 0, true}};
enum { WINDOW_COUNT = sizeof windows / sizeof windows[0] };

/* The running combination; set while no other thread runs. */
static struct {
    int fault; /* the one whose window is made longer, even if the table is mended */
    const struct window *window;
    bool one_cpu;
} now;

/* Where slots come from: `lead` bytes into a block, so that a slot lies in a line or across two. */
static struct {
    _Alignas(STORE_BYTES) unsigned char blocks[STORE_COUNT][STORE_BYTES];
    size_t lead;
    unsigned next; /* of the one thread that moves */
} store;

static void spin(uint64_t ns)
{
    uint64_t until = thi_lab_now_ns() + ns;
    while (ns != 0 && thi_lab_now_ns() < until) {
        __asm__ volatile("" ::: "memory");
    }
}

static void window_wait(int fault)
{
    if (fault == now.fault && now.window->yields) {
        sched_yield();
    } else if (fault == now.fault) {
        spin(now.window->ns);
    }
}

/* Waiting for the other thread: it needs the processor, if there is only one. */
static void pause_wait(void)
{
    if (now.one_cpu) {
        sched_yield();
    }
}

/* Between two operations: outside the table, so that a move that waits for its users goes on. Of
 * uneven length, or the two threads fall into step. */
static void gap_wait(uint64_t *random, uint64_t most_ns)
{
    if (!now.one_cpu) {
        spin(thi_lab_random(random) % most_ns);
    } else if (now.window->yields) {
        sched_yield();
    }
}

static struct small_slot *slots_take(void)
{
    unsigned char *block = store.blocks[store.next++ % STORE_COUNT];
    return (struct small_slot *)(void *)(block + store.lead);
}

static void slots_give(struct small_slot *slots)
{
    for (size_t i = 0; i < SMALL_SLOTS; i++) {
        atomic_store_explicit(&slots[i].key, POISON, memory_order_relaxed);
        atomic_store_explicit(&slots[i].value, POISON, memory_order_relaxed);
    }
}

struct fault {
    enum small_fault fault;
    const char *name;
    const char *wrong; /* what the victim sees */
};

struct run {
    const struct fault *fault;
    struct small_table table;
    uint64_t seed;
    uint64_t deadline_ns;
    _Alignas(128) atomic_uint stops;
    uint64_t trials;
    uint64_t wrong;
};

/* One operation of the victim; true if it saw what cannot be. */
static bool victim_step(struct run *run, uint64_t number)
{
    if (run->fault->fault == SMALL_STALE_BUCKET) {
        small_put(&run->table, 1, number);
        return small_get(&run->table, 1) != number;
    }
    uint64_t value = small_get(&run->table, 1);
    if (run->fault->fault == SMALL_EARLY_FREE) {
        return value != 101;
    }
    return value != 0 && value != 101;
}

static void disturber_step(struct run *run, uint64_t number)
{
    if (run->fault->fault == SMALL_NO_RECHECK) {
        uint32_t key = number % 2 == 0 ? 2 : 1;
        small_displace(&run->table, key, 100 + key);
    } else {
        small_move(&run->table, slots_take());
    }
}

static void broken_job(void *context, unsigned member)
{
    struct run *run = context;
    uint64_t random = run->seed + member;
    if (member == 1) {
        uint64_t number = 0;
        while (atomic_load_explicit(&run->stops, memory_order_relaxed) == 0) {
            disturber_step(run, number++);
            gap_wait(&random, GAP_NS + now.window->ns);
        }
        return;
    }
    uint64_t trials = 0, wrong = 0;
    while (thi_lab_now_ns() < run->deadline_ns) {
        trials++;
        wrong += victim_step(run, 1000 + trials);
        gap_wait(&random, GAP_NS);
    }
    run->trials = trials;
    run->wrong = wrong;
    atomic_store_explicit(&run->stops, 1, memory_order_relaxed);
}

struct combination {
    bool mended;
    bool one_cpu;
    bool across; /* two lines */
    const struct window *window;
};

static bool combination_run(const struct thi_lab *lab, const struct fault *fault,
                            const struct combination *combination, uint64_t time_ns,
                            struct run *run)
{
    memset(run, 0, sizeof *run);
    run->fault = fault;
    run->seed = lab->seed;
    fault_now = combination->mended ? SMALL_RIGHT : (int)fault->fault;
    now.fault = (int)fault->fault;
    now.window = combination->window;
    now.one_cpu = combination->one_cpu || lab->cpu_count < 2;
    store.lead = combination->across ? lab->machine.line_bytes - sizeof(uint64_t) : 0;
    if (!small_init(&run->table, 1, 101)) {
        return false;
    }
    run->deadline_ns = thi_lab_now_ns() + time_ns;
    thi_lab_progress(lab, "%s, %s, window %s", combination->mended ? "mended" : "broken",
                     combination->one_cpu ? "one processor" : "two processors",
                     combination->window->name);
    return thi_lab_crew_run(lab, 2, combination->one_cpu, broken_job, run);
}

struct broken_totals {
    uint64_t broken_wrong, broken_trials;
    uint64_t mended_wrong, mended_trials;
    unsigned combinations, shown;
    double most;
    char most_name[TH_LAB_CELL_BYTES];
};

static void combination_record(struct thi_lab_result *result, struct broken_totals *totals,
                               const struct combination *combination, const struct run *run)
{
    struct thi_lab_row *row = thi_lab_row_add(&result->tables[0]);
    struct thi_lab_rate rate = thi_lab_rate_of(run->wrong, run->trials);
    const char *cpus = combination->one_cpu ? "one CPU" : "two CPUs";
    const char *layout = combination->across ? "two lines" : "one line";
    thi_lab_cell_text(row, "%s", combination->mended ? "mended" : "broken");
    thi_lab_cell_text(row, "%s", cpus);
    thi_lab_cell_text(row, "%s", layout);
    thi_lab_cell_text(row, "%s", combination->window->name);
    thi_lab_cell_count(row, run->wrong);
    thi_lab_cell_count(row, run->trials);
    thi_lab_cell_number(row, rate.rate * 1e6);
    thi_lab_bar_add(&result->plots[0].series[0], rate.rate * 1e6, "%s%s, %s, %s",
                    combination->mended ? "mended, " : "", cpus, layout, combination->window->name);
    result->trials += run->trials;
    if (combination->mended) {
        totals->mended_wrong += run->wrong;
        totals->mended_trials += run->trials;
        return;
    }
    totals->combinations++;
    totals->shown += run->wrong != 0;
    totals->broken_wrong += run->wrong;
    totals->broken_trials += run->trials;
    if (rate.rate > totals->most) {
        totals->most = rate.rate;
        snprintf(totals->most_name, sizeof totals->most_name, "%s, %s, window %s", cpus, layout,
                 combination->window->name);
    }
}

/* Broken ones first: all of them, then the mended table where a window is widest. */
static size_t combinations_make(const struct thi_lab *lab, struct combination list[])
{
    size_t count = 0;
    for (unsigned mended = 0; mended < 2; mended++) {
        for (unsigned one = lab->cpu_count < 2; one < 2; one++) {
            for (unsigned across = 0; across < (mended == 1 ? 1u : 2u); across++) {
                for (size_t w = mended == 1 ? 2 : 0; w < WINDOW_COUNT; w++) {
                    list[count++] =
                        (struct combination){mended == 1, one == 1, across == 1, &windows[w]};
                }
            }
        }
    }
    return count;
}

static void broken_judge(struct thi_lab_result *result, const struct fault *fault,
                         const struct broken_totals *totals)
{
    enum thi_lab_outcome outcome =
        thi_lab_judge(true, false, totals->broken_wrong, totals->broken_trials);
    if (outcome == TH_LAB_SEEN) {
        thi_lab_verdict_add(result, outcome,
                            "broken: %s, %llu times in %llu, in %u of %u combinations; most often "
                            "(%.3g %% of operations) with %s",
                            fault->wrong, (unsigned long long)totals->broken_wrong,
                            (unsigned long long)totals->broken_trials, totals->shown,
                            totals->combinations, totals->most * 100, totals->most_name);
    } else {
        thi_lab_verdict_add(result, outcome,
                            "broken, and not seen in %llu operations: the fault is there all the "
                            "same; give it more time (--seconds)",
                            (unsigned long long)totals->broken_trials);
    }
    outcome = thi_lab_judge(false, false, totals->mended_wrong, totals->mended_trials);
    thi_lab_verdict_add(result, outcome, "mended: %llu times in %llu operations",
                        (unsigned long long)totals->mended_wrong,
                        (unsigned long long)totals->mended_trials);
}

static void broken_run(struct thi_lab *lab, struct thi_lab_result *result,
                       const struct fault *fault, const char *plot_title)
{
    static const char *const columns[] = {"table", "threads on", "slot in",      "window",
                                          "wrong", "trials",     "in a million", NULL};
    struct combination list[TH_LAB_ROWS_MAX];
    size_t count = combinations_make(lab, list);
    thi_lab_table_add(result, "wrong answers by combination", columns);
    struct thi_lab_plot *plot = thi_lab_plot_add(result, TH_LAB_BARS, fault->name, plot_title);
    plot->x_title = "wrong answers in a million operations";
    plot->is_rates = true;
    thi_lab_series_add(plot, "wrong");
    struct broken_totals totals = {.broken_wrong = 0};
    for (size_t i = 0; i < count; i++) {
        struct run run;
        if (!combination_run(lab, fault, &list[i], lab->slice_ns / count, &run)) {
            thi_lab_verdict_add(result, TH_LAB_CANNOT, "threads refused");
            return;
        }
        combination_record(result, &totals, &list[i], &run);
    }
    broken_judge(result, fault, &totals);
    if (lab->cpu_count < 2) {
        thi_lab_verdict_add(result, TH_LAB_CANNOT, "two processors: this process has one");
    }
    thi_lab_detect_add(result, fault->name);
}

static void stale_bucket_run(struct thi_lab *lab, struct thi_lab_result *result)
{
    static const struct fault fault = {SMALL_STALE_BUCKET, "stale-bucket",
                                       "a value that was put was gone at the next get"};
    broken_run(lab, result, &fault, "Stale bucket pointer: lost values");
}

static void early_free_run(struct thi_lab *lab, struct thi_lab_result *result)
{
    static const struct fault fault = {SMALL_EARLY_FREE, "early-free",
                                       "a get read memory that was free or somebody else's"};
    broken_run(lab, result, &fault, "Early free: reads of freed memory");
}

static void missing_recheck_run(struct thi_lab *lab, struct thi_lab_result *result)
{
    static const struct fault fault = {SMALL_NO_RECHECK, "missing-recheck",
                                       "a get returned another key's value"};
    broken_run(lab, result, &fault, "Missing re-check: another key's value");
}

const struct thi_lab_experiment thi_lab_stale_bucket = {
    .name = "stale-bucket",
    .title = "A stale bucket pointer",
    .explanation =
        "A writer looks up where the key's bucket is; meanwhile the table moves, copies the "
        "bucket, "
        "and publishes the copy; then the writer stores into the old one, and its value is lost. "
        "Mended: a move takes the values out of the old bucket and leaves a mark, and a writer "
        "stores by a compare-exchange that fails on the mark.",
    .weight = 5,
    .run = stale_bucket_run};

const struct thi_lab_experiment thi_lab_early_free = {
    .name = "early-free",
    .title = "Memory freed too early",
    .explanation =
        "A reader looks up where the key's bucket is; meanwhile the table moves and frees the old "
        "bucket; then the reader reads it. Mended: a reader counts itself in before it looks, and "
        "a move frees when it has seen that nobody is counted. (An epoch does the same without a "
        "counter that all readers write.)",
    .weight = 5,
    .run = early_free_run};

const struct thi_lab_experiment thi_lab_missing_recheck = {
    .name = "missing-recheck",
    .title = "A missing re-check",
    .explanation =
        "A reader finds its key in a slot; meanwhile the slot is given to another key; then the "
        "reader reads the value, which is the other key's. Mended: the key word carries a version, "
        "and the reader looks at it again after the value.",
    .weight = 5,
    .run = missing_recheck_run};
