/* SPDX-License-Identifier: MIT
 * recorder_hb.c - happens-before between all events of a record, and where plain reads read from.
 *
 * The engine orders its own events. A note stands between two of them in its thread: what comes
 * after it happens after it, what happens before the event in front of it happens before it.
 */
#include "report/analysis.h"
#include "report/recorder_priv.h"

/* The engine's event after which a note of `item` stands: the one in front of it in its thread, or
 * the creation of its thread. NONE: it stands at the very beginning. */
static uint32_t event_in_front(const struct thi_recorder *recorder,
                               const struct thi_recorder_item *item)
{
    const struct thi_engine *engine = recorder->engine;
    if (item->index > 0) {
        return thi_engine_event_find(engine, item->thread, item->index - 1);
    }
    for (size_t i = 0; i < recorder->item_count; i++) {
        if (recorder->events[i].kind == TH_RECORD_THREAD_CREATE &&
            recorder->events[i].other_thread == item->thread) {
            return recorder->items[i].event;
        }
    }
    return TH_ENGINE_NO_EVENT;
}

/* Does item `a` of another thread happen before item `b`? `front` is b's event_in_front. */
static bool before(const struct thi_recorder *recorder, const struct thi_recorder_item *a,
                   const struct thi_recorder_item *b, uint32_t front)
{
    const struct thi_engine *engine = recorder->engine;
    if (b->event == TH_RECORD_NONE) {
        return front != TH_ENGINE_NO_EVENT &&
               thi_engine_event_clock(engine, front, a->thread) > a->index;
    }
    uint32_t event =
        a->event != TH_RECORD_NONE ? a->event : thi_engine_event_find(engine, a->thread, a->index);
    return event != TH_ENGINE_NO_EVENT && thi_engine_happens_before(engine, event, b->event);
}

static void hb_fill(struct thi_recorder *recorder)
{
    size_t words = recorder->record.hb_words;
    for (size_t b = 0; b < recorder->item_count; b++) {
        const struct thi_recorder_item *item = &recorder->items[b];
        uint32_t front =
            item->event == TH_RECORD_NONE ? event_in_front(recorder, item) : TH_ENGINE_NO_EVENT;
        for (size_t a = 0; a < b; a++) {
            const struct thi_recorder_item *earlier = &recorder->items[a];
            if (earlier->thread == item->thread || before(recorder, earlier, item, front)) {
                recorder->hb[b * words + a / 64] |= (uint64_t)1 << (a % 64);
            }
        }
    }
}

/* A read whose source the engine does not know takes the last write that happens before it. An
 * atomic one that reads 'the initial value' has found in memory what was written plainly. */
static void source_find(struct thi_recorder *recorder, uint32_t read)
{
    struct thi_record_event *event = &recorder->events[read];
    for (uint32_t e = read; e-- > 0;) {
        struct thi_record_event *write = &recorder->events[e];
        if (thi_is_write(write) && thi_overlap(write, event) &&
            thi_record_hb(&recorder->record, e, read)) {
            event->source = e;
            if (write->order == TH_RECORD_PLAIN && write->mo_position == TH_RECORD_NONE) {
                write->mo_position = 0;
            }
            return;
        }
    }
    event->source = TH_RECORD_INITIAL;
}

void thi_recorder_order(struct thi_recorder *recorder)
{
    hb_fill(recorder);
    for (uint32_t e = 0; e < recorder->item_count; e++) {
        const struct thi_record_event *event = &recorder->events[e];
        if (thi_is_read(event) && (event->flags & TH_RECORD_UNDONE) == 0 &&
            (event->source == TH_RECORD_INITIAL || event->source == TH_RECORD_NONE)) {
            source_find(recorder, e);
        }
    }
}
