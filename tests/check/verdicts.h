/* SPDX-License-Identifier: MIT
 * verdicts.h - the table of known answers to the litmus tests, for tests.
 */
#ifndef TOPHASH_TESTS_CHECK_VERDICTS_H
#define TOPHASH_TESTS_CHECK_VERDICTS_H

#include <stdbool.h>
#include <stddef.h>

#include "litmus/litmus.h"

struct verdict {
    char *name;
    struct thi_litmus *litmus;
    /* By rule: C11's, C++20's. */
    const char *observation[2];
    const char *states[2];
    unsigned long state_count[2];
    bool race[2];
    unsigned long executions; /* under C11's rule */
    bool same;                /* under both rules */
};

struct verdicts {
    char *text;
    struct verdict *list;
    size_t count;
};

/* Reads the tests and the table of a folder. False: said why. */
bool verdicts_load(struct verdicts *verdicts, const char *folder);
void verdicts_free(struct verdicts *verdicts);

/* Runs the test; whether all is as the table says, and no execution came twice. */
bool verdict_holds(const struct verdict *verdict, const struct thi_engine_options *options,
                   unsigned long *executions);

#endif
