/* SPDX-License-Identifier: MIT
 * record.h - one recorded execution, as the report needs it: who did what, where, and what was
 *            read from whom. Plain data: the runtime fills it, the report only reads it.
 *
 * Invariants   I1 `events` stand in an order that extends program order and reads-from: an event's
 *                 source and what happens before it have smaller numbers.
 *              I2 events of one thread have indexes 0, 1, 2, ... in program order.
 *              I3 a read-modify-write that succeeded is one event (TH_RECORD_UPDATE); a
 *                 compare-exchange that failed is a read with TH_RECORD_CAS_FAILED.
 *              I4 all strings and arrays belong to the filler and outlive the report.
 * Layout       happens-before is a square of bits: row e, bit b set <=> b happens before e.
 */
#ifndef TOPHASH_CHECK_REPORT_RECORD_H
#define TOPHASH_CHECK_REPORT_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TH_RECORD_NONE UINT32_MAX           /* no such event, site, object, thread */
#define TH_RECORD_INITIAL (UINT32_MAX - 1u) /* as a source: the value before any write */

enum thi_record_kind {
    TH_RECORD_READ,
    TH_RECORD_WRITE,
    TH_RECORD_UPDATE, /* read-modify-write that wrote */
    TH_RECORD_FENCE,
    TH_RECORD_ALLOC, /* location: the new object, whole */
    TH_RECORD_FREE,
    TH_RECORD_THREAD_CREATE, /* `other_thread`: the new thread */
    TH_RECORD_THREAD_JOIN,   /* `other_thread`: the thread that has ended */
    TH_RECORD_THREAD_START,
    TH_RECORD_THREAD_END,
    TH_RECORD_LOCK, /* location: the mutex; source: the unlock whose turn ended, or INITIAL */
    TH_RECORD_UNLOCK,
    TH_RECORD_WAIT,   /* a condition variable's wait has begun (its mutex is unlocked) */
    TH_RECORD_WOKEN,  /* the wait is over; its mutex is locked next */
    TH_RECORD_WAKE,   /* signal or broadcast; nobody needs to wait */
    TH_RECORD_AWAIT,  /* a read in a waiting loop whose value did not end the wait */
    TH_RECORD_CALL,   /* anything else that is worth a line: `text` says what */
    TH_RECORD_HIDDEN, /* part of what another event stands for: never shown */
};

enum thi_record_order {
    TH_RECORD_PLAIN, /* not atomic */
    TH_RECORD_RELAXED,
    TH_RECORD_ACQUIRE, /* consume is recorded as acquire */
    TH_RECORD_RELEASE,
    TH_RECORD_ACQ_REL,
    TH_RECORD_SEQ_CST,
};

/* Flags of an event. */
enum {
    TH_RECORD_CAS = 1,        /* UPDATE: by a compare-exchange; READ: with CAS_FAILED */
    TH_RECORD_CAS_FAILED = 2, /* a compare-exchange that met another value than `expected` */
    TH_RECORD_SPURIOUS = 4,   /* a weak compare-exchange that failed although the value was met */
    TH_RECORD_HEAVY = 8,      /* FENCE: a membarrier-like call, a fence in every thread */
    TH_RECORD_RANGE = 16,     /* memcpy, memset and the like: values are not recorded */
    TH_RECORD_TRY = 32,       /* LOCK: by trylock, timedlock */
    TH_RECORD_SHARED = 64,    /* LOCK, UNLOCK: a reader's lock */
    TH_RECORD_EXPECTED = 128, /* `expected` is known */
    TH_RECORD_UNDONE = 256    /* an access that was stopped as an error: there is no value */
};

struct thi_record_site {
    const char *file;     /* as it is to be shown; NULL: unknown */
    const char *path;     /* where the text can be read; NULL: same as `file` */
    uint32_t line;        /* 0: unknown */
    uint32_t column;      /* from 1; 0: unknown */
    const char *function; /* NULL: unknown */
    const char *text;     /* the line of source; NULL: the report reads it from `path` */
};

enum thi_record_storage { TH_RECORD_GLOBAL, TH_RECORD_HEAP, TH_RECORD_STACK, TH_RECORD_THREAD };

struct thi_record_object {
    const char
        *name; /* "top", "slot[1]"; NULL: the report makes one from the site, or the number */
    enum thi_record_storage storage;
    uint64_t address; /* so that pointers can be shown as names */
    uint64_t size_bytes;
    uint32_t alloc_site; /* NONE for globals */
};

