/* SPDX-License-Identifier: MIT
 * edge_say.c - the end of the counterexample: which ordering was needed, what was found, what would
 *              make it.
 */
#include "report/report.h"

#include <inttypes.h>

#include "report/say.h"

enum { WIDTH_DEFAULT = 100, INDENT = 7 };

/* Adds the paragraph and empties it. */
static void paragraph_put(struct thi_text *text, struct thi_text *paragraph,
                          const struct thi_report_options *options)
{
    thi_text_wrap(text, thi_text_get(paragraph), INDENT,
                  options->width < 40 ? (options->width == 0 ? WIDTH_DEFAULT : 40)
                                      : options->width);
    thi_text_newline(text);
    text->failed = text->failed || paragraph->failed;
    thi_text_clear(paragraph);
}

static void needs_say(struct thi_text *line, const struct thi_analysis *analysis,
                      const struct thi_edge *edge)
{
    thi_text_string(line, "needs: ");
    thi_say_place(line, analysis, edge->from);
    thi_text_string(line, " -> ");
    thi_say_place(line, analysis, edge->to);
    thi_text_string(line, ": the first must happen before the second");
}

/* The order that `order` becomes when a release or acquire part is added. */
static enum thi_record_order order_with(enum thi_record_order order, enum thi_record_order part)
{
    return order == TH_RECORD_RELAXED || order == part ? part : TH_RECORD_ACQ_REL;
}

static void hop_found(struct thi_text *line, const struct thi_analysis *analysis,
                      const struct thi_hop *hop)
{
    const struct thi_record *record = analysis->record;
    thi_say_kind(line, record, hop->to);
    thi_text_string(line, " at ");
    thi_say_place(line, analysis, hop->to);
    thi_text_string(line, " does not synchronise with ");
    thi_say_kind(line, record, hop->from);
    thi_text_string(line, " at ");
    thi_say_place(line, analysis, hop->from);
    thi_text_string(line, record->events[hop->to].source == hop->from
                              ? ", whose value it reads"
                              : ", whose value reaches it through read-modify-writes");
    if (hop->old_sequence) {
        thi_text_string(line, " (since C++20 an earlier release store of the same thread does not "
                              "stand for a later relaxed one)");
    }
    if (hop->idle_fence != TH_RECORD_NONE) {
        thi_text_string(line, "; the fence at ");
        thi_say_place(line, analysis, hop->idle_fence);
        thi_text_string(line, hop->weak_write ? " does not stand between what is to be published "
                                                "and the store"
                                              : " does not stand between the load and what it is "
                                                "to guard");
    }
}

static void hop_would(struct thi_text *line, const struct thi_analysis *analysis,
                      const struct thi_hop *hop)
{
    const struct thi_record *record = analysis->record;
    const struct thi_record_event *write = &record->events[hop->from];
    const struct thi_record_event *read = &record->events[hop->to];
    if (hop->weak_write) {
        thi_text_format(line, "memory_order_%s",
                        thi_say_order(order_with(write->order, TH_RECORD_RELEASE)));
        thi_text_string(line, " at ");
        thi_say_place(line, analysis, hop->from);
    }
    if (hop->weak_read) {
        thi_text_string(line, hop->weak_write ? " and " : "");
        thi_text_format(line, "memory_order_%s",
                        read->flags & TH_RECORD_CAS_FAILED
                            ? "acquire on failure"
                            : thi_say_order(order_with(read->order, TH_RECORD_ACQUIRE)));
        thi_text_string(line, " at ");
        thi_say_place(line, analysis, hop->to);
    }
}

static void broken_put(struct thi_text *text, const struct thi_analysis *analysis,
                       const struct thi_edge *edge, const struct thi_report_options *options)
{
    struct thi_text line = {.bytes = NULL};
    bool any = false;
    needs_say(&line, analysis, edge);
    paragraph_put(text, &line, options);
    for (size_t i = 0; i < edge->hop_count; i++) {
        if (edge->path[i].kind == TH_HOP_READ) {
            thi_text_string(&line, any ? "  and: " : "found: ");
            any = true;
            hop_found(&line, analysis, &edge->path[i]);
            paragraph_put(text, &line, options);
        }
    }
    thi_text_string(&line, "would: ");
    bool first = true;
    for (size_t i = 0; i < edge->hop_count; i++) {
        if (edge->path[i].kind == TH_HOP_READ) {
            thi_text_string(&line, first ? "" : ", and ");
            hop_would(&line, analysis, &edge->path[i]);
            first = false;
        }
    }
    thi_text_string(&line, ", or fences that do the same, would create it");
    paragraph_put(text, &line, options);
    thi_text_fini(&line);
}

static void missing_put(struct thi_text *text, const struct thi_analysis *analysis,
                        const struct thi_report_options *options)
{
    const struct thi_edge *edge = &analysis->edge;
    const struct thi_record *record = analysis->record;
    struct thi_text line = {.bytes = NULL};
    needs_say(&line, analysis, edge);
    if (record->failure.kind == TH_FAILURE_RACE) {
        thi_text_string(&line, ", or the other way round");
    }
    paragraph_put(text, &line, options);
    thi_text_format(&line,
                    "found: nothing that could order them: before its step T%" PRIu32
                    " reads no atomic value that T%" PRIu32 " wrote after its own",
                    record->events[edge->to].thread, record->events[edge->from].thread);
    paragraph_put(text, &line, options);
    if (analysis->cause.kind == TH_EDGE_NONE) {
        thi_text_string(&line,
                        record->failure.kind == TH_FAILURE_USE_AFTER_FREE
                            ? "would: a free that waits until nobody can reach the block any "
                              "more (a hazard pointer, an epoch, a count) would create it"
                            : "would: a lock around both, or a release store after the first "
                              "whose value an acquire load before the second waits for, would "
                              "create it");
        paragraph_put(text, &line, options);
    } else {
        thi_text_string(&line, "How it could come to that, with a load that is not up to date:");
        paragraph_put(text, &line, options);
    }
    thi_text_fini(&line);
}

