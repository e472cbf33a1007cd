/* SPDX-License-Identifier: MIT
 * model_memory.c - malloc and its family, and functions that read or write ranges.
 */
#include "runtime/model.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void *thi_call_malloc(size_t bytes);
void *thi_call_malloc(size_t bytes)
{
    uint32_t site = TH_SITE_HERE;
    thi_model_enter();
    return thi_heap_alloc(bytes, 0, false, site);
}

void *thi_call_calloc(size_t count, size_t bytes);
void *thi_call_calloc(size_t count, size_t bytes)
{
    uint32_t site = TH_SITE_HERE;
    thi_model_enter();
    size_t total;
    return __builtin_mul_overflow(count, bytes, &total) ? NULL
                                                        : thi_heap_alloc(total, 0, true, site);
}

void *thi_call_aligned_alloc(size_t alignment, size_t bytes);
void *thi_call_aligned_alloc(size_t alignment, size_t bytes)
{
    uint32_t site = TH_SITE_HERE;
    thi_model_enter();
    return thi_heap_alloc(bytes, alignment, false, site);
}

void *thi_call_memalign(size_t alignment, size_t bytes);
void *thi_call_memalign(size_t alignment, size_t bytes)
{
    uint32_t site = TH_SITE_HERE;
    thi_model_enter();
    return thi_heap_alloc(bytes, alignment, false, site);
}

int thi_call_posix_memalign(void **block, size_t alignment, size_t bytes);
int thi_call_posix_memalign(void **block, size_t alignment, size_t bytes)
{
    uint32_t site = TH_SITE_HERE;
    thi_model_enter();
    void *got = thi_heap_alloc(bytes, alignment, false, site);
    if (got == NULL) {
        return ENOMEM;
    }
    thi_plain((uintptr_t)block, sizeof *block, true, site);
    *block = got;
    return 0;
}

static void block_free(void *block, uint32_t site)
{
    thi_model_enter();
    if (block != NULL) {
        thi_heap_free(block, site);
    }
}

void thi_call_free(void *block);
void thi_call_free(void *block)
{
    block_free(block, TH_SITE_HERE);
}

void *thi_call_realloc(void *block, size_t bytes);
void *thi_call_realloc(void *block, size_t bytes)
{
    uint32_t site = TH_SITE_HERE;
    thi_model_enter();
    const struct thi_heap_block *old = thi_heap_find((uintptr_t)block);
    size_t old_bytes = old == NULL ? 0 : old->bytes;
    void *fresh = thi_heap_alloc(bytes, 0, false, site);
    if (fresh != NULL && block != NULL) {
        thi_model_copy(fresh, block, old_bytes < bytes ? old_bytes : bytes, site);
        thi_heap_free(block, site);
    }
    return fresh;
}

/* --- Ranges. */

void thi_model_copy(void *to, const void *from, size_t bytes, uint32_t site)
{
    thi_plain((uintptr_t)from, bytes, false, site);
    thi_plain((uintptr_t)to, bytes, true, site);
    memmove(to, from, bytes);
}

void thi_model_fill(void *to, int value, size_t bytes, uint32_t site)
{
    thi_plain((uintptr_t)to, bytes, true, site);
    memset(to, value, bytes);
}

void *thi_call_memcpy(void *to, const void *from, size_t bytes);
void *thi_call_memcpy(void *to, const void *from, size_t bytes)
{
    thi_model_copy(to, from, bytes, TH_SITE_HERE);
    return to;
}

void *thi_call_memmove(void *to, const void *from, size_t bytes);
void *thi_call_memmove(void *to, const void *from, size_t bytes)
{
    thi_model_copy(to, from, bytes, TH_SITE_HERE);
    return to;
}

void *thi_call_memset(void *to, int value, size_t bytes);
void *thi_call_memset(void *to, int value, size_t bytes)
{
    thi_model_fill(to, value, bytes, TH_SITE_HERE);
    return to;
}

int thi_call_memcmp(const void *one, const void *other, size_t bytes);
int thi_call_memcmp(const void *one, const void *other, size_t bytes)
{
    uint32_t site = TH_SITE_HERE;
    thi_plain((uintptr_t)one, bytes, false, site);
    thi_plain((uintptr_t)other, bytes, false, site);
    return memcmp(one, other, bytes);
}

void *thi_call_memchr(const void *memory, int value, size_t bytes);
void *thi_call_memchr(const void *memory, int value, size_t bytes)
{
    char *found = memchr(memory, value, bytes);
    size_t read = found == NULL ? bytes : (size_t)(found - (const char *)memory) + 1;
    thi_plain((uintptr_t)memory, read, false, TH_SITE_HERE);
    return found;
}

