/* SPDX-License-Identifier: MIT
 * recorder_fail.c - what went wrong, in the words of a record.
 */
#include "report/recorder_priv.h"

#include <stddef.h>

static enum thi_failure_kind failure_kind(enum thi_engine_error_kind kind)
{
    switch (kind) {
    case TH_ENGINE_RACE: return TH_FAILURE_RACE;
    case TH_ENGINE_FAILED: return TH_FAILURE_ASSERT;
    case TH_ENGINE_DEADLOCK: return TH_FAILURE_DEADLOCK;
    case TH_ENGINE_USE_AFTER_FREE:
    case TH_ENGINE_FREE_RACE: return TH_FAILURE_USE_AFTER_FREE;
    case TH_ENGINE_DOUBLE_FREE: return TH_FAILURE_DOUBLE_FREE;
    case TH_ENGINE_INVALID_FREE: return TH_FAILURE_BAD_FREE;
    case TH_ENGINE_UNPUBLISHED: return TH_FAILURE_UNPUBLISHED;
    case TH_ENGINE_UNINITIALISED: return TH_FAILURE_UNINITIALISED;
    case TH_ENGINE_OUT_OF_BOUNDS: return TH_FAILURE_OUT_OF_BOUNDS;
    case TH_ENGINE_LEAK: return TH_FAILURE_LEAK;
    case TH_ENGINE_MIXED_SIZE:
    case TH_ENGINE_NOT_SAME:
    case TH_ENGINE_SPIN:
    case TH_ENGINE_MISUSE:
    case TH_ENGINE_NO_MEMORY: break;
    }
    return TH_FAILURE_MISUSE;
}

/* Errors whose access has an event in the table. */
static bool has_access(enum thi_engine_error_kind kind)
{
    enum thi_failure_kind failure = failure_kind(kind);
    return failure == TH_FAILURE_RACE ||
           (failure >= TH_FAILURE_USE_AFTER_FREE && failure <= TH_FAILURE_UNINITIALISED);
}

static bool is_free_error(enum thi_engine_error_kind kind)
{
    return kind == TH_ENGINE_DOUBLE_FREE || kind == TH_ENGINE_INVALID_FREE;
}

static bool overlaps(uintptr_t a, size_t a_bytes, uintptr_t b, size_t b_bytes)
{
    return a < b + (b_bytes == 0 ? 1 : b_bytes) && b < a + (a_bytes == 0 ? 1 : a_bytes);
}

/* The access that was about to happen: the engine's event, the last note, or not known yet. */
bool thi_recorder_error_note(struct thi_recorder *recorder, const struct thi_engine_error *error)
{
    const struct thi_engine_access *access = &error->access;
    struct thi_event_view view;
    if (!has_access(error->kind)) {
        return true;
    }
    uint32_t event = access->atomic ? thi_engine_event_find(recorder->engine, access->thread,
                                                            access->event_index)
                                    : TH_ENGINE_NO_EVENT;
    if (event != TH_ENGINE_NO_EVENT) {
        thi_engine_event(recorder->engine, event, &view);
        if (overlaps(view.address, view.bytes, access->address, access->bytes)) {
            return true;
        }
    }
    struct thi_recorder_note note = {.thread = access->thread,
                                     .index = access->event_index,
                                     .kind = is_free_error(error->kind) ? TH_RECORD_FREE
                                             : access->write            ? TH_RECORD_WRITE
                                                                        : TH_RECORD_READ,
                                     .address = access->address,
                                     .bytes = access->bytes,
                                     .site = access->site};
    const struct thi_recorder_note *last =
        recorder->note_count > 0 ? &recorder->notes[recorder->note_count - 1].note : NULL;
    bool noted = last != NULL && last->thread == note.thread && last->index == note.index &&
                 last->site == note.site &&
                 (last->kind == note.kind || last->kind == TH_RECORD_FREE) &&
                 overlaps(last->address, last->bytes, note.address, note.bytes);
    if (!noted) {
        thi_recorder_note(recorder, &note);
    }
    if (recorder->failed) {
        return false;
    }
    recorder->has_pending = false;
    recorder->notes[recorder->note_count - 1].undone = true;
    return true;
}

/* What the other side of an error is. */
static bool is_other(enum thi_engine_error_kind error, enum thi_record_kind kind)
{
    switch (error) {
    case TH_ENGINE_USE_AFTER_FREE:
    case TH_ENGINE_DOUBLE_FREE: return kind == TH_RECORD_FREE;
    case TH_ENGINE_UNPUBLISHED:
    case TH_ENGINE_UNINITIALISED:
    case TH_ENGINE_OUT_OF_BOUNDS: return kind == TH_RECORD_ALLOC;
    default: return true;
    }
}

/* The item of an access; the last that fits, for an access is about the latest of its kind. */
static uint32_t access_item(const struct thi_recorder *recorder,
                            const struct thi_engine_access *access,
                            enum thi_engine_error_kind error, bool undone)
{
    for (size_t i = recorder->item_count; i-- > 0;) {
        const struct thi_recorder_item *item = &recorder->items[i];
        const struct thi_record_event *event = &recorder->events[i];
        bool note = item->event == TH_RECORD_NONE;
        if (item->thread != access->thread ||
            (undone && note && !recorder->notes[item->note].undone) ||
            (!undone && !is_other(error, event->kind))) {
            continue;
        }
        uint32_t index = item->index;
        bool update = event->kind == TH_RECORD_UPDATE;
        bool here = index == access->event_index || (update && index == access->event_index + 1);
        uintptr_t address =
            event->location.object == TH_RECORD_NONE
                ? 0
                : recorder->objects[event->location.object].address + event->location.offset_bytes;
        if (here && event->location.object != TH_RECORD_NONE && note != access->atomic &&
            overlaps(address, event->location.size_bytes, access->address, access->bytes)) {
            return (uint32_t)i;
        }
    }
    return TH_RECORD_NONE;
}

