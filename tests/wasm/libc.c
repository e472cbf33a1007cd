/* SPDX-License-Identifier: MIT
 * libc.c - for tests on wasm: as much of a C library as the library and its tests need.
 *
 * The host gives memory that all workers share, a clock, random bytes and a place to print to
 * (run.mjs); everything else is here. wasm's atomics are all seq_cst, so no order is argued.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "host.h"

_Thread_local int wasm_errno;

/* ------------------------------------------------------------------ bytes and texts */

void *memcpy(void *restrict to, const void *restrict from, size_t size)
{
    return __builtin_memcpy(to, from, size); /* one instruction: bulk memory */
}

void *memmove(void *to, const void *from, size_t size)
{
    return __builtin_memmove(to, from, size);
}

void *memset(void *memory, int byte, size_t size)
{
    return __builtin_memset(memory, byte, size);
}

int memcmp(const void *first, const void *second, size_t size)
{
    const unsigned char *a = first, *b = second;
    for (size_t i = 0; i < size; i++) {
        if (a[i] != b[i]) {
            return a[i] < b[i] ? -1 : 1;
        }
    }
    return 0;
}

size_t strlen(const char *text)
{
    size_t size = 0;
    while (text[size] != '\0') {
        size++;
    }
    return size;
}

int strncmp(const char *first, const char *second, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        if (first[i] != second[i] || first[i] == '\0') {
            return (unsigned char)first[i] - (unsigned char)second[i];
        }
    }
    return 0;
}

int strcmp(const char *first, const char *second)
{
    return strncmp(first, second, SIZE_MAX);
}

char *strstr(const char *text, const char *part)
{
    size_t size = strlen(part);
    for (; strncmp(text, part, size) != 0; text++) {
        if (*text == '\0') {
            return NULL;
        }
    }
    return (char *)(uintptr_t)text;
}

unsigned long long strtoull(const char *text, char **end, int base)
{
    unsigned long long number = 0;
    if (text[0] == '0' && text[1] == 'x' && base != 10) {
        base = 16;
        text += 2;
    }
    base = base == 0 ? 10 : base;
    for (;; text++) {
        int digit = *text >= '0' && *text <= '9'   ? *text - '0'
                    : *text >= 'a' && *text <= 'z' ? *text - 'a' + 10
                                                   : 99;
        if (digit >= base) {
            break;
        }
        number = number * (unsigned)base + (unsigned)digit;
    }
    if (end != NULL) {
        *end = (char *)(uintptr_t)text;
    }
    return number;
}

unsigned long strtoul(const char *text, char **end, int base)
{
    return (unsigned long)strtoull(text, end, base);
}

void qsort(void *base, size_t count, size_t size, int (*compare)(const void *, const void *))
{
    char *items = base;
    for (size_t i = 1; i < count; i++) {
        for (size_t j = i; j > 0 && compare(items + (j - 1) * size, items + j * size) > 0; j--) {
            for (size_t byte = 0; byte < size; byte++) {
                char swap = items[j * size + byte];
                items[j * size + byte] = items[(j - 1) * size + byte];
                items[(j - 1) * size + byte] = swap;
            }
        }
    }
}

/* ------------------------------------------------------------------ printing */

struct sink {
    char *room;
    size_t size;
    size_t used; /* also what did not fit */
};

static void sink_byte(struct sink *sink, char byte)
{
    if (sink->used + 1 < sink->size) {
        sink->room[sink->used] = byte;
    }
    sink->used++;
}

/* What stands between % and the letter. */
struct conversion {
    bool left;
    bool zeros;
    bool plus;
    int width;
    int precision;  /* -1: none */
    unsigned longs; /* l, ll, z */
};

static void sink_text(struct sink *sink, const char *text, size_t size, struct conversion how)
{
    size_t width = how.width < 0 ? 0 : (size_t)how.width;
    for (size_t i = size; !how.left && i < width; i++) {
        sink_byte(sink, how.zeros ? '0' : ' ');
    }
    for (size_t i = 0; i < size; i++) {
        sink_byte(sink, text[i]);
    }
    for (size_t i = size; how.left && i < width; i++) {
        sink_byte(sink, ' ');
    }
}

