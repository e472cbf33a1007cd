/* SPDX-License-Identifier: MIT
 * watch.h - faults of the checked program, and loops that never come to an operation.
 */
#ifndef TOPHASH_CHECK_RUNTIME_WATCH_H
#define TOPHASH_CHECK_RUNTIME_WATCH_H

#include <stdbool.h>

/* False: signals cannot be handled. */
bool thi_watch_init(void);

#endif
