/* SPDX-License-Identifier: MIT
 * test_end_to_end.c - the whole server in a process of its own, over real sockets.
 */
#include "peer.h"
#include "test.h"

#include <fcntl.h>
#include <pthread.h>
#include <sys/socket.h>
#include <sys/stat.h>

static void sleep_ms(long ms)
{
    struct timespec pause = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
    nanosleep(&pause, NULL);
}

#define OPTIONS(...) ((const char *const[]){__VA_ARGS__, NULL})

/* ------------------------------------------------------------------------- where it listens */

TEST(server_answers_on_loopback_of_both_families)
{
    /* Goal: by default it listens on 127.0.0.1, and on ::1 where there is one, on the same port,
     * and nowhere else. Method: a server on a port of the system's choice; a set and a get. */
    struct peer_server server;
    REQUIRE(peer_start(&server, OPTIONS("-p", "-1")));
    int v4 = peer_connect("127.0.0.1", server.port);
    REQUIRE(v4 >= 0);
    CHECK(peer_ask(v4, "set a 0 0 1\r\nx\r\nget a\r\n", "STORED\r\nVALUE a 0 1\r\nx\r\nEND\r\n"));
    int v6 = peer_connect("::1", server.port);
    if (v6 >= 0) {
        CHECK(peer_ask(v6, "get a\r\n", "VALUE a 0 1\r\nx\r\nEND\r\n"));
        CHECK(peer_send_text(v6, "quit\r\n") && peer_closes(v6, 5000));
        close(v6);
    } else {
        printf("# no IPv6 loopback here\n");
    }
    CHECK(peer_connect("127.0.0.2", server.port) < 0);
    CHECK_EQ(peer_stop(&server), 0);
    CHECK(peer_closes(v4, 5000));
    close(v4);
}

TEST(server_answers_on_a_unix_socket_and_removes_it)
{
    /* Goal: -s and -a. Method: the mode of the path, a command, no TCP; the path is gone after the
     * stop; one left behind by a killed server is replaced, a file or a live socket is not. */
    char path[100], said[600];
    struct peer_server server;
    struct stat status;
    peer_path(path, sizeof path, "e2e");
    REQUIRE(peer_start(&server, OPTIONS("-s", path, "-a", "750")));
    CHECK_EQ(server.port, 0);
    CHECK(stat(path, &status) == 0 && (status.st_mode & 0777) == 0750);
    int connection = peer_connect_unix(path);
    CHECK(peer_ask(connection, "set a 0 0 1\r\nx\r\n", "STORED\r\n"));
    CHECK_EQ(peer_refusal(OPTIONS("-s", path), said, sizeof said), 1);
    CHECK(strstr(said, path) != NULL && strstr(said, "-s") != NULL);
    kill(server.pid, SIGKILL);
    CHECK_EQ(peer_stop(&server), -1);
    CHECK(stat(path, &status) == 0);
    close(connection);
    REQUIRE(peer_start(&server, OPTIONS("-s", path, "-p", "-1")));
    CHECK(server.port > 0);
    CHECK_EQ(peer_stop(&server), 0);
    CHECK(stat(path, &status) != 0);
    int file = open(path, O_CREAT | O_WRONLY, 0600);
    close(file);
    CHECK_EQ(peer_refusal(OPTIONS("-s", path), said, sizeof said), 1);
    CHECK(stat(path, &status) == 0);
    unlink(path);
}

TEST(server_on_a_busy_port_names_the_port_and_the_option)
{
    /* Goal: the message a user needs most. Method: a second server on the first one's port. */
    struct peer_server server;
    char port[16], said[600];
    REQUIRE(peer_start(&server, OPTIONS("-p", "-1")));
    snprintf(port, sizeof port, "%d", server.port);
    CHECK_EQ(peer_refusal(OPTIONS("-p", port), said, sizeof said), 1);
    CHECK(strstr(said, port) != NULL && strstr(said, " -p ") != NULL);
    CHECK_EQ(peer_stop(&server), 0);
}

