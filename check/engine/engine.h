/* SPDX-License-Identifier: MIT
 * engine.h - every execution of a small concurrent program under RC11, each visited once.
 *
 * The engine knows nothing of how a program runs. A program is four callbacks; the engine restarts
 * it, lets one thread at a time run to its next operation, and decides what each operation reads
 * and where each write stands. Litmus tests are interpreted, C programs run on fibers: same engine.
 *
 * A program    must be deterministic: what a thread does next depends on nothing but the results of
 *              its operations (and on race-free memory). On every re-execution each operation must
 *              have the same kind, address, bytes, site and operands; if not, TH_ENGINE_NOT_SAME.
 * A location   is (address, bytes), 1 to 8 bytes, not straddling another one: an operation on a
 *              part of a location that the running execution has used is TH_ENGINE_MIXED_SIZE.
 *              The first operation on a location in an execution takes its initial value from the
 *              program (`memory_read`), which is exact: whoever wrote it plainly before did so
 *              happens-before, or there is a race and the race is reported.
 * Threads      are numbered from 0 in the order in which they are first seen. The number belongs
 *              to (parent, n-th child of the parent), so it is the same in every execution.
 *
 * Plain accesses, two ways:
 *   events     TH_OP_PLAIN_LOAD and TH_OP_PLAIN_STORE as operations: they choose what they read and
 *              where they stand like relaxed ones, and never synchronise. Litmus tests use these.
 *   shadow     thi_engine_plain() from within step(): the value lives in real memory, the engine
 *              only looks for races, use of freed, unpublished or uninitialised memory. Since
 *              executions are run in an order that respects program order and reads-from, a read
 *              without a race finds in real memory the write that is last in happens-before.
 *   mixed      a location used atomically keeps its values in the graph. thi_engine_plain() puts
 *              the last write that happens before into real memory first, so a plain read of it
 *              (after join, say) just works. A plain write to it (memset, re-use after free) gives
 *              TH_PLAIN_EVENT: the program then yields TH_OP_PLAIN_STORE for that location, lets
 *              the real store happen, and the engine fetches the value from memory when the thread
 *              comes back.
 *
 * Waiting      TH_OP_AWAIT ends the thread's part of this execution: its last `value` events were
 *              one turn of a loop without effects whose condition failed. That is complete, since
 *              the execution in which the turn reads the newer write is explored as well. The
 *              execution counts as blocked. If nothing can run and each waiting thread has read the
 *              newest writes, that is TH_ENGINE_DEADLOCK.
 *
 * Sources      RC11 (Lahav, Vafeiadis, Kang, Hur, Dreyer 2017); reads-from search with backward
 *              revisits (Kokologiannakis, Marmanis, Gladstein, Vafeiadis, "Truly stateless, optimal
 *              dynamic partial order reduction", 2022); vector clocks as in race detectors
 *              (FastTrack, Flanagan and Freund 2009).
 */
#ifndef TOPHASH_CHECK_ENGINE_ENGINE_H
#define TOPHASH_CHECK_ENGINE_ENGINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define TH_ENGINE_THREADS_LIMIT 64u
#define TH_ENGINE_SITE_NONE 0u
#define TH_ENGINE_NO_EVENT UINT32_MAX
#define TH_ENGINE_INITIAL (UINT32_MAX - 1) /* the source of a read of the initial value */

struct thi_engine;

/* Orders from weak to strong; acquire and release do not compare. */
enum thi_order {
    TH_ORDER_PLAIN,
    TH_ORDER_RELAXED,
    TH_ORDER_ACQUIRE,
    TH_ORDER_RELEASE,
    TH_ORDER_ACQ_REL,
    TH_ORDER_SEQ_CST,
    TH_ORDER_NONE, /* in the table of overrides: as the program says */
};

