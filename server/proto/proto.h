/* SPDX-License-Identifier: MIT
 * proto.h - memcached's classic text protocol: bytes in, commands out.
 *
 * Pure: no I/O, no clock, no allocation. What is remembered between two pieces of input is the few
 * words of struct thi_proto; everything a command points at lies in the input.
 */
#ifndef TOPHASH_PROTO_PROTO_H
#define TOPHASH_PROTO_PROTO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    TH_PROTO_KEY_MAX = 250,            /* bytes of a key */
    TH_PROTO_LINE_MAX = 2048,          /* bytes without a newline that are waited for */
    TH_PROTO_INDENT_MAX = 100,         /* spaces before the verb of a longer get line */
    TH_PROTO_VALUE_MAX = INT32_MAX - 2 /* bytes a data block may be announced with */
};

enum thi_command_kind {
    TH_COMMAND_NONE, /* an unknown command, or one with a wrong number of words */
    TH_COMMAND_GET,
    TH_COMMAND_GETS,
    TH_COMMAND_GAT,
    TH_COMMAND_GATS,
    TH_COMMAND_SET,
    TH_COMMAND_ADD,
    TH_COMMAND_REPLACE,
    TH_COMMAND_APPEND,
    TH_COMMAND_PREPEND,
    TH_COMMAND_CAS,
    TH_COMMAND_INCR,
    TH_COMMAND_DECR,
    TH_COMMAND_TOUCH,
    TH_COMMAND_DELETE,
    TH_COMMAND_FLUSH_ALL,
    TH_COMMAND_VERBOSITY,
    TH_COMMAND_VERSION,
    TH_COMMAND_STATS,
    TH_COMMAND_DEBUGTIME,
    TH_COMMAND_QUIT
};

/* Bytes to read; what stands before `used` is done with. */
struct thi_input {
    const char *bytes;
    size_t size;
    size_t used;
};

/* What is remembered between calls. Zero is the start of a connection. */
struct thi_proto {
    enum thi_command_kind line_kind; /* the get line whose keys are being read, or NONE */
    bool line_has_keys;
    bool line_skipped;      /* the rest of a refused line is dropped up to its newline */
    int64_t line_exptime;   /* of gat and gats */
    uint64_t swallow_bytes; /* of a refused data block, still to be dropped */
};

struct thi_command {
    enum thi_command_kind kind;
    bool noreply;
    const char *error; /* not NULL: the command is refused with this line */
    const char *key;   /* also the first word after `stats` */
    size_t key_bytes;
    const char *line; /* as it came, without its end; for the log */
    size_t line_bytes;
    uint32_t flags;
    int64_t exptime;    /* as sent; also the delay of flush_all and the delta of debugtime */
    size_t value_bytes; /* of the data block that follows, its CR LF not counted */
    uint64_t number; /* incr and decr: the delta; cas: the expected number; verbosity: the level */
};

enum thi_proto_result {
    TH_PROTO_COMMAND, /* *command is set, input->used moved behind its line */
    TH_PROTO_MORE,    /* more input is needed */
    TH_PROTO_CLOSE    /* this is no client of ours: close without an answer */
};

/* Reads the next command. For a get line (get, gets, gat, gats) without an error only its head is
 * read; its keys follow by thi_proto_next_key(), and until they have all been read this function
 * gives the same command again. A storage command (set to cas) without an error is followed by
 * value_bytes of data and CR LF in the input, which are the caller's to take; one with an error has
 * had its data block scheduled to be dropped if its length could be read. */
enum thi_proto_result thi_proto_parse(struct thi_proto *proto, struct thi_input *input,
                                      struct thi_command *command);

enum thi_key_result {
    TH_KEY_FOUND,
    TH_KEY_END,  /* the line is over */
    TH_KEY_MORE, /* more input is needed */
    TH_KEY_BAD   /* the line is refused: *error is the answer, its rest is dropped */
};

struct thi_key {
    const char *bytes;
    size_t size;
    const char *error;
};

/* The next key of the get line being read. */
enum thi_key_result thi_proto_next_key(struct thi_proto *proto, struct thi_input *input,
                                       struct thi_key *key);

/* True for set, add, replace, append, prepend and cas. */
bool thi_command_stores(enum thi_command_kind kind);

#endif
