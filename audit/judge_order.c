/* SPDX-License-Identifier: MIT
 * judge_order.c - plain stores that the source has before a call which may release, and the machine
 *                 code behind it.
 *
 * Compilers that know the memory to be new, and given to nobody yet, move stores to it out of
 * loops, past calls that may release: who acquires from the call, and is given the memory later by
 * other means, does not see them. In the source the call comes behind the store on every way out of
 * the function; in the machine code there is a way without it.
 *
 * Sources      LLVM issue 64188, by Sung-Hwan Lee: the fault, and why it is one.
 */
#include "graph.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CALLS_DEEP_MAX = 8 };

/* Is it a call of `name`; NULL: of what a register says? */
static bool is_call_of(const struct thi_step *step, const char *name, size_t bytes)
{
    return step->kind == TH_STEP_CALL && (step->callee == NULL) == (name == NULL) &&
           (name == NULL ||
            (step->callee_bytes == bytes && memcmp(step->callee, name, bytes) == 0));
}

/* Functions of the C library that order nothing for other threads. */
static bool is_known(const char *name, size_t bytes)
{
    static const char *const names =
        "malloc calloc realloc free aligned_alloc posix_memalign memcpy memmove memset memcmp "
        "memchr strlen strcmp strncmp strcpy strncpy strcat strchr strrchr strstr strtol strtoul "
        "strtoull abs labs exit abort snprintf sprintf qsort bsearch";
    char copy[32];
    snprintf(copy, sizeof copy, "%.*s", (int)(bytes < 31 ? bytes : 31), name);
    return thi_one_of(copy, names);
}

/* May a call of the function be a release? Of functions elsewhere nothing is known. */
static bool may_release(const struct thi_graph *graph, const char *name, size_t bytes,
                        unsigned depth)
{
    const struct thi_graph_function *function =
        name == NULL ? NULL : thi_graph_find(graph, name, bytes);
    if (function == NULL || depth == CALLS_DEEP_MAX) {
        return name == NULL || !is_known(name, bytes);
    }
    size_t end = graph->blocks[function->end_block - 1].end_step;
    bool releases = false;
    for (size_t s = graph->blocks[function->first_block].first_step; s < end && !releases; s++) {
        const struct thi_step *step = &graph->steps[s];
        releases = (step->kind == TH_STEP_ATOMIC && thi_wants_release(&step->wish)) ||
                   (step->kind == TH_STEP_CALL && !is_call_of(step, name, bytes) &&
                    may_release(graph, step->callee, step->callee_bytes, depth + 1));
    }
    return releases;
}

struct order {
    struct thi_audit *audit;
    const struct thi_graph_function *function;
    const struct thi_step *call;
    bool *marks; /* instructions that are such calls, or that nothing comes behind */
    bool *ends;  /* calls that do not come back */
};

static bool is_named(const char *callee, const struct thi_step *call)
{
    return strncmp(callee, call->callee, call->callee_bytes) == 0 &&
           strchr("+-@.", callee[call->callee_bytes]) != NULL;
}

/* In the source, calls that do not come back end a block which leads nowhere. */
static void ends_find(struct order *order)
{
    const struct thi_graph *graph = order->audit->graph;
    const struct thi_code *code = &order->audit->code;
    for (size_t b = 0; b < graph->block_count; b++) {
        const struct thi_block *block = &graph->blocks[b];
        bool dead = !block->leaves && block->first_edge == block->end_edge;
        const struct thi_step *last =
            dead && block->end_step > block->first_step ? &graph->steps[block->end_step - 1] : NULL;
        if (last == NULL || last->kind != TH_STEP_CALL || last->callee == NULL) {
            continue;
        }
        for (uint32_t i = 0; i < code->count; i++) {
            bool call = (code->instructions[i].event.flags & TH_EVENT_CALL) != 0;
            const char *callee = call ? thi_flow_callee(code, i) : NULL;
            order->ends[i] = order->ends[i] || (callee != NULL && is_named(callee, last));
        }
    }
}

