/* SPDX-License-Identifier: MIT
 * audit.c - one object file, from its bytes to the verdicts.
 */
#include "audit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "driver/driver.h"
#include "graph.h"

/* Lays the code sections of a relocatable file one behind another. Address ranges are left out:
 * linking breaks those of some targets, and readers do without them. */
static const char script_text[] =
    "SECTIONS { .text 0 : { *(.text .text.*) } /DISCARD/ : { *(.debug_aranges) "
    "*(.rela.debug_aranges) } }\n";

static bool is_relocatable(const char *path)
{
    unsigned char head[18] = {0};
    FILE *file = fopen(path, "rb");
    size_t size = file == NULL ? 0 : fread(head, 1, sizeof head, file);
    if (file != NULL) {
        fclose(file);
    }
    bool little = head[5] == 1;
    return size == sizeof head && memcmp(head, "\177ELF", 4) == 0 &&
           (little ? head[16] : head[17]) == 1;
}

static bool sections_join(const struct thi_tools *tools, const char *object, const char *joined)
{
    char script[600];
    snprintf(script, sizeof script, "%s/join.ld", tools->folder);
    FILE *file = fopen(script, "w");
    if (file == NULL) {
        perror(script);
        return false;
    }
    bool ok = fputs(script_text, file) >= 0;
    ok = fclose(file) == 0 && ok;
    struct thi_words words = {.items = NULL};
    ok = ok && thi_words_add(&words, tools->linker) && thi_words_add(&words, "-r") &&
         thi_words_add(&words, "-T") && thi_words_add(&words, script) &&
         thi_words_add(&words, object) && thi_words_add(&words, "-o") &&
         thi_words_add(&words, joined) && thi_command_run(&words, NULL) == 0;
    thi_words_fini(&words);
    if (!ok) {
        fprintf(stderr, "tophash audit: %s cannot lay out %s\n", tools->linker, object);
    }
    return ok;
}

/* RISC-V with Ztso, which the object's header tells, keeps all pairs but a write and a later
 * read. */
static void order_give(struct thi_code *code, const char *object)
{
    enum { FLAGS_AT = 48, FLAG_TSO = 16 };
    code->given = thi_rule_given(code->target);
    unsigned char head[FLAGS_AT + 4] = {0};
    FILE *file = fopen(object, "rb");
    size_t size = file == NULL ? 0 : fread(head, 1, sizeof head, file);
    if (file != NULL) {
        fclose(file);
    }
    if (code->target != TH_TARGET_RISCV64 || size != sizeof head ||
        (head[FLAGS_AT] & FLAG_TSO) == 0) {
        return;
    }
    code->given = TH_RR | TH_RW | TH_WW;
    for (size_t i = 0; i < code->count; i++) {
        struct thi_event *event = &code->instructions[i].event;
        event->before |= (event->flags & TH_EVENT_WRITE) != 0 ? TH_RW | TH_WW : 0;
        event->after |= (event->flags & TH_EVENT_READ) != 0 ? TH_RR | TH_RW : 0;
    }
}

/* Of a program, not all that was compiled need be linked: operations of functions that it has not
 * are left out. */
static void strangers_drop(struct thi_audit *audit)
{
    size_t kept = 0;
    for (size_t i = 0; i < audit->made.count; i++) {
        bool found = false;
        for (size_t j = 0; j < audit->code.function_count && !found; j++) {
            found = thi_same_function(audit->code.functions[j].name, audit->made.items[i].function);
        }
        if (found) {
            audit->made.items[kept++] = audit->made.items[i];
        }
    }
    audit->made.count = kept;
}

/* `path` is the object itself, or where its sections were put one behind another. */
static bool code_read(struct thi_audit *audit, const struct thi_tools *tools, const char *object,
                      bool *relocatable, char *path, size_t path_bytes)
{
    audit->code.target = thi_target_of(object);
    if (audit->code.target == TH_TARGETS) {
        fprintf(stderr, "tophash audit: %s is no object file of a target this command knows\n",
                object);
        return false;
    }
    *relocatable = is_relocatable(object);
    snprintf(path, path_bytes, *relocatable ? "%s/joined.o" : "%s",
             *relocatable ? tools->folder : object);
    if ((*relocatable && !sections_join(tools, object, path)) ||
        !thi_code_read(&audit->code, tools, path)) {
        return false;
    }
    thi_decode(&audit->code);
    order_give(&audit->code, object);
    return true;
}

bool thi_audit_code(struct thi_audit *audit, const struct thi_tools *tools, const char *object)
{
    char path[600];
    bool relocatable;
    return code_read(audit, tools, object, &relocatable, path, sizeof path);
}

bool thi_audit_object(struct thi_audit *audit, const struct thi_tools *tools, const char *object)
{
    char path[600];
    bool relocatable;
    bool ok = code_read(audit, tools, object, &relocatable, path, sizeof path);
    ok = ok && thi_code_relocate(&audit->code, tools, path) && thi_flow_make(&audit->code) &&
         thi_code_locate(&audit->code, tools, path);
    if (ok && !relocatable) {
        strangers_drop(audit);
    }
    ok = ok && thi_sites_make(audit);
    if (!ok) {
        return false;
    }
    thi_sites_compare(audit);
    for (size_t i = 0; i < audit->site_count; i++) {
        thi_judge(audit, &audit->sites[i]);
    }
    thi_judge_counts(audit);
    thi_judge_strays(audit);
    return thi_judge_order(audit);
}

void thi_audit_count(const struct thi_audit *audit, struct thi_counts *counts)
{
    for (size_t i = 0; i < audit->site_count; i++) {
        const struct thi_site *site = &audit->sites[i];
        counts->verdicts[site->verdict]++;
        if (site->leads) {
            bool all = site->merged || site->like_found >= site->intent_count;
            counts->found += all ? site->intent_count : site->like_found;
        }
    }
    counts->operations += audit->made.count;
}

void thi_audit_fini(struct thi_audit *audit)
{
    thi_code_fini(&audit->code);
    if (audit->graph != NULL) {
        thi_graph_fini(audit->graph);
        free(audit->graph);
    }
    free(audit->quiet.items);
    free(audit->wanted.items);
    free(audit->made.items);
    for (size_t i = 0; i < audit->text_count; i++) {
        free(audit->texts[i]);
    }
    free(audit->texts);
    free(audit->sites);
    *audit = (struct thi_audit){.name = NULL};
}
