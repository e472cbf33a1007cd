/* SPDX-License-Identifier: MIT
 * socket.h - stream sockets: listen, accept, read, write.
 */
#ifndef TOPHASH_NET_SOCKET_H
#define TOPHASH_NET_SOCKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

enum thi_net_result {
    TH_NET_DONE,
    TH_NET_AGAIN,     /* it would block */
    TH_NET_CLOSED,    /* the peer is gone */
    TH_NET_EXHAUSTED, /* no descriptor or memory is left: try again later */
    TH_NET_BUSY,      /* the address is in use by somebody else */
    TH_NET_ABSENT,    /* this machine has no such address (family) */
    TH_NET_REFUSED    /* anything else; errno's text is in the message */
};

enum { TH_NET_MESSAGE_BYTES = 256, TH_NET_LISTENERS_MAX = 32 };

struct thi_net_listener {
    int descriptor;
    bool unix_domain;
    char name[TH_NET_MESSAGE_BYTES]; /* host:port or path, for people */
    int port;                        /* TCP: what was bound */
};

struct thi_net_listeners {
    struct thi_net_listener all[TH_NET_LISTENERS_MAX];
    size_t count;
    char message[TH_NET_MESSAGE_BYTES]; /* why the last call failed */
};

/* Adds listeners on every address `host` stands for. port 0: the system chooses. */
enum thi_net_result thi_net_listen_tcp(struct thi_net_listeners *listeners, const char *host,
                                       int port, int backlog);
/* A socket left behind by a process that is gone is replaced; one in use is not. */
enum thi_net_result thi_net_listen_unix(struct thi_net_listeners *listeners, const char *path,
                                        unsigned mode, int backlog);
/* Closes all and removes the paths of UNIX sockets. */
void thi_net_listeners_close(struct thi_net_listeners *listeners);

/* A connection, non-blocking, without delay of small writes, kept alive: TH_NET_DONE, AGAIN,
 * EXHAUSTED. */
enum thi_net_result thi_net_accept(const struct thi_net_listener *listener, int *descriptor);

/* TH_NET_DONE (*size is how much), AGAIN, CLOSED. */
enum thi_net_result thi_net_read(int descriptor, void *bytes, size_t capacity, size_t *size);
enum thi_net_result thi_net_write(int descriptor, const struct iovec *pieces, size_t count,
                                  size_t *size);
void thi_net_close(int descriptor);

/* Tells a peer why it is not served and closes. Never waits. */
void thi_net_turn_away(int descriptor, const char *text);

#endif
