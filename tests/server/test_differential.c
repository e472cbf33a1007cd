/* SPDX-License-Identifier: MIT
 * test_differential.c - the same bytes to memcached and to us; the answers must be the same bytes.
 *
 * Left out are inputs on which memcached 1.6.18 itself loses the thread, and what we do not offer:
 *   a storage command that is refused although its length can be read, as for a key over 250 bytes
 *     or bad flags: we drop the data block as its later releases do, it reads it as commands
 *   flags over 32 bits: it cuts them
 *   NUL and a lone CR in keys: it ends the line there, or sends them back
 *   flush_all with a delay: it brings back what an earlier one dropped and nobody asked for since,
 *     and acts in the second before, also on what is stored then
 *   numbers from 2^63 on as values: it looks for a minus sign behind their end
 *   meta commands, slabs, lru, watch, extstore
 */
#include "peer.h"
#include "test.h"

struct pair {
    struct peer_server ours;
    struct peer_server theirs;
    char our_path[108];
    char their_path[108];
};

static bool memcached_exists(void)
{
    return system("command -v memcached >/dev/null 2>&1") == 0;
}

static bool pair_start(struct pair *pair)
{
    peer_path(pair->our_path, sizeof pair->our_path, "ours");
    peer_path(pair->their_path, sizeof pair->their_path, "theirs");
    const char *const ours[] = {"-s", pair->our_path, "-t", "2", NULL};
    const char *const theirs[] = {"memcached",      "-u", "root", "-s",
                                  pair->their_path, "-t", "2",    NULL};
    if (!peer_start(&pair->ours, ours)) {
        return false;
    }
    if (!peer_start_program(&pair->theirs, theirs, pair->their_path)) {
        peer_stop(&pair->ours);
        return false;
    }
    return true;
}

static void pair_stop(struct pair *pair)
{
    CHECK_EQ(peer_stop(&pair->ours), 0);
    peer_stop(&pair->theirs);
    unlink(pair->their_path);
}

/* Sends `bytes` and then a mark, and reads the answers up to that to the mark. Where the mark is
 * taken for data or the connection is closed, silence or the end must do. */
static size_t exchange(const char *path, const char *bytes, size_t size, char *answer,
                       size_t capacity)
{
    static const char mark[] = "\r\nset ~ 0 0 3\r\n~~~\r\nget ~\r\n";
    static const char marked[] = "VALUE ~ 0 3\r\n~~~\r\nEND\r\n";
    const size_t marked_size = sizeof marked - 1;
    int connection = peer_connect_unix(path);
    if (connection < 0) {
        return 0;
    }
    size_t got = 0;
    int silence_ms = test_is_emulated() ? 1500 : 150; /* after which nothing more is expected */
    if (peer_send(connection, bytes, size) && peer_send(connection, mark, sizeof mark - 1)) {
        while (got < capacity && (got < marked_size ||
                                  memcmp(answer + got - marked_size, marked, marked_size) != 0)) {
            ssize_t more = peer_read_some(connection, answer + got, capacity - got, silence_ms);
            if (more <= 0) {
                break;
            }
            got += (size_t)more;
        }
    } else {
        got = peer_read(connection, answer, capacity, 1000);
    }
    close(connection);
    return got;
}

/* Versions differ, and cas numbers are each server's own: both are blanked out. */
static size_t normalize(char *text, size_t size)
{
    char *out = text;
    for (size_t i = 0; i < size;) {
        char *end = memchr(text + i, '\n', size - i);
        size_t line = end == NULL ? size - i : (size_t)(end + 1 - (text + i));
        char copy[512];
        snprintf(copy, sizeof copy, "%.*s", (int)line, text + i);
        unsigned flags, length;
        unsigned long long cas;
        char key[300];
        if (strncmp(copy, "VERSION ", 8) == 0) {
            out += sprintf(out, "VERSION\r\n");
        } else if (sscanf(copy, "VALUE %299s %u %u %llu", key, &flags, &length, &cas) == 4) {
            char *last = strrchr(copy, ' ');
            size_t kept = (size_t)(last - copy);
            memmove(out, text + i, kept);
            out += kept;
            *out++ = '\n';
        } else {
            memmove(out, text + i, line);
            out += line;
        }
        i += line;
    }
    return (size_t)(out - text);
}

