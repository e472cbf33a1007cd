/* SPDX-License-Identifier: MIT
 * cmd_audit.c - `tophash audit`: what a compiler made of C11 atomic operations.
 */
#include "cmd.h"

#include "audit.h"
#include "inputs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char th_cmd_audit_summary[] = "judge the machine code of C11 atomic operations";

static void help_print(FILE *out)
{
    fputs(
        "usage: tophash audit [options] FILE.c... [-- flags for the compiler]\n"
        "       tophash audit [options] --commands=compile_commands.json [OBJECT|ARCHIVE...]\n"
        "       tophash audit --probe [CC=...] [CFLAGS=...]\n"
        "\n"
        "Compares the atomic operations of a program with the instructions made of them, and says\n"
        "of each whether its order is kept on the target the code is for: x86-64, i686, aarch64,\n"
        "armv7, riscv64, ppc64le, s390x, loongarch64, wasm32.\n"
        "\n"
        "Exit status: 0 all accepted, 1 some rejected, 2 wrong usage, 3 some undecided, 4 a file\n"
        "could not be audited.\n"
        "\n"
        "Options:\n"
        "  --cc=COMPILER        gcc or clang, under any name, with flags if need be (cc)\n"
        "  --probe              audit the compiler: every operation, order and width\n"
        "  --print-probe        write the C file that --probe compiles, and stop\n"
        "  --code=OBJECT        judge this object, made from the C file in some other way\n"
        "  --commands=FILE      how objects were compiled, as CMake exports it\n"
        "  --only=TEXT          of --commands, what has TEXT in its output's or source's name\n"
        "  --all                show accepted operations too\n"
        "  --table              how each operation is done on this target\n"
        "  --json               everything, for programs\n",
        out);
}

struct settings {
    struct thi_inputs inputs;
    bool json, table, all, probe;
};

static int usage_wrong(const char *what, const char *value)
{
    fprintf(stderr, "tophash audit: %s '%s'; `tophash audit --help` tells more\n", what, value);
    return 2;
}

static int probe_print(void)
{
    struct thi_text text = {.bytes = NULL};
    thi_audit_probe_text(&text);
    bool ok = !text.failed && fputs(thi_text_get(&text), stdout) >= 0 && fflush(stdout) == 0;
    thi_text_fini(&text);
    return ok ? -1 : 4;
}

/* 0: taken; -1: done; else an exit status. */
static int option_take(struct settings *settings, const char *argument)
{
    struct thi_inputs *inputs = &settings->inputs;
    static const struct {
        const char *name;
        size_t offset;
    } values[] = {{"--cc=", offsetof(struct thi_inputs, compiler)},
                  {"CC=", offsetof(struct thi_inputs, compiler)},
                  {"--code=", offsetof(struct thi_inputs, code)},
                  {"--commands=", offsetof(struct thi_inputs, commands)},
                  {"--only=", offsetof(struct thi_inputs, only)}};
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        size_t size = strlen(values[i].name);
        if (strncmp(argument, values[i].name, size) == 0) {
            memcpy((char *)inputs + values[i].offset, &(const char *){argument + size},
                   sizeof(const char *));
            return 0;
        }
    }
    if (strncmp(argument, "CFLAGS=", 7) == 0) {
        return thi_words_add_split(&inputs->flags, argument + 7) ? 0 : 4;
    }
    if (strcmp(argument, "-h") == 0 || strcmp(argument, "--help") == 0) {
        help_print(stdout);
        return -1;
    }
    if (strcmp(argument, "--print-probe") == 0) {
        return probe_print();
    }
    bool *flag = strcmp(argument, "--json") == 0    ? &settings->json
                 : strcmp(argument, "--table") == 0 ? &settings->table
                 : strcmp(argument, "--all") == 0   ? &settings->all
                 : strcmp(argument, "--probe") == 0 ? &inputs->probe
                                                    : NULL;
    if (flag != NULL) {
        *flag = true;
        return 0;
    }
    if (argument[0] == '-') {
        return usage_wrong("no option", argument);
    }
    return thi_words_add(&inputs->files, argument) ? 0 : 4;
}

static int arguments_read(struct settings *settings, int argc, char **argv)
{
    int i = 1;
    int status = 0;
    while (status == 0 && i < argc && strcmp(argv[i], "--") != 0) {
        status = option_take(settings, argv[i++]);
    }
    for (i++; status == 0 && i < argc; i++) {
        status = thi_words_add(&settings->inputs.flags, argv[i]) ? 0 : 4;
    }
    const struct thi_inputs *inputs = &settings->inputs;
    if (status == 0 && inputs->files.count == 0 && !inputs->probe && inputs->commands == NULL) {
        fputs("tophash audit: no file; `tophash audit --help` tells the usage\n", stderr);
        return 2;
    }
    return status;
}

struct report {
    const struct settings *settings;
    struct thi_text text;
    struct thi_counts counts;
    size_t audits;
};

static void audit_report(void *context, const struct thi_audit *audit)
{
    struct report *report = context;
    if (report->settings->json) {
        thi_text_string(&report->text, report->audits == 0 ? "" : ", ");
        thi_audit_json(&report->text, audit);
    } else if (report->settings->table) {
        thi_audit_table(&report->text, audit);
    } else {
        thi_audit_text(&report->text, audit, report->settings->all);
    }
    thi_audit_count(audit, &report->counts);
    report->audits++;
}

static int run(struct settings *settings)
{
    struct report report = {.settings = settings};
    thi_text_string(&report.text, settings->json ? "{\"audits\": [" : "");
    bool ok = thi_inputs_audit(&settings->inputs, audit_report, &report);
    if (settings->json) {
        thi_text_string(&report.text, "]}\n");
    } else if (report.audits > 1) {
        thi_text_format(
            &report.text,
            "all: %zu files, %zu operations of the compiler's, %zu found; %zu accepted, "
            "%zu rejected, %zu undecided\n",
            report.audits, report.counts.operations, report.counts.found,
            report.counts.verdicts[TH_ACCEPTED], report.counts.verdicts[TH_REJECTED],
            report.counts.verdicts[TH_UNDECIDED]);
    }
    ok = fputs(thi_text_get(&report.text), stdout) >= 0 && fflush(stdout) == 0 &&
         !report.text.failed && ok;
    thi_text_fini(&report.text);
    return !ok                                        ? 4
           : report.counts.verdicts[TH_REJECTED] > 0  ? 1
           : report.counts.verdicts[TH_UNDECIDED] > 0 ? 3
                                                      : 0;
}

int th_cmd_audit(int argc, char **argv)
{
    struct settings settings = {.inputs = {.compiler = "cc"}};
    int status = arguments_read(&settings, argc, argv);
    status = status == 0 ? run(&settings) : status < 0 ? 0 : status;
    thi_words_fini(&settings.inputs.files);
    thi_words_fini(&settings.inputs.flags);
    return status;
}