TEST(server_listens_where_l_says)
{
    /* Goal: -l with several addresses, with and without ports. Method: addresses of loopback. */
    struct peer_server server;
    REQUIRE(peer_start(&server, OPTIONS("-l", "127.0.0.1:-1,127.0.0.2:-1")));
    CHECK(strstr(server.greeting, "127.0.0.2:") != NULL);
    int connection = peer_connect("127.0.0.2", atoi(strstr(server.greeting, "127.0.0.2:") + 10));
    CHECK(peer_ask(connection, "get a\r\n", "END\r\n"));
    close(connection);
    CHECK_EQ(peer_stop(&server), 0);
    if (strstr(server.greeting, "[::1]") == NULL) {
        REQUIRE(peer_start(&server, OPTIONS("-l", "localhost", "-p", "-1")));
        CHECK_EQ(peer_stop(&server), 0);
    }
}

TEST(server_refuses_wrong_options_with_what_to_do)
{
    /* Goal: every wrong option is named. Method: one by one; the status, and a word of the text. */
    static const struct {
        const char *options[3];
        const char *word;
    } cases[] = {
        {{"-U", "11211"}, "UDP"},
        {{"-p", "x"}, "-p"},
        {{"-p", "70000"}, "65535"},
        {{"-m", "0"}, "-m"},
        {{"-m", "1x"}, "-m"},
        {{"-I", "1g"}, "-I"},
        {{"-I", "100"}, "1k"},
        {{"-I", "16m"}, "-m"},
        {{"-c", "0"}, "-c"},
        {{"-t", "1000"}, "-t"},
        {{"-R", "0"}, "-R"},
        {{"-b", "0"}, "-b"},
        {{"-a", "999"}, "octal"},
        {{"-s", ""}, "-s"},
        {{"-o", "bogus"}, "-o"},
        {{"-o", "idle_timeout=x"}, "idle_timeout"},
        {{"-o", "read_buf_mem_limit=x"}, "read_buf_mem_limit"},
        {{"-l", "[::1"}, "-l"},
        {{"-l", ","}, "-l"},
        {{"-l", "127.0.0.1:x"}, "-l"},
        {{"-z"}, "-z"},
        {{"--bogus"}, "--bogus"},
        {{"-m"}, "value"},
        {{"word"}, "word"},
    };
    char said[2000];
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        CHECK_EQ(peer_refusal(cases[i].options, said, sizeof said), 2);
        if (strstr(said, cases[i].word) == NULL) {
            printf("# %s: %s\n", cases[i].options[0], said);
            CHECK(false);
        }
    }
    CHECK_EQ(peer_refusal(OPTIONS("-h"), said, sizeof said), 0);
    CHECK(strstr(said, "--max-reqs-per-event") != NULL);
    CHECK_EQ(peer_refusal(OPTIONS("--version"), said, sizeof said), 0);
    CHECK(strncmp(said, "tophash ", 8) == 0);
    CHECK_EQ(peer_refusal(OPTIONS("-p", "0"), said, sizeof said), 1);
    CHECK(strstr(said, "-p") != NULL && strstr(said, "-s") != NULL);
    CHECK_EQ(peer_refusal(OPTIONS("-l", "192.0.2.1", "-p", "-1"), said, sizeof said), 1);
    CHECK(strstr(said, "-l") != NULL);
    CHECK_EQ(peer_refusal(OPTIONS("-l", "no such host"), said, sizeof said), 1);
    CHECK(strstr(said, "no such host") != NULL);
}

/* ------------------------------------------------------------------------- limits */

