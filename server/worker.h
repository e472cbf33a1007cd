/* SPDX-License-Identifier: MIT
 * worker.h - a thread with an event loop of its own, and the connections given to it.
 */
#ifndef TOPHASH_SERVER_WORKER_H
#define TOPHASH_SERVER_WORKER_H

#include <tophash/base.h>

#include "service.h"

struct thi_worker;

/* Starts worker number `index`. `closed` is called, on the worker's thread, after a connection was
 * closed. TH_OK, TH_ENOMEM, TH_EIO. */
th_status thi_worker_start(struct thi_worker **worker, struct thi_service *service, unsigned index,
                           void (*closed)(void *context), void *context);

/* Hands a connection over. False: no memory; the descriptor stays the caller's. */
bool thi_worker_give(struct thi_worker *worker, int descriptor);

/* Asks the worker to finish what it has read, send what it can and end. Does not wait. */
void thi_worker_stop(struct thi_worker *worker);
/* Waits for the end of a worker that was asked to stop, and frees it. */
void thi_worker_join(struct thi_worker *worker);

#endif