enum thi_operation_kind {
    TH_OP_LOAD,        /* result: the value */
    TH_OP_STORE,       /* of `value` */
    TH_OP_RMW,         /* `rmw` with `value`; result: the value before */
    TH_OP_CAS,         /* strong; `expected` to `value`; result: the value before */
    TH_OP_CAS_WEAK,    /* may also fail without cause, if options say so (thi_engine_cas_done) */
    TH_OP_FENCE,       /* of `order` */
    TH_OP_HEAVY_FENCE, /* membarrier: one seq_cst fence in every thread, somewhere in its course */
    TH_OP_PLAIN_LOAD,
    TH_OP_PLAIN_STORE, /* `value`, or what memory holds when the thread comes back: from_memory */
    TH_OP_CREATE,      /* result: the number of the new thread, which starts at its first step() */
    TH_OP_JOIN,        /* of thread `value`; waits for its end */
    TH_OP_END,         /* the thread is done; no further step() */
    TH_OP_AWAIT, /* see the top; `value`: how many events one turn of the loop is, 1 or more */
    TH_OP_YIELD, /* no effect; not an event */
    TH_OP_STOP,  /* the thread stands in front of an error that the engine was told of */
};

enum thi_rmw {
    TH_RMW_ADD,
    TH_RMW_SUB,
    TH_RMW_OR,
    TH_RMW_AND,
    TH_RMW_XOR,
    TH_RMW_NAND,
    TH_RMW_EXCHANGE
};

struct thi_operation {
    enum thi_operation_kind kind;
    enum thi_order order;
    enum thi_order failure_order; /* of a CAS that fails */
    enum thi_rmw rmw;
    bool from_memory; /* PLAIN_STORE */
    uint8_t bytes;
    uint32_t site;
    uintptr_t address;
    uint64_t value;
    uint64_t expected;
};

/* TH_OP_AWAIT for nothing that could come: the execution is blocked, and this is no deadlock. */
#define TH_AWAIT_NOTHING UINT32_MAX

/* What can be wrong with a program, or with the way it is checked. */
enum thi_engine_error_kind {
    TH_ENGINE_RACE,     /* two accesses, one plain, one writes, no happens-before between them */
    TH_ENGINE_FAILED,   /* thi_engine_fail(): an assertion of the program */
    TH_ENGINE_DEADLOCK, /* nothing can run, and nobody waits for something that will come */
    TH_ENGINE_USE_AFTER_FREE,
    TH_ENGINE_FREE_RACE, /* an access and free() without happens-before: use after free, maybe */
    TH_ENGINE_DOUBLE_FREE,
    TH_ENGINE_INVALID_FREE,
    TH_ENGINE_UNPUBLISHED,   /* an access that does not happen after the allocation */
    TH_ENGINE_UNINITIALISED, /* a read of allocated memory that nobody wrote */
    TH_ENGINE_OUT_OF_BOUNDS, /* beside a block, within the arena (see thi_engine_arena_set) */
    TH_ENGINE_LEAK,
    TH_ENGINE_MIXED_SIZE,
    TH_ENGINE_NOT_SAME, /* the program is not deterministic */
    TH_ENGINE_SPIN, /* a loop that awaits nothing, or yields for ever */
    TH_ENGINE_MISUSE,   /* join of an unknown thread and the like: an error in the harness */
    TH_ENGINE_NO_MEMORY,
};

/* One side of a race: an access of `thread` right before its event number `event_index`. */
struct thi_engine_access {
    uint32_t thread;
    uint32_t event_index; /* counted in the thread; an atomic access: its own number */
    uint32_t site;
    uint8_t bytes;
    bool write;
    bool atomic;
    uintptr_t address;
};

struct thi_engine_error {
    enum thi_engine_error_kind kind;
    const char *message;             /* a sentence that can be shown, without the sites */
    struct thi_engine_access access; /* what was about to happen */
    struct thi_engine_access other;  /* the earlier access, allocation or free, if has_other */
    bool has_other;
    uint64_t value; /* FAILED: what the program passed */
};

