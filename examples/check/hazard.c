/* SPDX-License-Identifier: MIT
 * hazard.c - a Treiber stack whose nodes are freed: hazard pointers say who still looks.
 *
 * Initially the stack holds two nodes. One thread pops both and pushes a new one, which the
 * allocator may place where an old one was; the other pops one. Who pops a node frees it, or leaves
 * it to the end if the other thread looks at it.
 *
 * Switches     SET_FENCE, SCAN_FENCE: seq_cst on both sides, so that either the scan sees the
 *              hazard, or the second look at the top sees the node gone. Anything weaker: the
 *              other thread reads freed memory. SET_STORE, where a hazard takes another's place,
 *              and SCAN_LOAD: the last look at a node before it is freed. CLEAR_STORE: the same;
 *              relaxed passes here, for who clears has taken the node himself. PUSH_CAS: a node
 *              before the pointer to it.
 *              NO_SECOND_LOOK: the hazard is set, and nobody asks whether it was in time.
 *              CLEAR_EARLY: the hazard is cleared before the exchange that needs it. Nothing is
 *              read after it was freed, so only a checker that gives the same address again
 *              (--reuse) shows what is wrong: the exchange takes a new node for the old one.
 * Sources      M. Michael, Hazard Pointers: Safe Memory Reclamation for Lock-Free Objects, IEEE
 *              TPDS 2004.
 */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>

#ifndef SET_FENCE
#define SET_FENCE memory_order_seq_cst
#endif
#ifndef SCAN_FENCE
#define SCAN_FENCE memory_order_seq_cst
#endif
#ifndef SET_STORE
#define SET_STORE memory_order_release
#endif
#ifndef CLEAR_STORE
#define CLEAR_STORE memory_order_release
#endif
#ifndef SCAN_LOAD
#define SCAN_LOAD memory_order_acquire
#endif
#ifndef PUSH_CAS
#define PUSH_CAS memory_order_release
#endif

enum { THREADS = 2, POPS = 4 };

struct node {
    struct node *next;
    int value;
};

static _Atomic(struct node *) top;
static _Atomic(struct node *) hazards[THREADS];
static struct node *left_over[THREADS][POPS]; /* not linked: the other thread reads the nodes */
static int left_over_count[THREADS];
static int sums[THREADS];

static void push(int value)
{
    struct node *node = malloc(sizeof *node);
    if (node == NULL) {
        abort();
    }
    node->value = value;
    struct node *seen = atomic_load_explicit(&top, memory_order_relaxed);
    do {
        node->next = seen;
    } while (!atomic_compare_exchange_strong_explicit(&top, &seen, node, PUSH_CAS,
                                                      memory_order_relaxed));
}

static void node_retire(int thread, struct node *node)
{
    atomic_thread_fence(SCAN_FENCE);
    if (atomic_load_explicit(&hazards[1 - thread], SCAN_LOAD) == node) {
        left_over[thread][left_over_count[thread]++] = node;
    } else {
        free(node);
    }
}

/* The top node, which nobody frees until the hazard is cleared; NULL: the stack is empty. The
 * second load is acquire: what it finds may be a new node at the address of the first one. */
static struct node *top_protect(int thread)
{
    struct node *node = atomic_load_explicit(&top, memory_order_relaxed);
    for (;;) {
        atomic_store_explicit(&hazards[thread], node, SET_STORE);
        atomic_thread_fence(SET_FENCE);
#ifdef NO_SECOND_LOOK
        return node;
#else
        struct node *again = atomic_load_explicit(&top, memory_order_acquire);
        if (again == node) {
            return node;
        }
        node = again;
#endif
    }
}

static void hazard_clear(int thread)
{
    /* equivalent to relaxed: who clears his hazard here has taken the node himself */
    atomic_store_explicit(&hazards[thread], NULL, CLEAR_STORE);
}

static struct node *pop(int thread)
{
    struct node *node;
    struct node *next;
    do {
        node = top_protect(thread);
        if (node == NULL) {
            return NULL;
        }
        next = node->next;
#ifdef CLEAR_EARLY
        hazard_clear(thread);
#endif
        /* equivalent to relaxed: the node was seen before, as long as it is protected */
    } while (!atomic_compare_exchange_strong_explicit(&top, &node, next, memory_order_acquire,
                                                      memory_order_relaxed));
#ifndef CLEAR_EARLY
    hazard_clear(thread);
#endif
    sums[thread] += node->value;
    return node;
}

static void *recycler(void *unused)
{
    struct node *first = pop(0);
    struct node *second = pop(0);
    if (second != NULL) {
        node_retire(0, second);
    }
    node_retire(0, first);
    push(4);
    return unused;
}

static void *popper(void *unused)
{
    struct node *node = pop(1);
    if (node != NULL) {
        node_retire(1, node);
    }
    return unused;
}

int main(void)
{
    push(1);
    push(2);
    pthread_t threads[THREADS];
    pthread_create(&threads[0], NULL, recycler, NULL);
    pthread_create(&threads[1], NULL, popper, NULL);
    pthread_join(threads[0], NULL);
    pthread_join(threads[1], NULL);
    for (struct node *node = pop(0); node != NULL; node = pop(0)) {
        node_retire(0, node);
    }
    assert(sums[0] + sums[1] == 1 + 2 + 4);
    for (int i = 0; i < THREADS; i++) {
        while (left_over_count[i] > 0) {
            free(left_over[i][--left_over_count[i]]);
        }
    }
    return 0;
}
