/* SPDX-License-Identifier: MIT
 * graph.c - the edges of an execution's graph, and the same for Graphviz.
 *
 * Sources      names and meaning of the relations: RC11 (Lahav, Vafeiadis, Kang, Hur, Dreyer 2017).
 */
#include "report/graph.h"

#include <inttypes.h>
#include <stdlib.h>

#include "report/report.h"
#include "report/say.h"

static const struct {
    const char *colour, *name, *words;
} kinds[TH_GRAPH_KINDS] = {
    {"#888888", "po", "program order"},
    {"#2a9d3a", "rf", "is read by"},
    {"#1f5fd0", "sw", "is read by, and synchronises"},
    {"#c77700", "mo", "is older than"},
    {"#c2185b", "rb", "does not see"},
    {"#d00000", "!", "conflict"},
};

const char *thi_graph_colour(enum thi_graph_kind kind)
{
    return kinds[kind].colour;
}

const char *thi_graph_name(enum thi_graph_kind kind)
{
    return kinds[kind].name;
}

const char *thi_graph_words(enum thi_graph_kind kind)
{
    return kinds[kind].words;
}

static void edge_add(struct thi_graph *graph, enum thi_graph_kind kind, uint32_t from, uint32_t to)
{
    graph->edges[graph->count++] = (struct thi_graph_edge){kind, from, to};
}

/* The shown write to the location of `event` that is next in modification order after `position`.
 */
static uint32_t next_write(const struct thi_analysis *analysis, uint32_t event, uint32_t position)
{
    const struct thi_record *record = analysis->record;
    uint32_t next = TH_RECORD_NONE;
    for (size_t i = 0; i < analysis->step_count; i++) {
        uint32_t e = analysis->steps[i];
        const struct thi_record_event *write = &record->events[e];
        if (e != event && thi_is_write(write) && write->mo_position != TH_RECORD_NONE &&
            write->mo_position > position && thi_same_location(write, &record->events[event]) &&
            (next == TH_RECORD_NONE || write->mo_position < record->events[next].mo_position)) {
            next = e;
        }
    }
    return next;
}

static uint32_t next_in_thread(const struct thi_analysis *analysis, size_t step)
{
    const struct thi_record *record = analysis->record;
    uint32_t thread = record->events[analysis->steps[step]].thread;
    for (size_t i = step + 1; i < analysis->step_count; i++) {
        if (record->events[analysis->steps[i]].thread == thread) {
            return analysis->steps[i];
        }
    }
    return TH_RECORD_NONE;
}

/* At most four edges leave or reach an event here. */
static void event_edges(struct thi_graph *graph, const struct thi_analysis *analysis, size_t step)
{
    const struct thi_record *record = analysis->record;
    uint32_t e = analysis->steps[step];
    const struct thi_record_event *event = &record->events[e];
    uint32_t next = next_in_thread(analysis, step);
    if (next != TH_RECORD_NONE) {
        edge_add(graph, TH_GRAPH_PROGRAM, e, next);
    }
    bool lock = event->kind == TH_RECORD_LOCK;
    if ((thi_is_read(event) || lock) && event->source < record->event_count &&
        analysis->number[event->source] != 0) {
        bool sync = (thi_is_atomic(event) || lock) && thi_record_hb(record, event->source, e) &&
                    record->events[event->source].thread != event->thread;
        edge_add(graph, sync ? TH_GRAPH_SYNC : TH_GRAPH_READ, event->source, e);
    }
    if (thi_is_atomic(event) && thi_is_write(event)) {
        next = next_write(analysis, e, event->mo_position);
        if (next != TH_RECORD_NONE) {
            edge_add(graph, TH_GRAPH_MODIFY, e, next);
        }
    } else if (thi_is_atomic(event) && thi_source_position(record, event) != TH_RECORD_NONE) {
        next = next_write(analysis, e, thi_source_position(record, event));
        if (next != TH_RECORD_NONE) {
            edge_add(graph, TH_GRAPH_READ_OLD, e, next);
        }
    }
}

