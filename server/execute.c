/* SPDX-License-Identifier: MIT
 * execute.c - commands done on the cache, their answers added to the turn's.
 *
 * Guarantees   G1 a command with noreply adds nothing to the answers, whatever happens to it.
 *              G2 a set that fails for want of room leaves no older value behind.
 *              G3 the cache's guard is entered by lookups only and left at the end of the turn, or
 *              when a store finds no room: our own guard never keeps memory from being used again.
 * Progress     as the cache's operations; nothing here waits.
 */
#include "execute.h"

#include <string.h>

#include "proto/number.h"
#include "stats.h"

enum { STORE_TRIES_MAX = 8 };

static void count(struct thi_executor *executor, enum thi_counter counter)
{
    executor->counters->turn[counter]++;
}

static void count_either(struct thi_executor *executor, bool hit, enum thi_counter hits,
                         enum thi_counter misses)
{
    executor->counters->turn[hit ? hits : misses]++;
}

static void reply(struct thi_executor *executor, const struct thi_command *command,
                  const char *text)
{
    if (!command->noreply) {
        thi_answer_text(&executor->answer, text);
        thi_answer_copy(&executor->answer, "\r\n", 2);
    }
}

void thi_executor_init(struct thi_executor *executor, struct thi_service *service,
                       struct thi_counters *counters)
{
    /* What lies in memory: enough for every read buffer, and for some of the largest values. */
    const struct thi_options *options = service->options;
    uint64_t buffers_bytes = options->buffers_bytes_max / options->threads;
    if (buffers_bytes == 0) {
        buffers_bytes = ((uint64_t)64 << 20) + 4 * options->item_bytes_max;
    }
    executor->service = service;
    executor->counters = counters;
    executor->verbosity = thi_service_verbosity(service);
    executor->now = thi_service_now(service);
    executor->commands_total = 0;
    executor->guarded = false;
    thi_buffers_init(&executor->buffers, (size_t)buffers_bytes);
    executor->answer.buffers = &executor->buffers;
    executor->answer.outlet = NULL;
    executor->answer.queued_bytes = 0;
    executor->answer.piece_count = 0;
    executor->answer.copied_bytes = 0;
    executor->answer.written_total = 0;
}

void thi_executor_fini(struct thi_executor *executor)
{
    thi_buffers_fini(&executor->buffers);
}

static void guard_enter(struct thi_executor *executor)
{
    if (!executor->guarded) {
        th_cache_enter(executor->service->cache);
        executor->guarded = true;
    }
}

void thi_executor_settle(struct thi_executor *executor)
{
    thi_answer_flush(&executor->answer);
    if (executor->guarded) {
        th_cache_leave(executor->service->cache);
        executor->guarded = false;
    }
}

/* A writing operation found no room. If that is because memory given up waits for readers to leave,
 * we may be one of them: leaves the guard and lets the cache tidy up. True: try once more. */
static bool room_make(struct thi_executor *executor, unsigned tries)
{
    if (executor->service->options->no_eviction || tries == STORE_TRIES_MAX) {
        return false;
    }
    thi_executor_settle(executor);
    th_cache_maintain(executor->service->cache, executor->now, STORE_TRIES_MAX);
    return true;
}

/* ------------------------------------------------------------------------- storing */

static enum th_cache_mode mode_of(enum thi_command_kind kind)
{
    switch (kind) {
    case TH_COMMAND_ADD: return TH_CACHE_ADD;
    case TH_COMMAND_REPLACE: return TH_CACHE_REPLACE;
    case TH_COMMAND_APPEND: return TH_CACHE_APPEND;
    case TH_COMMAND_PREPEND: return TH_CACHE_PREPEND;
    case TH_COMMAND_CAS: return TH_CACHE_CAS;
    default: return TH_CACHE_SET;
    }
}

static void stale_drop(struct thi_executor *executor, const struct thi_command *command)
{
    if (command->kind == TH_COMMAND_SET) {
        th_status gone = th_cache_delete(executor->service->cache, command->key, command->key_bytes,
                                         executor->now);
        (void)gone; /* absent is as good */
    }
}

static const char *const too_large = "SERVER_ERROR object too large for cache";

bool thi_execute_store_admitted(struct thi_executor *executor, const struct thi_command *command)
{
    uint64_t size = (uint64_t)command->key_bytes + command->value_bytes;
    if (size <= executor->service->options->item_bytes_max) {
        return true;
    }
    count(executor, TH_COUNT_STORE_TOO_LARGE);
    thi_execute_store_refused(executor, command, too_large);
    return false;
}

