/* SPDX-License-Identifier: MIT
 * report.c - an audit as text, as JSON, and as the table of how a target does each operation.
 */
#include "audit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const verdict_names[] = {"accepted", "rejected", "undecided"};

/* "load acquire, 8 bytes", "cmpxchg acq_rel/acquire, 4 bytes". */
static void wish_add(struct thi_text *text, const struct thi_wish *wish)
{
    thi_text_format(text, "%s %s", wish->name, thi_order_names[wish->order]);
    if (wish->operation == TH_COMPARE) {
        thi_text_format(text, "/%s", thi_order_names[wish->failure]);
    }
    if (wish->operation != TH_FENCE) {
        thi_text_format(text, ", %u byte%s", wish->bytes, wish->bytes == 1 ? "" : "s");
    }
}

static void place_add(struct thi_text *text, const struct thi_site *site)
{
    thi_text_format(text, "%s:%u:%u", site->place.file == NULL ? "?" : site->place.file,
                    site->place.line, site->place.column);
    if (site->via[0] != '\0') {
        thi_text_format(text, " < %s", site->via);
    }
}

static void instructions_add(struct thi_text *text, const struct thi_audit *audit,
                             const struct thi_site *site)
{
    for (uint32_t i = 0; i < site->instruction_count; i++) {
        const struct thi_instruction *at = &audit->code.instructions[site->instructions[i]];
        thi_text_format(text, "    %6llx  %s%s %s", (unsigned long long)at->address,
                        at->locked && at->mnemonic[0] != '\0' ? "lock " : "", at->mnemonic,
                        at->operands);
        if (at->symbol != NULL && (at->event.flags & TH_EVENT_CALL) != 0) {
            thi_text_format(text, "  -> %s", at->symbol);
        }
        thi_text_newline(text);
    }
}

void thi_audit_text(struct thi_text *text, const struct thi_audit *audit, bool all)
{
    for (size_t i = 0; i < audit->site_count; i++) {
        const struct thi_site *site = &audit->sites[i];
        if (site->verdict == TH_ACCEPTED && !all) {
            continue;
        }
        thi_text_format(text, "%s: ", verdict_names[site->verdict]);
        wish_add(text, &site->wish);
        thi_text_format(text, " in %s at ", site->function);
        place_add(text, site);
        thi_text_newline(text);
        if (site->reason[0] != '\0') {
            thi_text_format(text, "    %s\n", site->reason);
        }
        instructions_add(text, audit, site);
    }
    struct thi_counts counts = {.operations = 0};
    thi_audit_count(audit, &counts);
    thi_text_format(text,
                    "%s: %s: %zu operations of the compiler's, %zu found; %zu sites: %zu accepted, "
                    "%zu rejected, %zu undecided\n",
                    audit->name, thi_target_names[audit->code.target], counts.operations,
                    counts.found, audit->site_count, counts.verdicts[TH_ACCEPTED],
                    counts.verdicts[TH_REJECTED], counts.verdicts[TH_UNDECIDED]);
}

static void member_add(struct thi_text *text, const char *name, const char *value, bool last)
{
    thi_text_format(text, "\"%s\": \"", name);
    thi_text_json(text, value == NULL ? "?" : value);
    thi_text_string(text, last ? "\"" : "\", ");
}

static void site_json(struct thi_text *text, const struct thi_audit *audit,
                      const struct thi_site *site)
{
    thi_text_string(text, "    {");
    member_add(text, "function", site->function, false);
    member_add(text, "file", site->place.file, false);
    thi_text_format(text, "\"line\": %u, \"column\": %u, ", site->place.line, site->place.column);
    member_add(text, "inlined", site->via, false);
    member_add(text, "operation", site->wish.name, false);
    member_add(text, "order", thi_order_names[site->wish.order], false);
    if (site->wish.operation == TH_COMPARE) {
        member_add(text, "failure", thi_order_names[site->wish.failure], false);
    }
    thi_text_format(text, "\"bytes\": %u, \"wanted\": %u, \"found\": %u, ", site->wish.bytes,
                    site->intent_count, site->found_count);
    member_add(text, "verdict", verdict_names[site->verdict], false);
    member_add(text, "reason", site->reason, false);
    thi_text_string(text, "\"instructions\": [");
    for (uint32_t i = 0; i < site->instruction_count; i++) {
        const struct thi_instruction *at = &audit->code.instructions[site->instructions[i]];
        thi_text_format(text, "%s{\"address\": %llu, ", i == 0 ? "" : ", ",
                        (unsigned long long)at->address);
        if (at->locked) {
            thi_text_string(text, "\"lock\": true, ");
        }
        member_add(text, "mnemonic", at->mnemonic, false);
        member_add(text, "operands", at->operands, true);
        thi_text_string(text, "}");
    }
    thi_text_string(text, "]}");
}

