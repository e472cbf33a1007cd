/* SPDX-License-Identifier: MIT
 * psc.c - the seq_cst axiom of RC11: partial-SC order must have no cycle.
 *
 *   rb   = a read before every write that comes after its source in modification order
 *   eco  = any chain of reads-from, modification order and rb
 *   sb'  = program order between events that are not on one location (fences are on none)
 *   scb  = program order, sb';hb;sb', hb on one location, modification order, rb      (R20 to R24)
 *   psc  = from a seq_cst event, or through hb from a seq_cst fence (R25), over scb, to a seq_cst
 *          event, or through hb to a seq_cst fence (R26); and from fence to fence over hb;eco;hb
 *          (R27; hb alone between fences follows from the first part)
 * Initial writes are left out: nothing leads to them.
 *
 * All of it only grows when events are added, so a cycle ends a search branch for good; and it need
 * not be looked for where the new event leads nowhere. Relations are rows of bits, one row an
 * event; the common case is one word a row.
 *
 * A heavy fence is a seq_cst fence of its own thread and, at the same moment, of each other thread
 * u at *some* point of u's course: for each u there must be a point such that the fence merged with
 * it makes no cycle. Each u is looked at by itself, which allows a little more than the machine
 * does, never less.
 */
#include "engine/engine_priv.h"

#include <stdlib.h>

/* Rows by event, then one by thread. */
enum row { ROW_BEFORE, ROW_AFTER, ROW_SB, ROW_LOCATION, ROW_MO, ROW_READERS, ROW_KINDS };

struct psc {
    const struct thi_engine *engine;
    const struct graph *graph;
    uint64_t *rows;    /* ROW_KINDS blocks of count rows */
    uint64_t *threads; /* a row for each (thread, index) below its count: events of that prefix */
    uint32_t *nodes;   /* seq_cst events */
    uint64_t *out;     /* by node: what scb reaches from it */
    uint64_t *in;      /* by node: from where it is reached */
    uint64_t *edges;   /* by node: bits of nodes */
    uint64_t *spare;   /* two rows */
    uint32_t count;
    uint32_t words;
    uint32_t node_count;
    uint32_t node_words;
    /* The other half of the heavy fence under examination. */
    uint32_t heavy; /* its node; UINT32_MAX: none */
    uint32_t heavy_thread;
    uint32_t heavy_index; /* events of the thread below it come before the fence */
};

#define ALWAYS_INLINE inline __attribute__((always_inline))

static ALWAYS_INLINE uint64_t *row_of(const struct psc *psc, enum row row, uint32_t event,
                                      uint32_t words)
{
    return psc->rows + ((size_t)row * psc->count + event) * words;
}

static ALWAYS_INLINE void row_or(uint64_t *row, const uint64_t *other, uint32_t words)
{
    for (uint32_t i = 0; i < words; i++) {
        row[i] |= other[i];
    }
}

static ALWAYS_INLINE void bit_set(uint64_t *row, uint32_t bit)
{
    row[bit / 64] |= (uint64_t)1 << bit % 64;
}

static ALWAYS_INLINE bool bit_get(const uint64_t *row, uint32_t bit)
{
    return (row[bit / 64] >> bit % 64 & 1) != 0;
}

static ALWAYS_INLINE bool rows_meet(const uint64_t *a, const uint64_t *b, uint32_t words)
{
    for (uint32_t i = 0; i < words; i++) {
        if ((a[i] & b[i]) != 0) {
            return true;
        }
    }
    return false;
}

/* Lowest bit at or above `from`; `count` if there is none. */
static ALWAYS_INLINE uint32_t bit_next(const uint64_t *row, uint32_t from, uint32_t count)
{
    while (from < count) {
        uint64_t word = row[from / 64] >> from % 64;
        if (word != 0) {
            return from + (uint32_t)__builtin_ctzll(word);
        }
        from = (from / 64 + 1) * 64;
    }
    return count;
}

#define FOR_BITS(i_, row_, count_)                                     \
    for (uint32_t i_ = bit_next((row_), 0, (count_)); (i_) < (count_); \
         i_ = bit_next((row_), (i_) + 1, (count_)))

