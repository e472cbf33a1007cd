/* SPDX-License-Identifier: MIT
 * proof.h - what scenarios, the model of the system and the judge share.
 *
 * A family of scenarios is one program: proof/main.c, the model of the system, the library's source,
 * and one file play_<family>.c, which includes the family's tables and defines proof_play(). What
 * belongs to which family stands in proof/families.tsv.
 */
#ifndef TOPHASH_PROOF_PROOF_H
#define TOPHASH_PROOF_PROOF_H

#include <stdbool.h>
#include <stdint.h>

#include <assert.h>

#include <tophash/check.h>

/* For tests/scenarios/: these stand before their includes. */
#define SCENARIO_CHECK(condition) assert(condition)
#define HISTORY_CLOCK(thread) th_check_clock(thread)

enum { PROOF_THREADS_MAX = 4 };

/* Set by a scenario's setup: whether the system has membarrier(). */
extern bool proof_asymmetric;
/* Whether requests for memory are refused. */
extern bool proof_refuses;
/* Whether the processor reads cells whole. */
extern bool proof_wide;
/* What the clock says. It stands while threads run. */
extern uint64_t proof_now_ns;

/* Defined by the family: plays the scenario of that name; false: there is none. */
bool proof_play(const char *name);
/* Runs as threads 1 to `count`, and waits for their ends. */
void proof_threads(unsigned count, void (*run)(unsigned number));

#endif
