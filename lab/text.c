/* SPDX-License-Identifier: MIT
 * text.c - results as text: the explanation, the tables, the verdicts, the count of trials.
 */
#include "lab/lab.h"

#include <math.h>
#include <string.h>

enum { TEXT_COLUMNS = 96 };

void thi_lab_text_wrap(FILE *out, unsigned indent, const char *text)
{
    size_t column = 0;
    while (*text != '\0') {
        size_t word = strcspn(text, " ");
        if (column != 0 && column + 1 + word > TEXT_COLUMNS) {
            fputc('\n', out);
            column = 0;
        }
        if (column == 0) {
            fprintf(out, "%*s", (int)indent, "");
            column = indent;
        } else {
            fputc(' ', out);
            column++;
        }
        fprintf(out, "%.*s", (int)word, text);
        column += word;
        text += word;
        text += strspn(text, " ");
    }
    fputc('\n', out);
}

/* Thousands apart: 1,234,567. */
static void count_text(uint64_t count, char text[TH_LAB_CELL_BYTES])
{
    char digits[24];
    int size = snprintf(digits, sizeof digits, "%llu", (unsigned long long)count);
    size_t at = 0;
    for (int i = 0; i < size; i++) {
        if (i != 0 && (size - i) % 3 == 0) {
            text[at++] = ',';
        }
        text[at++] = digits[i];
    }
    text[at] = '\0';
}

void thi_lab_number_text(double number, char text[TH_LAB_CELL_BYTES])
{
    if (number >= 999.5) {
        count_text((uint64_t)llround(number), text);
    } else {
        snprintf(text, TH_LAB_CELL_BYTES, "%.3g", number);
    }
}

void thi_lab_time_text(double ns, char text[TH_LAB_CELL_BYTES])
{
    static const struct {
        double ns;
        const char *name;
    } units[] = {{1e9, "s"}, {1e6, "ms"}, {1e3, "us"}};
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        if (ns >= units[i].ns * 0.9995) {
            snprintf(text, TH_LAB_CELL_BYTES, "%.3g %s", ns / units[i].ns, units[i].name);
            return;
        }
    }
    snprintf(text, TH_LAB_CELL_BYTES, "%.3g ns", ns);
}

static void cell_text(const struct thi_lab_cell *cell, char text[TH_LAB_CELL_BYTES])
{
    switch (cell->kind) {
    case TH_LAB_TEXT: snprintf(text, TH_LAB_CELL_BYTES, "%s", cell->text); break;
    case TH_LAB_COUNT: count_text(cell->count, text); break;
    case TH_LAB_NUMBER: thi_lab_number_text(cell->number, text); break;
    default: snprintf(text, TH_LAB_CELL_BYTES, "-"); break;
    }
}

/* Text stands at the left, figures at the right. */
static bool column_is_text(const struct thi_lab_table *table, size_t column)
{
    for (size_t i = 0; i < table->row_count; i++) {
        if (table->rows[i].cells[column].kind == TH_LAB_TEXT) {
            return true;
        }
    }
    return false;
}

static void table_widths(const struct thi_lab_table *table, size_t widths[TH_LAB_COLUMNS_MAX])
{
    char text[TH_LAB_CELL_BYTES];
    for (size_t c = 0; c < table->column_count; c++) {
        widths[c] = strlen(table->columns[c]);
        for (size_t r = 0; r < table->row_count; r++) {
            cell_text(&table->rows[r].cells[c], text);
            widths[c] = strlen(text) > widths[c] ? strlen(text) : widths[c];
        }
    }
}

/* No blanks at the end of a line. */
static void cell_print(FILE *out, const char *text, size_t width, bool is_text, bool is_last)
{
    if (is_text && is_last) {
        fputs(text, out);
    } else {
        fprintf(out, is_text ? "%-*s" : "%*s", (int)width, text);
    }
    fputs(is_last ? "\n" : "  ", out);
}

