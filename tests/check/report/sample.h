/* SPDX-License-Identifier: MIT
 * sample.h - executions made by hand, and the comparison of reports with files.
 *
 * A sample is filled event by event in an order that respects reads-from; sample_finish() works out
 * happens-before from program order, the creation and join of threads and the edges that were added
 * with sample_order().
 */
#ifndef TOPHASH_TESTS_CHECK_REPORT_SAMPLE_H
#define TOPHASH_TESTS_CHECK_REPORT_SAMPLE_H

#include "report/record.h"
#include "report/text.h"

enum { SAMPLE_EVENTS_MAX = 256, SAMPLE_THREADS_MAX = 16, SAMPLE_PARTS_MAX = 64 };

struct sample {
    struct thi_record record;
    struct thi_record_event events[SAMPLE_EVENTS_MAX];
    struct thi_record_thread threads[SAMPLE_THREADS_MAX];
    struct thi_record_site sites[SAMPLE_PARTS_MAX];
    struct thi_record_object objects[SAMPLE_PARTS_MAX];
    uint64_t hb[SAMPLE_EVENTS_MAX * SAMPLE_EVENTS_MAX / 64];
};

void sample_begin(struct sample *sample, size_t thread_count);
uint32_t sample_site(struct sample *sample, const char *file, uint32_t line, const char *code);
uint32_t sample_object(struct sample *sample, const char *name, uint64_t size_bytes);
/* Each returns the number of the event. `order` PLAIN: a plain access. */
uint32_t sample_add(struct sample *sample, struct thi_record_event event);
uint32_t sample_write(struct sample *sample, uint32_t thread, enum thi_record_order order,
                      uint32_t object, uint64_t value);
uint32_t sample_read(struct sample *sample, uint32_t thread, enum thi_record_order order,
                     uint32_t object, uint32_t source);
uint32_t sample_update(struct sample *sample, uint32_t thread, enum thi_record_order order,
                       uint32_t object, uint32_t source, uint64_t value);
uint32_t sample_fence(struct sample *sample, uint32_t thread, enum thi_record_order order);
uint32_t sample_thread(struct sample *sample, uint32_t thread, enum thi_record_kind kind,
                       uint32_t other);
/* The site of the event added last. */
void sample_at(struct sample *sample, uint32_t site);
/* `before` happens before `after` beyond program order. */
void sample_order(struct sample *sample, uint32_t before, uint32_t after);
void sample_fail(struct sample *sample, enum thi_failure_kind kind, uint32_t event, uint32_t other);
const struct thi_record *sample_finish(struct sample *sample);

/* True if `text` is the content of expected/`name`. If not, shows the first line that differs; with
 * TOPHASH_TEST_UPDATE set, writes the file instead. */
bool sample_matches(const struct thi_text *text, const char *name);

#endif
