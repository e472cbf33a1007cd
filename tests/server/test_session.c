/* SPDX-License-Identifier: MIT
 * test_session.c - commands executed on a cache, without a socket.
 */
#include "stream.h"
#include "test.h"

static bool says(const char *got, const char *want)
{
    if (strcmp(got, want) != 0) {
        printf("#   got  %s\n#   want %s\n", got, want);
        return false;
    }
    return true;
}
#define ASK(stream, request, answer) CHECK(says(stream_ask(&(stream), (request)), (answer)))

static void with_debugtime(struct thi_options *options)
{
    options->debugtime = true;
}

TEST(session_every_command_answers)
{
    /* Goal: the meaning of each command. Method: one after the other, answers compared. */
    struct stream_host host;
    struct stream s;
    REQUIRE(stream_host_open(&host, NULL));
    stream_open(&s, &host);
    ASK(s, "get a\r\n", "END\r\n");
    ASK(s, "set a 5 0 3\r\nabc\r\n", "STORED\r\n");
    ASK(s, "get a\r\n", "VALUE a 5 3\r\nabc\r\nEND\r\n");
    ASK(s, "add a 0 0 1\r\nx\r\nadd b 0 0 1\r\ny\r\n", "NOT_STORED\r\nSTORED\r\n");
    ASK(s, "replace a 6 0 1\r\nx\r\nreplace z 0 0 1\r\ny\r\n", "STORED\r\nNOT_STORED\r\n");
    ASK(s, "append a 7 0 1\r\ny\r\nprepend a 7 0 1\r\nw\r\nappend z 0 0 1\r\ny\r\n",
        "STORED\r\nSTORED\r\nNOT_STORED\r\n");
    ASK(s, "get a b z a\r\n",
        "VALUE a 6 3\r\nwxy\r\nVALUE b 0 1\r\ny\r\nVALUE a 6 3\r\nwxy\r\nEND\r\n");
    unsigned long long cas = 0;
    CHECK(sscanf(stream_ask(&s, "gets a\r\n"), "VALUE a 6 3 %llu", &cas) == 1);
    char request[128];
    snprintf(request, sizeof request, "cas a 1 0 1 %llu\r\nA\r\ncas a 1 0 1 %llu\r\nB\r\n", cas,
             cas);
    ASK(s, request, "STORED\r\nEXISTS\r\n");
    ASK(s, "cas z 0 0 1 1\r\nx\r\nget a\r\n", "NOT_FOUND\r\nVALUE a 1 1\r\nA\r\nEND\r\n");
    ASK(s, "set n 0 0 2\r\n10\r\nincr n 5\r\ndecr n 6\r\ndecr n 100\r\n",
        "STORED\r\n15\r\n9\r\n0\r\n");
    ASK(s, "incr z 1\r\ndecr z 1\r\nincr a 1\r\n",
        "NOT_FOUND\r\nNOT_FOUND\r\n"
        "CLIENT_ERROR cannot increment or decrement non-numeric value\r\n");
    ASK(s, "touch a 100\r\ntouch z 100\r\n", "TOUCHED\r\nNOT_FOUND\r\n");
    ASK(s, "gat 100 a z b\r\n", "VALUE a 1 1\r\nA\r\nVALUE b 0 1\r\ny\r\nEND\r\n");
    CHECK(strncmp(stream_ask(&s, "gats 100 a\r\n"), "VALUE a 1 1 ", 12) == 0);
    ASK(s, "delete a\r\ndelete a\r\n", "DELETED\r\nNOT_FOUND\r\n");
    ASK(s, "flush_all\r\nget b\r\n", "OK\r\nEND\r\n");
    ASK(s, "verbosity 0\r\nversion\r\n", "OK\r\nVERSION " TH_SERVER_VERSION "\r\n");
    ASK(s, "debugtime 1\r\n", "ERROR\r\n");
    ASK(s, "quit\r\nget a\r\n", "");
    CHECK(s.closed);
    stream_close(&s);
    stream_host_close(&host);
}

