/* SPDX-License-Identifier: MIT
 * record.h - notes for the recorder, while an execution is run to be shown.
 */
#ifndef TOPHASH_CHECK_RUNTIME_RECORD_H
#define TOPHASH_CHECK_RUNTIME_RECORD_H

#include "report/recorder.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* NULL: nothing is recorded, as in a search. */
void thi_record_into(struct thi_recorder *recorder);
bool thi_recording(void);
void thi_record_restart(void);

/* By the running thread, before it happens. */
void thi_record_note(enum thi_record_kind kind, uintptr_t address, size_t bytes, uint32_t site);
void thi_record_call(const char *text, uint32_t site);
/* The next operation of the running thread stands for this. */
void thi_record_label(enum thi_record_kind kind, uint32_t flags, uintptr_t address, size_t bytes);

#endif
