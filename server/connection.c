/* SPDX-License-Identifier: MIT
 * connection.c - one client's connection: read a piece, run its commands, write their answers.
 *
 * Guarantees   G1 nothing is read or executed for a client while an answer to it waits unsent: a
 *              client that does not read is bounded in what it makes us hold. G2 a turn is bounded,
 *              so one client cannot keep the others waiting. G3 an idle connection, and one in the
 *              middle of a command line, hold no read buffer.
 * Invariants   I1 input_capacity is TH_READ_BUFFER_BYTES for a read buffer, less for a kept rest.
 *              I2 readable is false only if a read said so, or gave less than there was room for
 *              and the peer has not hung up: then the next arrival makes an event.
 */
#include "connection.h"

#include <stdlib.h>
#include <string.h>

#include "net/socket.h"

/* A rest up to this size moves to memory of its own, and the read buffer is free for others. */
enum { REST_KEPT_MAX = TH_READ_BUFFER_BYTES / 4 };

static bool outlet_write(struct thi_outlet *outlet, const struct iovec *pieces, size_t count,
                         size_t *written)
{
    const struct thi_connection *connection =
        (const struct thi_connection *)(const void *)((const char *)outlet -
                                                      offsetof(struct thi_connection, outlet));
    return thi_net_write(connection->descriptor, pieces, count, written) != TH_NET_CLOSED;
}

struct thi_connection *thi_connection_new(int descriptor)
{
    struct thi_connection *connection = calloc(1, sizeof *connection);
    if (connection != NULL) {
        connection->outlet.write = outlet_write;
        connection->descriptor = descriptor;
        connection->readable = true; /* it may have sent something before it was watched */
    }
    return connection;
}

static void input_drop(struct thi_connection *connection, struct thi_executor *executor)
{
    if (connection->input_capacity == TH_READ_BUFFER_BYTES) {
        thi_buffers_drop_read(&executor->buffers, connection->input);
    } else {
        thi_buffers_drop(&executor->buffers, connection->input, connection->input_capacity);
    }
    connection->input = NULL;
    connection->input_begin = connection->input_end = connection->input_capacity = 0;
}

void thi_connection_free(struct thi_connection *connection, struct thi_executor *executor)
{
    thi_net_close(connection->descriptor);
    input_drop(connection, executor);
    thi_session_fini(&connection->session, executor);
    thi_outlet_fini(&connection->outlet, &executor->buffers);
    free(connection);
}

/* Puts the rest at the start of a read buffer. False: there is no memory for one. */
static bool input_prepare(struct thi_connection *connection, struct thi_executor *executor)
{
    size_t rest = connection->input_end - connection->input_begin;
    if (connection->input_capacity == TH_READ_BUFFER_BYTES) {
        memmove(connection->input, connection->input + connection->input_begin, rest);
    } else {
        char *buffer = thi_buffers_take_read(&executor->buffers);
        if (buffer == NULL) {
            return false;
        }
        if (rest > 0) {
            memcpy(buffer, connection->input + connection->input_begin, rest);
        }
        input_drop(connection, executor);
        connection->input = buffer;
        connection->input_capacity = TH_READ_BUFFER_BYTES;
    }
    connection->input_begin = 0;
    connection->input_end = rest;
    return true;
}

/* Gives the read buffer back if what is left in it is little. */
static void input_settle(struct thi_connection *connection, struct thi_executor *executor)
{
    size_t rest = connection->input_end - connection->input_begin;
    if (rest == 0) {
        input_drop(connection, executor);
        return;
    }
    if (rest > REST_KEPT_MAX || connection->input_capacity < TH_READ_BUFFER_BYTES) {
        return;
    }
    char *kept = thi_buffers_take(&executor->buffers, rest);
    if (kept != NULL) {
        memcpy(kept, connection->input + connection->input_begin, rest);
        input_drop(connection, executor);
        connection->input = kept;
        connection->input_capacity = rest;
        connection->input_end = rest;
    }
}

