/* SPDX-License-Identifier: MIT
 * port_thread.h - the part of the seam that follows threads and processes: thread exit, fork, one
 * lock.
 */
#ifndef TOPHASH_PORT_PORT_THREAD_H
#define TOPHASH_PORT_PORT_THREAD_H

#include "base/base.h"

/* From now on `at_exit` is called on the calling thread when it ends: returned, exited or
 * cancelled. May be called again at any time, also from within `at_exit` itself. One function for
 * the whole process. False: the system refused (no key or no memory), nothing will be called. */
bool thi_port_thread_watch(void (*at_exit)(void));

/* Calls `before` in the parent ahead of every fork, then `in_parent` and `in_child`. To be asked
 * for once. False: the system refused for want of memory. */
bool thi_port_fork_watch(void (*before)(void), void (*in_parent)(void), void (*in_child)(void));

/* The one lock of the process, for lists that change when domains are made and freed. It may block:
 * for slow paths that say so. Locked before a fork, it is unlocked in the parent and in the
 * child. */
void thi_port_process_lock(void);
void thi_port_process_unlock(void);

#endif
