/* SPDX-License-Identifier: MIT
 * search.c - which graphs there are: forward choices and the way back.
 *
 * Depth first. An event that is added takes its first possible choice: a read its source, newest
 * first; a write its place in modification order, last first. At the end of an execution the last
 * event that has another choice takes it, and the program is run again along the graph. When the
 * places of a write are exhausted, whether or not any was possible, it is offered to earlier reads
 * (revisit.c): each such graph is a frame of its own, searched before the one below goes on.
 * Memory is the graphs of the frames, nothing is remembered of what was visited.
 */
#include "engine/engine_priv.h"

#include <time.h>

static double now_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

/* The source that a read tries after the one it has (before the first: the newest). False: none. */
static bool read_advance(struct thi_engine *engine, uint32_t event, bool first)
{
    const struct graph *graph = graph_of(engine);
    struct event *e = &frame_top(engine)->graph.events[event];
    bool may_fail = engine->options.weak_cas_fails && e->operation.kind == TH_OP_CAS_WEAK;
    if (!first && may_fail && e->exclusive && !e->spurious) {
        e->spurious = true;
        thi_model_read(engine, event, e->source);
        return true;
    }
    e->spurious = false;
    uint32_t source;
    if (first) {
        thi_model_clocks_begin(engine, event);
        source = mo_end(engine, e->location);
    } else if (e->source == TH_ENGINE_INITIAL || !rule_on(engine, TH_RULE_READ_OLD)) { /* R2 */
        return false;
    } else {
        source = graph->events[e->source].mo_previous;
        thi_model_clocks_begin(engine, event);
        if (rule_on(engine, TH_RULE_READ_FLOOR) && /* R1 */
            mo_rank_of(graph, source) < thi_model_floor(engine, event)) {
            return false;
        }
    }
    thi_model_read(engine, event, source);
    return true;
}

/* The same for the place of a write. */
static bool write_advance(struct thi_engine *engine, uint32_t event, bool first)
{
    const struct graph *graph = graph_of(engine);
    const struct event *e = &graph->events[event];
    uint32_t place;
    if (first) {
        place = mo_end(engine, e->location);
        if (e->exclusive && rule_on(engine, TH_RULE_RMW_ADJACENT)) {
            place = graph->events[e->thread_previous].source;
        }
    } else {
        place = e->mo_previous;
        thi_graph_mo_remove(engine, event);
        if (place == TH_ENGINE_INITIAL || (e->exclusive && rule_on(engine, TH_RULE_RMW_ADJACENT))) {
            return false;
        }
        place = graph->events[place].mo_previous;
    }
    thi_model_clocks_begin(engine, event);
    uint32_t floor = rule_on(engine, TH_RULE_WRITE_FLOOR) ? thi_model_floor(engine, event) : 0;
    for (;;) {
        if (mo_rank_of(graph, place) < floor) { /* R4 */
            return false;
        }
        if (thi_model_may_stand(engine, event, place)) {
            thi_model_write(engine, event, place);
            return true;
        }
        if (place == TH_ENGINE_INITIAL || e->exclusive) {
            return false;
        }
        place = graph->events[place].mo_previous;
    }
}

/* How many choices the event has, revisits of a write counted as one. For the estimate only. */
static uint32_t choice_count(const struct thi_engine *engine, uint32_t event)
{
    const struct graph *graph = graph_of(engine);
    const struct event *e = &graph->events[event];
    if (e->location == TH_NO_LOCATION) {
        return 1;
    }
    uint32_t floor = thi_model_floor(engine, event), count = 1;
    if (!e->exclusive || e->kind == TH_EVENT_READ) {
        for (uint32_t w = mo_end(engine, e->location);
             w != TH_ENGINE_INITIAL && w != event && graph->events[w].mo_rank > floor;
             w = graph->events[w].mo_previous) {
            count++;
        }
    }
    for (uint32_t i = e->location_previous; e->kind == TH_EVENT_WRITE && i != TH_ENGINE_NO_EVENT;
         i = graph->events[i].location_previous) {
        const struct event *other = &graph->events[i];
        if (other->kind == TH_EVENT_READ && other->thread != e->thread) {
            return count + 1;
        }
    }
    return count;
}

