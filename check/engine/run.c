/* SPDX-License-Identifier: MIT
 * run.c - runs the program along the graph, and beyond it to the end of an execution.
 *
 * A run restarts the program and lets each event of the graph happen in order: the thread stands at
 * the operation, gets its result, and runs on to its next operation at once. Behind the graph a
 * fixed rule picks the thread: half-done RMWs first, then the first thread that can go on. What is
 * picked depends on the graph only, which the search relies on.
 */
#include "engine/engine_priv.h"

enum { YIELDS_MAX = 1000000 };

static bool operation_is_access(enum thi_operation_kind kind)
{
    return kind <= TH_OP_CAS_WEAK || kind == TH_OP_PLAIN_LOAD || kind == TH_OP_PLAIN_STORE;
}

static bool memory_is_real(const struct thi_engine *engine)
{
    return engine->program.memory_read == NULL;
}

static uint64_t memory_read(const struct thi_engine *engine, uintptr_t address, uint8_t bytes)
{
    if (!memory_is_real(engine)) {
        return engine->program.memory_read(engine->program.context, address, bytes);
    }
    uint64_t value = 0;
    memcpy(&value, (const void *)address, bytes);
    return value;
}

/* Fetches the values of the plain stores that happened in real memory since the thread last ran. A
 * store that covers several locations happens behind the last of their events, so one more such
 * event puts it off. */
static void stores_settle(struct thi_engine *engine, struct thread *thread)
{
    if (thread->operation.kind == TH_OP_PLAIN_STORE && thread->operation.from_memory) {
        return;
    }
    struct event *events = frame_top(engine)->graph.events;
    for (uint32_t i = thread->executed_last; thread->unsettled > 0; thread->unsettled--) {
        struct event *e = &events[i];
        const struct location *location = &engine->locations[e->location];
        e->value = memory_read(engine, location->address, location->bytes);
        e->unsettled = false;
        i = e->thread_previous;
    }
}

/* Lets the thread run to its next operation. */
static void thread_step(struct thi_engine *engine, uint32_t number, uint64_t result)
{
    struct thread *thread = &engine->threads[number];
    uint32_t yields = 0;
    do {
        thread->operation = (struct thi_operation){.kind = TH_OP_STOP};
        engine->running = number;
        engine->program.step(engine->program.context, number, result, &thread->operation);
        if (thread->unsettled > 0) {
            stores_settle(engine, thread);
        }
        engine->running = TH_NO_THREAD;
        result = 0;
        if (engine->run_failed) {
            thread->state = THREAD_STOPPED;
            return;
        }
    } while (thread->operation.kind == TH_OP_YIELD && ++yields < YIELDS_MAX);
    thread->state = THREAD_READY;
    switch (thread->operation.kind) {
    case TH_OP_YIELD:
        thi_error_thread(engine, TH_ENGINE_SPIN, "the thread yields for ever", number);
        thread->state = THREAD_STOPPED;
        break;
    case TH_OP_STOP:
        thi_error_thread(engine, TH_ENGINE_MISUSE, "the thread stopped without an error", number);
        thread->state = THREAD_STOPPED;
        break;
    case TH_OP_AWAIT: thread->state = THREAD_AWAITS; break;
    case TH_OP_END:
        if (thread->level == 0) {
            thread->state = THREAD_ENDED; /* nobody can join it: no event */
        }
        break;
    default: thi_sites_apply(engine, &thread->operation); break;
    }
}

void thi_run_restart(struct thi_engine *engine)
{
    engine->run++;
    engine->run_failed = false;
    engine->executed = 0;
    engine->running = TH_NO_THREAD;
    for (uint32_t i = 0; i < engine->thread_count; i++) {
        struct thread *thread = &engine->threads[i];
        thread->state = THREAD_ABSENT;
        thread->child_count = 0;
        thread->joined = false;
        thread->executed_last = TH_ENGINE_NO_EVENT;
        thread->executed_count = 0;
        thread->unsettled = 0;
    }
    if (memory_is_real(engine)) {
        thi_shadow_reset(engine);
    }
    engine->program.restart(engine->program.context);
    for (uint32_t i = 0; i < engine->program.thread_count && !engine->run_failed; i++) {
        thread_step(engine, i, 0);
    }
}

