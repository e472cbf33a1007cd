/* SPDX-License-Identifier: MIT
 * mutate.c - weakens the order of one site at a time and sees whether anything fails.
 *
 * A mutant that survives means that the order is stronger than it need be, or that no test looks
 * at what it protects. Which of the two, only a person can tell: a reason makes it 'equivalent'.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "report/sites.h"

enum {
    MUTANTS_PER_SITE_MAX = 2 * TH_WEAKER_MAX,
    PLACE_COLUMNS_MAX = 30,
    CHANGE_COLUMNS = 31,
    OUTCOME_COLUMNS = 12
};

static bool has_kind(const struct thi_site_counters *counters, uint32_t kinds)
{
    return (counters->kinds & kinds) != 0;
}

size_t thi_weaker_orders(const struct thi_site_counters *counters, enum thi_order order,
                         enum thi_order weaker[TH_WEAKER_MAX])
{
    static const enum thi_order loads[] = {TH_ORDER_SEQ_CST, TH_ORDER_ACQUIRE, TH_ORDER_RELAXED};
    static const enum thi_order stores[] = {TH_ORDER_SEQ_CST, TH_ORDER_RELEASE, TH_ORDER_RELAXED};
    static const enum thi_order both[] = {TH_ORDER_SEQ_CST, TH_ORDER_ACQ_REL, TH_ORDER_ACQUIRE,
                                          TH_ORDER_RELEASE, TH_ORDER_RELAXED};
    bool changes = has_kind(counters, 1u << TH_OP_RMW | 1u << TH_OP_CAS | 1u << TH_OP_CAS_WEAK |
                                          1u << TH_OP_FENCE);
    bool load = has_kind(counters, 1u << TH_OP_LOAD);
    bool store = has_kind(counters, 1u << TH_OP_STORE);
    const enum thi_order *orders = changes ? both : load ? loads : stores;
    size_t order_count = changes ? sizeof both / sizeof both[0] : sizeof loads / sizeof loads[0];
    if (!changes && !load && !store) {
        return 0;
    }
    size_t count = 0;
    for (size_t i = 0; i < order_count; i++) {
        /* Acquire and release do not compare; all others stand from strong to weak. */
        bool sideways = order == TH_ORDER_RELEASE && orders[i] == TH_ORDER_ACQUIRE;
        if (orders[i] < order && !sideways) {
            weaker[count++] = orders[i];
        }
    }
    return count;
}

/* The one order of a set; TH_ORDER_NONE if there are several: such a site is left as it is. */
static enum thi_order only_order(uint32_t orders)
{
    for (int order = TH_ORDER_PLAIN; order <= TH_ORDER_SEQ_CST; order++) {
        if (orders == 1u << order) {
            return (enum thi_order)order;
        }
    }
    return TH_ORDER_NONE;
}

static void mutant_add(struct thi_mutation *mutation, size_t row, enum thi_order order,
                       enum thi_order failure_order)
{
    const struct thi_site_counters *counters = &mutation->rows[row].counters;
    struct thi_mutant *mutant = &mutation->mutants[mutation->mutant_count++];
    *mutant = (struct thi_mutant){.row = row,
                                  .before = only_order(counters->orders),
                                  .failure_before = only_order(counters->failure_orders),
                                  .order = order,
                                  .failure_order = failure_order};
}

static void row_mutants(struct thi_mutation *mutation, size_t row)
{
    const struct thi_site_counters *counters = &mutation->rows[row].counters;
    enum thi_order weaker[TH_WEAKER_MAX];
    if (!thi_site_is_atomic(counters)) {
        return;
    }
    enum thi_order order = only_order(counters->orders);
    size_t count = order == TH_ORDER_NONE ? 0 : thi_weaker_orders(counters, order, weaker);
    for (size_t i = 0; i < count; i++) {
        mutant_add(mutation, row, weaker[i], TH_ORDER_NONE);
    }
    /* The read that a failed compare-exchange is. */
    struct thi_site_counters read = {.kinds = 1u << TH_OP_LOAD};
    if (has_kind(counters, 1u << TH_OP_CAS | 1u << TH_OP_CAS_WEAK)) {
        order = only_order(counters->failure_orders);
        count = order == TH_ORDER_NONE ? 0 : thi_weaker_orders(&read, order, weaker);
        for (size_t i = 0; i < count; i++) {
            mutant_add(mutation, row, TH_ORDER_NONE, weaker[i]);
        }
    }
}

