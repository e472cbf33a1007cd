/* SPDX-License-Identifier: MIT
 * detect.c - which tool finds the faults of the small table, and how to see it oneself.
 *
 * The answers are a record of runs: tests/lab/test_lab_detect.sh runs every tool on every program
 * and fails where this table says something else.
 */
#include "lab/detect.h"

#include <assert.h>
#include <string.h>

const char *const thi_lab_tool_names[TH_LAB_TOOLS] = {"tophash check", "ThreadSanitizer",
                                                      "AddressSanitizer"};
const char *const thi_lab_answer_names[] = {"at once", "soon", "by luck", "blind"};

static const struct {
    const char *fault;
    enum thi_lab_answer answers[TH_LAB_TOOLS];
    const char *why;
} records[] = {
    {"stale-bucket",
     {TH_LAB_AT_ONCE, TH_LAB_BLIND, TH_LAB_BLIND},
     "The sanitizers see atomic accesses to memory that lives, which is what they want to see: a "
     "lost value is no race and no bad access. The checker tries every order of the steps, and the "
     "program's own assertion fails in one."},
    {"early-free",
     {TH_LAB_AT_ONCE, TH_LAB_SOON, TH_LAB_BY_LUCK},
     "The thread sanitizer reports that nothing orders the read and the free, in every run in "
     "which "
     "both threads came to the old bucket, whichever was first; the address sanitizer has to see a "
     "read after the free, which takes the right moment."},
    {"missing-recheck",
     {TH_LAB_AT_ONCE, TH_LAB_BLIND, TH_LAB_BLIND},
     "Every access is atomic and of memory that lives. That two of them belong together is known "
     "to nobody but the program's assertion, and the checker finds the order in which it fails."},
};

enum { RECORD_COUNT = sizeof records / sizeof records[0] };

const struct thi_lab_source *thi_lab_source_find(const char *name)
{
    for (size_t i = 0; i < thi_lab_source_count; i++) {
        if (strcmp(thi_lab_sources[i].name, name) == 0) {
            return &thi_lab_sources[i];
        }
    }
    return NULL;
}

static size_t record_find(const char *fault)
{
    size_t i = 0;
    while (i < RECORD_COUNT && strcmp(records[i].fault, fault) != 0) {
        i++;
    }
    assert(i < RECORD_COUNT);
    return i;
}

enum thi_lab_answer thi_lab_answer_of(const char *fault, enum thi_lab_tool tool)
{
    return records[record_find(fault)].answers[tool];
}

void thi_lab_detect_add(struct thi_lab_result *result, const char *fault)
{
    static const char *const columns[] = {"tool", "finds it", "tried by", NULL};
    static const char *const commands[TH_LAB_TOOLS] = {"tophash check t.c",
                                                       "cc -g -fsanitize=thread t.c && ./a.out",
                                                       "cc -g -fsanitize=address t.c && ./a.out"};
    struct thi_lab_table *table = thi_lab_table_add(
        result, "which tool finds it (a record of runs, not of this one)", columns);
    for (size_t tool = 0; tool < TH_LAB_TOOLS; tool++) {
        struct thi_lab_row *row = thi_lab_row_add(table);
        thi_lab_cell_text(row, "%s", thi_lab_tool_names[tool]);
        thi_lab_cell_text(row, "%s",
                          thi_lab_answer_names[thi_lab_answer_of(fault, (enum thi_lab_tool)tool)]);
        thi_lab_cell_text(row, "%s", commands[tool]);
    }
    thi_lab_note_add(result,
                     "%s The program is the table of this experiment with two threads; have it by "
                     "`tophash lab --source=%s >t.c` and try the commands. With "
                     "-DSMALL_FAULT=SMALL_RIGHT it is mended, and no tool finds anything.",
                     records[record_find(fault)].why, fault);
}
