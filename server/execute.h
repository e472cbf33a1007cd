/* SPDX-License-Identifier: MIT
 * execute.h - commands done on the cache, their answers added to the turn's.
 */
#ifndef TOPHASH_SERVER_EXECUTE_H
#define TOPHASH_SERVER_EXECUTE_H

#include "answer.h"
#include "buffers.h"
#include "proto/proto.h"
#include "service.h"

/* What `version` answers. Clients judge by its head which dialect a server speaks (1.6 takes words
 * behind `version`, for one), and some take a major version of 0 for none: so first the release of
 * memcached whose answers are ours, then who we are. */
#define TH_SERVER_VERSION "1.6.18-tophash-" TH_VERSION_STRING

enum {
    TH_EXECUTE_BATCH_MAX = 64, /* keys looked up at once */
    /* Room every command but stats needs at most for its answer. */
    TH_EXECUTE_COPIED_MAX = 2048,
    TH_EXECUTE_PIECES_MAX = 3
};

/* One worker's hands: what a command needs beside itself. */
struct thi_executor {
    struct thi_service *service;
    struct thi_counters *counters;
    struct thi_buffers buffers;
    struct thi_answer answer;
    uint32_t now;       /* second of this turn */
    unsigned verbosity; /* as of the last tick */
    uint64_t commands_total;
    bool guarded; /* inside the cache's guard, since views or queued answers look into it */
    /* A batch of lookups. */
    struct th_cache_key keys[TH_EXECUTE_BATCH_MAX];
    struct th_cache_view views[TH_EXECUTE_BATCH_MAX];
    bool found[TH_EXECUTE_BATCH_MAX];
};

void thi_executor_init(struct thi_executor *executor, struct thi_service *service,
                       struct thi_counters *counters);
void thi_executor_fini(struct thi_executor *executor);

/* Writes what is queued and leaves the cache's guard, if it was entered: the end of every turn. */
void thi_executor_settle(struct thi_executor *executor);

/* A command that is neither a get line nor a storage command. Room for an answer was made. */
void thi_execute_plain(struct thi_executor *executor, const struct thi_command *command);

/* A storage command whose data block has arrived: value_bytes and what should be CR LF. */
void thi_execute_store(struct thi_executor *executor, const struct thi_command *command,
                       const char *block);

/* True if the data block may be taken in. False: answered, and the block is to be dropped. */
bool thi_execute_store_admitted(struct thi_executor *executor, const struct thi_command *command);
/* The data block cannot be held: answers, and drops what the key had, which would be stale. */
void thi_execute_store_refused(struct thi_executor *executor, const struct thi_command *command,
                               const char *error);

/* Looks up keys[0] to keys[count - 1] into views and found. */
void thi_execute_lookup(struct thi_executor *executor, size_t count);
/* The same, one by one, with a new expiry. */
void thi_execute_lookup_touch(struct thi_executor *executor, size_t count, int64_t exptime);

/* Adds one looked-up item to the answers. Room was made. */
void thi_execute_answer_item(struct thi_executor *executor, size_t index, bool with_cas);

#endif
