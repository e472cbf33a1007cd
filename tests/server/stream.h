/* SPDX-License-Identifier: MIT
 * stream.h - for tests of the server: a session fed from memory, its answers kept in memory.
 */
#ifndef TOPHASH_TESTS_SERVER_STREAM_H
#define TOPHASH_TESTS_SERVER_STREAM_H

#include <stdint.h>

#include "session.h"

/* A service and an executor on it. */
struct stream_host {
    struct thi_options options;
    struct thi_service service;
    struct thi_executor executor;
};

/* Opens a host with these changes to the default options. False: no memory. */
bool stream_host_open(struct stream_host *host, void (*change)(struct thi_options *options));
void stream_host_close(struct stream_host *host);

struct stream {
    struct thi_outlet outlet; /* first: the outlet's write finds the stream by it */
    struct stream_host *host;
    struct thi_session session;
    char *output;
    size_t output_size;
    size_t output_capacity; /* of which one more is kept for the NUL */
    size_t write_max;       /* bytes a write takes at most; 0: all. Every second one takes none */
    bool peer_gone;         /* writes fail */
    bool write_parity;
    bool closed; /* the session ended the connection */
    unsigned budget;
    char *pending; /* input not used, in memory of its exact size */
    size_t pending_size;
};

void stream_open(struct stream *stream, struct stream_host *host);
void stream_close(struct stream *stream);

/* One piece of input, and all that can be done with it. */
void stream_feed(struct stream *stream, const char *bytes, size_t size);
/* A whole text; returns the answers since the last call, NUL-terminated, valid until the next. */
const char *stream_ask(struct stream *stream, const char *text);
/* The same, fed in pieces of `step` bytes. */
const char *stream_ask_in_steps(struct stream *stream, const char *text, size_t step);

#endif