static void sink_number(struct sink *sink, unsigned long long number, unsigned base, bool negative,
                        struct conversion how)
{
    char digits[24];
    size_t at = sizeof digits;
    do {
        digits[--at] = "0123456789abcdef"[number % base];
        number /= base;
    } while (number != 0);
    if (negative) {
        digits[--at] = '-';
    }
    sink_text(sink, digits + at, sizeof digits - at, how);
}

/* Fixed point, as many places as asked for (6). */
static void sink_fraction(struct sink *sink, double number, struct conversion how)
{
    bool negative = number < 0;
    number = negative ? -number : number;
    int places = how.precision < 0 ? 6 : how.precision;
    unsigned long long scale = 1;
    for (int i = 0; i < places; i++) {
        scale *= 10;
    }
    if (number * (double)scale > 9e18) {
        sink_text(sink, "(large)", 7, how);
        return;
    }
    unsigned long long whole = (unsigned long long)(number * (double)scale + 0.5);
    sink_number(sink, whole / scale, 10, negative, (struct conversion){.precision = -1});
    if (places > 0) {
        sink_byte(sink, '.');
        sink_number(sink, whole % scale, 10, false,
                    (struct conversion){.zeros = true, .width = places, .precision = -1});
    }
}

static const char *conversion_read(const char *format, struct conversion *how, va_list *arguments)
{
    *how = (struct conversion){.precision = -1};
    for (;; format++) {
        how->left |= *format == '-';
        how->zeros |= *format == '0';
        how->plus |= *format == '+' || *format == ' ';
        if (*format != '-' && *format != '0' && *format != '+' && *format != ' ') {
            break;
        }
    }
    char *end;
    if (*format == '*') {
        how->width = va_arg(*arguments, int);
        format++;
    } else {
        how->width = (int)strtoul(format, &end, 10);
        format = end;
    }
    if (*format == '.' && format[1] == '*') {
        how->precision = va_arg(*arguments, int);
        format += 2;
    } else if (*format == '.') {
        how->precision = (int)strtoul(format + 1, &end, 10);
        format = end;
    }
    for (; *format == 'l' || *format == 'z' || *format == 'h'; format++) {
        how->longs += *format == 'l';
    }
    return format;
}

static void sink_conversion(struct sink *sink, char letter, struct conversion how,
                            va_list *arguments)
{
    switch (letter) {
    case 'd':
    case 'i': {
        long long number = how.longs > 1 ? va_arg(*arguments, long long) : va_arg(*arguments, int);
        unsigned long long size = (unsigned long long)number;
        sink_number(sink, number < 0 ? 0 - size : size, 10, number < 0, how);
        break;
    }
    case 'u':
    case 'x':
        sink_number(sink,
                    how.longs > 1 ? va_arg(*arguments, unsigned long long)
                                  : va_arg(*arguments, unsigned),
                    letter == 'x' ? 16 : 10, false, how);
        break;
    case 'p': sink_number(sink, va_arg(*arguments, uintptr_t), 16, false, how); break;
    case 'f':
    case 'g':
    case 'e': sink_fraction(sink, va_arg(*arguments, double), how); break;
    case 'c': {
        char byte = (char)va_arg(*arguments, int);
        sink_text(sink, &byte, 1, how);
        break;
    }
    case 's': {
        const char *text = va_arg(*arguments, const char *);
        size_t size = 0;
        while ((how.precision < 0 || size < (size_t)how.precision) && text[size] != '\0') {
            size++;
        }
        how.zeros = false;
        sink_text(sink, text, size, how);
        break;
    }
    default: sink_byte(sink, letter); break;
    }
}

