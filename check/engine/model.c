/* SPDX-License-Identifier: MIT
 * model.c - what an event may read, where it may stand, and what it then knows.
 *
 * The rules of RC11 but for seq_cst, numbered as in rules.h. Events come in an order that extends
 * program order and reads-from, so what an event knows never changes once it is there; a write that
 * comes later can only be put between, never be known to an earlier event.
 *
 * What a thread has *observed* of a location follows from happens-before: its own and all known
 * writes, and the sources of all known reads. So no views are kept, only clocks.
 */
#include "engine/engine_priv.h"

/* The clocks the event starts from: those of its thread's previous event, or of the event that
 * created the thread. The event is attached to the index. */
void thi_model_clocks_begin(const struct thi_engine *engine, uint32_t event)
{
    const struct graph *graph = graph_of(engine);
    const struct event *e = &graph->events[event];
    size_t row_bytes = engine->stride * sizeof(uint16_t);
    uint16_t *clocks = clock_at(engine, graph, event, CLOCK_HB);
    if (e->thread_previous != TH_ENGINE_NO_EVENT) {
        memcpy(clocks, clock_at(engine, graph, e->thread_previous, CLOCK_HB),
               CLOCK_ROWS * row_bytes);
        memset(clocks + CLOCK_REL * engine->stride, 0, row_bytes);
    } else {
        memset(clocks, 0, CLOCK_ROWS * row_bytes);
    }
    clocks[CLOCK_HB * engine->stride + e->thread] = (uint16_t)(e->index + 1);
    clocks[CLOCK_PORF * engine->stride + e->thread] = (uint16_t)(e->index + 1);
}

/* Rank of the newest write of its location that the event's thread has observed. */
uint32_t thi_model_floor(const struct thi_engine *engine, uint32_t event)
{
    const struct graph *graph = graph_of(engine);
    const struct event *e = &graph->events[event];
    const uint16_t *hb = clock_at(engine, graph, event, CLOCK_HB);
    uint32_t floor = 0;
    for (uint32_t i = e->location_previous; i != TH_ENGINE_NO_EVENT;) {
        const struct event *other = &graph->events[i];
        if (other->index < hb[other->thread]) {
            uint32_t rank =
                other->kind == TH_EVENT_WRITE ? other->mo_rank : mo_rank_of(graph, other->source);
            floor = floor < rank ? rank : floor;
        }
        i = other->location_previous;
    }
    return floor;
}

uint64_t thi_model_rmw(const struct thi_operation *operation, uint64_t value)
{
    uint64_t operand = operation->value;
    if (operation->kind != TH_OP_RMW) {
        return operand & value_mask(operation->bytes);
    }
    switch (operation->rmw) {
    case TH_RMW_ADD: value += operand; break;
    case TH_RMW_SUB: value -= operand; break;
    case TH_RMW_OR: value |= operand; break;
    case TH_RMW_AND: value &= operand; break;
    case TH_RMW_XOR: value ^= operand; break;
    case TH_RMW_NAND: value = ~(value & operand); break;
    case TH_RMW_EXCHANGE: value = operand; break;
    }
    return value & value_mask(operation->bytes);
}

/* R9, R10: what a read is depends on the value if it is a compare-exchange's. */
static void read_form(const struct thi_engine *engine, struct event *e)
{
    const struct thi_operation *operation = &e->operation;
    e->exclusive = false;
    e->order = (uint8_t)operation->order;
    if (operation->kind == TH_OP_RMW) {
        e->exclusive = true;
    } else if (operation->kind == TH_OP_CAS || operation->kind == TH_OP_CAS_WEAK) {
        uint64_t mask = value_mask(operation->bytes);
        bool equal = (e->value & mask) == (operation->expected & mask);
        e->exclusive = (equal || !rule_on(engine, TH_RULE_CAS_COMPARES)) && !e->spurious;
        if (!e->exclusive && rule_on(engine, TH_RULE_CAS_FAILURE)) {
            e->order = (uint8_t)operation->failure_order;
        }
    }
}

