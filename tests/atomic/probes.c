/* SPDX-License-Identifier: MIT
 * probes.c - the functions of probes.h.
 */
#include "probes.h"

#define PROBE(type, name, parameters, call)                \
    __attribute__((noinline)) type probe_##name parameters \
    {                                                      \
        return call;                                       \
    }
#define PROBE_VOID(name, parameters, call)                 \
    __attribute__((noinline)) void probe_##name parameters \
    {                                                      \
        call;                                              \
    }
PROBES
