/* SPDX-License-Identifier: MIT
 * session.c - the command stream of one connection, without the connection: bytes in, answers out.
 *
 * Guarantees   G1 no command is begun before there is room for its answer; a get line may stop
 *              between two keys and goes on where it stopped. G2 a data block takes memory only as
 *              it arrives: at most twice what is there.
 * Progress     bounded by the budget; one batch of TH_EXECUTE_BATCH_MAX keys counts as one command.
 * Invariants   I1 input->used stands behind the last command, key or part of a data block that is
 *              done with. I2 an open get line has no partial data block.
 */
#include "session.h"

#include <stdio.h>
#include <string.h>

#include "stats.h"

enum { PARTIAL_BYTES_MIN = 2048 };

/* One key, or the end of a line, as it was read: enough to answer it and to go on behind it. */
struct lookup {
    struct thi_proto proto_after;
    size_t used_after;
    const char *error; /* of a line that turned out bad */
    bool has_key;
    bool with_cas;
    bool ends_line;
};

struct batch {
    struct lookup lookups[TH_EXECUTE_BATCH_MAX];
    size_t count;
    size_t keys; /* lookups that have a key; they come in order */
    unsigned lines;
    bool more; /* the line goes on in input that has not come yet */
};

static void log_command(const struct thi_executor *executor, const struct thi_command *command)
{
    if (executor->verbosity > 1) {
        int size = command->line_bytes < 256 ? (int)command->line_bytes : 256;
        fprintf(stderr, "<%.*s\n", size, command->line);
    }
}

/* ------------------------------------------------------------------------- get lines */

static struct lookup *lookup_add(struct batch *batch, const struct thi_proto *proto,
                                 const struct thi_input *input)
{
    struct lookup *lookup = &batch->lookups[batch->count++];
    *lookup = (struct lookup){.proto_after = *proto, .used_after = input->used};
    return lookup;
}

/* Reads keys of the open line until it ends, the batch is full or the input is. True: it ended. */
static bool batch_read_line(struct batch *batch, struct thi_proto *proto, struct thi_input *input,
                            struct thi_executor *executor)
{
    bool with_cas = proto->line_kind == TH_COMMAND_GETS || proto->line_kind == TH_COMMAND_GATS;
    size_t first = batch->count;
    while (batch->count < TH_EXECUTE_BATCH_MAX) {
        struct thi_key key;
        enum thi_key_result result = thi_proto_next_key(proto, input, &key);
        if (result == TH_KEY_MORE) {
            batch->more = true;
            return false;
        }
        if (result == TH_KEY_FOUND) {
            executor->keys[batch->keys++] =
                (struct th_cache_key){.bytes = key.bytes, .size = key.size};
            struct lookup *lookup = lookup_add(batch, proto, input);
            lookup->has_key = true;
            lookup->with_cas = with_cas;
            continue;
        }
        if (result == TH_KEY_END && batch->count > first) {
            struct lookup *last = &batch->lookups[batch->count - 1];
            last->proto_after = *proto;
            last->used_after = input->used;
            last->ends_line = true;
        } else {
            struct lookup *lookup = lookup_add(batch, proto, input);
            lookup->ends_line = result == TH_KEY_END;
            lookup->error = result == TH_KEY_BAD ? key.error : NULL;
        }
        return true;
    }
    return false;
}

/* Opens the next line if it is one more plain get: runs of them are looked up together. */
static bool batch_open_next(struct thi_proto *proto, struct thi_input *input,
                            const struct thi_executor *executor)
{
    if (input->size - input->used < 4 || memcmp(input->bytes + input->used, "get", 3) != 0) {
        return false;
    }
    struct thi_proto proto_before = *proto;
    size_t used_before = input->used;
    struct thi_command command;
    if (thi_proto_parse(proto, input, &command) == TH_PROTO_COMMAND && command.error == NULL &&
        (command.kind == TH_COMMAND_GET || command.kind == TH_COMMAND_GETS)) {
        log_command(executor, &command);
        return true;
    }
    *proto = proto_before;
    input->used = used_before;
    return false;
}

static void batch_read(struct batch *batch, struct thi_session *session,
                       struct thi_executor *executor, struct thi_input *input, unsigned lines_max)
{
    struct thi_proto *proto = &session->proto;
    bool touches = proto->line_kind == TH_COMMAND_GAT || proto->line_kind == TH_COMMAND_GATS;
    int64_t exptime = proto->line_exptime;
    batch->count = 0;
    batch->keys = 0;
    batch->lines = 1;
    batch->more = false;
    while (batch_read_line(batch, proto, input, executor) && !touches && batch->lines < lines_max &&
           batch->count < TH_EXECUTE_BATCH_MAX && batch_open_next(proto, input, executor)) {
        batch->lines++;
    }
    if (touches) {
        thi_execute_lookup_touch(executor, batch->keys, exptime);
    } else if (batch->keys > 0) {
        thi_execute_lookup(executor, batch->keys);
    }
}

