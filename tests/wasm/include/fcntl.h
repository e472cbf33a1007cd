/* SPDX-License-Identifier: MIT
 * fcntl.h - files, of which there is one: random bytes.
 */
#ifndef TOPHASH_TESTS_WASM_INCLUDE_FCNTL_H
#define TOPHASH_TESTS_WASM_INCLUDE_FCNTL_H

#define O_RDONLY 0
#define O_WRONLY 1
#define O_CLOEXEC 02000000
int open(const char *path, int flags, ...);

#endif
