/* SPDX-License-Identifier: MIT
 * cmd_check.c - `tophash check`: every execution of a small C11 program.
 *
 * The command makes a program of the files (check/driver/), linked with the checker in place of a
 * thread sanitizer's runtime (check/runtime/), and runs it: the exit status is that program's.
 */
#include "cmd.h"

#include "driver/driver.h"
#include "runtime/options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char th_cmd_check_summary[] = "check every execution of a small C11 program";

static void help_print(FILE *out)
{
    fputs("usage: tophash check [options] [-D...] FILE.c... [-- flags for the compiler]\n"
          "\n"
          "Compiles the files, runs the program in every order the C11 memory model allows, and\n"
          "shows the first execution that goes wrong.\n"
          "\n"
          "Exit status: 0 verified (complete), 1 failed, 2 wrong usage, 3 verified within bounds,\n"
          "4 error in the test itself.\n"
          "\n"
          "Options:\n"
          "  --cc=COMPILER       gcc or clang, under any name (cc)\n"
          "  -O1                 check what the optimiser made of it; says what was merged\n"
          "  -o FILE             keep the checked program in FILE and do not run it\n",
          out);
    fputs(thi_check_options_help, out);
}

/* Flags that everybody gives to a compiler need no `--` before them. */
static bool is_compiler_flag(const char *argument)
{
    static const char *const prefixes[] = {"-D", "-U", "-I", "-std=", "-f", "-m", "-W", "-w"};
    for (size_t i = 0; i < sizeof prefixes / sizeof prefixes[0]; i++) {
        if (strncmp(argument, prefixes[i], strlen(prefixes[i])) == 0) {
            return true;
        }
    }
    return false;
}

/* Takes one option; `next` is the argument behind it. How many arguments that were; 0: wrong. */
static int option_take(struct thi_driver *driver, const char *argument, const char *next)
{
    if (strncmp(argument, "--cc=", 5) == 0) {
        driver->compiler = argument + 5;
        return 1;
    }
    if (strcmp(argument, "-O0") == 0 || strcmp(argument, "-O1") == 0) {
        driver->optimisation = argument;
        return 1;
    }
    if (strcmp(argument, "-o") == 0 && next != NULL) {
        driver->program = next;
        return 2;
    }
    if (is_compiler_flag(argument)) {
        return thi_words_add(&driver->flags, argument) ? 1 : 0;
    }
    struct thi_check_options options;
    thi_check_options_init(&options);
    char joined[32];
    bool apart = strcmp(argument, "-j") == 0 && next != NULL;
    if (apart) {
        snprintf(joined, sizeof joined, "-j%.20s", next);
        argument = joined;
    }
    if (thi_check_options_take(&options, argument) != TH_CHECK_OPTION_TAKEN ||
        !thi_words_add(&driver->arguments, argument)) {
        return 0;
    }
    return apart ? 2 : 1;
}

/* How the user called us, without what belongs to one run. */
static bool command_pass(struct thi_driver *driver, int argc, char **argv)
{
    size_t size = sizeof "--command=tophash";
    for (int i = 0; i < argc; i++) {
        size += strlen(argv[i]) + 1;
    }
    char *text = malloc(size);
    if (text == NULL) {
        return false;
    }
    strcpy(text, "--command=tophash");
    for (int i = 0; i < argc; i++) {
        if (strncmp(argv[i], "--replay=", 9) != 0) {
            strcat(strcat(text, " "), argv[i]);
        }
    }
    bool ok = thi_words_add(&driver->arguments, text);
    free(text);
    return ok;
}

/* 0: go on; else the exit status plus 1. */
static int arguments_read(struct thi_driver *driver, int argc, char **argv)
{
    int i = 1;
    while (i < argc && strcmp(argv[i], "--") != 0) {
        if (strcmp(argv[i], "-h") == 0 || strcmp(argv[i], "--help") == 0) {
            help_print(stdout);
            return 1;
        }
        int taken = 1;
        if (argv[i][0] == '-') {
            taken = option_take(driver, argv[i], argv[i + 1]);
        } else if (!thi_words_add(&driver->files, argv[i])) {
            taken = 0;
        }
        if (taken == 0) {
            return TH_CHECK_EXIT_USAGE + 1;
        }
        i += taken;
    }
    for (i++; i < argc; i++) {
        if (!thi_words_add(&driver->flags, argv[i])) {
            return TH_CHECK_EXIT_HARNESS + 1;
        }
    }
    if (driver->files.count == 0) {
        fputs("tophash check: no file; `tophash check --help` tells the usage\n", stderr);
        return TH_CHECK_EXIT_USAGE + 1;
    }
    return command_pass(driver, argc, argv) ? 0 : TH_CHECK_EXIT_HARNESS + 1;
}

int th_cmd_check(int argc, char **argv)
{
    struct thi_driver driver = {.compiler = "cc", .optimisation = "-O0"};
    int status = arguments_read(&driver, argc, argv);
    if (status != 0) {
        status -= 1;
    } else if (!thi_driver_find(&driver)) {
        status = TH_CHECK_EXIT_HARNESS;
    } else {
        status = thi_driver_build(&driver);
        if (status == 0 && driver.program == NULL) {
            status = thi_driver_run(&driver);
        }
    }
    thi_driver_fini(&driver);
    return status;
}
