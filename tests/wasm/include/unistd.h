/* SPDX-License-Identifier: MIT
 * unistd.h - what is left of POSIX.
 */
#ifndef TOPHASH_TESTS_WASM_INCLUDE_UNISTD_H
#define TOPHASH_TESTS_WASM_INCLUDE_UNISTD_H

#include <stddef.h>

#define pid_t int
#define ssize_t long
#define STDOUT_FILENO 1
#define STDERR_FILENO 2
#define _SC_PAGESIZE 30
#define _SC_NPROCESSORS_ONLN 84
_Noreturn void _exit(int status);
unsigned alarm(unsigned seconds);
int close(int file);
int dup2(int from, int to);
pid_t fork(void);
pid_t getpid(void);
ssize_t read(int file, void *room, size_t size);
ssize_t write(int file, const void *bytes, size_t size);
long sysconf(int name);
int usleep(unsigned microseconds);

#endif
