/* SPDX-License-Identifier: MIT
 * test_cache_fault.c - every request for memory refused in turn.
 */
#include "mem/mem.h"

#include "cache/support.h"

/* A short life: made, filled, flushed, freed. True if nothing was refused on the way. */
static bool scenario(bool *made)
{
    struct th_cache_config config = {.memory_bytes = 1u << 20};
    struct th_cache *cache = NULL;
    bool whole = true;
    th_status status = th_cache_new(&config, &cache);
    *made = status == TH_OK;
    if (status != TH_OK) {
        CHECK_EQ(status, TH_ENOMEM);
        CHECK(cache == NULL);
        return false;
    }
    char key[16];
    for (unsigned i = 0; i < 3000; i++) {
        (void)snprintf(key, sizeof key, "key%u", i);
        status = cache_set(cache, key, "value");
        CHECK(status == TH_OK || status == TH_ENOMEM);
        CHECK(cache_holds(cache, key, status == TH_OK ? "value" : NULL));
        whole = whole && status == TH_OK;
    }
    th_cache_flush(cache, SUPPORT_NOW, SUPPORT_NOW);
    (void)th_cache_maintain(cache, SUPPORT_NOW, 100);
    cache_finish(cache);
    return whole;
}

/* Goal: a refused request harms nothing: new says TH_ENOMEM, a store too, the rest goes on. Method:
 * refuse the n-th request, n = 1, 2, ... until a whole life needs no more; then all from the n-th.
 * */
TEST(cache_refused_memory_harms_nothing)
{
    unsigned not_made = 0;
    for (unsigned sticky = 0; sticky < 2; sticky++) {
        bool made = false;
        uint64_t nth = 1;
        for (; nth < 1000; nth++) {
            thi_mem_fault_set(nth, sticky != 0);
            bool whole = scenario(&made);
            uint64_t refused = thi_mem_fault_refused();
            thi_mem_fault_set(0, false);
            not_made += !made;
            if (refused == 0) {
                CHECK(whole);
                break;
            }
        }
        printf("# %s: passed at the %" PRIu64 "th request\n", sticky ? "all from" : "only", nth);
        CHECK(nth > 5);
        CHECK(nth < 1000);
    }
    CHECK(not_made >= 10);
}

TEST_MAIN()
