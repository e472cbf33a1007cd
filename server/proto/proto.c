/* SPDX-License-Identifier: MIT
 * proto.c - reads the commands of memcached's classic text protocol.
 *
 * Guarantees   G1 nothing outside the input is read, nothing is allocated or written to the input.
 *              G2 cut into pieces anywhere, a stream gives the same commands and keys as whole,
 *              unless a line is longer than TH_PROTO_LINE_MAX: a get line is then read key by key,
 *              so that a bad key is met when those before it are out; any other closes.
 *              G3 a refused storage command whose length can be read has its data block dropped, so
 *              that a value is never taken for commands.
 * Progress     wait-free; each byte of a line is looked at a bounded number of times.
 * Layout       a line:  verb SP word SP ... [SP noreply] [CR] LF; any run of spaces parts words.
 *              A get line has a head (verb, and the seconds of gat) and keys. A complete one is
 *              checked as a whole first, so that a bad key refuses it before any answer; one that
 *              is longer than TH_PROTO_LINE_MAX needs no memory for its length.
 * Sources      memcached's doc/protocol.txt and the behaviour of its release 1.6.
 */
#include "proto/proto.h"

#include <string.h>

#include "proto/number.h"

#define BAD_FORMAT "CLIENT_ERROR bad command line format"

/* The longest command but get lines has 7 words (cas with noreply); one more tells too many. */
enum { WORDS_MAX = 8 };

struct word {
    const char *bytes;
    size_t size;
};

struct line {
    struct word words[WORDS_MAX]; /* the first ones */
    size_t count;                 /* of `words`; WORDS_MAX: there may be more */
    struct word last;
};

enum shape { SHAPE_KEYS, SHAPE_STORE, SHAPE_NUMBER, SHAPE_TOUCH, SHAPE_DELETE, SHAPE_PLAIN };

struct verb {
    const char *name;
    enum thi_command_kind kind;
    enum shape shape;
    uint8_t words_min, words_max; /* the verb counted; max 0: any number */
};

static const struct verb verbs[] = {
    {"get", TH_COMMAND_GET, SHAPE_KEYS, 2, 0},
    {"gets", TH_COMMAND_GETS, SHAPE_KEYS, 2, 0},
    {"set", TH_COMMAND_SET, SHAPE_STORE, 5, 6},
    {"gat", TH_COMMAND_GAT, SHAPE_KEYS, 3, 0},
    {"gats", TH_COMMAND_GATS, SHAPE_KEYS, 3, 0},
    {"add", TH_COMMAND_ADD, SHAPE_STORE, 5, 6},
    {"replace", TH_COMMAND_REPLACE, SHAPE_STORE, 5, 6},
    {"append", TH_COMMAND_APPEND, SHAPE_STORE, 5, 6},
    {"prepend", TH_COMMAND_PREPEND, SHAPE_STORE, 5, 6},
    {"cas", TH_COMMAND_CAS, SHAPE_STORE, 6, 7},
    {"incr", TH_COMMAND_INCR, SHAPE_NUMBER, 3, 4},
    {"decr", TH_COMMAND_DECR, SHAPE_NUMBER, 3, 4},
    {"touch", TH_COMMAND_TOUCH, SHAPE_TOUCH, 3, 4},
    {"delete", TH_COMMAND_DELETE, SHAPE_DELETE, 2, 4},
    {"flush_all", TH_COMMAND_FLUSH_ALL, SHAPE_PLAIN, 1, 3},
    {"verbosity", TH_COMMAND_VERBOSITY, SHAPE_PLAIN, 2, 3},
    {"version", TH_COMMAND_VERSION, SHAPE_PLAIN, 1, 0},
    {"stats", TH_COMMAND_STATS, SHAPE_PLAIN, 1, 0},
    {"debugtime", TH_COMMAND_DEBUGTIME, SHAPE_PLAIN, 2, 0},
    {"quit", TH_COMMAND_QUIT, SHAPE_PLAIN, 1, 0},
};

bool thi_command_stores(enum thi_command_kind kind)
{
    return kind >= TH_COMMAND_SET && kind <= TH_COMMAND_CAS;
}

static bool word_is(struct word word, const char *text)
{
    return word.size == strlen(text) && memcmp(word.bytes, text, word.size) == 0;
}

static const struct verb *verb_find(struct word word)
{
    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++) {
        if (word_is(word, verbs[i].name)) {
            return &verbs[i];
        }
    }
    return NULL;
}

/* The protocol's text forbids control characters in keys, memcached takes them, and clients (such
 * as Debian's memcaslap) send them. Refused are those that would cut the answer's line in two for
 * somebody: NUL, CR and LF. */
