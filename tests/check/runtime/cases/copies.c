/* SPDX-License-Identifier: MIT
 * copies.c - two threads write the same bytes without an order, in a way compilers like to expand;
 *            CASE says which.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

struct bits {
    unsigned low : 3;
    unsigned high : 5;
};

static char text[16];
static long first, second;
static struct bits some_bits;
static long numbers[4];
static atomic_int count;

static void *copy(void *unused)
{
    const long zeros[4] = {0};
    switch (CASE) {
    case 1: memcpy(text, "0123456", 8); break;
    case 2: memcpy(&first, &second, sizeof first); break;
    case 3: memset(text, 0, sizeof text); break;
    case 4: strcpy(text, "abc"); break;
    case 5: some_bits.low = 1; break;
    case 6: memcpy(numbers, zeros, sizeof numbers); break;
    default: break;
    }
    atomic_fetch_add(&count, 1);
    return unused;
}

int main(void)
{
    pthread_t thread;
    pthread_create(&thread, NULL, copy, NULL);
    copy(NULL);
    pthread_join(thread, NULL);
    return 0;
}
