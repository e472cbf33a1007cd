/* SPDX-License-Identifier: MIT
 * revisit.c - which graphs there are: earlier reads of later writes.
 *
 * A write `a` that was just added is offered to each read r of its location that is not before it
 * in program order and reads-from. What was added after r and is not before a goes; r reads a; the
 * search goes on from there in a frame of its own. Many graphs could lead to the same smaller one:
 * it belongs to the one in which everything that goes, and r, was *maximal* when it was added:
 *   - a write was last in modification order, and nobody had read it from outside,
 *   - a read took the last write,
 * where only what was there at the time counts, and what is before a (R29).
 *
 * Sources      Kokologiannakis, Marmanis, Gladstein, Vafeiadis (POPL 2022).
 */
#include "engine/engine_priv.h"

#include <stdlib.h>

/* porf of the write that is being offered, without itself. */
struct prefix {
    const uint16_t *clock; /* of its thread's last event; NULL: the thread has none */
};

static bool before_write(const struct prefix *prefix, const struct event *e)
{
    return prefix->clock != NULL && e->index < prefix->clock[e->thread];
}

static struct prefix prefix_of(const struct thi_engine *engine, const struct event *write)
{
    uint32_t last = engine->threads[write->thread].event_last;
    return (struct prefix){
        last == TH_ENGINE_NO_EVENT ? NULL : clock_at(engine, graph_of(engine), last, CLOCK_PORF)};
}

/* Whether the event `e`, a read or a write, was maximal: `then` says up to which stamp others were
 * there. */
static bool event_maximal(const struct thi_engine *engine, const struct prefix *prefix,
                          uint32_t event)
{
    const struct graph *graph = graph_of(engine);
    const struct event *e = &graph->events[event];
    uint32_t newest = event;
    if (e->kind == TH_EVENT_READ) {
        newest = e->source;
    } else {
        for (uint32_t i = engine->locations[e->location].event_last; i != TH_ENGINE_NO_EVENT;
             i = graph->events[i].location_previous) {
            const struct event *o = &graph->events[i];
            if (o->kind == TH_EVENT_READ && o->source == event &&
                (o->stamp <= e->stamp || before_write(prefix, o))) {
                return false;
            }
        }
    }
    if (!rule_on(engine, TH_RULE_REVISIT_MAXIMAL)) {
        return true;
    }
    for (uint32_t w = mo_behind(engine, graph, e->location, newest); w != TH_ENGINE_NO_EVENT;
         w = graph->events[w].mo_next) {
        const struct event *o = &graph->events[w];
        if (o->stamp <= e->stamp || before_write(prefix, o)) {
            return false;
        }
    }
    return true;
}

/* R29: whether the graph without what goes owns the revisit of `reader`. */
static bool revisit_allowed(const struct thi_engine *engine, const struct prefix *prefix,
                            uint32_t reader)
{
    const struct graph *graph = graph_of(engine);
    uint32_t stamp = graph->events[reader].stamp;
    for (uint32_t i = graph->count; i-- > 0;) {
        const struct event *e = &graph->events[i];
        if (e->location != TH_NO_LOCATION && e->stamp >= stamp && !before_write(prefix, e) &&
            !event_maximal(engine, prefix, i)) {
            return false;
        }
    }
    return true;
}

/* Modification order of what was copied: the nearest earlier write that stays. */
static void mo_restrict(struct thi_engine *engine, const struct graph *old, struct graph *graph)
{
    for (uint32_t i = 0; i < old->count; i++) {
        uint32_t number = engine->remap[i];
        if (number == TH_ENGINE_NO_EVENT || old->events[i].kind != TH_EVENT_WRITE) {
            continue;
        }
        uint32_t previous = old->events[i].mo_previous;
        while (previous != TH_ENGINE_INITIAL && engine->remap[previous] == TH_ENGINE_NO_EVENT) {
            previous = old->events[previous].mo_previous;
        }
        if (previous != TH_ENGINE_INITIAL) {
            previous = engine->remap[previous];
            graph->events[previous].mo_next = number;
        }
        graph->events[number].mo_previous = previous;
    }
}

/* Copies what stays of the frame below into the new top frame, and indexes it. */
static void graph_restrict(struct thi_engine *engine, const struct prefix *prefix, uint32_t reader)
{
    const struct graph *old = &engine->frames[engine->frame_count - 2].graph;
    struct graph *graph = &frame_top(engine)->graph;
    size_t row_bytes = (size_t)CLOCK_ROWS * engine->stride * sizeof(uint16_t);
    for (uint32_t i = 0; i < old->count; i++) {
        const struct event *e = &old->events[i];
        if (i == reader || (e->stamp > old->events[reader].stamp && !before_write(prefix, e))) {
            engine->remap[i] = TH_ENGINE_NO_EVENT;
            continue;
        }
        uint32_t number = graph->count++;
        engine->remap[i] = number;
        struct event *copy = &graph->events[number];
        *copy = *e;
        memcpy(clock_at(engine, graph, number, CLOCK_HB), clock_at(engine, old, i, CLOCK_HB),
               row_bytes);
        copy->mo_next = TH_ENGINE_NO_EVENT;
    }
    for (uint32_t i = 0; i < graph->count; i++) {
        struct event *copy = &graph->events[i];
        if (copy->kind == TH_EVENT_READ && copy->source != TH_ENGINE_INITIAL) {
            copy->source = engine->remap[copy->source];
        }
    }
    mo_restrict(engine, old, graph);
    thi_graph_index(engine);
}