static void escaped_print(const char *what, const char *text, size_t size)
{
    printf("#   %s ", what);
    for (size_t i = 0; i < size && i < 1500; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c == '\n') {
            printf("\\n");
        } else if (c == '\r') {
            printf("\\r");
        } else if (c < ' ' || c > 126) {
            printf("\\x%02x", c);
        } else {
            putchar(c);
        }
    }
    putchar('\n');
}

static bool answers_same(const struct pair *pair, const char *bytes, size_t size)
{
    static char ours[1 << 22], theirs[1 << 22];
    size_t our_size = exchange(pair->our_path, bytes, size, ours, sizeof ours / 2);
    size_t their_size = exchange(pair->their_path, bytes, size, theirs, sizeof theirs / 2);
    our_size = normalize(ours, our_size);
    their_size = normalize(theirs, their_size);
    if (our_size == their_size && memcmp(ours, theirs, our_size) == 0) {
        return true;
    }
    escaped_print("sent     ", bytes, size);
    escaped_print("memcached", theirs, their_size);
    escaped_print("tophash  ", ours, our_size);
    return false;
}

#define K250                                                                                       \
    "kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk" \
    "kkkkkkkk"                                                                                     \
    "kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk" \
    "kkkkkkkk"                                                                                     \
    "kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk"