static void mutant_count(struct thi_mutation *mutation, struct thi_mutant *mutant)
{
    mutant->reason = thi_equivalence_of(mutation, mutant);
    if (mutant->reason != NULL && mutant->outcome == TH_MUTANT_SURVIVED) {
        mutant->outcome = TH_MUTANT_EQUIVALENT;
    }
    mutation->wrong += mutant->reason != NULL && mutant->outcome == TH_MUTANT_KILLED;
    mutation->killed += mutant->outcome == TH_MUTANT_KILLED;
    mutation->survived += mutant->outcome == TH_MUTANT_SURVIVED;
    mutation->undecided += mutant->outcome == TH_MUTANT_UNDECIDED;
    mutation->equivalent += mutant->outcome == TH_MUTANT_EQUIVALENT;
}

bool thi_mutation_run(struct thi_mutation *mutation, const struct thi_site_row *rows,
                      size_t row_count, const char *equivalences_path, thi_mutant_run *run,
                      void *context, struct thi_text *why)
{
    *mutation = (struct thi_mutation){.rows = rows, .row_count = row_count};
    mutation->mutants = calloc(row_count * MUTANTS_PER_SITE_MAX + 1, sizeof *mutation->mutants);
    mutation->comments = calloc(row_count + 1, sizeof *mutation->comments);
    if (mutation->mutants == NULL || mutation->comments == NULL) {
        thi_text_string(why, "out of memory");
        thi_mutation_fini(mutation);
        return false;
    }
    if (equivalences_path != NULL && !thi_equivalences_read(mutation, equivalences_path, why)) {
        thi_mutation_fini(mutation);
        return false;
    }
    for (size_t row = 0; row < row_count; row++) {
        mutation->comments[row] = thi_equivalence_comment(&rows[row].place);
        row_mutants(mutation, row);
    }
    for (size_t i = 0; i < mutation->mutant_count; i++) {
        struct thi_mutant *mutant = &mutation->mutants[i];
        if (!run(context, rows[mutant->row].site, mutant)) {
            mutation->mutant_count = i;
            break;
        }
        mutant_count(mutation, mutant);
    }
    return true;
}

void thi_mutation_fini(struct thi_mutation *mutation)
{
    for (size_t row = 0; mutation->comments != NULL && row < mutation->row_count; row++) {
        free(mutation->comments[row]);
    }
    free(mutation->comments);
    free(mutation->mutants);
    free(mutation->equivalences);
    *mutation = (struct thi_mutation){.rows = NULL};
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash == NULL ? path : slash + 1;
}

/* "relaxed"; of a fence "removed"; of the failure of a compare-exchange "relaxed on failure". */
static void order_say(struct thi_text *text, const struct thi_mutation *mutation,
                      const struct thi_mutant *mutant)
{
    bool fence = has_kind(&mutation->rows[mutant->row].counters, 1u << TH_OP_FENCE);
    bool failure = mutant->order == TH_ORDER_NONE;
    enum thi_order before = failure ? mutant->failure_before : mutant->before;
    enum thi_order after = failure ? mutant->failure_order : mutant->order;
    thi_text_format(text, "%s -> %s%s", thi_order_name(before),
                    fence && after == TH_ORDER_RELAXED ? "removed" : thi_order_name(after),
                    failure ? " on failure" : "");
}

