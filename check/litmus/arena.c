/* SPDX-License-Identifier: MIT
 * arena.c - memory of one test: taken piece by piece, freed at once.
 */
#include "litmus/litmus_priv.h"

#include <stdlib.h>
#include <string.h>

struct arena_chunk {
    struct arena_chunk *next;
    max_align_t data[];
};

/* Zeroed. NULL: no memory, which the arena remembers. */
void *thi_arena_alloc(struct arena *arena, size_t bytes)
{
    struct arena_chunk *chunk = calloc(1, sizeof *chunk + bytes);
    if (chunk == NULL) {
        arena->failed = true;
        return NULL;
    }
    chunk->next = arena->chunks;
    arena->chunks = chunk;
    return chunk->data;
}

void *thi_arena_push(struct arena *arena, void **array, size_t *count, size_t *capacity,
                     size_t element_bytes)
{
    if (*count == *capacity) {
        size_t grown = *capacity == 0 ? 8 : 2 * *capacity;
        void *moved = thi_arena_alloc(arena, grown * element_bytes);
        if (moved == NULL) {
            return NULL;
        }
        if (*count > 0) {
            memcpy(moved, *array, *count * element_bytes);
        }
        *array = moved;
        *capacity = grown;
    }
    return (char *)*array + (*count)++ * element_bytes;
}

void thi_arena_clear(struct arena *arena)
{
    while (arena->chunks != NULL) {
        struct arena_chunk *chunk = arena->chunks;
        arena->chunks = chunk->next;
        free(chunk);
    }
}
