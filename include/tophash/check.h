/* SPDX-License-Identifier: MIT
 * check.h - what a program may tell the checker (`tophash check`). All of it is optional: the
 *           checker runs plain C11 with ordinary threads and asserts.
 *
 * The small form is a file without main():
 *
 *     void setup(void)    { ... }      runs first, alone; may be left out
 *     void thread_a(void) { ... }      thread_a to thread_h run at the same time
 *     void thread_b(void) { ... }
 *     void final(void)    { ... }      runs when all of them have ended; may be left out
 *
 * These functions exist in a checked program only; `tophash check` links them.
 */
#ifndef TOPHASH_CHECK_H
#define TOPHASH_CHECK_H

#include <stddef.h>

#if defined(__GNUC__)
#define TH_CHECK_FORMAT(text, first) __attribute__((format(printf, text, first)))
#else
#define TH_CHECK_FORMAT(text, first)
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* The parts of the small form. */
void setup(void);
void thread_a(void);
void thread_b(void);
void thread_c(void);
void thread_d(void);
void thread_e(void);
void thread_f(void);
void thread_g(void);
void thread_h(void);
void final(void);

/* Names the object of `bytes` bytes at `object` in reports, such as "bucket[1].meta". The format is
 * that of printf. An object may be named by any thread; parts may have names of their own. */
TH_CHECK_FORMAT(3, 4) void th_check_name(const void *object, size_t bytes, const char *format, ...);

/* In the body of a loop that waits: "what I have read since my last write does not let me go on".
 * The thread waits until one of these places has a newer value. The checker finds loops without
 * effects by itself; this is for those it cannot tell, such as loops that count their turns. */
void th_check_await(void);

/* The same in a loop that writes: if nothing was read since the last write, the thread goes no
 * further in this execution, which is counted as blocked. What would come of another turn is not
 * looked at: a bound, to be named where the verdict is used. */
void th_check_give_up(void);

/* A heavy barrier such as membarrier(): a sequentially consistent fence in every thread. */
void th_check_heavy_fence(void);

/* How many events of thread number `thread` (0: main, then in the order of their creation) happen
 * before what the caller does next; of itself: all it made. What a thread does between two calls is
 * before what another one does if the second number is not above what that one is told. */
unsigned th_check_clock(unsigned thread);

#ifdef __cplusplus
}
#endif

#endif
