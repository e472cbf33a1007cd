/* SPDX-License-Identifier: MIT
 * session.h - the command stream of one connection, without the connection: bytes in, answers out.
 */
#ifndef TOPHASH_SERVER_SESSION_H
#define TOPHASH_SERVER_SESSION_H

#include "execute.h"

/* A storage command whose data block has arrived in part. The command's key lies in `bytes`, the
 * block behind it. */
struct thi_partial {
    struct thi_command command;
    size_t capacity; /* of bytes */
    size_t size;     /* of bytes: key and what has arrived */
    char bytes[];
};

/* Zero is the start. */
struct thi_session {
    struct thi_proto proto;
    struct thi_partial *partial;
};

enum thi_session_result {
    TH_SESSION_MORE,    /* more input is needed */
    TH_SESSION_YIELD,   /* the budget is spent and there is input left */
    TH_SESSION_BLOCKED, /* the outlet takes no more; go on when it does */
    TH_SESSION_CLOSE    /* close, after what is queued and unsent has gone out */
};

/* Takes commands from the input, at most `budget` of them. End the turn with
 * thi_executor_settle(). */
enum thi_session_result thi_session_run(struct thi_session *session, struct thi_executor *executor,
                                        struct thi_input *input, unsigned budget);
void thi_session_fini(struct thi_session *session, struct thi_executor *executor);

#endif
