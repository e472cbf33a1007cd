/* SPDX-License-Identifier: MIT
 * runtime.h - what the parts of the runtime share: the checked program's threads on fibers, the
 *             operations they hand to the engine, plain accesses, failures.
 *
 * Everything here runs in one thread of the system: "thread" means a thread of the checked program.
 */
#ifndef TOPHASH_CHECK_RUNTIME_RUNTIME_H
#define TOPHASH_CHECK_RUNTIME_RUNTIME_H

#include "engine/engine.h"
#include "runtime/fiber.h"
#include "runtime/options.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a thread of the checked program calls first. */
struct thi_start {
    void *(*function)(void *argument);
    void *argument;
};

struct thi_thread {
    struct thi_operation operation; /* the one it stands at */
    uint64_t result;                /* of its last operation */
    bool cas_done;                  /* which was a compare-exchange, and it stored */
    uintptr_t entry_stack; /* its stack at the operation (entry.h); 0: a model's operation */
    bool started;
    bool ended;
    bool detached;
    bool joined;
    struct thi_start start;
    void *returned;
    struct thi_start children[TH_FIBERS_MAX]; /* in the order of their creation */
    uint32_t child_count;
    uint32_t plain_count; /* plain accesses since its last operation */
    uint64_t clock_ns;    /* what its clocks show */
    int error_number;
    uint32_t last_site;   /* of its last operation that has one */
    uint32_t event_index; /* the engine's number, in the thread, of the event that comes next */
};

struct thi_runtime {
    struct thi_engine *engine;
    const struct thi_check_options *options;
    struct thi_thread threads[TH_FIBERS_MAX + 1]; /* the last: before main() */
    bool active;                                  /* an execution runs: accesses count */
    bool simulated; /* what runs is a thought experiment (turn.h): nothing may come of it */
    uint32_t execution_steps; /* events of this execution */
    uint64_t steps;           /* so that a watch sees whether the program moves */
};

extern struct thi_runtime thi_runtime;

/* First byte of the user's code, and the first one behind it. A site is an offset in it; the site
 * of a call that is modelled stands one length of the code higher, so that it is never taken for
 * an atomic operation of the user's own. */
extern const char thi_user_text_start[] __asm__("__start_thi_user_text");
extern const char thi_user_text_stop[] __asm__("__stop_thi_user_text");

/* The site of a return address; 0 if it does not lie in the user's code. */
uint32_t thi_site_of(const void *return_address);
uint32_t thi_site_of_call(const void *return_address);
/* And back. */
uintptr_t thi_site_address(uint32_t site);
bool thi_site_is_call(uint32_t site);

/* In a model: where it was called. */
#define TH_SITE_HERE thi_site_of_call(__builtin_return_address(0))

/* The number of the thread that runs. */
static inline uint32_t thi_self(void)
{
    return thi_fiber_running();
}

static inline struct thi_thread *thi_self_state(void)
{
    return &thi_runtime.threads[thi_fiber_running()];
}

/* run.c */

/* Hands an operation to the engine; its result. */
uint64_t thi_operate(const struct thi_operation *operation);

/* A plain access of the running thread, before it is made. Does not return if it is an error. */
void thi_plain(uintptr_t address, size_t bytes, bool write, uint32_t site);

/* Whether the compare-exchange that has just been made stored. */
bool thi_cas_done(void);

/* Changes the orders at these sites, and no others, until the next call. False: no memory. */
enum { TH_WEAKENED_SITES_MAX = 256 };
bool thi_order_override(const uint32_t *sites, size_t count, enum thi_order order,
                        enum thi_order failure_order);
/* The orders of operations at a site, if a mutation changes them. */
void thi_orders_in_force(uint32_t site, enum thi_order *order, enum thi_order *failure_order);

/* True while what happens is no part of the execution (--setup-apart): no thread was made yet. */
bool thi_alone(void);

/* Models call this first: no thought experiment may go on into them. */
void thi_model_enter(void);

/* The program is wrong: the engine hears of it, the thread stops. `message` is copied. */
_Noreturn void thi_fail(enum thi_engine_error_kind kind, const char *message, uint32_t site);
__attribute__((format(printf, 3, 4))) _Noreturn void thi_fail_format(
    enum thi_engine_error_kind kind, uint32_t site, const char *format, ...);

/* The engine has been told what is wrong: the thread stops. */
_Noreturn void thi_stop(void);

/* The thread waits: its last `event_count` operations were a turn of a loop. */
_Noreturn void thi_await(uint32_t event_count, uint32_t site);

/* The thread that runs is done. */
_Noreturn void thi_thread_end(void *returned);

/* For the engine. */
void thi_runtime_restart(void *context);
void thi_runtime_step(void *context, uint32_t thread, uint64_t result,
                      struct thi_operation *operation);

/* image.c: the user's data, put back before each execution. */
bool thi_image_init(void);
void thi_image_restore(void);
bool thi_image_holds(uintptr_t address); /* data, or constants */

/* heap.c */
bool thi_heap_init(void);
void thi_heap_restart(void);
void *thi_heap_alloc(size_t bytes, size_t alignment, bool zeroed, uint32_t site);
void thi_heap_free(void *block, uint32_t site);
/* The allocation a block of the heap came from; false: the address is of none. */
struct thi_heap_block {
    uintptr_t address;
    size_t bytes;
    uint32_t thread;
    uint32_t number; /* in its thread, from 1 */
    uint32_t site;
    uint32_t free_site; /* 0: not freed */
};
const struct thi_heap_block *thi_heap_find(uintptr_t address);
bool thi_heap_holds(uintptr_t address);

#endif
