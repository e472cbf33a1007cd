/* SPDX-License-Identifier: MIT
 * explain.c - the counterexample in sentences: for each step what it does and which rule allows it.
 */
#include "report/report.h"

#include <inttypes.h>

#include "report/say.h"

enum { WIDTH_DEFAULT = 100, WIDTH_MIN = 40, INDENT = 7 };

static void paragraph_put(struct thi_text *text, struct thi_text *paragraph, size_t width)
{
    thi_text_wrap(text, thi_text_get(paragraph), INDENT, width);
    thi_text_newline(text);
    text->failed = text->failed || paragraph->failed;
    thi_text_clear(paragraph);
}

/* Which write a read took, out of which it could have taken. */
static void read_explain(struct thi_text *line, const struct thi_analysis *analysis, uint32_t event)
{
    const struct thi_record *record = analysis->record;
    const struct thi_record_event *self = &record->events[event];
    uint32_t skipped = analysis->skipped[event];
    if (self->source == TH_RECORD_NONE) {
        return;
    }
    thi_text_string(line, " The value is ");
    if (self->source < record->event_count && !analysis->setup[self->source]) {
        thi_text_string(line, "taken ");
    }
    thi_say_source(line, analysis, event);
    thi_text_string(line, ".");
    if (skipped != TH_RECORD_NONE) {
        thi_text_string(line, " A newer one, stored in ");
        thi_say_step(line, analysis, skipped);
        thi_text_format(line,
                        ", is passed over. A load may take any value that is not older than the "
                        "newest its thread knows of; T%" PRIu32
                        " knows of a store only if it read it or a newer one, or if the store "
                        "happens before the load, and here neither is so. On a machine this is a "
                        "cache, a store buffer or a reordered instruction.",
                        self->thread);
    } else if (self->kind == TH_RECORD_UPDATE) {
        thi_text_string(line, " A read-modify-write puts its value right behind the one it read, "
                              "so that nothing comes between.");
    }
}

/* Does this read make what the writer did visible? */
static void synchronise_explain(struct thi_text *line, const struct thi_analysis *analysis,
                                uint32_t event)
{
    const struct thi_record *record = analysis->record;
    const struct thi_record_event *self = &record->events[event];
    if (!thi_is_atomic(self) || self->source >= record->event_count ||
        analysis->setup[self->source] || record->events[self->source].thread == self->thread) {
        return;
    }
    if (thi_record_hb(record, self->source, event)) {
        thi_text_string(line, " The two synchronise: all that T");
        thi_text_format(line,
                        "%" PRIu32 " did before its store happens before all that T%" PRIu32
                        " does from here on.",
                        record->events[self->source].thread, self->thread);
        return;
    }
    thi_text_string(line, " This orders nothing else: ");
    bool weak_write = !thi_is_release(record->events[self->source].order);
    bool weak_read = !thi_is_acquire(self->order);
    thi_text_string(line, weak_write && weak_read ? "neither is the store a release nor the load "
                                                    "an acquire"
                          : weak_write            ? "the store is no release"
                          : weak_read             ? "the load is no acquire"
                                                  : "the two do not synchronise");
    thi_text_string(line, ", so only fences in the right places could make one of it.");
}

static void write_explain(struct thi_text *line, const struct thi_analysis *analysis,
                          uint32_t event)
{
    const struct thi_record_event *self = &analysis->record->events[event];
    uint32_t late = analysis->late[event];
    if (late != TH_RECORD_NONE) {
        thi_text_string(line, " Although it comes later in this table, its value counts as older "
                              "than that of ");
        thi_say_step(line, analysis, late);
        thi_text_string(line, ": stores that nothing orders may reach memory either way round.");
    }
    if (self->kind == TH_RECORD_WRITE && thi_is_release(self->order)) {
        thi_text_string(line, " As a release it hands on, to whoever acquires its value, all that "
                              "the thread did before.");
    }
}

static void fence_explain(struct thi_text *line, const struct thi_record_event *self)
{
    if (self->flags & TH_RECORD_HEAVY) {
        thi_text_string(line, " It acts as a seq_cst fence in every thread at once.");
        return;
    }
    if (thi_is_acquire(self->order)) {
        thi_text_string(line, " It makes acquires of the relaxed loads before it.");
    }
    if (thi_is_release(self->order)) {
        thi_text_string(line, " It makes releases of the relaxed stores after it.");
    }
    if (self->order == TH_RECORD_SEQ_CST) {
        thi_text_string(
            line, " All seq_cst fences stand in one order that every thread agrees on: what a "
                  "thread stored before its fence is seen by a thread after its later fence.");
    }
}

/* What the race or the misused block means, at the step it shows in. */
static void failure_explain(struct thi_text *line, const struct thi_analysis *analysis,
                            uint32_t event)
{
    const struct thi_record_failure *failure = &analysis->record->failure;
    if (event != failure->event) {
        return;
    }
    switch (failure->kind) {
    case TH_FAILURE_RACE:
        thi_text_string(line, " Two threads touch the same bytes, one of them writes, one access "
                              "is plain, and nothing orders them: the program has no defined "
                              "meaning, whatever the processor does.");
        break;
    case TH_FAILURE_USE_AFTER_FREE:
        thi_text_string(line, " The block is freed, or could be at this moment.");
        break;
    case TH_FAILURE_UNPUBLISHED:
        thi_text_string(line, " The thread got the address without an ordering that makes the "
                              "block's allocation, and so its content, happen before this.");
        break;
    case TH_FAILURE_UNINITIALISED:
        thi_text_string(line, " No write to these bytes happens before this read.");
        break;
    default: break;
    }
}

static void step_explain(struct thi_text *line, const struct thi_analysis *analysis, uint32_t event)
{
    const struct thi_record *record = analysis->record;
    const struct thi_record_event *self = &record->events[event];
    thi_text_format(line, "%5" PRIu32 "  T%" PRIu32 " at ", analysis->number[event], self->thread);
    thi_say_site(line, record, self->site);
    if (self->site < record->site_count && record->sites[self->site].function != NULL) {
        thi_text_format(line, ", in %s", record->sites[self->site].function);
    }
    thi_text_string(line, ": ");
    thi_say_event(line, record, event);
    thi_text_string(line, ".");
    if (thi_is_read(self)) {
        read_explain(line, analysis, event);
        synchronise_explain(line, analysis, event);
    }
    if (thi_is_write(self)) {
        write_explain(line, analysis, event);
    }
    if (self->kind == TH_RECORD_FENCE) {
        fence_explain(line, self);
    }
    failure_explain(line, analysis, event);
}

void thi_report_explain(struct thi_text *text, const struct thi_analysis *analysis,
                        const struct thi_report_options *options)
{
    struct thi_text line = {.bytes = NULL};
    size_t width = options->width == 0          ? WIDTH_DEFAULT
                   : options->width < WIDTH_MIN ? WIDTH_MIN
                                                : options->width;
    thi_text_string(text, "Step by step\n");
    for (size_t i = 0; i < analysis->step_count; i++) {
        step_explain(&line, analysis, analysis->steps[i]);
        paragraph_put(text, &line, width);
    }
    thi_text_format(&line,
                    "       Left out: %zu events that nobody else sees or that the failure does "
                    "not depend on. The steps stand in an order that keeps what each thread does "
                    "and what was read from whom; where the memory model leaves the order open, "
                    "one with few stale reads and few changes of thread was chosen.",
                    analysis->cut_count);
    paragraph_put(text, &line, width);
    thi_text_fini(&line);
}
