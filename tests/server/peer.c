/* SPDX-License-Identifier: MIT
 * peer.c - for tests of the server: a server in a process of its own, and a client to talk to it.
 */
#include "peer.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "options.h"
#include "serve.h"

enum { OPTIONS_MAX = 32 };

static void sleep_ms(long ms)
{
    struct timespec pause = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
    nanosleep(&pause, NULL);
}

/* In the child: our server, its words to `out`. */
static int serve_main(const char *const *options, FILE *out)
{
    char *arguments[OPTIONS_MAX + 1] = {strdup("serve")};
    int count = 1;
    for (; options[count - 1] != NULL && count < OPTIONS_MAX; count++) {
        arguments[count] = strdup(options[count - 1]);
    }
    struct thi_options read;
    int status = 0;
    switch (thi_options_read(&read, count, arguments, out, out)) {
    case TH_OPTIONS_RUN: status = thi_serve(&read, out, out); break;
    case TH_OPTIONS_DONE: break;
    default: status = 2; break;
    }
    for (int i = 0; i < count; i++) {
        free(arguments[i]);
    }
    fclose(out);
    return status;
}

/* Forks our server; what it says comes out of *said. files 0: no limit of its own. */
static pid_t serve_fork(const char *const *options, unsigned files, int *said)
{
    int pipes[2];
    if (pipe(pipes) != 0) {
        return -1;
    }
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        alarm(0);
        signal(SIGALRM, SIG_DFL);
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        close(pipes[0]);
        if (files > 0) {
            struct rlimit limit = {.rlim_cur = files, .rlim_max = files};
            setrlimit(RLIMIT_NOFILE, &limit);
        }
        exit(serve_main(options, fdopen(pipes[1], "w")));
    }
    close(pipes[1]);
    *said = pipes[0];
    return pid;
}

static int exit_wait(pid_t pid)
{
    for (int i = 0; i < 1000; i++) {
        int status;
        if (waitpid(pid, &status, WNOHANG) == pid) {
            return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
        }
        sleep_ms(10);
    }
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    return -1;
}

/* Long enough for an emulated server with a sanitizer to start on a busy machine. */
enum { SAID_TIMEOUT_MS = 60000 };

static void said_read(int said, char *text, size_t capacity, bool one_line)
{
    size_t size = 0;
    struct pollfd ready = {.fd = said, .events = POLLIN};
    while (size < capacity - 1 && poll(&ready, 1, SAID_TIMEOUT_MS) == 1) {
        ssize_t got = read(said, text + size, one_line ? 1 : capacity - 1 - size);
        if (got <= 0 || (one_line && text[size] == '\n')) {
            break;
        }
        size += (size_t)got;
    }
    text[size] = '\0';
}

bool peer_start(struct peer_server *server, const char *const *options)
{
    return peer_start_limited(server, options, 0);
}

bool peer_start_limited(struct peer_server *server, const char *const *options, unsigned files)
{
    int said;
    server->port = 0;
    server->pid = serve_fork(options, files, &said);
    if (server->pid < 0) {
        return false;
    }
    said_read(said, server->greeting, sizeof server->greeting, true);
    close(said);
    const char *address = strstr(server->greeting, "127.0.0.1:");
    if (address != NULL) {
        server->port = atoi(address + strlen("127.0.0.1:"));
    }
    if (strstr(server->greeting, " serves on ") == NULL) {
        exit_wait(server->pid);
        server->pid = -1;
        return false;
    }
    return true;
}

int peer_refusal(const char *const *options, char *said_text, size_t capacity)
{
    int said;
    pid_t pid = serve_fork(options, 0, &said);
    if (pid < 0) {
        return -1;
    }
    said_read(said, said_text, capacity, false);
    close(said);
    return exit_wait(pid);
}

bool peer_start_program(struct peer_server *server, const char *const *arguments, const char *path)
{
    char *copies[OPTIONS_MAX + 1] = {NULL};
    for (int i = 0; arguments[i] != NULL && i < OPTIONS_MAX; i++) {
        copies[i] = strdup(arguments[i]);
    }
    server->pid = fork();
    if (server->pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        execvp(copies[0], copies);
        _exit(127);
    }
    for (int i = 0; copies[i] != NULL; i++) {
        free(copies[i]);
    }
    for (int i = 0; i < 300; i++) {
        int probe = peer_connect_unix(path);
        if (probe >= 0) {
            close(probe);
            return true;
        }
        if (waitpid(server->pid, NULL, WNOHANG) == server->pid) {
            return false;
        }
        sleep_ms(10);
    }
    kill(server->pid, SIGKILL);
    waitpid(server->pid, NULL, 0);
    return false;
}