struct thi_engine_progress {
    uint64_t executions;
    uint64_t blocked;
    uint64_t
        estimate; /* of all executions and blocked ones, from the part of the tree seen; 0: none */
    double elapsed_s;
    uint32_t depth; /* events of the current graph */
};

struct thi_program {
    void *context;
    uint32_t thread_count; /* threads that exist from the start: 1 for a C program */
    void (*restart)(void *context);
    /* Lets `thread` run to its next operation. `result`: of its previous operation. */
    void (*step)(void *context, uint32_t thread, uint64_t result, struct thi_operation *operation);
    /* A complete execution. May call thi_engine_fail() and look at the graph. NULL: nothing. */
    void (*finish)(void *context);
    /* An error, with the graph as it stands. True: go on searching (a race taken note of). */
    bool (*error)(void *context, const struct thi_engine_error *error);
    /* Every `progress_ms` of the options; NULL: nothing. True: stop. */
    bool (*progress)(void *context, const struct thi_engine_progress *progress);
    /* Initial value of a location; and the way back, for mixed locations. NULL: real memory. */
    uint64_t (*memory_read)(void *context, uintptr_t address, uint8_t bytes);
    void (*memory_write)(void *context, uintptr_t address, uint8_t bytes, uint64_t value);
};

/* Rules of the model by number, for the tests that show each of them to matter; see rules.h. */
struct thi_engine_options {
    bool c11_release_sequence; /* a thread's later stores continue it; false: C++20, the weaker */
    bool weak_cas_fails;       /* weak CAS may fail without cause */
    bool continue_after_error; /* what error() returns is heeded; else the first error ends it */
    bool find_leaks;
    bool coverage;         /* count per site; costs a little */
    bool check_duplicates; /* for tests: remember every complete graph, report in the result */
    uint32_t threads_max;  /* at most TH_ENGINE_THREADS_LIMIT; 0: 16 */
    uint32_t events_max;   /* per execution; beyond: cut, and the bound is in the result; 0: 4000 */
    uint64_t executions_max; /* complete and blocked; 0: no bound */
    double seconds_max;      /* 0: no bound */
    uint32_t workers;        /* processes that share the search; 0 and 1: this one */
    uint32_t progress_ms;    /* 0: 500 */
    uint64_t rules_off;      /* for tests only: bit n switches rule n of rules.h off */
};

enum thi_engine_verdict {
    TH_VERDICT_COMPLETE, /* every execution was visited, none is wrong */
    TH_VERDICT_BOUNDED,  /* none is wrong among those visited; `bounds` says what was cut */
    TH_VERDICT_ERROR,    /* error() was called */
    TH_VERDICT_BROKEN,   /* the engine could not go on: no memory, or a token that does not fit */
};

#define TH_BOUND_EVENTS 1u
#define TH_BOUND_EXECUTIONS 2u
#define TH_BOUND_SECONDS 4u
#define TH_BOUND_STOPPED 8u /* progress() said so */

struct thi_engine_result {
    enum thi_engine_verdict verdict;
    uint32_t bounds;
    uint64_t executions; /* complete */
    uint64_t blocked;
    uint64_t pruned; /* starts that the model forbids to end: no visit of the program's */
    uint64_t cut;    /* by events_max */
    uint64_t revisits;
    uint64_t errors;
    uint64_t duplicates; /* check_duplicates: must be 0 */
    uint64_t estimate;
    double elapsed_s;
    uint32_t threads;      /* most threads seen */
    uint32_t events_most;  /* most events of one execution */
    uint64_t contended;    /* executions in which two threads used one location unordered */
    uint64_t heavy_fences; /* events seen */
    uint32_t workers;
};

/* NULL: no memory. The program and the options are copied. */
struct thi_engine *thi_engine_new(const struct thi_program *program,
                                  const struct thi_engine_options *options);
void thi_engine_free(struct thi_engine *engine);

