/* SPDX-License-Identifier: MIT
 * stats.c - the answers to `stats`, under memcached's names.
 *
 * Guarantees   G1 the general set holds every figure monitoring tools read from memcached for which
 *              this server has a meaning; names that speak of its slabs and lists are left out.
 *              G2 each figure of a worker is as of the end of one of its turns; the asking
 *              connection's own commands before this one are counted.
 * Sources      names and order from memcached's doc/protocol.txt.
 */
#include "stats.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "net/system.h"

__attribute__((format(printf, 3, 4))) static void stat_add(struct thi_executor *executor,
                                                           const char *name, const char *format,
                                                           ...)
{
    char line[512];
    int head = snprintf(line, sizeof line, "STAT %s ", name);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(line + head, sizeof line - (size_t)head - 2, format, arguments);
    va_end(arguments);
    thi_answer_text(&executor->answer, line);
    thi_answer_copy(&executor->answer, "\r\n", 2);
}

static void stat_number(struct thi_executor *executor, const char *name, uint64_t number)
{
    stat_add(executor, name, "%" PRIu64, number);
}

static void stat_switch(struct thi_executor *executor, const char *name, bool on)
{
    stat_add(executor, name, "%s", on ? "yes" : "no");
}

static void process_add(struct thi_executor *executor)
{
    struct thi_usage usage = thi_system_usage();
    stat_number(executor, "pid", thi_system_process_id());
    stat_number(executor, "uptime", executor->now - 2);
    stat_add(executor, "time", "%" PRId64, thi_service_unix_now(executor->service));
    stat_add(executor, "version", "%s", TH_SERVER_VERSION);
    stat_number(executor, "pointer_size", 8 * sizeof(void *));
    stat_add(executor, "rusage_user", "%" PRIu64 ".%06" PRIu64, usage.user_us / 1000000,
             usage.user_us % 1000000);
    stat_add(executor, "rusage_system", "%" PRIu64 ".%06" PRIu64, usage.system_us / 1000000,
             usage.system_us % 1000000);
}

static void connections_add(struct thi_executor *executor)
{
    struct thi_service *service = executor->service;
    pthread_mutex_lock(&service->lock);
    struct thi_gate gate = service->gate;
    pthread_mutex_unlock(&service->lock);
    stat_number(executor, "max_connections", service->options->connections_max);
    stat_number(executor, "curr_connections", gate.open_count);
    stat_number(executor, "total_connections", gate.opened_total);
    stat_number(executor, "rejected_connections", gate.rejected_total);
    stat_number(executor, "connection_structures", gate.open_count);
    stat_number(executor, "accepting_conns", !gate.paused);
    stat_number(executor, "listen_disabled_num", gate.paused_total);
    stat_number(executor, "threads", service->options->threads);
}

static void commands_add(struct thi_executor *executor, const uint64_t sums[TH_COUNTERS])
{
    static const struct {
        const char *name;
        enum thi_counter counter;
    } figures[] = {
        {"cmd_get", TH_COUNT_CMD_GET},
        {"cmd_set", TH_COUNT_CMD_SET},
        {"cmd_flush", TH_COUNT_CMD_FLUSH},
        {"cmd_touch", TH_COUNT_CMD_TOUCH},
        {"get_hits", TH_COUNT_GET_HITS},
        {"get_misses", TH_COUNT_GET_MISSES},
        {"delete_misses", TH_COUNT_DELETE_MISSES},
        {"delete_hits", TH_COUNT_DELETE_HITS},
        {"incr_misses", TH_COUNT_INCR_MISSES},
        {"incr_hits", TH_COUNT_INCR_HITS},
        {"decr_misses", TH_COUNT_DECR_MISSES},
        {"decr_hits", TH_COUNT_DECR_HITS},
        {"cas_misses", TH_COUNT_CAS_MISSES},
        {"cas_hits", TH_COUNT_CAS_HITS},
        {"cas_badval", TH_COUNT_CAS_BADVAL},
        {"touch_hits", TH_COUNT_TOUCH_HITS},
        {"touch_misses", TH_COUNT_TOUCH_MISSES},
        {"store_too_large", TH_COUNT_STORE_TOO_LARGE},
        {"store_no_memory", TH_COUNT_STORE_NO_MEMORY},
        {"idle_kicks", TH_COUNT_IDLE_KICKS},
        {"bytes_read", TH_COUNT_BYTES_READ},
        {"bytes_written", TH_COUNT_BYTES_WRITTEN},
        {"conn_yields", TH_COUNT_CONN_YIELDS},
        {"read_buf_oom", TH_COUNT_BUFFER_REFUSALS},
    };
    for (size_t i = 0; i < sizeof figures / sizeof figures[0]; i++) {
        stat_number(executor, figures[i].name, sums[figures[i].counter]);
    }
}