TEST(session_noreply_is_never_answered)
{
    /* Goal: no answer slips out, which would be taken for that of the next command. Method: every
     * command with noreply, succeeding, failing and refused; only the marks between may answer. */
    struct stream_host host;
    struct stream s;
    REQUIRE(stream_host_open(&host, NULL));
    stream_open(&s, &host);
    ASK(s,
        "set a 0 0 1 noreply\r\n1\r\nadd a 0 0 1 noreply\r\n2\r\nreplace z 0 0 1 noreply\r\n3\r\n"
        "append a 0 0 1 noreply\r\n0\r\nprepend z 0 0 1 noreply\r\n4\r\ncas a 0 0 1 1 noreply\r\n5"
        "\r\ncas z 0 0 1 1 noreply\r\n6\r\nincr a 5 noreply\r\ndecr a 1 noreply\r\nincr z 1 noreply"
        "\r\ntouch a 0 noreply\r\ntouch z 0 noreply\r\ndelete z noreply\r\nverbosity 0 noreply\r\n"
        "set b x 0 1 noreply\r\n7\r\nset b 0 0 9999999 noreply\r\n",
        "");
    static char large[9999999 + 3];
    memset(large, 'v', sizeof large - 3);
    strcpy(large + sizeof large - 3, "\r\n");
    ASK(s, large, "");
    ASK(s, "set c 0 0 1 noreply\r\nxx\r\nget a c\r\n", "ERROR\r\nVALUE a 0 2\r\n14\r\nEND\r\n");
    ASK(s, "flush_all noreply\r\nflush_all x noreply\r\nget a\r\n", "END\r\n");
    stream_close(&s);
    stream_host_close(&host);
}

TEST(session_time_passes_by_debugtime)
{
    /* Goal: relative, absolute, negative and far expiries, touched ones, and delayed flushes.
     * Method: the clock is moved, and items asked for on both sides of their end. */
    struct stream_host host;
    struct stream s;
    REQUIRE(stream_host_open(&host, with_debugtime));
    stream_open(&s, &host);
    ASK(s, "set a 0 10 1\r\n1\r\nset b 0 -1 1\r\n2\r\nset c 0 0 1\r\n3\r\nget a b c\r\n",
        "STORED\r\nSTORED\r\nSTORED\r\nVALUE a 0 1\r\n1\r\nVALUE c 0 1\r\n3\r\nEND\r\n");
    ASK(s, "debugtime 8\r\nget a\r\ndebugtime 4\r\nget a\r\n",
        "OK\r\nVALUE a 0 1\r\n1\r\nEND\r\nOK\r\nEND\r\n");
    char request[256];
    long long soon = (long long)thi_service_unix_now(&host.service) + 100;
    snprintf(request, sizeof request,
             "set a 0 %lld 1\r\n1\r\nset b 0 2592001 1\r\n2\r\nget a b\r\ndebugtime 98\r\nget a\r\n"
             "debugtime 4\r\nget a\r\n",
             soon);
    ASK(s, request,
        "STORED\r\nSTORED\r\nVALUE a 0 1\r\n1\r\nEND\r\nOK\r\nVALUE a 0 1\r\n1\r\nEND\r\nOK\r\n"
        "END\r\n");
    ASK(s, "set a 0 9999999999999 1\r\n1\r\ndebugtime 100000000\r\nget a\r\n",
        "STORED\r\nOK\r\nVALUE a 0 1\r\n1\r\nEND\r\n");
    ASK(s, "touch a 10\r\ngat 100 a\r\ndebugtime 50\r\nget a\r\ntouch a -1\r\nget a\r\n",
        "TOUCHED\r\nVALUE a 0 1\r\n1\r\nEND\r\nOK\r\nVALUE a 0 "
        "1\r\n1\r\nEND\r\nTOUCHED\r\nEND\r\n");
    ASK(s, "set a 0 0 1\r\n1\r\nflush_all 10\r\nget a\r\ndebugtime 12\r\nget a\r\n",
        "STORED\r\nOK\r\nVALUE a 0 1\r\n1\r\nEND\r\nOK\r\nEND\r\n");
    ASK(s, "set a 0 0 1\r\n1\r\nget a\r\nflush_all -5\r\nget a\r\n",
        "STORED\r\nVALUE a 0 1\r\n1\r\nEND\r\nOK\r\nEND\r\n");
    ASK(s, "debugtime -1\r\ndebugtime 99999999999\r\n", "ERROR\r\nERROR\r\n");
    stream_close(&s);
    stream_host_close(&host);
}

