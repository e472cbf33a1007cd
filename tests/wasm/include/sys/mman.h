/* SPDX-License-Identifier: MIT
 * mman.h - pages.
 */
#ifndef TOPHASH_TESTS_WASM_INCLUDE_SYS_MMAN_H
#define TOPHASH_TESTS_WASM_INCLUDE_SYS_MMAN_H

#include <stddef.h>

#define PROT_READ 1
#define PROT_WRITE 2
#define MAP_PRIVATE 2
#define MAP_ANONYMOUS 32
#define MAP_FAILED ((void *)-1)
void *mmap(void *address, size_t size, int protection, int flags, int file, long long offset);
int munmap(void *memory, size_t size);

#endif
