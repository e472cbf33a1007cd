/* SPDX-License-Identifier: MIT
 * epoch_help.h - objects with a canary, domains, and threads for the tests of this room.
 */
#ifndef TOPHASH_TESTS_EPOCH_EPOCH_HELP_H
#define TOPHASH_TESTS_EPOCH_EPOCH_HELP_H

#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>

#include <tophash/epoch.h>

#include "test.h"

#define HELP_ALIVE 0xa11fea11fea11feau
#define HELP_DEAD 0xdeaddeaddeaddeadu
#define HELP_DRAIN_NS (20u * 1000000000ull)

/* The canary is a plain field on purpose: race detectors see a reclaim that races with a reader. */
struct help_object {
    struct th_epoch_node node;
    uint64_t canary;
    uint64_t number;
};

static atomic_uint_fast64_t help_reclaimed;
static atomic_uint_fast64_t help_reclaimed_twice;

static inline struct help_object *help_object_new(uint64_t number)
{
    struct help_object *object = malloc(sizeof(*object));
    if (object == NULL) {
        abort(); /* the tests refuse memory to the library only */
    }
    object->canary = HELP_ALIVE;
    object->number = number;
    return object;
}

static inline struct help_object *help_object_of(struct th_epoch_node *node)
{
    return (struct help_object *)(void *)((char *)node - offsetof(struct help_object, node));
}

static inline void help_count(struct help_object *object)
{
    if (object->canary != HELP_ALIVE) {
        atomic_fetch_add(&help_reclaimed_twice, 1);
    }
    object->canary = HELP_DEAD;
    atomic_fetch_add(&help_reclaimed, 1);
}

/* Reclaims and frees. */
static inline void help_reclaim(struct th_epoch_node *node)
{
    struct help_object *object = help_object_of(node);
    help_count(object);
    free(object);
}

/* Reclaims, and leaves the memory to the test, which looks at the canary. */
static inline void help_reclaim_keep(struct th_epoch_node *node)
{
    help_count(help_object_of(node));
}

static inline void help_retire(struct th_epoch *domain, struct help_object *object)
{
    th_epoch_retire(domain, &object->node, sizeof(*object), help_reclaim);
}

static inline void help_retire_many(struct th_epoch *domain, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        help_retire(domain, help_object_new(i));
    }
}

static inline struct th_epoch *help_domain(const struct th_epoch_config *config)
{
    struct th_epoch *domain = NULL;
    if (th_epoch_new(config, &domain) != TH_OK) {
        test_fail(__FILE__, __LINE__, "a domain");
        abort();
    }
    atomic_store(&help_reclaimed, 0);
    atomic_store(&help_reclaimed_twice, 0);
    return domain;
}

static inline struct th_epoch_stats help_stats(struct th_epoch *domain)
{
    struct th_epoch_stats stats;
    th_epoch_get_stats(domain, &stats);
    return stats;
}

/* Every test of a domain ends here: all that was retired is reclaimed, once. */
static inline void help_finish(struct th_epoch *domain)
{
    uint64_t retired = help_stats(domain).retired_total;
    th_epoch_free(domain);
    CHECK_EQ(atomic_load(&help_reclaimed), retired);
    CHECK_EQ(atomic_load(&help_reclaimed_twice), 0);
}

/* Steps that two threads agree on: wait until the other one has come to `step`. */
struct help_steps {
    atomic_uint at;
};

static inline void help_step_reach(struct help_steps *steps, unsigned step)
{
    atomic_store(&steps->at, step);
}

static inline void help_step_await(struct help_steps *steps, unsigned step)
{
    while (atomic_load(&steps->at) < step) {
        usleep(50);
    }
}

static inline pthread_t help_thread(void *(*run)(void *), void *argument)
{
    pthread_t thread;
    if (pthread_create(&thread, NULL, run, argument) != 0) {
        test_fail(__FILE__, __LINE__, "a thread");
        abort();
    }
    return thread;
}

#endif
