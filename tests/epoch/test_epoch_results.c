/* SPDX-License-Identifier: MIT
 * test_epoch_results.c - what an epoch counts on one thread, noted so that targets can be compared.
 */
#include "epoch/epoch_help.h"

static void note(const char *what, uint64_t value)
{
    test_observe(what, value);
}

/* Goal: the same retires are reclaimed at the same epochs everywhere. Method: one thread retires in
 * and outside of guards, in a domain with fences so that the system's barrier does not matter. */
TEST(epoch_results_of_one_thread)
{
    const struct th_epoch_config config = {.fences_only = true};
    struct th_epoch *domain = help_domain(&config);
    uint64_t reclaimed = 0;
    for (uint64_t i = 0; i < 30000; i++) {
        if (i % 3 == 0) {
            th_epoch_enter(domain);
        }
        struct help_object *object = help_object_new(i);
        th_epoch_retire(domain, &object->node, (size_t)(100 + i % 50), help_reclaim);
        if (i % 3 == 0) {
            th_epoch_leave(domain);
        }
        if (i % 1000 == 999) {
            reclaimed = test_digest_word(reclaimed, help_stats(domain).reclaimed_total);
        }
    }
    struct th_epoch_stats stats = help_stats(domain);
    note("reclaimed every thousand", reclaimed);
    note("stats.epoch", stats.epoch);
    note("stats.retired_total", stats.retired_total);
    note("stats.reclaimed_total", stats.reclaimed_total);
    note("stats.waiting_bytes", stats.waiting_bytes);
    note("stats.waiting_bytes_peak", stats.waiting_bytes_peak);
    note("stats.advances_total", stats.advances_total);
    CHECK_EQ(th_epoch_drain(domain, HELP_DRAIN_NS), TH_OK);
    th_epoch_free(domain);
}

TEST_MAIN()
