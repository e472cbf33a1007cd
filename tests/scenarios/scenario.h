/* SPDX-License-Identifier: MIT
 * scenario.h - the form of a scenario: two threads on a small state, written once, run in one
 * order, on real threads, or in all orders by a checker.
 *
 * Use          a scenario file defines setup, thread_a, thread_b and after, all `void (void)`, over
 *              static state of its own, and a `struct scenario` that names them. The threads wait
 *              for nothing and loop over nothing unbounded. Whoever includes the file may define
 *              SCENARIO_CHECK before (a test: CHECK; a checker: its assert), or else provides
 *              scenario_fail().
 */
#ifndef TOPHASH_TESTS_SCENARIOS_SCENARIO_H
#define TOPHASH_TESTS_SCENARIOS_SCENARIO_H

#include <stdbool.h>
#include <stdint.h>

#ifndef SCENARIO_CHECK
/* Provided by whoever runs the scenarios. */
void scenario_fail(const char *file, int line, const char *what);

#define SCENARIO_CHECK(condition) \
    ((condition) ? (void)0 : scenario_fail(__FILE__, __LINE__, #condition))
#endif

/* Entries that bring a map to the edge of growth: more for the real geometry than for tests with a
 * tiny one. */
#ifdef TH_MAP_TINY
#define SCENARIO_FILL 12u
#define SCENARIO_MORE 12u
#else
#define SCENARIO_FILL 620u
#define SCENARIO_MORE 60u
#endif

struct scenario {
    const char *name;
    void (*setup)(void);
    void (*thread_a)(void);
    void (*thread_b)(void);
    void (*after)(void);
};

#endif
