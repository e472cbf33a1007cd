/* SPDX-License-Identifier: MIT
 * test_proto.c - the parser alone: every command, every refusal, every way to cut the input.
 */
#include "test.h"

#include <stdarg.h>

#include "proto/number.h"
#include "proto/proto.h"

/* ------------------------------------------------------------------------- one line */

/* Parses one line from memory of exactly its size, so that a read behind it is caught. */
static enum thi_proto_result parse(struct thi_proto *proto, const char *text,
                                   struct thi_command *command, size_t *used)
{
    static char *copy;
    free(copy);
    size_t size = strlen(text);
    copy = malloc(size);
    memcpy(copy, text, size);
    struct thi_input input = {.bytes = copy, .size = size};
    enum thi_proto_result result = thi_proto_parse(proto, &input, command);
    *used = input.used;
    return result;
}

struct expected {
    const char *line;
    enum thi_command_kind kind;
    const char *key; /* NULL: none */
    bool noreply;
    uint32_t flags;
    int64_t exptime;
    size_t value_bytes;
    uint64_t number;
};

static const struct expected good[] = {
    {"set k 1 2 3\r\n", TH_COMMAND_SET, "k", false, 1, 2, 3, 0},
    {"set k 4294967295 -1 0 noreply\r\n", TH_COMMAND_SET, "k", true, UINT32_MAX, -1, 0, 0},
    {"set k 0 9999999999 2147483645\n", TH_COMMAND_SET, "k", false, 0, 9999999999, 2147483645, 0},
    {"add k 1 2 3\r\n", TH_COMMAND_ADD, "k", false, 1, 2, 3, 0},
    {"replace k 1 2 3\r\n", TH_COMMAND_REPLACE, "k", false, 1, 2, 3, 0},
    {"append k 1 2 3\r\n", TH_COMMAND_APPEND, "k", false, 1, 2, 3, 0},
    {"prepend k 1 2 3 noreply\r\n", TH_COMMAND_PREPEND, "k", true, 1, 2, 3, 0},
    {"cas k 1 2 3 18446744073709551615\r\n", TH_COMMAND_CAS, "k", false, 1, 2, 3, UINT64_MAX},
    {"cas k 1 2 3 4 noreply\r\n", TH_COMMAND_CAS, "k", true, 1, 2, 3, 4},
    {"  set   k  1   2  3  \r\n", TH_COMMAND_SET, "k", false, 1, 2, 3, 0},
    {"incr k 5\r\n", TH_COMMAND_INCR, "k", false, 0, 0, 0, 5},
    {"decr k 5 noreply\r\n", TH_COMMAND_DECR, "k", true, 0, 0, 0, 5},
    {"incr k -0\r\n", TH_COMMAND_INCR, "k", false, 0, 0, 0, 0},
    {"touch k -7\r\n", TH_COMMAND_TOUCH, "k", false, 0, -7, 0, 0},
    {"touch k +7 noreply\r\n", TH_COMMAND_TOUCH, "k", true, 0, 7, 0, 0},
    {"delete k\r\n", TH_COMMAND_DELETE, "k", false, 0, 0, 0, 0},
    {"delete k 0\r\n", TH_COMMAND_DELETE, "k", false, 0, 0, 0, 0},
    {"delete k noreply\r\n", TH_COMMAND_DELETE, "k", true, 0, 0, 0, 0},
    {"delete k 0 noreply\r\n", TH_COMMAND_DELETE, "k", true, 0, 0, 0, 0},
    {"delete noreply\r\n", TH_COMMAND_DELETE, "noreply", false, 0, 0, 0, 0},
    {"flush_all\r\n", TH_COMMAND_FLUSH_ALL, NULL, false, 0, 0, 0, 0},
    {"flush_all noreply\n", TH_COMMAND_FLUSH_ALL, NULL, true, 0, 0, 0, 0},
    {"flush_all -10 noreply\r\n", TH_COMMAND_FLUSH_ALL, NULL, true, 0, -10, 0, 0},
    {"verbosity 3\r\n", TH_COMMAND_VERBOSITY, NULL, false, 0, 0, 0, 3},
    {"verbosity 3 noreply\r\n", TH_COMMAND_VERBOSITY, NULL, true, 0, 0, 0, 3},
    {"version\r\n", TH_COMMAND_VERSION, NULL, false, 0, 0, 0, 0},
    {"version a b c d e f g h i j\r\n", TH_COMMAND_VERSION, NULL, false, 0, 0, 0, 0},
    {"stats\r\n", TH_COMMAND_STATS, NULL, false, 0, 0, 0, 0},
    {"stats settings\r\n", TH_COMMAND_STATS, "settings", false, 0, 0, 0, 0},
    {"debugtime 5\r\n", TH_COMMAND_DEBUGTIME, NULL, false, 0, 5, 0, 0},
    {"quit noreply\r\n", TH_COMMAND_QUIT, NULL, false, 0, 0, 0, 0},
};

