/* SPDX-License-Identifier: MIT
 * stdio.h - printing to the host.
 */
#ifndef TOPHASH_TESTS_WASM_INCLUDE_STDIO_H
#define TOPHASH_TESTS_WASM_INCLUDE_STDIO_H

#include <stdarg.h>
#include <stddef.h>

typedef struct wasm_file FILE;
#define stdout ((FILE *)1)
#define stderr ((FILE *)2)

int printf(const char *format, ...) __attribute__((format(printf, 1, 2)));
int fprintf(FILE *file, const char *format, ...) __attribute__((format(printf, 2, 3)));
int snprintf(char *room, size_t size, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
int vsnprintf(char *room, size_t size, const char *format, va_list arguments);
int fflush(FILE *file);

#endif
