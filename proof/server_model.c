/* SPDX-License-Identifier: MIT
 * server_model.c - the system and the connections, as the server's workers are proved with: a wake
 *                  is a number that orders nothing, a turn counts two commands and closes what
 *                  drains. The cache has families of its own.
 */
#include "server/connection.h"
#include "server/net/poll.h"
#include "server/net/socket.h"
#include "server/net/system.h"

#include <stdlib.h>

#include "atomic/atomic.h"

enum { POLLS_MAX = 4 };

static struct {
    struct th_au32 awake;
    void *context;
} polls[POLLS_MAX]; /* and their wakes, which have the same number */
static int poll_count;
static int wake_count;

int thi_poll_new(void)
{
    return poll_count++;
}

int thi_system_wake_new(void)
{
    return wake_count++;
}

bool thi_poll_add(int poll, int descriptor, void *context, bool edge)
{
    (void)descriptor;
    if (!edge) {
        polls[poll].context = context;
    }
    return true;
}

/* Nothing but a wake ever happens: connections have their first turn without an event. */
size_t thi_poll_wait(int poll, struct thi_poll_event events[TH_POLL_EVENTS_MAX], int timeout_ms)
{
    /* relaxed: a wake carries nothing. */
    while (th_u32_load_rlx(&polls[poll].awake) == 0) {
        if (timeout_ms == 0) {
            return 0;
        }
    }
    events[0] = (struct thi_poll_event){.context = polls[poll].context, .readable = true};
    return 1;
}

void thi_system_wake(int descriptor)
{
    th_u32_store_rlx(&polls[descriptor].awake, 1); /* relaxed: see thi_poll_wait() */
}

void thi_system_wake_clear(int descriptor)
{
    uint32_t before = th_u32_exchange_rlx(&polls[descriptor].awake, 0); /* relaxed: likewise */
    (void)before;
}

uint64_t thi_system_now_ns(void)
{
    return 1;
}

int64_t thi_system_unix_s(void)
{
    return 1000;
}

void thi_net_close(int descriptor)
{
    (void)descriptor;
}

struct thi_connection *thi_connection_new(int descriptor)
{
    struct thi_connection *connection = calloc(1, sizeof *connection);
    if (connection != NULL) {
        connection->descriptor = descriptor;
    }
    return connection;
}

void thi_connection_free(struct thi_connection *connection, struct thi_executor *executor)
{
    (void)executor;
    free(connection);
}

enum thi_turn thi_connection_turn(struct thi_connection *connection, struct thi_executor *executor)
{
    executor->counters->turn[TH_COUNT_CMD_GET]++;
    executor->counters->turn[TH_COUNT_GET_HITS]++;
    return connection->draining ? TH_TURN_CLOSE : TH_TURN_WAIT;
}

bool thi_outlet_blocked(const struct thi_outlet *outlet)
{
    (void)outlet;
    return false;
}

void thi_executor_init(struct thi_executor *executor, struct thi_service *service,
                       struct thi_counters *counters)
{
    executor->service = service;
    executor->counters = counters;
}

void thi_executor_fini(struct thi_executor *executor)
{
    (void)executor;
}

th_status th_cache_new(const struct th_cache_config *config, struct th_cache **cache)
{
    (void)config;
    *cache = NULL;
    return TH_OK;
}

void th_cache_free(struct th_cache *cache)
{
    (void)cache;
}

size_t th_cache_maintain(struct th_cache *cache, uint32_t now, size_t items_max)
{
    (void)cache;
    (void)now;
    (void)items_max;
    return 0;
}