TEST(session_too_large_values_are_swallowed_and_leave_nothing_stale)
{
    /* Goal: a refused data block is never taken for commands, and the old value is gone. Method:
     * sizes around the limit, the block holding commands; append over the limit keeps the old. */
    struct stream_host host;
    struct stream s;
    REQUIRE(stream_host_open(&host, NULL));
    stream_open(&s, &host);
    static char request[(1 << 20) + 4096];
    size_t head = (size_t)sprintf(request, "set a 0 0 1\r\nx\r\nset a 0 0 %u\r\n", (1u << 20) + 1);
    for (size_t i = 0; i < (1u << 20) + 1; i++) {
        request[head + i] = "get a\r\n"[i % 7];
    }
    strcpy(request + head + (1u << 20) + 1, "\r\nget a\r\n");
    ASK(s, request, "STORED\r\nSERVER_ERROR object too large for cache\r\nEND\r\n");
    head = (size_t)sprintf(request, "set a 0 0 1\r\nx\r\nset a 0 0 %u\r\n", 1u << 20);
    memset(request + head, 'v', 1u << 20);
    strcpy(request + head + (1u << 20), "\r\nget a\r\n");
    ASK(s, request, "STORED\r\nSERVER_ERROR object too large for cache\r\nEND\r\n");
    head = (size_t)sprintf(request, "set a 0 0 %u\r\n", 1000000u);
    memset(request + head, 'v', 1000000);
    strcpy(request + head + 1000000, "\r\nappend a 0 0 70000\r\n");
    ASK(s, request, "STORED\r\n");
    memset(request, 'w', 70000);
    strcpy(request + 70000, "\r\ntouch a 0\r\n");
    ASK(s, request, "NOT_STORED\r\nTOUCHED\r\n");
    stream_close(&s);
    stream_host_close(&host);
}

static void with_little_memory(struct thi_options *options)
{
    options->no_eviction = true;
    options->memory_bytes = 1u << 20;
    options->item_bytes_max = 1u << 14;
}

/* Stores values of `size` bytes until there is no room. */
static void session_fill(struct stream *s, unsigned size)
{
    static char request[(1 << 14) + 64];
    const char *answer = "STORED\r\n";
    for (unsigned i = 0; i < 100000 && strcmp(answer, "STORED\r\n") == 0; i++) {
        int head = snprintf(request, 64, "set %u-%u 0 0 %u\r\n", size, i, size);
        memset(request + head, 'v', size);
        strcpy(request + head + size, "\r\n");
        answer = stream_ask(s, request);
    }
    CHECK(says(answer, "SERVER_ERROR out of memory storing object\r\n"));
}

TEST(session_touch_without_room_says_so)
{
    /* Goal: a touch for which there is no memory is no miss. Method: a full cache that evicts
     * nothing; an item without an expiry has to be copied to get one. */
    struct stream_host host;
    struct stream s;
    REQUIRE(stream_host_open(&host, with_little_memory));
    stream_open(&s, &host);
    ASK(s, "set a 0 0 1\r\nx\r\nset b 0 1000 1\r\ny\r\n", "STORED\r\nSTORED\r\n");
    for (unsigned size = 8000; size > 0; size /= 2) {
        session_fill(&s, size);
    }
    ASK(s, "touch a 100\r\nget a\r\ntouch z 100\r\n",
        "SERVER_ERROR out of memory\r\nVALUE a 0 1\r\nx\r\nEND\r\nNOT_FOUND\r\n");
    ASK(s, "touch b 100\r\ntouch a 0\r\ntouch a 100 noreply\r\n", "TOUCHED\r\nTOUCHED\r\n");
    stream_close(&s);
    stream_host_close(&host);
}

static const char *const sample =
    "set a 1 0 10\r\n0123456789\r\nset bb 2 0 0\r\n\r\nget a bb c a\r\nget a\r\nget bb\r\nget c\r\n"
    "append a 0 0 3\r\n\r\n\r\r\nget a\r\nset x y 0 5\r\nget a\r\nincr n 1\r\nset n 0 0 2 "
    "noreply\r\n99"
    "\r\nincr n 1\r\ngat 0 a n\r\nbogus\r\nset t 0 0 3\r\nabcd\r\ntouch a 0\r\nget a a a a a a "
    "a\r\n"
    "delete a\r\ndelete a\r\nversion\r\nget n\r\nflush_all\r\nget n\r\nquit\r\n";

