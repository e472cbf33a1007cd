/* SPDX-License-Identifier: MIT
 * verdict.h - runs the engine, judges what it found, and says so.
 */
#ifndef TOPHASH_CHECK_RUNTIME_VERDICT_H
#define TOPHASH_CHECK_RUNTIME_VERDICT_H

#include "engine/engine.h"

#include <stdbool.h>

enum {
    TH_EXIT_VERIFIED = 0,
    TH_EXIT_FAILED = 1,
    TH_EXIT_USAGE = 2,
    TH_EXIT_BOUNDED = 3,
    TH_EXIT_HARNESS = 4
};

/* Both return the exit status. */
int thi_verdict_explore(void);
int thi_verdict_replay(void);

/* One search without a word, for mutants. The first error, or NULL. */
const struct thi_engine_error *thi_verdict_search(struct thi_engine_result *result);

/* For the engine. */
bool thi_verdict_error(void *context, const struct thi_engine_error *error);

#endif
