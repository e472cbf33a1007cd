/* SPDX-License-Identifier: MIT
 * buffers.c - the memory one worker spends on its connections, with a cap.
 *
 * Invariants   I1 used_bytes is the sum of what was taken and not dropped; kept read buffers are
 *              not counted. I2 used_bytes never passes used_bytes_max.
 */
#include "buffers.h"

#include <stdlib.h>

void thi_buffers_init(struct thi_buffers *buffers, size_t used_bytes_max)
{
    *buffers = (struct thi_buffers){.used_bytes_max = used_bytes_max};
}

void thi_buffers_fini(struct thi_buffers *buffers)
{
    while (buffers->kept_count > 0) {
        free(buffers->kept[--buffers->kept_count]);
    }
}

static bool room_for(struct thi_buffers *buffers, size_t size)
{
    if (size <= buffers->used_bytes_max - buffers->used_bytes) {
        return true;
    }
    buffers->refused_total++;
    return false;
}

void *thi_buffers_take(struct thi_buffers *buffers, size_t size)
{
    if (!room_for(buffers, size)) {
        return NULL;
    }
    void *memory = malloc(size);
    if (memory == NULL) {
        buffers->refused_total++;
        return NULL;
    }
    buffers->used_bytes += size;
    return memory;
}

void thi_buffers_drop(struct thi_buffers *buffers, void *memory, size_t size)
{
    if (memory != NULL) {
        buffers->used_bytes -= size;
        free(memory);
    }
}

void *thi_buffers_grow(struct thi_buffers *buffers, void *memory, size_t size, size_t new_size)
{
    if (!room_for(buffers, new_size - size)) {
        return NULL;
    }
    void *grown = realloc(memory, new_size);
    if (grown == NULL) {
        buffers->refused_total++;
        return NULL;
    }
    buffers->used_bytes += new_size - size;
    return grown;
}

void *thi_buffers_take_read(struct thi_buffers *buffers)
{
    if (buffers->kept_count == 0) {
        return thi_buffers_take(buffers, TH_READ_BUFFER_BYTES);
    }
    if (!room_for(buffers, TH_READ_BUFFER_BYTES)) {
        return NULL;
    }
    buffers->used_bytes += TH_READ_BUFFER_BYTES;
    return buffers->kept[--buffers->kept_count];
}

void thi_buffers_drop_read(struct thi_buffers *buffers, void *memory)
{
    if (memory == NULL || buffers->kept_count == TH_READ_BUFFERS_KEPT) {
        thi_buffers_drop(buffers, memory, TH_READ_BUFFER_BYTES);
        return;
    }
    buffers->used_bytes -= TH_READ_BUFFER_BYTES;
    buffers->kept[buffers->kept_count++] = memory;
}