static bool is_key_byte(char c)
{
    return c != ' ' && c != '\r' && c != '\n' && c != '\0';
}

static bool key_valid(struct word word)
{
    if (word.size == 0 || word.size > TH_PROTO_KEY_MAX) {
        return false;
    }
    for (size_t i = 0; i < word.size; i++) {
        if (!is_key_byte(word.bytes[i])) {
            return false;
        }
    }
    return true;
}

/* The next word of [*at, end), *at moved behind it; size 0: there is none. */
static struct word word_next(const char **at, const char *end)
{
    while (*at < end && **at == ' ') {
        (*at)++;
    }
    struct word word = {*at, 0};
    const char *stop = *at == end ? end : memchr(*at, ' ', (size_t)(end - *at));
    if (stop == NULL) {
        stop = end;
    }
    word.size = (size_t)(stop - *at);
    *at = stop;
    return word;
}

static void line_split(const char *begin, const char *end, struct line *line)
{
    const char *at = begin;
    line->count = 0;
    line->last = (struct word){begin, 0};
    while (line->count < WORDS_MAX) {
        struct word word = word_next(&at, end);
        if (word.size == 0) {
            return;
        }
        line->words[line->count++] = word;
        line->last = word;
    }
    for (struct word word = word_next(&at, end); word.size != 0; word = word_next(&at, end)) {
        line->last = word;
    }
}

/* ------------------------------------------------------------------------- get lines */

static void keys_open(struct thi_proto *proto, const struct thi_command *command)
{
    proto->line_kind = command->kind;
    proto->line_has_keys = false;
    proto->line_exptime = command->exptime;
}

/* Checks every key of [at, end): NULL, or why the line is refused. */
static const char *keys_check(const char *at, const char *end)
{
    struct word word = word_next(&at, end);
    if (word.size == 0) {
        return "ERROR";
    }
    for (; word.size != 0; word = word_next(&at, end)) {
        if (!key_valid(word)) {
            return BAD_FORMAT;
        }
    }
    return NULL;
}

/* Reads the head of a get line, the verb standing before *at; moves *at behind the head. */
static void keys_head(const char **at, const char *end, struct thi_command *command)
{
    if (command->kind != TH_COMMAND_GAT && command->kind != TH_COMMAND_GATS) {
        return;
    }
    struct word word = word_next(at, end);
    if (word.size == 0) {
        command->error = "ERROR";
    } else if (!thi_number_read_signed(word.bytes, word.size, &command->exptime)) {
        command->error = "CLIENT_ERROR invalid exptime argument";
    }
}

/* More than TH_PROTO_LINE_MAX bytes and no newline among them: only a long get line may be so. Its
 * head, all of it, must be there. */
static enum thi_proto_result keys_open_long(struct thi_proto *proto, struct thi_input *input,
                                            struct thi_command *command)
{
    const char *at = input->bytes + input->used;
    const char *end = input->bytes + input->size;
    const char *begin = at;
    struct word word = word_next(&at, end);
    const struct verb *verb = verb_find(word);
    if (word.bytes - begin > TH_PROTO_INDENT_MAX || at == end || verb == NULL ||
        verb->shape != SHAPE_KEYS) {
        return TH_PROTO_CLOSE;
    }
    command->kind = verb->kind;
    command->line = word.bytes;
    command->line_bytes = word.size;
    keys_head(&at, end, command);
    if (at == end && (verb->kind == TH_COMMAND_GAT || verb->kind == TH_COMMAND_GATS)) {
        return TH_PROTO_CLOSE; /* the seconds may go on; no honest client sends 2 KB of them */
    }
    input->used = (size_t)(at - input->bytes);
    if (command->error != NULL) {
        proto->line_skipped = true;
    } else {
        keys_open(proto, command);
    }
    return TH_PROTO_COMMAND;
}

static enum thi_key_result keys_refuse(struct thi_proto *proto, struct thi_key *key,
                                       const char *error)
{
    proto->line_kind = TH_COMMAND_NONE;
    proto->line_skipped = true;
    key->error = error;
    return TH_KEY_BAD;
}

