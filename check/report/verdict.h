/* SPDX-License-Identifier: MIT
 * verdict.h - the last lines of a run: one of four verdicts, the counts behind it, and both as JSON.
 */
#ifndef TOPHASH_REPORT_VERDICT_H
#define TOPHASH_REPORT_VERDICT_H

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
    const struct thi_engine_result *result;
    const struct thi_engine_options *options;
    const char *program; /* what was checked, such as "queue.c" */
    const char *trouble; /* HARNESS: one or more sentences */
    const char *failure; /* FAILED: the headline, without the place; may be NULL */
    const char *place;   /* FAILED: "queue.c:40"; may be NULL */
    const char *replay;  /* FAILED: the command that shows this execution again; may be NULL */
};

/* What was decided and how much was seen. */
void thi_report_verdict(struct thi_text *text, const struct thi_report_verdict *verdict);
/* The same as one JSON object and a newline. Rows and mutation may be NULL. */
void thi_report_json(struct thi_text *text, const struct thi_report_verdict *verdict,
                     const struct thi_site_row *rows, size_t row_count,
                     const struct thi_mutation *mutation);

#endif
