/* SPDX-License-Identifier: MIT
 * database.c - a compilation database: which command made which object.
 *
 * The file is an array of objects with "directory", "file", "output", and either "command", a line
 * for a shell, or "arguments". What an object was called stands in the command if "output" does
 * not.
 */
#include "inputs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct scan {
    const char *at;
    bool failed;
};

static void blanks_skip(struct scan *scan)
{
    scan->at += strspn(scan->at, " \t\r\n");
}

static bool mark_take(struct scan *scan, char mark)
{
    blanks_skip(scan);
    bool found = *scan->at == mark;
    scan->at += found;
    return found;
}

/* A string, to be freed. Escapes of characters outside ASCII do not occur in commands. */
static char *string_take(struct scan *scan)
{
    if (!mark_take(scan, '"')) {
        scan->failed = true;
        return NULL;
    }
    size_t size = 0;
    char *text = malloc(strlen(scan->at) + 1);
    while (text != NULL && *scan->at != '"' && *scan->at != '\0') {
        char c = *scan->at++;
        if (c == '\\' && *scan->at != '\0') {
            c = *scan->at++;
            c = c == 'n' ? '\n' : c == 't' ? '\t' : c;
        }
        text[size++] = c;
    }
    if (text == NULL || !mark_take(scan, '"')) {
        scan->failed = true;
        free(text);
        return NULL;
    }
    text[size] = '\0';
    return text;
}

/* Parts a command as a shell does, without expanding anything. */
static bool command_split(struct thi_words *words, const char *command)
{
    char *word = malloc(strlen(command) + 1);
    bool ok = word != NULL;
    while (ok) {
        command += strspn(command, " \t");
        if (*command == '\0') {
            break;
        }
        size_t size = 0;
        char quote = '\0';
        for (; *command != '\0' && (quote != '\0' || (*command != ' ' && *command != '\t'));
             command++) {
            if (quote == '\0' && (*command == '"' || *command == '\'')) {
                quote = *command;
            } else if (*command == quote && quote != '\0') {
                quote = '\0';
            } else {
                command += *command == '\\' && quote != '\'' && command[1] != '\0';
                word[size++] = *command;
            }
        }
        word[size] = '\0';
        ok = thi_words_add(words, word);
    }
    free(word);
    return ok;
}

/* "arguments": an array of strings. */
static bool arguments_take(struct scan *scan, struct thi_words *words)
{
    bool ok = mark_take(scan, '[');
    while (ok && !mark_take(scan, ']')) {
        char *word = string_take(scan);
        ok = word != NULL && thi_words_add(words, word);
        free(word);
        mark_take(scan, ',');
    }
    return ok;
}

/* Leaves the compiler and what it needs for the file's account: no output, no dependencies. */
static bool command_tidy(struct thi_command *command, const struct thi_words *words)
{
    bool ok = true;
    for (size_t i = 0; ok && i < words->count; i++) {
        const char *word = words->items[i];
        bool value = thi_one_of(word, "-o -MF -MT -MQ");
        if (value && i + 1 < words->count) {
            if (strcmp(word, "-o") == 0 && command->output == NULL) {
                command->output = strdup(words->items[i + 1]);
                ok = command->output != NULL;
            }
            i++;
        } else if (!thi_one_of(word, "-c -MD -MMD") && strcmp(word, command->file) != 0) {
            ok = thi_words_add(&command->arguments, word);
        }
    }
    return ok && command->arguments.count > 0;
}

static void command_fini(struct thi_command *command)
{
    free(command->directory);
    free(command->file);
    free(command->output);
    thi_words_fini(&command->arguments);
}

/* One object of the array. */
static bool entry_take(struct scan *scan, struct thi_command *command)
{
    struct thi_words words = {.items = NULL};
    bool ok = mark_take(scan, '{');
    while (ok && !mark_take(scan, '}')) {
        char *key = string_take(scan);
        ok = key != NULL && mark_take(scan, ':');
        if (ok && strcmp(key, "arguments") == 0) {
            ok = arguments_take(scan, &words);
        } else if (ok) {
            char *value = string_take(scan);
            ok = value != NULL;
            char **place = !ok                             ? NULL
                           : strcmp(key, "directory") == 0 ? &command->directory
                           : strcmp(key, "file") == 0      ? &command->file
                           : strcmp(key, "output") == 0    ? &command->output
                                                           : NULL;
            if (ok && strcmp(key, "command") == 0) {
                ok = command_split(&words, value);
            }
            if (place != NULL) {
                free(*place);
                *place = value;
            } else {
                free(value);
            }
        }
        free(key);
        mark_take(scan, ',');
    }
    ok = ok && command->file != NULL && command->directory != NULL && command_tidy(command, &words);
    thi_words_fini(&words);
    return ok;
}

bool thi_database_read(struct thi_database *database, const char *path)
{
    size_t size;
    char *text = thi_audit_file_read(path, &size);
    struct scan scan = {.at = text};
    bool ok = text != NULL && mark_take(&scan, '[');
    while (ok && !mark_take(&scan, ']')) {
        struct thi_command command = {.directory = NULL};
        ok = entry_take(&scan, &command) &&
             thi_audit_grow((void **)&database->items, database->count, &database->capacity,
                            sizeof *database->items);
        if (!ok) {
            command_fini(&command);
            break;
        }
        database->items[database->count++] = command;
        mark_take(&scan, ',');
    }
    free(text);
    if (!ok && text != NULL) {
        fprintf(stderr, "tophash audit: %s is no compilation database\n", path);
    }
    return ok;
}

void thi_database_fini(struct thi_database *database)
{
    for (size_t i = 0; i < database->count; i++) {
        command_fini(&database->items[i]);
    }
    free(database->items);
    *database = (struct thi_database){.items = NULL};
}