/* Gives the newest event its next possible choice. False: it has none left, and is detached. */
static bool event_advance(struct thi_engine *engine, uint32_t event, bool first)
{
    struct frame *frame = frame_top(engine);
    struct event *e = &frame->graph.events[event];
    if (first) {
        thi_graph_attach(engine, event);
        e->choice = 0;
    }
    for (;; first = false) {
        bool more = first;
        if (e->kind == TH_EVENT_READ) {
            more = read_advance(engine, event, first);
        } else if (e->kind == TH_EVENT_WRITE) {
            more = write_advance(engine, event, first);
        } else if (first) {
            thi_model_other(engine, event);
        }
        if (!more || engine->broken) {
            thi_graph_detach(engine, event);
            return false;
        }
        if (first) {
            e->choice_count = choice_count(engine, event);
            uint32_t before =
                event > frame->base ? frame->graph.events[event - 1].depth : frame->depth;
            e->depth = before + (e->choice_count > 1);
        } else {
            e->choice++;
        }
        if (thi_psc_consistent(engine, event) &&
            (e->choice_count == 1 || thi_search_claim(engine, e->depth))) {
            return true;
        }
    }
}

static void revisits_begin(struct frame *frame, const struct event *write)
{
    frame->revisit = (struct revisit){.active = true, .write = *write};
    frame->revisit.reader = TH_ENGINE_NO_EVENT;
}

/* Adds the event to the graph with its first choice. False: none is possible. */
bool thi_search_add(struct thi_engine *engine, const struct event *event)
{
    struct frame *frame = frame_top(engine);
    uint32_t number = frame->graph.count;
    engine->claim_refused = false;
    if (!thi_graph_reserve(engine, &frame->graph, number + 1)) {
        return false;
    }
    frame->graph.events[number] = *event;
    frame->graph.count++;
    if (event_advance(engine, number, true)) {
        return true;
    }
    frame->graph.count--;
    if (event->kind == TH_EVENT_WRITE) {
        revisits_begin(frame, &frame->graph.events[number]);
    }
    return false;
}

/* The next graph that has not been run. False: there is none left. */
static bool search_backtrack(struct thi_engine *engine)
{
    for (;;) {
        struct frame *frame = frame_top(engine);
        if (frame->revisit.active) {
            if (thi_revisit_next(engine)) {
                return true;
            }
            if (engine->broken) {
                return false;
            }
            frame_top(engine)->revisit.active = false;
            continue;
        }
        if (frame->graph.count == frame->base) {
            thi_frame_pop(engine);
            if (engine->frame_count == 0) {
                return false;
            }
            continue;
        }
        uint32_t last = frame->graph.count - 1;
        frame->checked = frame->checked < last ? frame->checked : last;
        if (event_advance(engine, last, false)) {
            return true;
        }
        frame->graph.count--;
        if (frame->graph.events[last].kind == TH_EVENT_WRITE) {
            revisits_begin(frame, &frame->graph.events[last]);
        }
    }
}

/* The part of the search tree that lies behind, from 0 to 1, if choices are taken as equal. */
static double search_position(const struct thi_engine *engine)
{
    double weight = 1, position = 0;
    for (uint32_t f = 0; f < engine->frame_count; f++) {
        const struct frame *frame = &engine->frames[f];
        for (uint32_t i = frame->base; i < frame->graph.count; i++) {
            const struct event *e = &frame->graph.events[i];
            weight /= e->choice_count;
            position += weight * e->choice;
        }
        if (frame->revisit.active) {
            uint32_t count = frame->revisit.write.choice_count;
            weight /= count == 0 ? 1 : count;
            position += weight * (count == 0 ? 0 : count - 1);
            for (uint32_t i = 0; i + 1 < frame->revisit.children && i < 30; i++) {
                weight /= 2; /* their number is not known: each takes half of what is left */
                position += weight;
            }
        }
    }
    return position;
}