enum thi_key_result thi_proto_next_key(struct thi_proto *proto, struct thi_input *input,
                                       struct thi_key *key)
{
    const char *at = input->bytes + input->used;
    const char *end = input->bytes + input->size;
    while (at < end && *at == ' ') {
        at++;
    }
    input->used = (size_t)(at - input->bytes);
    const char *begin = at;
    while (at < end && is_key_byte(*at)) {
        at++;
    }
    size_t size = (size_t)(at - begin);
    if (size > TH_PROTO_KEY_MAX) {
        return keys_refuse(proto, key, BAD_FORMAT);
    }
    if (at == end || (*at == '\r' && at + 1 == end)) {
        return TH_KEY_MORE;
    }
    bool newline = *at == '\n' || (*at == '\r' && at[1] == '\n');
    if (size > 0 && (newline || *at == ' ')) {
        *key = (struct thi_key){.bytes = begin, .size = size};
        input->used += size;
        proto->line_has_keys = true;
        return TH_KEY_FOUND;
    }
    if (!newline) {
        return keys_refuse(proto, key, BAD_FORMAT);
    }
    if (!proto->line_has_keys) {
        return keys_refuse(proto, key, "ERROR");
    }
    input->used += *at == '\r' ? 2 : 1;
    proto->line_kind = TH_COMMAND_NONE;
    return TH_KEY_END;
}

/* ------------------------------------------------------------------------- other lines */

static void store_parse(struct thi_proto *proto, const struct line *line,
                        struct thi_command *command)
{
    const struct word *words = line->words;
    uint64_t flags = 0;
    int64_t size = -1;
    if (!thi_number_read_signed(words[4].bytes, words[4].size, &size) || size < 0 ||
        size > TH_PROTO_VALUE_MAX) {
        command->error = BAD_FORMAT;
        return;
    }
    command->value_bytes = (size_t)size;
    if (!key_valid(words[1]) || !thi_number_read_unsigned(words[2].bytes, words[2].size, &flags) ||
        flags > UINT32_MAX ||
        !thi_number_read_signed(words[3].bytes, words[3].size, &command->exptime) ||
        (command->kind == TH_COMMAND_CAS &&
         !thi_number_read_unsigned(words[5].bytes, words[5].size, &command->number))) {
        command->error = BAD_FORMAT;
        proto->swallow_bytes = command->value_bytes + 2;
    }
    command->flags = (uint32_t)flags;
}

static void number_parse(const struct line *line, struct thi_command *command)
{
    const struct word *words = line->words;
    if (!key_valid(words[1])) {
        command->error = BAD_FORMAT;
    } else if (!thi_number_read_unsigned(words[2].bytes, words[2].size, &command->number)) {
        command->error = "CLIENT_ERROR invalid numeric delta argument";
    }
}

static void touch_parse(const struct line *line, struct thi_command *command)
{
    const struct word *words = line->words;
    if (!key_valid(words[1])) {
        command->error = BAD_FORMAT;
    } else if (!thi_number_read_signed(words[2].bytes, words[2].size, &command->exptime)) {
        command->error = "CLIENT_ERROR invalid exptime argument";
    }
}

/* delete <key> [0] [noreply]: the 0 is a leftover of an early protocol that clients still send. */
static void delete_parse(const struct line *line, struct thi_command *command)
{
    const struct word *words = line->words;
    bool zero = line->count > 2 && word_is(words[2], "0");
    bool fine = line->count == 2 || (line->count == 3 && (zero || command->noreply)) ||
                (line->count == 4 && zero && command->noreply);
    if (!fine) {
        command->error = BAD_FORMAT ".  Usage: delete <key> [noreply]";
    } else if (!key_valid(words[1])) {
        command->error = BAD_FORMAT;
    }
}

static void plain_parse(const struct line *line, struct thi_command *command)
{
    const struct word *words = line->words;
    switch (command->kind) {
    case TH_COMMAND_FLUSH_ALL:
        if (line->count != (command->noreply ? 2u : 1u) &&
            !thi_number_read_signed(words[1].bytes, words[1].size, &command->exptime)) {
            command->error = "CLIENT_ERROR invalid exptime argument";
        }
        break;
    case TH_COMMAND_VERBOSITY:
        if (!thi_number_read_unsigned(words[1].bytes, words[1].size, &command->number)) {
            command->error = BAD_FORMAT;
        }
        break;
    case TH_COMMAND_DEBUGTIME:
        if (!thi_number_read_signed(words[1].bytes, words[1].size, &command->exptime)) {
            command->error = "ERROR";
        }
        break;
    case TH_COMMAND_STATS:
        command->key = line->count > 1 ? words[1].bytes : NULL;
        command->key_bytes = line->count > 1 ? words[1].size : 0;
        break;
    default: break; /* version and quit take whatever follows */
    }
}