static void lookup_answer(struct thi_executor *executor, const struct lookup *lookup, size_t index)
{
    if (lookup->has_key) {
        bool hit = executor->found[index];
        if (hit) {
            thi_execute_answer_item(executor, index, lookup->with_cas);
        }
    }
    if (lookup->error != NULL) {
        thi_answer_text(&executor->answer, lookup->error);
        thi_answer_copy(&executor->answer, "\r\n", 2);
    }
    if (lookup->ends_line) {
        thi_answer_copy(&executor->answer, "END\r\n", 5);
    }
}

/* Reads, looks up and answers one batch of keys. *lines is how many commands that was. */
static enum thi_session_result gets_run(struct thi_session *session, struct thi_executor *executor,
                                        struct thi_input *input, unsigned *lines)
{
    struct batch batch;
    struct thi_proto proto_done = session->proto;
    size_t used_done = input->used;
    bool touches =
        proto_done.line_kind == TH_COMMAND_GAT || proto_done.line_kind == TH_COMMAND_GATS;
    batch_read(&batch, session, executor, input, *lines);
    *lines = batch.lines;
    size_t key = 0;
    for (size_t i = 0; i < batch.count; i++) {
        const struct lookup *lookup = &batch.lookups[i];
        if (!thi_answer_room(&executor->answer, TH_EXECUTE_COPIED_MAX, TH_EXECUTE_PIECES_MAX)) {
            session->proto = proto_done; /* the rest is looked up again when there is room */
            input->used = used_done;
            return TH_SESSION_BLOCKED;
        }
        lookup_answer(executor, lookup, key);
        if (lookup->has_key && !touches) {
            uint64_t *turn = executor->counters->turn;
            turn[TH_COUNT_CMD_GET]++;
            turn[executor->found[key] ? TH_COUNT_GET_HITS : TH_COUNT_GET_MISSES]++;
        }
        key += lookup->has_key;
        proto_done = lookup->proto_after;
        used_done = lookup->used_after;
    }
    return batch.more ? TH_SESSION_MORE : TH_SESSION_YIELD;
}

/* ------------------------------------------------------------------------- data blocks */

static void partial_end(struct thi_session *session, struct thi_executor *executor)
{
    struct thi_partial *partial = session->partial;
    if (partial != NULL) {
        thi_buffers_drop(&executor->buffers, partial, sizeof *partial + partial->capacity);
        session->partial = NULL;
    }
}

static void partial_take(struct thi_partial *partial, struct thi_input *input, size_t total)
{
    size_t left = input->size - input->used;
    size_t taken = total - partial->size < left ? total - partial->size : left;
    memcpy(partial->bytes + partial->size, input->bytes + input->used, taken);
    partial->size += taken;
    input->used += taken;
}

/* Makes room for what the input has of the block. False: there is none. */
static bool partial_make_room(struct thi_session *session, struct thi_executor *executor,
                              size_t left, size_t total)
{
    struct thi_partial *partial = session->partial;
    size_t arrived = partial->size + left;
    if (arrived <= partial->capacity || partial->capacity == total) {
        return true;
    }
    size_t capacity = 2 * arrived < total ? 2 * arrived : total;
    struct thi_partial *grown =
        thi_buffers_grow(&executor->buffers, partial, sizeof *partial + partial->capacity,
                         sizeof *partial + capacity);
    if (grown == NULL) {
        return false;
    }
    grown->capacity = capacity;
    grown->command.key = grown->bytes;
    session->partial = grown;
    return true;
}

/* The data block cannot be held: answers, and drops the rest of it as it comes. */
static void block_refuse(struct thi_session *session, struct thi_executor *executor,
                         const struct thi_command *command, size_t rest)
{
    executor->counters->turn[TH_COUNT_STORE_NO_MEMORY]++;
    executor->counters->turn[TH_COUNT_BUFFER_REFUSALS]++;
    session->proto.swallow_bytes = rest;
    thi_execute_store_refused(executor, command, "SERVER_ERROR out of memory storing object");
}

