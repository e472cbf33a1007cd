/* SPDX-License-Identifier: MIT
 * string.h - bytes and texts.
 */
#ifndef TOPHASH_TESTS_WASM_INCLUDE_STRING_H
#define TOPHASH_TESTS_WASM_INCLUDE_STRING_H

#include <stddef.h>

void *memcpy(void *restrict to, const void *restrict from, size_t size);
void *memmove(void *to, const void *from, size_t size);
void *memset(void *memory, int byte, size_t size);
int memcmp(const void *first, const void *second, size_t size);
size_t strlen(const char *text);
int strcmp(const char *first, const char *second);
int strncmp(const char *first, const char *second, size_t size);
char *strstr(const char *text, const char *part);

#endif
