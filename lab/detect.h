/* SPDX-License-Identifier: MIT
 * detect.h - the broken programs as texts, and which tool finds what is wrong with them.
 */
#ifndef TOPHASH_LAB_DETECT_H
#define TOPHASH_LAB_DETECT_H

#include "lab/lab.h"

/* A program of lab/faults/ with what it includes, line by line, ending with NULL. */
struct thi_lab_source {
    const char *name; /* of the experiment, too */
    const char *const *lines;
};

extern const struct thi_lab_source thi_lab_sources[];
extern const size_t thi_lab_source_count;

const struct thi_lab_source *thi_lab_source_find(const char *name);

enum thi_lab_tool { TH_LAB_CHECK, TH_LAB_TSAN, TH_LAB_ASAN, TH_LAB_TOOLS };

enum thi_lab_answer {
    TH_LAB_AT_ONCE, /* in one call, whatever the timing */
    TH_LAB_SOON,    /* in a run in which both threads used the memory, though nothing went wrong */
    TH_LAB_BY_LUCK, /* only in a run in which it really happens */
    TH_LAB_BLIND    /* not even then: nothing is wrong with what the tool looks at */
};

extern const char *const thi_lab_tool_names[TH_LAB_TOOLS];
extern const char *const thi_lab_answer_names[];

/* As tests/lab/test_lab_detect.sh finds by running them. */
enum thi_lab_answer thi_lab_answer_of(const char *fault, enum thi_lab_tool tool);

/* Adds the table of tools and how to try it oneself. */
void thi_lab_detect_add(struct thi_lab_result *result, const char *fault);

#endif