TEST(proto_good_lines_give_their_commands)
{
    /* Goal: every command and each of its words arrives. Method: one line each, in memory of its
     * exact size; all fields compared. */
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        const struct expected *want = &good[i];
        struct thi_proto proto = {0};
        struct thi_command got;
        size_t used;
        CHECK_EQ(parse(&proto, want->line, &got, &used), TH_PROTO_COMMAND);
        CHECK(got.error == NULL);
        CHECK_EQ(used, strlen(want->line));
        CHECK_EQ(got.kind, want->kind);
        CHECK_EQ(got.noreply, want->noreply);
        CHECK_EQ(got.flags, want->flags);
        CHECK_EQ(got.exptime, want->exptime);
        CHECK_EQ(got.value_bytes, want->value_bytes);
        CHECK_EQ(got.number, want->number);
        CHECK_EQ(got.key_bytes, want->key == NULL ? 0 : strlen(want->key));
        CHECK(want->key == NULL || memcmp(got.key, want->key, got.key_bytes) == 0);
        CHECK_EQ(thi_command_stores(got.kind),
                 got.kind >= TH_COMMAND_SET && got.kind <= TH_COMMAND_CAS);
    }
}

#define FORMAT "CLIENT_ERROR bad command line format"
#define USAGE FORMAT ".  Usage: delete <key> [noreply]"
#define EXPTIME "CLIENT_ERROR invalid exptime argument"
#define DELTA "CLIENT_ERROR invalid numeric delta argument"

static const struct {
    const char *line;
    const char *error;
    uint64_t swallow_bytes;
} bad[] = {
    {"\r\n", "ERROR", 0},
    {"\n", "ERROR", 0},
    {"   \r\n", "ERROR", 0},
    {"x\r\n", "ERROR", 0},
    {"bogus noreply\r\n", "ERROR", 0},
    {"SET k 0 0 1\r\n", "ERROR", 0},
    {"sett k 0 0 1\r\n", "ERROR", 0},
    {"set k 0 0\r\n", "ERROR", 0},
    {"set k 0 0 1 noreply x\r\n", "ERROR", 0},
    {"set k 0 0 1 a b c d e f\r\n", "ERROR", 0},
    {"set k x 0 1\r\n", FORMAT, 3},
    {"set k 4294967296 0 1\r\n", FORMAT, 3},
    {"set k -1 0 1\r\n", FORMAT, 3},
    {"set k 0 x 1\r\n", FORMAT, 3},
    {"set k 0 0 x\r\n", FORMAT, 0},
    {"set k 0 0 -1\r\n", FORMAT, 0},
    {"set k 0 0 2147483646\r\n", FORMAT, 0},
    {"set k 0 0 18446744073709551616\r\n", FORMAT, 0},
    {"set k 0 0 noreply\r\n", FORMAT, 0},
    {"set k\rk 0 0 1\r\n", FORMAT, 3},
    {"cas k 0 0 1\r\n", "ERROR", 0},
    {"cas k 0 0 1 x\r\n", FORMAT, 3},
    {"cas k 0 0 1 -1\r\n", FORMAT, 3},
    {"cas k 0 0 1 1 noreply x\r\n", "ERROR", 0},
    {"incr k\r\n", "ERROR", 0},
    {"incr k 1 noreply x\r\n", "ERROR", 0},
    {"incr k x\r\n", DELTA, 0},
    {"incr k -1\r\n", DELTA, 0},
    {"incr k 1x\r\n", DELTA, 0},
    {"decr k noreply\r\n", DELTA, 0},
    {"decr k 18446744073709551616\r\n", DELTA, 0},
    {"decr k\r\r 1\r\n", FORMAT, 0},
    {"touch k\r\n", "ERROR", 0},
    {"touch k x\r\n", EXPTIME, 0},
    {"touch k\rk 1\r\n", FORMAT, 0},
    {"delete\r\n", "ERROR", 0},
    {"delete k 5\r\n", USAGE, 0},
    {"delete k 0 0\r\n", USAGE, 0},
    {"delete k 5 noreply\r\n", USAGE, 0},
    {"delete k 0 noreply x\r\n", "ERROR", 0},
    {"delete k\rk\r\n", FORMAT, 0},
    {"flush_all x\r\n", EXPTIME, 0},
    {"flush_all 0 1 2\r\n", "ERROR", 0},
    {"verbosity\r\n", "ERROR", 0},
    {"verbosity x\r\n", FORMAT, 0},
    {"debugtime\r\n", "ERROR", 0},
    {"debugtime x\r\n", "ERROR", 0},
    {"get\r\n", "ERROR", 0},
    {"get   \r\n", "ERROR", 0},
    {"gat\r\n", "ERROR", 0},
    {"gat 1\r\n", "ERROR", 0},
    {"gat x k\r\n", EXPTIME, 0},
    {"get k\rk\r\n", FORMAT, 0},
    {"gett k\r\n", "ERROR", 0},
    {"mg k v\r\n", "ERROR", 0},
    {"cache_memlimit 1\r\n", "ERROR", 0},
};