static void cache_add(struct thi_executor *executor)
{
    struct th_cache_stats stats;
    th_cache_get_stats(executor->service->cache, &stats);
    stat_number(executor, "get_expired", stats.get_expired_total);
    stat_number(executor, "get_flushed", stats.get_flushed_total);
    stat_number(executor, "limit_maxbytes", stats.memory_bytes);
    stat_number(executor, "bytes", stats.bytes);
    stat_number(executor, "memory_used_bytes", stats.memory_used);
    stat_number(executor, "curr_items", stats.items);
    stat_number(executor, "total_items", stats.items_total);
    stat_number(executor, "evictions", stats.evictions_total);
    stat_number(executor, "expired", stats.expired_total);
    stat_number(executor, "reclaimed", stats.reclaimed_total);
}

static void general_answer(struct thi_executor *executor)
{
    struct thi_service *service = executor->service;
    uint64_t sums[TH_COUNTERS] = {0};
    thi_counters_fold(executor->counters);
    for (unsigned i = 0; i < service->options->threads; i++) {
        thi_counters_add_to(&service->counters[i], sums);
    }
    process_add(executor);
    connections_add(executor);
    commands_add(executor, sums);
    cache_add(executor);
}

/* There are no slab classes: only the lines that sum them up, which monitoring tools read. */
static void slabs_answer(struct thi_executor *executor)
{
    struct th_cache_stats stats;
    th_cache_get_stats(executor->service->cache, &stats);
    stat_number(executor, "active_slabs", 0);
    stat_number(executor, "total_malloced", stats.memory_used);
}

static void settings_answer(struct thi_executor *executor)
{
    const struct thi_options *options = executor->service->options;
    stat_number(executor, "maxbytes", options->memory_bytes);
    stat_number(executor, "maxconns", options->connections_max);
    stat_add(executor, "tcpport", "%d", options->port);
    stat_number(executor, "udpport", 0);
    stat_add(executor, "inter", "%s",
             options->listen_count > 0 ? options->listens[0].host : "loopback");
    stat_number(executor, "verbosity", executor->verbosity);
    stat_add(executor, "evictions", "%s", options->no_eviction ? "off" : "on");
    stat_add(executor, "domain_socket", "%s",
             options->unix_path[0] != '\0' ? options->unix_path : "NULL");
    stat_add(executor, "umask", "%o", options->unix_mode);
    stat_number(executor, "num_threads", options->threads);
    stat_number(executor, "reqs_per_event", options->requests_per_turn);
    stat_switch(executor, "cas_enabled", true);
    stat_add(executor, "tcp_backlog", "%d", options->backlog);
    stat_add(executor, "binding_protocol", "ascii");
    stat_number(executor, "item_size_max", options->item_bytes_max);
    stat_switch(executor, "maxconns_fast", true);
    stat_switch(executor, "flush_enabled", !options->no_flush_all);
    stat_switch(executor, "dump_enabled", false);
    stat_switch(executor, "detail_enabled", false);
    stat_number(executor, "idle_timeout", options->idle_timeout_s);
    stat_number(executor, "read_buf_mem_limit", options->buffers_bytes_max);
}

static void stats_reset(struct thi_executor *executor)
{
    struct thi_service *service = executor->service;
    thi_counters_fold(executor->counters);
    for (unsigned i = 0; i < service->options->threads; i++) {
        thi_counters_reset(&service->counters[i]);
    }
    pthread_mutex_lock(&service->lock);
    service->gate.opened_total = 0;
    service->gate.rejected_total = 0;
    service->gate.paused_total = 0;
    pthread_mutex_unlock(&service->lock);
    th_cache_reset_stats(service->cache);
}

void thi_stats_answer(struct thi_executor *executor, const struct thi_command *command)
{
    const char *end = "END\r\n";
    const char *what = command->key;
    size_t size = command->key_bytes;
#define ASKED(name) (size == sizeof(name) - 1 && memcmp(what, name, size) == 0)
    if (size == 0) {
        general_answer(executor);
    } else if (ASKED("settings")) {
        settings_answer(executor);
    } else if (ASKED("sizes")) {
        stat_add(executor, "sizes_status", "disabled");
    } else if (ASKED("slabs")) {
        slabs_answer(executor);
    } else if (ASKED("reset")) {
        stats_reset(executor);
        end = "RESET\r\n";
    } else if (ASKED("cachedump") || ASKED("detail")) {
        end = ASKED("detail") ? "CLIENT_ERROR stats detail not allowed\r\n"
                              : "CLIENT_ERROR stats cachedump not allowed\r\n";
    } else if (!ASKED("items")) { /* which go by slab class: no lines */
        end = "ERROR\r\n";
    }
#undef ASKED
    thi_answer_text(&executor->answer, end);
}
