/* SPDX-License-Identifier: MIT
 * cost.c - what each order and each fence costs, alone and while others write the same line.
 *
 * Each operation stands in a loop of its own; meter.c times it.
 */
#include "lab/lab.h"
#include "lab/meter.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { OTHERS_MAX = 7 };

struct word {
    _Alignas(256) _Atomic(uint64_t) value;
    _Alignas(256) pthread_mutex_t mutex;
};

/* Keeps what a loop has read alive, and the loop's turns apart: compilers merge fences that stand
 * side by side. */
#define KEEP(value) __asm__ volatile("" : : "r"(value) : "memory")
#define APART() __asm__ volatile("" ::: "memory")

#define OPERATION(name, statement)                      \
    static void name(struct word *word, unsigned count) \
    {                                                   \
        for (unsigned i = 0; i < count; i++) {          \
            statement;                                  \
            APART();                                    \
        }                                               \
        KEEP(word);                                     \
    }

#define LOAD(order) KEEP((size_t)atomic_load_explicit(&word->value, order))
#define STORE(order) atomic_store_explicit(&word->value, i, order)
#define ADD(order) KEEP((size_t)atomic_fetch_add_explicit(&word->value, 1, order))
#define SWAP(order)                                                             \
    uint64_t old = atomic_load_explicit(&word->value, memory_order_relaxed);    \
    atomic_compare_exchange_strong_explicit(&word->value, &old, old + 1, order, \
                                            memory_order_relaxed)

OPERATION(loop_empty, (void)0)
OPERATION(load_relaxed, LOAD(memory_order_relaxed))
OPERATION(load_acquire, LOAD(memory_order_acquire))
OPERATION(load_seq_cst, LOAD(memory_order_seq_cst))
OPERATION(store_relaxed, STORE(memory_order_relaxed))
OPERATION(store_release, STORE(memory_order_release))
OPERATION(store_seq_cst, STORE(memory_order_seq_cst))
OPERATION(add_relaxed, ADD(memory_order_relaxed))
OPERATION(add_acq_rel, ADD(memory_order_acq_rel))
OPERATION(add_seq_cst, ADD(memory_order_seq_cst))
OPERATION(swap_relaxed, SWAP(memory_order_relaxed))
OPERATION(swap_acq_rel, SWAP(memory_order_acq_rel))
OPERATION(fence_acquire, atomic_thread_fence(memory_order_acquire))
OPERATION(fence_release, atomic_thread_fence(memory_order_release))
OPERATION(fence_seq_cst, atomic_thread_fence(memory_order_seq_cst))
OPERATION(store_fence, STORE(memory_order_relaxed); atomic_thread_fence(memory_order_seq_cst))
OPERATION(mutex_pair, pthread_mutex_lock(&word->mutex); pthread_mutex_unlock(&word->mutex))

#ifdef SYS_membarrier
/* 8: MEMBARRIER_CMD_PRIVATE_EXPEDITED; 16 registers for it. */
OPERATION(heavy_barrier, syscall(SYS_membarrier, 8, 0, 0))
static bool heavy_barrier_is_there(void)
{
    return syscall(SYS_membarrier, 16, 0, 0) == 0;
}
#else
OPERATION(heavy_barrier, (void)0)
static bool heavy_barrier_is_there(void)
{
    return false;
}
#endif

struct operation {
    const char *name;
    void (*run)(struct word *word, unsigned count);
};

static const struct operation operations[] = {
    {"nothing (the loop)", loop_empty},
    {"load relaxed", load_relaxed},
    {"load acquire", load_acquire},
    {"load seq_cst", load_seq_cst},
    {"store relaxed", store_relaxed},
    {"store release", store_release},
    {"store seq_cst", store_seq_cst},
    {"add relaxed", add_relaxed},
    {"add acq_rel", add_acq_rel},
    {"add seq_cst", add_seq_cst},
    {"load, compare-exchange relaxed", swap_relaxed},
    {"load, compare-exchange acq_rel", swap_acq_rel},
    {"fence acquire", fence_acquire},
    {"fence release", fence_release},
    {"fence seq_cst", fence_seq_cst},
    {"store relaxed, fence seq_cst", store_fence},
    {"mutex: lock, unlock", mutex_pair},
    {"membarrier", heavy_barrier},
};
enum { OPERATION_COUNT = sizeof operations / sizeof operations[0] };