TEST(session_cut_blocked_and_budgeted_answers_the_same)
{
    /* Goal: packets, budgets and slow peers change nothing but time. Method: one sample in steps of
     * 1 to 40 bytes, budgets of 1 and more, writes of 1 byte and more of which every second one
     * would block; each answer compared with the plain one. */
    struct stream_host host;
    struct stream s;
    REQUIRE(stream_host_open(&host, NULL));
    stream_open(&s, &host);
    char *plain = strdup(stream_ask(&s, sample));
    CHECK(strlen(plain) > 300);
    stream_close(&s);
    for (size_t step = 1; step <= 40; step++) {
        for (unsigned variant = 0; variant < 4; variant++) {
            stream_open(&s, &host);
            s.budget = variant % 2 == 0 ? 1 : 3;
            s.write_max = variant < 2 ? 0 : step;
            CHECK(says(stream_ask_in_steps(&s, sample, step), plain));
            CHECK(s.closed);
            stream_close(&s);
        }
    }
    free(plain);
    CHECK_EQ(host.executor.buffers.used_bytes, 0);
    stream_host_close(&host);
}

/* `count` values of `size` bytes, each of its own letter, under keys k0 to k<count - 1>. */
static void values_store(struct stream *s, unsigned count, size_t size)
{
    char *request = malloc(size + 100);
    for (unsigned i = 0; i < count; i++) {
        size_t head = (size_t)sprintf(request, "set k%u 0 0 %zu noreply\r\n", i, size);
        memset(request + head, (int)('a' + i % 26), size);
        strcpy(request + head + size, "\r\n");
        stream_ask(s, request);
    }
    free(request);
}

/* True if the answer is `rounds` times all values, then END. */
static bool values_answered(const char *answer, unsigned count, size_t size, unsigned rounds)
{
    for (unsigned i = 0; i < count * rounds; i++) {
        char head[64];
        size_t head_size =
            (size_t)snprintf(head, sizeof head, "VALUE k%u 0 %zu\r\n", i % count, size);
        if (strncmp(answer, head, head_size) != 0) {
            return false;
        }
        answer += head_size;
        char letter = (char)('a' + i % count % 26);
        for (size_t j = 0; j < size; j++) {
            if (*answer++ != letter) {
                return false;
            }
        }
        if (strncmp(answer, "\r\n", 2) != 0) {
            return false;
        }
        answer += 2;
    }
    return strcmp(answer, "END\r\n") == 0;
}

TEST(session_long_multi_get_is_whole_however_slowly_it_is_read)
{
    /* Goal: gets with more keys than a batch and more bytes than the answers hold, in order, with
     * values referred to and copied. Method: 300 keys, twice, by writes of all sizes. */
    struct stream_host host;
    REQUIRE(stream_host_open(&host, NULL));
    static const size_t sizes[] = {1, TH_ANSWER_REFER_MIN - 1, TH_ANSWER_REFER_MIN, 9000};
    char *request = malloc(1 << 16);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct stream s;
        stream_open(&s, &host);
        values_store(&s, 300, sizes[i]);
        size_t size = (size_t)sprintf(request, "get");
        for (unsigned key = 0; key < 600; key++) {
            size += (size_t)sprintf(request + size, " k%u", key % 300);
        }
        strcpy(request + size, "\r\n");
        static const size_t takes[] = {0, 1000, 4096, 100000};
        for (size_t take = 0; take < sizeof takes / sizeof takes[0]; take++) {
            s.write_max = takes[take];
            CHECK(values_answered(stream_ask(&s, request), 300, sizes[i], 2));
            CHECK(values_answered(stream_ask_in_steps(&s, request, 700), 300, sizes[i], 2));
        }
        stream_close(&s);
    }
    free(request);
    CHECK_EQ(host.executor.buffers.used_bytes, 0);
    stream_host_close(&host);
}