TEST(server_above_the_connection_limit_says_so)
{
    /* Goal: -c, with memcached's words; a place that is free again is given again. Method: one
     * connection more than allowed; then one is closed. */
    struct peer_server server;
    REQUIRE(peer_start(&server, OPTIONS("-p", "-1", "-c", "3")));
    int open[3];
    for (size_t i = 0; i < 3; i++) {
        open[i] = peer_connect("127.0.0.1", server.port);
        CHECK(peer_ask(open[i], "get a\r\n", "END\r\n"));
    }
    int more = peer_connect("127.0.0.1", server.port);
    CHECK(peer_expect(more, "ERROR Too many open connections\r\n"));
    CHECK(peer_closes(more, 5000));
    close(more);
    CHECK_EQ(peer_stat(open[0], "curr_connections"), 3);
    CHECK_EQ(peer_stat(open[0], "rejected_connections"), 1);
    CHECK_EQ(peer_stat(open[0], "max_connections"), 3);
    close(open[2]);
    for (unsigned i = 0; i < 500 && peer_stat(open[0], "curr_connections") == 3; i++) {
        sleep_ms(10);
    }
    more = peer_connect("127.0.0.1", server.port);
    CHECK(peer_ask(more, "get a\r\n", "END\r\n"));
    CHECK_EQ(peer_stop(&server), 0);
    close(more);
    close(open[0]);
    close(open[1]);
}

/* CPU time of a process, in clock ticks. */
static unsigned long cpu_ticks(pid_t pid)
{
    char path[64], text[1024] = "";
    snprintf(path, sizeof path, "/proc/%ld/stat", (long)pid);
    FILE *file = fopen(path, "r");
    if (file == NULL) {
        return 0;
    }
    size_t size = fread(text, 1, sizeof text - 1, file);
    fclose(file);
    unsigned long user = 0, system = 0;
    const char *behind_name = size > 0 ? strrchr(text, ')') : NULL;
    if (behind_name != NULL) {
        sscanf(behind_name, ") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user,
               &system);
    }
    return user + system;
}

TEST(server_out_of_descriptors_waits_and_goes_on)
{
    /* Goal: EMFILE stops accepting without spinning, and those who wait are served later. Method: a
     * limit of 40 open files, 60 connections; CPU time while they wait; then some are closed. */
    struct peer_server server;
    REQUIRE(peer_start_limited(&server, OPTIONS("-p", "-1", "-t", "2"), 40));
    int open[60];
    for (size_t i = 0; i < 60; i++) {
        open[i] = peer_connect("127.0.0.1", server.port);
        CHECK(open[i] >= 0);
        CHECK(peer_send_text(open[i], "get a\r\n"));
    }
    CHECK(peer_expect(open[0], "END\r\n"));
    sleep_ms(300);
    unsigned long ticks = cpu_ticks(server.pid);
    sleep_ms(1000);
    CHECK(cpu_ticks(server.pid) - ticks < (unsigned long)sysconf(_SC_CLK_TCK) / 4);
    CHECK_EQ(peer_stat(open[0], "accepting_conns"), 0);
    CHECK(peer_stat(open[0], "listen_disabled_num") > 0);
    for (size_t i = 1; i < 40; i++) {
        close(open[i]);
    }
    for (size_t i = 40; i < 60; i++) {
        CHECK(peer_expect(open[i], "END\r\n"));
        close(open[i]);
    }
    close(open[0]);
    CHECK_EQ(peer_stop(&server), 0);
}

TEST(server_closes_idle_connections_when_asked_to)
{
    /* Goal: -o idle_timeout; half a command does not count as life. Method: one connection that
     * talks, one that is silent, one that trickles bytes of a line. */
    struct peer_server server;
    REQUIRE(peer_start(&server, OPTIONS("-p", "-1", "-o", "idle_timeout=1")));
    int busy = peer_connect("127.0.0.1", server.port);
    int silent = peer_connect("127.0.0.1", server.port);
    int trickling = peer_connect("127.0.0.1", server.port);
    bool trickle_ended = false;
    for (unsigned i = 0; i < 60 && !trickle_ended; i++) {
        CHECK(peer_ask(busy, "get a\r\n", "END\r\n"));
        trickle_ended = !peer_send_text(trickling, "g");
        sleep_ms(100);
    }
    CHECK(trickle_ended);
    CHECK(peer_closes(silent, 5000));
    for (unsigned i = 0; i < 300 && peer_stat(busy, "idle_kicks") < 2; i++) {
        sleep_ms(10);
    }
    CHECK_EQ(peer_stat(busy, "idle_kicks"), 2);
    CHECK_EQ(peer_stop(&server), 0);
    close(busy);
    close(silent);
    close(trickling);
}

