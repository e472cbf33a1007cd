/* SPDX-License-Identifier: MIT
 * system.h - what the server asks of the operating system beside sockets.
 */
#ifndef TOPHASH_NET_SYSTEM_H
#define TOPHASH_NET_SYSTEM_H

#include <stdint.h>

struct thi_usage {
    uint64_t user_us;
    uint64_t system_us;
};

uint64_t thi_system_now_ns(void); /* monotonic; ticks of some milliseconds, cheap */
int64_t thi_system_unix_s(void);
uint64_t thi_system_process_id(void);
struct thi_usage thi_system_usage(void);

/* Raises the limit of open descriptors towards `wanted`; returns what it is now. */
uint64_t thi_system_descriptors(uint64_t wanted);

/* Blocks SIGTERM and SIGINT in the calling thread and those it starts, ignores SIGPIPE, and gives a
 * descriptor that becomes readable when one of the two arrives; -1: refused. */
int thi_system_stop_signals(void);

/* A descriptor that thi_system_wake() makes readable and thi_system_wake_clear() unreadable again;
 * -1: refused. */
int thi_system_wake_new(void);
void thi_system_wake(int descriptor);
void thi_system_wake_clear(int descriptor);

#endif
