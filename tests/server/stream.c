/* SPDX-License-Identifier: MIT
 * stream.c - for tests of the server: a session fed from memory, its answers kept in memory.
 */
#include "stream.h"

#include <stdlib.h>
#include <string.h>

bool stream_host_open(struct stream_host *host, void (*change)(struct thi_options *options))
{
    const char *error;
    thi_options_defaults(&host->options);
    host->options.threads = 1;
    host->options.memory_bytes = (uint64_t)16 << 20;
    host->options.item_bytes_max = (uint64_t)1 << 20;
    if (change != NULL) {
        change(&host->options);
    }
    if (thi_service_init(&host->service, &host->options, &error) != TH_OK) {
        return false;
    }
    thi_executor_init(&host->executor, &host->service, &host->service.counters[0]);
    return true;
}

void stream_host_close(struct stream_host *host)
{
    thi_executor_fini(&host->executor);
    thi_service_fini(&host->service);
}

static bool stream_write(struct thi_outlet *outlet, const struct iovec *pieces, size_t count,
                         size_t *written)
{
    struct stream *stream = (struct stream *)(void *)outlet;
    if (stream->peer_gone) {
        return false;
    }
    stream->write_parity = !stream->write_parity;
    size_t left = stream->write_max == 0 ? SIZE_MAX : stream->write_parity ? stream->write_max : 0;
    *written = 0;
    for (size_t i = 0; i < count && left > 0; i++) {
        size_t taken = pieces[i].iov_len < left ? pieces[i].iov_len : left;
        if (stream->output_size + taken >= stream->output_capacity) {
            stream->output_capacity = 2 * (stream->output_size + taken) + 1;
            stream->output = realloc(stream->output, stream->output_capacity);
        }
        memcpy(stream->output + stream->output_size, pieces[i].iov_base, taken);
        stream->output_size += taken;
        *written += taken;
        left -= taken;
    }
    return true;
}

void stream_open(struct stream *stream, struct stream_host *host)
{
    *stream = (struct stream){.outlet = {.write = stream_write}, .host = host, .budget = 1000};
}

void stream_close(struct stream *stream)
{
    thi_session_fini(&stream->session, &stream->host->executor);
    thi_outlet_fini(&stream->outlet, &stream->host->executor.buffers);
    free(stream->output);
    free(stream->pending);
}

/* Keeps what was not used, in memory of its exact size. */
static void pending_keep(struct stream *stream, const char *bytes, size_t size)
{
    char *kept = malloc(size + (size == 0));
    if (size > 0) {
        memcpy(kept, bytes, size);
    }
    free(stream->pending);
    stream->pending = kept;
    stream->pending_size = size;
}

static bool outlet_drain(struct stream *stream)
{
    uint64_t written = 0;
    while (thi_outlet_blocked(&stream->outlet) && !stream->outlet.broken) {
        thi_outlet_resume(&stream->outlet, &stream->host->executor.buffers, &written);
    }
    return !stream->outlet.broken;
}

void stream_feed(struct stream *stream, const char *bytes, size_t size)
{
    struct thi_executor *executor = &stream->host->executor;
    char *joined = malloc(stream->pending_size + size + 1);
    if (stream->pending_size > 0) {
        memcpy(joined, stream->pending, stream->pending_size);
    }
    memcpy(joined + stream->pending_size, bytes, size);
    pending_keep(stream, joined, stream->pending_size + size);
    free(joined);
    executor->now = thi_service_now(executor->service);
    enum thi_session_result result = TH_SESSION_YIELD;
    while (!stream->closed && result != TH_SESSION_MORE) {
        struct thi_input input = {.bytes = stream->pending, .size = stream->pending_size};
        thi_answer_begin(&executor->answer, &stream->outlet);
        result = thi_session_run(&stream->session, executor, &input, stream->budget);
        thi_executor_settle(executor);
        stream->closed = !outlet_drain(stream) || result == TH_SESSION_CLOSE;
        pending_keep(stream, stream->pending + input.used, input.size - input.used);
    }
    thi_counters_fold(executor->counters);
}

const char *stream_ask(struct stream *stream, const char *text)
{
    return stream_ask_in_steps(stream, text, strlen(text));
}

const char *stream_ask_in_steps(struct stream *stream, const char *text, size_t step)
{
    size_t size = strlen(text);
    stream->output_size = 0;
    for (size_t at = 0; at < size; at += step) {
        stream_feed(stream, text + at, size - at < step ? size - at : step);
    }
    if (stream->output == NULL) {
        stream->output_capacity = 1;
        stream->output = malloc(1);
    }
    stream->output[stream->output_size] = '\0';
    return stream->output;
}
