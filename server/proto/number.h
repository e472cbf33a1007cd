/* SPDX-License-Identifier: MIT
 * number.h - decimal numbers as the protocol writes and reads them.
 */
#ifndef TOPHASH_PROTO_NUMBER_H
#define TOPHASH_PROTO_NUMBER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { TH_NUMBER_BYTES_MAX = 20 }; /* digits of 2^64 - 1 */

/* Reads the number at the start of `bytes`: white space, a sign, digits, then the end or white
 * space. False, and *number as it was, if it is none or does not fit. A negative unsigned number
 * does not fit, but -0 does. */
bool thi_number_read_signed(const char *bytes, size_t size, int64_t *number);
bool thi_number_read_unsigned(const char *bytes, size_t size, uint64_t *number);

/* Writes the digits to `out` (room for TH_NUMBER_BYTES_MAX) and returns how many there are. */
size_t thi_number_write(char *out, uint64_t number);

#endif
