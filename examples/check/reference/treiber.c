/* SPDX-License-Identifier: MIT
 * treiber.c - a Treiber stack of which nothing is freed before the end: pushers and poppers, one
 * operation each.
 * Executions, pushers + poppers: 1+1 2, 2+1 8, 2+2 38, 3+1 36, 3+2 282.
 *
 * Switches     NP, NC: how many push and pop. REL: order of the exchange that publishes a node.
 *              Relaxed: a popper reads the node in a race.
 * Sources      R. K. Treiber, Systems Programming: Coping with Parallelism, IBM 1986.
 */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>

#ifndef REL
#define REL memory_order_release
#endif
#ifndef NP
#define NP 2
#endif
#ifndef NC
#define NC 1
#endif

struct node {
    struct node *next;
    int value;
};

static _Atomic(struct node *) top;
static struct node *made[NP]; /* to be freed at the end */

static void push(int number)
{
    struct node *node = malloc(sizeof *node);
    if (node == NULL) {
        abort();
    }
    node->value = number + 1;
    made[number] = node;
    struct node *seen = atomic_load_explicit(&top, memory_order_relaxed);
    do {
        node->next = seen;
    } while (
        !atomic_compare_exchange_strong_explicit(&top, &seen, node, REL, memory_order_relaxed));
}

static int pop(void)
{
    struct node *seen = atomic_load_explicit(&top, memory_order_acquire);
    while (seen != NULL) {
        struct node *next = seen->next;
        /* equivalent to relaxed: who succeeds has acquired the node with the load of `seen` */
        if (atomic_compare_exchange_strong_explicit(&top, &seen, next, memory_order_acquire,
                                                    memory_order_acquire)) {
            return seen->value;
        }
    }
    return 0;
}

static void *pusher(void *number)
{
    push((int)(intptr_t)number);
    return NULL;
}

static void *popper(void *unused)
{
    int value = pop();
    assert(value >= 0 && value <= NP);
    return unused;
}

int main(void)
{
    pthread_t threads[NP + NC];
    for (int i = 0; i < NP + NC; i++) {
        pthread_create(&threads[i], NULL, i < NP ? pusher : popper, (void *)(intptr_t)i);
    }
    for (int i = 0; i < NP + NC; i++) {
        pthread_join(threads[i], NULL);
    }
    for (int i = 0; i < NP; i++) {
        free(made[i]);
    }
    return 0;
}
