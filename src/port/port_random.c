/* SPDX-License-Identifier: MIT
 * port_random.c - random bytes where the system's own call is missing.
 *
 * Guarantees   always fills all of the memory: the better the system, the harder to guess.
 * Progress     bounded: one read of the device, or arithmetic.
 * Sources      splitmix64 (Steele, Lea, Flood) spreads the last resort.
 */
#define _DEFAULT_SOURCE 1

#include "port/port_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <time.h>
#include <unistd.h>

#include "port/port.h"

static size_t device_read(unsigned char *bytes, size_t size)
{
    int device = open("/dev/urandom", O_RDONLY | O_CLOEXEC);
    if (device < 0) {
        return 0;
    }
    size_t done = 0;
    while (done < size) {
        ssize_t got = read(device, bytes + done, size - done);
        if (got > 0) {
            done += (size_t)got;
        } else if (got == 0 || errno != EINTR) {
            break;
        }
    }
    (void)close(device);
    return done;
}

static uint64_t word_mix(uint64_t *state)
{
    uint64_t z = (*state += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

void thi_port_random_fallback(void *memory, size_t size)
{
    unsigned char *bytes = memory;
    size_t done = device_read(bytes, size);
    if (done == size) {
        return;
    }
    struct timespec wall = {0, 0};
    (void)clock_gettime(CLOCK_REALTIME, &wall);
    uint64_t state = thi_port_now_ns() ^ ((uint64_t)wall.tv_sec << 30) ^ (uint64_t)wall.tv_nsec;
    state ^= word_mix(&state) + (uint64_t)(uintptr_t)&state; /* where the stack lies */
    state ^= word_mix(&state) + (uint64_t)(uintptr_t)memory;
    state ^= word_mix(&state) + (uint64_t)(uintptr_t)&thi_port_random_fallback;
    state ^= word_mix(&state) + (uint64_t)getpid();
    while (done < size) {
        uint64_t word = word_mix(&state);
        for (unsigned i = 0; i < sizeof word && done < size; i++) {
            bytes[done++] = (unsigned char)(word >> (8 * i));
        }
    }
}
