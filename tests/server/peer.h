/* SPDX-License-Identifier: MIT
 * peer.h - for tests of the server: a server in a process of its own, and a client to talk to it.
 */
#ifndef TOPHASH_TESTS_SERVER_PEER_H
#define TOPHASH_TESTS_SERVER_PEER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* A running server. */
struct peer_server {
    pid_t pid;
    int port; /* of our TCP listener, from the line it prints; 0: none */
    char greeting[512];
};

/* Starts our server with these options (NULL-terminated). False: it ended without serving, with its
 * last words in `greeting`. */
bool peer_start(struct peer_server *server, const char *const *options);
/* The same, with a limit on its open files. */
bool peer_start_limited(struct peer_server *server, const char *const *options, unsigned files);
/* Starts another program and waits until it listens on the UNIX socket `path`. */
bool peer_start_program(struct peer_server *server, const char *const *arguments, const char *path);
/* Sends SIGTERM and waits. Returns the exit status; -1: it ended otherwise, or not within 10 s. */
int peer_stop(struct peer_server *server);
/* Starts our server, expecting that it refuses. Returns its exit status, its words in `said`. */
int peer_refusal(const char *const *options, char *said, size_t capacity);

/* A connection; -1: refused. */
int peer_connect(const char *host, int port);
int peer_connect_unix(const char *path);

bool peer_send(int socket, const void *bytes, size_t size);
bool peer_send_text(int socket, const char *text);
/* Reads until `capacity` bytes, the end, or timeout_ms without a byte. Returns how many came. */
size_t peer_read(int socket, char *bytes, size_t capacity, int timeout_ms);
/* One read. 0: the end, or the connection broke; -1: nothing came within timeout_ms. */
ssize_t peer_read_some(int socket, char *bytes, size_t capacity, int timeout_ms);
/* True if exactly `text` comes next; prints the difference if not. */
bool peer_expect(int socket, const char *text);
/* Sends, then expects. */
bool peer_ask(int socket, const char *request, const char *answer);
/* True if the other side closes within timeout_ms; what came before is dropped. */
bool peer_closes(int socket, int timeout_ms);
/* The figure `name` of `stats`, or -1. */
long long peer_stat(int socket, const char *name);

/* A path for a UNIX socket that no other test uses. */
void peer_path(char *path, size_t capacity, const char *name);

#endif