/* Program order, and which events happen before each. */
static ALWAYS_INLINE void rows_hb(const struct psc *psc, uint32_t words)
{
    const struct graph *graph = psc->graph;
    const struct thi_engine *engine = psc->engine;
    uint32_t first_of[TH_ENGINE_THREADS_LIMIT];
    uint32_t thread_count = engine->thread_count, offset = 0;
    for (uint32_t t = 0; t < thread_count; t++) {
        first_of[t] = offset;
        offset += engine->threads[t].event_count;
    }
    for (uint32_t i = 0; i < psc->count; i++) {
        const struct event *e = &graph->events[i];
        uint64_t *prefix = psc->threads + (size_t)(first_of[e->thread] + e->index) * words;
        if (e->index > 0) {
            memcpy(prefix, prefix - words, words * sizeof *prefix);
        }
        bit_set(prefix, i);
        const uint16_t *hb = clock_at(engine, graph, i, CLOCK_HB);
        uint64_t *before = row_of(psc, ROW_BEFORE, i, words);
        for (uint32_t t = 0; t < thread_count; t++) {
            uint32_t known = hb[t];
            if (known > 0) {
                row_or(before, psc->threads + (size_t)(first_of[t] + known - 1) * words, words);
            }
        }
        before[i / 64] &= ~((uint64_t)1 << i % 64);
        FOR_BITS(b, before, psc->count)
        {
            bit_set(row_of(psc, ROW_AFTER, b, words), i);
        }
        if (e->index > 0) {
            FOR_BITS(b, prefix - words, psc->count)
            {
                bit_set(row_of(psc, ROW_SB, b, words), i);
            }
        }
    }
}

/* Same location, modification order, who reads a write. */
static ALWAYS_INLINE void rows_locations(const struct psc *psc, uint32_t words)
{
    const struct graph *graph = psc->graph;
    for (uint32_t i = 0; i < psc->count; i++) {
        const struct event *e = &graph->events[i];
        if (e->location == TH_NO_LOCATION) {
            continue;
        }
        const struct location *location = &psc->engine->locations[e->location];
        uint64_t *row = row_of(psc, ROW_LOCATION, location->event_last, words);
        bit_set(row, i);
        if (e->kind == TH_EVENT_READ) {
            if (e->source != TH_ENGINE_INITIAL) {
                bit_set(row_of(psc, ROW_READERS, e->source, words), i);
            }
            continue;
        }
        for (uint32_t w = e->mo_next; w != TH_ENGINE_NO_EVENT; w = graph->events[w].mo_next) {
            bit_set(row_of(psc, ROW_MO, i, words), w);
        }
    }
}

/* All writes that come after what the read took. */
static ALWAYS_INLINE void rb_or(const struct psc *psc, uint32_t read, uint64_t *row, uint32_t words)
{
    const struct event *e = &psc->graph->events[read];
    if (e->source != TH_ENGINE_INITIAL) {
        row_or(row, row_of(psc, ROW_MO, e->source, words), words);
        return;
    }
    uint32_t first = psc->engine->locations[e->location].mo_first;
    if (first != TH_ENGINE_NO_EVENT) {
        bit_set(row, first);
        row_or(row, row_of(psc, ROW_MO, first, words), words);
    }
}

static ALWAYS_INLINE const uint64_t *location_row(const struct psc *psc, uint32_t event,
                                                  uint32_t words)
{
    uint32_t location = psc->graph->events[event].location;
    return location == TH_NO_LOCATION
               ? NULL
               : row_of(psc, ROW_LOCATION, psc->engine->locations[location].event_last, words);
}

/* R21: what sb';hb;sb' reaches from the event. */
static ALWAYS_INLINE void detour_or(const struct psc *psc, uint32_t event, uint64_t *row,
                                    uint32_t words)
{
    const uint64_t *here = location_row(psc, event, words);
    const uint64_t *sb = row_of(psc, ROW_SB, event, words);
    uint64_t *reached = psc->spare;
    memset(reached, 0, words * sizeof *reached);
    FOR_BITS(b, sb, psc->count)
    {
        if (here != NULL && bit_get(here, b)) {
            continue;
        }
        row_or(reached, row_of(psc, ROW_AFTER, b, words), words);
        break; /* later events of the thread reach no more */
    }
    FOR_BITS(c, reached, psc->count)
    {
        const uint64_t *there = location_row(psc, c, words);
        const uint64_t *next = row_of(psc, ROW_SB, c, words);
        for (uint32_t i = 0; i < words; i++) {
            row[i] |= there == NULL ? next[i] : next[i] & ~there[i];
        }
    }
}