static const char *outcome_word(const struct thi_mutant *mutant)
{
    switch (mutant->outcome) {
    case TH_MUTANT_KILLED: return "killed";
    case TH_MUTANT_SURVIVED: return "SURVIVED";
    case TH_MUTANT_UNDECIDED: return "undecided";
    case TH_MUTANT_EQUIVALENT: return "equivalent";
    }
    return "?";
}

static void mutant_put(struct thi_text *text, const struct thi_mutation *mutation,
                       const struct thi_mutant *mutant, size_t columns, size_t width)
{
    const struct thi_site_row *row = &mutation->rows[mutant->row];
    struct thi_text words = {.bytes = NULL};
    thi_text_format(&words, "%s:%" PRIu32 " ",
                    row->place.file == NULL ? "?" : base_name(row->place.file), row->place.line);
    thi_text_string(&words, thi_site_operation(&row->counters));
    thi_text_add(text, thi_text_get(&words), thi_text_fit(thi_text_get(&words), columns - 1));
    thi_text_pad(text, columns);
    thi_text_clear(&words);
    order_say(text, mutation, mutant);
    thi_text_pad(text, columns + CHANGE_COLUMNS);
    thi_text_string(text, outcome_word(mutant));
    thi_text_pad(text, columns + CHANGE_COLUMNS + OUTCOME_COLUMNS);
    thi_text_format(text, "%" PRIu64 " executions, %.1f ms", mutant->executions,
                    mutant->elapsed_ms);
    thi_text_newline(text);
    if (mutant->outcome == TH_MUTANT_KILLED) {
        thi_text_format(
            &words, "    %s%s",
            mutant->reason == NULL ? "" : "ALTHOUGH DECLARED EQUIVALENT: ", mutant->killer);
    } else if (mutant->reason != NULL) {
        thi_text_format(&words, "    %s", mutant->reason);
    }
    if (words.size > 0) {
        thi_text_wrap(text, thi_text_get(&words), 6, width);
        thi_text_newline(text);
    }
    text->failed = text->failed || words.failed;
    thi_text_fini(&words);
}

void thi_report_mutation(struct thi_text *text, const struct thi_mutation *mutation,
                         const struct thi_report_options *options)
{
    size_t width = options->width == 0 ? 100 : options->width, columns = strlen("site") + 2;
    for (size_t i = 0; i < mutation->mutant_count; i++) {
        const struct thi_site_row *row = &mutation->rows[mutation->mutants[i].row];
        struct thi_text words = {.bytes = NULL};
        thi_text_format(&words, "%s:%" PRIu32 " %s",
                        row->place.file == NULL ? "?" : base_name(row->place.file), row->place.line,
                        thi_site_operation(&row->counters));
        columns = words.size + 2 > columns ? words.size + 2 : columns;
        thi_text_fini(&words);
    }
    columns = columns > PLACE_COLUMNS_MAX ? PLACE_COLUMNS_MAX : columns;
    for (size_t i = 0; i < mutation->mutant_count; i++) {
        mutant_put(text, mutation, &mutation->mutants[i], columns, width);
    }
    thi_text_format(text, "%zu mutants: %zu killed, %zu survived, %zu equivalent",
                    mutation->mutant_count, mutation->killed, mutation->survived,
                    mutation->equivalent);
    thi_text_format(text, mutation->undecided == 0 ? "\n" : ", %zu undecided within bounds\n",
                    mutation->undecided);
    struct thi_text line = {.bytes = NULL};
    if (mutation->survived > 0) {
        thi_text_string(&line,
                        "A survivor means that the order is stronger than it need be, or "
                        "that no test reads what it protects. If it must be so, say why: "
                        "/* equivalent to ORDER: reason */ at the site, or --equivalent=FILE.");
        thi_text_wrap(text, thi_text_get(&line), 0, width);
        thi_text_newline(text);
    }
    if (mutation->wrong > 0) {
        thi_text_format(text, "%zu declared equivalent %s not: the declaration is wrong.\n",
                        mutation->wrong, mutation->wrong == 1 ? "is" : "are");
    }
    text->failed = text->failed || line.failed;
    thi_text_fini(&line);
}