/* The first use of a location in a run fetches its initial value. */
static bool location_use(struct thi_engine *engine, uint32_t number, uint32_t thread)
{
    struct location *location = &engine->locations[number];
    if (location->run == engine->run) {
        return true;
    }
    location->run = engine->run;
    if (memory_is_real(engine) && !thi_shadow_location(engine, number)) {
        thi_error_thread(engine, TH_ENGINE_MIXED_SIZE,
                         "an access covers a part of another atomic object, or is not aligned",
                         thread);
        return false;
    }
    location->initial_value = memory_read(engine, location->address, location->bytes);
    return true;
}

static bool operations_equal(const struct thi_operation *a, const struct thi_operation *b)
{
    return a->kind == b->kind && a->order == b->order && a->failure_order == b->failure_order &&
           a->rmw == b->rmw && a->from_memory == b->from_memory && a->bytes == b->bytes &&
           a->site == b->site && a->address == b->address && a->expected == b->expected &&
           (a->value == b->value || a->from_memory);
}

/* Whether the thread stands where the event says. */
static bool event_matches(const struct thi_engine *engine, const struct event *e)
{
    const struct thread *thread = &engine->threads[e->thread];
    if (thread->executed_count != e->index) {
        return false;
    }
    if (e->kind == TH_EVENT_START) {
        return thread->state == THREAD_NEW;
    }
    if (e->kind == TH_EVENT_WRITE && e->exclusive) {
        return thread->state == THREAD_WRITES;
    }
    return thread->state == THREAD_READY && operations_equal(&thread->operation, &e->operation);
}

static bool event_access(struct thi_engine *engine, const struct event *e)
{
    if (e->location == TH_NO_LOCATION) {
        return true;
    }
    if (!location_use(engine, e->location, e->thread)) {
        return false;
    }
    return !memory_is_real(engine) ||
           thi_shadow_atomic(engine, e->location, e->kind == TH_EVENT_WRITE,
                             e->order == TH_ORDER_PLAIN, e->operation.site);
}

/* The thread goes on, if the event is all of its operation. */
static void event_deliver(struct thi_engine *engine, const struct event *e, uint32_t number)
{
    struct thread *thread = &engine->threads[e->thread];
    switch ((enum thi_event_kind)e->kind) {
    case TH_EVENT_READ:
        thread->cas_done = e->exclusive;
        if (e->exclusive) {
            thread->result = e->value;
            thread->state = THREAD_WRITES;
        } else {
            thread_step(engine, e->thread, e->value);
        }
        break;
    case TH_EVENT_WRITE:
        if (e->operation.from_memory) {
            frame_top(engine)->graph.events[number].unsettled = true;
            thread->unsettled++;
        }
        thread_step(engine, e->thread, e->exclusive ? thread->result : 0);
        break;
    case TH_EVENT_CREATE:
        thread->child_count++;
        engine->threads[e->value].state = THREAD_NEW;
        thread_step(engine, e->thread, e->value);
        break;
    case TH_EVENT_JOIN:
        engine->threads[e->value].joined = true;
        thread_step(engine, e->thread, 0);
        break;
    case TH_EVENT_END: thread->state = THREAD_ENDED; break;
    default: thread_step(engine, e->thread, 0); break;
    }
}

