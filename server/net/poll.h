/* SPDX-License-Identifier: MIT
 * poll.h - waiting for descriptors: the event loop's one system interface.
 *
 * Edge-triggered, registered once: an event says that something became possible since the last one.
 */
#ifndef TOPHASH_NET_POLL_H
#define TOPHASH_NET_POLL_H

#include <stdbool.h>
#include <stddef.h>

enum { TH_POLL_EVENTS_MAX = 128 };

struct thi_poll_event {
    void *context;
    bool readable;
    bool writable;
    bool hung_up; /* the peer has ended its side, or the connection broke */
};

/* A new set; -1: refused. Closed with thi_net_close(). */
int thi_poll_new(void);

/* Watches `descriptor`; it leaves the set when it is closed. `edge` false: level-triggered reading
 * only, for what is rare. False: refused. */
bool thi_poll_add(int poll, int descriptor, void *context, bool edge);
/* Stops and resumes watching what was added without `edge`. */
void thi_poll_pause(int poll, int descriptor, void *context, bool paused);

/* Waits at most timeout_ms (-1: for ever). Returns how many events there are. */
size_t thi_poll_wait(int poll, struct thi_poll_event events[TH_POLL_EVENTS_MAX], int timeout_ms);

#endif