static ALWAYS_INLINE void scb_or(const struct psc *psc, uint32_t event, uint64_t *row,
                                 uint32_t words)
{
    const struct thi_engine *engine = psc->engine;
    const struct event *e = &psc->graph->events[event];
    if (rule_on(engine, TH_RULE_PSC_SB)) {
        row_or(row, row_of(psc, ROW_SB, event, words), words);
    }
    if (rule_on(engine, TH_RULE_PSC_HB)) {
        detour_or(psc, event, row, words);
    }
    const uint64_t *here = location_row(psc, event, words);
    if (here == NULL) {
        return;
    }
    if (rule_on(engine, TH_RULE_PSC_HB_LOCATION)) {
        const uint64_t *after = row_of(psc, ROW_AFTER, event, words);
        for (uint32_t i = 0; i < words; i++) {
            row[i] |= after[i] & here[i];
        }
    }
    if (e->kind == TH_EVENT_WRITE && rule_on(engine, TH_RULE_PSC_MO)) {
        row_or(row, row_of(psc, ROW_MO, event, words), words);
    }
    if (e->kind == TH_EVENT_READ && rule_on(engine, TH_RULE_PSC_RB)) {
        rb_or(psc, event, row, words);
    }
}

/* What any chain of communication reaches from the event. */
static ALWAYS_INLINE void eco_or(const struct psc *psc, uint32_t event, uint64_t *row,
                                 uint32_t words)
{
    const struct event *e = &psc->graph->events[event];
    if (e->location == TH_NO_LOCATION) {
        return;
    }
    uint64_t *writes = psc->spare;
    memset(writes, 0, words * sizeof *writes);
    if (e->kind == TH_EVENT_WRITE) {
        row_or(writes, row_of(psc, ROW_MO, event, words), words);
        row_or(row, row_of(psc, ROW_READERS, event, words), words);
    } else {
        rb_or(psc, event, writes, words);
    }
    row_or(row, writes, words);
    FOR_BITS(w, writes, psc->count)
    {
        row_or(row, row_of(psc, ROW_READERS, w, words), words);
    }
}

static bool is_fence(const struct event *e)
{
    return e->kind == TH_EVENT_FENCE || e->kind == TH_EVENT_HEAVY_FENCE;
}

/* Events that happen after the fence; for a heavy one also after its other half. */
static ALWAYS_INLINE void fence_after(const struct psc *psc, uint32_t node, uint64_t *row,
                                      uint32_t words)
{
    row_or(row, row_of(psc, ROW_AFTER, psc->nodes[node], words), words);
    for (uint32_t i = 0; node == psc->heavy && i < psc->count; i++) {
        const struct event *e = &psc->graph->events[i];
        if (e->thread == psc->heavy_thread && e->index >= psc->heavy_index) {
            bit_set(row, i);
            row_or(row, row_of(psc, ROW_AFTER, i, words), words);
        }
    }
}

static ALWAYS_INLINE void fence_before(const struct psc *psc, uint32_t node, uint64_t *row,
                                       uint32_t words)
{
    row_or(row, row_of(psc, ROW_BEFORE, psc->nodes[node], words), words);
    for (uint32_t i = 0; node == psc->heavy && i < psc->count; i++) {
        const struct event *e = &psc->graph->events[i];
        if (e->thread == psc->heavy_thread && e->index < psc->heavy_index) {
            bit_set(row, i);
            row_or(row, row_of(psc, ROW_BEFORE, i, words), words);
        }
    }
}

/* What a path of psc may have behind its first step from the node, and before its last step to it;
 * the edges for R27. */
