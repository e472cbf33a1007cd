/* SPDX-License-Identifier: MIT
 * lab.h - experiments that show what the machine at hand reorders, tears, stalls and costs.
 *
 * An experiment runs for the time it is given, fills a result (tables, verdicts, notes, plots), and
 * knows nothing of how results are shown: text.c, json.c and plot.c do that. The lab sees of the
 * library what every user sees.
 *
 * Guarantees   G1 an experiment ends within its time and a few seconds; it looks at the clock often
 *                 enough for emulators and for machines that have other things to do.
 *              G2 a verdict says no more than the trials do: "not seen" is not "never".
 *              G3 every count that a verdict rests on stands in a table.
 */
#ifndef TOPHASH_LAB_LAB_H
#define TOPHASH_LAB_LAB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#if defined(__GNUC__)
#define TH_LAB_FORMAT(text, first) __attribute__((format(printf, text, first)))
#else
#define TH_LAB_FORMAT(text, first)
#endif

enum {
    TH_LAB_CPUS_MAX = 64,
    TH_LAB_COLUMNS_MAX = 8,
    TH_LAB_ROWS_MAX = 40,
    TH_LAB_CELL_BYTES = 56,
    TH_LAB_TABLES_MAX = 2,
    TH_LAB_VERDICTS_MAX = 16,
    TH_LAB_VERDICT_BYTES = 320,
    TH_LAB_NOTES_MAX = 8,
    TH_LAB_NOTE_BYTES = 640,
    TH_LAB_PLOTS_MAX = 2,
    TH_LAB_SERIES_MAX = 4,
    TH_LAB_POINTS_MAX = 100,
    TH_LAB_FACT_BYTES = 128,
    TH_LAB_EXPERIMENTS_MAX = 16
};

/* ------------------------------------------------------------------------- the machine */

enum thi_lab_emulator {
    TH_LAB_NATIVE,    /* nothing says that instructions are emulated */
    TH_LAB_QEMU_USER, /* single programs, by qemu-user */
    TH_LAB_EMULATED   /* by something else */
};

struct thi_lab_machine {
    char cpu[TH_LAB_FACT_BYTES];
    char architecture[TH_LAB_FACT_BYTES]; /* of this program */
    char kernel[TH_LAB_FACT_BYTES];
    char compiler[TH_LAB_FACT_BYTES];
    char huge_pages[TH_LAB_FACT_BYTES];
    char hypervisor[TH_LAB_FACT_BYTES]; /* empty: none that tells */
    char emulator_name[TH_LAB_FACT_BYTES];
    enum thi_lab_emulator emulator;
    unsigned online_count;
    size_t line_bytes; /* as the system has it, or 64 */
    size_t page_bytes;
    unsigned cpus[TH_LAB_CPUS_MAX]; /* those this process may use */
    unsigned cpu_count;
};

void thi_lab_machine_read(struct thi_lab_machine *machine);
/* The folder is the system's /proc; for tests another one. True: emulated, and by what. */
bool thi_lab_emulator_find(const char *proc_folder, struct thi_lab_machine *machine);
/* Up to `max` sentences on what cannot be shown here; how many. */
size_t thi_lab_machine_limits(const struct thi_lab_machine *machine, const char **limits,
                              size_t max);

/* ------------------------------------------------------------------------- results */

enum thi_lab_outcome {
    TH_LAB_SEEN,     /* allowed, and seen */
    TH_LAB_NOT_SEEN, /* allowed, and not seen in these trials: nothing follows */
    TH_LAB_NEVER,    /* forbidden, and not seen in these trials */
    TH_LAB_VIOLATED, /* forbidden, and seen: the machine or the compiler is at fault */
    TH_LAB_EMULATOR, /* forbidden, and seen under an emulator that is known to do it */
    TH_LAB_MEASURED, /* a figure; there is no right or wrong */
    TH_LAB_CANNOT,   /* cannot be tried here */
    TH_LAB_OUTCOMES
};
extern const char *const thi_lab_outcome_names[TH_LAB_OUTCOMES];

struct thi_lab_verdict {
    enum thi_lab_outcome outcome;
    char text[TH_LAB_VERDICT_BYTES];
};

enum thi_lab_cell_kind { TH_LAB_TEXT, TH_LAB_COUNT, TH_LAB_NUMBER, TH_LAB_EMPTY };

struct thi_lab_cell {
    enum thi_lab_cell_kind kind;
    uint64_t count;
    double number;
    char text[TH_LAB_CELL_BYTES];
};

struct thi_lab_row {
    struct thi_lab_cell cells[TH_LAB_COLUMNS_MAX];
    size_t cell_count;
};

struct thi_lab_table {
    const char *title;
    const char *columns[TH_LAB_COLUMNS_MAX];
    size_t column_count;
    struct thi_lab_row rows[TH_LAB_ROWS_MAX];
    size_t row_count;
};

enum thi_lab_plot_kind { TH_LAB_BARS, TH_LAB_LINES };

struct thi_lab_series {
    const char *name;
    double x[TH_LAB_POINTS_MAX]; /* of lines */
    double y[TH_LAB_POINTS_MAX];
    char labels[TH_LAB_POINTS_MAX][TH_LAB_CELL_BYTES]; /* of bars: the first series has them */
    size_t count;
};

struct thi_lab_plot {
    enum thi_lab_plot_kind kind;
    const char *name; /* of the file, without ending */
    const char *title;
    const char *x_title;
    const char *y_title; /* of lines */
    bool x_log;
    bool y_log;    /* of bars: their length */
    bool is_rates; /* of bars: lengths are counts in a million, drawn from a tenth on */
    struct thi_lab_series series[TH_LAB_SERIES_MAX];
    size_t series_count;
};