/* Begins to gather a data block that is not all in the input. */
static void partial_begin(struct thi_session *session, struct thi_executor *executor,
                          const struct thi_command *command, struct thi_input *input)
{
    size_t total = command->key_bytes + command->value_bytes + 2;
    size_t wanted = 2 * (command->key_bytes + input->size - input->used);
    size_t capacity = wanted < PARTIAL_BYTES_MIN ? PARTIAL_BYTES_MIN : wanted;
    if (capacity > total) {
        capacity = total;
    }
    struct thi_partial *partial = thi_buffers_take(&executor->buffers, sizeof *partial + capacity);
    if (partial == NULL) {
        block_refuse(session, executor, command, command->value_bytes + 2);
        return;
    }
    partial->command = *command;
    partial->command.key = partial->bytes;
    partial->capacity = capacity;
    partial->size = command->key_bytes;
    memcpy(partial->bytes, command->key, command->key_bytes);
    partial_take(partial, input, total);
    session->partial = partial;
}

/* More of a data block. Room for an answer was made. */
static enum thi_session_result partial_run(struct thi_session *session,
                                           struct thi_executor *executor, struct thi_input *input)
{
    const struct thi_command *command = &session->partial->command;
    size_t total = command->key_bytes + command->value_bytes + 2;
    if (!partial_make_room(session, executor, input->size - input->used, total)) {
        block_refuse(session, executor, command, total - session->partial->size);
        partial_end(session, executor);
        return TH_SESSION_YIELD;
    }
    struct thi_partial *partial = session->partial;
    partial_take(partial, input, total);
    if (partial->size < total) {
        return TH_SESSION_MORE;
    }
    thi_execute_store(executor, &partial->command, partial->bytes + partial->command.key_bytes);
    partial_end(session, executor);
    return TH_SESSION_YIELD;
}

static void store_run(struct thi_session *session, struct thi_executor *executor,
                      const struct thi_command *command, struct thi_input *input)
{
    if (!thi_execute_store_admitted(executor, command)) {
        session->proto.swallow_bytes = command->value_bytes + 2;
        return;
    }
    if (input->size - input->used < command->value_bytes + 2) {
        partial_begin(session, executor, command, input);
        return;
    }
    thi_execute_store(executor, command, input->bytes + input->used);
    input->used += command->value_bytes + 2;
}

/* ------------------------------------------------------------------------- the stream */

/* One command, or one batch of keys. TH_SESSION_YIELD: done, go on while the budget lasts. */
static enum thi_session_result step(struct thi_session *session, struct thi_executor *executor,
                                    struct thi_input *input, unsigned *spent)
{
    unsigned lines_max = *spent;
    *spent = 1;
    if (!thi_answer_room(&executor->answer, TH_EXECUTE_COPIED_MAX, TH_EXECUTE_PIECES_MAX)) {
        return TH_SESSION_BLOCKED;
    }
    if (session->partial != NULL) {
        return partial_run(session, executor, input);
    }
    struct thi_proto proto_before = session->proto;
    size_t used_before = input->used;
    bool line_open = session->proto.line_kind != TH_COMMAND_NONE;
    struct thi_command command;
    switch (thi_proto_parse(&session->proto, input, &command)) {
    case TH_PROTO_MORE: return TH_SESSION_MORE;
    case TH_PROTO_CLOSE: return TH_SESSION_CLOSE;
    case TH_PROTO_COMMAND: break;
    }
    if (!line_open) {
        log_command(executor, &command);
    }
    if (command.error == NULL && session->proto.line_kind != TH_COMMAND_NONE) {
        *spent = lines_max;
        return gets_run(session, executor, input, spent);
    }
    if (command.error == NULL && thi_command_stores(command.kind)) {
        store_run(session, executor, &command, input);
    } else if (command.kind == TH_COMMAND_STATS &&
               !thi_answer_room(&executor->answer, TH_STATS_COPIED_MAX, 1)) {
        session->proto = proto_before;
        input->used = used_before;
        return TH_SESSION_BLOCKED;
    } else {
        thi_execute_plain(executor, &command);
    }
    return command.kind == TH_COMMAND_QUIT ? TH_SESSION_CLOSE : TH_SESSION_YIELD;
}

enum thi_session_result thi_session_run(struct thi_session *session, struct thi_executor *executor,
                                        struct thi_input *input, unsigned budget)
{
    while (budget > 0) {
        unsigned spent = budget;
        enum thi_session_result result = step(session, executor, input, &spent);
        if (result != TH_SESSION_YIELD) {
            return result;
        }
        executor->commands_total += spent;
        budget -= spent;
    }
    return input->used < input->size ? TH_SESSION_YIELD : TH_SESSION_MORE;
}

void thi_session_fini(struct thi_session *session, struct thi_executor *executor)
{
    partial_end(session, executor);
}