/* Marks the calls in the machine code. False: there are none, or the function was inlined
 * somewhere. */
static bool calls_mark(struct order *order)
{
    const struct thi_code *code = &order->audit->code;
    const struct thi_step *call = order->call;
    bool found = false;
    for (uint32_t i = 0; i < code->count; i++) {
        const struct thi_instruction *at = &code->instructions[i];
        const uint32_t goes = TH_EVENT_CALL | TH_EVENT_JUMP | TH_EVENT_BRANCH;
        order->marks[i] = order->ends[i];
        bool inlined = call->callee != NULL && at->place.inner != NULL &&
                       strlen(at->place.inner) == call->callee_bytes &&
                       memcmp(at->place.inner, call->callee, call->callee_bytes) == 0 &&
                       !thi_same_function(code->functions[at->function].name, at->place.inner);
        if (inlined) {
            return false;
        }
        if ((at->event.flags & goes) == 0 || (at->event.flags & TH_EVENT_RETURN) != 0) {
            continue;
        }
        bool leaves = (at->event.flags & TH_EVENT_CALL) != 0 || at->event.target == UINT32_MAX;
        const char *callee = leaves ? thi_flow_callee(code, i) : NULL;
        bool same = call->callee == NULL ? leaves && callee == NULL
                                         : callee != NULL && is_named(callee, call);
        order->marks[i] = same || order->ends[i];
        found = found || same;
    }
    return found;
}

/* Are there calls in the machine function that an instruction stands in? */
static bool is_called_from(const struct order *order, uint32_t index)
{
    const struct thi_code *code = &order->audit->code;
    const struct thi_function *function = &code->functions[code->instructions[index].function];
    for (size_t i = function->first; i < function->end; i++) {
        if (order->marks[i] && !order->ends[i]) {
            return true;
        }
    }
    return false;
}

static bool moved_report(struct order *order, const struct thi_step *store, uint32_t index)
{
    struct thi_audit *audit = order->audit;
    const struct thi_instruction *at = &audit->code.instructions[index];
    struct thi_site site = {.function = audit->code.functions[at->function].name,
                            .place = store->place,
                            .via = at->via,
                            .verdict = TH_REJECTED,
                            .instruction_count = 1,
                            .wish = {.operation = TH_STORE, .bytes = at->event.bytes}};
    site.instructions[0] = index;
    strcpy(site.wish.name, "plain store");
    const struct thi_step *call = order->call;
    snprintf(site.reason, sizeof site.reason,
             "the compiler has put it behind the call of %.*s in line %u, which may release",
             call->callee == NULL ? 11 : (int)call->callee_bytes,
             call->callee == NULL ? "an unknown" : call->callee, call->place.line);
    if (!thi_audit_grow((void **)&audit->sites, audit->site_count, &audit->site_capacity,
                        sizeof *audit->sites)) {
        return false;
    }
    audit->sites[audit->site_count++] = site;
    return true;
}

static bool is_quiet(const struct thi_audit *audit, const struct thi_place *place)
{
    for (size_t i = 0; i < audit->quiet.count; i++) {
        const struct thi_place *quiet = &audit->quiet.items[i].place;
        if (thi_same_place(quiet, place) &&
            (place->line != 0 || thi_same_function(quiet->inner, place->inner))) {
            return true;
        }
    }
    return false;
}

/* All that became of a store must have a call behind it. */
static bool store_judge(struct order *order, const struct thi_step *store)
{
    struct thi_audit *audit = order->audit;
    const struct thi_code *code = &audit->code;
    for (uint32_t i = 0; i < code->count; i++) {
        const struct thi_instruction *at = &code->instructions[i];
        bool plain = (at->event.flags & TH_EVENT_WRITE) != 0 &&
                     (at->event.flags & (TH_EVENT_PRIVATE | TH_EVENT_ATOMIC)) == 0;
        if (plain && thi_same_place(&at->place, &store->place) && at->place.inner != NULL &&
            thi_same_function(at->place.inner, order->function->name) && is_called_from(order, i) &&
            !is_quiet(audit, &store->place) && thi_flow_escapes(code, i, order->marks)) {
            return moved_report(order, store, i);
        }
    }
    return true;
}

