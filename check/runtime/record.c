/* SPDX-License-Identifier: MIT
 * record.c - notes for the recorder, while an execution is run to be shown.
 */
#include "runtime/record.h"

#include "runtime/runtime.h"

static struct thi_recorder *current;

void thi_record_into(struct thi_recorder *recorder)
{
    current = recorder;
}

bool thi_recording(void)
{
    return current != NULL && !thi_runtime.simulated;
}

void thi_record_restart(void)
{
    if (current != NULL) {
        thi_recorder_clear(current);
    }
}

static struct thi_recorder_note note_make(enum thi_record_kind kind, uint32_t site)
{
    return (struct thi_recorder_note){
        .thread = thi_self(), .index = thi_self_state()->event_index, .kind = kind, .site = site};
}

void thi_record_note(enum thi_record_kind kind, uintptr_t address, size_t bytes, uint32_t site)
{
    if (thi_recording()) {
        struct thi_recorder_note note = note_make(kind, site);
        note.address = address;
        note.bytes = bytes;
        thi_recorder_note(current, &note);
    }
}

void thi_record_call(const char *text, uint32_t site)
{
    if (thi_recording()) {
        struct thi_recorder_note note = note_make(TH_RECORD_CALL, site);
        note.text = text;
        thi_recorder_note(current, &note);
    }
}

void thi_record_label(enum thi_record_kind kind, uint32_t flags, uintptr_t address, size_t bytes)
{
    if (thi_recording()) {
        struct thi_recorder_note note = note_make(kind, TH_ENGINE_SITE_NONE);
        note.flags = flags;
        note.address = address;
        note.bytes = bytes;
        thi_recorder_label(current, &note);
    }
}
