/* SPDX-License-Identifier: MIT
 * atomic.h - what this build of the library uses for its atomic operations.
 *
 * For reports and bug reports: the same source becomes different instructions with each processor,
 * compiler and set of flags. docs/targets.md says what is tested where.
 */
#ifndef TOPHASH_ATOMIC_H
#define TOPHASH_ATOMIC_H

#include <tophash/base.h>

TH_EXTERN_C_BEGIN

/* One operation of one width. All strings are static. */
struct th_atomic_use {
    const char *target;    /* processor and compiler: "aarch64 with LSE, gcc 12.2" */
    const char *operation; /* "load", "store", "exchange", "add", "compare_exchange", "fence" */
    const char *order;     /* "acquire"; of a compare-exchange also that of failure: "acq_rel,
                              acquire" */
    uint32_t bits;         /* 32 or 64; 0: a fence. A pointer is a word of its width. */
    /* What orders and what is atomic, in the order of addresses, "; " between: "lwsync; ldarx;
     * stdcx.; isync". Comparisons, branches and moves between registers are left out. "none": the
     * compiler only is kept in order. " | " stands between forms of which flags that a program
     * cannot see choose one. */
    const char *instructions;
    const char *workaround; /* which fault of the compiler the form answers; "": none */
};

/* The operation with this index, from 0 on. TH_ABSENT behind the last, TH_EINVAL if `use` is NULL.
 * Thread-safe, wait-free, also in signal handlers. */
TH_MUST_CHECK TH_API th_status th_atomic_describe(size_t index, struct th_atomic_use *use);

TH_EXTERN_C_END

#endif
