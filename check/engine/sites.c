/* SPDX-License-Identifier: MIT
 * sites.c - call sites: orders put in place of the program's, and what was seen at each.
 */
#include "engine/engine_priv.h"

#include <stdlib.h>

enum { SITES_FIRST = 64, SITES_LIMIT = 1 << 20 };

struct site {
    struct thi_site_counters counters;
    uint64_t run_marked; /* executions counted when it was last seen */
    uint64_t run_threads;
    uint8_t override;
    uint8_t failure_override;
};

struct sites {
    struct site *list;
    uint32_t count; /* highest seen or overridden, plus 1 */
    uint32_t capacity;
    bool overridden;
    uint64_t executions;
};

struct sites *thi_sites_new(void)
{
    return calloc(1, sizeof(struct sites));
}

void thi_sites_free(struct sites *sites)
{
    if (sites != NULL) {
        free(sites->list);
        free(sites);
    }
}

/* Counters to zero; overrides stay. */
void thi_sites_reset(struct sites *sites)
{
    for (uint32_t i = 0; i < sites->count; i++) {
        sites->list[i].counters = (struct thi_site_counters){.events = 0};
        sites->list[i].run_marked = 0;
    }
    sites->executions = 0;
}

static struct site *site_at(struct sites *sites, uint32_t number)
{
    if (number >= SITES_LIMIT) {
        return NULL;
    }
    if (number >= sites->capacity) {
        uint32_t capacity = sites->capacity == 0 ? SITES_FIRST : sites->capacity;
        while (capacity <= number) {
            capacity *= 2;
        }
        struct site *list = realloc(sites->list, capacity * sizeof *list);
        if (list == NULL) {
            return NULL;
        }
        sites->list = list;
        sites->capacity = capacity;
    }
    for (; sites->count <= number; sites->count++) {
        sites->list[sites->count] =
            (struct site){.override = TH_ORDER_NONE, .failure_override = TH_ORDER_NONE};
    }
    return &sites->list[number];
}

bool thi_engine_site_override(struct thi_engine *engine, uint32_t number, enum thi_order order,
                              enum thi_order failure_order)
{
    struct site *site = site_at(engine->sites, number);
    if (site == NULL) {
        return false;
    }
    site->override = (uint8_t)order;
    site->failure_override = (uint8_t)failure_order;
    engine->sites->overridden = true;
    return true;
}

void thi_engine_site_overrides_clear(struct thi_engine *engine)
{
    struct sites *sites = engine->sites;
    for (uint32_t i = 0; i < sites->count; i++) {
        sites->list[i].override = TH_ORDER_NONE;
        sites->list[i].failure_override = TH_ORDER_NONE;
    }
    sites->overridden = false;
}

/* Puts the orders of the table in place of the program's. What the program said is counted. */
void thi_sites_apply(struct thi_engine *engine, struct thi_operation *operation)
{
    struct sites *sites = engine->sites;
    if (!sites->overridden && !engine->options.coverage) {
        return;
    }
    if (operation->kind > TH_OP_HEAVY_FENCE) {
        return;
    }
    struct site *site = site_at(sites, operation->site);
    if (site == NULL) {
        return;
    }
    bool cas = operation->kind == TH_OP_CAS || operation->kind == TH_OP_CAS_WEAK;
    site->counters.kinds |= 1u << operation->kind;
    site->counters.orders |= 1u << operation->order;
    site->counters.failure_orders |= cas ? 1u << operation->failure_order : 0;
    if (site->override != TH_ORDER_NONE) {
        operation->order = (enum thi_order)site->override;
    }
    if (site->failure_override != TH_ORDER_NONE) {
        operation->failure_order = (enum thi_order)site->failure_override;
    }
}

/* Whether another thread's access of the location conflicts with the event and is not ordered with
 * it by happens-before. */
static bool event_contended(const struct thi_engine *engine, uint32_t number)
{
    const struct graph *graph = graph_of(engine);
    const struct event *e = &graph->events[number];
    if (e->location == TH_NO_LOCATION) {
        return false;
    }
    const uint16_t *hb = clock_at(engine, graph, number, CLOCK_HB);
    for (uint32_t i = engine->locations[e->location].event_last; i != TH_ENGINE_NO_EVENT;
         i = graph->events[i].location_previous) {
        const struct event *o = &graph->events[i];
        bool conflict = e->kind == TH_EVENT_WRITE || o->kind == TH_EVENT_WRITE;
        if (o->thread == e->thread || !conflict || o->index < hb[o->thread]) {
            continue;
        }
        if (e->index >= clock_at(engine, graph, i, CLOCK_HB)[e->thread]) {
            return true;
        }
    }
    return false;
}

static void event_count(struct thi_engine *engine, uint32_t number)
{
    const struct event *e = &graph_of(engine)->events[number];
    struct sites *sites = engine->sites;
    struct site *site = site_at(sites, e->operation.site);
    if (site == NULL || e->kind > TH_EVENT_HEAVY_FENCE || e->order == TH_ORDER_PLAIN) {
        return;
    }
    struct thi_site_counters *counters = &site->counters;
    if (site->run_marked != sites->executions) {
        site->run_marked = sites->executions;
        site->run_threads = 0;
        counters->executions++;
    }
    site->run_threads |= (uint64_t)1 << e->thread;
    uint32_t threads = (uint32_t)__builtin_popcountll(site->run_threads);
    counters->threads = counters->threads < threads ? threads : counters->threads;
    if (e->kind == TH_EVENT_WRITE && e->exclusive) {
        return; /* its read was counted */
    }
    counters->events++;
    if (e->kind == TH_EVENT_READ && !e->exclusive && e->source != mo_end(engine, e->location)) {
        counters->stale++;
    }
}

/* Counts a complete execution. */
void thi_sites_count(struct thi_engine *engine)
{
    struct sites *sites = engine->sites;
    struct thi_engine_result *result = engine->result;
    bool coverage = engine->options.coverage, contended = false;
    result->heavy_fences += engine->heavy_fence_count;
    if (!coverage && result->contended > 0) {
        return; /* that there was one is all that is asked */
    }
    sites->executions++;
    for (uint32_t i = 0; i < graph_of(engine)->count; i++) {
        bool event = event_contended(engine, i);
        contended = contended || event;
        if (!coverage) {
            continue;
        }
        event_count(engine, i);
        struct site *site = site_at(sites, graph_of(engine)->events[i].operation.site);
        if (event && site != NULL) {
            site->counters.contended++;
        }
    }
    result->contended += contended;
}

bool thi_engine_site_counters(const struct thi_engine *engine, uint32_t number,
                              struct thi_site_counters *counters)
{
    const struct sites *sites = engine->sites;
    if (number >= sites->count || sites->list[number].counters.kinds == 0) {
        return false;
    }
    *counters = sites->list[number].counters;
    return true;
}

uint32_t thi_engine_site_count(const struct thi_engine *engine)
{
    return engine->sites->count;
}

/* Adds what a worker counted. */
void thi_sites_add(struct sites *sites, const struct thi_site_counters *counters, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        struct site *site = site_at(sites, i);
        if (site == NULL) {
            return;
        }
        struct thi_site_counters *sum = &site->counters;
        sum->executions += counters[i].executions;
        sum->events += counters[i].events;
        sum->stale += counters[i].stale;
        sum->contended += counters[i].contended;
        sum->orders |= counters[i].orders;
        sum->failure_orders |= counters[i].failure_orders;
        sum->kinds |= counters[i].kinds;
        if (sum->threads < counters[i].threads) {
            sum->threads = counters[i].threads;
        }
    }
}
