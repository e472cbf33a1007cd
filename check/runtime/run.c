/* SPDX-License-Identifier: MIT
 * run.c - lets the engine run the checked program: restart, one step of one thread, failures.
 *
 * A thread runs on its fiber until it comes to an operation, stores it in its state, and switches
 * to the scheduler, which is the engine inside thi_engine_run(). Plain accesses do not switch: the
 * engine is asked on the thread's own stack.
 */
#include "runtime/runtime.h"

#include "runtime/model.h"
#include "runtime/names.h"
#include "runtime/record.h"
#include "runtime/tls.h"
#include "runtime/turn.h"
#include "runtime/verdict.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MESSAGE_BYTES_MAX = 512, PLAIN_MAX = 20000000 };

struct thi_runtime thi_runtime;

/* The sites whose orders a mutation has changed. */
static struct {
    uint32_t sites[TH_WEAKENED_SITES_MAX];
    size_t count;
    enum thi_order order;
    enum thi_order failure_order;
} overridden;

static char message_text[MESSAGE_BYTES_MAX]; /* lives until the run is over, as the engine asks */

uint32_t thi_site_of(const void *return_address)
{
    uintptr_t address = (uintptr_t)return_address;
    uintptr_t start = (uintptr_t)thi_user_text_start;
    return address > start && address <= (uintptr_t)thi_user_text_stop ? (uint32_t)(address - start)
                                                                       : 0;
}

static uint32_t text_bytes(void)
{
    return (uint32_t)(thi_user_text_stop - thi_user_text_start);
}

uint32_t thi_site_of_call(const void *return_address)
{
    uint32_t site = thi_site_of(return_address);
    return site == 0 ? 0 : site + text_bytes();
}

bool thi_site_is_call(uint32_t site)
{
    return site > text_bytes();
}

uintptr_t thi_site_address(uint32_t site)
{
    return (uintptr_t)thi_user_text_start + site - (thi_site_is_call(site) ? text_bytes() : 0);
}

uint64_t thi_operate(const struct thi_operation *operation)
{
    struct thi_thread *self = thi_self_state();
    self->operation = *operation;
    thi_fiber_switch(TH_FIBER_SCHEDULER);
    return self->result;
}

/* The thread does not come back from here. */
_Noreturn static void leave(const struct thi_operation *operation)
{
    thi_operate(operation);
    fputs("tophash check: a thread that had ended was run again\n", stderr);
    abort();
}

_Noreturn void thi_stop(void)
{
    thi_turn_abandon();
    leave(&(struct thi_operation){.kind = TH_OP_STOP});
}

_Noreturn void thi_await(uint32_t event_count, uint32_t site)
{
    leave(&(struct thi_operation){.kind = TH_OP_AWAIT, .value = event_count, .site = site});
}

_Noreturn void thi_fail(enum thi_engine_error_kind kind, const char *message, uint32_t site)
{
    thi_turn_abandon();
    snprintf(message_text, sizeof message_text, "%s", message);
    thi_engine_fail(thi_runtime.engine, kind, message_text, site, 0);
    thi_stop();
}

_Noreturn void thi_fail_format(enum thi_engine_error_kind kind, uint32_t site, const char *format,
                               ...)
{
    char text[MESSAGE_BYTES_MAX];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    thi_fail(kind, text, site);
}

void thi_orders_in_force(uint32_t site, enum thi_order *order, enum thi_order *failure_order)
{
    for (size_t i = 0; i < overridden.count && site != TH_ENGINE_SITE_NONE; i++) {
        if (site == overridden.sites[i]) {
            *order = overridden.order == TH_ORDER_NONE ? *order : overridden.order;
            *failure_order = overridden.failure_order == TH_ORDER_NONE ? *failure_order
                                                                       : overridden.failure_order;
        }
    }
}

bool thi_order_override(const uint32_t *sites, size_t count, enum thi_order order,
                        enum thi_order failure_order)
{
    bool ok = true;
    thi_engine_site_overrides_clear(thi_runtime.engine);
    overridden.count = count;
    overridden.order = order;
    overridden.failure_order = failure_order;
    for (size_t i = 0; i < count; i++) {
        overridden.sites[i] = sites[i];
        ok = ok && thi_engine_site_override(thi_runtime.engine, sites[i], order, failure_order);
    }
    return ok;
}

bool thi_alone(void)
{
    return thi_runtime.options->setup_apart && thi_self() == 0 &&
           thi_runtime.threads[0].child_count == 0;
}

bool thi_cas_done(void)
{
    return thi_self_state()->cas_done;
}

void thi_model_enter(void)
{
    if (!thi_runtime.active) {
        fputs("tophash check: error in harness: a constructor calls a function that is modelled, "
              "and no execution has begun; call it from main()\n",
              stderr);
        _exit(TH_EXIT_HARNESS);
    }
    thi_turn_abandon();
    thi_turn_effect();
    thi_self_state()->entry_stack = 0;
}

/* A plain write to a location that is used atomically: an operation of its own. */
static void plain_event(const struct thi_location *location, uint32_t site)
{
    thi_operate(&(struct thi_operation){.kind = TH_OP_PLAIN_STORE,
                                        .order = TH_ORDER_PLAIN,
                                        .from_memory = true,
                                        .bytes = location->bytes,
                                        .site = site,
                                        .address = location->address});
}

/* An access on its way to the engine. */
struct plain_access {
    uintptr_t address;
    size_t bytes;
    bool write;
    uint32_t site;
    struct thi_location location;
};

/* Memory of the program's, which can be read. The rest may be a wild pointer. */
static bool memory_known(uintptr_t address)
{
    return thi_image_holds(address) || thi_heap_holds(address) || thi_tls_holds(address) ||
           thi_fiber_of(address) != TH_FIBERS_MAX;
}