static ALWAYS_INLINE void node_rows(const struct psc *psc, uint32_t node, uint32_t words)
{
    const struct thi_engine *engine = psc->engine;
    uint32_t event = psc->nodes[node];
    uint64_t *out = psc->out + (size_t)node * words;
    uint64_t *in = psc->in + (size_t)node * words;
    memset(out, 0, words * sizeof *out);
    memset(in, 0, words * sizeof *in);
    bit_set(in, event);
    scb_or(psc, event, out, words);
    if (!is_fence(&psc->graph->events[event])) {
        return;
    }
    uint64_t *after = psc->spare + words;
    memset(after, 0, words * sizeof *after);
    fence_after(psc, node, after, words);
    if (rule_on(engine, TH_RULE_PSC_FENCE_BEFORE)) { /* R25 */
        FOR_BITS(a, after, psc->count)
        {
            scb_or(psc, a, out, words);
        }
    }
    if (rule_on(engine, TH_RULE_PSC_FENCE_AFTER)) { /* R26 */
        fence_before(psc, node, in, words);
    }
}

/* R27: what hb;eco reaches from a fence. */
static ALWAYS_INLINE void fence_eco(const struct psc *psc, uint32_t node, uint64_t *row,
                                    uint32_t words)
{
    uint64_t *after = psc->spare + words;
    memset(after, 0, words * sizeof *after);
    fence_after(psc, node, after, words);
    FOR_BITS(a, after, psc->count)
    {
        eco_or(psc, a, row, words);
    }
}

static ALWAYS_INLINE void edges_make(const struct psc *psc, uint32_t words)
{
    memset(psc->edges, 0, (size_t)psc->node_count * psc->node_words * sizeof *psc->edges);
    for (uint32_t from = 0; from < psc->node_count; from++) {
        const uint64_t *out = psc->out + (size_t)from * words;
        for (uint32_t to = 0; to < psc->node_count; to++) {
            if (rows_meet(out, psc->in + (size_t)to * words, words)) {
                bit_set(psc->edges + (size_t)from * psc->node_words, to);
            }
        }
    }
    if (!rule_on(psc->engine, TH_RULE_PSC_FENCE_ECO)) {
        return;
    }
    uint64_t *before = psc->spare + 2 * words, *eco = psc->spare + 3 * words;
    for (uint32_t from = 0; from < psc->node_count; from++) {
        if (!is_fence(&psc->graph->events[psc->nodes[from]])) {
            continue;
        }
        memset(eco, 0, words * sizeof *eco);
        fence_eco(psc, from, eco, words);
        for (uint32_t to = 0; to < psc->node_count; to++) {
            if (!is_fence(&psc->graph->events[psc->nodes[to]])) {
                continue;
            }
            memset(before, 0, words * sizeof *before);
            fence_before(psc, to, before, words);
            if (rows_meet(eco, before, words)) {
                bit_set(psc->edges + (size_t)from * psc->node_words, to);
            }
        }
    }
}

/* Takes away nodes that lead nowhere until none is left, or a cycle is. */
static bool edges_cyclic(const struct psc *psc)
{
    uint64_t *left = psc->spare;
    uint32_t words = psc->node_words, remaining = psc->node_count;
    memset(left, 0, words * sizeof *left);
    for (uint32_t i = 0; i < remaining; i++) {
        bit_set(left, i);
    }
    for (bool progress = true; progress && remaining > 0;) {
        progress = false;
        FOR_BITS(i, left, psc->node_count)
        {
            if (!rows_meet(psc->edges + (size_t)i * words, left, words)) {
                left[i / 64] &= ~((uint64_t)1 << i % 64);
                remaining--;
                progress = true;
            }
        }
    }
    return remaining > 0;
}

static ALWAYS_INLINE bool psc_cyclic(const struct psc *psc, uint32_t words)
{
    for (uint32_t i = 0; i < psc->node_count; i++) {
        node_rows(psc, i, words);
    }
    edges_make(psc, words);
    return edges_cyclic(psc);
}