/* Lets the event of the graph happen. */
void thi_run_event(struct thi_engine *engine, uint32_t event)
{
    struct frame *frame = frame_top(engine);
    struct event e = frame->graph.events[event]; /* a copy: the program may see events added */
    struct thread *thread = &engine->threads[e.thread];
    if (!event_matches(engine, &e)) {
        thi_error_thread(engine, TH_ENGINE_NOT_SAME,
                         "run again with the same results, the thread does something else",
                         e.thread);
        return;
    }
    engine->executed = event + 1;
    thread->executed_last = event;
    thread->executed_count++;
    engine->running = e.thread;
    bool sound = event_access(engine, &e);
    engine->running = TH_NO_THREAD;
    uint32_t other;
    if (event >= frame->checked) {
        frame->checked = event + 1;
        if (!memory_is_real(engine) && e.location != TH_NO_LOCATION &&
            thi_model_races(engine, event, &other)) {
            thi_error_race(engine, event, other);
        }
    }
    if (sound && !engine->run_failed) {
        event_deliver(engine, &e, event);
    }
}

static bool thread_can_go(const struct thi_engine *engine, uint32_t number)
{
    const struct thread *thread = &engine->threads[number];
    if (thread->state == THREAD_NEW) {
        return true;
    }
    if (thread->state != THREAD_READY) {
        return false;
    }
    return thread->operation.kind != TH_OP_JOIN ||
           thread->operation.value >= engine->thread_count || /* an error, to be told */
           engine->threads[thread->operation.value].state == THREAD_ENDED;
}

/* The thread whose event is next; TH_NO_THREAD. */
uint32_t thi_run_next_thread(struct thi_engine *engine)
{
    uint32_t found = TH_NO_THREAD;
    for (uint32_t i = engine->thread_count; i-- > 0;) {
        uint32_t number = engine->thread_order[i];
        if (engine->threads[number].state == THREAD_WRITES) {
            return number;
        }
        if (thread_can_go(engine, number)) {
            found = number;
        }
    }
    return found;
}

/* Where in depth-first order of (parent, child index) thread `a` stands to thread `b`. */
static bool thread_before(const struct thi_engine *engine, uint32_t a, uint32_t b)
{
    const struct thread *threads = engine->threads;
    bool a_deeper = threads[a].level > threads[b].level;
    while (threads[a].level > threads[b].level) {
        a = threads[a].parent;
    }
    while (threads[b].level > threads[a].level) {
        b = threads[b].parent;
    }
    if (a == b) {
        return !a_deeper; /* a thread before those it created */
    }
    while (threads[a].parent != threads[b].parent && threads[a].level > 0) {
        a = threads[a].parent;
        b = threads[b].parent;
    }
    return threads[a].child_index < threads[b].child_index;
}

/* The thread's next child: its number is given out the first time. TH_NO_THREAD: too many. */
static uint32_t child_find(struct thi_engine *engine, uint32_t parent)
{
    uint32_t child_index = engine->threads[parent].child_count;
    for (uint32_t i = 0; i < engine->thread_count; i++) {
        const struct thread *thread = &engine->threads[i];
        if (thread->level > 0 && thread->parent == parent && thread->child_index == child_index) {
            return i;
        }
    }
    if (engine->thread_count == engine->options.threads_max) {
        return TH_NO_THREAD;
    }
    uint32_t number = engine->thread_count;
    engine->threads[number] = (struct thread){.parent = parent,
                                              .child_index = child_index,
                                              .level = engine->threads[parent].level + 1,
                                              .executed_last = TH_ENGINE_NO_EVENT,
                                              .event_last = TH_ENGINE_NO_EVENT};
    uint32_t at = engine->thread_count++;
    while (at > 0 && thread_before(engine, number, engine->thread_order[at - 1])) {
        engine->thread_order[at] = engine->thread_order[at - 1];
        at--;
    }
    engine->thread_order[at] = number;
    return number;
}

static bool access_make(struct thi_engine *engine, uint32_t number, struct event *e)
{
    const struct thi_operation *operation = &e->operation;
    uint32_t incarnation =
        memory_is_real(engine) ? thi_shadow_incarnation(engine, operation->address) : 0;
    e->location = thi_location_find(engine, operation->address, operation->bytes, incarnation);
    if (e->location == TH_NO_LOCATION || !location_use(engine, e->location, number)) {
        return false;
    }
    e->initial = engine->locations[e->location].initial_value;
    e->kind = TH_EVENT_READ;
    if (operation->kind == TH_OP_STORE || operation->kind == TH_OP_PLAIN_STORE) {
        e->kind = TH_EVENT_WRITE;
        e->value = operation->value & value_mask(operation->bytes);
    }
    return true;
}

