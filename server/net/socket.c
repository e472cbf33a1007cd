/* SPDX-License-Identifier: MIT
 * socket.c - stream sockets on Linux: listen, accept, read, write.
 *
 * Guarantees   G1 no descriptor outlives an exec, none blocks. G2 a path is removed only if it is a
 *              socket nobody listens on, or our own.
 */
#include "net/socket.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static enum thi_net_result refused(struct thi_net_listeners *listeners, const char *what, int error)
{
    snprintf(listeners->message, sizeof listeners->message, "%s: %s", what, strerror(error));
    switch (error) {
    case EADDRINUSE: return TH_NET_BUSY;
    case EADDRNOTAVAIL:
    case EAFNOSUPPORT: return TH_NET_ABSENT;
    default: return TH_NET_REFUSED;
    }
}

static void option_on(int descriptor, int level, int option)
{
    int on = 1;
    /* Refused by UNIX sockets; nothing depends on it. */
    (void)setsockopt(descriptor, level, option, &on, sizeof on);
}

static int port_of(int descriptor)
{
    struct sockaddr_storage address;
    socklen_t size = sizeof address;
    if (getsockname(descriptor, (struct sockaddr *)&address, &size) != 0) {
        return 0;
    }
    char port[8];
    if (getnameinfo((struct sockaddr *)&address, size, NULL, 0, port, sizeof port,
                    NI_NUMERICSERV) != 0) {
        return 0;
    }
    int number = 0;
    return sscanf(port, "%d", &number) == 1 ? number : 0;
}

static enum thi_net_result listener_add(struct thi_net_listeners *listeners,
                                        const struct addrinfo *address, int backlog)
{
    if (listeners->count == TH_NET_LISTENERS_MAX) {
        return refused(listeners, "too many addresses", ENOBUFS);
    }
    int descriptor = socket(address->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (descriptor < 0) {
        return refused(listeners, "socket", errno);
    }
    option_on(descriptor, SOL_SOCKET, SO_REUSEADDR);
    if (address->ai_family == AF_INET6) {
        option_on(descriptor, IPPROTO_IPV6, IPV6_V6ONLY);
    }
    if (bind(descriptor, address->ai_addr, address->ai_addrlen) != 0 ||
        listen(descriptor, backlog) != 0) {
        int error = errno;
        close(descriptor);
        return refused(listeners, "bind", error);
    }
    struct thi_net_listener *listener = &listeners->all[listeners->count++];
    char host[128] = "?";
    (void)getnameinfo(address->ai_addr, address->ai_addrlen, host, sizeof host, NULL, 0,
                      NI_NUMERICHOST);
    listener->descriptor = descriptor;
    listener->unix_domain = false;
    listener->port = port_of(descriptor);
    snprintf(listener->name, sizeof listener->name,
             address->ai_family == AF_INET6 ? "[%s]:%d" : "%s:%d", host, listener->port);
    return TH_NET_DONE;
}

enum thi_net_result thi_net_listen_tcp(struct thi_net_listeners *listeners, const char *host,
                                       int port, int backlog)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE};
    struct addrinfo *found = NULL;
    char service[16];
    snprintf(service, sizeof service, "%d", port);
    int error = getaddrinfo(host, service, &hints, &found);
    if (error != 0) {
        snprintf(listeners->message, sizeof listeners->message, "%s: %s", host,
                 gai_strerror(error));
        return TH_NET_ABSENT;
    }
    enum thi_net_result result = TH_NET_ABSENT;
    bool any = false;
    for (const struct addrinfo *each = found; each != NULL; each = each->ai_next) {
        result = listener_add(listeners, each, backlog);
        any = any || result == TH_NET_DONE;
        if (result != TH_NET_DONE && result != TH_NET_ABSENT) {
            break;
        }
    }
    freeaddrinfo(found);
    return result == TH_NET_ABSENT && any ? TH_NET_DONE : result;
}

/* True if somebody answers on the socket at `address`. */
static bool unix_alive(const struct sockaddr_un *address)
{
    int probe = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (probe < 0) {
        return true; /* not known: leave it alone */
    }
    bool alive = connect(probe, (const struct sockaddr *)address, sizeof *address) == 0 ||
                 errno != ECONNREFUSED;
    close(probe);
    return alive;
}

