/* SPDX-License-Identifier: MIT
 * recorder.c - makes a record of the execution that the engine has just run.
 *
 * Invariants   I1 items stand in the engine's order of events, which extends program order and
 *                 reads-from; a note stands right before the engine's event it precedes in its
 *                 thread, or at the end if there is none.
 *              I2 a read-modify-write, two events of the engine's, is one item at the place of its
 *                 write.
 */
#include "report/recorder.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "report/recorder_priv.h"

static_assert((int)TH_RECORD_PLAIN == (int)TH_ORDER_PLAIN &&
                  (int)TH_RECORD_RELAXED == (int)TH_ORDER_RELAXED &&
                  (int)TH_RECORD_ACQUIRE == (int)TH_ORDER_ACQUIRE &&
                  (int)TH_RECORD_RELEASE == (int)TH_ORDER_RELEASE &&
                  (int)TH_RECORD_ACQ_REL == (int)TH_ORDER_ACQ_REL &&
                  (int)TH_RECORD_SEQ_CST == (int)TH_ORDER_SEQ_CST,
              "orders are handed over as numbers");

enum { POINTER_MIN = 4096, BESIDE_MAX = 64 };

struct thi_recorder *thi_recorder_new(void)
{
    return calloc(1, sizeof(struct thi_recorder));
}

static void record_drop(struct thi_recorder *recorder)
{
    free(recorder->items);
    free(recorder->events);
    free(recorder->threads);
    free(recorder->sites);
    free(recorder->site_numbers);
    free(recorder->objects);
    free(recorder->hb);
    recorder->items = NULL;
    recorder->events = NULL;
    recorder->threads = NULL;
    recorder->sites = NULL;
    recorder->site_numbers = NULL;
    recorder->objects = NULL;
    recorder->hb = NULL;
    recorder->item_count = 0;
    recorder->record = (struct thi_record){.events = NULL};
}

void thi_recorder_free(struct thi_recorder *recorder)
{
    if (recorder != NULL) {
        record_drop(recorder);
        free(recorder->notes);
        free(recorder->labels);
        free(recorder);
    }
}

void thi_recorder_clear(struct thi_recorder *recorder)
{
    record_drop(recorder);
    recorder->note_count = 0;
    recorder->label_count = 0;
    recorder->has_pending = false;
    recorder->failed = false;
}

/* True if there is room for one more; doubled whenever the count is a power of two. */
static bool grow(void **array, size_t count, size_t item_bytes)
{
    if (count != 0 && (count & (count - 1)) != 0) {
        return true;
    }
    void *grown = realloc(*array, (count == 0 ? 1 : count * 2) * item_bytes);
    if (grown == NULL) {
        return false;
    }
    *array = grown;
    return true;
}

static uint64_t memory_value(uintptr_t address, size_t bytes)
{
    uint64_t value = 0;
    if (bytes <= sizeof value) {
        memcpy(&value, (const void *)address, bytes); /* the low bytes: little-endian */
    }
    return value;
}

/* The write noted last has been made by now. */
static void pending_settle(struct thi_recorder *recorder)
{
    if (recorder->has_pending) {
        struct thi_noted *last = &recorder->notes[recorder->note_count - 1];
        last->value = memory_value(last->note.address, last->note.bytes);
    }
    recorder->has_pending = false;
}

void thi_recorder_note(struct thi_recorder *recorder, const struct thi_recorder_note *note)
{
    pending_settle(recorder);
    void *notes = recorder->notes;
    if (recorder->failed || !grow(&notes, recorder->note_count, sizeof *recorder->notes)) {
        recorder->failed = true;
        return;
    }
    recorder->notes = notes;
    struct thi_noted *noted = &recorder->notes[recorder->note_count++];
    *noted = (struct thi_noted){.note = *note};
    if (note->kind == TH_RECORD_READ) {
        noted->value = memory_value(note->address, note->bytes);
    }
    recorder->has_pending = note->kind == TH_RECORD_WRITE;
}

void thi_recorder_label(struct thi_recorder *recorder, const struct thi_recorder_note *note)
{
    pending_settle(recorder);
    void *labels = recorder->labels;
    if (recorder->failed || !grow(&labels, recorder->label_count, sizeof *recorder->labels)) {
        recorder->failed = true;
        return;
    }
    recorder->labels = labels;
    recorder->labels[recorder->label_count++] = *note;
}

const struct thi_recorder_note *thi_recorder_label_of(const struct thi_recorder *recorder,
                                                      uint32_t thread, uint32_t index)
{
    for (size_t i = 0; i < recorder->label_count; i++) {
        if (recorder->labels[i].thread == thread && recorder->labels[i].index == index) {
            return &recorder->labels[i];
        }
    }
    return NULL;
}

