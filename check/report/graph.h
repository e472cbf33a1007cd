/* SPDX-License-Identifier: MIT
 * graph.h - the edges of an execution's graph, between the events that are shown.
 */
#ifndef TOPHASH_REPORT_GRAPH_H
#define TOPHASH_REPORT_GRAPH_H

#include "report/analysis.h"

enum thi_graph_kind {
    TH_GRAPH_PROGRAM,  /* po: the next step of the thread */
    TH_GRAPH_READ,     /* rf: the read takes this value */
    TH_GRAPH_SYNC,     /* rf that synchronises (or a lock's turn, a thread's begin and end) */
    TH_GRAPH_MODIFY,   /* mo: the next newer value of the location */
    TH_GRAPH_READ_OLD, /* rb: the read does not see this newer value */
    TH_GRAPH_CONFLICT, /* the two sides of what went wrong */
    TH_GRAPH_KINDS
};

struct thi_graph_edge {
    enum thi_graph_kind kind;
    uint32_t from, to;
};

struct thi_graph {
    struct thi_graph_edge *edges;
    size_t count;
};

/* False: out of memory, nothing to undo. */
bool thi_graph_init(struct thi_graph *graph, const struct thi_analysis *analysis);
void thi_graph_fini(struct thi_graph *graph);

const char *thi_graph_colour(enum thi_graph_kind kind); /* "#rrggbb" */
const char *thi_graph_name(enum thi_graph_kind kind);   /* "rf" */
const char *thi_graph_words(enum thi_graph_kind kind);  /* "reads from" */

#endif
