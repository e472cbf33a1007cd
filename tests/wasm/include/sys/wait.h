/* SPDX-License-Identifier: MIT
 * wait.h - there are no other processes.
 */
#ifndef TOPHASH_TESTS_WASM_INCLUDE_SYS_WAIT_H
#define TOPHASH_TESTS_WASM_INCLUDE_SYS_WAIT_H

#define WIFEXITED(status) ((status) >= 0)
#define WEXITSTATUS(status) (status)
int waitpid(int process, int *status, int options);

#endif