struct thi_lab_result {
    const struct thi_lab_experiment *experiment;
    struct thi_lab_table tables[TH_LAB_TABLES_MAX];
    size_t table_count;
    struct thi_lab_verdict verdicts[TH_LAB_VERDICTS_MAX];
    size_t verdict_count;
    char notes[TH_LAB_NOTES_MAX][TH_LAB_NOTE_BYTES];
    size_t note_count;
    struct thi_lab_plot plots[TH_LAB_PLOTS_MAX];
    size_t plot_count;
    uint64_t trials;
    double seconds;
};

/* Results are of fixed size; what is one too many is a fault of the experiment and asserted. */
struct thi_lab_table *thi_lab_table_add(struct thi_lab_result *result, const char *title,
                                        const char *const *columns);
struct thi_lab_row *thi_lab_row_add(struct thi_lab_table *table);
TH_LAB_FORMAT(2, 3) void thi_lab_cell_text(struct thi_lab_row *row, const char *format, ...);
void thi_lab_cell_count(struct thi_lab_row *row, uint64_t count);
void thi_lab_cell_number(struct thi_lab_row *row, double number);
void thi_lab_cell_empty(struct thi_lab_row *row);
TH_LAB_FORMAT(3, 4)
void thi_lab_verdict_add(struct thi_lab_result *result, enum thi_lab_outcome outcome,
                         const char *format, ...);
TH_LAB_FORMAT(2, 3) void thi_lab_note_add(struct thi_lab_result *result, const char *format, ...);
struct thi_lab_plot *thi_lab_plot_add(struct thi_lab_result *result, enum thi_lab_plot_kind kind,
                                      const char *name, const char *title);
struct thi_lab_series *thi_lab_series_add(struct thi_lab_plot *plot, const char *name);
void thi_lab_point_add(struct thi_lab_series *series, double x, double y);
TH_LAB_FORMAT(3, 4)
void thi_lab_bar_add(struct thi_lab_series *series, double length, const char *format, ...);

/* ------------------------------------------------------------------------- running */

struct thi_lab {
    struct thi_lab_machine machine;
    unsigned cpus[TH_LAB_CPUS_MAX]; /* those that are used */
    unsigned cpu_count;
    uint64_t seed;
    double seconds;      /* for all chosen experiments */
    bool shows_progress; /* a line on standard error */
    uint64_t slice_ns;   /* for the running experiment */
    const struct thi_lab_experiment *running;
};

struct thi_lab_experiment {
    const char *name;
    const char *title;
    const char *explanation;
    double weight; /* its share of the time */
    void (*run)(struct thi_lab *lab, struct thi_lab_result *result);
};

extern const struct thi_lab_experiment thi_lab_store_buffering;
extern const struct thi_lab_experiment thi_lab_message_passing;
extern const struct thi_lab_experiment thi_lab_tearing;
extern const struct thi_lab_experiment thi_lab_stale_bucket;
extern const struct thi_lab_experiment thi_lab_early_free;
extern const struct thi_lab_experiment thi_lab_missing_recheck;
extern const struct thi_lab_experiment thi_lab_order_cost;
extern const struct thi_lab_experiment thi_lab_false_sharing;
extern const struct thi_lab_experiment thi_lab_growth_jitter;
extern const struct thi_lab_experiment thi_lab_first_touch;

/* All of them, ending with NULL. */
extern const struct thi_lab_experiment *const thi_lab_experiments[];
const struct thi_lab_experiment *thi_lab_experiment_find(const char *name);

/* What is being done, for the progress line. */
TH_LAB_FORMAT(2, 3) void thi_lab_progress(const struct thi_lab *lab, const char *format, ...);
void thi_lab_progress_clear(const struct thi_lab *lab);

uint64_t thi_lab_now_ns(void);
uint64_t thi_lab_thread_cpu_ns(void);
uint64_t thi_lab_random(uint64_t *state);

/* What a thread does that waits: spins a little, then lets others run. `turns` counts. */
void thi_lab_wait(unsigned *turns);

/* Runs `job` in `count` threads that start together, at most TH_LAB_CPUS_MAX: thread i on
 * lab->cpus[i], in turn if there are too few of these; all on the first if `one_cpu`. False: the
 * system refused a thread, and no job has run. */
bool thi_lab_crew_run(const struct thi_lab *lab, unsigned count, bool one_cpu,
                      void (*job)(void *context, unsigned member), void *context);

/* --------------------------------------------------------------------- showing results */

void thi_lab_text_machine(FILE *out, const struct thi_lab *lab);
void thi_lab_text_result(FILE *out, const struct thi_lab_result *result);
/* Prints `text` in lines of at most 96 columns, each behind `indent` blanks. */
void thi_lab_text_wrap(FILE *out, unsigned indent, const char *text);
/* 1,234 or 56.7 or 0.0123; and with a unit: 1.23 ms. */
void thi_lab_number_text(double number, char text[TH_LAB_CELL_BYTES]);
void thi_lab_time_text(double ns, char text[TH_LAB_CELL_BYTES]);
void thi_lab_json_write(FILE *out, const struct thi_lab *lab, const struct thi_lab_result *results,
                        size_t count);
/* One file a plot in `folder`, which is made if it is missing. False: said why. */
bool thi_lab_plots_write(const char *folder, const struct thi_lab_result *result);

#endif