static const char *const lines[] = {
    "get a\r\n",
    "set a 0 0 1\r\nx\r\n",
    "get a\r\nget a\nget a b a\r\n",
    "set a 7 0 3\r\nabc\r\nget a\r\ngets a\r\ngets b\r\n",
    "set a 4294967295 0 1\r\nx\r\nget a\r\n",
    "set a 0 -1 1\r\nx\r\nget a\r\n",
    "set a 0 2592000 1\r\ny\r\nget a\r\n",
    "set a 0 2592001 1\r\ny\r\nget a\r\n",
    "set a 0 0 0\r\n\r\nget a\r\n",
    "set a 0 0 1 noreply\r\nz\r\nget a\r\n",
    "set a 0 0 1 nonsense\r\nz\r\nget a\r\n",
    "set a 0 0 1 x noreply\r\nz\r\nget a\r\n",
    "set a 0 0\r\nget a\r\n",
    "set a 0 0 -1\r\nget a\r\n",
    "set a 0 0 noreply\r\nget a\r\n",
    "set a 0 0 x\r\nget a\r\n",
    "set a 0 0 99999999999999999999\r\nget a\r\n",
    "set a 0 0 2147483646\r\n",
    "set a 0 0 2147483647\r\nget a\r\n",
    "set a 0 0 3\r\nabcd\r\nget a\r\n",
    "set a 0 0 3 noreply\r\nabcd\r\nget a\r\n",
    "set a 0 0 3\r\nab\r\nget a\r\n",
    "set a 0 0 3\nabc\r\nget a\r\n",
    "set a 0 0 3\r\nabc\nget a\r\n",
    "  set   a   0   0   3  \r\nabc\r\n   get    a   \r\n",
    "set\ta 0 0 1\r\nget a\r\n",
    "set " K250 " 0 0 1\r\nk\r\nget " K250 "\r\n",
    "get " K250 "x\r\n",
    "get a " K250 "x a\r\n",
    "gets " K250 "x\r\n",
    "touch " K250 "x 0\r\n",
    "incr " K250 "x 1\r\n",
    "delete " K250 "x\r\n",
    "add a 0 0 1\r\nq\r\nadd n1 0 0 1\r\nq\r\nadd n1 0 0 1\r\nr\r\nget n1\r\n",
    "replace n2 0 0 1\r\nq\r\nreplace a 3 0 1\r\nq\r\nget a\r\n",
    "append n3 0 0 1\r\nq\r\nappend a 9 0 2\r\nqq\r\nget a\r\n",
    "prepend n3 0 0 1\r\nq\r\nprepend a 9 0 2\r\npp\r\nget a\r\n",
    "cas n4 0 0 1 1\r\nq\r\ncas a 0 0 1 99999999\r\nq\r\ncas a 0 0 1 0\r\nq\r\nget a\r\n",
    "cas a 0 0 1\r\nget a\r\n",
    "cas a 0 0 1 99999999 noreply\r\nq\r\nget a\r\n",
    "cas a 0 0 1 99999999 nonsense\r\nq\r\nget a\r\n",
    "set i 0 0 1\r\n5\r\nincr i 1\r\nincr i 10\r\ndecr i 100\r\nget i\r\n",
    "set i 5 0 20\r\n18446744073709551615\r\nincr i 1\r\nget i\r\n",
    "set i 0 0 2\r\n10\r\ndecr i 1\r\nget i\r\nincr i 1\r\nget i\r\n",
    "set i 0 0 1\r\nx\r\nincr i 1\r\ndecr i 1\r\n",
    "set i 0 0 0\r\n\r\nincr i 1\r\n",
    "set i 0 0 3\r\n 12\r\nincr i 1\r\nget i\r\n",
    "set i 0 0 3\r\n12 \r\nincr i 1\r\nget i\r\n",
    "set i 0 0 3\r\n12x\r\nincr i 1\r\nget i\r\n",
    "set i 0 0 21\r\n184467440737095516150\r\nincr i 1\r\nget i\r\n",
    "set i 0 0 2\r\n-1\r\nincr i 1\r\nget i\r\n",
    "set i 0 0 1\r\n1\r\nincr i -1\r\nincr i x\r\nincr i\r\nincr i 1 noreply\r\nget i\r\n",
    "incr i noreply\r\nincr i 1 2\r\nincr i 1 2 3\r\nincr nn 1\r\ndecr nn 1\r\nincr nn 1 "
    "noreply\r\n",
    "incr i 18446744073709551615\r\nincr i 18446744073709551616\r\nget i\r\n",
    "touch a 0\r\ntouch nn 0\r\ntouch a\r\ntouch a x\r\ntouch a 0 noreply\r\ntouch a 0 0\r\n",
    "touch a noreply\r\ntouch a -1\r\nget a\r\n",
    "set a 0 0 1\r\nx\r\ngat 0 a\r\ngat 100 a nn a\r\ngats 100 a\r\ngat x a\r\ngat\r\ngats\r\n",
    "gat -1 a\r\nget a\r\n",
    "gat a\r\n",
    "set d 0 0 1\r\nx\r\ndelete d\r\ndelete d\r\ndelete\r\n",
    "set d 0 0 1\r\nx\r\ndelete d 0\r\ndelete d 5\r\ndelete d noreply\r\ndelete d 0 noreply\r\n",
    "set d 0 0 1\r\nx\r\ndelete d 5 noreply\r\nget d\r\ndelete d 0 0\r\ndelete d 0 0 0\r\n",
    "delete d 0 noreply x\r\ndelete noreply\r\n",
    "flush_all x\r\nflush_all x noreply\r\nflush_all 0 1 2\r\nflush_all 0 noreply\r\nflush_all 0 "
    "x\r\n",
    "set f 0 0 1\r\nx\r\nget f\r\nflush_all\r\nget f\r\nset f 0 0 1\r\ny\r\nget f\r\n",
    "set f 0 0 1\r\nx\r\nflush_all 100\r\nget f\r\nflush_all noreply\r\nget f\r\n",
    "set f 0 0 1\r\nx\r\nflush_all -10\r\nget f\r\n",
    "verbosity\r\nverbosity 1\r\nverbosity 0\r\nverbosity x\r\nverbosity 0 noreply\r\n",
    "verbosity 0 x\r\nverbosity 0 x y\r\nverbosity noreply\r\n",
    "version\r\nversion foo bar\r\nversion noreply\r\n",
    "stats reset\r\nstats bogus\r\nstats sizes\r\nstats bogus noreply\r\n",
    "quit\r\nget a\r\n",
    "quit foo bar\r\nget a\r\n",
    "quit noreply\r\nget a\r\n",
    "\r\n\n  \r\nx\r\nxx\r\ng\r\nget\r\nget \r\nget   \r\ngets\r\nge\r\ngett a\r\nGET a\r\n",
    "bogus\r\nbogus noreply\r\nsett a 0 0 1\r\nad\r\nap\r\nreplac\r\ntouc\r\ndel\r\n",
    "GET / HTTP/1.1\r\nget a\r\n",
    "POST / HTTP/1.0\r\nHost: x\r\n\r\n",
    "get a",
    "set a 0 0 5\r\nab",
    "get a b c d e f g h i j k l m n o p q r s t u v w x y z 1 2 3 4 5 6 7 8 9 10 11 12\r\n",
    "get a  b   c    d     e\r\nget  a \r\n",
    "set a 0 0 1\r\n\r\r\nget a\r\n",
    "set a 0 0 2\r\n\r\n\r\nget a\r\n",
    "set a +1 +0 +1\r\nx\r\nget a\r\n",
    "set a 01 00 01\r\nx\r\nget a\r\n",
    "set \x01\x7f\xff 0 0 1\r\nx\r\nget \x01\x7f\xff\r\n",
};

