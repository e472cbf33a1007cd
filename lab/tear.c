/* SPDX-License-Identifier: MIT
 * tear.c - words that are read half old and half new, by width and place.
 */
#include "lab/lab.h"
#include "lab/probe.h"
#include "lab/statistics.h"

#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>

enum { BURST = 4096 };

struct tear_trial {
    const struct thi_lab_probe *probe;
    unsigned char *at;
    uint64_t deadline_ns;
    _Alignas(128) atomic_uint stops;
    _Alignas(128) struct thi_lab_reads reads;
    uint64_t trials;
};

struct place {
    const char *name;
    bool crosses_page;
};

static const struct place places[] = {{"aligned", false},
                                      {"misaligned", false},
                                      {"across 16 bytes", false},
                                      {"across a line", false},
                                      {"across a page", true}};
enum { PLACE_COUNT = sizeof places / sizeof places[0] };

/* Where a word of the probe stands in two pages; the page's size where it cannot stand so. */
static size_t place_offset(const struct thi_lab *lab, const struct thi_lab_probe *probe,
                           size_t place)
{
    size_t half = probe->bytes / 2;
    size_t page = lab->machine.page_bytes;
    /* The third line of the page: no neighbour that is used for anything. */
    size_t line = 2 * lab->machine.line_bytes;
    const size_t offsets[PLACE_COUNT] = {line, line + probe->alignment, line + 16 - half,
                                         line + lab->machine.line_bytes - half, page - half};
    /* The middle of an aligned 16-byte word is 8 bytes off a boundary of 16, as meant. */
    return offsets[place] % probe->alignment == 0 ? offsets[place] : page;
}

static void tear_job(void *context, unsigned member)
{
    struct tear_trial *trial = context;
    if (member == 1) {
        while (atomic_load_explicit(&trial->stops, memory_order_relaxed) == 0) {
            trial->probe->write(trial->at, BURST / 8);
        }
        return;
    }
    while (thi_lab_now_ns() < trial->deadline_ns) {
        trial->probe->read(trial->at, BURST, &trial->reads);
        trial->trials += BURST;
    }
    atomic_store_explicit(&trial->stops, 1, memory_order_relaxed);
}

/* Only what every processor of the target promises; makers promise more for their own. */
static bool whole_is_promised(const struct thi_lab_probe *probe, size_t place)
{
    return place == 0 && probe->bytes <= thi_lab_probe_whole_bytes;
}

static void tear_row(struct thi_lab_table *table, const struct tear_trial *trial, size_t place)
{
    struct thi_lab_row *row = thi_lab_row_add(table);
    thi_lab_cell_text(row, "%s", trial->probe->name);
    thi_lab_cell_count(row, trial->probe->bytes);
    thi_lab_cell_text(row, "%s", places[place].name);
    thi_lab_cell_text(row, "%s", whole_is_promised(trial->probe, place) ? "whole" : "nothing");
    thi_lab_cell_count(row, trial->reads.torn);
    thi_lab_cell_count(row, trial->reads.changes);
    thi_lab_cell_count(row, trial->trials);
    thi_lab_cell_number(row, thi_lab_rate_of(trial->reads.torn, trial->trials).rate * 1e6);
}

struct tear_totals {
    uint64_t torn[PLACE_COUNT]; /* where nothing is promised */
    uint64_t trials[PLACE_COUNT];
    bool narrow_is_whole[PLACE_COUNT]; /* all words of up to 8 bytes were */
    uint64_t promised_torn;
    uint64_t promised_trials;
};

static void totals_add(struct tear_totals *totals, const struct tear_trial *trial, size_t place)
{
    if (whole_is_promised(trial->probe, place)) {
        totals->promised_torn += trial->reads.torn;
        totals->promised_trials += trial->trials;
    } else {
        totals->torn[place] += trial->reads.torn;
        totals->trials[place] += trial->trials;
    }
    if (trial->probe->bytes <= 8 && trial->reads.torn != 0) {
        totals->narrow_is_whole[place] = false;
    }
}