int vsnprintf(char *room, size_t size, const char *format, va_list arguments)
{
    struct sink sink = {room, size, 0};
    va_list list;
    va_copy(list, arguments);
    for (; *format != '\0'; format++) {
        struct conversion how;
        if (*format != '%') {
            sink_byte(&sink, *format);
            continue;
        }
        format = conversion_read(format + 1, &how, &list);
        sink_conversion(&sink, *format, how, &list);
    }
    va_end(list);
    if (size > 0) {
        room[sink.used < size ? sink.used : size - 1] = '\0';
    }
    return (int)sink.used;
}

int snprintf(char *room, size_t size, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(room, size, format, arguments);
    va_end(arguments);
    return length;
}

static int print(const char *format, va_list arguments)
{
    char line[2000];
    int length = vsnprintf(line, sizeof line, format, arguments);
    host_print(line, (size_t)length < sizeof line ? (size_t)length : sizeof line - 1);
    return length;
}

int printf(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int length = print(format, arguments);
    va_end(arguments);
    return length;
}

int fprintf(FILE *file, const char *format, ...)
{
    (void)file;
    va_list arguments;
    va_start(arguments, format);
    int length = print(format, arguments);
    va_end(arguments);
    return length;
}

int fflush(FILE *file)
{
    (void)file;
    return 0;
}

ssize_t write(int file, const void *bytes, size_t size)
{
    (void)file;
    host_print(bytes, size);
    return (ssize_t)size;
}

/* ------------------------------------------------------------------ time, files, the process */

int clock_gettime(clockid_t clock, struct timespec *now)
{
    (void)clock;
    double ms = host_now_ms();
    now->tv_sec = (time_t)(ms / 1000);
    now->tv_nsec = (long)((ms - (double)now->tv_sec * 1000) * 1e6);
    return 0;
}

/* Waits for a word that nobody changes. */
static void wait_ns(int64_t ns)
{
    static int32_t never;
    (void)__builtin_wasm_memory_atomic_wait32(&never, 0, ns);
}

int nanosleep(const struct timespec *time, struct timespec *left)
{
    (void)left;
    wait_ns((int64_t)time->tv_sec * 1000000000 + time->tv_nsec);
    return 0;
}

int usleep(unsigned microseconds)
{
    wait_ns((int64_t)microseconds * 1000);
    return 0;
}

int sched_yield(void)
{
    wait_ns(1);
    return 0;
}

int open(const char *path, int flags, ...)
{
    (void)flags;
    return strcmp(path, "/dev/urandom") == 0 ? 3 : -1;
}

ssize_t read(int file, void *room, size_t size)
{
    (void)file;
    host_random(room, size);
    return (ssize_t)size;
}

int close(int file)
{
    (void)file;
    return 0;
}

pid_t getpid(void)
{
    return 1;
}

/* What the compiler makes of destructors; a program ends with its memory. */
int __cxa_atexit(void (*run)(void *), void *argument, void *library);

int __cxa_atexit(void (*run)(void *), void *argument, void *library)
{
    (void)run;
    (void)argument;
    (void)library;
    return 0;
}

pid_t fork(void)
{
    return -1;
}

int waitpid(int process, int *status, int options)
{
    (void)process;
    (void)status;
    (void)options;
    return -1;
}

int dup2(int from, int to)
{
    (void)from;
    (void)to;
    return -1;
}

char *getenv(const char *name)
{
    return strcmp(name, "TOPHASH_TEST_EMULATED") == 0 ? (char *)(uintptr_t) "1" : NULL;
}

unsigned alarm(unsigned seconds)
{
    (void)seconds; /* the runner has a time limit */
    return 0;
}

void (*signal(int number, void (*handler)(int)))(int)
{
    (void)number;
    return handler;
}

_Noreturn void _exit(int status)
{
    host_exit(status);
}

_Noreturn void exit(int status)
{
    host_exit(status);
}

_Noreturn void abort(void)
{
    static const char message[] = "# aborted\n";
    host_print(message, sizeof message - 1);
    host_exit(134);
}

long sysconf(int name)
{
    return name == _SC_PAGESIZE ? 65536 : 4;
}