bool thi_graph_init(struct thi_graph *graph, const struct thi_analysis *analysis)
{
    const struct thi_record_failure *failure = &analysis->record->failure;
    *graph = (struct thi_graph){
        .edges = calloc(4 * analysis->step_count + 1, sizeof(struct thi_graph_edge))};
    if (graph->edges == NULL) {
        return false;
    }
    for (size_t i = 0; i < analysis->step_count; i++) {
        event_edges(graph, analysis, i);
    }
    if (failure->event < analysis->record->event_count &&
        failure->other < analysis->record->event_count && analysis->number[failure->event] != 0 &&
        analysis->number[failure->other] != 0) {
        edge_add(graph, TH_GRAPH_CONFLICT, failure->other, failure->event);
    }
    return true;
}

void thi_graph_fini(struct thi_graph *graph)
{
    free(graph->edges);
    *graph = (struct thi_graph){.edges = NULL};
}

/* Inside the quotes of DOT. */
static void dot_quote(struct thi_text *text, const struct thi_text *words)
{
    for (const char *c = thi_text_get(words); *c != '\0'; c++) {
        if (*c == '"' || *c == '\\') {
            thi_text_add(text, "\\", 1);
        }
        thi_text_add(text, c, 1);
    }
}

static void dot_node(struct thi_text *text, const struct thi_analysis *analysis, uint32_t event)
{
    const struct thi_record *record = analysis->record;
    const struct thi_record_failure *failure = &record->failure;
    struct thi_text words = {.bytes = NULL};
    thi_say_event(&words, record, event);
    thi_text_format(text, "    e%" PRIu32 " [label=\"%" PRIu32 "  ", event,
                    analysis->number[event]);
    dot_quote(text, &words);
    thi_text_string(text, "\\n");
    thi_text_clear(&words);
    thi_say_site(&words, record, record->events[event].site);
    dot_quote(text, &words);
    thi_text_format(text, "\"%s];\n",
                    event == failure->event || event == failure->other
                        ? ", color=\"#d00000\", penwidth=2"
                        : "");
    text->failed = text->failed || words.failed;
    thi_text_fini(&words);
}

void thi_report_dot(struct thi_text *text, const struct thi_analysis *analysis)
{
    const struct thi_record *record = analysis->record;
    struct thi_graph graph;
    if (!thi_graph_init(&graph, analysis)) {
        text->failed = true;
        return;
    }
    struct thi_text words = {.bytes = NULL};
    thi_text_string(text, "digraph execution {\n"
                          "  node [shape=box, fontname=monospace, fontsize=10];\n"
                          "  edge [fontname=monospace, fontsize=9];\n");
    for (uint32_t t = 0; t < record->thread_count; t++) {
        thi_text_clear(&words);
        thi_say_thread(&words, record, t);
        thi_text_format(text, "  subgraph cluster_%" PRIu32 " {\n    label=\"", t);
        dot_quote(text, &words);
        thi_text_string(text, "\";\n");
        for (size_t i = 0; i < analysis->step_count; i++) {
            if (record->events[analysis->steps[i]].thread == t) {
                dot_node(text, analysis, analysis->steps[i]);
            }
        }
        thi_text_string(text, "  }\n");
    }
    for (size_t i = 0; i < graph.count; i++) {
        const struct thi_graph_edge *edge = &graph.edges[i];
        bool po = edge->kind == TH_GRAPH_PROGRAM;
        thi_text_format(text, "  e%" PRIu32 " -> e%" PRIu32 " [color=\"%s\"", edge->from, edge->to,
                        thi_graph_colour(edge->kind));
        thi_text_format(text, po ? ", weight=10];\n" : ", label=\"%s\", constraint=false];\n",
                        thi_graph_name(edge->kind));
    }
    thi_text_string(text, "}\n");
    text->failed = text->failed || words.failed;
    thi_text_fini(&words);
    thi_graph_fini(&graph);
}
