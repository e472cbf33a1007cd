/* SPDX-License-Identifier: MIT
 * graph.h - the source's functions as blocks of steps: what is done to memory, and in which order.
 */
#ifndef TOPHASH_AUDIT_GRAPH_H
#define TOPHASH_AUDIT_GRAPH_H

#include "audit.h"

enum thi_step_kind { TH_STEP_READ, TH_STEP_WRITE, TH_STEP_ATOMIC, TH_STEP_CALL };

struct thi_step {
    enum thi_step_kind kind;
    struct thi_place place;
    struct thi_wish wish; /* of an atomic operation */
    const char *callee;   /* of a call; NULL: not known */
    size_t callee_bytes;
};

struct thi_edge {
    const char *name; /* of the block it leads to */
    size_t name_bytes;
    size_t to; /* SIZE_MAX: none */
};

struct thi_block {
    const char *name;
    size_t name_bytes;
    size_t first_step, end_step;
    size_t first_edge, end_edge;
    bool leaves; /* the function */
};

struct thi_local {
    const char *name;
    size_t bytes;
};

struct thi_graph_function {
    const char *name;
    size_t first_block, end_block;
};

struct thi_graph {
    struct thi_graph_function *functions;
    size_t function_count, function_capacity;
    struct thi_block *blocks;
    size_t block_count, block_capacity;
    struct thi_edge *edges;
    size_t edge_count, edge_capacity;
    struct thi_step *steps;
    size_t step_count, step_capacity;
    struct thi_local *locals; /* of the function that is read */
    size_t local_count, local_capacity;
};

/* Reading: a function begins; an atomic operation; any other line, or the function's end. */
bool thi_graph_function(struct thi_graph *graph, const char *name);
bool thi_graph_atomic(struct thi_graph *graph, const struct thi_intent *intent);
bool thi_graph_line(struct thi_graph *graph, const char *line, const struct thi_place *place);
void thi_graph_fini(struct thi_graph *graph);

const struct thi_graph_function *thi_graph_find(const struct thi_graph *graph, const char *name,
                                                size_t bytes);
/* The function's blocks from whose start a way leaves it without a marked step; NULL: no memory. */
bool *thi_graph_escapes(const struct thi_graph *graph, const struct thi_graph_function *function,
                        const bool *marks);
/* Does a marked step come behind `step` on every way out of the function? */
bool thi_graph_always_follows(const struct thi_graph *graph,
                              const struct thi_graph_function *function, const bool *marks,
                              const bool *escapes, size_t step);

/* Which of two places of one function comes before the other on some way; changes nothing if one of
 * them has no step. */
void thi_graph_order(const struct thi_graph *graph, const struct thi_place *place,
                     const struct thi_place *other, bool *before, bool *behind);

/* quiet.c: adds the plain stores of a function of optimised code, whose lines are not cut, that no
 * other thread can know of: by a pointer that nobody else has, or that is given to nobody. */
bool thi_quiet_find(struct thi_intents *quiet, const char *define,
                    bool (*place_of)(void *context, const char *line, struct thi_place *place),
                    void *context);

#endif