static uint64_t search_estimate(const struct thi_engine *engine)
{
    double position = search_position(engine);
    double seen = (double)(engine->result->executions + engine->result->blocked);
    double estimate = position > 1e-12 ? seen / position : 0;
    return estimate < 1e18 ? (uint64_t)estimate : 0;
}

static void search_progress(struct thi_engine *engine)
{
    struct thi_engine_result *result = engine->result;
    result->elapsed_s = now_s() - engine->start_s;
    if (engine->options.seconds_max > 0 && result->elapsed_s > engine->options.seconds_max) {
        result->bounds |= TH_BOUND_SECONDS;
        engine->stop = true;
    }
    if (engine->workers != NULL) {
        thi_workers_position(engine, search_position(engine));
        return;
    }
    if (engine->program.progress == NULL || result->elapsed_s < engine->progress_next_s) {
        return;
    }
    engine->progress_next_s = result->elapsed_s + engine->options.progress_ms * 1e-3;
    struct thi_engine_progress progress = {.executions = result->executions,
                                           .blocked = result->blocked,
                                           .estimate = search_estimate(engine),
                                           .elapsed_s = result->elapsed_s,
                                           .depth = graph_of(engine)->count};
    if (engine->program.progress(engine->program.context, &progress)) {
        result->bounds |= TH_BOUND_STOPPED;
        engine->stop = true;
    }
}

static void run_count(struct thi_engine *engine, enum run_end end)
{
    struct thi_engine_result *result = engine->result;
    const struct graph *graph = graph_of(engine);
    result->events_most = result->events_most < graph->count ? graph->count : result->events_most;
    if (!thi_workers_counts(engine) || (end == RUN_PRUNED && engine->claim_refused)) {
        return;
    }
    switch (end) {
    case RUN_COMPLETE:
        result->executions++;
        thi_sites_count(engine);
        if (engine->options.check_duplicates) {
            thi_duplicates_check(engine);
        }
        break;
    case RUN_BLOCKED: result->blocked++; break;
    case RUN_PRUNED: result->pruned++; break;
    case RUN_CUT:
        result->cut++;
        result->bounds |= TH_BOUND_EVENTS;
        break;
    case RUN_FAILED: break;
    }
    if (engine->workers != NULL && (end == RUN_COMPLETE || end == RUN_BLOCKED)) {
        thi_workers_run_count(engine, end == RUN_COMPLETE);
    }
}

static bool executions_done(struct thi_engine *engine)
{
    if (engine->workers != NULL) {
        return thi_workers_runs_done(engine);
    }
    uint64_t most = engine->options.executions_max;
    return most != 0 && engine->result->executions + engine->result->blocked >= most;
}

/* From an empty graph on: everything. */
void thi_search(struct thi_engine *engine)
{
    engine->start_s = now_s();
    engine->progress_next_s = engine->options.progress_ms * 1e-3;
    if (thi_frame_push(engine) == NULL) {
        return;
    }
    bool more = true;
    for (uint32_t runs = 0; more && !engine->stop && !engine->broken; runs++) {
        if (executions_done(engine)) {
            engine->result->bounds |= TH_BOUND_EXECUTIONS;
            break;
        }
        run_count(engine, thi_run(engine));
        if (runs % 64 == 63) {
            search_progress(engine);
        }
        more = engine->stop || search_backtrack(engine);
    }
    engine->result->elapsed_s = now_s() - engine->start_s;
    engine->result->estimate = engine->frame_count == 0
                                   ? engine->result->executions + engine->result->blocked
                                   : search_estimate(engine);
}
