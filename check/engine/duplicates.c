/* SPDX-License-Identifier: MIT
 * duplicates.c - for tests: remembers every complete graph, to see that none comes twice.
 *
 * A graph is known by a hash of 64 bits: the sum, over its events, of a hash of what the event is
 * and of which events it reads from or stands behind, all named by (thread, index in the thread).
 */
#include "engine/engine_priv.h"

#include <stdlib.h>

enum { SEEN_FIRST = 1024 };

static uint64_t mix(uint64_t a, uint64_t b)
{
    uint64_t z = (a ^ b) * 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 29)) * 0xbf58476d1ce4e5b9u;
    return z ^ (z >> 32);
}

static uint64_t event_name(const struct graph *graph, uint32_t event)
{
    if (event == TH_ENGINE_INITIAL) {
        return UINT64_MAX;
    }
    return (uint64_t)graph->events[event].thread << 32 | graph->events[event].index;
}

static uint64_t graph_hash(const struct graph *graph)
{
    uint64_t sum = 1;
    for (uint32_t i = 0; i < graph->count; i++) {
        const struct event *e = &graph->events[i];
        uint64_t hash = mix(event_name(graph, i), (uint64_t)e->kind << 8 | e->exclusive);
        hash = mix(hash, e->location);
        if (e->kind == TH_EVENT_READ) {
            hash = mix(hash, event_name(graph, e->source));
        } else if (e->kind == TH_EVENT_WRITE) {
            hash = mix(hash, event_name(graph, e->mo_previous) + 1);
        }
        sum += mix(hash, e->value);
    }
    return sum == 0 ? 1 : sum;
}

/* False: it was there. */
static bool seen_insert(uint64_t *seen, uint64_t mask, uint64_t hash)
{
    uint64_t slot = hash & mask;
    while (seen[slot] != 0) {
        if (seen[slot] == hash) {
            return false;
        }
        slot = (slot + 1) & mask;
    }
    seen[slot] = hash;
    return true;
}

static bool seen_grow(struct thi_engine *engine)
{
    uint64_t size = engine->seen == NULL ? SEEN_FIRST : 2 * (engine->seen_mask + 1);
    uint64_t *seen = calloc(size, sizeof *seen);
    if (seen == NULL) {
        engine->broken = true;
        return false;
    }
    for (uint64_t i = 0; engine->seen != NULL && i <= engine->seen_mask; i++) {
        if (engine->seen[i] != 0) {
            seen_insert(seen, size - 1, engine->seen[i]);
        }
    }
    free(engine->seen);
    engine->seen = seen;
    engine->seen_mask = size - 1;
    return true;
}

void thi_duplicates_check(struct thi_engine *engine)
{
    if (engine->seen == NULL || engine->seen_count * 2 > engine->seen_mask) {
        if (!seen_grow(engine)) {
            return;
        }
    }
    if (seen_insert(engine->seen, engine->seen_mask, graph_hash(graph_of(engine)))) {
        engine->seen_count++;
    } else {
        engine->result->duplicates++;
    }
}
