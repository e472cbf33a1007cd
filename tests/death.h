/* SPDX-License-Identifier: MIT
 * death.h - for tests of misuse: does the program stop?
 */
#ifndef TOPHASH_TESTS_DEATH_H
#define TOPHASH_TESTS_DEATH_H

#include <fcntl.h>
#include <sys/wait.h>

#include "test.h"

/* True if `misuse`, run in a child that says nothing, ends the program. */
static inline bool death_follows(void (*misuse)(void))
{
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        int nowhere = open("/dev/null", O_WRONLY);
        if (nowhere < 0 || dup2(nowhere, STDERR_FILENO) < 0) {
            _exit(0);
        }
        misuse();
        _exit(0);
    }
    int status = 0;
    CHECK(child > 0 && waitpid(child, &status, 0) == child);
    return !WIFEXITED(status) || WEXITSTATUS(status) != 0;
}

/* Builds without debug asserts look at nothing. */
#ifdef NDEBUG
#define DEATH_SKIP_RELEASE() SKIP("release builds do not check this")
#else
#define DEATH_SKIP_RELEASE() ((void)0)
#endif

#endif
