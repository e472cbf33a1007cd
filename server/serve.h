/* SPDX-License-Identifier: MIT
 * serve.h - the cache server as a whole.
 */
#ifndef TOPHASH_SERVER_SERVE_H
#define TOPHASH_SERVER_SERVE_H

#include <stdio.h>

#include "options.h"

/* Serves until SIGTERM or SIGINT. Returns the exit status: 0 stopped as asked, 1 could not start,
 * having said on `err` why and what to do. Says on `out` what it listens on. */
int thi_serve(const struct thi_options *options, FILE *out, FILE *err);

#endif
