/* SPDX-License-Identifier: MIT
 * dekker.c - two threads say that they come, then look whether the other came: at least one sees
 * it. In the small form, without main(): the checker makes the threads.
 *
 * Switches     FENCE: seq_cst. Anything less and both may look before either is seen.
 */
#include <assert.h>
#include <stdatomic.h>

#include <tophash/check.h>

#ifndef FENCE
#define FENCE memory_order_seq_cst
#endif

/* region: all */
static atomic_int came[2];
static int saw[2];

void setup(void)
{
    th_check_name(&came[0], sizeof came[0], "a came");
    th_check_name(&came[1], sizeof came[1], "b came");
}

void thread_a(void)
{
    atomic_store_explicit(&came[0], 1, memory_order_relaxed);
    atomic_thread_fence(FENCE);
    saw[0] = atomic_load_explicit(&came[1], memory_order_relaxed);
}

void thread_b(void)
{
    atomic_store_explicit(&came[1], 1, memory_order_relaxed);
    atomic_thread_fence(FENCE);
    saw[1] = atomic_load_explicit(&came[0], memory_order_relaxed);
}

void final(void)
{
    assert(saw[0] == 1 || saw[1] == 1);
}
/* end of region */
