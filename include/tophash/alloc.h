/* SPDX-License-Identifier: MIT
 * alloc.h - the seam through which the library asks for memory.
 */
#ifndef TOPHASH_ALLOC_H
#define TOPHASH_ALLOC_H

#include <tophash/base.h>

TH_EXTERN_C_BEGIN

/* A caller's allocator. `context` is handed back with every call. Any function may return NULL; the
 * library then returns TH_ENOMEM or serves on with what it has. All four must be thread-safe.
 *   alloc   `size` bytes (above 0) aligned to `alignment` (a power of two). Content is undefined.
 *   free    gets exactly the size and alignment that alloc was called with. Never called with NULL.
 *   map     `size` bytes of zero-filled memory aligned to `alignment`, best as untouched pages:
 *           large tables ask for much and touch it piece by piece. NULL here: the system's pages.
 *   unmap   gets exactly the size and alignment of its map. Set together with map or not at all. */
struct th_allocator {
    void *context;
    void *(*alloc)(void *context, size_t size, size_t alignment);
    void (*free)(void *context, void *memory, size_t size, size_t alignment);
    void *(*map)(void *context, size_t size, size_t alignment);
    void (*unmap)(void *context, void *memory, size_t size, size_t alignment);
};

TH_EXTERN_C_END

#endif