/* One read. False: the connection is over. */
static bool input_read(struct thi_connection *connection, struct thi_executor *executor)
{
    if (!input_prepare(connection, executor)) {
        executor->counters->turn[TH_COUNT_BUFFER_REFUSALS]++;
        return false;
    }
    size_t room = connection->input_capacity - connection->input_end;
    size_t size = 0;
    switch (thi_net_read(connection->descriptor, connection->input + connection->input_end, room,
                         &size)) {
    case TH_NET_DONE: break;
    case TH_NET_AGAIN: connection->readable = false; return true;
    default: return false;
    }
    connection->input_end += size;
    connection->input_waits = false;
    executor->counters->turn[TH_COUNT_BYTES_READ] += size;
    if (size < room && !connection->hung_up) {
        connection->readable = false; /* all there was: saves the read that would say so */
    }
    return true;
}

/* Runs the commands of the input. */
static enum thi_session_result input_run(struct thi_connection *connection,
                                         struct thi_executor *executor)
{
    struct thi_input input = {.bytes = connection->input + connection->input_begin,
                              .size = connection->input_end - connection->input_begin};
    uint64_t commands_before = executor->commands_total;
    enum thi_session_result result = thi_session_run(&connection->session, executor, &input,
                                                     executor->service->options->requests_per_turn);
    connection->input_begin += input.used;
    connection->input_waits = result == TH_SESSION_MORE;
    if (executor->commands_total != commands_before) {
        connection->active_s = executor->now;
    }
    if (result == TH_SESSION_CLOSE) {
        connection->closing = true;
    } else if (result == TH_SESSION_YIELD) {
        executor->counters->turn[TH_COUNT_CONN_YIELDS]++;
    }
    return result;
}

/* What comes next, with everything written that the peer would take. */
static enum thi_turn turn_after(struct thi_connection *connection, enum thi_session_result result)
{
    if (connection->outlet.broken) {
        return TH_TURN_CLOSE;
    }
    if (thi_outlet_blocked(&connection->outlet)) {
        return TH_TURN_WAIT;
    }
    if (connection->closing) {
        return TH_TURN_CLOSE;
    }
    if (result == TH_SESSION_YIELD || result == TH_SESSION_BLOCKED) {
        return TH_TURN_AGAIN;
    }
    if (connection->draining) {
        return TH_TURN_CLOSE;
    }
    return connection->readable ? TH_TURN_AGAIN : TH_TURN_WAIT;
}

enum thi_turn thi_connection_turn(struct thi_connection *connection, struct thi_executor *executor)
{
    uint64_t *written = &executor->counters->turn[TH_COUNT_BYTES_WRITTEN];
    if (thi_outlet_blocked(&connection->outlet) &&
        !thi_outlet_resume(&connection->outlet, &executor->buffers, written)) {
        return connection->outlet.broken ? TH_TURN_CLOSE : TH_TURN_WAIT;
    }
    if (connection->closing) {
        return TH_TURN_CLOSE;
    }
    bool input_left = connection->input_begin < connection->input_end;
    if (!input_left || connection->input_waits) {
        if (!connection->readable) {
            return connection->draining ? TH_TURN_CLOSE : TH_TURN_WAIT;
        }
        if (!input_read(connection, executor)) {
            return TH_TURN_CLOSE;
        }
    }
    enum thi_session_result result = TH_SESSION_MORE;
    if (!connection->input_waits && connection->input_begin < connection->input_end) {
        thi_answer_begin(&executor->answer, &connection->outlet);
        result = input_run(connection, executor);
        thi_executor_settle(executor);
        *written += executor->answer.written_total;
        executor->answer.written_total = 0;
    }
    if (result != TH_SESSION_YIELD) {
        input_settle(connection, executor);
    }
    return turn_after(connection, result);
}