enum thi_net_result thi_net_listen_unix(struct thi_net_listeners *listeners, const char *path,
                                        unsigned mode, int backlog)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof address.sun_path || listeners->count == TH_NET_LISTENERS_MAX) {
        return refused(listeners, path, ENAMETOOLONG);
    }
    memcpy(address.sun_path, path, strlen(path));
    struct stat status;
    if (lstat(path, &status) == 0) {
        if (!S_ISSOCK(status.st_mode)) {
            return refused(listeners, path, EEXIST);
        }
        if (unix_alive(&address)) {
            return refused(listeners, path, EADDRINUSE);
        }
        unlink(path);
    }
    int descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (descriptor < 0) {
        return refused(listeners, "socket", errno);
    }
    mode_t before = umask(~(mode_t)mode & 0777);
    int failed = bind(descriptor, (struct sockaddr *)&address, sizeof address);
    int error = errno;
    umask(before);
    if (failed == 0 && listen(descriptor, backlog) != 0) {
        failed = -1;
        error = errno;
        unlink(path);
    }
    if (failed != 0) {
        close(descriptor);
        return refused(listeners, path, error);
    }
    struct thi_net_listener *listener = &listeners->all[listeners->count++];
    *listener = (struct thi_net_listener){.descriptor = descriptor, .unix_domain = true};
    snprintf(listener->name, sizeof listener->name, "%s", path);
    return TH_NET_DONE;
}

void thi_net_listeners_close(struct thi_net_listeners *listeners)
{
    for (size_t i = 0; i < listeners->count; i++) {
        close(listeners->all[i].descriptor);
        if (listeners->all[i].unix_domain) {
            unlink(listeners->all[i].name);
        }
    }
    listeners->count = 0;
}

enum thi_net_result thi_net_accept(const struct thi_net_listener *listener, int *descriptor)
{
    for (;;) { /* each round one connection that died while it waited is taken off the queue */
        int accepted = accept4(listener->descriptor, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (accepted >= 0) {
            if (!listener->unix_domain) {
                option_on(accepted, IPPROTO_TCP, TCP_NODELAY);
                option_on(accepted, SOL_SOCKET, SO_KEEPALIVE);
            }
            *descriptor = accepted;
            return TH_NET_DONE;
        }
        switch (errno) {
        case EAGAIN: return TH_NET_AGAIN;
        case EMFILE:
        case ENFILE:
        case ENOBUFS:
        case ENOMEM: return TH_NET_EXHAUSTED;
        case EBADF:
        case EINVAL:
        case ENOTSOCK:
        case EOPNOTSUPP:
        case EFAULT: return TH_NET_AGAIN; /* cannot be; waiting is better than spinning */
        default: break;                   /* the connection is gone, or a signal came */
        }
    }
}

enum thi_net_result thi_net_read(int descriptor, void *bytes, size_t capacity, size_t *size)
{
    ssize_t got;
    do {
        got = recv(descriptor, bytes, capacity, 0);
    } while (got < 0 && errno == EINTR);
    if (got > 0) {
        *size = (size_t)got;
        return TH_NET_DONE;
    }
    return got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK) ? TH_NET_AGAIN : TH_NET_CLOSED;
}

enum thi_net_result thi_net_write(int descriptor, const struct iovec *pieces, size_t count,
                                  size_t *size)
{
    /* sendmsg() does not write through msg_iov. */
    union {
        const struct iovec *from;
        struct iovec *to;
    } pointer = {.from = pieces};
    struct msghdr message = {.msg_iov = pointer.to, .msg_iovlen = count};
    ssize_t sent;
    do {
        sent = sendmsg(descriptor, &message, MSG_NOSIGNAL);
    } while (sent < 0 && errno == EINTR);
    *size = sent > 0 ? (size_t)sent : 0;
    if (sent >= 0) {
        return TH_NET_DONE;
    }
    return errno == EAGAIN || errno == EWOULDBLOCK || errno == ENOBUFS || errno == ENOMEM
               ? TH_NET_AGAIN
               : TH_NET_CLOSED;
}

void thi_net_close(int descriptor)
{
    close(descriptor);
}

void thi_net_turn_away(int descriptor, const char *text)
{
    (void)send(descriptor, text, strlen(text), MSG_NOSIGNAL | MSG_DONTWAIT);
    /* What the peer sent already would make the close a reset, which may overtake the text. */
    shutdown(descriptor, SHUT_WR);
    char dropped[1024];
    (void)recv(descriptor, dropped, sizeof dropped, MSG_DONTWAIT);
    close(descriptor);
}