TEST(proto_bad_lines_are_refused_with_memcacheds_words)
{
    /* Goal: each mistake has its answer, and a data block whose length is known is dropped. Method:
     * one line each; then the parser must be ready for the next command behind the block. */
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct thi_proto proto = {0};
        struct thi_command got;
        size_t used;
        CHECK_EQ(parse(&proto, bad[i].line, &got, &used), TH_PROTO_COMMAND);
        CHECK_EQ(used, strlen(bad[i].line));
        CHECK_EQ(proto.swallow_bytes, bad[i].swallow_bytes);
        if (got.error == NULL || strcmp(got.error, bad[i].error) != 0) {
            printf("# %s gives %s\n", bad[i].line, got.error == NULL ? "no error" : got.error);
            CHECK(false);
        }
        char rest[32] = "zzzzzz";
        strcpy(rest + bad[i].swallow_bytes, "version\r\n");
        CHECK_EQ(parse(&proto, rest, &got, &used), TH_PROTO_COMMAND);
        CHECK_EQ(got.kind, TH_COMMAND_VERSION);
    }
}

TEST(proto_noreply_is_heard_in_refused_lines_as_memcached_hears_it)
{
    /* Goal: a client that wants no answer gets none, also to a mistake. Method: lines whose last
     * word is noreply, and one whose first is. */
    static const char *const lines[] = {"set k 0 0 noreply\r\n",   "touch k noreply\r\n",
                                        "incr k noreply\r\n",      "verbosity noreply\r\n",
                                        "flush_all x noreply\r\n", "delete k 5 noreply\r\n"};
    struct thi_command got;
    size_t used;
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        struct thi_proto proto = {0};
        CHECK_EQ(parse(&proto, lines[i], &got, &used), TH_PROTO_COMMAND);
        CHECK(got.error != NULL && got.noreply);
    }
    struct thi_proto proto = {0};
    CHECK_EQ(parse(&proto, "set k 0 0 1 x noreply\r\n", &got, &used), TH_PROTO_COMMAND);
    CHECK(got.error != NULL && !got.noreply); /* the wrong number of words is told first */
}

/* ------------------------------------------------------------------------- limits */

