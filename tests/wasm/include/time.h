/* SPDX-License-Identifier: MIT
 * time.h - one clock.
 */
#ifndef TOPHASH_TESTS_WASM_INCLUDE_TIME_H
#define TOPHASH_TESTS_WASM_INCLUDE_TIME_H

#include <stdint.h>

#define time_t long long
#define clockid_t int
struct timespec {
    time_t tv_sec;
    long tv_nsec;
};
#define CLOCK_REALTIME 0
#define CLOCK_MONOTONIC 1
int clock_gettime(clockid_t clock, struct timespec *now);
int nanosleep(const struct timespec *time, struct timespec *left);

#endif
