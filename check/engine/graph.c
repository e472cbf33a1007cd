/* SPDX-License-Identifier: MIT
 * graph.c - events, their index by thread and by location, and the stack of graphs.
 *
 * One graph at a time is searched, the top frame's; only it is indexed: its threads' and locations'
 * last events, and modification order as a list through the writes. A frame below keeps its events
 * and clocks, and is indexed again when it is on top again.
 */
#include "engine/engine_priv.h"

#include <stdlib.h>

enum { EVENTS_FIRST = 32, LOCATIONS_FIRST = 64, FRAMES_FIRST = 16 };

bool thi_graph_reserve(struct thi_engine *engine, struct graph *graph, uint32_t count)
{
    if (count <= graph->capacity) {
        return true;
    }
    uint32_t capacity = graph->capacity == 0 ? EVENTS_FIRST : graph->capacity;
    while (capacity < count) {
        capacity *= 2;
    }
    struct event *events = realloc(graph->events, capacity * sizeof *events);
    if (events != NULL) {
        graph->events = events;
    }
    size_t row_bytes = CLOCK_ROWS * engine->stride * sizeof *graph->clocks;
    uint16_t *clocks = realloc(graph->clocks, capacity * row_bytes);
    if (clocks != NULL) {
        graph->clocks = clocks;
    }
    if (events == NULL || clocks == NULL) {
        engine->broken = true;
        return false;
    }
    graph->capacity = capacity;
    return true;
}

static bool order_is_seq_cst(const struct event *event)
{
    return event->order == TH_ORDER_SEQ_CST && event->kind <= TH_EVENT_FENCE;
}

/* Puts the event, the newest of the graph, in the index; not yet in modification order. */
void thi_graph_attach(struct thi_engine *engine, uint32_t event)
{
    struct event *e = &frame_top(engine)->graph.events[event];
    struct thread *thread = &engine->threads[e->thread];
    e->thread_previous = thread->event_last;
    thread->event_last = event;
    thread->event_count++;
    if (e->location != TH_NO_LOCATION) {
        struct location *location = &engine->locations[e->location];
        e->location_previous = location->event_last;
        location->event_last = event;
    }
    engine->seq_cst_count += order_is_seq_cst(e);
    engine->heavy_fence_count += e->kind == TH_EVENT_HEAVY_FENCE;
}

/* Takes the write out of modification order; it keeps its own links. */
void thi_graph_mo_remove(struct thi_engine *engine, uint32_t write)
{
    const struct graph *graph = graph_of(engine);
    const struct event *e = &graph->events[write];
    struct location *location = &engine->locations[e->location];
    if (e->mo_previous == TH_ENGINE_INITIAL) {
        location->mo_first = e->mo_next;
    } else {
        graph->events[e->mo_previous].mo_next = e->mo_next;
    }
    if (e->mo_next == TH_ENGINE_NO_EVENT) {
        location->mo_last =
            e->mo_previous == TH_ENGINE_INITIAL ? TH_ENGINE_NO_EVENT : e->mo_previous;
    } else {
        graph->events[e->mo_next].mo_previous = e->mo_previous;
    }
}

/* Takes the newest event out of the index; a write is out of modification order by now. */
void thi_graph_detach(struct thi_engine *engine, uint32_t event)
{
    const struct event *e = &graph_of(engine)->events[event];
    struct thread *thread = &engine->threads[e->thread];
    thread->event_last = e->thread_previous;
    thread->event_count--;
    if (e->location != TH_NO_LOCATION) {
        engine->locations[e->location].event_last = e->location_previous;
    }
    engine->seq_cst_count -= order_is_seq_cst(e);
    engine->heavy_fence_count -= e->kind == TH_EVENT_HEAVY_FENCE;
}

/* I2: ranks keep growing; a gap left by a removal does not matter. */
void thi_graph_mo_insert(struct thi_engine *engine, uint32_t write, uint32_t previous)
{
    struct graph *graph = &frame_top(engine)->graph;
    struct event *e = &graph->events[write];
    struct location *location = &engine->locations[e->location];
    uint32_t next = mo_behind(engine, graph, e->location, previous);
    e->mo_previous = previous;
    e->mo_next = next;
    e->mo_rank = mo_rank_of(graph, previous) + 1;
    if (previous == TH_ENGINE_INITIAL) {
        location->mo_first = write;
    } else {
        graph->events[previous].mo_next = write;
    }
    if (next == TH_ENGINE_NO_EVENT) {
        location->mo_last = write;
        return;
    }
    graph->events[next].mo_previous = write;
    uint32_t rank = e->mo_rank;
    while (next != TH_ENGINE_NO_EVENT && graph->events[next].mo_rank <= rank) {
        rank = ++graph->events[next].mo_rank;
        next = graph->events[next].mo_next;
    }
}

static void location_unindex(struct location *location)
{
    location->event_last = TH_ENGINE_NO_EVENT;
    location->mo_first = TH_ENGINE_NO_EVENT;
    location->mo_last = TH_ENGINE_NO_EVENT;
}

