/* SPDX-License-Identifier: MIT
 * cmd.h - the subcommands of the command `tophash`.
 *
 * The subcommand <name> is the file tools/cmd_<name>.c; it defines both names below, and the build
 * puts it in the dispatcher's table. Its man page is man/tophash-<name>.1.
 *   th_cmd_<name>           gets the arguments from its own name on (argv[0] is "<name>") and
 *                           returns the exit status: 0 done, 1 failed, 2 wrong usage.
 *   th_cmd_<name>_summary   one line for `tophash --help`, without a full stop.
 */
#ifndef TOPHASH_TOOLS_CMD_H
#define TOPHASH_TOOLS_CMD_H

#define TH_SUBCOMMAND(name)                   \
    int th_cmd_##name(int argc, char **argv); \
    extern const char th_cmd_##name##_summary[];

#include "subcommands.inc"

#undef TH_SUBCOMMAND

#endif