/* Strings are read up to and with their zero. */
static size_t text_read(const char *text, size_t bytes_max, uint32_t site)
{
    size_t size = strnlen(text, bytes_max);
    thi_plain((uintptr_t)text, size < bytes_max ? size + 1 : size, false, site);
    return size;
}

size_t thi_call_strlen(const char *text);
size_t thi_call_strlen(const char *text)
{
    return text_read(text, SIZE_MAX, TH_SITE_HERE);
}

size_t thi_call_strnlen(const char *text, size_t bytes_max);
size_t thi_call_strnlen(const char *text, size_t bytes_max)
{
    return text_read(text, bytes_max, TH_SITE_HERE);
}

int thi_call_strcmp(const char *one, const char *other);
int thi_call_strcmp(const char *one, const char *other)
{
    uint32_t site = TH_SITE_HERE;
    text_read(one, SIZE_MAX, site);
    text_read(other, SIZE_MAX, site);
    return strcmp(one, other);
}

int thi_call_strncmp(const char *one, const char *other, size_t bytes_max);
int thi_call_strncmp(const char *one, const char *other, size_t bytes_max)
{
    uint32_t site = TH_SITE_HERE;
    text_read(one, bytes_max, site);
    text_read(other, bytes_max, site);
    return strncmp(one, other, bytes_max);
}

char *thi_call_strchr(const char *text, int value);
char *thi_call_strchr(const char *text, int value)
{
    text_read(text, SIZE_MAX, TH_SITE_HERE);
    return strchr(text, value);
}

char *thi_call_strrchr(const char *text, int value);
char *thi_call_strrchr(const char *text, int value)
{
    text_read(text, SIZE_MAX, TH_SITE_HERE);
    return strrchr(text, value);
}

char *thi_call_strcpy(char *to, const char *from);
char *thi_call_strcpy(char *to, const char *from)
{
    thi_model_copy(to, from, strlen(from) + 1, TH_SITE_HERE);
    return to;
}

char *thi_call_strncpy(char *to, const char *from, size_t bytes);
char *thi_call_strncpy(char *to, const char *from, size_t bytes)
{
    uint32_t site = TH_SITE_HERE;
    text_read(from, bytes, site);
    thi_plain((uintptr_t)to, bytes, true, site);
    size_t size = strnlen(from, bytes);
    memmove(to, from, size);
    memset(to + size, 0, bytes - size);
    return to;
}

char *thi_call_strcat(char *to, const char *from);
char *thi_call_strcat(char *to, const char *from)
{
    uint32_t site = TH_SITE_HERE;
    size_t size = text_read(to, SIZE_MAX, site);
    thi_model_copy(to + size, from, strlen(from) + 1, site);
    return to;
}

char *thi_call_strdup(const char *text);
char *thi_call_strdup(const char *text)
{
    uint32_t site = TH_SITE_HERE;
    thi_model_enter();
    size_t bytes = strlen(text) + 1;
    char *copy = thi_heap_alloc(bytes, 0, false, site);
    if (copy != NULL) {
        thi_model_copy(copy, text, bytes, site);
    }
    return copy;
}

/* --- Sorting and searching: the user's function is called, each swap is seen. */

void thi_call_qsort(void *base, size_t count, size_t bytes,
                    int (*compare)(const void *, const void *));
void thi_call_qsort(void *base, size_t count, size_t bytes,
                    int (*compare)(const void *, const void *))
{
    uint32_t site = TH_SITE_HERE;
    char *items = base;
    for (size_t i = 1; i < count; i++) {
        for (size_t at = i; at > 0 && compare(items + (at - 1) * bytes, items + at * bytes) > 0;
             at--) {
            thi_plain((uintptr_t)(items + (at - 1) * bytes), 2 * bytes, false, site);
            thi_plain((uintptr_t)(items + (at - 1) * bytes), 2 * bytes, true, site);
            for (size_t byte = 0; byte < bytes; byte++) {
                char kept = items[at * bytes + byte];
                items[at * bytes + byte] = items[(at - 1) * bytes + byte];
                items[(at - 1) * bytes + byte] = kept;
            }
        }
    }
}

void *thi_call_bsearch(const void *key, const void *base, size_t count, size_t bytes,
                       int (*compare)(const void *, const void *));
void *thi_call_bsearch(const void *key, const void *base, size_t count, size_t bytes,
                       int (*compare)(const void *, const void *))
{
    return bsearch(key, base, count, bytes, compare);
}
