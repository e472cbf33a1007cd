/* SPDX-License-Identifier: MIT
 * fuzz_proto.c - a fuzz target: any bytes, cut anywhere, parsed and executed on a real cache.
 *
 * The first bytes of an input choose how the rest is cut, how many commands a turn takes and how
 * much a write takes. Each stream is run twice on caches of their own, whole and cut, and the
 * answers must be the same, unless the input asks for what may differ (figures, cas numbers) or has
 * a line so long that where it is cut matters.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "stream.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { HEAD_BYTES = 4, HOSTS = 2 };

static struct stream_host hosts[HOSTS];

static void options_change(struct thi_options *options)
{
    options->memory_bytes = (uint64_t)2 << 20;
    options->item_bytes_max = 64 * 1024;
    options->buffers_bytes_max = (uint64_t)8 << 20;
    options->debugtime = true;
}

static void hosts_open(void)
{
    static bool open;
    for (size_t i = 0; !open && i < HOSTS; i++) {
        if (!stream_host_open(&hosts[i], options_change)) {
            abort();
        }
    }
    open = true;
}

static bool comparable(const char *bytes, size_t size)
{
    static const char *const varying[] = {"stats", "gets", "gats", "cas", "debugtime"};
    for (size_t i = 0; i < sizeof varying / sizeof varying[0]; i++) {
        if (memmem(bytes, size, varying[i], strlen(varying[i])) != NULL) {
            return false;
        }
    }
    size_t line = 0;
    for (size_t i = 0; i < size; i++) {
        line = bytes[i] == '\n' ? 0 : line + 1;
        if (line > TH_PROTO_LINE_MAX) {
            return false;
        }
    }
    return true;
}

/* True if the input would make every command be printed. */
static bool talkative(const char *bytes, size_t size)
{
    const char *found = memmem(bytes, size, "verbosity", 9);
    for (size_t i = found == NULL ? size : (size_t)(found - bytes); i < size; i++) {
        if (bytes[i] >= '1' && bytes[i] <= '9') {
            return true;
        }
    }
    return false;
}

/* Runs the input on one host. The answers are the stream's, which the caller closes. */
static void stream_run(struct stream *stream, struct stream_host *host, const uint8_t *head,
                       const char *bytes, size_t size)
{
    bool cut = head != NULL;
    uint32_t state = cut ? (uint32_t)head[0] << 8 | head[1] : 0;
    stream_open(stream, host);
    stream->budget = cut && head[2] < 128 ? 1 + head[2] % 8u : 1000;
    stream->write_max = cut && head[3] >= 128 ? 1 + (size_t)head[3] * 7 : 0;
    for (size_t at = 0; at < size;) {
        state = state * 1664525u + 1013904223u;
        size_t piece = cut ? 1 + (state >> 16) % 97 : size;
        piece = piece < size - at ? piece : size - at;
        stream_feed(stream, bytes + at, piece);
        at += piece;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < HEAD_BYTES) {
        return 0;
    }
    const char *bytes = (const char *)data + HEAD_BYTES;
    if (talkative(bytes, size - HEAD_BYTES)) {
        return 0;
    }
    hosts_open();
    struct stream streams[HOSTS];
    for (size_t i = 0; i < HOSTS; i++) {
        struct thi_service *service = &hosts[i].service;
        uint32_t now = thi_service_now(service);
        th_cache_flush(service->cache, now, now);
        service->verbosity = 0;
        hosts[i].executor.verbosity = 0;
        stream_run(&streams[i], &hosts[i], i == 0 ? NULL : data, bytes, size - HEAD_BYTES);
    }
    if (comparable(bytes, size - HEAD_BYTES) &&
        (streams[0].output_size != streams[1].output_size ||
         (streams[0].output_size > 0 &&
          memcmp(streams[0].output, streams[1].output, streams[0].output_size) != 0))) {
        fprintf(stderr, "whole: %.*s\ncut: %.*s\n", (int)streams[0].output_size, streams[0].output,
                (int)streams[1].output_size, streams[1].output);
        abort();
    }
    for (size_t i = 0; i < HOSTS; i++) {
        stream_close(&streams[i]);
        if (hosts[i].executor.buffers.used_bytes != 0) {
            abort();
        }
    }
    return 0;
}