/* A place with several accesses, a macro's, does not tell them apart. */
static bool is_only_access(const struct thi_graph *graph, size_t first, size_t end, size_t step)
{
    for (size_t s = first; s < end; s++) {
        if (s != step && graph->steps[s].kind != TH_STEP_READ &&
            thi_same_place(&graph->steps[s].place, &graph->steps[step].place)) {
            return false;
        }
    }
    return true;
}

/* Are there atomic operations of the function whose places were lost? They look like plain ones. */
static bool has_merged(const struct order *order)
{
    for (size_t i = 0; i < order->audit->site_count; i++) {
        const struct thi_site *site = &order->audit->sites[i];
        if ((site->merged || site->adopted || site->place.line == 0) &&
            thi_same_function(site->function, order->function->name)) {
            return true;
        }
    }
    return false;
}

/* One function and one of those it calls: the stores that the calls always follow. */
static bool call_judge(struct order *order, bool *marks)
{
    const struct thi_graph *graph = order->audit->graph;
    size_t first = graph->blocks[order->function->first_block].first_step;
    size_t end = graph->blocks[order->function->end_block - 1].end_step;
    for (size_t s = first; s < end; s++) {
        marks[s] = is_call_of(&graph->steps[s], order->call->callee, order->call->callee_bytes);
    }
    bool *escapes = thi_graph_escapes(graph, order->function, marks);
    bool ok = escapes != NULL, all = true;
    const struct thi_step *last = NULL;
    for (size_t s = first; ok && s < end; s++) {
        const struct thi_step *step = &graph->steps[s];
        if (step->kind != TH_STEP_WRITE || step->place.line == 0) {
            continue;
        }
        bool follows = thi_graph_always_follows(graph, order->function, marks, escapes, s);
        all = all && follows;
        last = step;
        if (follows && is_only_access(graph, first, end, s)) {
            ok = store_judge(order, step);
        }
    }
    if (ok && all && last != NULL && !has_merged(order)) { /* stores made one have no line */
        struct thi_step merged = *last;
        merged.place.line = merged.place.column = 0;
        ok = store_judge(order, &merged);
    }
    free(escapes);
    return ok;
}

static bool function_judge(struct order *order, bool *marks)
{
    const struct thi_graph *graph = order->audit->graph;
    size_t first = graph->blocks[order->function->first_block].first_step;
    size_t end = graph->blocks[order->function->end_block - 1].end_step;
    bool ok = true;
    for (size_t s = first; ok && s < end; s++) {
        const struct thi_step *call = &graph->steps[s];
        bool again = call->kind != TH_STEP_CALL;
        for (size_t before = first; before < s && !again; before++) {
            again = is_call_of(&graph->steps[before], call->callee, call->callee_bytes);
        }
        order->call = call;
        if (!again && may_release(graph, call->callee, call->callee_bytes, 0) &&
            calls_mark(order)) {
            ok = call_judge(order, marks);
        }
    }
    return ok;
}

bool thi_judge_order(struct thi_audit *audit)
{
    const struct thi_graph *graph = audit->graph;
    if (graph == NULL) {
        return true;
    }
    struct order order = {.audit = audit};
    bool *marks = calloc(graph->step_count + 1, sizeof *marks);
    order.marks = calloc(audit->code.count + 1, sizeof *order.marks);
    order.ends = calloc(audit->code.count + 1, sizeof *order.ends);
    bool ok = marks != NULL && order.marks != NULL && order.ends != NULL;
    if (ok) {
        ends_find(&order);
    }
    for (size_t i = 0; ok && i < graph->function_count; i++) {
        order.function = &graph->functions[i];
        ok = order.function->end_block > order.function->first_block &&
             function_judge(&order, marks);
    }
    free(marks);
    free(order.marks);
    free(order.ends);
    return ok;
}
