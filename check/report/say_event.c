/* SPDX-License-Identifier: MIT
 * say_event.c - the words of the reports: what events do and what went wrong.
 */
#include "report/say.h"

#include <inttypes.h>
#include <string.h>

static void order_say(struct thi_text *text, const struct thi_record_event *event)
{
    if (event->order != TH_RECORD_PLAIN) {
        thi_text_format(text, " (%s)", thi_say_order(event->order));
    }
}

/* A pointer to what the program has named by that name. */
static void value_say(struct thi_text *text, const struct thi_record *record,
                      const struct thi_record_event *event, bool written)
{
    const char *name = written ? event->written_name : event->read_name;
    if (name != NULL) {
        thi_text_format(text, "&%s", name);
        return;
    }
    thi_say_value(text, record, written ? event->value_written : event->value_read,
                  event->location.size_bytes);
}

static void read_say(struct thi_text *text, const struct thi_record *record,
                     const struct thi_record_event *event)
{
    bool plain = event->order == TH_RECORD_PLAIN;
    if (event->flags & TH_RECORD_CAS_FAILED) {
        thi_text_string(text, "compare-exchange ");
        thi_say_location(text, record, &event->location);
        order_say(text, event);
        thi_text_string(text, " fails: it is ");
        value_say(text, record, event, false);
        if (event->flags & TH_RECORD_SPURIOUS) {
            thi_text_string(text, ", as expected (a weak one may)");
        } else if (event->flags & TH_RECORD_EXPECTED) {
            thi_text_string(text, ", not ");
            thi_say_value(text, record, event->expected, event->location.size_bytes);
        }
        return;
    }
    thi_text_string(text, plain ? "read " : "load ");
    thi_say_location(text, record, &event->location);
    if (event->flags & TH_RECORD_RANGE) {
        thi_text_format(text, " (%" PRIu32 " bytes)", event->location.size_bytes);
        return;
    }
    if ((event->flags & TH_RECORD_UNDONE) == 0) {
        thi_text_string(text, " = ");
        value_say(text, record, event, false);
    }
    order_say(text, event);
}

static void write_say(struct thi_text *text, const struct thi_record *record,
                      const struct thi_record_event *event)
{
    thi_text_string(text, event->order == TH_RECORD_PLAIN ? "write " : "store ");
    thi_say_location(text, record, &event->location);
    if (event->flags & TH_RECORD_RANGE) {
        thi_text_format(text, " (%" PRIu32 " bytes)", event->location.size_bytes);
        return;
    }
    if ((event->flags & TH_RECORD_UNDONE) == 0) {
        thi_text_string(text, " = ");
        value_say(text, record, event, true);
    }
    order_say(text, event);
}

static void update_say(struct thi_text *text, const struct thi_record *record,
                       const struct thi_record_event *event)
{
    thi_text_string(text, event->flags & TH_RECORD_CAS ? "compare-exchange " : "update ");
    thi_say_location(text, record, &event->location);
    thi_text_string(text, ": ");
    value_say(text, record, event, false);
    thi_text_string(text, " becomes ");
    value_say(text, record, event, true);
    order_say(text, event);
}

/* The events that are named by one word and an object. */
static void object_say(struct thi_text *text, const struct thi_record *record,
                       const struct thi_record_event *event)
{
    const char *shared = event->flags & TH_RECORD_SHARED ? " for reading" : "";
    bool taken = event->kind == TH_RECORD_LOCK && (event->flags & TH_RECORD_CAS_FAILED) != 0;
    switch (event->kind) {
    case TH_RECORD_ALLOC: thi_text_string(text, "allocate "); break;
    case TH_RECORD_FREE: thi_text_string(text, "free "); break;
    case TH_RECORD_LOCK: thi_text_string(text, taken ? "try to lock " : "lock "); break;
    case TH_RECORD_UNLOCK: thi_text_string(text, "unlock "); break;
    case TH_RECORD_WAIT: thi_text_string(text, "begin to wait for "); break;
    case TH_RECORD_WOKEN: thi_text_string(text, "woken from the wait for "); break;
    default: thi_text_string(text, "wake who waits for "); break;
    }
    thi_say_location(text, record, &event->location);
    thi_text_string(text, shared);
    thi_text_string(text, taken ? ": it is taken" : "");
    if (event->kind == TH_RECORD_ALLOC) {
        thi_text_format(text, " (%" PRIu32 " bytes)", event->location.size_bytes);
    }
}