/* Lets the read take `source`; what that makes known. The event is attached. */
void thi_model_read(struct thi_engine *engine, uint32_t event, uint32_t source)
{
    const struct graph *graph = graph_of(engine);
    struct event *e = &graph->events[event];
    uint8_t order_before = e->order;
    e->source = source;
    e->value = source == TH_ENGINE_INITIAL ? e->initial : graph->events[source].value;
    read_form(engine, e);
    engine->seq_cst_count += (uint32_t)(e->order == TH_ORDER_SEQ_CST);
    engine->seq_cst_count -= (uint32_t)(order_before == TH_ORDER_SEQ_CST);
    thi_model_clocks_begin(engine, event);
    if (source == TH_ENGINE_INITIAL) {
        return;
    }
    uint16_t *clocks = clock_at(engine, graph, event, CLOCK_HB);
    clock_join(clocks + CLOCK_PORF * engine->stride, clock_at(engine, graph, source, CLOCK_PORF),
               engine->stride);
    if (e->order == TH_ORDER_PLAIN && rule_on(engine, TH_RULE_PLAIN_READ)) {
        return; /* R15 */
    }
    const uint16_t *rel = clock_at(engine, graph, source, CLOCK_REL);
    bool rule = rule_on(engine, e->exclusive ? TH_RULE_RMW_ACQUIRE : TH_RULE_READ_ACQUIRE);
    if (order_acquires(e->order) && rule) { /* R3, R8 */
        clock_join(clocks + CLOCK_HB * engine->stride, rel, engine->stride);
    }
    clock_join(clocks + CLOCK_PENDING * engine->stride, rel, engine->stride); /* for R17 */
}

/* Whether the write may stand directly behind `previous`, which is not older than what its thread
 * has observed (R4). */
bool thi_model_may_stand(const struct thi_engine *engine, uint32_t event, uint32_t previous)
{
    const struct graph *graph = graph_of(engine);
    const struct event *e = &graph->events[event];
    uint32_t next = mo_behind(engine, graph, e->location, previous);
    if (next != TH_ENGINE_NO_EVENT) {
        if (!rule_on(engine, TH_RULE_WRITE_BETWEEN)) { /* R5 */
            return false;
        }
        if (graph->events[next].exclusive && rule_on(engine, TH_RULE_WRITE_ATOMICITY)) { /* R6 */
            return false;
        }
    }
    if (e->exclusive && rule_on(engine, TH_RULE_RMW_ADJACENT)) { /* R7, I3 */
        return graph->events[e->thread_previous].source == previous;
    }
    return true;
}

/* R14: the last release write of the thread to the location; not exact by the text of C11, which
 * wants no foreign write between, but this is RC11. */
static void release_same_thread(const struct thi_engine *engine, const struct graph *graph,
                                const struct event *e, uint16_t *rel)
{
    for (uint32_t i = e->thread_previous; i != TH_ENGINE_NO_EVENT;
         i = graph->events[i].thread_previous) {
        const struct event *earlier = &graph->events[i];
        if (earlier->kind == TH_EVENT_WRITE && earlier->location == e->location &&
            order_releases(earlier->order)) {
            clock_join(rel, clock_at(engine, graph, i, CLOCK_HB), engine->stride);
            return;
        }
    }
}

/* What the write hands to who acquires it. */
static void write_release(const struct thi_engine *engine, uint32_t event)
{
    const struct graph *graph = graph_of(engine);
    const struct event *e = &graph->events[event];
    if (e->order == TH_ORDER_PLAIN && rule_on(engine, TH_RULE_PLAIN_WRITE)) {
        return; /* R16 */
    }
    uint16_t *clocks = clock_at(engine, graph, event, CLOCK_HB);
    uint16_t *rel = clocks + CLOCK_REL * engine->stride;
    if (order_releases(e->order) && rule_on(engine, TH_RULE_RELEASE_WRITE)) { /* R11 */
        clock_join(rel, clocks + CLOCK_HB * engine->stride, engine->stride);
    }
    if (rule_on(engine, TH_RULE_RELEASE_FENCE)) { /* R12 */
        clock_join(rel, clocks + CLOCK_FENCE * engine->stride, engine->stride);
    }
    if (e->exclusive && rule_on(engine, TH_RULE_RELEASE_RMW)) { /* R13 */
        uint32_t source = graph->events[e->thread_previous].source;
        if (source != TH_ENGINE_INITIAL) {
            clock_join(rel, clock_at(engine, graph, source, CLOCK_REL), engine->stride);
        }
    }
    if (engine->options.c11_release_sequence && rule_on(engine, TH_RULE_RELEASE_SAME_THREAD)) {
        release_same_thread(engine, graph, e, rel);
    }
}

