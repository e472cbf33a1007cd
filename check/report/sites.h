/* SPDX-License-Identifier: MIT
 * sites.h - atomic sites of a program: what was seen at each, and what becomes of the program when
 *           the order of one is weakened.
 */
#ifndef TOPHASH_REPORT_SITES_H
#define TOPHASH_REPORT_SITES_H

#include "engine/engine.h"
#include "report/record.h"
#include "report/report.h"

/* One place in the source that does something atomic. */
struct thi_site_row {
    uint32_t site;     /* the engine's number */
    uintptr_t address; /* where the operation returns to */
    struct thi_record_site place;
    struct thi_site_counters counters;
};

/* False for sites that only create or join threads, or access plainly. */
bool thi_site_is_atomic(const struct thi_site_counters *counters);
/* "load", "store", "exchange or add", "compare-exchange", "fence". */
const char *thi_site_operation(const struct thi_site_counters *counters);

/* Table: site, order, executions, reads of other than the newest value, contended or not. */
void thi_report_coverage(struct thi_text *text, const struct thi_site_row *rows, size_t row_count,
                         const struct thi_report_options *options);

enum thi_mutant_outcome {
    TH_MUTANT_KILLED,
    TH_MUTANT_SURVIVED,
    TH_MUTANT_UNDECIDED, /* a bound was hit before anything failed */
    TH_MUTANT_EQUIVALENT /* survived, and somebody gave a reason why it must */
};

struct thi_mutant {
    size_t row; /* of the site */
    enum thi_order before, failure_before;
    enum thi_order order, failure_order; /* TH_ORDER_NONE: as written */
    enum thi_mutant_outcome outcome;
    const char *reason; /* declared equivalent, and why; NULL: not declared */
    char killer[256];   /* what failed; filled by `run` */
    uint64_t executions;
    double elapsed_ms;
};

/* Runs the program with the orders of the mutant at its site. Fills in outcome (KILLED, SURVIVED
 * or UNDECIDED), killer, executions and elapsed_ms. False: the run is to end here. */
typedef bool thi_mutant_run(void *context, uint32_t site, struct thi_mutant *mutant);

struct thi_mutation {
    const struct thi_site_row *rows;
    size_t row_count;
    struct thi_mutant *mutants;
    size_t mutant_count; /* of those that were run */
    size_t killed, survived, undecided, equivalent;
    size_t wrong;       /* declared equivalent, and killed all the same: counted in `killed` too */
    char *equivalences; /* lines of the file, each ending with 0; reasons point into it */
    size_t equivalences_bytes;
    char **comments; /* by row: reason from the source, or NULL */
};

/* All mutants of the rows, one after the other. `equivalences_path`: a file with a line
 * "FILE:LINE [ORDER]: reason" for each mutant that must survive; NULL: none. A comment
 * "equivalent: reason" or "equivalent to ORDER: reason" at or right above the site says the same.
 * False: out of memory, or the file is not readable or wrong: then `why` says so. */
bool thi_mutation_run(struct thi_mutation *mutation, const struct thi_site_row *rows,
                      size_t row_count, const char *equivalences_path, thi_mutant_run *run,
                      void *context, struct thi_text *why);
void thi_mutation_fini(struct thi_mutation *mutation);
void thi_report_mutation(struct thi_text *text, const struct thi_mutation *mutation,
                         const struct thi_report_options *options);

/* The orders that are weaker than `order` for what happens at the site, strongest first; how many.
 * For a fence TH_ORDER_RELAXED means that it is removed. */
enum { TH_WEAKER_MAX = 4 };
size_t thi_weaker_orders(const struct thi_site_counters *counters, enum thi_order order,
                         enum thi_order weaker[TH_WEAKER_MAX]);

/* equivalent.c: reads declarations; `why` as above. */
bool thi_equivalences_read(struct thi_mutation *mutation, const char *path, struct thi_text *why);
/* The reason why the mutant must survive, or NULL. */
const char *thi_equivalence_of(const struct thi_mutation *mutation,
                               const struct thi_mutant *mutant);
/* The reason in the source at or right above the row's place, to be freed; NULL: none. */
char *thi_equivalence_comment(const struct thi_record_site *place);

#endif
