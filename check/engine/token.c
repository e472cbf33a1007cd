/* SPDX-License-Identifier: MIT
 * token.c - one execution as a short word, and back.
 *
 * The graph's events in order, each as its thread and one number: for a read, how many of the
 * writes that are there already come after its source in modification order; for a write, after
 * itself.
 *   a12      twelve events of the first thread, all with the number 0
 *   b.2      one event of the second thread, with the number 2
 *   b.0.     the same, a weak compare-exchange that fails without cause
 * Threads are numbered in the order of their creation in this execution: a to z, A to Z, _a to _l.
 * Nothing in it is an address, so a token means the same on every machine.
 */
#include "engine/engine_priv.h"

#include <stdio.h>

struct writer {
    char *out;
    size_t size;
    size_t used;
};

static void char_put(struct writer *writer, char c)
{
    if (writer->used + 1 < writer->size) {
        writer->out[writer->used] = c;
    }
    writer->used++;
}

static void number_put(struct writer *writer, uint32_t number)
{
    char digits[16];
    snprintf(digits, sizeof digits, "%u", (unsigned)number);
    for (const char *c = digits; *c != '\0'; c++) {
        char_put(writer, *c);
    }
}

static void thread_put(struct writer *writer, uint32_t thread)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    if (thread >= 52) {
        char_put(writer, '_');
        thread -= 52;
    }
    char_put(writer, letters[thread]);
}

/* How many of the writes before `event` in the graph stand behind `write`. */
static uint32_t writes_behind(const struct thi_engine *engine, uint32_t event, uint32_t write)
{
    const struct graph *graph = graph_of(engine);
    uint32_t count = 0;
    for (uint32_t w = mo_behind(engine, graph, graph->events[event].location, write);
         w != TH_ENGINE_NO_EVENT; w = graph->events[w].mo_next) {
        count += w < event;
    }
    return count;
}

static uint32_t event_number(const struct thi_engine *engine, uint32_t event)
{
    const struct event *e = &graph_of(engine)->events[event];
    if (e->location == TH_NO_LOCATION) {
        return 0;
    }
    return writes_behind(engine, event, e->kind == TH_EVENT_READ ? e->source : event);
}

size_t thi_engine_token(const struct thi_engine *engine, char *out, size_t size)
{
    const struct graph *graph = graph_of(engine);
    struct writer writer = {.out = out, .size = size};
    uint32_t names[TH_ENGINE_THREADS_LIMIT], known = engine->program.thread_count, repeats = 0;
    for (uint32_t i = 0; i < known; i++) {
        names[i] = i;
    }
    for (uint32_t i = 0; i < engine->executed; i++) {
        const struct event *e = &graph->events[i];
        uint32_t number = event_number(engine, i);
        bool special = number > 0 || e->spurious;
        bool same = i > 0 && graph->events[i - 1].thread == e->thread;
        if (repeats > 0 && (special || !same)) {
            number_put(&writer, repeats);
            repeats = 0;
        }
        if (special || repeats == 0) {
            thread_put(&writer, names[e->thread]);
        }
        if (special) {
            char_put(&writer, '.');
            number_put(&writer, number);
            if (e->spurious) {
                char_put(&writer, '.');
            }
        } else {
            repeats++;
        }
        if (e->kind == TH_EVENT_CREATE) {
            names[e->value] = known++;
        }
    }
    if (repeats > 0) {
        number_put(&writer, repeats);
    }
    if (size > 0) {
        out[writer.used < size ? writer.used : size - 1] = '\0';
    }
    return writer.used;
}

struct reader {
    const char *at;
    uint32_t thread;
    uint32_t count; /* events to come */
    uint32_t number;
    bool spurious;
};

/* False: no number. */
static bool number_get(struct reader *reader, uint32_t *number)
{
    *number = 0;
    const char *from = reader->at;
    for (; *reader->at >= '0' && *reader->at <= '9'; reader->at++) {
        *number = *number * 10 + (uint32_t)(*reader->at - '0');
        if (*number > UINT16_MAX) {
            return false;
        }
    }
    return reader->at > from;
}

