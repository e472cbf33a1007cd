/* SPDX-License-Identifier: MIT
 * view.c - the current graph, seen from outside: its events up to the one the run has come to.
 */
#include "engine/engine_priv.h"

uint32_t thi_engine_event_count(const struct thi_engine *engine)
{
    return engine->frame_count == 0 ? 0 : engine->executed;
}

void thi_engine_event(const struct thi_engine *engine, uint32_t event, struct thi_event_view *view)
{
    const struct graph *graph = graph_of(engine);
    const struct event *e = &graph->events[event];
    bool cas = e->operation.kind == TH_OP_CAS || e->operation.kind == TH_OP_CAS_WEAK;
    *view = (struct thi_event_view){.kind = (enum thi_event_kind)e->kind,
                                    .operation = e->operation.kind,
                                    .order = (enum thi_order)e->order,
                                    .exclusive = e->exclusive,
                                    .cas_failed = cas && !e->exclusive,
                                    .thread = e->thread,
                                    .index = e->index,
                                    .site = e->operation.site,
                                    .stamp = e->stamp,
                                    .value = e->value,
                                    .source = TH_ENGINE_NO_EVENT};
    if (e->location == TH_NO_LOCATION) {
        return;
    }
    view->address = e->operation.address;
    view->bytes = e->operation.bytes;
    uint32_t here = event;
    if (e->kind == TH_EVENT_READ) {
        view->source = e->source;
        here = e->source;
    }
    for (uint32_t w = thi_engine_mo_first(engine, view->address); w != TH_ENGINE_NO_EVENT;
         w = thi_engine_mo_next(engine, w)) {
        if (mo_rank_of(graph, w) <= mo_rank_of(graph, here)) {
            view->mo_position++;
        } else {
            view->newer_writes += e->kind == TH_EVENT_READ;
        }
    }
}

uint32_t thi_engine_event_find(const struct thi_engine *engine, uint32_t thread, uint32_t index)
{
    for (uint32_t i = 0; i < thi_engine_event_count(engine); i++) {
        const struct event *e = &graph_of(engine)->events[i];
        if (e->thread == thread && e->index == index) {
            return i;
        }
    }
    return TH_ENGINE_NO_EVENT;
}

bool thi_engine_happens_before(const struct thi_engine *engine, uint32_t earlier, uint32_t later)
{
    const struct event *e = &graph_of(engine)->events[earlier];
    return earlier != later &&
           e->index < clock_at(engine, graph_of(engine), later, CLOCK_HB)[e->thread];
}

uint32_t thi_engine_event_clock(const struct thi_engine *engine, uint32_t event, uint32_t thread)
{
    return thread < engine->stride ? clock_at(engine, graph_of(engine), event, CLOCK_HB)[thread]
                                   : 0;
}

uint32_t thi_engine_clock(const struct thi_engine *engine, uint32_t running, uint32_t thread)
{
    uint32_t event = engine->threads[running].executed_last;
    return event == TH_ENGINE_NO_EVENT ? 0 : thi_engine_event_clock(engine, event, thread);
}

/* The location that stands for the address now: of several incarnations the last. */
static uint32_t location_now(const struct thi_engine *engine, uintptr_t address)
{
    uint32_t found = TH_NO_LOCATION;
    for (uint32_t i = 0; i < engine->location_count; i++) {
        const struct location *location = &engine->locations[i];
        if (location->address == address && location->run == engine->run &&
            (found == TH_NO_LOCATION ||
             engine->locations[found].incarnation < location->incarnation)) {
            found = i;
        }
    }
    return found;
}

/* The event or the next behind it that the run has been through. */
static uint32_t executed_from(const struct thi_engine *engine, uint32_t event)
{
    while (event != TH_ENGINE_NO_EVENT && event >= engine->executed) {
        event = graph_of(engine)->events[event].mo_next;
    }
    return event;
}

uint32_t thi_engine_mo_first(const struct thi_engine *engine, uintptr_t address)
{
    uint32_t location = location_now(engine, address);
    return location == TH_NO_LOCATION ? TH_ENGINE_NO_EVENT
                                      : executed_from(engine, engine->locations[location].mo_first);
}

uint32_t thi_engine_mo_next(const struct thi_engine *engine, uint32_t event)
{
    return executed_from(engine, graph_of(engine)->events[event].mo_next);
}

uint64_t thi_engine_initial_value(const struct thi_engine *engine, uintptr_t address)
{
    uint32_t location = location_now(engine, address);
    return location == TH_NO_LOCATION ? 0 : engine->locations[location].initial_value;
}

uint64_t thi_engine_final_value(const struct thi_engine *engine, uintptr_t address,
                                uint64_t fallback)
{
    uint32_t location = location_now(engine, address);
    if (location == TH_NO_LOCATION) {
        return fallback;
    }
    uint32_t last = mo_end(engine, location);
    return last == TH_ENGINE_INITIAL ? engine->locations[location].initial_value
                                     : graph_of(engine)->events[last].value;
}

bool thi_engine_cas_done(const struct thi_engine *engine, uint32_t thread)
{
    return engine->threads[thread].cas_done;
}

uint32_t thi_engine_thread_count(const struct thi_engine *engine)
{
    return engine->thread_count;
}

void thi_engine_thread(const struct thi_engine *engine, uint32_t number,
                       struct thi_thread_view *view)
{
    const struct thread *thread = &engine->threads[number];
    *view = (struct thi_thread_view){.state = TH_THREAD_RUNS,
                                     .parent = thread->parent,
                                     .child_index = thread->child_index,
                                     .event_count = thread->executed_count,
                                     .site = thread->operation.site};
    switch (thread->state) {
    case THREAD_ABSENT:
    case THREAD_ENDED: view->state = TH_THREAD_ENDED; break;
    case THREAD_AWAITS:
        view->state = TH_THREAD_AWAITS;
        view->waits_for = thread->operation.value < thread->executed_count
                              ? thread->executed_count - (uint32_t)thread->operation.value
                              : 0;
        view->reads_newest = thi_thread_reads_newest(engine, number);
        break;
    case THREAD_READY:
        if (thread->operation.kind == TH_OP_JOIN) {
            view->state = TH_THREAD_JOINS;
            view->waits_for = (uint32_t)thread->operation.value;
        }
        break;
    default: break;
    }
}
