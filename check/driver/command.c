/* SPDX-License-Identifier: MIT
 * command.c - runs another program and waits for it.
 */
#include "driver.h"

#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { CHUNK_BYTES = 65536 };

extern char **environ;

/* All of what comes through `fd`, with a zero byte behind; NULL without memory. */
static char *output_read(int fd)
{
    char *text = NULL;
    size_t size = 0;
    for (;;) {
        char *grown = realloc(text, size + CHUNK_BYTES + 1);
        if (grown == NULL) {
            free(text);
            return NULL;
        }
        text = grown;
        ssize_t count = read(fd, text + size, CHUNK_BYTES);
        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count <= 0) {
            text[size] = '\0';
            return text;
        }
        size += (size_t)count;
    }
}

static volatile sig_atomic_t running_child; /* 0: none */

/* Whoever stops the command stops what it runs, and the command cleans up behind it. */
static void signal_pass(int signal)
{
    if (running_child != 0) {
        kill((pid_t)running_child, signal);
    }
}

static int status_wait(pid_t child)
{
    int status;
    while (waitpid(child, &status, 0) < 0) {
        if (errno != EINTR) {
            return -1;
        }
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

int thi_command_run(const struct thi_words *words, char **output)
{
    int ends[2] = {-1, -1};
    if (output != NULL && pipe(ends) != 0) {
        return -1;
    }
    static const int stops[] = {SIGINT, SIGTERM, SIGHUP};
    const struct sigaction pass = {.sa_handler = signal_pass};
    struct sigaction before[sizeof stops / sizeof stops[0]];
    for (size_t i = 0; i < sizeof stops / sizeof stops[0]; i++) {
        sigaction(stops[i], &pass, &before[i]);
    }
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    if (output != NULL) {
        posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
        posix_spawn_file_actions_addclose(&actions, ends[0]);
        posix_spawn_file_actions_addclose(&actions, ends[1]);
    }
    pid_t child;
    int failed = posix_spawnp(&child, words->items[0], &actions, NULL, words->items, environ);
    posix_spawn_file_actions_destroy(&actions);
    running_child = failed == 0 ? child : 0;
    if (output != NULL) {
        close(ends[1]);
        *output = failed == 0 ? output_read(ends[0]) : NULL;
        close(ends[0]);
    }
    int status = failed == 0 ? status_wait(child) : -1;
    running_child = 0;
    for (size_t i = 0; i < sizeof stops / sizeof stops[0]; i++) {
        sigaction(stops[i], &before[i], NULL);
    }
    if (failed != 0) {
        fprintf(stderr, "tophash check: cannot run %s: %s; install it, or name another\n",
                words->items[0], strerror(failed));
    }
    return output != NULL && *output == NULL ? -1 : status;
}