/* The next group of events. False: not one of these words. */
static bool group_get(struct reader *reader)
{
    uint32_t base = 0;
    reader->number = 0;
    reader->spurious = false;
    reader->count = 1;
    if (*reader->at == '_') {
        base = 52;
        reader->at++;
    }
    char c = *reader->at++;
    if (c >= 'a' && c <= 'z') {
        reader->thread = base + (uint32_t)(c - 'a');
    } else if (c >= 'A' && c <= 'Z') {
        reader->thread = base + 26 + (uint32_t)(c - 'A');
    } else {
        return false;
    }
    if (*reader->at != '.') {
        return number_get(reader, &reader->count) && reader->count > 0;
    }
    reader->at++;
    if (!number_get(reader, &reader->number)) {
        return false;
    }
    if (*reader->at == '.') {
        reader->spurious = true;
        reader->at++;
    }
    return true;
}

/* Adds the thread's next event with the choice of the token. False: it does not fit. */
static bool event_add(struct thi_engine *engine, const struct reader *reader)
{
    struct event event;
    if (reader->thread >= engine->thread_count) {
        return false;
    }
    enum thread_state state = engine->threads[reader->thread].state;
    if (state != THREAD_NEW && state != THREAD_READY && state != THREAD_WRITES) {
        return false;
    }
    if (!thi_run_event_make(engine, reader->thread, &event)) {
        return engine->run_failed;
    }
    struct graph *graph = &frame_top(engine)->graph;
    uint32_t number = graph->count;
    if (event.kind == TH_EVENT_JOIN && engine->threads[event.value].state != THREAD_ENDED) {
        return false;
    }
    if (!thi_graph_reserve(engine, graph, number + 1)) {
        return false;
    }
    graph->events[number] = event;
    graph->count++;
    thi_graph_attach(engine, number);
    if (event.location == TH_NO_LOCATION) {
        thi_model_other(engine, number);
        return reader->number == 0;
    }
    uint32_t write = mo_end(engine, event.location);
    for (uint32_t i = 0; i < reader->number; i++) {
        if (write == TH_ENGINE_INITIAL) {
            return false;
        }
        write = graph->events[write].mo_previous;
    }
    thi_model_clocks_begin(engine, number);
    if (mo_rank_of(graph, write) < thi_model_floor(engine, number)) {
        return false;
    }
    if (event.kind == TH_EVENT_READ) {
        graph->events[number].spurious = reader->spurious;
        thi_model_read(engine, number, write);
    } else if (thi_model_may_stand(engine, number, write)) {
        thi_model_write(engine, number, write);
    } else {
        return false;
    }
    return thi_psc_consistent(engine, number);
}

bool thi_engine_replay(struct thi_engine *engine, const char *token,
                       struct thi_engine_result *result, const char **why)
{
    thi_engine_reset(engine, result);
    engine->replaying = true;
    *why = "it is not a token";
    if (thi_frame_push(engine) == NULL) {
        *why = "out of memory";
        return false;
    }
    thi_run_restart(engine);
    struct reader reader = {.at = token};
    while (*reader.at != '\0' && !engine->run_failed) {
        if (!group_get(&reader)) {
            return false;
        }
        for (; reader.count > 0 && !engine->run_failed; reader.count--) {
            if (!event_add(engine, &reader)) {
                *why = "it does not fit this program: it changed, or the token is of another one";
                return false;
            }
            if (!engine->run_failed) {
                thi_run_event(engine, graph_of(engine)->count - 1);
            }
        }
    }
    if (!engine->run_failed) {
        if (thi_run_next_thread(engine) != TH_NO_THREAD) {
            *why = "it ends before the program does: what was wrong there is wrong no more";
            return false;
        }
        thi_run_finish(engine);
    }
    thi_engine_verdict(engine, result);
    *why = NULL;
    return true;
}