TEST(server_closes_on_endless_lines_and_http)
{
    /* Goal: what memcached hangs up on. Method: 2,049 bytes without a newline, and a request of a
     * browser; an endless get line is served as it comes. */
    struct peer_server server;
    REQUIRE(peer_start(&server, OPTIONS("-p", "-1")));
    char line[4096];
    memset(line, 'x', sizeof line);
    int connection = peer_connect("127.0.0.1", server.port);
    CHECK(peer_send(connection, line, 2049) && peer_closes(connection, 5000));
    close(connection);
    connection = peer_connect("127.0.0.1", server.port);
    CHECK(peer_send_text(connection, "GET / HTTP/1.1\r\n") && peer_closes(connection, 5000));
    close(connection);
    connection = peer_connect("127.0.0.1", server.port);
    CHECK(peer_ask(connection, "set k 0 0 1\r\nv\r\n", "STORED\r\n"));
    CHECK(peer_send_text(connection, "get"));
    for (unsigned i = 0; i < 20000; i++) {
        CHECK(peer_send_text(connection, i == 19999 ? " k\r\n" : " nothing_here"));
    }
    CHECK(peer_expect(connection, "VALUE k 0 1\r\nv\r\nEND\r\n"));
    close(connection);
    CHECK_EQ(peer_stop(&server), 0);
}

/* ------------------------------------------------------------------------- streams */

/* Sends 10,000 commands in one go and reads all answers, on a server with these options. */
static void pipeline_run(const char *const *options)
{
    enum { COMMANDS = 10000 };
    struct peer_server server;
    REQUIRE(peer_start(&server, options));
    int connection = peer_connect("127.0.0.1", server.port);
    char *request = malloc(COMMANDS * 64), *want = malloc(COMMANDS * 64);
    size_t size = 0, want_size = 0;
    for (unsigned i = 0; i < COMMANDS; i++) {
        switch (i % 4) {
        case 0:
            size += (size_t)sprintf(request + size, "set k%u 0 0 4\r\n%04u\r\n", i % 100, i % 100);
            want_size += (size_t)sprintf(want + want_size, "STORED\r\n");
            break;
        case 3:
            size += (size_t)sprintf(request + size, "bogus\r\n");
            want_size += (size_t)sprintf(want + want_size, "ERROR\r\n");
            break;
        default:
            size += (size_t)sprintf(request + size, "get k%u nothing\r\n", i / 4 * 4 % 100);
            want_size += (size_t)sprintf(want + want_size, "VALUE k%u 0 4\r\n%04u\r\nEND\r\n",
                                         i / 4 * 4 % 100, i / 4 * 4 % 100);
        }
    }
    CHECK(peer_send(connection, request, size));
    CHECK(peer_expect(connection, want));
    CHECK(peer_stat(connection, "conn_yields") > 0);
    CHECK_EQ(peer_stat(connection, "cmd_get"), COMMANDS);
    free(request);
    free(want);
    close(connection);
    CHECK_EQ(peer_stop(&server), 0);
}

TEST(server_answers_ten_thousand_pipelined_commands)
{
    /* Goal: a long pipeline, in order, nothing lost. Method: see pipeline_run(). */
    pipeline_run(OPTIONS("-p", "-1"));
}

TEST(server_answers_a_pipeline_one_command_a_turn)
{
    /* Goal: -R 1 yields after every command and still answers everything. Method: as above. */
    pipeline_run(OPTIONS("-p", "-1", "-R", "1", "-t", "1"));
}