struct bench {
    struct thi_lab *lab;
    struct thi_lab_result *result;
    struct word *word;
    const struct operation *operation;
    double alone_ns[OPERATION_COUNT]; /* 0: not measured */
    double contended_ns[OPERATION_COUNT];
    unsigned others;
};

/* The others add to the word that is operated on, or take the mutex that is taken. */
static void operation_work(void *context, unsigned member, unsigned count)
{
    struct bench *bench = context;
    if (member == 0) {
        bench->operation->run(bench->word, count);
    } else if (bench->operation->run == mutex_pair) {
        mutex_pair(bench->word, count);
    } else {
        add_relaxed(bench->word, count);
    }
}

/* Nanoseconds of one operation with `others` threads that write the same line; 0: they did not get
 * to run. False: failed. */
static bool operation_measure(struct bench *bench, unsigned others, double *operation_ns)
{
    struct thi_lab_meter meter = {.work = operation_work,
                                  .context = bench,
                                  .others = others,
                                  .time_ns = bench->lab->slice_ns / (2 * OPERATION_COUNT)};
    thi_lab_progress(bench->lab, "%s, %s", bench->operation->name,
                     others == 0 ? "alone" : "contended");
    if (!thi_lab_meter_run(bench->lab, &meter)) {
        return false;
    }
    bench->result->trials += meter.trials;
    *operation_ns = meter.operation_ns < 0 ? 0 : meter.operation_ns;
    return true;
}

static void cost_row(struct bench *bench, size_t number)
{
    double alone_ns = bench->alone_ns[number];
    double contended_ns = bench->contended_ns[number];
    struct thi_lab_row *row = thi_lab_row_add(&bench->result->tables[0]);
    thi_lab_cell_text(row, "%s", operations[number].name);
    thi_lab_cell_number(row, alone_ns);
    struct thi_lab_plot *plot = &bench->result->plots[0];
    thi_lab_bar_add(&plot->series[0], alone_ns, "%s", operations[number].name);
    thi_lab_bar_add(&plot->series[1], contended_ns, "%s", operations[number].name);
    if (contended_ns > 0) {
        thi_lab_cell_number(row, contended_ns);
        thi_lab_cell_number(row, contended_ns / alone_ns);
    } else {
        thi_lab_cell_empty(row);
        thi_lab_cell_empty(row);
    }
}

static double cost_of(const double costs_ns[OPERATION_COUNT], void (*run)(struct word *, unsigned))
{
    for (size_t i = 0; i < OPERATION_COUNT; i++) {
        if (operations[i].run == run) {
            return costs_ns[i];
        }
    }
    return 0;
}

static void cost_judge(const struct bench *bench)
{
    const double *alone_ns = bench->alone_ns;
    struct thi_lab_result *result = bench->result;
    thi_lab_verdict_add(result, TH_LAB_MEASURED,
                        "load: relaxed %.3g ns, acquire %.3g ns, seq_cst %.3g ns",
                        cost_of(alone_ns, load_relaxed), cost_of(alone_ns, load_acquire),
                        cost_of(alone_ns, load_seq_cst));
    thi_lab_verdict_add(result, TH_LAB_MEASURED,
                        "store: relaxed %.3g ns, release %.3g ns, seq_cst %.3g ns; relaxed and a "
                        "seq_cst fence behind it %.3g ns",
                        cost_of(alone_ns, store_relaxed), cost_of(alone_ns, store_release),
                        cost_of(alone_ns, store_seq_cst), cost_of(alone_ns, store_fence));
    thi_lab_verdict_add(result, TH_LAB_MEASURED,
                        "add: relaxed %.3g ns, acq_rel %.3g ns, seq_cst %.3g ns",
                        cost_of(alone_ns, add_relaxed), cost_of(alone_ns, add_acq_rel),
                        cost_of(alone_ns, add_seq_cst));
    double fought_ns = cost_of(bench->contended_ns, add_relaxed);
    if (bench->others == 0) {
        thi_lab_verdict_add(result, TH_LAB_CANNOT,
                            "contention: two processors are needed, and this process has one");
    } else if (fought_ns == 0) {
        thi_lab_verdict_add(result, TH_LAB_CANNOT,
                            "contention: the other threads got no processor to run on; try again "
                            "when the machine is idle");
    } else {
        thi_lab_verdict_add(result, TH_LAB_MEASURED,
                            "contention: while others (%u threads) write the line, a relaxed add "
                            "takes %.3g ns, %.3g times as long as a seq_cst one alone",
                            bench->others, fought_ns, fought_ns / cost_of(alone_ns, add_seq_cst));
    }
}

