/* SPDX-License-Identifier: MIT
 * sharded_call.c - the sharded table with spinning locks, its operations called as a library's
 * are: the difference to sharded.c is what inlining is worth, which libraries in C do without.
 */
#define SHARDED_CALLS 1
#include "peers/spin_lock.h"

#include "peers/sharded.h"

const struct bench_peer bench_peer_sharded_call = {
    .name = "sharded-call",
    .title = "256 shards, spinning rwlocks, linear probing, called",
    .version = "this harness",
    .has_get_many = true,
    .only_if_named = true,
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
