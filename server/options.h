/* SPDX-License-Identifier: MIT
 * options.h - the options of `tophash serve`, named as memcached names them.
 */
#ifndef TOPHASH_SERVER_OPTIONS_H
#define TOPHASH_SERVER_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum {
    TH_OPTION_LISTENS_MAX = 16,
    TH_OPTION_HOST_BYTES = 256,
    TH_OPTION_PATH_BYTES = 108,
    TH_OPTION_PORT_ANY = -1 /* let the system choose */
};

struct thi_listen_address {
    char host[TH_OPTION_HOST_BYTES];
    int port;
};

struct thi_options {
    struct thi_listen_address listens[TH_OPTION_LISTENS_MAX];
    size_t listen_count; /* 0: loopback, IPv4 and IPv6 */
    int port;            /* 0: no TCP */
    bool port_given;
    char unix_path[TH_OPTION_PATH_BYTES]; /* "": none */
    unsigned unix_mode;
    int backlog;
    uint64_t memory_bytes;
    uint64_t item_bytes_max; /* 0: as fits the memory, at most 1 MiB */
    bool no_eviction;
    unsigned connections_max;
    unsigned threads;
    unsigned requests_per_turn;
    unsigned idle_timeout_s;    /* 0: none */
    uint64_t buffers_bytes_max; /* of all workers together; 0: by default */
    bool no_flush_all;
    bool debugtime;
    unsigned verbosity;
};

enum thi_options_result {
    TH_OPTIONS_RUN,  /* read; go on */
    TH_OPTIONS_DONE, /* help or version was asked for and printed */
    TH_OPTIONS_WRONG /* what is wrong and what to do was printed */
};

enum thi_options_result thi_options_read(struct thi_options *options, int argc, char **argv,
                                         FILE *out, FILE *err);
void thi_options_defaults(struct thi_options *options);

#endif
