/* SPDX-License-Identifier: MIT
 * buffers.h - the memory one worker spends on its connections, with a cap.
 *
 * One thread at a time. Read buffers of one size are kept for the next user; everything else is of
 * the size asked for.
 */
#ifndef TOPHASH_SERVER_BUFFERS_H
#define TOPHASH_SERVER_BUFFERS_H

#include <stdbool.h>
#include <stddef.h>

enum {
    TH_READ_BUFFER_BYTES = 64 * 1024,
    TH_READ_BUFFERS_KEPT = 8 /* unused ones a worker keeps */
};

struct thi_buffers {
    size_t used_bytes;
    size_t used_bytes_max;
    size_t refused_total; /* requests that the cap or the system refused */
    size_t kept_count;
    void *kept[TH_READ_BUFFERS_KEPT];
};

void thi_buffers_init(struct thi_buffers *buffers, size_t used_bytes_max);
void thi_buffers_fini(struct thi_buffers *buffers);

/* NULL: the cap is reached, or the system has no memory. */
void *thi_buffers_take(struct thi_buffers *buffers, size_t size);
/* Gives back what take, grow or take_read gave; NULL is allowed. */
void thi_buffers_drop(struct thi_buffers *buffers, void *memory, size_t size);
/* The content moved to a bigger place; NULL: refused, `memory` is as it was. */
void *thi_buffers_grow(struct thi_buffers *buffers, void *memory, size_t size, size_t new_size);

/* A buffer of TH_READ_BUFFER_BYTES. */
void *thi_buffers_take_read(struct thi_buffers *buffers);
void thi_buffers_drop_read(struct thi_buffers *buffers, void *memory);

#endif
