/* SPDX-License-Identifier: MIT
 * connection.h - one client's connection: its socket, its session, what waits in and out.
 *
 * Belongs to one worker and is touched by its thread only, once it was handed over.
 */
#ifndef TOPHASH_SERVER_CONNECTION_H
#define TOPHASH_SERVER_CONNECTION_H

#include "execute.h"
#include "session.h"

struct thi_connection {
    struct thi_outlet outlet;
    struct thi_session session;
    struct thi_connection *next; /* of its worker's; also of the hand-over */
    struct thi_connection *previous;
    struct thi_connection *ready_next;
    bool ready; /* stands in its worker's queue of those with something to do */
    int descriptor;
    char *input; /* read and not used: [input_begin, input_end) */
    size_t input_begin;
    size_t input_end;
    size_t input_capacity;
    bool input_waits;  /* what is there is no whole command */
    bool readable;     /* a read may give something */
    bool hung_up;      /* the peer has ended its side; a read will say so once */
    bool closing;      /* close when everything is sent */
    bool draining;     /* the server stops: one more read, then close */
    uint32_t active_s; /* second of the last command */
};

/* NULL: no memory; the descriptor stays the caller's. */
struct thi_connection *thi_connection_new(int descriptor);
void thi_connection_free(struct thi_connection *connection, struct thi_executor *executor);

enum thi_turn {
    TH_TURN_WAIT,  /* nothing to do before the next event */
    TH_TURN_AGAIN, /* there is more to do: give it another turn after the others */
    TH_TURN_CLOSE  /* it is over: free it */
};

/* One turn: at most one read, `requests_per_turn` commands, and as a rule one write. */
enum thi_turn thi_connection_turn(struct thi_connection *connection, struct thi_executor *executor);

#endif
