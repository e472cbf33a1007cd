/* SPDX-License-Identifier: MIT
 * base.c - names of statuses, the version, and what a failed assert does.
 *
 * Guarantees   Nothing here allocates or holds state.
 * Progress     wait-free.
 */
#include "base/base.h"

#include <stdio.h>
#include <stdlib.h>

const char *th_status_name(th_status status)
{
    switch (status) {
    case TH_OK: return "TH_OK";
    case TH_EXISTS: return "TH_EXISTS";
    case TH_ABSENT: return "TH_ABSENT";
    case TH_MISMATCH: return "TH_MISMATCH";
    case TH_MORE: return "TH_MORE";
    case TH_ENOMEM: return "TH_ENOMEM";
    case TH_EINVAL: return "TH_EINVAL";
    case TH_ERANGE: return "TH_ERANGE";
    case TH_ENOSYS: return "TH_ENOSYS";
    case TH_EBUSY: return "TH_EBUSY";
    case TH_EIO: return "TH_EIO";
    default: return "unknown status";
    }
}

const char *th_version(void)
{
    return TH_VERSION_STRING;
}

void thi_assert_failed(const char *condition, const char *file, int line)
{
    /* Misuse or a broken invariant: going on would corrupt the caller's data. */
    fprintf(stderr, "tophash: assertion failed: %s (%s:%d)\n", condition, file, line);
    abort();
}