TEST(differential_chosen_lines_are_answered_alike)
{
    /* Goal: limits and error texts are memcached's. Method: lines that stand at the edges, each on
     * a connection of its own, to both servers; whole, and then byte by byte in one packet each. */
    if (!memcached_exists()) {
        SKIP("memcached is not installed");
    }
    struct pair pair;
    REQUIRE(pair_start(&pair));
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        CHECK(answers_same(&pair, lines[i], strlen(lines[i])));
    }
    pair_stop(&pair);
}

TEST(differential_long_lines_are_answered_alike)
{
    /* Goal: the limit of a line without a newline, long get lines, runs of spaces and data blocks
     * that are too large. Method: made lines to both servers. */
    if (!memcached_exists()) {
        SKIP("memcached is not installed");
    }
    struct pair pair;
    REQUIRE(pair_start(&pair));
    static char bytes[1 << 21];
    for (size_t spaces = 1; spaces < 4096; spaces *= 2) {
        size_t size =
            (size_t)sprintf(bytes, "set a 0 0 1\r\nx\r\nget%*sa\r\nget a\r\n", (int)spaces, "");
        CHECK(answers_same(&pair, bytes, size));
    }
    for (size_t keys = 100; keys < 20000; keys *= 3) {
        size_t size = (size_t)sprintf(bytes, "set a 0 0 1\r\nx\r\nget");
        for (size_t i = 0; i < keys; i++) {
            size += (size_t)sprintf(bytes + size, i % 7 == 0 ? " a" : " no%zu", i);
        }
        size += (size_t)sprintf(bytes + size, "\r\nget a\r\n");
        CHECK(answers_same(&pair, bytes, size));
    }
    static const size_t sizes[] = {60000, 1000000, 1048577, 1200000};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        size_t size = (size_t)sprintf(bytes, "set b 0 0 1\r\nx\r\nset b 0 0 %zu\r\n", sizes[i]);
        memset(bytes + size, 'v', sizes[i]);
        size += sizes[i];
        size += (size_t)sprintf(bytes + size, "\r\nget b\r\nget a\r\n");
        CHECK(answers_same(&pair, bytes, size));
    }
    memset(bytes, 'x', 3000);
    memcpy(bytes + 2900, "\r\nget a\r\n", 9);
    CHECK(answers_same(&pair, bytes, 2909));
    pair_stop(&pair);
}

/* ------------------------------------------------------------------------- made commands */

static const char *pick(uint64_t *random, const char *const *from, size_t count)
{
    return from[test_random(random) % count];
}
#define PICK(random, from) pick((random), (from), sizeof(from) / sizeof((from)[0]))

