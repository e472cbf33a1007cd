/* SPDX-License-Identifier: MIT
 * main.c - the command `tophash`: finds the subcommand and hands over.
 *
 * Guarantees   Wrong usage is told on standard error with what to do, and ends with status 2.
 */
#include "cmd.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <tophash/base.h>

struct subcommand {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *summary;
};

static const struct subcommand subcommands[] = {
#define TH_SUBCOMMAND(name) {#name, th_cmd_##name, th_cmd_##name##_summary},
#include "subcommands.inc"
#undef TH_SUBCOMMAND
    {NULL, NULL, NULL},
};

static void help_print(FILE *out)
{
    fprintf(out, "usage: tophash <subcommand> [options]\n\nSubcommands:\n");
    for (const struct subcommand *each = subcommands; each->name != NULL; each++) {
        fprintf(out, "  %-10s %s\n", each->name, each->summary);
    }
    fprintf(out,
            "\nOptions:\n"
            "  --help     this text; `tophash <subcommand> -h` and `man tophash-<subcommand>`\n"
            "             tell more\n"
            "  --version  the version\n");
}

static const struct subcommand *subcommand_find(const char *name)
{
    for (const struct subcommand *each = subcommands; each->name != NULL; each++) {
        if (strcmp(each->name, name) == 0) {
            return each;
        }
    }
    return NULL;
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        help_print(stderr);
        return 2;
    }
    if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-V") == 0) {
        printf("tophash %s\n", th_version());
        return 0;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
        strcmp(argv[1], "help") == 0) {
        help_print(stdout);
        return 0;
    }
    const struct subcommand *subcommand = subcommand_find(argv[1]);
    if (subcommand == NULL) {
        fprintf(stderr, "tophash: no subcommand '%s'; `tophash --help` lists them\n", argv[1]);
        return 2;
    }
    return subcommand->run(argc - 1, argv + 1);
}
