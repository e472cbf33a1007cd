/* SPDX-License-Identifier: MIT
 * worker.c - a thread with an event loop of its own, and the connections given to it.
 *
 * Guarantees   G1 every connection with something to do gets a turn before any gets its second.
 *              G2 a connection that yields costs no system call but the next poll, which all share.
 *              G3 a stopping worker ends within DRAIN_NS even if clients neither read nor go away.
 * Progress     one poll a round; it waits only when no connection has anything to do.
 * Invariants   I1 a connection stands in `ready` at most once, and its flag says whether.
 */
#include "worker.h"

#include <pthread.h>
#include <stdlib.h>

#include "connection.h"
#include "net/poll.h"
#include "net/socket.h"
#include "net/system.h"

#define TICK_NS 1000000000u
#define DRAIN_NS 2000000000u

enum {
    TICK_MS = 1000,
    MAINTAIN_ITEMS = 1024 /* expired items removed in one go, between turns */
};

struct thi_worker {
    struct thi_service *service;
    void (*closed)(void *context);
    void *closed_context;
    pthread_t thread;
    int poll;
    int wake;
    struct thi_connection *connections;
    struct thi_connection *ready_first;
    struct thi_connection *ready_last;
    uint64_t tick_ns;    /* when the next one is due */
    bool maintain_again; /* there were more expired items than one go removes */
    bool stopping;
    uint64_t stop_by_ns;
    pthread_mutex_t lock;
    struct thi_connection *given; /* guarded by lock */
    bool stop_asked;              /* guarded by lock */
    struct thi_executor executor;
};

static void ready_add(struct thi_worker *worker, struct thi_connection *connection)
{
    if (connection->ready) {
        return;
    }
    connection->ready = true;
    connection->ready_next = NULL;
    if (worker->ready_first == NULL) {
        worker->ready_first = connection;
    } else {
        worker->ready_last->ready_next = connection;
    }
    worker->ready_last = connection;
}

static void connection_link(struct thi_worker *worker, struct thi_connection *connection)
{
    connection->previous = NULL;
    connection->next = worker->connections;
    if (connection->next != NULL) {
        connection->next->previous = connection;
    }
    worker->connections = connection;
}

/* The connection must not stand in the ready queue. */
static void connection_close(struct thi_worker *worker, struct thi_connection *connection)
{
    if (connection->previous != NULL) {
        connection->previous->next = connection->next;
    } else {
        worker->connections = connection->next;
    }
    if (connection->next != NULL) {
        connection->next->previous = connection->previous;
    }
    thi_connection_free(connection, &worker->executor);
    thi_service_close_connection(worker->service);
    worker->closed(worker->closed_context);
}

static void connection_adopt(struct thi_worker *worker, struct thi_connection *connection)
{
    connection_link(worker, connection);
    connection->active_s = worker->executor.now;
    connection->draining = worker->stopping;
    if (!thi_poll_add(worker->poll, connection->descriptor, connection, true)) {
        connection_close(worker, connection);
        return;
    }
    ready_add(worker, connection);
}

static void drain_begin(struct thi_worker *worker)
{
    worker->stopping = true;
    worker->stop_by_ns = thi_system_now_ns() + DRAIN_NS;
    for (struct thi_connection *each = worker->connections; each != NULL; each = each->next) {
        each->draining = true;
        each->readable = true;
        ready_add(worker, each);
    }
}

static void mail_take(struct thi_worker *worker)
{
    thi_system_wake_clear(worker->wake);
    pthread_mutex_lock(&worker->lock);
    struct thi_connection *given = worker->given;
    worker->given = NULL;
    bool stop_asked = worker->stop_asked;
    pthread_mutex_unlock(&worker->lock);
    while (given != NULL) {
        struct thi_connection *next = given->next;
        connection_adopt(worker, given);
        given = next;
    }
    if (stop_asked && !worker->stopping) {
        drain_begin(worker);
    }
}

static void events_take(struct thi_worker *worker, int timeout_ms)
{
    struct thi_poll_event events[TH_POLL_EVENTS_MAX];
    size_t count = thi_poll_wait(worker->poll, events, timeout_ms);
    for (size_t i = 0; i < count; i++) {
        if (events[i].context == worker) {
            mail_take(worker);
            continue;
        }
        struct thi_connection *connection = events[i].context;
        connection->readable = connection->readable || events[i].readable;
        connection->hung_up = connection->hung_up || events[i].hung_up;
        bool unblocked = events[i].writable && thi_outlet_blocked(&connection->outlet);
        if (events[i].readable || unblocked) {
            ready_add(worker, connection);
        }
    }
}

