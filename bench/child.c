/* SPDX-License-Identifier: MIT
 * child.c - one measurement, one process: starts this program again with the memory settings asked
 * for and reads the records it sends.
 */
#include "bench.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

char **bench_arguments;

static bool write_all(int file, const void *bytes, size_t size)
{
    const char *at = bytes;
    while (size > 0) {
        ssize_t done = write(file, at, size);
        if (done < 0 && errno == EINTR) {
            continue;
        }
        if (done <= 0) {
            return false;
        }
        at += done;
        size -= (size_t)done;
    }
    return true;
}

/* False at the end of the stream. */
static bool read_all(int file, void *bytes, size_t size)
{
    char *at = bytes;
    while (size > 0) {
        ssize_t done = read(file, at, size);
        if (done < 0 && errno == EINTR) {
            continue;
        }
        if (done <= 0) {
            return false;
        }
        at += done;
        size -= (size_t)done;
    }
    return true;
}

bool bench_send(const struct bench_options *options, const struct bench_record *record)
{
    return write_all(options->child_fd, record, sizeof *record);
}

/* Huge pages for whoever allocates with malloc, as their users would ask for them; none at all, not
 * even for those who ask, otherwise. */
static void set_pages(bool huge_pages)
{
    if (huge_pages) {
        (void)setenv("GLIBC_TUNABLES", "glibc.malloc.hugetlb=1", 1);
        (void)setenv("TBB_MALLOC_USE_HUGE_PAGES", "1", 1);
    } else {
        (void)prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0);
    }
}

/* A measurement that takes this long hangs; see peers/lfht.h. */
#define CHILD_LIMIT_S 150u
#define CHILD_LIMIT_ALL_MAPS_S 1800u

static void child_run(const char *what, bool huge_pages, int file)
{
    char *arguments[64];
    size_t count = 0;
    char child[96];
    char child_fd[32];
    for (size_t i = 0; bench_arguments[i] != NULL && count < 60; i++) {
        arguments[count++] = bench_arguments[i];
    }
    snprintf(child, sizeof child, "--child=%s", what);
    snprintf(child_fd, sizeof child_fd, "--child-fd=%d", file);
    arguments[count++] = child;
    arguments[count++] = child_fd;
    arguments[count] = NULL;
    set_pages(huge_pages);
    (void)alarm(strncmp(what, "throughput", 10) == 0 ? CHILD_LIMIT_ALL_MAPS_S : CHILD_LIMIT_S);
    execv("/proc/self/exe", arguments);
    fprintf(stderr, "cannot start %s again: %s\n", arguments[0], strerror(errno));
    _exit(127);
}

bool bench_child(const struct bench_options *options, const char *what, bool huge_pages,
                 struct bench_results *results)
{
    int ends[2];
    if (pipe(ends) != 0) {
        perror("pipe");
        return false;
    }
    if (!options->quiet) {
        fprintf(stderr, "%s, %s pages\n", what, huge_pages ? "huge" : "4 KiB");
    }
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        close(ends[0]);
        child_run(what, huge_pages, ends[1]);
    }
    close(ends[1]);
    struct bench_record record;
    bool good = child > 0;
    while (good && read_all(ends[0], &record, sizeof record)) {
        good = bench_results_add(results, &record);
    }
    close(ends[0]);
    int status = 1;
    while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM) {
        fprintf(stderr, "took too long, given up: %s\n", what);
        return false;
    }
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        bool killed = WIFSIGNALED(status);
        fprintf(stderr, "measurement failed: %s: ended by %s %d\n", what,
                killed ? "signal" : "status", killed ? WTERMSIG(status) : WEXITSTATUS(status));
        return false;
    }
    return good;
}

bool bench_child_twice(const struct bench_options *options, const char *what, bool huge_pages,
                       struct bench_results *results)
{
    size_t count = results->count;
    if (bench_child(options, what, huge_pages, results)) {
        return true;
    }
    /* What was sent tells of wrong answers, which no second try makes good. */
    return results->count == count && bench_child(options, what, huge_pages, results);
}