void thi_graph_unindex(struct thi_engine *engine)
{
    const struct graph *graph = graph_of(engine);
    for (uint32_t i = 0; i < graph->count; i++) {
        if (graph->events[i].location != TH_NO_LOCATION) {
            location_unindex(&engine->locations[graph->events[i].location]);
        }
    }
    for (uint32_t i = 0; i < engine->thread_count; i++) {
        engine->threads[i].event_last = TH_ENGINE_NO_EVENT;
        engine->threads[i].event_count = 0;
    }
    engine->seq_cst_count = 0;
    engine->heavy_fence_count = 0;
}

/* Takes off the events that the run has not come to: what is shown of an error has happened. */
void thi_graph_cut(struct thi_engine *engine)
{
    struct graph *graph = &frame_top(engine)->graph;
    while (graph->count > engine->executed) {
        uint32_t last = graph->count - 1;
        if (graph->events[last].kind == TH_EVENT_WRITE) {
            thi_graph_mo_remove(engine, last);
        }
        thi_graph_detach(engine, last);
        graph->count--;
    }
}

/* Indexes the top frame's graph, whose modification order is in its events. */
void thi_graph_index(struct thi_engine *engine)
{
    const struct graph *graph = graph_of(engine);
    for (uint32_t i = 0; i < graph->count; i++) {
        thi_graph_attach(engine, i);
        const struct event *e = &graph->events[i];
        if (e->kind != TH_EVENT_WRITE) {
            continue;
        }
        struct location *location = &engine->locations[e->location];
        if (e->mo_previous == TH_ENGINE_INITIAL) {
            location->mo_first = i;
        }
        if (e->mo_next == TH_ENGINE_NO_EVENT) {
            location->mo_last = i;
        }
    }
}

/* A new empty frame on top, not indexed; NULL: no memory. What a frame had is used again. */
struct frame *thi_frame_push(struct thi_engine *engine)
{
    if (engine->frame_count == engine->frame_capacity) {
        uint32_t capacity = engine->frame_capacity == 0 ? FRAMES_FIRST : 2 * engine->frame_capacity;
        struct frame *frames = realloc(engine->frames, capacity * sizeof *frames);
        if (frames == NULL) {
            engine->broken = true;
            return NULL;
        }
        memset(frames + engine->frame_capacity, 0,
               (capacity - engine->frame_capacity) * sizeof *frames);
        engine->frames = frames;
        engine->frame_capacity = capacity;
    }
    struct frame *frame = &engine->frames[engine->frame_count++];
    frame->graph.count = 0;
    frame->base = 0;
    frame->stamp_base = 0;
    frame->checked = 0;
    frame->depth = 0;
    frame->revisit.active = false;
    return frame;
}

/* The frame below, if any, is indexed in its place. */
void thi_frame_pop(struct thi_engine *engine)
{
    thi_graph_unindex(engine);
    engine->frame_count--;
    if (engine->frame_count > 0) {
        thi_graph_index(engine);
    }
}

static uint32_t location_hash(const struct thi_engine *engine, uintptr_t address,
                              uint32_t incarnation)
{
    uint64_t mixed = ((uint64_t)address ^ (uint64_t)incarnation << 48) * 0x9e3779b97f4a7c15u;
    return (uint32_t)(mixed >> 32) & engine->location_hash_mask;
}

static bool locations_grow(struct thi_engine *engine)
{
    uint32_t capacity =
        engine->location_capacity == 0 ? LOCATIONS_FIRST : 2 * engine->location_capacity;
    struct location *locations = realloc(engine->locations, capacity * sizeof *locations);
    if (locations != NULL) {
        engine->locations = locations;
    }
    uint32_t *hash = malloc(2 * capacity * sizeof *hash);
    if (locations == NULL || hash == NULL) {
        free(hash);
        engine->broken = true;
        return false;
    }
    free(engine->location_hash);
    engine->location_hash = hash;
    engine->location_hash_mask = 2 * capacity - 1;
    engine->location_capacity = capacity;
    memset(hash, 0xff, 2 * capacity * sizeof *hash);
    for (uint32_t i = 0; i < engine->location_count; i++) {
        struct location *location = &locations[i];
        uint32_t slot = location_hash(engine, location->address, location->incarnation);
        location->hash_next = hash[slot];
        hash[slot] = i;
    }
    return true;
}

/* The number of a location, given out at its first use; TH_NO_LOCATION: no memory. */
uint32_t thi_location_find(struct thi_engine *engine, uintptr_t address, uint8_t bytes,
                           uint32_t incarnation)
{
    if (engine->location_count == engine->location_capacity && !locations_grow(engine)) {
        return TH_NO_LOCATION;
    }
    uint32_t slot = location_hash(engine, address, incarnation);
    for (uint32_t i = engine->location_hash[slot]; i != UINT32_MAX;
         i = engine->locations[i].hash_next) {
        const struct location *location = &engine->locations[i];
        if (location->address == address && location->incarnation == incarnation &&
            location->bytes == bytes) {
            return i;
        }
    }
    uint32_t number = engine->location_count++;
    struct location *location = &engine->locations[number];
    *location = (struct location){.address = address,
                                  .bytes = bytes,
                                  .incarnation = incarnation,
                                  .hash_next = engine->location_hash[slot],
                                  .cell_next = TH_NO_LOCATION};
    location_unindex(location);
    engine->location_hash[slot] = number;
    return number;
}
