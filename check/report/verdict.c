/* SPDX-License-Identifier: MIT
 * verdict.c - the last lines of a run, for people and for programs.
 */
#include "report/verdict.h"

#include <inttypes.h>

#include "report/say.h"

enum { WIDTH = 100, INDENT = 4 };

static const struct {
    uint32_t bound;
    const char *name, *option, *key;
} bounds[] = {
    {TH_BOUND_EVENTS, "events of one execution", "--events", "events"},
    {TH_BOUND_EXECUTIONS, "executions", "--executions", "executions"},
    {TH_BOUND_SECONDS, "seconds", "--seconds", "seconds"},
    {TH_BOUND_STOPPED, "patience: it was interrupted", NULL, "interrupted"},
};

/* The limit that belongs to a bound; 0: the engine's own. */
static uint64_t bound_limit(const struct thi_engine_options *options, uint32_t bound)
{
    switch (bound) {
    case TH_BOUND_EVENTS: return options->events_max;
    case TH_BOUND_EXECUTIONS: return options->executions_max;
    case TH_BOUND_SECONDS: return (uint64_t)options->seconds_max;
    default: return 0;
    }
}

static void counts_say(struct thi_text *text, const struct thi_engine_result *result)
{
    thi_text_format(text, "%" PRIu64 " executions, %" PRIu64 " blocked, %.2f s", result->executions,
                    result->blocked, result->elapsed_s);
    if (result->workers > 1) {
        thi_text_format(text, " on %" PRIu32 " cores", result->workers);
    }
}

/* "the bound of 1000 executions was hit (--executions)": a hit bound is never a pass. */
static void bounds_say(struct thi_text *text, const struct thi_report_verdict *verdict)
{
    bool any = false;
    for (size_t i = 0; i < sizeof bounds / sizeof bounds[0]; i++) {
        if ((verdict->result->bounds & bounds[i].bound) == 0) {
            continue;
        }
        uint64_t limit = bound_limit(verdict->options, bounds[i].bound);
        thi_text_string(text, any ? ", and the bound of " : "the bound of ");
        if (limit != 0) {
            thi_text_format(text, "%" PRIu64 " ", limit);
        }
        thi_text_string(text, bounds[i].name);
        if (bounds[i].option != NULL) {
            thi_text_format(text, " was hit (%s)", bounds[i].option);
        }
        any = true;
    }
    if (verdict->result->cut > 0) {
        thi_text_format(text, "; %" PRIu64 " executions were cut short", verdict->result->cut);
    }
    if (verdict->result->estimate > verdict->result->executions) {
        thi_text_format(text, "; there may be about %" PRIu64 " in all", verdict->result->estimate);
    }
}

/* Words that are wrapped and get a line of their own. */
static void line_put(struct thi_text *text, struct thi_text *line)
{
    thi_text_wrap(text, thi_text_get(line), INDENT, WIDTH);
    thi_text_newline(text);
    text->failed = text->failed || line->failed;
    thi_text_clear(line);
}

void thi_report_verdict(struct thi_text *text, const struct thi_report_verdict *verdict)
{
    struct thi_text line = {.bytes = NULL};
    const char *program = verdict->program == NULL ? "" : verdict->program;
    if (*program != '\0') {
        thi_text_format(&line, "%s: ", program);
    }
    switch (verdict->kind) {
    case TH_REPORT_VERIFIED:
        thi_text_string(&line, "verified (complete): ");
        counts_say(&line, verdict->result);
        break;
    case TH_REPORT_BOUNDED:
        thi_text_string(&line, "verified within bounds only: nothing failed in ");
        counts_say(&line, verdict->result);
        thi_text_string(&line, ", but ");
        bounds_say(&line, verdict);
        break;
    case TH_REPORT_FAILED:
        thi_text_string(&line, "failed: after ");
        counts_say(&line, verdict->result);
        break;
    case TH_REPORT_HARNESS:
        thi_text_format(&line, "error in harness: %s",
                        verdict->trouble == NULL ? "" : verdict->trouble);
        break;
    }
    line_put(text, &line);
    if (verdict->result != NULL && verdict->result->heavy_fences > 0) {
        thi_text_string(&line, "A membarrier-like heavy fence was modelled as a seq_cst fence in "
                               "every thread at once: sound if a signal may reach each thread "
                               "between any two of its operations.");
        line_put(text, &line);
    }
    if (verdict->kind == TH_REPORT_FAILED && verdict->replay != NULL) {
        thi_text_format(text, "again: %s\n", verdict->replay);
    }
    thi_text_fini(&line);
}

static void json_string(struct thi_text *text, const char *key, const char *value)
{
    thi_text_format(text, "\"%s\": ", key);
    if (value == NULL) {
        thi_text_string(text, "null");
        return;
    }
    thi_text_string(text, "\"");
    thi_text_json(text, value);
    thi_text_string(text, "\"");
}

static void json_number(struct thi_text *text, const char *key, uint64_t value)
{
    thi_text_format(text, ", \"%s\": %" PRIu64, key, value);
}