void thi_say_event(struct thi_text *text, const struct thi_record *record, uint32_t number)
{
    const struct thi_record_event *event = &record->events[number];
    switch (event->kind) {
    case TH_RECORD_READ: read_say(text, record, event); break;
    case TH_RECORD_AWAIT:
        thi_text_string(text, "wait: ");
        read_say(text, record, event);
        break;
    case TH_RECORD_WRITE: write_say(text, record, event); break;
    case TH_RECORD_UPDATE: update_say(text, record, event); break;
    case TH_RECORD_FENCE:
        thi_text_format(text,
                        event->flags & TH_RECORD_HEAVY ? "heavy fence (%s, in all threads)"
                                                       : "fence (%s)",
                        thi_say_order(event->order));
        break;
    case TH_RECORD_THREAD_CREATE:
    case TH_RECORD_THREAD_JOIN:
        thi_text_string(text, event->kind == TH_RECORD_THREAD_JOIN ? "join " : "create ");
        thi_say_thread(text, record, event->other_thread);
        break;
    case TH_RECORD_THREAD_START: thi_text_string(text, "the thread begins"); break;
    case TH_RECORD_THREAD_END: thi_text_string(text, "the thread ends"); break;
    case TH_RECORD_CALL: thi_text_string(text, event->text == NULL ? "call" : event->text); break;
    default: object_say(text, record, event); break;
    }
}

void thi_say_kind(struct thi_text *text, const struct thi_record *record, uint32_t number)
{
    const struct thi_record_event *event = &record->events[number];
    bool plain = event->order == TH_RECORD_PLAIN;
    thi_text_string(text, "the ");
    if (event->kind == TH_RECORD_FENCE || thi_is_read(event) || thi_is_write(event)) {
        thi_text_format(text, "%s ", thi_say_order(event->order));
    }
    switch (event->kind) {
    case TH_RECORD_READ:
    case TH_RECORD_AWAIT:
        thi_text_string(text, event->flags & TH_RECORD_CAS_FAILED ? "failed compare-exchange"
                              : plain                             ? "read"
                                                                  : "load");
        break;
    case TH_RECORD_WRITE: thi_text_string(text, plain ? "write" : "store"); break;
    case TH_RECORD_UPDATE:
        thi_text_string(text,
                        event->flags & TH_RECORD_CAS ? "compare-exchange" : "read-modify-write");
        break;
    case TH_RECORD_FENCE: thi_text_string(text, "fence"); break;
    case TH_RECORD_ALLOC: thi_text_string(text, "allocation"); break;
    case TH_RECORD_FREE: thi_text_string(text, "free"); break;
    case TH_RECORD_LOCK: thi_text_string(text, "lock"); break;
    case TH_RECORD_UNLOCK: thi_text_string(text, "unlock"); break;
    case TH_RECORD_THREAD_CREATE: thi_text_string(text, "creation of the thread"); break;
    case TH_RECORD_THREAD_JOIN: thi_text_string(text, "join"); break;
    default: thi_text_string(text, "event"); break;
    }
}

void thi_say_step(struct thi_text *text, const struct thi_analysis *analysis, uint32_t event)
{
    const struct thi_record *record = analysis->record;
    if (analysis->number[event] != 0) {
        thi_text_format(text, "step %" PRIu32, analysis->number[event]);
    } else {
        thi_text_format(text, "T%" PRIu32 " at ", record->events[event].thread);
        thi_say_site(text, record, record->events[event].site);
    }
}

void thi_say_place(struct thi_text *text, const struct thi_analysis *analysis, uint32_t event)
{
    const struct thi_record *record = analysis->record;
    thi_text_format(text, "T%" PRIu32 " ", record->events[event].thread);
    thi_say_site(text, record, record->events[event].site);
    if (analysis->number[event] != 0) {
        thi_text_format(text, " (step %" PRIu32 ")", analysis->number[event]);
    }
}

void thi_say_source(struct thi_text *text, const struct thi_analysis *analysis, uint32_t number)
{
    const struct thi_record *record = analysis->record;
    const struct thi_record_event *event = &record->events[number];
    if (event->source == TH_RECORD_INITIAL) {
        thi_text_string(text, "the initial value");
    } else if (event->source < record->event_count && analysis->setup[event->source]) {
        thi_text_string(text, "set up at ");
        thi_say_site(text, record, record->events[event->source].site);
    } else if (event->source < record->event_count) {
        thi_text_string(text, "from ");
        thi_say_step(text, analysis, event->source);
    }
}

/* "T1 reads x at queue.c:14": one side of a conflict. */
static void access_say(struct thi_text *text, const struct thi_record *record, uint32_t number)
{
    const struct thi_record_event *event = &record->events[number];
    thi_text_format(text, "T%" PRIu32 " ", event->thread);
    switch (event->kind) {
    case TH_RECORD_READ:
    case TH_RECORD_AWAIT: thi_text_string(text, "reads "); break;
    case TH_RECORD_WRITE: thi_text_string(text, "writes "); break;
    case TH_RECORD_UPDATE: thi_text_string(text, "updates "); break;
    case TH_RECORD_ALLOC: thi_text_string(text, "allocates "); break;
    case TH_RECORD_FREE: thi_text_string(text, "frees "); break;
    default: thi_text_string(text, "uses "); break;
    }
    thi_say_location(text, record, &event->location);
    thi_text_string(text, " at ");
    thi_say_site(text, record, event->site);
    if (event->order != TH_RECORD_PLAIN) {
        thi_text_format(text, " (atomic, %s)", thi_say_order(event->order));
    } else if (thi_is_read(event) || thi_is_write(event)) {
        thi_text_string(text, " (plain)");
    }
}

