/* SPDX-License-Identifier: MIT
 * symbols.h - what happens to a function the checked program calls and does not define.
 */
#ifndef TOPHASH_CHECK_DRIVER_SYMBOLS_H
#define TOPHASH_CHECK_DRIVER_SYMBOLS_H

#include <stdbool.h>

/* True if the C library's own `name` may be called: its result depends on its arguments alone, and
 * it touches no memory of the program. */
bool thi_symbol_pure(const char *name);

/* Why `name` cannot be checked, and what to do. */
const char *thi_symbol_reason(const char *name);

#endif
