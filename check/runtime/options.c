/* SPDX-License-Identifier: MIT
 * options.c - the options of `tophash check` that the checked program itself obeys.
 */
#include "runtime/options.h"

#include <stddef.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WORKERS_MAX = 64 };

const char thi_check_options_help[] =
    "  --max-executions=N  stop after so many executions, blocked ones counted\n"
    "  --max-seconds=S     stop after so long\n"
    "  --max-events=N      cut executions of more than N events (else 500 are an error)\n"
    "  -j N                so many processes at once\n"
    "  --release-sequence=c11|c20\n"
    "                      whether a thread's later stores continue its release (c20: no)\n"
    "  --weak-cas          weak compare-exchanges may fail without cause\n"
    "  --reuse             free memory may be given out again\n"
    "  --leaks             memory that is not freed at the end is a failure\n"
    "  --coverage          which atomic operations met competition\n"
    "  --mutate            weaken every order in turn: which ones does this test need?\n"
    "  --equivalent=FILE   lines `FILE:LINE [ORDER]: reason` for orders that nothing needs\n"
    "  --replay=TOKEN      run one execution again\n"
    "  --explain           say of every step why it is allowed\n"
    "  --dot=FILE, --svg=FILE\n"
    "                      draw the execution\n"
    "  --json=FILE         the verdict, the counts and what else was asked for, for programs\n"
    "  --argument=WORD     what main() finds behind its name\n"
    "  --setup-apart       what happens before the first thread is no part of executions\n"
    "  --weaken=ORDER[/ORDER]@ADDRESS,...\n"
    "                      another order (and one of failure) for the atomic operations that\n"
    "                      return to these addresses; removed: of a fence\n"
    "  --wrappers=FILE     operations inlined from FILE are named by where they are used\n"
    "  --output            show what the program prints\n"
    "  --quiet             no progress line\n";

void thi_check_options_init(struct thi_check_options *options)
{
    *options = (struct thi_check_options){.workers = 1};
}

/* Behind `prefix` in `argument`; NULL if it does not start so. */
static const char *value_of(const char *argument, const char *prefix)
{
    size_t size = strlen(prefix);
    return strncmp(argument, prefix, size) == 0 ? argument + size : NULL;
}

static bool number_read(const char *text, uint64_t max, uint64_t *out)
{
    char *end;
    errno = 0;
    unsigned long long value = strtoull(text, &end, 10);
    if (end == text || *end != '\0' || text[0] == '-' || errno != 0 || value == 0 || value > max) {
        fprintf(stderr, "tophash check: '%s' is not a number from 1 to %llu\n", text,
                (unsigned long long)max);
        return false;
    }
    *out = value;
    return true;
}

static bool seconds_read(const char *text, double *out)
{
    char *end;
    double value = strtod(text, &end);
    if (end == text || *end != '\0' || !(value > 0)) {
        fprintf(stderr, "tophash check: '%s' is not a time in seconds\n", text);
        return false;
    }
    *out = value;
    return true;
}

static bool switch_take(struct thi_check_options *options, const char *argument)
{
    const struct {
        const char *name;
        bool *value;
    } switches[] = {
        {"--weak-cas", &options->weak_cas_fails},
        {"--reuse", &options->reuse},
        {"--leaks", &options->leaks},
        {"--coverage", &options->coverage},
        {"--mutate", &options->mutate},
        {"--explain", &options->explain},
        {"--output", &options->output},
        {"--setup-apart", &options->setup_apart},
        {"--quiet", &options->quiet},
    };
    for (size_t i = 0; i < sizeof switches / sizeof switches[0]; i++) {
        if (strcmp(argument, switches[i].name) == 0) {
            *switches[i].value = true;
            return true;
        }
    }
    return false;
}

static bool text_take(struct thi_check_options *options, const char *argument)
{
    const struct {
        const char *prefix;
        const char **value;
    } texts[] = {
        {"--replay=", &options->replay},     {"--dot=", &options->dot},
        {"--svg=", &options->svg},           {"--json=", &options->json},
        {"--command=", &options->command},   {"--equivalent=", &options->equivalent},
        {"--argument=", &options->argument}, {"--weaken=", &options->weaken},
        {"--wrappers=", &options->wrappers},
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        const char *value = value_of(argument, texts[i].prefix);
        if (value != NULL) {
            *texts[i].value = value;
            return true;
        }
    }
    return false;
}

enum thi_options_result thi_check_options_take(struct thi_check_options *options,
                                               const char *argument)
{
    const char *value;
    uint64_t number = 0;
    bool ok = true;
    if (switch_take(options, argument) || text_take(options, argument)) {
        return TH_CHECK_OPTION_TAKEN;
    }
    if ((value = value_of(argument, "--max-executions=")) != NULL) {
        ok = number_read(value, UINT64_MAX, &options->executions_max);
    } else if ((value = value_of(argument, "--max-seconds=")) != NULL) {
        ok = seconds_read(value, &options->seconds_max);
    } else if ((value = value_of(argument, "--max-events=")) != NULL) {
        ok = number_read(value, 1000000, &number);
        options->events_max = ok ? (uint32_t)number : options->events_max;
    } else if ((value = value_of(argument, "-j")) != NULL) {
        ok = number_read(value, WORKERS_MAX, &number);
        options->workers = ok ? (uint32_t)number : options->workers;
    } else if ((value = value_of(argument, "--release-sequence=")) != NULL) {
        ok = strcmp(value, "c11") == 0 || strcmp(value, "c20") == 0;
        options->c11_release_sequence = strcmp(value, "c11") == 0;
        if (!ok) {
            fputs("tophash check: --release-sequence is c11 or c20\n", stderr);
        }
    } else {
        fprintf(stderr, "tophash check: unknown option '%s'; `tophash check --help` lists them\n",
                argument);
        ok = false;
    }
    return ok ? TH_CHECK_OPTION_TAKEN : TH_CHECK_OPTION_WRONG;
}
