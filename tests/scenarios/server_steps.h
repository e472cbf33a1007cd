/* SPDX-License-Identifier: MIT
 * server_steps.h - scenarios of what the server's threads share: connections handed over to a
 *                  worker, its stop, counters, the gate, the clock.
 *
 * Method       over server/worker.c, counters.c and service.c as they are. Whoever runs them gives
 *              a system in which a descriptor is a number, a poll waits for the worker's wake
 *              alone, and a turn counts two commands and closes a connection that drains. The
 *              first thread is the one that accepts.
 */
#ifndef TOPHASH_TESTS_SCENARIOS_SERVER_STEPS_H
#define TOPHASH_TESTS_SCENARIOS_SERVER_STEPS_H

#include "server/service.h"
#include "server/worker.h"

#include "scenarios/scenario.h"

enum { SERVER_WORKERS = 2 };

struct server_scenario {
    const char *name;
    void (*play)(void);
    void (*thread)(unsigned number); /* of those without workers: what threads 1 and 2 do */
};

static struct thi_service server_service;
static struct thi_worker *server_workers[SERVER_WORKERS];
static unsigned server_closed[SERVER_WORKERS]; /* written by the worker */

static inline void server_open(void)
{
    static struct thi_options options;
    const char *error = NULL;
    options.threads = SERVER_WORKERS;
    options.connections_max = 2;
    options.debugtime = true;
    SCENARIO_CHECK(thi_service_init(&server_service, &options, &error) == TH_OK);
}

static inline void server_closed_one(void *context)
{
    (*(unsigned *)context)++;
}

static inline void server_start(unsigned index)
{
    server_closed[index] = 0;
    SCENARIO_CHECK(thi_worker_start(&server_workers[index], &server_service, index,
                                    server_closed_one, &server_closed[index]) == TH_OK);
}

static inline void server_give(unsigned index)
{
    if (thi_service_open_connection(&server_service)) {
        SCENARIO_CHECK(thi_worker_give(server_workers[index], 7));
    }
}

/* What all workers counted: whole turns, in which the two counters agree. */
static inline uint64_t server_count(void)
{
    uint64_t sums[TH_COUNTERS] = {0};
    for (unsigned i = 0; i < SERVER_WORKERS; i++) {
        thi_counters_add_to(&server_service.counters[i], sums);
    }
    SCENARIO_CHECK(sums[TH_COUNT_CMD_GET] == sums[TH_COUNT_GET_HITS]);
    return sums[TH_COUNT_CMD_GET];
}

static inline void server_end(void)
{
    SCENARIO_CHECK(server_service.gate.open_count == 0);
    thi_service_fini(&server_service);
}

static inline void server_stop(unsigned index)
{
    thi_worker_stop(server_workers[index]);
    thi_worker_join(server_workers[index]);
}

static inline void server_play_give(void)
{
    server_open();
    server_start(0);
    server_give(0);
    server_stop(0);
    SCENARIO_CHECK(server_closed[0] == 1); /* given before the stop was asked for */
    SCENARIO_CHECK(server_count() >= 1);
    server_end();
}

static inline void server_play_give_two(void)
{
    server_open();
    server_start(0);
    server_give(0);
    server_give(0);
    SCENARIO_CHECK(!thi_service_open_connection(&server_service));
    server_stop(0);
    SCENARIO_CHECK(server_closed[0] == 2);
    server_end();
}

/* Whether it is adopted or not: it is closed, and counted out. */
static inline void server_play_give_late(void)
{
    server_open();
    server_start(0);
    thi_worker_stop(server_workers[0]);
    server_give(0);
    thi_worker_join(server_workers[0]);
    SCENARIO_CHECK(server_closed[0] <= 1);
    server_end();
}

static inline void server_play_count(void)
{
    server_open();
    server_start(0);
    server_give(0);
    uint64_t before = server_count();
    SCENARIO_CHECK(server_count() >= before);
    thi_counters_reset(&server_service.counters[0]);
    server_stop(0);
    (void)server_count();
    server_end();
}

/* Two workers and the one that accepts at the gate. */
static inline void server_play_workers(void)
{
    server_open();
    server_start(0);
    server_start(1);
    server_give(0);
    server_give(1);
    thi_worker_stop(server_workers[0]);
    thi_worker_stop(server_workers[1]);
    thi_worker_join(server_workers[0]);
    thi_worker_join(server_workers[1]);
    SCENARIO_CHECK(server_closed[0] == 1 && server_closed[1] == 1);
    server_end();
}

/* The clock does not run backwards for anybody, and no move is lost. */
static inline void server_thread_clock(unsigned number)
{
    uint32_t before = thi_service_now(&server_service);
    SCENARIO_CHECK(thi_service_move_clock(&server_service, number));
    SCENARIO_CHECK(thi_service_now(&server_service) >= before + number);
    thi_service_set_verbosity(&server_service, number);
    SCENARIO_CHECK(thi_service_verbosity(&server_service) >= 1);
}

static inline void server_thread_gate(unsigned number)
{
    (void)number;
    for (unsigned i = 0; i < 2; i++) {
        if (thi_service_open_connection(&server_service)) {
            thi_service_close_connection(&server_service);
        }
    }
}

static const struct server_scenario server_scenarios[] = {
    {"server_give", server_play_give, NULL},
    {"server_give_two", server_play_give_two, NULL},
    {"server_give_late", server_play_give_late, NULL},
    {"server_count", server_play_count, NULL},
    {"server_workers", server_play_workers, NULL},
    {"server_clock", NULL, server_thread_clock},
    {"server_gate", NULL, server_thread_gate},
};
enum { SERVER_SCENARIOS = sizeof(server_scenarios) / sizeof(server_scenarios[0]) };

#endif
