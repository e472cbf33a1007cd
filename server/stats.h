/* SPDX-License-Identifier: MIT
 * stats.h - the answers to `stats`, under memcached's names.
 */
#ifndef TOPHASH_SERVER_STATS_H
#define TOPHASH_SERVER_STATS_H

#include "execute.h"

enum { TH_STATS_COPIED_MAX = 16 * 1024 }; /* room an answer to stats needs at most */

void thi_stats_answer(struct thi_executor *executor, const struct thi_command *command);

#endif
