/* SPDX-License-Identifier: MIT
 * sites.c - the user's atomic operations: coverage, and mutation of their orders.
 */
#include "runtime/sites.h"

#include "runtime/names.h"
#include "runtime/runtime.h"
#include "runtime/verdict.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct thi_site_row *thi_sites_rows(size_t *count)
{
    uint32_t site_count = thi_engine_site_count(thi_runtime.engine);
    struct thi_site_row *rows = NULL;
    *count = 0;
    for (uint32_t site = 1; site < site_count; site++) {
        struct thi_site_counters counters;
        if (thi_site_is_call(site) ||
            !thi_engine_site_counters(thi_runtime.engine, site, &counters)) {
            continue;
        }
        struct thi_site_row *grown = realloc(rows, (*count + 1) * sizeof *rows);
        if (grown == NULL) {
            free(rows);
            return NULL;
        }
        rows = grown;
        rows[*count] = (struct thi_site_row){
            .site = site, .address = thi_site_address(site), .counters = counters};
        thi_names_site(site, &rows[(*count)++].place);
    }
    return rows == NULL ? calloc(1, sizeof *rows) : rows;
}

void thi_sites_print(const struct thi_site_row *rows, size_t count)
{
    const struct thi_report_options options = {.width = 0};
    struct thi_text text = {.bytes = NULL};
    thi_report_coverage(&text, rows, count, &options);
    printf("\n%s", thi_text_get(&text));
    thi_text_fini(&text);
}

/* One mutant. An error of the harness kills it too: the weakened program runs where the right one
 * never was. */
static bool mutant_run(void *context, uint32_t site, struct thi_mutant *mutant)
{
    (void)context;
    struct thi_engine_result result;
    if (!thi_order_override(&site, 1, mutant->order, mutant->failure_order)) {
        return false;
    }
    const struct thi_engine_error *error = thi_verdict_search(&result);
    mutant->executions = result.executions + result.blocked;
    mutant->elapsed_ms = result.elapsed_s * 1000;
    if (error != NULL) {
        struct thi_record_site place = {.file = NULL};
        thi_names_site(error->access.site, &place);
        mutant->outcome = TH_MUTANT_KILLED;
        snprintf(mutant->killer, sizeof mutant->killer, "%s:%" PRIu32 ": %s",
                 place.file == NULL ? "?" : place.file, place.line, error->message);
    } else {
        mutant->outcome =
            result.verdict == TH_VERDICT_COMPLETE ? TH_MUTANT_SURVIVED : TH_MUTANT_UNDECIDED;
    }
    return result.verdict != TH_VERDICT_BROKEN;
}

bool thi_sites_mutate(const struct thi_site_row *rows, size_t count, struct thi_mutation *mutation)
{
    const struct thi_report_options options = {.width = 0};
    struct thi_text text = {.bytes = NULL};
    bool ok = thi_mutation_run(mutation, rows, count, thi_runtime.options->equivalent, mutant_run,
                               NULL, &text);
    thi_order_override(NULL, 0, TH_ORDER_NONE, TH_ORDER_NONE);
    if (!ok) {
        fprintf(stderr, "tophash check: mutation: %s\n", thi_text_get(&text));
        thi_text_fini(&text);
        return false;
    }
    thi_report_mutation(&text, mutation, &options);
    printf("\n%s", thi_text_get(&text));
    thi_text_fini(&text);
    return true;
}

/* ---------------------------------------------------------------- --weaken */

/* The word of an order at *text, which moves behind it. */
static bool order_take(const char **text, enum thi_order *order)
{
    size_t size = strcspn(*text, "/@");
    if (strncmp(*text, "removed", size) == 0 && size == strlen("removed")) {
        *order = TH_ORDER_RELAXED;
        *text += size;
        return true;
    }
    for (int i = TH_ORDER_RELAXED; i <= TH_ORDER_SEQ_CST; i++) {
        const char *name = thi_order_name((enum thi_order)i);
        if (strlen(name) == size && strncmp(*text, name, size) == 0) {
            *order = (enum thi_order)i;
            *text += size;
            return true;
        }
    }
    return false;
}

bool thi_sites_weaken(const char *text)
{
    uint32_t sites[TH_WEAKENED_SITES_MAX];
    size_t count = 0;
    enum thi_order order = TH_ORDER_NONE, failure_order = TH_ORDER_NONE;
    bool ok = *text == '/' || order_take(&text, &order);
    if (ok && *text == '/') {
        text++;
        ok = order_take(&text, &failure_order);
    }
    while (ok && (*text == '@' || *text == ',') && count < TH_WEAKENED_SITES_MAX) {
        char *end;
        uintptr_t address = (uintptr_t)strtoull(text + 1, &end, 16);
        sites[count] = thi_site_of((const void *)address);
        ok = end != text + 1 && sites[count++] != 0;
        text = end;
    }
    return ok && count != 0 && *text == '\0' &&
           thi_order_override(sites, count, order, failure_order);
}
