/* SPDX-License-Identifier: MIT
 * json.c - all results as one JSON object: what text.c prints, for programs.
 */
#include "lab/lab.h"

#include <math.h>

#include <tophash/base.h>

static void string_write(FILE *out, const char *text)
{
    fputc('"', out);
    for (; *text != '\0'; text++) {
        if (*text == '"' || *text == '\\') {
            fputc('\\', out);
            fputc(*text, out);
        } else if ((unsigned char)*text < ' ') {
            fprintf(out, "\\u%04x", (unsigned)*text);
        } else {
            fputc(*text, out);
        }
    }
    fputc('"', out);
}

static void member_write(FILE *out, const char *name, const char *text, const char *end)
{
    fprintf(out, "\"%s\": ", name);
    string_write(out, text);
    fputs(end, out);
}

/* JSON knows no infinity. */
static void number_write(FILE *out, double number)
{
    if (isfinite(number)) {
        fprintf(out, "%.6g", number);
    } else {
        fputs("null", out);
    }
}

static void cell_write(FILE *out, const struct thi_lab_cell *cell)
{
    switch (cell->kind) {
    case TH_LAB_TEXT: string_write(out, cell->text); break;
    case TH_LAB_COUNT: fprintf(out, "%llu", (unsigned long long)cell->count); break;
    case TH_LAB_NUMBER: number_write(out, cell->number); break;
    default: fputs("null", out); break;
    }
}

static void table_write(FILE *out, const struct thi_lab_table *table)
{
    fputs("{", out);
    member_write(out, "title", table->title, ", \"columns\": [");
    for (size_t i = 0; i < table->column_count; i++) {
        fputs(i == 0 ? "" : ", ", out);
        string_write(out, table->columns[i]);
    }
    fputs("], \"rows\": [", out);
    for (size_t r = 0; r < table->row_count; r++) {
        fputs(r == 0 ? "\n      [" : ",\n      [", out);
        for (size_t c = 0; c < table->column_count; c++) {
            fputs(c == 0 ? "" : ", ", out);
            cell_write(out, &table->rows[r].cells[c]);
        }
        fputs("]", out);
    }
    fputs("]}", out);
}

static void result_write(FILE *out, const struct thi_lab_result *result)
{
    fputs("  {", out);
    member_write(out, "name", result->experiment->name, ", ");
    member_write(out, "title", result->experiment->title, ",\n   ");
    member_write(out, "explanation", result->experiment->explanation, ",\n   ");
    fprintf(out, "\"trials\": %llu, \"seconds\": %.3f,\n   \"tables\": [",
            (unsigned long long)result->trials, result->seconds);
    for (size_t i = 0; i < result->table_count; i++) {
        fputs(i == 0 ? "" : ",\n    ", out);
        table_write(out, &result->tables[i]);
    }
    fputs("],\n   \"verdicts\": [", out);
    for (size_t i = 0; i < result->verdict_count; i++) {
        fputs(i == 0 ? "\n    {" : ",\n    {", out);
        member_write(out, "outcome", thi_lab_outcome_names[result->verdicts[i].outcome], ", ");
        member_write(out, "text", result->verdicts[i].text, "}");
    }
    fputs("],\n   \"notes\": [", out);
    for (size_t i = 0; i < result->note_count; i++) {
        fputs(i == 0 ? "" : ",\n    ", out);
        string_write(out, result->notes[i]);
    }
    fputs("]}", out);
}

static void machine_write(FILE *out, const struct thi_lab *lab)
{
    static const char *const emulators[] = {"none", "qemu-user", "other"};
    const struct thi_lab_machine *machine = &lab->machine;
    fputs("\"machine\": {", out);
    member_write(out, "cpu", machine->cpu, ", ");
    member_write(out, "architecture", machine->architecture, ", ");
    member_write(out, "kernel", machine->kernel, ", ");
    member_write(out, "compiler", machine->compiler, ", ");
    member_write(out, "huge_pages", machine->huge_pages, ", ");
    member_write(out, "hypervisor", machine->hypervisor, ", ");
    member_write(out, "emulator", emulators[machine->emulator], ", ");
    member_write(out, "emulator_name", machine->emulator_name, ", ");
    fprintf(out, "\"online\": %u, \"line_bytes\": %zu, \"page_bytes\": %zu, \"cpus\": [",
            machine->online_count, machine->line_bytes, machine->page_bytes);
    for (unsigned i = 0; i < lab->cpu_count; i++) {
        fprintf(out, "%s%u", i == 0 ? "" : ", ", lab->cpus[i]);
    }
    fputs("]},\n\"limits\": [", out);
    const char *limits[8];
    size_t count = thi_lab_machine_limits(machine, limits, sizeof limits / sizeof limits[0]);
    for (size_t i = 0; i < count; i++) {
        fputs(i == 0 ? "" : ",\n  ", out);
        string_write(out, limits[i]);
    }
    fputs("]", out);
}

void thi_lab_json_write(FILE *out, const struct thi_lab *lab, const struct thi_lab_result *results,
                        size_t count)
{
    fputs("{", out);
    member_write(out, "tophash", th_version(), ",\n");
    fprintf(out, "\"seed\": %llu, \"seconds\": %.6g,\n", (unsigned long long)lab->seed,
            lab->seconds);
    machine_write(out, lab);
    fputs(",\n\"experiments\": [\n", out);
    for (size_t i = 0; i < count; i++) {
        result_write(out, &results[i]);
        fputs(i + 1 < count ? ",\n" : "\n", out);
    }
    fputs("]}\n", out);
}