static void race_say(struct thi_text *text, const struct thi_record *record)
{
    const struct thi_record_failure *failure = &record->failure;
    thi_text_string(text, "data race");
    if (failure->event >= record->event_count) {
        return;
    }
    thi_text_string(text, " on ");
    thi_say_location(text, record, &record->events[failure->event].location);
    if (failure->other < record->event_count) {
        thi_text_string(text, ": ");
        access_say(text, record, failure->other);
        thi_text_string(text, ", ");
        access_say(text, record, failure->event);
        thi_text_string(text, ", and neither happens before the other");
    }
}

/* "use after free: T1 reads n#1+8 at a.c:3, T2 freed it at a.c:9". */
static void life_say(struct thi_text *text, const struct thi_record *record, const char *what,
                     const char *other_did)
{
    const struct thi_record_failure *failure = &record->failure;
    uint32_t event = failure->event, other = failure->other;
    if (event < record->event_count && other < record->event_count &&
        failure->kind == TH_FAILURE_USE_AFTER_FREE &&
        record->events[event].kind == TH_RECORD_FREE) {
        event = failure->other; /* the free was found to be too early */
        other = failure->event;
    }
    thi_text_string(text, what);
    if (event < record->event_count) {
        thi_text_string(text, ": ");
        access_say(text, record, event);
    }
    if (other < record->event_count && other_did != NULL) {
        thi_text_format(text, ", T%" PRIu32 " %s ", record->events[other].thread, other_did);
        thi_text_string(text, "it at ");
        thi_say_site(text, record, record->events[other].site);
    }
}

static void leak_say(struct thi_text *text, const struct thi_record *record)
{
    thi_text_string(text, "memory leak: ");
    thi_say_object(text, record, record->failure.object);
    if (record->failure.object < record->object_count) {
        const struct thi_record_object *object = &record->objects[record->failure.object];
        thi_text_format(text, " (%" PRIu64 " bytes", object->size_bytes);
        if (object->alloc_site < record->site_count) {
            thi_text_string(text, ", allocated at ");
            thi_say_site(text, record, object->alloc_site);
        }
        thi_text_string(text, ")");
    }
    thi_text_string(text, " is never freed");
}

/* An assertion is told from other failures that the program itself reports by the line it is in. */
static bool is_assertion(const struct thi_record *record)
{
    struct thi_text code = {.bytes = NULL};
    thi_say_code(&code, record, record->failure.site);
    const char *line = thi_text_get(&code);
    bool assertion = code.size == 0 || strstr(line, "assert") != NULL ||
                     (record->failure.text != NULL && strstr(line, record->failure.text) != NULL);
    thi_text_fini(&code);
    return assertion;
}

void thi_say_failure(struct thi_text *text, const struct thi_analysis *analysis)
{
    const struct thi_record *record = analysis->record;
    const struct thi_record_failure *failure = &record->failure;
    const char *remark = failure->text == NULL ? "" : failure->text;
    bool ordered = failure->event < record->event_count && failure->other < record->event_count &&
                   thi_record_hb(record, failure->other, failure->event);
    switch (failure->kind) {
    case TH_FAILURE_NONE: thi_text_string(text, "nothing is wrong in this execution"); break;
    case TH_FAILURE_ASSERT:
        thi_text_format(text,
                        is_assertion(record) ? "assertion fails in T%" PRIu32 ": %s"
                                             : "T%" PRIu32 " fails: %s",
                        failure->thread, remark);
        break;
    case TH_FAILURE_RACE: race_say(text, record); break;
    case TH_FAILURE_DEADLOCK: thi_text_string(text, "deadlock: nothing can go on"); break;
    case TH_FAILURE_USE_AFTER_FREE:
        life_say(text, record, ordered ? "use after free" : "use after free is possible",
                 ordered ? "freed" : "frees");
        thi_text_string(text, ordered ? "" : ", and the access does not happen before the free");
        break;
    case TH_FAILURE_DOUBLE_FREE: life_say(text, record, "double free", "freed"); break;
    case TH_FAILURE_BAD_FREE: life_say(text, record, "free of what was not allocated", NULL); break;
    case TH_FAILURE_OUT_OF_BOUNDS: life_say(text, record, "access outside of a block", NULL); break;
    case TH_FAILURE_UNPUBLISHED:
        life_say(text, record, "access to memory that was not published", "allocated");
        break;
    case TH_FAILURE_UNINITIALISED:
        life_say(text, record, "read of memory that was never written", "allocated");
        break;
    case TH_FAILURE_LEAK: leak_say(text, record); break;
    case TH_FAILURE_CRASH:
        thi_text_format(text, "T%" PRIu32 " crashes: %s", failure->thread, remark);
        break;
    case TH_FAILURE_MISUSE:
        thi_text_format(text, "misuse in T%" PRIu32 ": %s", failure->thread, remark);
        break;
    }
}