void thi_execute_store_refused(struct thi_executor *executor, const struct thi_command *command,
                               const char *error)
{
    stale_drop(executor, command);
    reply(executor, command, error);
}

static void cas_count(struct thi_executor *executor, th_status status)
{
    if (status == TH_OK) {
        count(executor, TH_COUNT_CAS_HITS);
    } else if (status == TH_ABSENT) {
        count(executor, TH_COUNT_CAS_MISSES);
    } else if (status == TH_MISMATCH) {
        count(executor, TH_COUNT_CAS_BADVAL);
    }
}

static const char *store_answer(struct thi_executor *executor, const struct thi_command *command,
                                th_status status)
{
    bool cas = command->kind == TH_COMMAND_CAS;
    bool joins = command->kind == TH_COMMAND_APPEND || command->kind == TH_COMMAND_PREPEND;
    switch (status) {
    case TH_OK: return "STORED";
    case TH_EXISTS: return "NOT_STORED";
    case TH_ABSENT: return cas ? "NOT_FOUND" : "NOT_STORED";
    case TH_MISMATCH: return "EXISTS";
    case TH_ERANGE:
        count(executor, TH_COUNT_STORE_TOO_LARGE);
        stale_drop(executor, command);
        return joins ? "NOT_STORED" : too_large;
    default:
        count(executor, TH_COUNT_STORE_NO_MEMORY);
        stale_drop(executor, command);
        return "SERVER_ERROR out of memory storing object";
    }
}

void thi_execute_store(struct thi_executor *executor, const struct thi_command *command,
                       const char *block)
{
    count(executor, TH_COUNT_CMD_SET);
    if (memcmp(block + command->value_bytes, "\r\n", 2) != 0) {
        reply(executor, command, "CLIENT_ERROR bad data chunk");
        return;
    }
    struct th_cache_item item = {
        .value = block,
        .value_bytes = command->value_bytes,
        .flags = command->flags,
        .expires = thi_service_expiry(executor->service, command->exptime, executor->now),
        .cas = command->number};
    th_status status;
    unsigned tries = 0;
    do {
        status = th_cache_store(executor->service->cache, mode_of(command->kind), command->key,
                                command->key_bytes, &item, executor->now, NULL);
    } while (status == TH_ENOMEM && room_make(executor, ++tries));
    if (command->kind == TH_COMMAND_CAS) {
        cas_count(executor, status);
    }
    reply(executor, command, store_answer(executor, command, status));
}

/* ------------------------------------------------------------------------- getting */

void thi_execute_lookup(struct thi_executor *executor, size_t key_count)
{
    guard_enter(executor);
    th_cache_get_many(executor->service->cache, executor->keys, key_count, executor->now,
                      executor->views, executor->found);
}

void thi_execute_lookup_touch(struct thi_executor *executor, size_t key_count, int64_t exptime)
{
    uint32_t expires = thi_service_expiry(executor->service, exptime, executor->now);
    guard_enter(executor);
    for (size_t i = 0; i < key_count; i++) {
        const struct th_cache_key *key = &executor->keys[i];
        bool found = th_cache_get_touch(executor->service->cache, key->bytes, key->size,
                                        executor->now, expires, &executor->views[i]);
        executor->found[i] = found;
        count(executor, TH_COUNT_CMD_TOUCH);
        count_either(executor, found, TH_COUNT_TOUCH_HITS, TH_COUNT_TOUCH_MISSES);
    }
}

static char *append(char *out, const void *bytes, size_t size)
{
    memcpy(out, bytes, size);
    return out + size;
}

static char *append_number(char *out, uint64_t number)
{
    *out++ = ' ';
    return out + thi_number_write(out, number);
}

void thi_execute_answer_item(struct thi_executor *executor, size_t index, bool with_cas)
{
    const struct th_cache_view *view = &executor->views[index];
    const struct th_cache_key *key = &executor->keys[index];
    char head[TH_PROTO_KEY_MAX + 6 + 3 * (1 + TH_NUMBER_BYTES_MAX) + 2];
    char *out = append(head, "VALUE ", 6);
    out = append(out, key->bytes, key->size);
    out = append_number(out, view->flags);
    out = append_number(out, view->value_bytes);
    if (with_cas) {
        out = append_number(out, view->cas);
    }
    out = append(out, "\r\n", 2);
    struct thi_answer *answer = &executor->answer;
    thi_answer_copy(answer, head, (size_t)(out - head));
    if (view->value_bytes >= TH_ANSWER_REFER_MIN) {
        thi_answer_refer(answer, view->value, view->value_bytes);
    } else {
        thi_answer_copy(answer, view->value, view->value_bytes);
    }
    thi_answer_copy(answer, "\r\n", 2);
}

