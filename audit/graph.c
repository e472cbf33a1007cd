/* SPDX-License-Identifier: MIT
 * graph.c - which access, atomic operation or call of a function can follow which, in the source:
 *           read from LLVM's intermediate code as it was before the optimiser.
 *
 * Variables of a function live in the stack there; they are no accesses. A block is the code
 * between two labels, what it ends with names the blocks behind it.
 */
#include "graph.h"

#include <stdlib.h>
#include <string.h>

static bool block_add(struct thi_graph *graph, const char *name, size_t name_bytes)
{
    if (!thi_audit_grow((void **)&graph->blocks, graph->block_count, &graph->block_capacity,
                        sizeof *graph->blocks)) {
        return false;
    }
    graph->blocks[graph->block_count++] = (struct thi_block){.name = name,
                                                             .name_bytes = name_bytes,
                                                             .first_step = graph->step_count,
                                                             .end_step = graph->step_count,
                                                             .first_edge = graph->edge_count,
                                                             .end_edge = graph->edge_count};
    return true;
}

bool thi_graph_function(struct thi_graph *graph, const char *name)
{
    if (!thi_audit_grow((void **)&graph->functions, graph->function_count,
                        &graph->function_capacity, sizeof *graph->functions)) {
        return false;
    }
    graph->functions[graph->function_count++] =
        (struct thi_graph_function){name, graph->block_count, graph->block_count};
    graph->local_count = 0;
    return block_add(graph, "", 0);
}

static bool edge_add(struct thi_graph *graph, const char *name, size_t name_bytes)
{
    if (!thi_audit_grow((void **)&graph->edges, graph->edge_count, &graph->edge_capacity,
                        sizeof *graph->edges)) {
        return false;
    }
    graph->edges[graph->edge_count++] =
        (struct thi_edge){.name = name, .name_bytes = name_bytes, .to = SIZE_MAX};
    return true;
}

/* Edges name their blocks; when the function is whole, they are found. */
static void edges_resolve(struct thi_graph *graph, struct thi_graph_function *function)
{
    function->end_block = graph->block_count;
    for (size_t b = function->first_block; b < function->end_block; b++) {
        for (size_t e = graph->blocks[b].first_edge; e < graph->blocks[b].end_edge; e++) {
            struct thi_edge *edge = &graph->edges[e];
            for (size_t to = function->first_block; to < function->end_block; to++) {
                const struct thi_block *block = &graph->blocks[to];
                if (block->name_bytes == edge->name_bytes &&
                    memcmp(block->name, edge->name, edge->name_bytes) == 0) {
                    edge->to = to;
                }
            }
        }
    }
}

static bool local_add(struct thi_graph *graph, const char *name, size_t bytes)
{
    if (!thi_audit_grow((void **)&graph->locals, graph->local_count, &graph->local_capacity,
                        sizeof *graph->locals)) {
        return false;
    }
    graph->locals[graph->local_count++] = (struct thi_local){name, bytes};
    return true;
}

/* Is the register that `text` begins with the address of a variable of the function? */
static bool is_local(const struct thi_graph *graph, const char *text)
{
    size_t bytes = strcspn(text, " ,)");
    for (size_t i = 0; i < graph->local_count; i++) {
        if (graph->locals[i].bytes == bytes && memcmp(graph->locals[i].name, text, bytes) == 0) {
            return true;
        }
    }
    return false;
}

/* The pointer an access goes by: the operand behind the last type, "ptr %5" or "i32* %5". */
static const char *pointer_of(const char *text)
{
    const char *pointer = NULL;
    for (const char *at = strstr(text, ", "); at != NULL; at = strstr(at + 1, ", ")) {
        const char *word = at + 2;
        size_t bytes = strcspn(word, ",");
        if (strncmp(word, "align ", 6) == 0 || *word == '!') {
            break;
        }
        const char *end = word + bytes;
        while (end > word && end[-1] != ' ') {
            end--;
        }
        pointer = end;
    }
    return pointer;
}

/* The function that a call names; NULL: one that a pointer leads to. */
static const char *callee_of(const char *text, size_t *bytes)
{
    static const char *const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                       "0123456789_.$-";
    for (const char *at = strpbrk(text, "@%"); at != NULL; at = strpbrk(at + 1, "@%")) {
        *bytes = strspn(at + 1, letters);
        if (*bytes > 0 && at[1 + *bytes] == '(') {
            return *at == '@' ? at + 1 : NULL;
        }
    }
    *bytes = 0;
    return NULL;
}