static bool thread_event_make(struct thi_engine *engine, uint32_t number, struct event *e)
{
    uint32_t other;
    switch (e->operation.kind) {
    case TH_OP_FENCE: e->kind = TH_EVENT_FENCE; break;
    case TH_OP_HEAVY_FENCE:
        e->kind = TH_EVENT_HEAVY_FENCE;
        e->order = TH_ORDER_SEQ_CST;
        break;
    case TH_OP_CREATE:
        other = child_find(engine, number);
        if (other == TH_NO_THREAD) {
            thi_error_thread(engine, TH_ENGINE_MISUSE,
                             "more threads than threads_max allows: raise it", number);
            return false;
        }
        e->kind = TH_EVENT_CREATE;
        e->value = other;
        break;
    case TH_OP_JOIN:
        other = (uint32_t)e->operation.value;
        if (e->operation.value >= engine->thread_count || engine->threads[other].joined) {
            thi_error_thread(engine, TH_ENGINE_MISUSE,
                             "join of a thread that is not there, or was joined before", number);
            return false;
        }
        e->kind = TH_EVENT_JOIN;
        e->value = other;
        break;
    case TH_OP_END: e->kind = TH_EVENT_END; break;
    default: return false;
    }
    return true;
}

/* The next event of the thread, without what it reads or where it stands. False: an error was
 * raised instead. */
bool thi_run_event_make(struct thi_engine *engine, uint32_t number, struct event *e)
{
    const struct thread *thread = &engine->threads[number];
    const struct frame *frame = frame_top(engine);
    *e = (struct event){.thread = number,
                        .index = thread->event_count,
                        .stamp = frame->stamp_base + (frame->graph.count - frame->base) + 1,
                        .location = TH_NO_LOCATION,
                        .source = TH_ENGINE_INITIAL,
                        .mo_previous = TH_ENGINE_INITIAL,
                        .mo_next = TH_ENGINE_NO_EVENT};
    if (thread->state == THREAD_NEW) {
        e->kind = TH_EVENT_START;
        e->value = thread->parent;
        return true;
    }
    e->operation = thread->operation;
    e->order = (uint8_t)thread->operation.order;
    if (thread->state == THREAD_WRITES) {
        const struct event *read = &frame->graph.events[thread->executed_last];
        e->kind = TH_EVENT_WRITE;
        e->exclusive = true;
        e->location = read->location;
        e->value = thi_model_rmw(&e->operation, read->value);
        return true;
    }
    if (operation_is_access(e->operation.kind)) {
        if (e->operation.kind == TH_OP_PLAIN_LOAD || e->operation.kind == TH_OP_PLAIN_STORE) {
            e->order = TH_ORDER_PLAIN;
        }
        return access_make(engine, number, e);
    }
    return thread_event_make(engine, number, e);
}

/* Whether the write is the newest but for read-modify-writes that wrote what they had read. */
static bool write_is_newest(const struct thi_engine *engine, const struct graph *graph,
                            const struct event *read)
{
    uint32_t w = mo_behind(engine, graph, read->location, read->source);
    for (; w != TH_ENGINE_NO_EVENT; w = graph->events[w].mo_next) {
        const struct event *write = &graph->events[w];
        if (!write->exclusive || graph->events[write->thread_previous].value != write->value) {
            return false;
        }
    }
    return true;
}

