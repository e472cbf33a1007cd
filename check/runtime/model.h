/* SPDX-License-Identifier: MIT
 * model.h - models of functions of the C library, which the checked program calls in their place.
 *
 * The model of `name` is thi_call_<name>(); it is found by its name (the driver renames the calls)
 * and declared right where it is defined. What the models need of each other stands here.
 */
#ifndef TOPHASH_CHECK_RUNTIME_MODEL_H
#define TOPHASH_CHECK_RUNTIME_MODEL_H

#include "runtime/runtime.h"

/* Forgets what the models know of an execution. */
void thi_model_restart(void);
void thi_model_lock_restart(void);

/* The first thread: the user's main(), or the functions of the small form. */
void *thi_model_main(void *unused);

/* What a thread does behind its function: destructors of its keys. */
void thi_model_thread_end(void);

/* One thread more. Its number. */
uint32_t thi_model_thread_create(struct thi_start start, uint32_t site);
void *thi_model_thread_join(uint32_t thread, uint32_t site);

/* Operations on a location of a model's own. */
uint64_t thi_model_load(uintptr_t address, uint8_t bytes, enum thi_order order, uint32_t site);
void thi_model_store(uintptr_t address, uint8_t bytes, uint64_t value, uint32_t site);
uint64_t thi_model_add(uintptr_t address, uint8_t bytes, uint64_t value, enum thi_order order,
                       uint32_t site);

/* A compare-exchange of a model: acquire, or as `order` says. True if it stored. */
struct thi_model_exchange {
    uintptr_t address;
    uint8_t bytes;
    uint64_t expected;
    uint64_t value;
    enum thi_order order;
    uint32_t site;
};
bool thi_model_compare_exchange(const struct thi_model_exchange *exchange);

/* A lock word of 4 bytes at `address`: 0 free, else the holder's number plus 1. */
void thi_model_lock(uintptr_t address, uint32_t site);
bool thi_model_lock_try(uintptr_t address, uint32_t site);
void thi_model_unlock(uintptr_t address, uint32_t site);
bool thi_model_lock_held(uintptr_t address);

/* Plain accesses with the accesses made. */
void thi_model_copy(void *to, const void *from, size_t bytes, uint32_t site);
void thi_model_fill(void *to, int value, size_t bytes, uint32_t site);

#endif