/* ------------------------------------------------------------------------- the others */

static void number_execute(struct thi_executor *executor, const struct thi_command *command)
{
    bool incr = command->kind == TH_COMMAND_INCR;
    uint64_t result = 0;
    th_status status;
    unsigned tries = 0;
    do {
        status = th_cache_add_number(executor->service->cache, command->key, command->key_bytes,
                                     command->number, !incr, executor->now, &result, NULL);
    } while (status == TH_ENOMEM && room_make(executor, ++tries));
    char digits[TH_NUMBER_BYTES_MAX + 1];
    switch (status) {
    case TH_OK:
        digits[thi_number_write(digits, result)] = '\0';
        count(executor, incr ? TH_COUNT_INCR_HITS : TH_COUNT_DECR_HITS);
        reply(executor, command, digits);
        return;
    case TH_ABSENT:
        count(executor, incr ? TH_COUNT_INCR_MISSES : TH_COUNT_DECR_MISSES);
        reply(executor, command, "NOT_FOUND");
        return;
    case TH_EINVAL:
        reply(executor, command, "CLIENT_ERROR cannot increment or decrement non-numeric value");
        return;
    default: reply(executor, command, "SERVER_ERROR out of memory"); return;
    }
}

static void touch_execute(struct thi_executor *executor, const struct thi_command *command)
{
    uint32_t expires = thi_service_expiry(executor->service, command->exptime, executor->now);
    th_status status;
    unsigned tries = 0;
    do {
        status = th_cache_touch(executor->service->cache, command->key, command->key_bytes,
                                executor->now, expires);
    } while (status == TH_ENOMEM && room_make(executor, ++tries));
    count(executor, TH_COUNT_CMD_TOUCH);
    if (status == TH_ENOMEM) { /* an item without an expiry is copied to get one */
        reply(executor, command, "SERVER_ERROR out of memory");
        return;
    }
    count_either(executor, status == TH_OK, TH_COUNT_TOUCH_HITS, TH_COUNT_TOUCH_MISSES);
    reply(executor, command, status == TH_OK ? "TOUCHED" : "NOT_FOUND");
}

static void delete_execute(struct thi_executor *executor, const struct thi_command *command)
{
    bool hit = th_cache_delete(executor->service->cache, command->key, command->key_bytes,
                               executor->now) == TH_OK;
    count_either(executor, hit, TH_COUNT_DELETE_HITS, TH_COUNT_DELETE_MISSES);
    reply(executor, command, hit ? "DELETED" : "NOT_FOUND");
}

static void flush_execute(struct thi_executor *executor, const struct thi_command *command)
{
    count(executor, TH_COUNT_CMD_FLUSH);
    if (executor->service->options->no_flush_all) {
        reply(executor, command, "CLIENT_ERROR flush_all not allowed");
        return;
    }
    if (command->error != NULL) {
        reply(executor, command, command->error);
        return;
    }
    uint32_t at = command->exptime > 0
                      ? thi_service_expiry(executor->service, command->exptime, executor->now)
                      : executor->now;
    th_cache_flush(executor->service->cache, executor->now, at);
    reply(executor, command, "OK");
}

static void debugtime_execute(struct thi_executor *executor, const struct thi_command *command)
{
    bool moved = executor->service->options->debugtime &&
                 thi_service_move_clock(executor->service, command->exptime);
    executor->now = thi_service_now(executor->service);
    reply(executor, command, moved ? "OK" : "ERROR");
}

void thi_execute_plain(struct thi_executor *executor, const struct thi_command *command)
{
    if (command->error != NULL && command->kind != TH_COMMAND_FLUSH_ALL) {
        reply(executor, command, command->error);
        return;
    }
    switch (command->kind) {
    case TH_COMMAND_INCR:
    case TH_COMMAND_DECR: number_execute(executor, command); break;
    case TH_COMMAND_TOUCH: touch_execute(executor, command); break;
    case TH_COMMAND_DELETE: delete_execute(executor, command); break;
    case TH_COMMAND_FLUSH_ALL: flush_execute(executor, command); break;
    case TH_COMMAND_VERBOSITY:
        thi_service_set_verbosity(executor->service, command->number);
        executor->verbosity = thi_service_verbosity(executor->service);
        reply(executor, command, "OK");
        break;
    case TH_COMMAND_VERSION: reply(executor, command, "VERSION " TH_SERVER_VERSION); break;
    case TH_COMMAND_STATS: thi_stats_answer(executor, command); break;
    case TH_COMMAND_DEBUGTIME: debugtime_execute(executor, command); break;
    default: break; /* quit: the session ends; the others do not come here */
    }
}