void thi_audit_json(struct thi_text *text, const struct thi_audit *audit)
{
    struct thi_counts counts = {.operations = 0};
    thi_audit_count(audit, &counts);
    thi_text_string(text, "{");
    member_add(text, "name", audit->name, false);
    member_add(text, "target", thi_target_names[audit->code.target], false);
    thi_text_format(text,
                    "\"operations\": %zu, \"found\": %zu, \"accepted\": %zu, \"rejected\": %zu, "
                    "\"undecided\": %zu,\n  \"sites\": [\n",
                    counts.operations, counts.found, counts.verdicts[TH_ACCEPTED],
                    counts.verdicts[TH_REJECTED], counts.verdicts[TH_UNDECIDED]);
    for (size_t i = 0; i < audit->site_count; i++) {
        site_json(text, audit, &audit->sites[i]);
        thi_text_string(text, i + 1 < audit->site_count ? ",\n" : "\n");
    }
    thi_text_string(text, "  ]}\n");
}

/* What of a site's instructions makes the operation: no address is computed here. */
static void recipe_add(struct thi_text *text, const struct thi_audit *audit,
                       const struct thi_site *site)
{
    bool first = true;
    for (uint32_t i = 0; i < site->instruction_count; i++) {
        const struct thi_instruction *at = &audit->code.instructions[site->instructions[i]];
        if ((at->event.flags & TH_EVENT_PRIVATE) != 0 && at->event.fence == 0) {
            continue;
        }
        bool call = (at->event.flags & TH_EVENT_CALL) != 0 && at->symbol != NULL;
        bool barrier = (at->event.flags & TH_EVENT_FENCE) != 0 && at->operands[0] != '\0';
        thi_text_format(text, "%s%s%s%s%s", first ? "" : "; ",
                        at->locked && at->mnemonic[0] != '\0' ? "lock " : "",
                        call ? at->symbol : at->mnemonic, barrier ? " " : "",
                        barrier ? at->operands : "");
        first = false;
    }
    if (first) {
        thi_text_string(text, "-");
    }
}

static int site_compare(const void *a, const void *b)
{
    const struct thi_wish *left = &(*(const struct thi_site *const *)a)->wish;
    const struct thi_wish *right = &(*(const struct thi_site *const *)b)->wish;
    int names = strcmp(left->name, right->name);
    return left->operation != right->operation ? (int)left->operation - (int)right->operation
           : names != 0                        ? names
           : left->bytes != right->bytes       ? left->bytes - right->bytes
           : left->order != right->order       ? (int)left->order - (int)right->order
                                               : (int)left->failure - (int)right->failure;
}

/* A row for each way in which an operation, width and order is done. */
void thi_audit_table(struct thi_text *text, const struct thi_audit *audit)
{
    const struct thi_site **sorted = calloc(audit->site_count + 1, sizeof *sorted);
    if (sorted == NULL) {
        text->failed = true;
        return;
    }
    size_t count = 0;
    for (size_t i = 0; i < audit->site_count; i++) {
        if (audit->sites[i].wish.name[0] != '?') {
            sorted[count++] = &audit->sites[i];
        }
    }
    qsort(sorted, count, sizeof(const struct thi_site *), site_compare);
    thi_text_format(text, "%s\n", thi_target_names[audit->code.target]);
    struct thi_text row = {.bytes = NULL}, before = {.bytes = NULL};
    for (size_t i = 0; i < count; i++) {
        thi_text_clear(&row);
        thi_text_string(&row, "  ");
        wish_add(&row, &sorted[i]->wish);
        thi_text_pad(&row, 44);
        thi_text_format(&row, "%-10s ", verdict_names[sorted[i]->verdict]);
        recipe_add(&row, audit, sorted[i]);
        thi_text_newline(&row);
        if (strcmp(thi_text_get(&row), thi_text_get(&before)) != 0) {
            thi_text_string(text, thi_text_get(&row));
        }
        thi_text_clear(&before);
        thi_text_string(&before, thi_text_get(&row));
    }
    text->failed = text->failed || row.failed || before.failed;
    thi_text_fini(&row);
    thi_text_fini(&before);
    free(sorted);
}