TEST(server_serves_others_while_one_reads_nothing)
{
    /* Goal: back-pressure. A client that asks for much and reads nothing makes the server hold
     * little and harms nobody; when it reads, it gets everything. Method: 200 gets of 500 KB. */
    enum { VALUE = 500000, GETS = 200 };
    struct peer_server server;
    REQUIRE(peer_start(&server, OPTIONS("-p", "-1", "-t", "1")));
    int slow = peer_connect("127.0.0.1", server.port);
    char *value = malloc(VALUE + 64);
    size_t head = (size_t)sprintf(value, "set big 0 0 %d\r\n", VALUE);
    memset(value + head, 'v', VALUE);
    memcpy(value + head + VALUE, "\r\n", 2);
    CHECK(peer_send(slow, value, head + VALUE + 2) && peer_expect(slow, "STORED\r\n"));
    for (unsigned i = 0; i < GETS; i++) {
        CHECK(peer_send_text(slow, "get big\r\n"));
    }
    int other = peer_connect("127.0.0.1", server.port);
    for (unsigned i = 0; i < 100; i++) {
        CHECK(peer_ask(other, "get nothing\r\n", "END\r\n"));
    }
    /* What was written is what fits into the sockets; the other gets have not been begun. */
    CHECK(peer_stat(other, "cmd_get") < 100 + GETS / 2);
    size_t all = 0, answer = VALUE + strlen("VALUE big 0 500000\r\n\r\nEND\r\n");
    for (;;) {
        ssize_t got = peer_read_some(slow, value, VALUE, 3000);
        if (got <= 0 || (all += (size_t)got) == answer * GETS) {
            break;
        }
    }
    CHECK_EQ(all, answer * GETS);
    CHECK(peer_ask(slow, "get nothing\r\n", "END\r\n"));
    free(value);
    close(slow);
    close(other);
    CHECK_EQ(peer_stop(&server), 0);
}

TEST(server_survives_half_open_stores_and_lost_peers)
{
    /* Goal: data blocks that never end, resets in the middle, and an end before an answer. Method:
     * 200 connections each left in one of these ways; the server goes on and forgets them. */
    struct peer_server server;
    REQUIRE(peer_start(&server, OPTIONS("-p", "-1")));
    int watcher = peer_connect("127.0.0.1", server.port);
    static const char *const pieces[] = {
        "set a 0 0 1000000\r\nabc", "set a 0 0 10\r\nabc",      "get a",
        "get a b c\r\nge",          "set a 0 0 9999999\r\nabc", "gets"};
    for (unsigned i = 0; i < 200; i++) {
        int connection = peer_connect("127.0.0.1", server.port);
        CHECK(peer_send_text(connection, pieces[i % 6]));
        struct linger reset = {.l_onoff = 1, .l_linger = 0};
        if (i % 2 == 0) {
            setsockopt(connection, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
        } else if (i % 3 == 0) {
            shutdown(connection, SHUT_WR);
        }
        close(connection);
    }
    long long open = 0;
    for (unsigned i = 0; i < 500 && (open = peer_stat(watcher, "curr_connections")) != 1; i++) {
        sleep_ms(10);
    }
    CHECK_EQ(open, 1);
    CHECK(peer_ask(watcher, "get a\r\n", "END\r\n"));
    int half = peer_connect("127.0.0.1", server.port);
    CHECK(peer_send_text(half, "set h 0 0 1\r\nx\r\nget h\r\n"));
    shutdown(half, SHUT_WR);
    CHECK(peer_expect(half, "STORED\r\nVALUE h 0 1\r\nx\r\nEND\r\n"));
    CHECK(peer_closes(half, 5000));
    close(half);
    close(watcher);
    CHECK_EQ(peer_stop(&server), 0);
}

TEST(server_takes_values_that_trickle_in)
{
    /* Goal: a data block in many packets, short and long, and other commands behind it in the same
     * packet. Method: values of several sizes sent in steps, each read back. */
    struct peer_server server;
    REQUIRE(peer_start(&server, OPTIONS("-p", "-1")));
    int connection = peer_connect("127.0.0.1", server.port);
    static const size_t sizes[] = {10, 3000, 70000, 1000000};
    char *request = malloc(1100000), *want = malloc(1100000);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        size_t value = sizes[i];
        size_t size = (size_t)sprintf(request, "set t 0 0 %zu\r\n", value);
        memset(request + size, (int)('a' + i), value);
        size += value;
        size += (size_t)sprintf(request + size, "\r\nget t\r\nget nothing\r\n");
        size_t head = (size_t)sprintf(want, "STORED\r\nVALUE t 0 %zu\r\n", value);
        memset(want + head, (int)('a' + i), value);
        strcpy(want + head + value, "\r\nEND\r\nEND\r\n");
        size_t step = size / 13 + 1;
        for (size_t at = 0; at < size; at += step) {
            CHECK(peer_send(connection, request + at, size - at < step ? size - at : step));
            sleep_ms(2);
        }
        CHECK(peer_expect(connection, want));
    }
    free(request);
    free(want);
    close(connection);
    CHECK_EQ(peer_stop(&server), 0);
}

