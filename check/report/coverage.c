/* SPDX-License-Identifier: MIT
 * coverage.c - which atomic sites were reached, and whether anything came in between there.
 *
 * A site that no other thread ever meets shows nothing, whatever the verdict says: its order could
 * be anything. So these are listed once more, below the table.
 */
#include <inttypes.h>
#include <string.h>

#include "report/sites.h"

enum { PLACE_COLUMNS_MAX = 34, OPERATION_COLUMNS = 17, ORDER_COLUMNS = 18 };

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash == NULL ? path : slash + 1;
}

bool thi_site_is_atomic(const struct thi_site_counters *counters)
{
    uint32_t atomic = 1u << TH_OP_LOAD | 1u << TH_OP_STORE | 1u << TH_OP_RMW | 1u << TH_OP_CAS |
                      1u << TH_OP_CAS_WEAK | 1u << TH_OP_FENCE | 1u << TH_OP_HEAVY_FENCE;
    return (counters->kinds & atomic) != 0;
}

const char *thi_site_operation(const struct thi_site_counters *counters)
{
    static const struct {
        uint32_t kinds;
        const char *name;
    } names[] = {
        {1u << TH_OP_CAS | 1u << TH_OP_CAS_WEAK, "compare-exchange"},
        {1u << TH_OP_RMW, "read-modify-write"},
        {1u << TH_OP_LOAD, "load"},
        {1u << TH_OP_STORE, "store"},
        {1u << TH_OP_FENCE, "fence"},
        {1u << TH_OP_HEAVY_FENCE, "heavy fence"},
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if ((counters->kinds & names[i].kinds) != 0) {
            return names[i].name;
        }
    }
    return "other";
}

static void orders_say(struct thi_text *text, uint32_t orders)
{
    bool any = false;
    for (int order = TH_ORDER_SEQ_CST; order >= TH_ORDER_PLAIN; order--) {
        if ((orders & 1u << order) != 0) {
            thi_text_format(text, "%s%s", any ? "," : "", thi_order_name((enum thi_order)order));
            any = true;
        }
    }
}

static void place_say(struct thi_text *text, const struct thi_record_site *place)
{
    struct thi_text words = {.bytes = NULL};
    thi_text_format(&words, "%s:%" PRIu32, place->file == NULL ? "?" : base_name(place->file),
                    place->line);
    if (place->function != NULL) {
        thi_text_format(&words, " %s", place->function);
    }
    size_t fit = thi_text_fit(thi_text_get(&words), PLACE_COLUMNS_MAX);
    thi_text_add(text, thi_text_get(&words), fit);
    text->failed = text->failed || words.failed;
    thi_text_fini(&words);
}

static size_t place_columns(const struct thi_site_row *rows, size_t row_count)
{
    size_t most = strlen("site");
    for (size_t i = 0; i < row_count; i++) {
        struct thi_text words = {.bytes = NULL};
        place_say(&words, &rows[i].place);
        size_t width = thi_text_width(thi_text_get(&words), words.size);
        most = width > most ? width : most;
        thi_text_fini(&words);
    }
    return most + 2;
}

static void row_put(struct thi_text *text, const struct thi_site_row *row, size_t columns)
{
    const struct thi_site_counters *counters = &row->counters;
    place_say(text, &row->place);
    thi_text_pad(text, columns);
    thi_text_string(text, thi_site_operation(counters));
    thi_text_pad(text, columns + OPERATION_COLUMNS + 1);
    orders_say(text, counters->orders);
    bool cas = (counters->kinds & (1u << TH_OP_CAS | 1u << TH_OP_CAS_WEAK)) != 0;
    if (cas && counters->failure_orders != 0) {
        thi_text_string(text, "/");
        orders_say(text, counters->failure_orders);
    }
    thi_text_pad(text, columns + OPERATION_COLUMNS + ORDER_COLUMNS + 1);
    thi_text_format(text, "%11" PRIu64 "%9" PRIu64 "%11s", counters->executions, counters->stale,
                    counters->contended != 0 ? "yes" : "no");
    thi_text_newline(text);
}

/* A fence touches nothing that could be contended. */
static bool is_uncontended(const struct thi_site_row *row)
{
    uint32_t fences = 1u << TH_OP_FENCE | 1u << TH_OP_HEAVY_FENCE;
    return thi_site_is_atomic(&row->counters) && (row->counters.kinds & ~fences) != 0 &&
           row->counters.contended == 0;
}

void thi_report_coverage(struct thi_text *text, const struct thi_site_row *rows, size_t row_count,
                         const struct thi_report_options *options)
{
    size_t columns = place_columns(rows, row_count), atomic = 0, uncontended = 0;
    for (size_t i = 0; i < row_count; i++) {
        atomic += thi_site_is_atomic(&rows[i].counters);
        uncontended += is_uncontended(&rows[i]);
    }
    thi_text_format(text, "%zu atomic sites\n", atomic);
    if (atomic == 0) {
        return;
    }
    thi_text_string(text, "site");
    thi_text_pad(text, columns);
    thi_text_string(text, "operation");
    thi_text_pad(text, columns + OPERATION_COLUMNS + 1);
    thi_text_string(text, "order");
    thi_text_pad(text, columns + OPERATION_COLUMNS + ORDER_COLUMNS + 1);
    thi_text_string(text, " executions    stale  contended");
    thi_text_newline(text);
    for (size_t i = 0; i < row_count; i++) {
        if (thi_site_is_atomic(&rows[i].counters)) {
            row_put(text, &rows[i], columns);
        }
    }
    struct thi_text line = {.bytes = NULL};
    thi_text_string(&line, "stale: reads of another value than the newest. contended: another "
                           "thread used the same memory, and nothing said which came first.");
    size_t width = options->width == 0 ? 100 : options->width;
    thi_text_wrap(text, thi_text_get(&line), 0, width);
    thi_text_newline(text);
    thi_text_clear(&line);
    if (uncontended > 0) {
        thi_text_string(&line, "Never contended, so no order was needed here:");
        for (size_t i = 0; i < row_count; i++) {
            if (is_uncontended(&rows[i])) {
                thi_text_string(&line, " ");
                place_say(&line, &rows[i].place);
                thi_text_string(&line, --uncontended == 0 ? "." : ",");
            }
        }
        thi_text_wrap(text, thi_text_get(&line), 4, width);
        thi_text_newline(text);
    }
    text->failed = text->failed || line.failed;
    thi_text_fini(&line);
}