/* What a waiting thread waits for: the last read of its turn, or what its label says. Labelled
 * events of the turn have not come to what they stand for. */
static void blocked_fill(struct thi_recorder *recorder, uint32_t thread,
                         const struct thi_thread_view *view)
{
    struct thi_record_thread *self = &recorder->threads[thread];
    enum thi_record_kind kind = TH_RECORD_AWAIT;
    self->blocked_kind = kind;
    for (size_t i = recorder->item_count; i-- > 0;) {
        const struct thi_recorder_item *item = &recorder->items[i];
        const struct thi_record_event *event = &recorder->events[i];
        if (item->thread != thread || item->event == TH_RECORD_NONE ||
            item->index < view->waits_for) {
            continue;
        }
        if (thi_recorder_label_of(recorder, thread, item->index) != NULL) {
            kind = event->kind == TH_RECORD_HIDDEN ? kind : event->kind;
            recorder->events[i].kind = TH_RECORD_HIDDEN;
        }
        if (event->location.object != TH_RECORD_NONE) {
            self->blocked_location = event->location;
            self->blocked_kind = kind;
            self->blocked_site =
                self->blocked_site == TH_RECORD_NONE ? event->site : self->blocked_site;
        }
    }
}

/* Who took the lock last that `thread` waits for. */
static uint32_t holder_of(const struct thi_recorder *recorder, uint32_t thread)
{
    const struct thi_record_thread *self = &recorder->threads[thread];
    for (size_t i = recorder->item_count; i-- > 0;) {
        const struct thi_record_event *event = &recorder->events[i];
        if (event->location.object == self->blocked_location.object &&
            event->location.offset_bytes == self->blocked_location.offset_bytes &&
            event->kind == TH_RECORD_LOCK && (event->flags & TH_RECORD_CAS_FAILED) == 0 &&
            event->thread != thread) {
            return event->thread;
        }
    }
    return TH_RECORD_NONE;
}

static void threads_fill(struct thi_recorder *recorder)
{
    struct thi_thread_view view;
    for (uint32_t t = 0; t < recorder->record.thread_count; t++) {
        struct thi_record_thread *self = &recorder->threads[t];
        thi_engine_thread(recorder->engine, t, &view);
        *self = (struct thi_record_thread){.state = TH_RECORD_RUNNING,
                                           .blocked_site = TH_RECORD_NONE,
                                           .blocked_location = {.object = TH_RECORD_NONE},
                                           .blocked_thread = TH_RECORD_NONE};
        if (recorder->names->thread != NULL) {
            self->name = recorder->names->thread(recorder->names->context, t);
        }
        if (view.state == TH_THREAD_ENDED) {
            self->state = TH_RECORD_FINISHED;
        } else if (view.state != TH_THREAD_RUNS) {
            self->state = TH_RECORD_BLOCKED;
            self->blocked_site = thi_recorder_site(recorder, view.site);
        }
        if (view.state == TH_THREAD_JOINS) {
            self->blocked_kind = TH_RECORD_THREAD_JOIN;
            self->blocked_thread = view.waits_for;
        } else if (view.state == TH_THREAD_AWAITS) {
            blocked_fill(recorder, t, &view);
        }
        if (self->blocked_kind == TH_RECORD_LOCK) {
            self->blocked_thread = holder_of(recorder, t);
        }
    }
}

void thi_recorder_error(struct thi_recorder *recorder, const struct thi_engine_error *error)
{
    threads_fill(recorder);
    struct thi_record_failure *failure = &recorder->record.failure;
    *failure = (struct thi_record_failure){.kind = TH_FAILURE_NONE,
                                           .thread = TH_RECORD_NONE,
                                           .site = TH_RECORD_NONE,
                                           .event = TH_RECORD_NONE,
                                           .other = TH_RECORD_NONE,
                                           .object = TH_RECORD_NONE,
                                           .free_site = TH_RECORD_NONE};
    if (error == NULL) {
        return;
    }
    failure->kind = failure_kind(error->kind);
    failure->text = error->message;
    failure->thread = error->access.thread;
    failure->site = thi_recorder_site(recorder, error->access.site);
    if (has_access(error->kind)) {
        failure->event = access_item(recorder, &error->access, error->kind, true);
    }
    if (error->has_other) {
        failure->other = access_item(recorder, &error->other, error->kind, false);
    }
    if (failure->kind != TH_FAILURE_ASSERT && failure->kind != TH_FAILURE_RACE &&
        failure->kind != TH_FAILURE_MISUSE && failure->kind != TH_FAILURE_DEADLOCK) {
        struct thi_record_location place;
        thi_recorder_place(recorder, error->access.address, error->access.bytes, &place);
        failure->object = place.object;
    }
    if (failure->other != TH_RECORD_NONE &&
        recorder->events[failure->other].kind == TH_RECORD_FREE) {
        failure->free_site = recorder->events[failure->other].site;
    }
}
