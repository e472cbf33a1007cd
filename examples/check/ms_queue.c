/* SPDX-License-Identifier: MIT
 * ms_queue.c - the queue of Michael and Scott. Nodes stay until the end: reclaiming them is
 * hazard.c's subject.
 *
 * Switches     PRODUCERS, CONSUMERS: threads that put one value or take one. LINK_CAS, NEXT_LOAD:
 *              a node before the pointer to it. TAIL_CAS, TAIL_LOAD; HEAD_CAS, HEAD_LOAD: a node
 *              that others linked before it is found as tail or head.
 *              LINK_BY_STORE: the node is linked by a store, and another producer's node is lost.
 *              HEAD_BY_STORE: the head moves by a store, and a value is taken twice.
 *              FREE_AT_ONCE: the old head is freed while others may stand on it.
 * Sources      M. Michael, M. Scott, Simple, Fast, and Practical Non-Blocking and Blocking
 *              Concurrent Queue Algorithms, PODC 1996.
 */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#ifndef PRODUCERS
#define PRODUCERS 2
#endif
#ifndef CONSUMERS
#define CONSUMERS 1
#endif
#ifndef LINK_CAS
#define LINK_CAS memory_order_release
#endif
#ifndef NEXT_LOAD
#define NEXT_LOAD memory_order_acquire
#endif
#ifndef TAIL_CAS
#define TAIL_CAS memory_order_release
#endif
#ifndef TAIL_LOAD
#define TAIL_LOAD memory_order_acquire
#endif
#ifndef HEAD_CAS
#define HEAD_CAS memory_order_release
#endif
#ifndef HEAD_LOAD
#define HEAD_LOAD memory_order_acquire
#endif

struct node {
    _Atomic(struct node *) next;
    int value;
};

static _Atomic(struct node *) head; /* a node whose value was taken */
static _Atomic(struct node *) tail; /* the last node, or one before it */
static int taken[PRODUCERS];        /* how often: plain, so that two takers are a race */

static struct node *node_new(int value)
{
    struct node *node = malloc(sizeof *node);
    if (node == NULL) {
        abort();
    }
    atomic_init(&node->next, NULL);
    node->value = value;
    return node;
}

static bool link_node(struct node *last, struct node *node)
{
#ifdef LINK_BY_STORE
    atomic_store_explicit(&last->next, node, LINK_CAS);
    return true;
#else
    struct node *expected = NULL;
    return atomic_compare_exchange_strong_explicit(&last->next, &expected, node, LINK_CAS,
                                                   memory_order_relaxed);
#endif
}

static void tail_move(struct node *from, struct node *to)
{
    (void)atomic_compare_exchange_strong_explicit(&tail, &from, to, TAIL_CAS, memory_order_relaxed);
}

static void enqueue(int value)
{
    struct node *node = node_new(value);
    for (;;) {
        struct node *last = atomic_load_explicit(&tail, TAIL_LOAD);
        struct node *next = atomic_load_explicit(&last->next, NEXT_LOAD);
        if (next != NULL) {
            tail_move(last, next); /* on behalf of the thread that linked it */
        } else if (link_node(last, node)) {
            tail_move(last, node);
            return;
        }
    }
}

static bool head_move(struct node *from, struct node *to)
{
#ifdef HEAD_BY_STORE
    (void)from;
    atomic_store_explicit(&head, to, HEAD_CAS);
    return true;
#else
    return atomic_compare_exchange_strong_explicit(&head, &from, to, HEAD_CAS,
                                                   memory_order_relaxed);
#endif
}

static bool dequeue(void)
{
    for (;;) {
        struct node *first = atomic_load_explicit(&head, HEAD_LOAD);
        struct node *next = atomic_load_explicit(&first->next, NEXT_LOAD);
        if (next == NULL) {
            return false;
        }
        if (head_move(first, next)) {
            taken[next->value]++;
#ifdef FREE_AT_ONCE
            free(first);
#endif
            return true;
        }
    }
}

static void *producer(void *number)
{
    enqueue((int)(intptr_t)number);
    return NULL;
}

static void *consumer(void *unused)
{
    (void)dequeue();
    return unused;
}

int main(void)
{
    pthread_t threads[PRODUCERS + CONSUMERS];
    struct node *first = node_new(0);
    atomic_init(&head, first);
    atomic_init(&tail, first);
    for (int i = 0; i < PRODUCERS + CONSUMERS; i++) {
        pthread_create(&threads[i], NULL, i < PRODUCERS ? producer : consumer, (void *)(intptr_t)i);
    }
    for (int i = 0; i < PRODUCERS + CONSUMERS; i++) {
        pthread_join(threads[i], NULL);
    }
    while (dequeue()) {
    }
    for (int i = 0; i < PRODUCERS; i++) {
        assert(taken[i] == 1);
    }
#ifdef FREE_AT_ONCE
    first = atomic_load_explicit(&head, memory_order_relaxed);
#endif
    while (first != NULL) {
        struct node *next = atomic_load_explicit(&first->next, memory_order_relaxed);
        free(first);
        first = next;
    }
    return 0;
}
