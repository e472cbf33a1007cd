/* SPDX-License-Identifier: MIT
 * options.h - the options of `tophash check` that the checked program itself obeys.
 */
#ifndef TOPHASH_CHECK_RUNTIME_OPTIONS_H
#define TOPHASH_CHECK_RUNTIME_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

/* An execution of more events has a loop without an end, unless somebody says otherwise. */
enum { TH_CHECK_STEPS_MAX = 500 };

struct thi_check_options {
    const char *command; /* how the user called us, to be shown; NULL: unknown */
    const char *replay;  /* a token */
    bool explain;
    bool mutate;
    bool coverage;
    bool leaks;
    bool reuse;
    bool weak_cas_fails;
    bool c11_release_sequence;
    bool quiet;          /* no progress line */
    bool output;         /* what the program prints is shown */
    uint32_t events_max; /* 0: TH_CHECK_STEPS_MAX are an error */
    uint64_t executions_max;
    double seconds_max;
    uint32_t workers;
    const char *dot; /* file names; NULL: none */
    const char *svg;
    const char *json;
    const char *equivalent; /* file of mutants that must survive, with reasons */
    const char *argument;   /* for main() of the program; NULL: none */
    const char *weaken;     /* ORDER[/ORDER]@ADDRESS,...; NULL: orders as written */
    const char *wrappers;   /* a file whose functions are named by where they are inlined to */
    bool setup_apart;       /* nothing before the first thread is part of an execution */
};

enum thi_options_result {
    TH_CHECK_OPTION_TAKEN,
    TH_CHECK_OPTION_WRONG /* said on standard error */
};

void thi_check_options_init(struct thi_check_options *options);

/* Takes one argument, which lives as long as the options. */
enum thi_options_result thi_check_options_take(struct thi_check_options *options,
                                               const char *argument);

/* The lines of the help text. */
extern const char thi_check_options_help[];

#endif
