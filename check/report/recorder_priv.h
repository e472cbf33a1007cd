/* SPDX-License-Identifier: MIT
 * recorder_priv.h - what the parts of the recorder share.
 */
#ifndef TOPHASH_REPORT_RECORDER_PRIV_H
#define TOPHASH_REPORT_RECORDER_PRIV_H

#include "report/recorder.h"

struct thi_noted {
    struct thi_recorder_note note;
    uint64_t value;
    bool undone; /* the access was stopped */
    bool placed; /* it is an item */
};

/* One event of the record: an event of the engine's, or a note. */
struct thi_recorder_item {
    uint32_t event; /* the engine's; NONE: a note */
    uint32_t note;
    uint32_t thread;
    uint32_t index; /* the engine's, in the thread: its own, or of the event it stands before */
};

struct thi_recorder {
    struct thi_noted *notes;
    size_t note_count;
    struct thi_recorder_note *labels;
    size_t label_count;
    bool has_pending; /* the value of the last note is not known yet */
    bool failed;      /* out of memory */

    /* The record and what it is made of. */
    struct thi_record record;
    struct thi_recorder_item *items;
    size_t item_count;
    struct thi_record_event *events;
    struct thi_record_thread *threads;
    struct thi_record_site *sites;
    uint32_t *site_numbers; /* the engine's, by site of the record */
    struct thi_record_object *objects;
    uint64_t *hb;

    /* While a record is made. */
    const struct thi_engine *engine;
    const struct thi_recorder_names *names;
};

/* recorder_hb.c: fills in happens-before and the sources of plain reads. */
void thi_recorder_order(struct thi_recorder *recorder);
/* recorder_fail.c: fills in threads and what went wrong; may add one note before items are made. */
bool thi_recorder_error_note(struct thi_recorder *recorder, const struct thi_engine_error *error);
void thi_recorder_error(struct thi_recorder *recorder, const struct thi_engine_error *error);
/* recorder.c */
uint32_t thi_recorder_site(struct thi_recorder *recorder, uint32_t site);
void thi_recorder_place(struct thi_recorder *recorder, uintptr_t address, size_t bytes,
                        struct thi_record_location *location);
const struct thi_recorder_note *thi_recorder_label_of(const struct thi_recorder *recorder,
                                                      uint32_t thread, uint32_t index);

#endif
