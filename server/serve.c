/* SPDX-License-Identifier: MIT
 * serve.c - opens the listeners, starts the workers, deals out connections, stops cleanly.
 *
 * One thread accepts and deals connections out to the workers in turn. With a listener a worker
 * (SO_REUSEPORT) the kernel would deal by a hash of the addresses: of the few fat connections of a
 * proxy, two fall on one worker more often than not, and stay there for hours.
 *
 * Guarantees   G1 of n connections opened one after another each worker gets n/threads, rounded.
 *              G2 out of descriptors, accepting stops until one is free or RETRY_MS have passed; it
 *              never spins. G3 a connection above the limit gets an answer that says so.
 */
#include "serve.h"

#include <stdlib.h>
#include <string.h>

#include "net/poll.h"
#include "net/socket.h"
#include "net/system.h"
#include "worker.h"

enum { RETRY_MS = 100, DESCRIPTORS_OWN = 64 };

struct server {
    struct thi_service service;
    struct thi_net_listeners listeners;
    struct thi_worker **workers;
    unsigned worker_count; /* started */
    unsigned worker_next;
    int poll;
    int wake;
    int stop_signals;
    bool paused;
};

/* ------------------------------------------------------------------------- start */

static int port_busy(const struct server *server, const char *host, int port, FILE *err)
{
    fprintf(err,
            "tophash serve: port %d on %s is in use by another program (%s).\n"
            "Stop that program, or choose another port with -p, such as: tophash serve -p %d\n",
            port, host, server->listeners.message, port + 1);
    return 1;
}

static int listen_failed(const struct server *server, const char *host, int port, FILE *err)
{
    fprintf(err,
            "tophash serve: cannot listen on %s port %d (%s).\n"
            "Choose an address of this machine with -l and a free port above 1023 with -p.\n",
            host, port, server->listeners.message);
    return 1;
}

static int listen_on(struct server *server, const char *host, int port, bool required, FILE *err)
{
    int backlog = server->service.options->backlog;
    int wanted = port == TH_OPTION_PORT_ANY ? 0 : port;
    switch (thi_net_listen_tcp(&server->listeners, host, wanted, backlog)) {
    case TH_NET_DONE: return 0;
    case TH_NET_BUSY: return port_busy(server, host, port, err);
    case TH_NET_ABSENT:
        if (!required) {
            return 0;
        }
        return listen_failed(server, host, port, err);
    default: return listen_failed(server, host, port, err);
    }
}

static int listen_loopback(struct server *server, FILE *err)
{
    int port = server->service.options->port;
    int failed = listen_on(server, "127.0.0.1", port, true, err);
    if (failed == 0) { /* the same port on both, also if the system chose it */
        failed = listen_on(server, "::1", server->listeners.all[0].port, false, err);
    }
    return failed;
}

static int listen_all(struct server *server, FILE *err)
{
    const struct thi_options *options = server->service.options;
    if (options->unix_path[0] != '\0') {
        enum thi_net_result result = thi_net_listen_unix(&server->listeners, options->unix_path,
                                                         options->unix_mode, options->backlog);
        if (result != TH_NET_DONE) {
            fprintf(err,
                    "tophash serve: cannot listen on the UNIX socket %s.\n"
                    "Choose a path with -s that is free and in a directory you may write to.\n",
                    server->listeners.message);
            return 1;
        }
    }
    bool tcp = options->unix_path[0] == '\0' || options->listen_count > 0 || options->port_given;
    if (!tcp || options->port == 0) {
        return 0;
    }
    if (options->listen_count == 0) {
        return listen_loopback(server, err);
    }
    for (size_t i = 0; i < options->listen_count; i++) {
        const struct thi_listen_address *address = &options->listens[i];
        if (listen_on(server, address->host, address->port, true, err) != 0) {
            return 1;
        }
    }
    return 0;
}

static void greeting_print(const struct server *server, FILE *out)
{
    const struct thi_options *options = server->service.options;
    fprintf(out, "tophash %s serves on", th_version());
    for (size_t i = 0; i < server->listeners.count; i++) {
        fprintf(out, "%s %s", i == 0 ? "" : ",", server->listeners.all[i].name);
    }
    fprintf(
        out,
        " (%u threads, %llu MB). Try: printf 'set a 0 0 1\\r\\nx\\r\\nget a\\r\\nquit\\r\\n' | nc ",
        options->threads, (unsigned long long)(options->memory_bytes >> 20));
    const struct thi_net_listener *first = &server->listeners.all[0];
    if (first->unix_domain) {
        fprintf(out, "-U %s\n", first->name);
    } else {
        const char *host = strncmp(first->name, "127.0.0.1:", 10) == 0 ? "127.0.0.1" : "localhost";
        fprintf(out, "%s %d\n", host, first->port);
    }
    fflush(out);
}

/* Called by workers when a connection has been closed: descriptors may be free again. */
static void connection_closed(void *context)
{
    struct server *server = context;
    pthread_mutex_lock(&server->service.lock);
    bool paused = server->service.gate.paused;
    pthread_mutex_unlock(&server->service.lock);
    if (paused) {
        thi_system_wake(server->wake);
    }
}

static bool workers_start(struct server *server, FILE *err)
{
    unsigned threads = server->service.options->threads;
    server->workers = calloc(threads, sizeof *server->workers);
    if (server->workers == NULL) {
        fprintf(err, "tophash serve: no memory for %u threads; start fewer with -t.\n", threads);
        return false;
    }
    while (server->worker_count < threads) {
        th_status status =
            thi_worker_start(&server->workers[server->worker_count], &server->service,
                             server->worker_count, connection_closed, server);
        if (status != TH_OK) {
            fprintf(err,
                    "tophash serve: cannot start thread %u (%s); start fewer with -t, or raise the "
                    "limits on threads and open files (ulimit).\n",
                    server->worker_count + 1, th_status_name(status));
            return false;
        }
        server->worker_count++;
    }
    return true;
}