/* Visits all executions. May be called again (after changed orders, say): it starts afresh. */
void thi_engine_run(struct thi_engine *engine, struct thi_engine_result *result);

/* Visits the one execution of a token, printed by thi_engine_token(). error() and finish() are
 * called as in the search. False: not a token of this program; *why says what is wrong. */
bool thi_engine_replay(struct thi_engine *engine, const char *token,
                       struct thi_engine_result *result, const char **why);

/* The token of the current graph, to be called from finish() and error(): a short word of letters,
 * digits and points, zero-terminated. Returns its length; `size` 0 only measures. */
size_t thi_engine_token(const struct thi_engine *engine, char *out, size_t size);

/* --- From within step() and restart(): the shadow. */

enum thi_plain_result {
    TH_PLAIN_DONE,  /* go on with the access */
    TH_PLAIN_EVENT, /* first yield TH_OP_PLAIN_STORE of *location, then ask for the rest */
    TH_PLAIN_STOP,  /* there is an error: do not access, yield TH_OP_STOP */
};

struct thi_location {
    uintptr_t address;
    uint8_t bytes;
};

/* A plain access of the running thread to a range. With TH_PLAIN_EVENT all bytes before
 * location->address are dealt with, and those from location->address + bytes on are not. */
enum thi_plain_result thi_engine_plain(struct thi_engine *engine, uintptr_t address, size_t bytes,
                                       bool write, uint32_t site, struct thi_location *location);

/* A block of memory begins: plain write of nothing to the range. `initialised`: calloc, whose zeros
 * are already there. An address may be used again once its block was freed and the free happens
 * before this call: locations in it are then new ones. False: stop. */
bool thi_engine_memory_alloc(struct thi_engine *engine, uintptr_t address, size_t bytes,
                             bool initialised, uint32_t site);
/* Ends the block at `address`. False: stop. */
bool thi_engine_memory_free(struct thi_engine *engine, uintptr_t address, uint32_t site);
/* Accesses from `address` on are heap accesses: outside a block they are errors. 0 bytes: none. */
void thi_engine_arena_set(struct thi_engine *engine, uintptr_t address, size_t bytes);
/* The block at or around the address in this execution, alive or freed; false: none. */
bool thi_engine_memory_block(const struct thi_engine *engine, uintptr_t address,
                             uintptr_t *block_address, size_t *block_bytes, bool *freed);

/* The program found something wrong. `message` must live until the run is over. Then TH_OP_STOP. */
void thi_engine_fail(struct thi_engine *engine, enum thi_engine_error_kind kind,
                     const char *message, uint32_t site, uint64_t value);

/* Whether the last TH_OP_CAS or TH_OP_CAS_WEAK of `thread` stored. (A strong one stored if and only
 * if its result is `expected`.) */
bool thi_engine_cas_done(const struct thi_engine *engine, uint32_t thread);

/* --- Orders by site, and what was seen at each. */

/* Operations of `site` get these orders in place of their own. False: no memory. */
bool thi_engine_site_override(struct thi_engine *engine, uint32_t site, enum thi_order order,
                              enum thi_order failure_order);
void thi_engine_site_overrides_clear(struct thi_engine *engine);

struct thi_site_counters {
    uint64_t executions; /* complete executions in which the site was reached */
    uint64_t events;     /* in complete executions */
    uint64_t stale;      /* reads of a write that was not the newest in the end */
    uint64_t contended;  /* events unordered with a conflicting one of another thread */
    uint32_t orders;     /* bit set of 1 << enum thi_order, as the program gave them */
    uint32_t failure_orders;
    uint32_t kinds;   /* bit set of 1 << enum thi_operation_kind */
    uint32_t threads; /* most threads that reached it in one execution */
};

/* False: the site was never reached. Of all workers, once thi_engine_run() is back. */
bool thi_engine_site_counters(const struct thi_engine *engine, uint32_t site,
                              struct thi_site_counters *counters);
