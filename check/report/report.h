/* SPDX-License-Identifier: MIT
 * report.h - what a user of the model checker sees: the counterexample, its explanation, its graph.
 *
 * Every function adds to `text`; plain text has no colour, thi_report_paint() adds it afterwards.
 * Memory that runs out shows in `text->failed`.
 */
#ifndef TOPHASH_REPORT_REPORT_H
#define TOPHASH_REPORT_REPORT_H

#include "report/analysis.h"
#include "report/text.h"

struct thi_report_options {
    size_t width;     /* columns of the page; 0: 100 */
    size_t steps_max; /* the last so many steps are shown; 0: 100 */
};

/* The headline, the table with a column for each thread, the names in it, the missing order. */
void thi_report_counterexample(struct thi_text *text, const struct thi_analysis *analysis,
                               const struct thi_report_options *options);
/* Its parts. */
void thi_report_headline(struct thi_text *text, const struct thi_analysis *analysis,
                         const struct thi_report_options *options);
void thi_report_table(struct thi_text *text, const struct thi_analysis *analysis,
                      const struct thi_report_options *options);
void thi_report_edge(struct thi_text *text, const struct thi_analysis *analysis,
                     const struct thi_report_options *options);

/* For each step a paragraph: what it does, and which rule allows what it reads. */
void thi_report_explain(struct thi_text *text, const struct thi_analysis *analysis,
                        const struct thi_report_options *options);

/* The graph of the execution: for Graphviz, and as a picture. */
void thi_report_dot(struct thi_text *text, const struct thi_analysis *analysis);
void thi_report_svg(struct thi_text *text, const struct thi_analysis *analysis);

/* `text` with colours of a terminal. */
void thi_report_paint(struct thi_text *painted, const char *text);

#endif