TEST(proto_keys_of_250_bytes_pass_and_of_251_do_not)
{
    /* Goal: the limit of a key, in every kind of command. Method: keys made to measure. */
    static const char *const forms[] = {"set %s 0 0 1\r\n", "incr %s 1\r\n", "touch %s 1\r\n",
                                        "delete %s\r\n",    "get %s\r\n",    "get a %s b\r\n",
                                        "gats 1 %s\r\n"};
    char key[252];
    memset(key, 'k', sizeof key);
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        for (size_t size = 250; size <= 251; size++) {
            char line[400];
            struct thi_proto proto = {0};
            struct thi_command got;
            size_t used;
            key[size] = '\0';
            snprintf(line, sizeof line, forms[i], key);
            key[size] = 'k';
            CHECK_EQ(parse(&proto, line, &got, &used), TH_PROTO_COMMAND);
            CHECK_EQ(got.error == NULL, size == 250);
            CHECK(size == 250 || strcmp(got.error, FORMAT) == 0);
        }
    }
}

TEST(proto_a_nul_in_a_key_is_refused)
{
    /* Goal: no key that C programs would see cut. Method: lines with a NUL, as bytes. */
    static const char *const lines[] = {"get a@b\r\n", "set a@b 0 0 1\r\n", "delete a@b\r\n"};
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        char line[64];
        strcpy(line, lines[i]);
        size_t size = strlen(line);
        *strchr(line, '@') = '\0';
        struct thi_proto proto = {0};
        struct thi_input input = {.bytes = line, .size = size};
        struct thi_command got;
        CHECK_EQ(thi_proto_parse(&proto, &input, &got), TH_PROTO_COMMAND);
        CHECK(got.error != NULL && strcmp(got.error, FORMAT) == 0);
    }
}

TEST(proto_long_line_without_newline_closes_unless_it_gets)
{
    /* Goal: nobody makes us hold an endless line. Method: lines of exactly the limit wait; one
     * byte more closes, but for get lines, whose keys then come out one by one. */
    static const struct {
        const char *head;
        enum thi_proto_result result;
    } cases[] = {{"set k ", TH_PROTO_CLOSE},      {"xxxx", TH_PROTO_CLOSE},
                 {"get", TH_PROTO_CLOSE},         {"get ", TH_PROTO_COMMAND},
                 {"gets k ", TH_PROTO_COMMAND},   {"  get k ", TH_PROTO_COMMAND},
                 {"gat 10 k ", TH_PROTO_COMMAND}, {"gats 1", TH_PROTO_CLOSE},
                 {"gat x k ", TH_PROTO_COMMAND}};
    char line[TH_PROTO_LINE_MAX + 2];
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        memset(line, cases[i].head[strlen(cases[i].head) - 1] == ' ' ? 'k' : 'x', sizeof line);
        memcpy(line, cases[i].head, strlen(cases[i].head));
        struct thi_proto proto = {0};
        struct thi_command got;
        struct thi_input input = {.bytes = line, .size = TH_PROTO_LINE_MAX};
        CHECK_EQ(thi_proto_parse(&proto, &input, &got), TH_PROTO_MORE);
        CHECK_EQ(input.used, 0);
        input.size = TH_PROTO_LINE_MAX + 1;
        CHECK_EQ(thi_proto_parse(&proto, &input, &got), cases[i].result);
    }
    memset(line, ' ', sizeof line);
    memcpy(line + TH_PROTO_INDENT_MAX + 1, "get k", 5);
    struct thi_proto proto = {0};
    struct thi_command got;
    struct thi_input input = {.bytes = line, .size = sizeof line};
    CHECK_EQ(thi_proto_parse(&proto, &input, &got), TH_PROTO_CLOSE);
}

TEST(proto_http_closes)
{
    /* Goal: a browser is not answered, so that nobody talks to us through one. Method: the first
     * lines of requests; a known verb with the same tail is no request. */
    struct thi_proto proto = {0};
    struct thi_command got;
    size_t used;
    CHECK_EQ(parse(&proto, "GET / HTTP/1.1\r\n", &got, &used), TH_PROTO_CLOSE);
    CHECK_EQ(parse(&proto, "POST /a b c d e f g h i HTTP/1.0\r\n", &got, &used), TH_PROTO_CLOSE);
    CHECK_EQ(parse(&proto, "delete HTTP/1.1\r\n", &got, &used), TH_PROTO_COMMAND);
}

