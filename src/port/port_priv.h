/* SPDX-License-Identifier: MIT
 * port_priv.h - what the systems' folders of the port share.
 */
#ifndef TOPHASH_PORT_PORT_PRIV_H
#define TOPHASH_PORT_PORT_PRIV_H

#include "base/base.h"

/* Random bytes where the system's call is missing: /dev/urandom, and if that cannot be opened
 * either, a mix of clocks, addresses and the process id, which an attacker on the same machine may
 * guess in part. */
void thi_port_random_fallback(void *memory, size_t size);

#endif