uint32_t thi_recorder_site(struct thi_recorder *recorder, uint32_t site)
{
    struct thi_record *record = &recorder->record;
    if (site == TH_ENGINE_SITE_NONE) {
        return TH_RECORD_NONE;
    }
    for (uint32_t i = 0; i < record->site_count; i++) {
        if (recorder->site_numbers[i] == site) {
            return i;
        }
    }
    uint32_t number = (uint32_t)record->site_count++;
    recorder->site_numbers[number] = site;
    if (recorder->names->site != NULL) {
        recorder->names->site(recorder->names->context, site, &recorder->sites[number]);
    }
    return number;
}

/* The object that holds the address, NONE if nobody knows one. */
static uint32_t object_find(struct thi_recorder *recorder, uintptr_t address)
{
    struct thi_record *record = &recorder->record;
    struct thi_record_object found = {.alloc_site = TH_ENGINE_SITE_NONE};
    for (uint32_t i = 0; i < record->object_count; i++) {
        if (address - recorder->objects[i].address < recorder->objects[i].size_bytes) {
            return i;
        }
    }
    if (recorder->names->object == NULL ||
        !recorder->names->object(recorder->names->context, address, &found)) {
        return TH_RECORD_NONE;
    }
    found.alloc_site = thi_recorder_site(recorder, found.alloc_site);
    recorder->objects[record->object_count] = found;
    return (uint32_t)record->object_count++;
}

void thi_recorder_place(struct thi_recorder *recorder, uintptr_t address, size_t bytes,
                        struct thi_record_location *location)
{
    uint32_t object = address == 0 ? TH_RECORD_NONE : object_find(recorder, address);
    /* Beside a block: named by the block before it. */
    for (uintptr_t back = 1; object == TH_RECORD_NONE && back <= BESIDE_MAX && back < address;
         back *= 2) {
        object = object_find(recorder, address - back);
    }
    if (object == TH_RECORD_NONE && address != 0) {
        /* Memory nobody can name is an object of its own. */
        object = (uint32_t)recorder->record.object_count++;
        recorder->objects[object] = (struct thi_record_object){
            .address = address, .size_bytes = bytes, .alloc_site = TH_RECORD_NONE};
    }
    *location = (struct thi_record_location){.object = object, .size_bytes = (uint32_t)bytes};
    if (object != TH_RECORD_NONE) {
        location->offset_bytes = address - recorder->objects[object].address;
        if (recorder->names->part != NULL) {
            location->name = recorder->names->part(recorder->names->context, address, bytes);
        }
    }
}

/* The notes of `thread` that stand before its event `index`. */
static void items_add_notes(struct thi_recorder *recorder, uint32_t thread, uint32_t index)
{
    for (size_t i = 0; i < recorder->note_count; i++) {
        struct thi_noted *noted = &recorder->notes[i];
        if (!noted->placed && noted->note.thread == thread && noted->note.index <= index) {
            noted->placed = true;
            recorder->items[recorder->item_count++] =
                (struct thi_recorder_item){.event = TH_RECORD_NONE,
                                           .note = (uint32_t)i,
                                           .thread = thread,
                                           .index = noted->note.index};
        }
    }
}

/* True if `view` is the read of a read-modify-write that has its write too. */
static bool is_update_read(const struct thi_engine *engine, const struct thi_event_view *view)
{
    struct thi_event_view next;
    uint32_t write = thi_engine_event_find(engine, view->thread, view->index + 1);
    if (view->kind != TH_EVENT_READ || !view->exclusive || write == TH_ENGINE_NO_EVENT) {
        return false;
    }
    thi_engine_event(engine, write, &next);
    return next.kind == TH_EVENT_WRITE && next.exclusive;
}

static void items_make(struct thi_recorder *recorder)
{
    struct thi_event_view view;
    for (size_t i = 0; i < recorder->note_count; i++) {
        recorder->notes[i].placed = false;
    }
    for (uint32_t e = 0; e < thi_engine_event_count(recorder->engine); e++) {
        thi_engine_event(recorder->engine, e, &view);
        items_add_notes(recorder, view.thread, view.index);
        if (!is_update_read(recorder->engine, &view)) {
            recorder->items[recorder->item_count++] = (struct thi_recorder_item){
                .event = e, .note = TH_RECORD_NONE, .thread = view.thread, .index = view.index};
        }
    }
    for (uint32_t t = 0; t < thi_engine_thread_count(recorder->engine); t++) {
        items_add_notes(recorder, t, UINT32_MAX);
    }
}

