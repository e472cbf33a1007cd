/* SPDX-License-Identifier: MIT
 * scenario.h - bodies written once, run in one order (unit), with real threads (stress) and in all
 * orders (a model checker).
 *
 * setup, then thread_a and thread_b side by side, each on a thread of its own, then after on the
 * thread of setup. Bodies use the public interface and C11 atomics only, keep their state in static
 * storage that setup resets, have no loop whose length depends on the other thread, and may be run
 * again at once.
 */
#ifndef TOPHASH_TESTS_SCENARIOS_SCENARIO_H
#define TOPHASH_TESTS_SCENARIOS_SCENARIO_H

#include <stdbool.h>

struct scenario {
    const char *name;
    void (*setup)(void);
    void (*thread_a)(void);
    void (*thread_b)(void);
    void (*after)(void);
};

/* Provided by whoever runs the scenarios. */
void scenario_fail(const char *file, int line, const char *what);

#define SCENARIO_CHECK(condition) \
    ((condition) ? (void)0 : scenario_fail(__FILE__, __LINE__, #condition))

#endif
