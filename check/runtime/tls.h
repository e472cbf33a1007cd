/* SPDX-License-Identifier: MIT
 * tls.h - thread-local variables of the checked program: a block for each fiber.
 */
#ifndef TOPHASH_CHECK_RUNTIME_TLS_H
#define TOPHASH_CHECK_RUNTIME_TLS_H

#include <stdbool.h>
#include <stdint.h>

/* Whether the program has thread-local variables. */
bool thi_tls_used(void);

/* Makes the blocks, if there are such variables. False: this processor or system is not known. */
bool thi_tls_init(void);

/* The variables of a fiber get their first values. */
void thi_tls_start(unsigned fiber);

/* The variables of this fiber are those of the running code from now on; TH_FIBER_SCHEDULER: the
 * system's own. */
void thi_tls_switch(unsigned fiber);

/* True if the address is that of a fiber's thread-local variable. */
bool thi_tls_holds(uintptr_t address);

#endif