static void json_orders(struct thi_text *text, uint32_t orders)
{
    bool any = false;
    thi_text_string(text, ", \"orders\": [");
    for (int order = TH_ORDER_PLAIN; order <= TH_ORDER_SEQ_CST; order++) {
        if ((orders & 1u << order) != 0) {
            thi_text_format(text, "%s\"%s\"", any ? ", " : "",
                            thi_order_name((enum thi_order)order));
            any = true;
        }
    }
    thi_text_string(text, "]");
}

static void json_sites(struct thi_text *text, const struct thi_site_row *rows, size_t row_count)
{
    bool any = false;
    thi_text_string(text, ",\n \"sites\": [");
    for (size_t i = 0; i < row_count; i++) {
        const struct thi_site_counters *counters = &rows[i].counters;
        if (!thi_site_is_atomic(counters)) {
            continue;
        }
        thi_text_string(text, any ? ",\n  {" : "\n  {");
        any = true;
        json_string(text, "file", rows[i].place.file);
        json_number(text, "line", rows[i].place.line);
        thi_text_string(text, ", ");
        json_string(text, "function", rows[i].place.function);
        thi_text_string(text, ", ");
        json_string(text, "operation", thi_site_operation(counters));
        json_orders(text, counters->orders);
        json_number(text, "executions", counters->executions);
        json_number(text, "stale", counters->stale);
        json_number(text, "contended", counters->contended);
        thi_text_string(text, "}");
    }
    thi_text_string(text, "]");
}

static void json_mutants(struct thi_text *text, const struct thi_mutation *mutation)
{
    static const char *const outcomes[] = {"killed", "survived", "undecided", "equivalent"};
    thi_text_string(text, ",\n \"mutants\": [");
    for (size_t i = 0; i < mutation->mutant_count; i++) {
        const struct thi_mutant *mutant = &mutation->mutants[i];
        const struct thi_site_row *row = &mutation->rows[mutant->row];
        bool failure = mutant->order == TH_ORDER_NONE;
        thi_text_string(text, i == 0 ? "\n  {" : ",\n  {");
        json_string(text, "file", row->place.file);
        json_number(text, "line", row->place.line);
        thi_text_format(text, ", \"on_failure\": %s, ", failure ? "true" : "false");
        json_string(text, "from",
                    thi_order_name(failure ? mutant->failure_before : mutant->before));
        thi_text_string(text, ", ");
        json_string(text, "to", thi_order_name(failure ? mutant->failure_order : mutant->order));
        thi_text_string(text, ", ");
        json_string(text, "outcome", outcomes[mutant->outcome]);
        thi_text_string(text, ", ");
        json_string(text, "killer", mutant->outcome == TH_MUTANT_KILLED ? mutant->killer : NULL);
        thi_text_string(text, ", ");
        json_string(text, "reason", mutant->reason);
        json_number(text, "executions", mutant->executions);
        thi_text_format(text, ", \"ms\": %.3f}", mutant->elapsed_ms);
    }
    thi_text_string(text, "]");
}

static void json_counts(struct thi_text *text, const struct thi_report_verdict *verdict)
{
    const struct thi_engine_result *result = verdict->result;
    json_number(text, "executions", result->executions);
    json_number(text, "blocked", result->blocked);
    json_number(text, "pruned", result->pruned);
    json_number(text, "cut", result->cut);
    json_number(text, "contended", result->contended);
    json_number(text, "threads", result->threads);
    json_number(text, "events_most", result->events_most);
    json_number(text, "heavy_fences", result->heavy_fences);
    thi_text_format(text, ", \"seconds\": %.6f, \"bounds\": [", result->elapsed_s);
    bool any = false;
    for (size_t i = 0; i < sizeof bounds / sizeof bounds[0]; i++) {
        if ((result->bounds & bounds[i].bound) != 0) {
            thi_text_format(text, "%s\"%s\"", any ? ", " : "", bounds[i].key);
            any = true;
        }
    }
    thi_text_string(text, "]");
}

void thi_report_json(struct thi_text *text, const struct thi_report_verdict *verdict,
                     const struct thi_site_row *rows, size_t row_count,
                     const struct thi_mutation *mutation)
{
    static const char *const names[] = {"verified", "bounded", "failed", "harness"};
    thi_text_string(text, "{");
    json_string(text, "program", verdict->program);
    thi_text_string(text, ", ");
    json_string(text, "verdict", names[verdict->kind]);
    if (verdict->result != NULL) {
        json_counts(text, verdict);
    }
    if (verdict->kind == TH_REPORT_FAILED) {
        thi_text_string(text, ",\n ");
        json_string(text, "failure", verdict->failure);
        thi_text_string(text, ", ");
        json_string(text, "place", verdict->place);
        thi_text_string(text, ", ");
        json_string(text, "replay", verdict->replay);
    } else if (verdict->kind == TH_REPORT_HARNESS) {
        thi_text_string(text, ",\n ");
        json_string(text, "trouble", verdict->trouble);
    }
    if (rows != NULL) {
        json_sites(text, rows, row_count);
    }
    if (mutation != NULL) {
        json_mutants(text, mutation);
    }
    thi_text_string(text, "}\n");
}
