/* SPDX-License-Identifier: MIT
 * litmus.h - litmus tests of C11: read, run, and told in the form people know from herd7.
 *
 * A test is a few threads, initial values, and a question about the end: is there an execution in
 * which the condition holds (exists), is there none (~exists), does it hold in all (forall)?
 * The language is the C subset of such tests: int registers, pointers to shared ints as parameters,
 * atomic operations with their orders, plain accesses through *pointer, if and else.
 *
 * Sources      Alglave, Maranget, Tautschnig, "Herding cats" (2014), and herd7's manual, for the
 *              format of tests and of answers.
 */
#ifndef TOPHASH_CHECK_LITMUS_LITMUS_H
#define TOPHASH_CHECK_LITMUS_LITMUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "engine/engine.h"

struct thi_litmus;

struct thi_litmus_error {
    char text[256]; /* "<path>:<line>: expected ..., found ..." */
};

/* One final state, as a row of values of the observed registers and locations. */
struct thi_litmus_result {
    struct thi_engine_result engine;
    int32_t *states; /* state_count rows of column_count values, in order */
    size_t state_count;
    size_t column_count;
    uint64_t positive; /* executions in which the condition holds */
    uint64_t negative;
    bool race;
};

/* NULL: *error says where and what. `path` is for messages only. */
struct thi_litmus *thi_litmus_parse(const char *path, const char *text, size_t size,
                                    struct thi_litmus_error *error);
void thi_litmus_free(struct thi_litmus *litmus);
const char *thi_litmus_name(const struct thi_litmus *litmus);

/* Finds all executions. False: no memory. The result is to be cleared in any case. */
bool thi_litmus_run(struct thi_litmus *litmus, const struct thi_engine_options *options,
                    struct thi_litmus_result *result);
void thi_litmus_result_clear(struct thi_litmus_result *result);

/* "Never", "Sometimes" or "Always". */
const char *thi_litmus_observation(const struct thi_litmus_result *result);

/* Both return a text to be freed; NULL: no memory. `name` is the test's name in the table. */
char *thi_litmus_report(const struct thi_litmus *litmus, const struct thi_litmus_result *result);
char *thi_litmus_tsv_line(const struct thi_litmus *litmus, const char *name,
                          const struct thi_litmus_result *result);

#endif