static void totals_judge(const struct tear_totals *totals, struct thi_lab_result *result)
{
    enum thi_lab_outcome outcome =
        thi_lab_judge(false, false, totals->promised_torn, totals->promised_trials);
    thi_lab_verdict_add(result, outcome,
                        "aligned words of up to %u bytes: promised whole, torn %llu times in %llu",
                        thi_lab_probe_whole_bytes, (unsigned long long)totals->promised_torn,
                        (unsigned long long)totals->promised_trials);
    for (size_t place = 0; place < PLACE_COUNT; place++) {
        if (totals->trials[place] == 0) {
            continue;
        }
        outcome = thi_lab_judge(true, false, totals->torn[place], totals->trials[place]);
        const char *which = place == 0 ? "wider words, aligned" : places[place].name;
        const char *narrow = place != 0 && outcome == TH_LAB_SEEN && totals->narrow_is_whole[place]
                                 ? "; by 16 bytes only"
                                 : "";
        thi_lab_verdict_add(result, outcome,
                            "%s: nothing is promised on every machine of this kind, torn %llu "
                            "times in %llu%s",
                            which, (unsigned long long)totals->torn[place],
                            (unsigned long long)totals->trials[place], narrow);
    }
}

static void tear_measure(struct thi_lab *lab, struct thi_lab_result *result, unsigned char *pages)
{
    static const char *const columns[] = {"instruction", "bytes",        "place",
                                          "promised",    "torn",         "changes",
                                          "trials",      "in a million", NULL};
    struct thi_lab_table *table = thi_lab_table_add(result, "torn reads", columns);
    struct thi_lab_plot *plot =
        thi_lab_plot_add(result, TH_LAB_BARS, "tearing", "Torn reads, by place and width");
    plot->x_title = "torn reads in a million";
    plot->is_rates = true;
    struct thi_lab_series *series = thi_lab_series_add(plot, "torn");
    struct tear_totals totals = {.promised_torn = 0};
    for (size_t place = 0; place < PLACE_COUNT; place++) {
        totals.narrow_is_whole[place] = true;
    }
    uint64_t share_ns = lab->slice_ns / (PLACE_COUNT * thi_lab_probe_count);
    for (size_t place = 0; place < PLACE_COUNT; place++) {
        for (size_t i = 0; i < thi_lab_probe_count; i++) {
            struct tear_trial trial = {.probe = &thi_lab_probes[i]};
            size_t offset = place_offset(lab, trial.probe, place);
            if (offset == lab->machine.page_bytes) {
                continue;
            }
            /* What a narrower word has left would be taken for a torn one. */
            memset(pages, 0, 2 * lab->machine.page_bytes);
            trial.at = pages + offset;
            trial.deadline_ns = thi_lab_now_ns() + share_ns;
            thi_lab_progress(lab, "%u bytes, %s", trial.probe->bytes, places[place].name);
            if (!thi_lab_crew_run(lab, 2, false, tear_job, &trial)) {
                thi_lab_verdict_add(result, TH_LAB_CANNOT, "threads refused");
                return;
            }
            tear_row(table, &trial, place);
            totals_add(&totals, &trial, place);
            thi_lab_bar_add(series, thi_lab_rate_of(trial.reads.torn, trial.trials).rate * 1e6,
                            "%u bytes, %s", trial.probe->bytes, places[place].name);
            result->trials += trial.trials;
        }
    }
    totals_judge(&totals, result);
}

static void tearing_run(struct thi_lab *lab, struct thi_lab_result *result)
{
    if (thi_lab_probe_count == 0) {
        thi_lab_verdict_add(result, TH_LAB_CANNOT,
                            "not on this target: the lab has no assembly for it");
        return;
    }
    if (lab->cpu_count < 2) {
        thi_lab_verdict_add(result, TH_LAB_CANNOT,
                            "two processors are needed at once, and this process has one");
        return;
    }
    size_t size = 2 * lab->machine.page_bytes;
    unsigned char *pages =
        mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (pages == MAP_FAILED) {
        thi_lab_verdict_add(result, TH_LAB_CANNOT, "no memory");
        return;
    }
    tear_measure(lab, result, pages);
    munmap(pages, size);
    thi_lab_note_add(result,
                     "\"Promised\" is what every processor of this architecture promises. Makers "
                     "promise more for theirs: x86 processors with AVX read 16 aligned bytes "
                     "whole; Intel's read words whole that stay within a line; ARM's with LSE2 "
                     "those that stay within 16 aligned bytes. C promises nothing for a word that "
                     "is not atomic, wherever it stands: the compiler may take it apart.");
}

const struct thi_lab_experiment thi_lab_tearing = {
    .name = "tearing",
    .title = "Tearing, by place and width",
    .explanation =
        "One thread sets a word to all zeros and all ones in turn, the other reads it: a value "
        "that "
        "is neither is torn, half of it old and half new. Each access is one instruction, so that "
        "what tears is the processor and not the compiler. Words that straddle two cache lines are "
        "two reads at two moments; across a page they are two translations as well.",
    .weight = 8,
    .run = tearing_run};
