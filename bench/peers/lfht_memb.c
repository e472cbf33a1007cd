/* SPDX-License-Identifier: MIT
 * lfht_memb.c - liburcu's lfht with the memb flavour of RCU.
 */
#define URCU_INLINE_SMALL_FUNCTIONS 1
#define URCU_API_MAP 1
#define RCU_MEMBARRIER 1
#include <urcu/urcu-memb.h>

#include "peers/lfht.h"

const struct bench_peer bench_peer_lfht_memb = {
    .name = "lfht-memb",
    .title = "liburcu lfht, memb",
    .version = PEER_VERSION,
    .make = lfht_make,
    .discard = lfht_discard,
    .enter = loop_enter,
    .leave = loop_leave,
    .settle = lfht_settle,
    .bytes = lfht_bytes,
    .slice = {loop_get, loop_get, loop_miss, NULL, loop_95_5, loop_50_50, loop_churn, loop_hot},
    .grow = loop_grow,
    .insert = loop_insert,
    .verify = loop_verify,
};
