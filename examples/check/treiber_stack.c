/* SPDX-License-Identifier: MIT
 * treiber_stack.c - a Treiber stack whose nodes are pushed again: the address of a node is no proof
 * that nothing changed (the ABA problem), so a tag stands beside it in one word.
 *
 * Initially the stack is 1, 2, 3. One thread pops a node and keeps it; the other pops two, keeps
 * the second and pushes the first again. Who keeps a node writes to it.
 *
 * Switches     TAG_STEP: by how much a pop changes the tag; 0: no protection. PUSH_CAS, POP_LOAD:
 *              what was written to a node before the next owner's use of it.
 * Sources      R. K. Treiber, Systems Programming: Coping with Parallelism, IBM 1986.
 */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#ifndef TAG_STEP
#define TAG_STEP 1
#endif
#ifndef PUSH_CAS
#define PUSH_CAS memory_order_release
#endif
#ifndef POP_LOAD
#define POP_LOAD memory_order_acquire
#endif

enum { NODES = 3, NONE = 0 };

struct node {
    atomic_uint next; /* atomic: a popper may look while the node's new owner pushes it again */
    int uses;         /* plain, so that two owners are a race */
};

static struct node nodes[NODES + 1];
static _Atomic(uint64_t) top; /* number of a node, tag above it */

static uint64_t top_make(uint64_t tag, unsigned number)
{
    return tag << 32 | number;
}

static void push(unsigned number)
{
    uint64_t seen = atomic_load_explicit(&top, memory_order_relaxed);
    do {
        atomic_store_explicit(&nodes[number].next, (unsigned)seen, memory_order_relaxed);
    } while (!atomic_compare_exchange_strong_explicit(&top, &seen, top_make(seen >> 32, number),
                                                      PUSH_CAS, memory_order_relaxed));
}

static unsigned pop(void)
{
    uint64_t seen = atomic_load_explicit(&top, POP_LOAD);
    while ((unsigned)seen != NONE) {
        unsigned next = atomic_load_explicit(&nodes[(unsigned)seen].next, memory_order_relaxed);
        uint64_t popped = top_make((seen >> 32) + TAG_STEP, next);
        /* equivalent to relaxed: who succeeds has acquired the node with the load of `seen` */
        if (atomic_compare_exchange_strong_explicit(&top, &seen, popped, POP_LOAD, POP_LOAD)) {
            return (unsigned)seen;
        }
    }
    return NONE;
}

static void *keeper(void *unused)
{
    unsigned kept = pop();
    nodes[kept].uses++;
    return unused;
}

static void *recycler(void *unused)
{
    unsigned again = pop();
    unsigned kept = pop();
    nodes[kept].uses++;
    nodes[again].uses = 0;
    push(again);
    return unused;
}

int main(void)
{
    for (unsigned number = NODES; number > 0; number--) {
        push(number);
    }
    pthread_t threads[2];
    pthread_create(&threads[0], NULL, keeper, NULL);
    pthread_create(&threads[1], NULL, recycler, NULL);
    pthread_join(threads[0], NULL);
    pthread_join(threads[1], NULL);
    for (unsigned number = pop(); number != NONE; number = pop()) {
        nodes[number].uses++;
    }
    for (unsigned number = 1; number <= NODES; number++) {
        assert(nodes[number].uses == 1);
    }
    return 0;
}
