/* SPDX-License-Identifier: MIT
 * error.c - tells the program's owner what is wrong.
 */
#include "engine/engine_priv.h"

/* The execution ends here, unless it is only taken note of. */
void thi_error_raise(struct thi_engine *engine, const struct thi_engine_error *error)
{
    if (engine->run_failed) {
        return; /* what follows from an error is no news */
    }
    engine->run_failed = true;
    engine->result->errors++;
    if (thi_workers_defer(engine)) {
        return;
    }
    if (!engine->options.continue_after_error) {
        thi_graph_cut(engine);
    }
    bool go_on = engine->program.error(engine->program.context, error);
    if (!go_on || !engine->options.continue_after_error) {
        engine->stop = true;
    }
}

static struct thi_engine_access access_of_event(const struct thi_engine *engine, uint32_t event)
{
    const struct event *e = &graph_of(engine)->events[event];
    return (struct thi_engine_access){.thread = e->thread,
                                      .event_index = e->index,
                                      .site = e->operation.site,
                                      .bytes = e->operation.bytes,
                                      .write = e->kind == TH_EVENT_WRITE,
                                      .atomic = e->order != TH_ORDER_PLAIN,
                                      .address = e->operation.address};
}

/* An error of a thread at its operation. */
void thi_error_thread(struct thi_engine *engine, enum thi_engine_error_kind kind,
                      const char *message, uint32_t thread)
{
    const struct thread *t = &engine->threads[thread];
    struct thi_engine_error error = {.kind = kind, .message = message};
    error.access = (struct thi_engine_access){.thread = thread,
                                              .event_index = t->executed_count,
                                              .site = t->operation.site,
                                              .bytes = t->operation.bytes,
                                              .atomic = true,
                                              .address = t->operation.address};
    thi_error_raise(engine, &error);
}

/* Two events of the graph race. The execution goes on if the owner wants to see more. */
void thi_error_race(struct thi_engine *engine, uint32_t event, uint32_t other)
{
    struct thi_engine_error error = {.kind = TH_ENGINE_RACE,
                                     .message = "two accesses race",
                                     .access = access_of_event(engine, event),
                                     .other = access_of_event(engine, other),
                                     .has_other = true};
    thi_error_raise(engine, &error);
    if (!engine->stop) {
        engine->run_failed = false;
    }
}

void thi_engine_fail(struct thi_engine *engine, enum thi_engine_error_kind kind,
                     const char *message, uint32_t site, uint64_t value)
{
    struct thi_engine_error error = {.kind = kind, .message = message, .value = value};
    error.access.site = site;
    if (engine->running != TH_NO_THREAD) {
        error.access.thread = engine->running;
        error.access.event_index = engine->threads[engine->running].executed_count;
    }
    thi_error_raise(engine, &error);
}