/* One turn for each connection that stands in the queue now. */
static void turns_run(struct thi_worker *worker)
{
    struct thi_connection *connection = worker->ready_first;
    worker->ready_first = worker->ready_last = NULL;
    if (connection == NULL) {
        return;
    }
    worker->executor.now = thi_service_now(worker->service);
    while (connection != NULL) {
        struct thi_connection *next = connection->ready_next;
        connection->ready = false;
        switch (thi_connection_turn(connection, &worker->executor)) {
        case TH_TURN_WAIT: break;
        case TH_TURN_AGAIN: ready_add(worker, connection); break;
        case TH_TURN_CLOSE: connection_close(worker, connection); break;
        }
        connection = next;
    }
    thi_counters_fold(worker->executor.counters);
}

/* Closes connections that were idle for too long; asks again of those whose last write was refused
 * for want of memory, for which no event comes. */
static void connections_check(struct thi_worker *worker)
{
    uint32_t now = worker->executor.now;
    unsigned timeout_s = worker->service->options->idle_timeout_s;
    struct thi_connection *next;
    for (struct thi_connection *each = worker->connections; each != NULL; each = next) {
        next = each->next;
        if (each->ready) {
            continue;
        }
        if (timeout_s > 0 && now - each->active_s > timeout_s) {
            worker->executor.counters->turn[TH_COUNT_IDLE_KICKS]++;
            connection_close(worker, each);
        } else if (thi_outlet_blocked(&each->outlet)) {
            ready_add(worker, each);
        }
    }
}

static void upkeep(struct thi_worker *worker)
{
    uint64_t now_ns = thi_system_now_ns();
    bool tick = now_ns >= worker->tick_ns;
    if (!tick && !worker->maintain_again) {
        return;
    }
    worker->executor.now = thi_service_now(worker->service);
    size_t removed =
        th_cache_maintain(worker->service->cache, worker->executor.now, MAINTAIN_ITEMS);
    worker->maintain_again = removed == MAINTAIN_ITEMS;
    if (tick) {
        worker->tick_ns = now_ns + TICK_NS;
        worker->executor.verbosity = thi_service_verbosity(worker->service);
        connections_check(worker);
        thi_counters_fold(worker->executor.counters);
    }
}

static void *worker_main(void *context)
{
    struct thi_worker *worker = context;
    while (!worker->stopping ||
           (worker->connections != NULL && thi_system_now_ns() < worker->stop_by_ns)) {
        bool busy = worker->ready_first != NULL || worker->maintain_again;
        events_take(worker, busy ? 0 : worker->stopping ? TICK_MS / 20 : TICK_MS);
        turns_run(worker);
        upkeep(worker);
    }
    while (worker->connections != NULL) {
        connection_close(worker, worker->connections);
    }
    thi_counters_fold(worker->executor.counters);
    return NULL;
}

static void worker_free(struct thi_worker *worker)
{
    if (worker->poll >= 0) {
        thi_net_close(worker->poll);
    }
    if (worker->wake >= 0) {
        thi_net_close(worker->wake);
    }
    while (worker->given != NULL) { /* came too late to be adopted */
        struct thi_connection *connection = worker->given;
        worker->given = connection->next;
        thi_connection_free(connection, &worker->executor);
        thi_service_close_connection(worker->service);
    }
    thi_executor_fini(&worker->executor);
    pthread_mutex_destroy(&worker->lock);
    free(worker);
}

th_status thi_worker_start(struct thi_worker **worker_out, struct thi_service *service,
                           unsigned index, void (*closed)(void *context), void *context)
{
    struct thi_worker *worker = calloc(1, sizeof *worker);
    if (worker == NULL) {
        return TH_ENOMEM;
    }
    worker->service = service;
    worker->closed = closed;
    worker->closed_context = context;
    pthread_mutex_init(&worker->lock, NULL);
    thi_executor_init(&worker->executor, service, &service->counters[index]);
    worker->tick_ns = thi_system_now_ns() + TICK_NS;
    worker->poll = thi_poll_new();
    worker->wake = thi_system_wake_new();
    if (worker->poll < 0 || worker->wake < 0 ||
        !thi_poll_add(worker->poll, worker->wake, worker, false) ||
        pthread_create(&worker->thread, NULL, worker_main, worker) != 0) {
        worker_free(worker);
        return TH_EIO;
    }
    *worker_out = worker;
    return TH_OK;
}

bool thi_worker_give(struct thi_worker *worker, int descriptor)
{
    struct thi_connection *connection = thi_connection_new(descriptor);
    if (connection == NULL) {
        return false;
    }
    pthread_mutex_lock(&worker->lock);
    connection->next = worker->given;
    worker->given = connection;
    pthread_mutex_unlock(&worker->lock);
    thi_system_wake(worker->wake);
    return true;
}

void thi_worker_stop(struct thi_worker *worker)
{
    pthread_mutex_lock(&worker->lock);
    worker->stop_asked = true;
    pthread_mutex_unlock(&worker->lock);
    thi_system_wake(worker->wake);
}

void thi_worker_join(struct thi_worker *worker)
{
    pthread_join(worker->thread, NULL);
    worker_free(worker);
}