static uint64_t plain_announce(void *argument)
{
    struct plain_access *access = argument;
    if (memory_known(access->address)) {
        thi_record_note(access->write ? TH_RECORD_WRITE : TH_RECORD_READ, access->address,
                        access->bytes, access->site);
    }
    return thi_engine_plain(thi_runtime.engine, access->address, access->bytes, access->write,
                            access->site, &access->location);
}

static void plain_check(uintptr_t address, bool write, uint32_t site)
{
    if (address < 4096) {
        thi_fail_format(TH_ENGINE_FAILED, site, "%s through a null pointer",
                        write ? "write" : "read");
    }
    if (++thi_self_state()->plain_count > PLAIN_MAX) {
        thi_fail(TH_ENGINE_SPIN, "a loop of plain accesses does not end", site);
    }
}

void thi_plain(uintptr_t address, size_t bytes, bool write, uint32_t site)
{
    if (!thi_runtime.active || bytes == 0 || thi_fiber_running() == TH_FIBER_SCHEDULER) {
        return;
    }
    plain_check(address, write, site);
    if (write && memory_known(address)) {
        thi_turn_write(address, bytes);
    }
    if (thi_runtime.simulated) {
        return;
    }
    struct plain_access access = {.address = address, .bytes = bytes, .write = write, .site = site};
    for (;;) {
        enum thi_plain_result result =
            (enum thi_plain_result)thi_fiber_apart(plain_announce, &access);
        if (result == TH_PLAIN_DONE) {
            return;
        }
        if (result == TH_PLAIN_STOP) {
            thi_stop();
        }
        plain_event(&access.location, site);
        uintptr_t next = access.location.address + access.location.bytes;
        if (next >= address + bytes) {
            return;
        }
        access.bytes = address + bytes - next;
        access.address = next;
    }
}

_Noreturn void thi_thread_end(void *returned)
{
    struct thi_thread *self = thi_self_state();
    const struct thi_operation end = {.kind = TH_OP_END, .value = (uint64_t)(uintptr_t)returned};
    if (!thi_runtime.simulated) {
        thi_model_thread_end();
        self->returned = returned;
        self->ended = true;
    }
    leave(&end);
}

static void thread_main(void)
{
    struct thi_start start = thi_self_state()->start;
    thi_thread_end(start.function(start.argument));
}

/* The function of a thread that has just been made: its parent wrote it down. */
static void thread_begin(uint32_t thread)
{
    struct thi_thread *state = &thi_runtime.threads[thread];
    if (thread == 0) {
        state->start = (struct thi_start){.function = thi_model_main};
    } else {
        struct thi_thread_view view;
        thi_engine_thread(thi_runtime.engine, thread, &view);
        state->start = thi_runtime.threads[view.parent].children[view.child_index];
    }
    state->started = true;
    state->event_index = thread == 0 ? 0 : 1; /* a created thread's start is an event */
    thi_tls_start(thread);
    thi_fiber_start(thread, thread_main);
}

void thi_runtime_restart(void *context)
{
    (void)context;
    for (uint32_t i = 0; i < TH_FIBERS_MAX; i++) {
        struct thi_thread *state = &thi_runtime.threads[i];
        if (state->started) {
            memset(state, 0, sizeof *state);
        }
    }
    thi_runtime.execution_steps = 0;
    thi_record_restart();
    thi_names_clear();
    thi_image_restore();
    thi_heap_restart();
    thi_model_restart();
    thi_model_lock_restart();
    thi_turn_restart();
}

/* How many events the operation was that a thread has just made. */
static uint32_t operation_events(const struct thi_thread *state)
{
    switch (state->operation.kind) {
    case TH_OP_RMW: return 2;
    case TH_OP_CAS:
    case TH_OP_CAS_WEAK: return state->cas_done ? 2 : 1;
    case TH_OP_YIELD: return 0;
    default: return 1;
    }
}

/* The thread that has made most events is the one that loops. */
static void endless_tell(struct thi_thread *state)
{
    const struct thi_thread *longest = state;
    for (uint32_t i = 0; i < TH_FIBERS_MAX; i++) {
        if (thi_runtime.threads[i].event_index > longest->event_index) {
            longest = &thi_runtime.threads[i];
        }
    }
    if (state->operation.kind != TH_OP_STOP) {
        snprintf(message_text, sizeof message_text,
                 "an execution does not end within %d events: a loop without an end? "
                 "(--max-events=N allows more)",
                 TH_CHECK_STEPS_MAX);
        thi_engine_fail(thi_runtime.engine, TH_ENGINE_SPIN, message_text, longest->last_site, 0);
        state->operation = (struct thi_operation){.kind = TH_OP_STOP};
    }
}

void thi_runtime_step(void *context, uint32_t thread, uint64_t result,
                      struct thi_operation *operation)
{
    (void)context;
    struct thi_thread *state = &thi_runtime.threads[thread];
    thi_runtime.active = true;
    thi_runtime.steps++;
    state->plain_count = 0;
    state->result = result;
    state->cas_done = thi_engine_cas_done(thi_runtime.engine, thread);
    if (state->started) {
        state->event_index += operation_events(state);
    } else {
        thread_begin(thread);
    }
    thi_turn_result(thread, result);
    thi_fiber_switch(thread);
    thi_turn_operation(thread);
    if (state->operation.site != TH_ENGINE_SITE_NONE) {
        state->last_site = state->operation.site;
    }
    thi_runtime.active = false;
    if (thi_runtime.options->events_max == 0 &&
        (thi_runtime.execution_steps += operation_events(state)) > TH_CHECK_STEPS_MAX) {
        endless_tell(state);
    }
    *operation = state->operation;
}