static bool cost_measure(struct bench *bench)
{
    bool has_membarrier = heavy_barrier_is_there();
    for (size_t i = 0; i < OPERATION_COUNT; i++) {
        if (operations[i].run == heavy_barrier && !has_membarrier) {
            thi_lab_verdict_add(bench->result, TH_LAB_CANNOT, "membarrier: this system has none");
            continue;
        }
        bench->operation = &operations[i];
        if (!operation_measure(bench, 0, &bench->alone_ns[i]) ||
            (bench->others != 0 &&
             !operation_measure(bench, bench->others, &bench->contended_ns[i]))) {
            return false;
        }
        cost_row(bench, i);
    }
    cost_judge(bench);
    return true;
}

static void order_cost_run(struct thi_lab *lab, struct thi_lab_result *result)
{
    static const char *const columns[] = {"operation", "alone, ns", "contended, ns", "times", NULL};
    struct bench bench = {.lab = lab,
                          .result = result,
                          .word = aligned_alloc(256, sizeof(struct word)),
                          .others = lab->cpu_count - 1};
    bench.others = bench.others > OTHERS_MAX ? OTHERS_MAX : bench.others;
    thi_lab_table_add(result, "time of one operation, mean of the middle batches", columns);
    struct thi_lab_plot *plot =
        thi_lab_plot_add(result, TH_LAB_BARS, "order-cost", "Cost of one operation, by order");
    plot->x_title = "nanoseconds";
    plot->y_log = true;
    thi_lab_series_add(plot, "alone");
    thi_lab_series_add(plot, "contended");
    bool done = false;
    if (bench.word != NULL) {
        atomic_init(&bench.word->value, 0);
        done = pthread_mutex_init(&bench.word->mutex, NULL) == 0 && cost_measure(&bench);
        pthread_mutex_destroy(&bench.word->mutex);
    }
    if (!done) {
        thi_lab_verdict_add(result, TH_LAB_CANNOT, "memory or threads refused");
    }
    free(bench.word);
    thi_lab_note_add(result,
                     "Figures are of loops that do nothing else, the loop itself included: a load "
                     "or a store in a row of them hides what it would cost between other work. "
                     "Two orders with the same figure are most probably the same instruction. "
                     "\"Contended\": all other processors used (at most %d) add to the same word, "
                     "or take the same mutex, all the time; batches during which none of them ran "
                     "do not count.",
                     OTHERS_MAX);
}

const struct thi_lab_experiment thi_lab_order_cost = {
    .name = "order-cost",
    .title = "Cost of each order and fence",
    .explanation =
        "What an order costs depends on what the processor does by itself: on x86 acquire and "
        "release cost nothing and seq_cst stores do; on ARM, POWER and RISC-V each has a price. It "
        "depends more on who else writes the line: to have it fetched from another processor "
        "usually costs more than any order does. Membarrier turns the price of a fence round: the "
        "rare side pays for a system call that interrupts all others, the frequent side nothing.",
    .weight = 8,
    .run = order_cost_run};
