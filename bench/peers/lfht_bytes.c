/* SPDX-License-Identifier: MIT
 * lfht_bytes.c - liburcu's lfht with the qsbr flavour of RCU and keys of bytes, in the nodes.
 */
#define URCU_INLINE_SMALL_FUNCTIONS 1
#define URCU_API_MAP 1
#define LFHT_QSBR 1
#define LFHT_BYTES 1
#include <urcu/urcu-qsbr.h>

#include "peers/lfht.h"

const struct bench_peer bench_peer_lfht_bytes = {
    .name = "lfht-bytes",
    .title = "liburcu lfht, qsbr, keys of bytes",
    .version = PEER_VERSION,
    .only_if_named = true,
    .make = lfht_make,
    .discard = lfht_discard,
    .enter = loop_enter,
    .leave = loop_leave,
    .settle = lfht_settle,
    .bytes = lfht_bytes,
    .slice = {text_loop_get, text_loop_get, text_loop_miss, NULL, text_loop_95_5, text_loop_50_50,
              text_loop_churn, loop_hot},
    .grow = loop_grow,
    .insert = loop_insert,
    .verify = loop_verify,
};