/* delete knows noreply only behind its key: `delete noreply` deletes that key. */
static bool noreply_asked(const struct verb *verb, const struct line *line)
{
    bool known = verb->shape != SHAPE_PLAIN || verb->kind == TH_COMMAND_FLUSH_ALL ||
                 verb->kind == TH_COMMAND_VERBOSITY;
    size_t words_min = verb->shape == SHAPE_DELETE ? 3 : 2;
    return known && line->count >= words_min && word_is(line->last, "noreply");
}

static enum thi_proto_result words_parse(struct thi_proto *proto, const struct line *line,
                                         struct thi_command *command)
{
    const struct verb *verb = line->count == 0 ? NULL : verb_find(line->words[0]);
    if (verb == NULL && line->last.size >= 5 && memcmp(line->last.bytes, "HTTP/", 5) == 0) {
        return TH_PROTO_CLOSE; /* a browser, or somebody who makes one talk to us */
    }
    if (verb == NULL || line->count < verb->words_min ||
        (verb->words_max != 0 && line->count > verb->words_max)) {
        command->error = "ERROR";
        return TH_PROTO_COMMAND;
    }
    command->kind = verb->kind;
    command->noreply = noreply_asked(verb, line);
    if (verb->shape != SHAPE_PLAIN) {
        command->key = line->words[1].bytes;
        command->key_bytes = line->words[1].size;
    }
    switch (verb->shape) {
    case SHAPE_STORE: store_parse(proto, line, command); break;
    case SHAPE_NUMBER: number_parse(line, command); break;
    case SHAPE_TOUCH: touch_parse(line, command); break;
    case SHAPE_DELETE: delete_parse(line, command); break;
    case SHAPE_PLAIN: plain_parse(line, command); break;
    case SHAPE_KEYS: break; /* read by line_parse() */
    }
    return TH_PROTO_COMMAND;
}

/* A whole line [begin, end), its line end cut off and `next` standing behind it. */
static enum thi_proto_result line_parse(struct thi_proto *proto, struct thi_input *input,
                                        size_t next, struct thi_command *command)
{
    const char *begin = command->line;
    const char *end = begin + command->line_bytes;
    const char *at = begin;
    struct word first = word_next(&at, end);
    const struct verb *verb = first.size >= 3 && first.bytes[0] == 'g' ? verb_find(first) : NULL;
    if (verb == NULL) {
        struct line line;
        line_split(begin, end, &line);
        input->used = next;
        return words_parse(proto, &line, command);
    }
    command->kind = verb->kind;
    keys_head(&at, end, command);
    if (command->error == NULL) {
        command->error = keys_check(at, end);
    }
    if (command->error != NULL) {
        input->used = next;
    } else {
        input->used = (size_t)(at - input->bytes);
        keys_open(proto, command);
    }
    return TH_PROTO_COMMAND;
}

/* Drops what a refused command left behind. True: all of it is gone. */
static bool refused_drop(struct thi_proto *proto, struct thi_input *input)
{
    size_t left = input->size - input->used;
    if (proto->swallow_bytes > 0) {
        size_t dropped = proto->swallow_bytes < left ? (size_t)proto->swallow_bytes : left;
        proto->swallow_bytes -= dropped;
        input->used += dropped;
        left -= dropped;
    }
    if (proto->line_skipped && left > 0) {
        const char *begin = input->bytes + input->used;
        const char *newline = memchr(begin, '\n', left);
        proto->line_skipped = newline == NULL;
        input->used += newline == NULL ? left : (size_t)(newline + 1 - begin);
    }
    return proto->swallow_bytes == 0 && !proto->line_skipped;
}

enum thi_proto_result thi_proto_parse(struct thi_proto *proto, struct thi_input *input,
                                      struct thi_command *command)
{
    *command = (struct thi_command){.kind = proto->line_kind, .exptime = proto->line_exptime};
    if (proto->line_kind != TH_COMMAND_NONE) {
        return TH_PROTO_COMMAND;
    }
    command->exptime = 0;
    if (!refused_drop(proto, input) || input->used == input->size) {
        return TH_PROTO_MORE;
    }
    const char *begin = input->bytes + input->used;
    size_t left = input->size - input->used;
    const char *newline = memchr(begin, '\n', left);
    if (newline == NULL) {
        return left > TH_PROTO_LINE_MAX ? keys_open_long(proto, input, command) : TH_PROTO_MORE;
    }
    size_t size = (size_t)(newline - begin);
    command->line = begin;
    command->line_bytes = size > 0 && newline[-1] == '\r' ? size - 1 : size;
    return line_parse(proto, input, (size_t)(newline + 1 - input->bytes), command);
}