uint32_t thi_engine_site_count(const struct thi_engine *engine); /* highest site seen, plus 1 */

/* --- The current graph: from finish() and error(), and after a replay. */

enum thi_event_kind {
    TH_EVENT_READ,
    TH_EVENT_WRITE,
    TH_EVENT_FENCE,
    TH_EVENT_HEAVY_FENCE,
    TH_EVENT_CREATE,
    TH_EVENT_START, /* first event of a thread that was created; none for those from the start */
    TH_EVENT_JOIN,
    TH_EVENT_END, /* of a thread that was created */
};

/* An RMW is two events of one thread that follow each other, both `exclusive`. */
struct thi_event_view {
    enum thi_event_kind kind;
    enum thi_operation_kind operation;
    enum thi_order order; /* the one in force */
    bool exclusive;
    bool cas_failed;
    uint8_t bytes;
    uint32_t thread;
    uint32_t index; /* in the thread */
    uint32_t site;
    uint32_t stamp; /* order in which the search added it */
    uintptr_t address;
    uint64_t value;  /* read or written; CREATE, START and JOIN: the other thread */
    uint32_t source; /* READ: event it reads from, or TH_ENGINE_INITIAL */
    uint32_t
        mo_position; /* WRITE: 1, 2, ... in its location; READ: that of its source, 0 initial */
    uint32_t
        newer_writes; /* READ: writes of the location after its source, in modification order */
};

/* Events are numbered in an order that respects program order and reads-from: it reads as time. */
uint32_t thi_engine_event_count(const struct thi_engine *engine);
void thi_engine_event(const struct thi_engine *engine, uint32_t event, struct thi_event_view *view);
/* The event's number, or TH_ENGINE_NO_EVENT. */
uint32_t thi_engine_event_find(const struct thi_engine *engine, uint32_t thread, uint32_t index);
bool thi_engine_happens_before(const struct thi_engine *engine, uint32_t earlier, uint32_t later);
/* Number of events of `thread` that happen before what `event` is followed by in its thread. */
uint32_t thi_engine_event_clock(const struct thi_engine *engine, uint32_t event, uint32_t thread);
/* From within step(): the same for the newest event of the thread that runs. */
uint32_t thi_engine_clock(const struct thi_engine *engine, uint32_t running, uint32_t thread);
/* The writes of a location in modification order: the first after the initial value, and the next
 * after a write; TH_ENGINE_NO_EVENT at the end. */
uint32_t thi_engine_mo_first(const struct thi_engine *engine, uintptr_t address);
uint32_t thi_engine_mo_next(const struct thi_engine *engine, uint32_t event);
uint64_t thi_engine_initial_value(const struct thi_engine *engine, uintptr_t address);
/* Value of the last write in modification order; the initial one; `fallback` if never used. */
uint64_t thi_engine_final_value(const struct thi_engine *engine, uintptr_t address,
                                uint64_t fallback);

/* Threads of the running execution. */
uint32_t thi_engine_thread_count(const struct thi_engine *engine);
enum thi_thread_state { TH_THREAD_RUNS, TH_THREAD_AWAITS, TH_THREAD_JOINS, TH_THREAD_ENDED };
struct thi_thread_view {
    enum thi_thread_state state;
    uint32_t parent; /* itself: from the start */
    uint32_t child_index;
    uint32_t event_count;
    uint32_t
        waits_for; /* TH_THREAD_JOINS: the thread; AWAITS: number of the first event of the turn */
    bool reads_newest; /* AWAITS: each read of the turn has read the newest write */
    uint32_t site;     /* of the operation it stands at */
};
void thi_engine_thread(const struct thi_engine *engine, uint32_t thread,
                       struct thi_thread_view *view);

const char *thi_order_name(enum thi_order order); /* "relaxed", "acquire", ... */
const char *thi_engine_error_name(enum thi_engine_error_kind kind);

#endif