static void hop_cycle_say(struct thi_text *line, const struct thi_analysis *analysis,
                          const struct thi_hop *hop)
{
    const struct thi_record *record = analysis->record;
    thi_say_kind(line, record, hop->from);
    thi_text_string(line, " at ");
    thi_say_place(line, analysis, hop->from);
    switch (hop->kind) {
    case TH_HOP_PROGRAM: thi_text_string(line, " comes before "); break;
    case TH_HOP_ORDERED: thi_text_string(line, " happens before "); break;
    case TH_HOP_FROM: thi_text_string(line, " is read by "); break;
    default:
        thi_text_string(line, thi_is_write(&record->events[hop->from]) ? " is older than "
                                                                       : " does not see ");
    }
    thi_say_kind(line, record, hop->to);
    thi_text_string(line, " at ");
    thi_say_place(line, analysis, hop->to);
    if (hop->kind == TH_HOP_PROGRAM) {
        bool both = record->events[hop->from].order == TH_RECORD_SEQ_CST &&
                    record->events[hop->to].order == TH_RECORD_SEQ_CST;
        thi_text_string(line, hop->fence != TH_RECORD_NONE ? ", with a seq_cst fence between them"
                              : both                       ? ", and both are seq_cst"
                                     : ", but they are not both seq_cst, and no seq_cst fence "
                                       "stands between them");
    }
}

static void cycle_put(struct thi_text *text, const struct thi_analysis *analysis,
                      const struct thi_edge *edge, const struct thi_report_options *options)
{
    struct thi_text line = {.bytes = NULL};
    thi_text_string(&line, "needs: one order of all these steps in which every load sees the "
                           "newest store; they form a circle, so there is none");
    paragraph_put(text, &line, options);
    for (size_t i = 0; i < edge->hop_count; i++) {
        thi_text_string(&line, i == 0 ? "found: " : "  and: ");
        hop_cycle_say(&line, analysis, &edge->path[i]);
        paragraph_put(text, &line, options);
    }
    thi_text_string(&line, "would: atomic_thread_fence(memory_order_seq_cst)");
    bool first = true;
    for (size_t i = 0; i < edge->hop_count; i++) {
        if (edge->path[i].kind == TH_HOP_PROGRAM && edge->path[i].fence == TH_RECORD_NONE) {
            thi_text_string(&line, first ? " between " : " and between ");
            thi_say_place(&line, analysis, edge->path[i].from);
            thi_text_string(&line, " and ");
            thi_say_place(&line, analysis, edge->path[i].to);
            first = false;
        }
    }
    thi_text_string(&line, ", or memory_order_seq_cst for all of these accesses, would forbid it");
    paragraph_put(text, &line, options);
    thi_text_fini(&line);
}

static void none_put(struct thi_text *text, const struct thi_analysis *analysis,
                     const struct thi_report_options *options)
{
    const struct thi_record_failure *failure = &analysis->record->failure;
    struct thi_text line = {.bytes = NULL};
    bool after_free = failure->kind == TH_FAILURE_USE_AFTER_FREE &&
                      failure->event < analysis->record->event_count &&
                      failure->other < analysis->record->event_count;
    if (failure->kind == TH_FAILURE_NONE || analysis->step_count == 0) {
        return;
    }
    if (after_free) {
        thi_text_string(&line, "found: the free happens before the access: no memory order is to "
                               "blame, the block was still in use");
    } else if (failure->kind == TH_FAILURE_UNINITIALISED) {
        thi_text_string(&line, "found: no write to these bytes comes between the allocation and "
                               "this read, in any thread");
    } else if (failure->kind == TH_FAILURE_OUT_OF_BOUNDS || failure->kind == TH_FAILURE_BAD_FREE) {
        thi_text_string(&line, "found: no memory order is to blame: the address is wrong");
    } else if (failure->kind == TH_FAILURE_DEADLOCK) {
        thi_text_string(&line, "found: no memory order is to blame: each thread has seen the "
                               "newest values and waits for what only a thread that waits too "
                               "could do");
    } else {
        thi_text_string(&line, "found: no memory order is to blame: every load sees the newest "
                               "store, so the table is an order in which the steps can simply "
                               "take place");
    }
    paragraph_put(text, &line, options);
    thi_text_fini(&line);
}

static void edge_put(struct thi_text *text, const struct thi_analysis *analysis,
                     const struct thi_edge *edge, const struct thi_report_options *options)
{
    switch (edge->kind) {
    case TH_EDGE_NONE: none_put(text, analysis, options); break;
    case TH_EDGE_BROKEN: broken_put(text, analysis, edge, options); break;
    case TH_EDGE_MISSING: missing_put(text, analysis, options); break;
    case TH_EDGE_CYCLE: cycle_put(text, analysis, edge, options); break;
    }
}

void thi_report_edge(struct thi_text *text, const struct thi_analysis *analysis,
                     const struct thi_report_options *options)
{
    edge_put(text, analysis, &analysis->edge, options);
    if (analysis->cause.kind != TH_EDGE_NONE) {
        edge_put(text, analysis, &analysis->cause, options);
    }
}
