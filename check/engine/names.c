/* SPDX-License-Identifier: MIT
 * names.c - orders and errors in words.
 */
#include "engine/engine.h"

const char *thi_order_name(enum thi_order order)
{
    static const char *const names[] = {"plain",   "relaxed", "acquire", "release",
                                        "acq_rel", "seq_cst", "none"};
    return (size_t)order < sizeof names / sizeof names[0] ? names[order] : "unknown";
}

const char *thi_engine_error_name(enum thi_engine_error_kind kind)
{
    static const char *const names[] = {
        "data race",
        "assertion failed",
        "deadlock",
        "use after free",
        "free races with an access",
        "double free",
        "invalid free",
        "unpublished memory",
        "uninitialised read",
        "out of bounds",
        "memory leak",
        "mixed-size access",
        "program is not deterministic",
        "endless loop",
        "harness misuse",
        "out of memory",
    };
    return (size_t)kind < sizeof names / sizeof names[0] ? names[kind] : "unknown";
}
