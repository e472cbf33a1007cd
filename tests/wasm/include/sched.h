/* SPDX-License-Identifier: MIT
 * sched.h - giving way.
 */
#ifndef TOPHASH_TESTS_WASM_INCLUDE_SCHED_H
#define TOPHASH_TESTS_WASM_INCLUDE_SCHED_H

int sched_yield(void);

#endif
