/* SPDX-License-Identifier: MIT
 * number.c - decimal numbers as the protocol writes and reads them.
 *
 * Guarantees   G1 nothing outside [bytes, bytes + size) is read; no terminator is needed.
 *              G2 a number that does not fit is refused, never wrapped.
 * Progress     wait-free; pure.
 */
#include "proto/number.h"

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/* The magnitude and the sign; the tail after the digits must be empty or begin with white space. */
static bool number_read(const char *bytes, size_t size, uint64_t *magnitude, bool *negative)
{
    size_t i = 0;
    while (i < size && is_space(bytes[i])) {
        i++;
    }
    *negative = i < size && bytes[i] == '-';
    if (i < size && (bytes[i] == '-' || bytes[i] == '+')) {
        i++;
    }
    size_t first = i;
    uint64_t value = 0;
    for (; i < size && bytes[i] >= '0' && bytes[i] <= '9'; i++) {
        uint64_t digit = (uint64_t)(bytes[i] - '0');
        if (value > (UINT64_MAX - digit) / 10) {
            return false;
        }
        value = value * 10 + digit;
    }
    *magnitude = value;
    return i > first && (i == size || is_space(bytes[i]));
}

bool thi_number_read_signed(const char *bytes, size_t size, int64_t *number)
{
    uint64_t magnitude;
    bool negative;
    if (!number_read(bytes, size, &magnitude, &negative) || magnitude > INT64_MAX) {
        return false;
    }
    *number = negative ? -(int64_t)magnitude : (int64_t)magnitude;
    return true;
}

bool thi_number_read_unsigned(const char *bytes, size_t size, uint64_t *number)
{
    uint64_t magnitude;
    bool negative;
    if (!number_read(bytes, size, &magnitude, &negative) || (negative && magnitude != 0)) {
        return false;
    }
    *number = magnitude;
    return true;
}

size_t thi_number_write(char *out, uint64_t number)
{
    char digits[TH_NUMBER_BYTES_MAX];
    size_t first = sizeof digits;
    do {
        digits[--first] = (char)('0' + number % 10);
        number /= 10;
    } while (number != 0);
    size_t count = sizeof digits - first;
    for (size_t i = 0; i < count; i++) {
        out[i] = digits[first + i];
    }
    return count;
}