TEST(proto_numbers_are_read_and_written_exactly)
{
    /* Goal: the edges of 64 bits. Method: texts at and over them; what is written reads back. */
    int64_t number = 7;
    uint64_t natural = 7;
    CHECK(thi_number_read_signed("9223372036854775807", 19, &number) && number == INT64_MAX);
    CHECK(!thi_number_read_signed("9223372036854775808", 19, &number) && number == INT64_MAX);
    CHECK(thi_number_read_signed("\t-12 x", 6, &number) && number == -12);
    CHECK(!thi_number_read_signed("", 0, &number) && !thi_number_read_signed("-", 1, &number));
    CHECK(!thi_number_read_signed("+-1", 3, &number) && !thi_number_read_signed("1x", 2, &number));
    CHECK(thi_number_read_unsigned("18446744073709551615", 20, &natural) && natural == UINT64_MAX);
    CHECK(!thi_number_read_unsigned("18446744073709551616", 20, &natural));
    CHECK(!thi_number_read_unsigned("99999999999999999999999", 23, &natural));
    CHECK(thi_number_read_unsigned("00000000000000000000000012", 26, &natural) && natural == 12);
    uint64_t random = test_seed;
    for (uint64_t i = 0; i < test_scaled(10000); i++) {
        uint64_t value = test_random(&random) >> (i % 64);
        char digits[TH_NUMBER_BYTES_MAX];
        size_t size = thi_number_write(digits, value);
        CHECK(thi_number_read_unsigned(digits, size, &natural) && natural == value);
    }
}

/* ------------------------------------------------------------------------- cutting */

/* A log of everything the parser says, so that two ways of feeding it can be compared. */
struct record {
    char text[1 << 16];
    size_t size;
};

__attribute__((format(printf, 2, 3))) static void record_add(struct record *record,
                                                             const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    record->size += (size_t)vsnprintf(record->text + record->size,
                                      sizeof record->text - record->size, format, arguments);
    va_end(arguments);
}

/* Reads what there is of a get line. False: more input is needed. */
static bool keys_record(struct thi_proto *proto, struct thi_input *input, struct record *record)
{
    for (;;) {
        struct thi_key key;
        switch (thi_proto_next_key(proto, input, &key)) {
        case TH_KEY_FOUND: record_add(record, "[%.*s]", (int)key.size, key.bytes); break;
        case TH_KEY_END: record_add(record, "end\n"); return true;
        case TH_KEY_BAD: record_add(record, "bad %s\n", key.error); return true;
        case TH_KEY_MORE: return false;
        }
    }
}

static void command_record(const struct thi_command *command, bool opened, struct record *record)
{
    if (opened) {
        record_add(record, "%d %.*s %d %u %lld %zu %llu %s\n", command->kind,
                   (int)command->key_bytes, command->key == NULL ? "" : command->key,
                   command->noreply, command->flags, (long long)command->exptime,
                   command->value_bytes, (unsigned long long)command->number,
                   command->error == NULL ? "" : command->error);
    }
}

/* Takes what can be taken from the input. Data blocks are taken whole, as a session would. False:
 * closed. */
static bool stream_take(struct thi_proto *proto, struct thi_input *input, size_t *block,
                        struct record *record)
{
    for (;;) {
        size_t left = input->size - input->used;
        size_t taken = *block < left ? *block : left;
        input->used += taken;
        *block -= taken;
        bool opened = proto->line_kind == TH_COMMAND_NONE;
        struct thi_command command;
        if (*block > 0) {
            return true;
        }
        switch (thi_proto_parse(proto, input, &command)) {
        case TH_PROTO_CLOSE: record_add(record, "close\n"); return false;
        case TH_PROTO_MORE: return true;
        case TH_PROTO_COMMAND: break;
        }
        command_record(&command, opened, record);
        if (proto->line_kind != TH_COMMAND_NONE && !keys_record(proto, input, record)) {
            return true;
        }
        if (command.error == NULL && thi_command_stores(command.kind)) {
            *block = command.value_bytes + 2;
        }
    }
}

/* Feeds `bytes` in two or more pieces: cut at `cut`, and then every `step` bytes (0: no more). */
static void stream_record(const char *bytes, size_t size, size_t cut, size_t step,
                          struct record *record)
{
    struct thi_proto proto = {0};
    size_t begin = 0, end = cut, block = 0;
    record->size = 0;
    for (;;) {
        /* Memory of exactly the piece, so that a read behind it is caught. */
        char *piece = malloc(end - begin + (end == begin));
        memcpy(piece, bytes + begin, end - begin);
        struct thi_input input = {.bytes = piece, .size = end - begin};
        bool open = stream_take(&proto, &input, &block, record);
        begin += input.used;
        free(piece);
        if (!open || end == size) {
            return;
        }
        end = step == 0 || size - end < step ? size : end + step;
    }
}