static struct thi_record_event event_empty(uint32_t thread)
{
    return (struct thi_record_event){.thread = thread,
                                     .location = {.object = TH_RECORD_NONE},
                                     .source = TH_RECORD_NONE,
                                     .mo_position = TH_RECORD_NONE,
                                     .other_thread = TH_RECORD_NONE,
                                     .site = TH_RECORD_NONE};
}

static void event_of_note(struct thi_recorder *recorder, const struct thi_noted *noted,
                          struct thi_record_event *event)
{
    const struct thi_recorder_note *note = &noted->note;
    *event = event_empty(note->thread);
    event->kind = note->kind;
    event->flags = note->flags | (noted->undone ? (uint32_t)TH_RECORD_UNDONE : 0);
    if (note->bytes > sizeof event->value_read) {
        event->flags |= TH_RECORD_RANGE;
    }
    event->value_read = noted->value;
    event->value_written = noted->value;
    event->text = note->text;
    event->site = thi_recorder_site(recorder, note->site);
    thi_recorder_place(recorder, note->address, note->bytes, &event->location);
}

static void kind_of_view(const struct thi_event_view *view, struct thi_record_event *event)
{
    switch (view->kind) {
    case TH_EVENT_READ: event->kind = TH_RECORD_READ; break;
    case TH_EVENT_WRITE: event->kind = TH_RECORD_WRITE; break;
    case TH_EVENT_HEAVY_FENCE:
        event->flags |= TH_RECORD_HEAVY;
        event->kind = TH_RECORD_FENCE;
        break;
    case TH_EVENT_FENCE: event->kind = TH_RECORD_FENCE; break;
    case TH_EVENT_CREATE: event->kind = TH_RECORD_THREAD_CREATE; break;
    case TH_EVENT_START: event->kind = TH_RECORD_THREAD_START; break;
    case TH_EVENT_JOIN: event->kind = TH_RECORD_THREAD_JOIN; break;
    case TH_EVENT_END: event->kind = TH_RECORD_THREAD_END; break;
    }
}

/* The item's number of the engine's event that a read takes its value from. */
static uint32_t source_item(const struct thi_recorder *recorder, uint32_t source)
{
    if (source == TH_ENGINE_INITIAL) {
        return TH_RECORD_INITIAL;
    }
    for (uint32_t i = 0; i < recorder->item_count; i++) {
        if (recorder->items[i].event == source) {
            return i;
        }
    }
    return TH_RECORD_NONE;
}

static void read_fill(const struct thi_recorder *recorder, const struct thi_event_view *view,
                      struct thi_record_event *event)
{
    event->value_read = view->value;
    event->source = source_item(recorder, view->source);
    bool cas = view->operation == TH_OP_CAS || view->operation == TH_OP_CAS_WEAK;
    event->flags |= (cas ? (uint32_t)TH_RECORD_CAS : 0) |
                    (view->cas_failed ? (uint32_t)TH_RECORD_CAS_FAILED : 0);
}

/* What the runtime says an operation stands for. */
static void label_apply(struct thi_recorder *recorder, const struct thi_recorder_note *label,
                        struct thi_record_event *event)
{
    bool failed = event->kind == TH_RECORD_READ && (event->flags & TH_RECORD_CAS_FAILED) != 0;
    event->kind = label->kind;
    event->flags = label->flags | (failed ? (uint32_t)TH_RECORD_CAS_FAILED : 0);
    event->order = TH_RECORD_PLAIN;
    event->text = label->text;
    if (label->site != TH_ENGINE_SITE_NONE) {
        event->site = thi_recorder_site(recorder, label->site);
    }
    if (label->address != 0) {
        thi_recorder_place(recorder, label->address, label->bytes, &event->location);
    }
}

static void event_of_engine(struct thi_recorder *recorder, const struct thi_recorder_item *item,
                            struct thi_record_event *event)
{
    const struct thi_engine *engine = recorder->engine;
    struct thi_event_view view, read;
    thi_engine_event(engine, item->event, &view);
    *event = event_empty(view.thread);
    event->order = (enum thi_record_order)view.order;
    event->site = thi_recorder_site(recorder, view.site);
    kind_of_view(&view, event);
    if (view.kind == TH_EVENT_CREATE || view.kind == TH_EVENT_START || view.kind == TH_EVENT_JOIN) {
        event->other_thread = (uint32_t)view.value;
        event->order = TH_RECORD_PLAIN;
    }
    if (view.kind == TH_EVENT_READ || view.kind == TH_EVENT_WRITE) {
        thi_recorder_place(recorder, view.address, view.bytes, &event->location);
    }
    if (view.kind == TH_EVENT_READ) {
        read_fill(recorder, &view, event);
    } else if (view.kind == TH_EVENT_WRITE) {
        event->value_written = view.value;
        event->mo_position = view.mo_position;
        uint32_t before = view.exclusive && view.index > 0
                              ? thi_engine_event_find(engine, view.thread, view.index - 1)
                              : TH_ENGINE_NO_EVENT;
        if (before != TH_ENGINE_NO_EVENT) {
            thi_engine_event(engine, before, &read);
            read_fill(recorder, &read, event);
            event->kind = TH_RECORD_UPDATE;
        }
    }
    const struct thi_recorder_note *label =
        thi_recorder_label_of(recorder, view.thread, view.index);
    if (label == NULL && event->kind == TH_RECORD_UPDATE) {
        label = thi_recorder_label_of(recorder, view.thread, view.index - 1);
    }
    if (label != NULL) {
        label_apply(recorder, label, event);
    }
}