static void table_print(FILE *out, const struct thi_lab_table *table)
{
    size_t widths[TH_LAB_COLUMNS_MAX];
    char text[TH_LAB_CELL_BYTES];
    table_widths(table, widths);
    fputs("  ", out);
    for (size_t c = 0; c < table->column_count; c++) {
        cell_print(out, table->columns[c], widths[c], column_is_text(table, c),
                   c + 1 == table->column_count);
    }
    for (size_t r = 0; r < table->row_count; r++) {
        fputs("  ", out);
        for (size_t c = 0; c < table->column_count; c++) {
            cell_text(&table->rows[r].cells[c], text);
            cell_print(out, text, widths[c], column_is_text(table, c),
                       c + 1 == table->column_count);
        }
    }
    fputc('\n', out);
}

static void verdict_print(FILE *out, const struct thi_lab_verdict *verdict)
{
    fprintf(out, "  %-9s ", thi_lab_outcome_names[verdict->outcome]);
    /* The first line stands behind the outcome, the others below the first. */
    const char *text = verdict->text;
    size_t room = TEXT_COLUMNS - 12;
    while (strlen(text) > room) {
        size_t cut = room;
        while (cut > 1 && text[cut] != ' ') {
            cut--;
        }
        fprintf(out, "%.*s\n%12s", (int)cut, text, "");
        text += cut;
        text += strspn(text, " ");
    }
    fprintf(out, "%s\n", text);
}

void thi_lab_text_result(FILE *out, const struct thi_lab_result *result)
{
    char trials[TH_LAB_CELL_BYTES];
    fprintf(out, "%s\n", result->experiment->title);
    for (size_t i = strlen(result->experiment->title); i != 0; i--) {
        fputc('=', out);
    }
    fputs("\n\n", out);
    thi_lab_text_wrap(out, 0, result->experiment->explanation);
    fputc('\n', out);
    for (size_t i = 0; i < result->table_count; i++) {
        fprintf(out, "%s:\n\n", result->tables[i].title);
        table_print(out, &result->tables[i]);
    }
    fputs("verdict:\n\n", out);
    for (size_t i = 0; i < result->verdict_count; i++) {
        verdict_print(out, &result->verdicts[i]);
    }
    fputc('\n', out);
    for (size_t i = 0; i < result->note_count; i++) {
        thi_lab_text_wrap(out, 0, result->notes[i]);
        fputc('\n', out);
    }
    count_text(result->trials, trials);
    fprintf(out, "%s: %s trials in %.1f s\n\n", result->experiment->name, trials, result->seconds);
}

void thi_lab_text_machine(FILE *out, const struct thi_lab *lab)
{
    const struct thi_lab_machine *machine = &lab->machine;
    fprintf(out, "processor     %s, %u online, lines of %zu bytes\n", machine->cpu,
            machine->online_count, machine->line_bytes);
    fputs("used          processors", out);
    for (unsigned i = 0; i < lab->cpu_count; i++) {
        fprintf(out, " %u", lab->cpus[i]);
    }
    fprintf(out, "\narchitecture  %s%s%s\n", machine->architecture,
            machine->emulator == TH_LAB_NATIVE ? "" : ", emulated by ", machine->emulator_name);
    if (machine->hypervisor[0] != '\0') {
        fprintf(out, "hypervisor    %s\n", machine->hypervisor);
    }
    fprintf(out, "system        %s, pages of %zu bytes, huge pages: %s\n", machine->kernel,
            machine->page_bytes, machine->huge_pages);
    fprintf(out, "compiler      %s\nseed          %llu\n\n", machine->compiler,
            (unsigned long long)lab->seed);
    const char *limits[8];
    size_t count = thi_lab_machine_limits(machine, limits, sizeof limits / sizeof limits[0]);
    if (count != 0) {
        fputs("limits:\n\n", out);
    }
    for (size_t i = 0; i < count; i++) {
        thi_lab_text_wrap(out, 2, limits[i]);
        fputc('\n', out);
    }
}