TEST(server_spreads_connections_evenly)
{
    /* Goal: a few fat connections do not share a worker while another idles. Method: as many
     * connections as threads, all in a busy loop; the threads' CPU times, read from the system, are
     * all above nothing. */
    struct peer_server server;
    REQUIRE(peer_start(&server, OPTIONS("-p", "-1", "-t", "4")));
    int connections[4];
    for (size_t i = 0; i < 4; i++) {
        connections[i] = peer_connect("127.0.0.1", server.port);
        CHECK(peer_ask(connections[i], "get a\r\n", "END\r\n"));
    }
    for (unsigned i = 0; i < 5000; i++) {
        CHECK(peer_ask(connections[i % 4], "get a\r\n", "END\r\n"));
    }
    unsigned switched = 0;
    char path[128];
    snprintf(path, sizeof path, "cat /proc/%ld/task/*/status | grep ^voluntary", (long)server.pid);
    FILE *lines = popen(path, "r");
    long count;
    while (lines != NULL && fscanf(lines, "voluntary_ctxt_switches: %ld ", &count) == 1) {
        switched += count > 300;
    }
    if (lines != NULL) {
        pclose(lines);
    }
    CHECK_EQ(switched, 4);
    for (size_t i = 0; i < 4; i++) {
        close(connections[i]);
    }
    CHECK_EQ(peer_stop(&server), 0);
}

/* ------------------------------------------------------------------------- time, memory, end */

TEST(server_clock_moves_by_debugtime_for_all_connections)
{
    /* Goal: the test command reaches every worker at once. Method: connections on two workers. */
    struct peer_server server;
    REQUIRE(peer_start(&server, OPTIONS("-p", "-1", "-vv", "-t", "2", "--enable-debugtime")));
    int one = peer_connect("127.0.0.1", server.port);
    int two = peer_connect("127.0.0.1", server.port);
    CHECK(peer_ask(one, "set a 0 100 1\r\nx\r\n", "STORED\r\n"));
    CHECK(peer_ask(two, "get a\r\n", "VALUE a 0 1\r\nx\r\nEND\r\n"));
    CHECK(peer_ask(one, "debugtime 101\r\n", "OK\r\n"));
    CHECK(peer_ask(two, "get a\r\n", "END\r\n"));
    CHECK(peer_stat(two, "uptime") >= 101);
    for (unsigned i = 0; i < 300 && peer_stat(two, "curr_items") != 0; i++) {
        sleep_ms(10); /* upkeep removes it */
    }
    CHECK_EQ(peer_stop(&server), 0);
    close(one);
    close(two);
}