/* Whether each read of the awaiting thread's last turn took the newest write. */
bool thi_thread_reads_newest(const struct thi_engine *engine, uint32_t number)
{
    const struct graph *graph = graph_of(engine);
    const struct thread *thread = &engine->threads[number];
    uint32_t i = thread->event_last;
    if (thread->operation.value == TH_AWAIT_NOTHING) {
        return false;
    }
    for (uint64_t left = thread->operation.value; left > 0 && i != TH_ENGINE_NO_EVENT; left--) {
        const struct event *e = &graph->events[i];
        if (e->kind == TH_EVENT_READ && !write_is_newest(engine, graph, e)) {
            return false;
        }
        i = e->thread_previous;
    }
    return true;
}

/* Whether the thread of the newest event will wait in whatever the search makes of this graph. That
 * is so if its last read took an older write than it could have: such a read is not maximal
 * (revisit.c), so nothing makes it read another write, and nothing deletes it. No complete
 * execution is left out, and no error of another thread, which happens as well with this turn
 * reading the newest write. */
static bool waits_for_good(const struct thi_engine *engine)
{
    const struct graph *graph = graph_of(engine);
    if (graph->count == 0) {
        return false;
    }
    const struct thread *thread = &engine->threads[graph->events[graph->count - 1].thread];
    uint32_t i = thread->state == THREAD_AWAITS ? thread->executed_last : TH_ENGINE_NO_EVENT;
    while (i != TH_ENGINE_NO_EVENT && graph->events[i].kind == TH_EVENT_FENCE) {
        i = graph->events[i].thread_previous;
    }
    if (i == TH_ENGINE_NO_EVENT || graph->events[i].kind != TH_EVENT_READ) {
        return false;
    }
    const struct event *e = &graph->events[i];
    for (uint32_t w = mo_behind(engine, graph, e->location, e->source); w != TH_ENGINE_NO_EVENT;
         w = graph->events[w].mo_next) {
        if (graph->events[w].stamp < e->stamp) {
            return true;
        }
    }
    return false;
}

/* Nothing can go on: an end, a wait for what other executions bring, or a deadlock. */
enum run_end thi_run_finish(struct thi_engine *engine)
{
    bool all_ended = true, newest = true;
    uint32_t waiting = 0;
    for (uint32_t i = engine->thread_count; i-- > 0;) {
        uint32_t number = engine->thread_order[i];
        enum thread_state state = engine->threads[number].state;
        if (state != THREAD_ENDED && state != THREAD_ABSENT) {
            all_ended = false;
            waiting = number;
            newest = newest && (state != THREAD_AWAITS || thi_thread_reads_newest(engine, number));
        }
    }
    if (all_ended) {
        if (engine->program.finish != NULL) {
            engine->program.finish(engine->program.context);
        }
        if (!engine->run_failed && engine->options.find_leaks && memory_is_real(engine)) {
            thi_shadow_leaks(engine);
        }
        return engine->run_failed ? RUN_FAILED : RUN_COMPLETE;
    }
    if (newest) {
        thi_error_thread(engine, TH_ENGINE_DEADLOCK,
                         "no thread can go on, and nothing will come that they wait for", waiting);
        return RUN_FAILED;
    }
    return RUN_BLOCKED;
}

/* One execution: along the graph, then on to an end with the first choice everywhere. */
enum run_end thi_run(struct thi_engine *engine)
{
    thi_run_restart(engine);
    for (uint32_t i = 0; i < graph_of(engine)->count && !engine->run_failed; i++) {
        thi_run_event(engine, i);
    }
    struct event event;
    while (!engine->run_failed && !engine->broken) {
        if (waits_for_good(engine)) {
            return RUN_BLOCKED;
        }
        uint32_t thread = thi_run_next_thread(engine);
        if (thread == TH_NO_THREAD) {
            return thi_run_finish(engine);
        }
        if (graph_of(engine)->count >= engine->options.events_max) {
            return RUN_CUT;
        }
        if (!thi_run_event_make(engine, thread, &event)) {
            break;
        }
        if (!thi_search_add(engine, &event)) {
            return RUN_PRUNED;
        }
        thi_run_event(engine, graph_of(engine)->count - 1);
    }
    return RUN_FAILED;
}