TEST(session_runs_of_gets_count_each_and_keep_order)
{
    /* Goal: pipelined gets that are looked up together are counted and answered one by one. Method:
     * 1,000 gets and gets-with-cas in one piece, every third a miss; then the figures. */
    struct stream_host host;
    struct stream s;
    REQUIRE(stream_host_open(&host, NULL));
    stream_open(&s, &host);
    values_store(&s, 10, 3);
    static char request[1 << 16], want[1 << 16];
    size_t size = 0, want_size = 0;
    for (unsigned i = 0; i < 1000; i++) {
        bool miss = i % 3 == 0;
        size += (size_t)sprintf(request + size, "get %s%u\r\n", miss ? "no" : "k", i % 10);
        if (!miss) {
            char letter = (char)('a' + i % 10);
            want_size += (size_t)sprintf(want + want_size, "VALUE k%u 0 3\r\n%c%c%c\r\n", i % 10,
                                         letter, letter, letter);
        }
        want_size += (size_t)sprintf(want + want_size, "END\r\n");
    }
    CHECK(says(stream_ask(&s, request), want));
    CHECK_EQ(host.executor.counters->total[TH_COUNT_CMD_GET], 1000);
    CHECK_EQ(host.executor.counters->total[TH_COUNT_GET_MISSES], 334);
    CHECK_EQ(host.executor.counters->total[TH_COUNT_GET_HITS], 666);
    CHECK_EQ(host.executor.counters->total[TH_COUNT_CMD_SET], 10);
    stream_close(&s);
    stream_host_close(&host);
}

static void with_small_buffers(struct thi_options *options)
{
    options->buffers_bytes_max = 256 * 1024;
}

TEST(session_without_buffer_memory_refuses_values_and_breaks_slow_readers)
{
    /* Goal: the cap on buffers holds, and the stream stays in step. Method: a cap below the size of
     * a value sent in pieces, at its begin and in its middle; an answer that cannot be kept. */
    struct stream_host host;
    struct stream s;
    REQUIRE(stream_host_open(&host, with_small_buffers));
    stream_open(&s, &host);
    static char request[600000 + 100];
    size_t head = (size_t)sprintf(request, "set a 0 0 600000\r\n");
    memset(request + head, 'v', 600000);
    strcpy(request + head + 600000, "\r\nget a\r\n");
    CHECK(says(stream_ask_in_steps(&s, request, 3000),
               "SERVER_ERROR out of memory storing object\r\nEND\r\n"));
    CHECK(says(stream_ask_in_steps(&s, request, 300000),
               "SERVER_ERROR out of memory storing object\r\nEND\r\n"));
    CHECK_EQ(host.executor.buffers.used_bytes, 0);
    CHECK(strcmp(stream_ask(&s, request), "STORED\r\n") > 0); /* whole in the input: no buffer */
    s.write_max = 1;
    stream_ask(&s, "get a\r\n");
    CHECK(s.closed && s.outlet.broken);
    stream_close(&s);
    stream_open(&s, &host);
    s.peer_gone = true;
    stream_ask(&s, "version\r\n");
    CHECK(s.closed);
    stream_close(&s);
    stream_host_close(&host);
}

TEST(session_survives_every_refusal_of_buffer_memory)
{
    /* Goal: each place that asks for buffer memory is refused once, and nothing is lost or left
     * behind. Method: the sample, slowly read, with the cap raised in small steps until all passes;
     * after each run nothing is in use and a new session works. */
    struct stream_host host;
    struct stream s;
    REQUIRE(stream_host_open(&host, NULL));
    stream_open(&s, &host);
    char *plain = strdup(stream_ask(&s, sample));
    stream_close(&s);
    size_t cap = 0;
    for (bool passed = false; !passed && cap < 100000; cap += 64) {
        host.executor.buffers.used_bytes_max = cap;
        stream_open(&s, &host);
        s.write_max = 7;
        passed = strcmp(stream_ask_in_steps(&s, sample, 11), plain) == 0;
        CHECK(s.closed || !passed);
        stream_close(&s);
        CHECK_EQ(host.executor.buffers.used_bytes, 0);
        stream_open(&s, &host);
        ASK(s, "set a 0 0 1\r\nx\r\nget a\r\n", "STORED\r\nVALUE a 0 1\r\nx\r\nEND\r\n");
        stream_close(&s);
    }
    CHECK(cap > 64 && cap < 100000);
    free(plain);
    stream_host_close(&host);
}

