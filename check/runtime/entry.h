/* SPDX-License-Identifier: MIT
 * entry.h - where the instrumented code comes in: what its registers and its stack look like.
 *
 * Each __tsan_atomic function is a few instructions that push the registers a called function must
 * keep, note the stack pointer, and call the function in C. So the whole private state of a thread
 * at an operation is the memory from there to the end of its stack.
 */
#ifndef TOPHASH_CHECK_RUNTIME_ENTRY_H
#define TOPHASH_CHECK_RUNTIME_ENTRY_H

#include <stdbool.h>
#include <stdint.h>

/* True if entries note the state: on processors this file knows. */
#if defined(__x86_64__) || defined(__aarch64__)
#define TH_ENTRY_STATE 1
#else
#define TH_ENTRY_STATE 0
#endif

/* Stack pointer of the last entry: below it nothing belongs to the program. */
extern uintptr_t thi_entry_stack;

/* Where that entry returns to. */
const void *thi_entry_return(void);

#endif