static size_t command_make(uint64_t *random, char *out)
{
    static const char *const stores[] = {"set", "add", "replace", "append", "prepend", "cas"};
    static const char *const others[] = {"get",       "gets",       "gat",     "gats",  "incr",
                                         "decr",      "touch",      "get",     "get",   "delete",
                                         "flush_all", "verbosity",  "version", "bogus", "GETS",
                                         "ge",        "stats sizes"};
    static const char *const keys[] = {"a", "b", "c", "d", "0", "noreply", "longer_key", K250};
    /* As times none is so near that it could pass while the test runs. */
    static const char *const numbers[] = {"0",     "100", "-1",      "x",
                                          "1x",    "--1", "2592000", "0100",
                                          "+1000", "-0",  "noreply", "9999999999999999999999"};
    /* None that makes a number shorter: memcached pads it only if nobody else holds the item, which
     * an answer still on its way does. */
    static const char *const deltas[] = {"0", "1", "-1", "1x", "007"};
    static const char *const decr_deltas[] = {"0", "-1", "1x", "00"};
    static const char *const levels[] = {"0", "x", "-1", "noreply"}; /* none that logs */
    static const char *const flushes[] = {"0", "-1", "x", "1x", "noreply"};
    static const char *const values[] = {"", "1", "42", "abc", "9223372036854775807", "-9"};
    /* What is joined makes no number, which would grow without bound. */
    static const char *const joined[] = {"", "abc", "-"};
    static const char *const ends[] = {"\r\n", "\r\n", "\r\n", "\n"};
    static const char *const gaps[] = {" ", " ", " ", "  ", "    "};
    size_t size = 0;
    if (test_random(random) % 2 == 0) {
        const char *verb = PICK(random, stores);
        bool joins = strstr(verb, "pend") != NULL;
        const char *value = joins ? PICK(random, joined) : PICK(random, values);
        size_t announced = strlen(value);
        if (test_random(random) % 20 == 0) {
            announced += (size_t)(test_random(random) % 4);
        }
        static const char *const exptimes[] = {"0", "0", "0", "100", "-1", "2592001"};
        size +=
            (size_t)sprintf(out, "%s%s%s %llu %s %zu", verb, PICK(random, gaps), PICK(random, keys),
                            (unsigned long long)(test_random(random) % 3 * 2147483647u),
                            PICK(random, exptimes), announced);
        if (strcmp(verb, "cas") == 0) {
            /* Numbers that no item has: each server counts its own, and small ones meet by chance.
             * */
            size += (size_t)sprintf(out + size, " %s", test_random(random) % 2 ? "0" : "77777777");
        }
        if (test_random(random) % 8 == 0) {
            size += (size_t)sprintf(out + size, " noreply");
        }
        return size + (size_t)sprintf(out + size, "%s%s\r\n", PICK(random, ends), value);
    }
    const char *verb = PICK(random, others);
    size += (size_t)sprintf(out, "%s", verb);
    bool keyed = verb[0] != 'f' && verb[0] != 'v' && verb[0] != 's';
    if (strncmp(verb, "gat", 3) == 0) {
        size += (size_t)sprintf(out + size, " %s", PICK(random, numbers));
    }
    size_t words = test_random(random) % 4;
    for (size_t i = 0; i < words + (strncmp(verb, "gat", 3) == 0); i++) {
        bool key = keyed && (i == 0 || verb[0] == 'g');
        size += (size_t)sprintf(out + size, "%s%s", PICK(random, gaps),
                                key              ? PICK(random, keys)
                                : verb[0] == 'i' ? PICK(random, deltas)
                                : verb[2] == 'c' ? PICK(random, decr_deltas)
                                : verb[0] == 'v' ? PICK(random, levels)
                                : verb[0] == 'f' ? PICK(random, flushes)
                                                 : PICK(random, numbers));
    }
    return size + (size_t)sprintf(out + size, "%s", PICK(random, ends));
}

TEST(differential_made_commands_are_answered_alike)
{
    /* Goal: the same answers to anything. Method: sessions of made good and bad commands on four
     * keys, sent to both servers, whose contents must stay the same all along. */
    if (!memcached_exists()) {
        SKIP("memcached is not installed");
    }
    struct pair pair;
    REQUIRE(pair_start(&pair));
    uint64_t random = test_seed;
    static char bytes[1 << 16];
    unsigned different = 0;
    for (uint64_t i = 0; i < test_scaled(3000) && different < 3; i++) {
        size_t size = 0;
        for (uint64_t commands = 1 + test_random(&random) % 12; commands > 0; commands--) {
            size += command_make(&random, bytes + size);
        }
        different += !answers_same(&pair, bytes, size);
    }
    CHECK_EQ(different, 0);
    pair_stop(&pair);
}

TEST_MAIN()