struct thi_record_location {
    uint32_t object;  /* NONE: no location, or unknown */
    const char *name; /* of this part of the object, such as "bucket[1].meta"; NULL: by offset */
    uint64_t offset_bytes;
    uint32_t size_bytes;
};

struct thi_record_event {
    uint32_t thread;
    uint32_t index; /* in its thread */
    enum thi_record_kind kind;
    enum thi_record_order order;
    uint32_t flags;
    struct thi_record_location location;
    uint64_t value_read;
    uint64_t value_written;
    const char *read_name; /* of what the value points to, as the program named it; NULL: none */
    const char *written_name;
    uint64_t expected; /* of a compare-exchange */
    uint32_t source;   /* READ, UPDATE, AWAIT, LOCK: the write read from; INITIAL; NONE: unknown */
    uint32_t mo_position; /* WRITE, UPDATE of an atomic: place in the location's modification order
                             (initial write 0, then 1, 2, ...); NONE: not known */
    uint32_t other_thread;
    uint32_t site;
    const char *text; /* of a CALL; of others NULL */
};

enum thi_record_thread_state {
    TH_RECORD_FINISHED,
    TH_RECORD_RUNNING, /* the execution ended before it did */
    TH_RECORD_BLOCKED  /* waits for something that cannot come */
};

struct thi_record_thread {
    const char *name; /* "writer"; NULL: its function's name is not known */
    enum thi_record_thread_state state;
    /* BLOCKED: where, and on what. */
    enum thi_record_kind blocked_kind; /* AWAIT, LOCK, WAIT, THREAD_JOIN */
    uint32_t blocked_site;
    struct thi_record_location blocked_location;
    uint32_t blocked_thread; /* THREAD_JOIN: whom it waits for; LOCK: who holds it; else NONE */
};

enum thi_failure_kind {
    TH_FAILURE_NONE, /* an execution that is shown although nothing is wrong */
    TH_FAILURE_ASSERT,
    TH_FAILURE_RACE,           /* `event` is not ordered with `other`, and one is plain */
    TH_FAILURE_DEADLOCK,       /* threads in state BLOCKED */
    TH_FAILURE_USE_AFTER_FREE, /* `event` the access, `other` the free */
    TH_FAILURE_DOUBLE_FREE,    /* `event` the second free, `other` the first */
    TH_FAILURE_BAD_FREE,       /* of what no allocation gave */
    TH_FAILURE_OUT_OF_BOUNDS,
    TH_FAILURE_UNPUBLISHED,   /* `event` the access, `other` the allocation it does not see */
    TH_FAILURE_UNINITIALISED, /* `event` the read, `other` the allocation */
    TH_FAILURE_LEAK,          /* `other` the allocation */
    TH_FAILURE_CRASH,         /* a fault of the program: text says which signal */
    TH_FAILURE_MISUSE,        /* of a mutex, a thread: text says which */
};

struct thi_record_failure {
    enum thi_failure_kind kind;
    const char *text;   /* ASSERT: the asserted expression; others: a remark or NULL */
    uint32_t thread;    /* in which it was found */
    uint32_t site;      /* where */
    uint32_t event;     /* the event that failed; NONE: none (an assert fails after the last one) */
    uint32_t other;     /* the event it is in conflict with, or NONE */
    uint32_t object;    /* LEAK, and all of object life; else NONE */
    uint32_t free_site; /* USE_AFTER_FREE, DOUBLE_FREE: of the (first) free; else NONE */
};

struct thi_record {
    const struct thi_record_event *events;
    size_t event_count;
    const struct thi_record_thread *threads;
    size_t thread_count;
    const struct thi_record_site *sites;
    size_t site_count;
    const struct thi_record_object *objects;
    size_t object_count;
    const uint64_t *hb;       /* event_count rows of hb_words words */
    size_t hb_words;          /* >= (event_count + 63) / 64 */
    bool release_same_thread; /* release sequences as in C11, not C++20 */
    struct thi_record_failure failure;
};

static inline bool thi_record_hb(const struct thi_record *record, uint32_t before, uint32_t after)
{
    return (record->hb[after * record->hb_words + before / 64] >> (before % 64) & 1) != 0;
}

#endif
