/* SPDX-License-Identifier: MIT
 * inputs.h - what the user gives to be audited: C files, a probe, objects with their commands.
 */
#ifndef TOPHASH_AUDIT_INPUTS_H
#define TOPHASH_AUDIT_INPUTS_H

#include "audit.h"
#include "driver/driver.h"

struct thi_inputs {
    const char *compiler;
    const char *code;     /* an object to judge in place of the compiled one; NULL */
    const char *commands; /* a compilation database; NULL */
    const char *only;     /* of the database, what has this in its name; NULL: all */
    struct thi_words files;
    struct thi_words flags;
    bool probe;
};

/* Adds the words of `text`, which are parted by blanks. */
bool thi_words_add_split(struct thi_words *words, const char *text);

/* Calls `report` for each file. False: some could not be audited, said on standard error. */
bool thi_inputs_audit(const struct thi_inputs *inputs,
                      void (*report)(void *context, const struct thi_audit *audit), void *context);

/* database.c: one entry of a compilation database. */
struct thi_command {
    char *directory;
    char *file;
    char *output;
    struct thi_words arguments; /* without -o, -c and the file */
};

struct thi_database {
    struct thi_command *items;
    size_t count;
    size_t capacity;
};

/* archive.c: writes each member to `member_path` in turn and calls `take`, until that is false. */
bool thi_archive_is(const char *path);
bool thi_archive_each(const char *path, const char *member_path,
                      bool (*take)(void *context, const char *name), void *context);

bool thi_database_read(struct thi_database *database, const char *path);
void thi_database_fini(struct thi_database *database);

#endif
