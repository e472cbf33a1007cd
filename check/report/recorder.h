/* SPDX-License-Identifier: MIT
 * recorder.h - makes a record of the execution that the engine has just run.
 *
 * The engine knows atomic operations and threads. What else a reader wants to see passes through
 * real memory: the runtime notes it here while the execution runs (a replay with recording on), and
 * thi_recorder_finish() merges both.
 *
 *   restart()    thi_recorder_clear()
 *   step()       thi_recorder_note() for every plain access, allocation and free, where it happens;
 *                thi_recorder_label() for an operation of the engine's that stands for something
 *                else: the compare-exchange that is a mutex's lock, the store that is its unlock
 *   error() or   thi_recorder_finish(), then the report
 *   finish()
 */
#ifndef TOPHASH_REPORT_RECORDER_H
#define TOPHASH_REPORT_RECORDER_H

#include "engine/engine.h"
#include "report/record.h"

/* How the runtime names things. All strings must outlive the report. */
struct thi_recorder_names {
    void *context;
    /* Fills in what is known of the site; the rest is zero already. NULL: nothing is. */
    void (*site)(void *context, uint32_t site, struct thi_record_site *out);
    /* The object that holds the address: its `address` and `size_bytes` and what else is known;
     * `alloc_site` is the engine's number of the site. False: none is known. */
    bool (*object)(void *context, uintptr_t address, struct thi_record_object *out);
    /* A name for these bytes, such as "bucket[1].meta"; NULL: none. May be NULL. */
    const char *(*part)(void *context, uintptr_t address, size_t bytes);
    /* The name of a thread, such as that of its function; NULL: none. May be NULL. */
    const char *(*thread)(void *context, uint32_t thread);
};

/* Something that is no event of the engine's, or its label. */
struct thi_recorder_note {
    uint32_t thread;
    uint32_t index;            /* of the engine's event it stands right before; label: of itself */
    enum thi_record_kind kind; /* READ and WRITE are plain; ALLOC; FREE; CALL; labels: any */
    uint32_t flags;
    uintptr_t address;
    size_t bytes;
    uint32_t site;    /* the engine's number */
    const char *text; /* CALL */
};

struct thi_recorder;
struct thi_recorder *thi_recorder_new(void); /* NULL: out of memory */
void thi_recorder_free(struct thi_recorder *recorder);
void thi_recorder_clear(struct thi_recorder *recorder);
/* A READ or WRITE is noted when thi_engine_plain() allowed it and it is about to be made: the
 * recorder takes its value from memory, that of a WRITE when it is called the next time. Notes of
 * one thread come in program order. Out of memory shows in thi_recorder_finish(). */
void thi_recorder_note(struct thi_recorder *recorder, const struct thi_recorder_note *note);
/* The engine's event (note->thread, note->index) is shown as note->kind, with its flags, site and
 * text if not 0, and with the location note->address if that is not 0. */
void thi_recorder_label(struct thi_recorder *recorder, const struct thi_recorder_note *note);

/* The record of the engine's current graph; of `error` if not NULL. It belongs to the recorder and
 * lives until the next call of finish, clear or free. NULL: out of memory. */
const struct thi_record *thi_recorder_finish(struct thi_recorder *recorder,
                                             const struct thi_engine *engine,
                                             const struct thi_engine_error *error,
                                             const struct thi_recorder_names *names);

#endif