static bool loop_open(struct server *server, FILE *err)
{
    server->poll = thi_poll_new();
    server->wake = thi_system_wake_new();
    bool open = server->poll >= 0 && server->wake >= 0 && server->stop_signals >= 0 &&
                thi_poll_add(server->poll, server->wake, &server->wake, false) &&
                thi_poll_add(server->poll, server->stop_signals, &server->stop_signals, false);
    for (size_t i = 0; open && i < server->listeners.count; i++) {
        struct thi_net_listener *listener = &server->listeners.all[i];
        open = thi_poll_add(server->poll, listener->descriptor, listener, false);
    }
    if (!open) {
        fprintf(err, "tophash serve: the system refuses an event loop; raise the limit on open "
                     "files (ulimit -n).\n");
    }
    return open;
}

static void descriptors_raise(const struct thi_options *options, FILE *err)
{
    uint64_t wanted = (uint64_t)options->connections_max + 2 * options->threads + DESCRIPTORS_OWN;
    uint64_t limit = thi_system_descriptors(wanted);
    if (limit < wanted && options->verbosity > 0) {
        fprintf(err,
                "tophash serve: the limit of %llu open files is below what %u connections need; "
                "raise it (ulimit -n) or lower -c.\n",
                (unsigned long long)limit, options->connections_max);
    }
}

/* ------------------------------------------------------------------------- run */

static void accepting_pause(struct server *server, bool paused)
{
    if (server->paused == paused) {
        return;
    }
    server->paused = paused;
    pthread_mutex_lock(&server->service.lock);
    server->service.gate.paused = paused;
    server->service.gate.paused_total += paused;
    pthread_mutex_unlock(&server->service.lock);
    for (size_t i = 0; i < server->listeners.count; i++) {
        struct thi_net_listener *listener = &server->listeners.all[i];
        thi_poll_pause(server->poll, listener->descriptor, listener, paused);
    }
}

static void connection_deal(struct server *server, int descriptor)
{
    if (!thi_service_open_connection(&server->service)) {
        thi_net_turn_away(descriptor, "ERROR Too many open connections\r\n");
        return;
    }
    struct thi_worker *worker = server->workers[server->worker_next];
    server->worker_next = (server->worker_next + 1) % server->worker_count;
    if (!thi_worker_give(worker, descriptor)) {
        thi_service_close_connection(&server->service);
        thi_net_turn_away(descriptor, "SERVER_ERROR out of memory\r\n");
    }
}

/* Takes what waits on a listener, a bounded number so that the others get their turn. */
static void listener_accept(struct server *server, const struct thi_net_listener *listener)
{
    for (unsigned i = 0; i < 64; i++) {
        int descriptor;
        switch (thi_net_accept(listener, &descriptor)) {
        case TH_NET_DONE: connection_deal(server, descriptor); break;
        case TH_NET_EXHAUSTED: accepting_pause(server, true); return;
        default: return;
        }
    }
}

static void loop_run(struct server *server)
{
    for (;;) {
        struct thi_poll_event events[TH_POLL_EVENTS_MAX];
        size_t count = thi_poll_wait(server->poll, events, server->paused ? RETRY_MS : -1);
        bool retry = server->paused;
        for (size_t i = 0; i < count; i++) {
            if (events[i].context == &server->stop_signals) {
                return;
            }
            if (events[i].context == &server->wake) {
                thi_system_wake_clear(server->wake);
            } else {
                listener_accept(server, events[i].context);
            }
        }
        if (retry) {
            accepting_pause(server, false); /* the next event, or none, will tell */
        }
    }
}

static void server_close(struct server *server)
{
    thi_net_listeners_close(&server->listeners);
    for (unsigned i = 0; i < server->worker_count; i++) {
        thi_worker_stop(server->workers[i]);
    }
    for (unsigned i = 0; i < server->worker_count; i++) {
        thi_worker_join(server->workers[i]);
    }
    free(server->workers);
    int descriptors[] = {server->poll, server->wake, server->stop_signals};
    for (size_t i = 0; i < sizeof descriptors / sizeof descriptors[0]; i++) {
        if (descriptors[i] >= 0) {
            thi_net_close(descriptors[i]);
        }
    }
    thi_service_fini(&server->service);
}

int thi_serve(const struct thi_options *options, FILE *out, FILE *err)
{
    struct server server = {.poll = -1, .wake = -1};
    server.stop_signals = thi_system_stop_signals(); /* before threads: they inherit the mask */
    const char *error = "";
    if (thi_service_init(&server.service, options, &error) != TH_OK) {
        fprintf(err, "tophash serve: %s.\n", error);
        if (server.stop_signals >= 0) {
            thi_net_close(server.stop_signals);
        }
        return 1;
    }
    descriptors_raise(options, err);
    bool started = listen_all(&server, err) == 0;
    if (started && server.listeners.count == 0) {
        fprintf(err,
                "tophash serve: nothing to listen on; give a port with -p or a path with -s.\n");
        started = false;
    }
    started = started && loop_open(&server, err) && workers_start(&server, err);
    if (started) {
        greeting_print(&server, out);
        loop_run(&server);
    }
    server_close(&server);
    return started ? 0 : 1;
}