TEST(server_with_little_memory_evicts_and_goes_on)
{
    /* Goal: -m 1: stores go on for ever, values are never mixed up. Method: 20,000 values that tell
     * their key, pipelined; what is found must fit its key. */
    struct peer_server server;
    REQUIRE(peer_start(&server, OPTIONS("-p", "-1", "-m", "1", "-t", "2")));
    int connection = peer_connect("127.0.0.1", server.port);
    char *request = malloc(1 << 20);
    for (unsigned round = 0; round < 20; round++) {
        size_t size = 0;
        for (unsigned i = 0; i < 1000; i++) {
            unsigned key = round * 1000 + i;
            size += (size_t)sprintf(request + size, "set key%u 0 0 200 noreply\r\n%0200u\r\n", key,
                                    key);
        }
        size += (size_t)sprintf(request + size, "get nothing\r\n");
        CHECK(peer_send(connection, request, size) && peer_expect(connection, "END\r\n"));
    }
    unsigned found = 0;
    for (unsigned key = 0; key < 20000; key++) {
        char want[300], got[300];
        size_t want_size =
            (size_t)sprintf(want, "VALUE key%u 0 200\r\n%0200u\r\nEND\r\n", key, key);
        sprintf(request, "get key%u\r\n", key);
        CHECK(peer_send_text(connection, request));
        size_t size = peer_read(connection, got, 5, 5000);
        if (size == 5 && memcmp(got, "END\r\n", 5) != 0) {
            size += peer_read(connection, got + 5, want_size - 5, 5000);
            CHECK(size == want_size && memcmp(got, want, size) == 0);
            found++;
        }
    }
    CHECK(found > 500 && found < 8000);
    CHECK(peer_stat(connection, "evictions") > 10000);
    free(request);
    close(connection);
    CHECK_EQ(peer_stop(&server), 0);
}

struct load {
    int port;
    unsigned long answers;
    size_t last_size; /* of the answer during which the server went away */
};

/* Gets and sets until the server goes away. */
static void *load_main(void *context)
{
    struct load *load = context;
    int connection = peer_connect("127.0.0.1", load->port);
    char answer[64];
    const size_t size = strlen("STORED\r\nVALUE a 0 1\r\nx\r\nEND\r\n");
    while (peer_send_text(connection, "set a 0 0 1\r\nx\r\nget a\r\n") &&
           (load->last_size = peer_read(connection, answer, size, 5000)) == size) {
        load->answers++;
        load->last_size = 0;
    }
    close(connection);
    return NULL;
}

TEST(server_stops_cleanly_under_load)
{
    /* Goal: SIGTERM and SIGINT during traffic end with status 0 in little time, with no answer cut
     * in two. Method: four clients in a loop; the stop is timed. */
    for (unsigned round = 0; round < 2; round++) {
        struct peer_server server;
        REQUIRE(peer_start(&server, OPTIONS("-p", "-1", "-t", "2")));
        pthread_t threads[4];
        struct load loads[4];
        for (size_t i = 0; i < 4; i++) {
            loads[i] = (struct load){.port = server.port};
            pthread_create(&threads[i], NULL, load_main, &loads[i]);
        }
        sleep_ms(300);
        struct timespec begin, end;
        clock_gettime(CLOCK_MONOTONIC, &begin);
        if (round == 0) {
            kill(server.pid, SIGINT);
        }
        CHECK_EQ(peer_stop(&server), 0);
        clock_gettime(CLOCK_MONOTONIC, &end);
        CHECK(end.tv_sec - begin.tv_sec < 5);
        for (size_t i = 0; i < 4; i++) {
            pthread_join(threads[i], NULL);
            CHECK(loads[i].answers > 10);
            CHECK_EQ(loads[i].last_size, 0);
        }
    }
}

TEST(server_stops_although_a_client_reads_nothing)
{
    /* Goal: the drain has an end. Method: a client with megabytes waiting; the stop must come. */
    struct peer_server server;
    REQUIRE(peer_start(&server, OPTIONS("-p", "-1", "-t", "1")));
    int slow = peer_connect("127.0.0.1", server.port);
    char *value = malloc(500064);
    size_t head = (size_t)sprintf(value, "set big 0 0 500000\r\n");
    memset(value + head, 'v', 500000);
    memcpy(value + head + 500000, "\r\n", 2);
    CHECK(peer_send(slow, value, head + 500002) && peer_expect(slow, "STORED\r\n"));
    for (unsigned i = 0; i < 50; i++) {
        CHECK(peer_send_text(slow, "get big\r\n"));
    }
    sleep_ms(200);
    CHECK_EQ(peer_stop(&server), 0);
    free(value);
    close(slow);
}

TEST_MAIN()
