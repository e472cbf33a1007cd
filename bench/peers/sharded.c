/* SPDX-License-Identifier: MIT
 * sharded.c - the sharded table at its best: spinning locks, and every operation inlined into the
 * loop that calls it, as in a program that has the table in a header of its own.
 */
#include "peers/spin_lock.h"

#include "peers/sharded.h"

const struct bench_peer bench_peer_sharded = {
    .name = "sharded",
    .title = "256 shards, spinning rwlocks, linear probing",
    .version = "this harness",
    .has_get_many = true,
    .make = sharded_make,
    .discard = sharded_discard,
    .enter = loop_enter,
    .leave = loop_leave,
    .settle = sharded_settle,
    .bytes = sharded_bytes,
    .slice = {loop_get, loop_get, loop_miss, loop_get_many, loop_95_5, loop_50_50, loop_churn,
              loop_hot, NULL, loop_iterate},
    .grow = loop_grow,
    .insert = loop_insert,
    .verify = loop_verify,
};
