/* SPDX-License-Identifier: MIT
 * cmd_serve.c - `tophash serve`: the cache server.
 */
#include "cmd.h"

#include "options.h"
#include "serve.h"

const char th_cmd_serve_summary[] = "serve a cache on memcached's text protocol";

int th_cmd_serve(int argc, char **argv)
{
    struct thi_options options;
    switch (thi_options_read(&options, argc, argv, stdout, stderr)) {
    case TH_OPTIONS_RUN: return thi_serve(&options, stdout, stderr);
    case TH_OPTIONS_DONE: return 0;
    default: return 2;
    }
}
