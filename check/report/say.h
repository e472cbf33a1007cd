/* SPDX-License-Identifier: MIT
 * say.h - the words of the reports: threads, places, objects, values, events.
 *
 * Every function adds to `text`. Places are said by the last part of the file's name.
 */
#ifndef TOPHASH_REPORT_SAY_H
#define TOPHASH_REPORT_SAY_H

#include "report/analysis.h"
#include "report/text.h"

const char *thi_say_order(enum thi_record_order order); /* "plain", "relaxed", ... */
void thi_say_thread(struct thi_text *text, const struct thi_record *record, uint32_t thread);
void thi_say_site(struct thi_text *text, const struct thi_record *record, uint32_t site);
void thi_say_object(struct thi_text *text, const struct thi_record *record, uint32_t object);
void thi_say_location(struct thi_text *text, const struct thi_record *record,
                      const struct thi_record_location *location);
/* Numbers in decimal or hexadecimal, pointers by the object they point to. */
void thi_say_value(struct thi_text *text, const struct thi_record *record, uint64_t value,
                   uint32_t size_bytes);
/* What an event does: "store y = 1 (release)". */
void thi_say_event(struct thi_text *text, const struct thi_record *record, uint32_t event);
/* What it is: "the release store". */
void thi_say_kind(struct thi_text *text, const struct thi_record *record, uint32_t event);
/* Where the value of a read comes from: "from step 2". */
void thi_say_source(struct thi_text *text, const struct thi_analysis *analysis, uint32_t event);
/* "step 3", or the thread and the place of an event that is not shown. */
void thi_say_step(struct thi_text *text, const struct thi_analysis *analysis, uint32_t event);
/* "T1 queue.c:14", and the step behind it in parentheses if it is shown. */
void thi_say_place(struct thi_text *text, const struct thi_analysis *analysis, uint32_t event);
/* One line that says what is wrong, without the place. */
void thi_say_failure(struct thi_text *text, const struct thi_analysis *analysis);
/* The line of source of a site, without blanks at its ends; nothing if it cannot be read. */
void thi_say_code(struct thi_text *text, const struct thi_record *record, uint32_t site);

#endif