int peer_stop(struct peer_server *server)
{
    kill(server->pid, SIGTERM);
    int status = exit_wait(server->pid);
    server->pid = -1;
    return status;
}

int peer_connect(const char *host, int port)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICHOST};
    struct addrinfo *found = NULL;
    char service[16];
    snprintf(service, sizeof service, "%d", port);
    if (getaddrinfo(host, service, &hints, &found) != 0) {
        return -1;
    }
    int connection = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connection >= 0 && connect(connection, found->ai_addr, found->ai_addrlen) != 0) {
        close(connection);
        connection = -1;
    }
    freeaddrinfo(found);
    return connection;
}

int peer_connect_unix(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    int connection = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connection >= 0 && connect(connection, (struct sockaddr *)&address, sizeof address) != 0) {
        close(connection);
        connection = -1;
    }
    return connection;
}

bool peer_send(int connection, const void *bytes, size_t size)
{
    const char *at = bytes;
    while (size > 0) {
        ssize_t sent = send(connection, at, size, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR) {
            continue;
        }
        if (sent <= 0) {
            return false;
        }
        at += sent;
        size -= (size_t)sent;
    }
    return true;
}

bool peer_send_text(int connection, const char *text)
{
    return peer_send(connection, text, strlen(text));
}

ssize_t peer_read_some(int connection, char *bytes, size_t capacity, int timeout_ms)
{
    struct pollfd ready = {.fd = connection, .events = POLLIN};
    if (poll(&ready, 1, timeout_ms) != 1) {
        return -1;
    }
    ssize_t got = recv(connection, bytes, capacity, 0);
    return got < 0 ? 0 : got;
}

size_t peer_read(int connection, char *bytes, size_t capacity, int timeout_ms)
{
    size_t size = 0;
    while (size < capacity) {
        ssize_t got = peer_read_some(connection, bytes + size, capacity - size, timeout_ms);
        if (got <= 0) {
            break;
        }
        size += (size_t)got;
    }
    return size;
}

static void text_print(const char *what, const char *text, size_t size)
{
    printf("#   %s ", what);
    for (size_t i = 0; i < size && i < 400; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c == '\r' || c == '\n') {
            printf(c == '\r' ? "\\r" : "\\n");
        } else if (c < ' ' || c > 126) {
            printf("\\x%02x", c);
        } else {
            putchar(c);
        }
    }
    printf("%s\n", size > 400 ? "..." : "");
}

bool peer_expect(int connection, const char *text)
{
    size_t size = strlen(text);
    char *got = malloc(size + 1);
    if (got == NULL) {
        return false;
    }
    size_t got_size = peer_read(connection, got, size, 10000);
    bool same = got_size == size && memcmp(got, text, size) == 0;
    if (!same) {
        text_print("expected", text, size);
        text_print("got     ", got, got_size);
    }
    free(got);
    return same;
}

bool peer_ask(int connection, const char *request, const char *answer)
{
    return peer_send_text(connection, request) && peer_expect(connection, answer);
}

bool peer_closes(int connection, int timeout_ms)
{
    char dropped[4096];
    struct pollfd ready = {.fd = connection, .events = POLLIN};
    while (poll(&ready, 1, timeout_ms) == 1) {
        if (recv(connection, dropped, sizeof dropped, 0) <= 0) {
            return true;
        }
    }
    return false;
}

long long peer_stat(int connection, const char *name)
{
    char text[16384];
    size_t size = 0;
    if (!peer_send_text(connection, "stats\r\n")) {
        return -1;
    }
    do {
        size_t got = peer_read(connection, text + size, 1, 5000);
        if (got == 0) {
            return -1;
        }
        size += got;
    } while (size < sizeof text - 1 && (size < 5 || memcmp(text + size - 5, "END\r\n", 5) != 0));
    text[size] = '\0';
    char wanted[128];
    snprintf(wanted, sizeof wanted, "STAT %s ", name);
    const char *found = strstr(text, wanted);
    return found == NULL ? -1 : atoll(found + strlen(wanted));
}

void peer_path(char *path, size_t capacity, const char *name)
{
    const char *folder = getenv("TMPDIR");
    snprintf(path, capacity, "%s/tophash-test-%ld-%s", folder != NULL ? folder : "/tmp",
             (long)getpid(), name);
}
