/* SPDX-License-Identifier: MIT
 * json.c - verdict, counts, sites and mutants of a run as one JSON object.
 */
#include "report/json.h"

#include <inttypes.h>

static const struct {
    uint32_t bound;
    const char *key;
} bounds[] = {
    {TH_BOUND_EVENTS, "events"},
    {TH_BOUND_EXECUTIONS, "executions"},
    {TH_BOUND_SECONDS, "seconds"},
    {TH_BOUND_STOPPED, "interrupted"},
};

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
        if (rows[i].address != 0) {
            thi_text_format(text, ", \"address\": \"%zx\"", (size_t)rows[i].address);
        }
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

static void json_counts(struct thi_text *text, const struct thi_engine_result *result)
{
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
    json_string(text, "command", verdict->command);
    thi_text_string(text, ", ");
    json_string(text, "verdict", names[verdict->kind]);
    if (verdict->result != NULL) {
        json_counts(text, verdict->result);
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