/* Whether each other thread has a point at which the heavy fence `node` may have struck it. */
static bool heavy_possible(struct psc *psc, uint32_t node)
{
    const struct thi_engine *engine = psc->engine;
    uint32_t own = psc->graph->events[psc->nodes[node]].thread;
    psc->heavy = node;
    bool possible = true;
    for (uint32_t t = 0; t < engine->thread_count && possible; t++) {
        if (t == own || engine->threads[t].event_count == 0) {
            continue;
        }
        possible = false;
        psc->heavy_thread = t;
        for (uint32_t i = 0; i <= engine->threads[t].event_count && !possible; i++) {
            psc->heavy_index = i;
            possible = !psc_cyclic(psc, psc->words);
        }
    }
    psc->heavy = UINT32_MAX;
    return possible;
}

/* Places everything in the engine's scratch memory. */
static bool psc_init(struct psc *psc, struct thi_engine *engine)
{
    const struct graph *graph = graph_of(engine);
    uint32_t nodes = engine->seq_cst_count + engine->heavy_fence_count;
    uint32_t words = (graph->count + 63) / 64, node_words = (nodes + 63) / 64;
    size_t rows = ((size_t)ROW_KINDS + 1) * graph->count * words;
    size_t node_rows_size = (size_t)nodes * (2 * words + node_words);
    size_t spare = 4 * (words > node_words ? words : node_words);
    size_t total = rows + node_rows_size + spare + nodes;
    if (total > engine->scratch_words) {
        free(engine->scratch);
        engine->scratch_words = 2 * total;
        engine->scratch = malloc(engine->scratch_words * sizeof *engine->scratch);
        if (engine->scratch == NULL) {
            engine->scratch_words = 0;
            engine->broken = true;
            return false;
        }
    }
    memset(engine->scratch, 0, rows * sizeof *engine->scratch);
    uint64_t *at = engine->scratch;
    *psc = (struct psc){.engine = engine,
                        .graph = graph,
                        .rows = at,
                        .count = graph->count,
                        .words = words,
                        .node_words = node_words,
                        .heavy = UINT32_MAX};
    psc->threads = at + (size_t)ROW_KINDS * graph->count * words;
    psc->out = at + rows;
    psc->in = psc->out + (size_t)nodes * words;
    psc->edges = psc->in + (size_t)nodes * words;
    psc->spare = psc->edges + (size_t)nodes * node_words;
    psc->nodes = (uint32_t *)(psc->spare + spare);
    for (uint32_t i = 0; i < graph->count; i++) {
        const struct event *e = &graph->events[i];
        if (e->kind == TH_EVENT_HEAVY_FENCE ||
            (e->order == TH_ORDER_SEQ_CST && e->kind <= TH_EVENT_FENCE)) {
            psc->nodes[psc->node_count++] = i;
        }
    }
    return true;
}

/* Whether nothing of any relation leads from the newest event to another one: a write that is last,
 * a read of the last write, or neither. Then it is on no cycle. */
static bool event_is_last(const struct thi_engine *engine, uint32_t event)
{
    const struct event *e = &graph_of(engine)->events[event];
    if (e->kind == TH_EVENT_WRITE) {
        return e->mo_next == TH_ENGINE_NO_EVENT;
    }
    return e->kind != TH_EVENT_READ || e->source == mo_end(engine, e->location);
}

/* Whether the graph obeys the axiom, as it did before the event was added (and maybe a read of it,
 * on top). */
bool thi_psc_consistent(struct thi_engine *engine, uint32_t event)
{
    if (engine->seq_cst_count + engine->heavy_fence_count < 2 && engine->heavy_fence_count == 0) {
        return true;
    }
    if (event_is_last(engine, event)) {
        return true;
    }
    struct psc psc;
    if (!psc_init(&psc, engine)) {
        return false;
    }
    bool cyclic;
    if (psc.words == 1) {
        rows_hb(&psc, 1);
        rows_locations(&psc, 1);
        cyclic = psc_cyclic(&psc, 1);
    } else {
        rows_hb(&psc, psc.words);
        rows_locations(&psc, psc.words);
        cyclic = psc_cyclic(&psc, psc.words);
    }
    for (uint32_t i = 0; i < psc.node_count && !cyclic; i++) {
        if (graph_of(engine)->events[psc.nodes[i]].kind == TH_EVENT_HEAVY_FENCE) {
            cyclic = !heavy_possible(&psc, i);
        }
    }
    return !cyclic;
}
