/* SPDX-License-Identifier: MIT
 * play_cache.c - the scenarios of the cache, over the map and the epoch as they are.
 */
#include "proof.h"

#include <string.h>

#include "scenarios/cache_steps.h"

static struct th_epoch_handle *members[CACHE_THREADS];
static unsigned thread_count;

static struct th_epoch *cache_domain_make(void)
{
    struct th_epoch_config config = {.fences_only = true};
    struct th_epoch *domain;
    assert(th_epoch_new(&config, &domain) == TH_OK);
    for (unsigned thread = 0; thread <= thread_count; thread++) {
        assert(th_epoch_register(domain, &members[thread]) == TH_OK);
    }
    return domain;
}

/* Threads come as members: how one becomes a member is another family's. */
static void cache_domain_join(unsigned thread)
{
    thi_epoch_thread.cache[cache_domain->id % TH_EPOCH_CACHE_SLOTS] =
        (struct thi_epoch_cache_slot){cache_domain->id, members[thread]};
}

static void cache_domain_end(void)
{
    for (unsigned thread = 0; thread <= thread_count; thread++) {
        th_epoch_unregister(members[thread]);
    }
    th_epoch_free(cache_domain);
}

bool proof_play(const char *name)
{
    for (unsigned i = 0; i < CACHE_STEPS_COUNT; i++) {
        if (strcmp(name, cache_steps[i].name) == 0) {
            cache_scenario = &cache_steps[i];
            while (thread_count < CACHE_THREADS - 1 &&
                   cache_scenario->threads[thread_count][0].operation != END) {
                thread_count++;
            }
            cache_steps_setup();
            proof_threads(thread_count, cache_steps_thread);
            cache_steps_after();
            return true;
        }
    }
    return false;
}
