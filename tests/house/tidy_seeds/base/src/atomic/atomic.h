/* SPDX-License-Identifier: MIT
 * atomic.h - a small file of a small project.
 */
#ifndef TOPHASH_ATOMIC_ATOMIC_H
#define TOPHASH_ATOMIC_ATOMIC_H

#include "base/base.h"

struct th_au64 {
    uint64_t raw;
};

static inline uint64_t th_u64_load_rlx(const struct th_au64 *word)
{
    return __atomic_load_n(&word->raw, __ATOMIC_RELAXED);
}

static inline uint64_t th_u64_load_acq(const struct th_au64 *word)
{
    return __atomic_load_n(&word->raw, __ATOMIC_ACQUIRE);
}

static inline void th_u64_store_rlx(struct th_au64 *word, uint64_t value)
{
    __atomic_store_n(&word->raw, value, __ATOMIC_RELAXED);
}

static inline void th_u64_store_rel(struct th_au64 *word, uint64_t value)
{
    __atomic_store_n(&word->raw, value, __ATOMIC_RELEASE);
}

#endif
