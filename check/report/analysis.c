/* SPDX-License-Identifier: MIT
 * analysis.c - makes the analysis of a recorded execution out of its parts.
 */
#include "report/analysis.h"

#include <stdlib.h>

static bool arrays_init(struct thi_analysis *analysis)
{
    /* One more than needed: an execution without events is no special case. */
    size_t count = analysis->record->event_count + 1;
    analysis->steps = calloc(count, sizeof *analysis->steps);
    analysis->number = calloc(count, sizeof *analysis->number);
    analysis->position = calloc(count, sizeof *analysis->position);
    analysis->skipped = calloc(count, sizeof *analysis->skipped);
    analysis->late = calloc(count, sizeof *analysis->late);
    analysis->setup = calloc(count, sizeof *analysis->setup);
    return analysis->steps != NULL && analysis->number != NULL && analysis->position != NULL &&
           analysis->skipped != NULL && analysis->late != NULL && analysis->setup != NULL;
}

/* A plain read that says no more than the step before it: the same thread, line and value. */
static bool says_nothing_new(const struct thi_analysis *analysis, uint32_t event)
{
    const struct thi_record *record = analysis->record;
    if (analysis->step_count == 0 || event == record->failure.event ||
        event == record->failure.other) {
        return false;
    }
    const struct thi_record_event *self = &record->events[event];
    const struct thi_record_event *last =
        &record->events[analysis->steps[analysis->step_count - 1]];
    return self->kind == TH_RECORD_READ && self->order == TH_RECORD_PLAIN &&
           last->kind == TH_RECORD_READ && last->order == TH_RECORD_PLAIN &&
           last->thread == self->thread && thi_same_location(last, self) &&
           last->source == self->source && last->site < record->site_count &&
           self->site < record->site_count &&
           record->sites[last->site].line == record->sites[self->site].line;
}

/* Numbers what is shown. A write that a shown read passes over is shown too. */
static void steps_number(struct thi_analysis *analysis, bool *shown, uint32_t *at)
{
    const struct thi_record *record = analysis->record;
    for (size_t e = record->event_count; e-- > 0;) {
        uint32_t skipped = analysis->skipped[e];
        if (shown[e] && skipped != TH_RECORD_NONE && !analysis->setup[skipped]) {
            shown[skipped] = true;
        }
        if (analysis->position[e] != TH_RECORD_NONE) {
            at[analysis->position[e]] = (uint32_t)e;
        }
    }
    for (size_t place = 0; place < record->event_count && at[place] != TH_RECORD_NONE; place++) {
        if (shown[at[place]] && !says_nothing_new(analysis, at[place])) {
            analysis->steps[analysis->step_count++] = at[place];
            analysis->number[at[place]] = (uint32_t)analysis->step_count;
        }
    }
    analysis->cut_count = record->event_count - analysis->step_count;
}

bool thi_analysis_init(struct thi_analysis *analysis, const struct thi_record *record)
{
    const struct thi_edge none = {.from = TH_RECORD_NONE, .to = TH_RECORD_NONE};
    *analysis = (struct thi_analysis){.record = record, .edge = none, .cause = none};
    size_t count = record->event_count + 1;
    bool *needed = calloc(count, sizeof *needed);
    bool *shown = calloc(count, sizeof *shown);
    uint32_t *at = calloc(count, sizeof *at);
    bool done = needed != NULL && shown != NULL && at != NULL && arrays_init(analysis);
    if (done) {
        for (size_t i = 0; i < count; i++) {
            at[i] = TH_RECORD_NONE;
        }
        thi_analysis_select(analysis, needed, shown);
        done = thi_analysis_order(analysis, needed);
    }
    if (done) {
        steps_number(analysis, shown, at);
        done = thi_analysis_edge(analysis);
    }
    free(needed);
    free(shown);
    free(at);
    if (!done) {
        thi_analysis_fini(analysis);
    }
    return done;
}

void thi_analysis_fini(struct thi_analysis *analysis)
{
    free(analysis->steps);
    free(analysis->number);
    free(analysis->position);
    free(analysis->skipped);
    free(analysis->late);
    free(analysis->setup);
    *analysis = (struct thi_analysis){.record = NULL};
}