static bool step_add(struct thi_graph *graph, const struct thi_step *step)
{
    if (!thi_audit_grow((void **)&graph->steps, graph->step_count, &graph->step_capacity,
                        sizeof *graph->steps)) {
        return false;
    }
    graph->steps[graph->step_count++] = *step;
    graph->blocks[graph->block_count - 1].end_step = graph->step_count;
    return true;
}

bool thi_graph_atomic(struct thi_graph *graph, const struct thi_intent *intent)
{
    struct thi_step step = {.kind = TH_STEP_ATOMIC, .place = intent->place, .wish = intent->wish};
    return step_add(graph, &step);
}

/* An instruction that is no atomic operation. `text`: without its result. */
static bool plain_take(struct thi_graph *graph, const char *text, const struct thi_place *place)
{
    struct thi_step step = {.place = *place};
    bool loads = strncmp(text, "load ", 5) == 0, stores = strncmp(text, "store ", 6) == 0;
    if (loads || stores) {
        const char *pointer = pointer_of(text);
        step.kind = loads ? TH_STEP_READ : TH_STEP_WRITE;
        return pointer == NULL || is_local(graph, pointer) || step_add(graph, &step);
    }
    const char *call = strstr(text, "call ");
    bool calls = call != NULL && call - text <= 9; /* "musttail " may stand before */
    if (!calls) {
        return true;
    }
    step.kind = TH_STEP_CALL;
    step.callee = callee_of(call, &step.callee_bytes);
    bool intrinsic = step.callee != NULL && strncmp(step.callee, "llvm.", 5) == 0;
    return intrinsic || strstr(call, " asm ") != NULL || step_add(graph, &step);
}

bool thi_graph_line(struct thi_graph *graph, const char *line, const struct thi_place *place)
{
    struct thi_graph_function *function = &graph->functions[graph->function_count - 1];
    if (line[0] == '}') {
        edges_resolve(graph, function);
        return true;
    }
    if (line[0] != ' ') { /* "12:      ; preds = %3" */
        size_t bytes = strcspn(line, ":");
        return line[bytes] != ':' || line[0] == ';' || block_add(graph, line, bytes);
    }
    bool ok = true;
    struct thi_block *block = &graph->blocks[graph->block_count - 1];
    for (const char *at = strstr(line, "label %"); ok && at != NULL;
         at = strstr(at + 1, "label %")) {
        size_t bytes = strcspn(at + 7, " ,)]");
        ok = edge_add(graph, at + 7, bytes);
        block->end_edge = graph->edge_count;
    }
    const char *text = line + strspn(line, " ");
    block->leaves = block->leaves || strncmp(text, "ret ", 4) == 0;
    const char *equals = *text == '%' ? strstr(text, " = ") : NULL;
    if (equals == NULL) {
        return ok && plain_take(graph, text, place);
    }
    const char *pointer = equals + 3;
    bool addresses = strncmp(pointer, "getelementptr ", 14) == 0 ||
                     strncmp(pointer, "bitcast ", 8) == 0; /* of a variable: part of it */
    if (strncmp(pointer, "alloca ", 7) == 0) {
        return ok && local_add(graph, text, (size_t)(equals - text));
    }
    for (const char *at = strchr(pointer, '%'); addresses && at != NULL; at = strchr(at + 1, '%')) {
        if (is_local(graph, at)) {
            return ok && local_add(graph, text, (size_t)(equals - text));
        }
    }
    return ok && plain_take(graph, pointer, place);
}

void thi_graph_fini(struct thi_graph *graph)
{
    free(graph->functions);
    free(graph->blocks);
    free(graph->edges);
    free(graph->steps);
    free(graph->locals);
    *graph = (struct thi_graph){.functions = NULL};
}

const struct thi_graph_function *thi_graph_find(const struct thi_graph *graph, const char *name,
                                                size_t bytes)
{
    for (size_t i = 0; i < graph->function_count; i++) {
        const char *own = graph->functions[i].name;
        if (strlen(own) == bytes && memcmp(own, name, bytes) == 0) {
            return &graph->functions[i];
        }
    }
    return NULL;
}

/* Edges back, from blocks that leave the function, through blocks without a mark. */
bool *thi_graph_escapes(const struct thi_graph *graph, const struct thi_graph_function *function,
                        const bool *marks)
{
    size_t count = function->end_block - function->first_block;
    bool *escapes = calloc(count, sizeof *escapes);
    bool changed = escapes != NULL;
    while (changed) {
        changed = false;
        for (size_t i = count; i-- > 0;) {
            const struct thi_block *block = &graph->blocks[function->first_block + i];
            bool marked = false, out = block->leaves;
            for (size_t s = block->first_step; s < block->end_step; s++) {
                marked = marked || marks[s];
            }
            for (size_t e = block->first_edge; e < block->end_edge; e++) {
                size_t to = graph->edges[e].to;
                out = out || (to != SIZE_MAX && escapes[to - function->first_block]);
            }
            changed = changed || (!marked && out && !escapes[i]);
            escapes[i] = escapes[i] || (!marked && out);
        }
    }
    return escapes;
}

