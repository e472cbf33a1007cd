/* SPDX-License-Identifier: MIT
 * json.h - verdict, counts, sites and mutants of a run as one JSON object.
 */
#ifndef TOPHASH_REPORT_JSON_H
#define TOPHASH_REPORT_JSON_H

#include "engine/engine.h"
#include "report/sites.h"
#include "report/text.h"

enum thi_report_verdict_kind {
    TH_REPORT_VERIFIED, /* every execution was seen */
    TH_REPORT_BOUNDED,  /* none failed within bounds that were hit */
    TH_REPORT_FAILED,
    TH_REPORT_HARNESS /* the test cannot be checked as it is; `trouble` says why */
};

struct thi_report_verdict {
    enum thi_report_verdict_kind kind;
    const struct thi_engine_result *result; /* NULL: nothing was run */
    const char *command;                    /* what was run, such as "tophash check queue.c" */
    const char *trouble;                    /* HARNESS: one or more sentences */
    const char *failure; /* FAILED: the headline, without the place; may be NULL */
    const char *place;   /* FAILED: "queue.c:40"; may be NULL */
    const char *replay;  /* FAILED: the token of the execution; may be NULL */
};

/* One JSON object and a newline. Rows and mutation may be NULL. */
void thi_report_json(struct thi_text *text, const struct thi_report_verdict *verdict,
                     const struct thi_site_row *rows, size_t row_count,
                     const struct thi_mutation *mutation);

#endif