static void with_no_eviction(struct thi_options *options)
{
    options->no_eviction = true;
    options->memory_bytes = (uint64_t)2 << 20;
    options->no_flush_all = true;
    options->item_bytes_max = 64 * 1024;
}

TEST(session_full_cache_without_eviction_says_so)
{
    /* Goal: -M answers with memcached's error and drops the stale value; -F refuses. Method: sets
     * until one fails, then the same key. */
    struct stream_host host;
    struct stream s;
    REQUIRE(stream_host_open(&host, with_no_eviction));
    stream_open(&s, &host);
    static char request[70000];
    bool failed = false;
    for (unsigned i = 0; i < 100 && !failed; i++) {
        size_t head = (size_t)sprintf(request, "set k%u 0 0 60000\r\n", i);
        memset(request + head, 'v', 60000);
        strcpy(request + head + 60000, "\r\n");
        failed =
            strcmp(stream_ask(&s, request), "SERVER_ERROR out of memory storing object\r\n") == 0;
    }
    CHECK(failed);
    CHECK(strncmp(stream_ask(&s, "get k0\r\n"), "VALUE k0 0 60000\r\n", 18) == 0);
    ASK(s, "flush_all\r\nflush_all x\r\n",
        "CLIENT_ERROR flush_all not allowed\r\nCLIENT_ERROR flush_all not allowed\r\n");
    stream_close(&s);
    stream_host_close(&host);
}

TEST(session_stats_can_be_parsed_and_reset)
{
    /* Goal: stats in memcached's form with its names. Method: every line of every set is STAT name
     * value, the last END; the figures after known commands; reset makes them 0. */
    static const char *const sets[] = {"stats\r\n", "stats settings\r\n", "stats items\r\n",
                                       "stats slabs\r\n", "stats sizes\r\n"};
    struct stream_host host;
    struct stream s;
    REQUIRE(stream_host_open(&host, NULL));
    stream_open(&s, &host);
    stream_ask(&s,
               "set a 0 0 1\r\nx\r\nget a b\r\ntouch a 0\r\ntouch b 0\r\nincr b 1\r\ndelete b\r\n");
    for (size_t i = 0; i < sizeof sets / sizeof sets[0]; i++) {
        char *answer = strdup(stream_ask(&s, sets[i]));
        char *rest = NULL;
        bool ended = false;
        for (char *line = strtok_r(answer, "\r\n", &rest); line != NULL;
             line = strtok_r(NULL, "\r\n", &rest)) {
            char name[64], value[256];
            ended = strcmp(line, "END") == 0;
            CHECK(ended || sscanf(line, "STAT %63s %255s", name, value) == 2);
        }
        CHECK(ended);
        free(answer);
    }
    const char *stats = stream_ask(&s, "stats\r\n");
    CHECK(strstr(stats, "STAT cmd_get 2\r\n") != NULL);
    CHECK(strstr(stats, "STAT get_hits 1\r\n") != NULL);
    CHECK(strstr(stats, "STAT cmd_touch 2\r\n") != NULL);
    CHECK(strstr(stats, "STAT touch_misses 1\r\n") != NULL);
    CHECK(strstr(stats, "STAT incr_misses 1\r\n") != NULL);
    CHECK(strstr(stats, "STAT delete_misses 1\r\n") != NULL);
    CHECK(strstr(stats, "STAT curr_items 1\r\n") != NULL);
    CHECK(strstr(stats, "STAT limit_maxbytes 16777216\r\n") != NULL);
    ASK(s, "stats reset\r\n", "RESET\r\n");
    CHECK(strstr(stream_ask(&s, "stats\r\n"), "STAT cmd_get 0\r\n") != NULL);
    ASK(s, "stats bogus\r\n", "ERROR\r\n");
    ASK(s, "stats detail dump\r\nstats cachedump 1 1\r\n",
        "CLIENT_ERROR stats detail not allowed\r\nCLIENT_ERROR stats cachedump not allowed\r\n");
    s.write_max = 100;
    CHECK(strlen(stream_ask(&s, "stats\r\nstats\r\nstats\r\n")) > 3000);
    stream_close(&s);
    stream_host_close(&host);
}

TEST_MAIN()