/* Adds the event, without a choice, to the top frame's graph. */
static uint32_t event_append(struct thi_engine *engine, const struct event *event)
{
    struct graph *graph = &frame_top(engine)->graph;
    uint32_t number = graph->count++;
    graph->events[number] = *event;
    graph->events[number].choice_count = 1;
    thi_graph_attach(engine, number);
    return number;
}

enum pair { PAIR_NONE, PAIR_INCONSISTENT, PAIR_CONSISTENT };

/* Puts the write at its next place, the first `skip` left out, and lets the read take it. */
static enum pair pair_add(struct thi_engine *engine, const struct event *write,
                          const struct event *read, uint32_t skip)
{
    const struct graph *graph = graph_of(engine);
    uint32_t w = event_append(engine, write);
    bool exclusive = write->exclusive && rule_on(engine, TH_RULE_RMW_ADJACENT);
    thi_model_clocks_begin(engine, w);
    uint32_t floor = rule_on(engine, TH_RULE_WRITE_FLOOR) ? thi_model_floor(engine, w) : 0;
    uint32_t place = exclusive ? graph->events[graph->events[w].thread_previous].source
                               : mo_end(engine, write->location);
    for (;; place = graph->events[place].mo_previous) {
        if (mo_rank_of(graph, place) < floor) {
            return PAIR_NONE;
        }
        if (thi_model_may_stand(engine, w, place) && skip-- == 0) {
            break;
        }
        if (place == TH_ENGINE_INITIAL || exclusive) {
            return PAIR_NONE;
        }
    }
    thi_model_write(engine, w, place);
    uint32_t r = event_append(engine, read);
    frame_top(engine)->graph.events[r].spurious = false;
    thi_model_clocks_begin(engine, r);
    bool coherent = !rule_on(engine, TH_RULE_READ_FLOOR) ||
                    graph->events[w].mo_rank >= thi_model_floor(engine, r);
    thi_model_read(engine, r, w);
    return coherent && thi_psc_consistent(engine, w) ? PAIR_CONSISTENT : PAIR_INCONSISTENT;
}

/* A frame for the graph in which the reader of the revisit under way takes the write. False: no
 * memory; the frame below is indexed as before. */
static bool revisit_push(struct thi_engine *engine)
{
    uint32_t count = graph_of(engine)->count + 2;
    if (engine->remap_capacity < count) {
        uint32_t *remap = realloc(engine->remap, 2 * count * sizeof *remap);
        if (remap == NULL) {
            engine->broken = true;
            return false;
        }
        engine->remap = remap;
        engine->remap_capacity = 2 * count;
    }
    thi_graph_unindex(engine);
    struct frame *child = thi_frame_push(engine);
    if (child == NULL) {
        thi_graph_index(engine);
        return false;
    }
    if (!thi_graph_reserve(engine, &child->graph, count)) {
        thi_frame_pop(engine);
        return false;
    }
    return true;
}

/* Makes the graph of the revisit under way, with the write at the first place that was not tried
 * and is consistent. False: there is none. */
static bool revisit_place(struct thi_engine *engine)
{
    for (;;) {
        struct prefix prefix = prefix_of(engine, &frame_top(engine)->revisit.write);
        if (!revisit_push(engine)) {
            return false;
        }
        struct frame *frame = &engine->frames[engine->frame_count - 2];
        struct frame *child = frame_top(engine);
        struct revisit *revisit = &frame->revisit;
        graph_restrict(engine, &prefix, revisit->reader);
        uint32_t count = frame->graph.count;
        child->depth =
            1 + (count > frame->base ? frame->graph.events[count - 1].depth : frame->depth);
        enum pair pair = pair_add(engine, &revisit->write, &frame->graph.events[revisit->reader],
                                  revisit->places_tried++);
        if (pair == PAIR_CONSISTENT && thi_search_claim(engine, child->depth)) {
            child->base = child->graph.count;
            child->checked = child->base - 2;
            child->stamp_base = revisit->write.stamp;
            revisit->children++;
            engine->result->revisits++;
            return true;
        }
        thi_frame_pop(engine);
        if (pair == PAIR_NONE) {
            return false;
        }
    }
}

/* Makes the next graph in which an earlier read takes the write whose forward choices are
 * exhausted. False: there is none more. */
bool thi_revisit_next(struct thi_engine *engine)
{
    if (!rule_on(engine, TH_RULE_REVISIT)) { /* R28 */
        return false;
    }
    for (;;) {
        struct revisit *revisit = &frame_top(engine)->revisit;
        if (revisit->reader_allowed && revisit_place(engine)) {
            return true;
        }
        if (engine->broken) {
            return false;
        }
        const struct graph *graph = graph_of(engine);
        struct prefix prefix = prefix_of(engine, &revisit->write);
        uint32_t reader = revisit->reader == TH_ENGINE_NO_EVENT
                              ? engine->locations[revisit->write.location].event_last
                              : graph->events[revisit->reader].location_previous;
        while (reader != TH_ENGINE_NO_EVENT && (graph->events[reader].kind != TH_EVENT_READ ||
                                                before_write(&prefix, &graph->events[reader]))) {
            reader = graph->events[reader].location_previous;
        }
        if (reader == TH_ENGINE_NO_EVENT) {
            return false;
        }
        revisit->reader = reader;
        revisit->places_tried = 0;
        revisit->reader_allowed = revisit_allowed(engine, &prefix, reader);
    }
}
