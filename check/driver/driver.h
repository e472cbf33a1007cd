/* SPDX-License-Identifier: MIT
 * driver.h - makes a checked program of C files: compile, look for what cannot be checked, rename
 *            the calls that are modelled, link with the checker. The command hands over to it.
 */
#ifndef TOPHASH_CHECK_DRIVER_DRIVER_H
#define TOPHASH_CHECK_DRIVER_DRIVER_H

#include <stdbool.h>
#include <stddef.h>

enum { TH_DRIVER_PATH_BYTES_MAX = 1024 };

/* Exit statuses of `tophash check`; the checked program uses the same. */
enum {
    TH_CHECK_EXIT_VERIFIED = 0, /* every execution was seen */
    TH_CHECK_EXIT_FAILED = 1,   /* a counterexample was found */
    TH_CHECK_EXIT_USAGE = 2,
    TH_CHECK_EXIT_BOUNDED = 3, /* no failure within a bound that was hit */
    TH_CHECK_EXIT_HARNESS = 4  /* the test cannot be checked as it is */
};

/* Words that grow: file names, arguments of a command. `items` ends with NULL. */
struct thi_words {
    char **items;
    size_t count;
};

bool thi_words_add(struct thi_words *words, const char *text);
__attribute__((format(printf, 2, 3))) bool thi_words_add_format(struct thi_words *words,
                                                                const char *format, ...);
void thi_words_fini(struct thi_words *words);

struct thi_driver {
    const char *compiler;
    const char *optimisation; /* "-O0", "-O1" */
    const char *program;      /* where the program is to stay; NULL: nowhere, it is run */
    struct thi_words files;
    struct thi_words flags;     /* for the compiler, as the user gave them */
    struct thi_words arguments; /* for the checked program */
    char library[TH_DRIVER_PATH_BYTES_MAX];
    char include[TH_DRIVER_PATH_BYTES_MAX];
    char folder[TH_DRIVER_PATH_BYTES_MAX]; /* of what is made on the way */
};

/* find.c: fills in `library` and `include`. False: not found, said on standard error. */
bool thi_driver_find(struct thi_driver *driver);

/* driver.c. Both print what is wrong on standard error. */
int thi_driver_build(struct thi_driver *driver);
int thi_driver_run(struct thi_driver *driver);
void thi_driver_fini(struct thi_driver *driver);

/* command.c: runs `words` and waits. The exit status; -1 if it could not be run or was killed. With
 * `output` the standard output is returned in it, to be freed. */
int thi_command_run(const struct thi_words *words, char **output);

#endif