bool thi_graph_always_follows(const struct thi_graph *graph,
                              const struct thi_graph_function *function, const bool *marks,
                              const bool *escapes, size_t step)
{
    size_t home = function->first_block;
    while (step >= graph->blocks[home].end_step) {
        home++;
    }
    const struct thi_block *block = &graph->blocks[home];
    bool follows = !block->leaves;
    for (size_t e = block->first_edge; follows && e < block->end_edge; e++) {
        size_t to = graph->edges[e].to;
        follows = to != SIZE_MAX && !escapes[to - function->first_block];
    }
    for (size_t s = step + 1; s < block->end_step; s++) {
        follows = follows || marks[s];
    }
    return follows;
}

/* Marks the blocks that some way leads to behind block `from`. */
static void blocks_reach(const struct thi_graph *graph, const struct thi_graph_function *function,
                         size_t from, bool *reached)
{
    bool changed = true;
    for (size_t e = graph->blocks[from].first_edge; e < graph->blocks[from].end_edge; e++) {
        if (graph->edges[e].to != SIZE_MAX) {
            reached[graph->edges[e].to - function->first_block] = true;
        }
    }
    while (changed) {
        changed = false;
        for (size_t b = function->first_block; b < function->end_block; b++) {
            for (size_t e = graph->blocks[b].first_edge; e < graph->blocks[b].end_edge; e++) {
                size_t to = graph->edges[e].to;
                bool adds = reached[b - function->first_block] && to != SIZE_MAX &&
                            !reached[to - function->first_block];
                if (adds) {
                    reached[to - function->first_block] = changed = true;
                }
            }
        }
    }
}

/* Does some way lead from a step at one place to one at the other? -1: one place has no step. */
static int places_lead(const struct thi_graph *graph, const struct thi_graph_function *function,
                       const struct thi_place *from, const struct thi_place *to)
{
    size_t count = function->end_block - function->first_block;
    bool *reached = calloc(count, sizeof *reached);
    bool starts = false, ends = false, leads = false;
    for (size_t b = function->first_block; reached != NULL && b < function->end_block; b++) {
        const struct thi_block *block = &graph->blocks[b];
        bool began = false;
        for (size_t s = block->first_step; s < block->end_step; s++) {
            bool end = thi_same_place(&graph->steps[s].place, to);
            leads = leads || (end && began);
            ends = ends || end;
            began = began || thi_same_place(&graph->steps[s].place, from);
        }
        if (began) {
            starts = true;
            blocks_reach(graph, function, b, reached);
        }
    }
    for (size_t b = function->first_block; reached != NULL && b < function->end_block; b++) {
        const struct thi_block *block = &graph->blocks[b];
        for (size_t s = block->first_step; s < block->end_step; s++) {
            leads = leads || (reached[b - function->first_block] &&
                              thi_same_place(&graph->steps[s].place, to));
        }
    }
    free(reached);
    return starts && ends ? leads : -1;
}

/* Does a place lie among the lines of a function? */
static bool has_line(const struct thi_graph *graph, const struct thi_graph_function *function,
                     const struct thi_place *place)
{
    uint32_t low = UINT32_MAX, high = 0;
    size_t end = graph->blocks[function->end_block - 1].end_step;
    for (size_t s = graph->blocks[function->first_block].first_step; s < end; s++) {
        uint32_t line = graph->steps[s].place.line;
        low = line != 0 && line < low ? line : low;
        high = line > high ? line : high;
    }
    return low <= place->line && place->line <= high;
}

void thi_graph_order(const struct thi_graph *graph, const struct thi_place *place,
                     const struct thi_place *other, bool *before, bool *behind)
{
    const struct thi_graph_function *function =
        thi_graph_find(graph, place->inner, strlen(place->inner));
    int leads = function == NULL ? -1 : places_lead(graph, function, place, other);
    if (leads < 0) {
        bool foreign = function != NULL && !has_line(graph, function, place);
        *before = *before && !foreign; /* inlined from elsewhere, which is no longer said */
        *behind = *behind && !foreign;
        return;
    }
    bool back = places_lead(graph, function, other, place) == 1;
    *before = leads == 1 && !back;
    *behind = back && leads == 0;
}