/* Pointers to what the program has named. */
static void pointers_name(const struct thi_recorder *recorder, struct thi_record_event *event)
{
    const struct thi_recorder_names *names = recorder->names;
    if (names->part == NULL || event->location.size_bytes != sizeof(void *)) {
        return;
    }
    if (event->value_read >= POINTER_MIN) {
        event->read_name = names->part(names->context, event->value_read, 1);
    }
    if (event->value_written >= POINTER_MIN) {
        event->written_name = names->part(names->context, event->value_written, 1);
    }
}

static void events_make(struct thi_recorder *recorder)
{
    for (size_t i = 0; i < recorder->item_count; i++) {
        const struct thi_recorder_item *item = &recorder->items[i];
        struct thi_record_event *event = &recorder->events[i];
        if (item->event == TH_RECORD_NONE) {
            event_of_note(recorder, &recorder->notes[item->note], event);
        } else {
            event_of_engine(recorder, item, event);
        }
        for (size_t e = i; e-- > 0;) {
            if (recorder->events[e].thread == event->thread) {
                event->index = recorder->events[e].index + 1;
                break;
            }
        }
        pointers_name(recorder, event);
        /* What pointers point to is named too. */
        if (event->location.size_bytes == sizeof(void *) && event->value_read >= POINTER_MIN) {
            object_find(recorder, event->value_read);
        }
        if (event->location.size_bytes == sizeof(void *) && event->value_written >= POINTER_MIN) {
            object_find(recorder, event->value_written);
        }
    }
}

/* Every event brings at most one site and three objects with a site each; a thread one of both. */
static bool record_alloc(struct thi_recorder *recorder, size_t items, size_t threads)
{
    size_t objects = 3 * items + threads + 4, sites = 4 * items + 2 * threads + 8;
    recorder->items = calloc(items + 1, sizeof *recorder->items);
    recorder->events = calloc(items + 1, sizeof *recorder->events);
    recorder->threads = calloc(threads + 1, sizeof *recorder->threads);
    recorder->sites = calloc(sites, sizeof *recorder->sites);
    recorder->site_numbers = calloc(sites, sizeof *recorder->site_numbers);
    recorder->objects = calloc(objects, sizeof *recorder->objects);
    recorder->record.hb_words = (items + 63) / 64;
    recorder->hb = calloc(items + 1, (recorder->record.hb_words + 1) * sizeof *recorder->hb);
    return recorder->items != NULL && recorder->events != NULL && recorder->threads != NULL &&
           recorder->sites != NULL && recorder->site_numbers != NULL && recorder->objects != NULL &&
           recorder->hb != NULL;
}

const struct thi_record *thi_recorder_finish(struct thi_recorder *recorder,
                                             const struct thi_engine *engine,
                                             const struct thi_engine_error *error,
                                             const struct thi_recorder_names *names)
{
    pending_settle(recorder);
    record_drop(recorder);
    recorder->engine = engine;
    recorder->names = names;
    if (recorder->failed || (error != NULL && !thi_recorder_error_note(recorder, error))) {
        return NULL;
    }
    size_t items = thi_engine_event_count(engine) + recorder->note_count;
    size_t threads = thi_engine_thread_count(engine);
    if (!record_alloc(recorder, items, threads)) {
        record_drop(recorder);
        return NULL;
    }
    struct thi_record *record = &recorder->record;
    record->thread_count = threads;
    record->threads = recorder->threads;
    record->events = recorder->events;
    record->sites = recorder->sites;
    record->objects = recorder->objects;
    record->hb = recorder->hb;
    items_make(recorder);
    events_make(recorder);
    record->event_count = recorder->item_count;
    thi_recorder_order(recorder);
    thi_recorder_error(recorder, error);
    return record;
}