static const char *const samples[] = {
    "get a\r\nget b c  d\r\ngets e\ngat 10 f\r\ngats -1 g h\r\nversion\r\n",
    "set a 1 2 3\r\nabc\r\nadd b 4 5 0 noreply\r\n\r\ncas c 6 7 1 8\r\nx\r\nquit\r\n",
    "replace a 1 2 3\nabc\r\nappend b 0 0 2\r\n\r\n\r\nprepend c 0 0 1\r\nz\r\n",
    "incr a 1\r\ndecr b 2 noreply\r\ntouch c 3\r\ndelete d\r\ndelete e 0 noreply\r\n",
    "flush_all\r\nflush_all 10 noreply\r\nverbosity 1\r\nstats\r\nstats items\r\ndebugtime 1\r\n",
    "set a x 0 10\r\n0123456789\r\nget a\r\nset b 0 0 -1\r\nget b\r\nbogus\r\n\r\n\n",
    "get \r\nget\r\ngat x a\r\ngat 1\r\nget a\rb\r\nincr a x\r\ndelete a 5\r\ntouch a x\r\n",
    "   get   a    b   \r\n  set  a  0  0  1  noreply  \r\nz\r\nGET / HTTP/1.0\r\nget a\r\n",
};

TEST(proto_every_sample_cut_at_every_byte_says_the_same)
{
    /* Goal: where packets end does not matter. Method: each sample whole, cut in two at every byte,
     * and fed in steps of 1 to 9 bytes; what the parser says is compared as text. */
    static struct record whole, cut;
    for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++) {
        size_t size = strlen(samples[i]);
        stream_record(samples[i], size, size, 0, &whole);
        CHECK(whole.size > 0);
        for (size_t at = 0; at <= size; at++) {
            stream_record(samples[i], size, at, 0, &cut);
            CHECK(cut.size == whole.size && memcmp(cut.text, whole.text, whole.size) == 0);
        }
        for (size_t step = 1; step < 10; step++) {
            stream_record(samples[i], size, step, step, &cut);
            CHECK(cut.size == whole.size && memcmp(cut.text, whole.text, whole.size) == 0);
        }
    }
}

TEST(proto_long_get_lines_give_all_keys_however_cut)
{
    /* Goal: get lines of any length, in constant memory. Method: a line of 1,000 keys, a bad key in
     * a long line, and a long line without a key, in steps; the keys and the ends compared. */
    static char line[1 << 15];
    static struct record whole, cut;
    size_t size = (size_t)sprintf(line, "gets");
    for (unsigned i = 0; i < 1000; i++) {
        size += (size_t)sprintf(line + size, "%*skey_%u", (int)(1 + i % 4), "", i);
    }
    size += (size_t)sprintf(line + size, " \r\nversion\r\n");
    stream_record(line, size, size, 0, &whole);
    for (size_t step = 100; step < size; step += 977) {
        stream_record(line, size, step, step, &cut);
        CHECK(cut.size == whole.size && memcmp(cut.text, whole.text, whole.size) == 0);
    }
    memset(line, 'k', 4000);
    memcpy(line, "get a b ", 8);
    strcpy(line + 4000, " c\r\nversion\r\n");
    stream_record(line, strlen(line), 2100, 100, &cut);
    CHECK(strstr(cut.text, "[a][b]bad " FORMAT "\n17") != NULL);
    memset(line, ' ', 4000);
    memcpy(line, "get", 3);
    strcpy(line + 4000, "\r\nversion\r\n");
    stream_record(line, strlen(line), 2100, 100, &cut);
    CHECK(strstr(cut.text, "bad ERROR\n17") != NULL);
    memcpy(line + 3000, "a\rb", 3);
    stream_record(line, strlen(line), 2100, 100, &cut);
    CHECK(strstr(cut.text, "bad " FORMAT "\n17") != NULL);
}

TEST_MAIN()