/* Puts the write directly behind `previous`. The event is attached. */
void thi_model_write(struct thi_engine *engine, uint32_t event, uint32_t previous)
{
    thi_graph_mo_insert(engine, event, previous);
    thi_model_clocks_begin(engine, event);
    write_release(engine, event);
}

static void other_thread_join(const struct thi_engine *engine, uint32_t event,
                              uint32_t thread_event)
{
    const struct graph *graph = graph_of(engine);
    if (thread_event == TH_ENGINE_NO_EVENT) {
        return;
    }
    for (int row = CLOCK_HB; row <= CLOCK_PORF; row++) {
        clock_join(clock_at(engine, graph, event, (enum clock_row)row),
                   clock_at(engine, graph, thread_event, (enum clock_row)row), engine->stride);
    }
}

/* The event of `thread` that created thread `child`. */
static uint32_t creation_find(const struct thi_engine *engine, uint32_t thread, uint32_t child)
{
    const struct graph *graph = graph_of(engine);
    uint32_t i = engine->threads[thread].event_last;
    while (i != TH_ENGINE_NO_EVENT &&
           (graph->events[i].kind != TH_EVENT_CREATE || graph->events[i].value != child)) {
        i = graph->events[i].thread_previous;
    }
    return i;
}

/* Fences, and the begin and end of threads. The event is attached. */
void thi_model_other(struct thi_engine *engine, uint32_t event)
{
    const struct graph *graph = graph_of(engine);
    const struct event *e = &graph->events[event];
    thi_model_clocks_begin(engine, event);
    uint16_t *clocks = clock_at(engine, graph, event, CLOCK_HB);
    uint16_t *hb = clocks + CLOCK_HB * engine->stride;
    if (e->kind == TH_EVENT_START) {
        other_thread_join(engine, event, creation_find(engine, (uint32_t)e->value, e->thread));
    } else if (e->kind == TH_EVENT_JOIN) {
        other_thread_join(engine, event, engine->threads[e->value].event_last);
    } else if (e->kind == TH_EVENT_FENCE || e->kind == TH_EVENT_HEAVY_FENCE) {
        if (order_acquires(e->order) && rule_on(engine, TH_RULE_ACQUIRE_FENCE)) { /* R17 */
            clock_join(hb, clocks + CLOCK_PENDING * engine->stride, engine->stride);
        }
        if (order_releases(e->order)) { /* for R12 */
            memcpy(clocks + CLOCK_FENCE * engine->stride, hb, engine->stride * sizeof *hb);
        }
    }
}

/* R18, R19: whether the access, the newest event, races with an earlier one of its location. The
 * initial write races with nothing. Only for locations with plain events in the graph. */
bool thi_model_races(const struct thi_engine *engine, uint32_t event, uint32_t *other)
{
    const struct graph *graph = graph_of(engine);
    const struct event *e = &graph->events[event];
    const uint16_t *hb = clock_at(engine, graph, event, CLOCK_HB);
    for (uint32_t i = e->location_previous; i != TH_ENGINE_NO_EVENT;
         i = graph->events[i].location_previous) {
        const struct event *o = &graph->events[i];
        bool conflict = e->kind == TH_EVENT_WRITE || o->kind == TH_EVENT_WRITE;
        bool plain = e->order == TH_ORDER_PLAIN || o->order == TH_ORDER_PLAIN;
        bool ordered = o->index < hb[o->thread] && rule_on(engine, TH_RULE_RACE_ORDERED);
        if (o->thread != e->thread && conflict && plain && !ordered &&
            rule_on(engine, TH_RULE_RACE)) {
            *other = i;
            return true;
        }
    }
    return false;
}
