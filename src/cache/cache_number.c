/* SPDX-License-Identifier: MIT
 * cache_number.c - values that are decimal numbers: adding and taking away.
 *
 * Guarantees   G1 adding wraps at 2^64, taking away stops at 0.
 *              G2 the value never becomes shorter: a shorter number is followed by spaces.
 * Progress     as a store.
 * Sources      what counts as a number, and the padding: memcached's incr and decr.
 */
#include "cache/cache_write.h"

#define NUMBER_DIGITS_MAX 20u
#define NUMBER_BYTES_MAX 24u /* with spaces */

struct addition {
    uint64_t delta;
    bool negative;
    uint64_t result;
    uint64_t number;
};

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/* Spaces, digits, and then the end or a space. False: no number, or above 2^64 - 1. */
static bool number_parse(const char *text, size_t size, uint64_t *number)
{
    size_t at = 0;
    uint64_t value = 0;
    if (size > NUMBER_BYTES_MAX) {
        return false;
    }
    while (at < size && is_space(text[at])) {
        at++;
    }
    size_t digits_start = at;
    while (at < size && text[at] >= '0' && text[at] <= '9') {
        uint64_t digit = (uint64_t)(text[at] - '0');
        if (__builtin_mul_overflow(value, 10u, &value) ||
            __builtin_add_overflow(value, digit, &value)) {
            return false;
        }
        at++;
    }
    if (at == digits_start || (at < size && !is_space(text[at]))) {
        return false;
    }
    *number = value;
    return true;
}

/* Returns the number of bytes written: the digits, and spaces up to `bytes_min`. */
static size_t number_print(uint64_t number, size_t bytes_min, char *text)
{
    char digits[NUMBER_DIGITS_MAX];
    size_t count = 0;
    do {
        digits[count++] = (char)('0' + number % 10);
        number /= 10;
    } while (number != 0);
    for (size_t i = 0; i < count; i++) {
        text[i] = digits[count - 1 - i];
    }
    size_t size = count > bytes_min ? count : bytes_min;
    memset(text + count, ' ', size - count);
    return size;
}

static th_status addition_attempt(const struct thi_cache_request *request, void *context)
{
    struct addition *addition = context;
    struct thi_cache_plan plan = {0};
    struct thi_cache_found found;
    uint64_t value;
    char text[NUMBER_BYTES_MAX];
    /* relaxed: compared with itself after the room was taken. */
    plan.watermark = th_u64_load_rlx(&request->cache->watermark);
    thi_cache_find(request, &found);
    if (!found.live) {
        return TH_ABSENT;
    }
    uint32_t old_bytes = thi_item_value_bytes(found.header);
    if (!number_parse(thi_item_value(found.item, found.header), old_bytes, &value)) {
        return TH_EINVAL;
    }
    if (addition->negative) {
        addition->result = value > addition->delta ? value - addition->delta : 0;
    } else {
        addition->result = value + addition->delta;
    }
    plan.first = text;
    plan.first_bytes = number_print(addition->result, old_bytes, text);
    plan.flags = thi_item_flags(found.item, found.header);
    plan.expires = thi_item_expires(found.item, found.header);
    plan.visited = true;
    th_status status = thi_cache_plan_store(request, &found, &plan);
    addition->number = plan.number;
    return status;
}

th_status th_cache_add_number(struct th_cache *cache, const void *key, size_t key_bytes,
                              uint64_t delta, bool negative, uint32_t now, uint64_t *result,
                              uint64_t *cas)
{
    struct thi_cache_request request;
    struct addition addition = {.delta = delta, .negative = negative};
    struct th_cache_key wanted = {.bytes = key, .size = key_bytes};
    if (!thi_cache_request_init(&request, cache, &wanted, now)) {
        return TH_ABSENT;
    }
    th_status status =
        thi_cache_run(&request, key_bytes + NUMBER_BYTES_MAX, addition_attempt, &addition);
    if (status == TH_OK) {
        *result = addition.result;
        if (cas != NULL) {
            *cas = addition.number;
        }
    }
    return status;
}
