/* SPDX-License-Identifier: MIT
 * errno.h - error numbers of the small C library for wasm.
 */
#ifndef TOPHASH_TESTS_WASM_INCLUDE_ERRNO_H
#define TOPHASH_TESTS_WASM_INCLUDE_ERRNO_H

extern _Thread_local int wasm_errno;
#define errno wasm_errno
#define EINTR 4
#define EAGAIN 11
#define ENOMEM 12
#define EINVAL 22

#endif
