/* SPDX-License-Identifier: MIT
 * model_system.c - assertions and ends, clocks and yields, output, errno.
 *
 * A clock shows 1 s at the start of each execution and a millisecond more at each look of the
 * thread: time is the same in every run, and a loop with a deadline ends.
 */
#include "runtime/model.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <threads.h>
#include <time.h>

/* --- Assertions and ends. */

_Noreturn void thi_call___assert_fail(const char *text, const char *file, unsigned line,
                                      const char *function);
_Noreturn void thi_call___assert_fail(const char *text, const char *file, unsigned line,
                                      const char *function)
{
    (void)file;
    (void)line;
    (void)function;
    thi_fail(TH_ENGINE_FAILED, text, TH_SITE_HERE);
}

_Noreturn void thi_call_abort(void);
_Noreturn void thi_call_abort(void)
{
    thi_fail(TH_ENGINE_FAILED, "abort()", TH_SITE_HERE);
}

_Noreturn static void program_exit(int status, uint32_t site)
{
    if (status != 0) {
        thi_fail_format(TH_ENGINE_FAILED, site, "exit(%d)", status);
    }
    thi_thread_end(NULL);
}

_Noreturn void thi_call_exit(int status);
_Noreturn void thi_call_exit(int status)
{
    program_exit(status, TH_SITE_HERE);
}

_Noreturn void thi_call__exit(int status);
_Noreturn void thi_call__exit(int status)
{
    program_exit(status, TH_SITE_HERE);
}

_Noreturn void thi_call__Exit(int status);
_Noreturn void thi_call__Exit(int status)
{
    program_exit(status, TH_SITE_HERE);
}

_Noreturn void thi_call_quick_exit(int status);
_Noreturn void thi_call_quick_exit(int status)
{
    program_exit(status, TH_SITE_HERE);
}

int *thi_call___errno_location(void);
int *thi_call___errno_location(void)
{
    return &thi_self_state()->error_number;
}

/* --- Clocks. */

static uint64_t clock_look(void)
{
    struct thi_thread *self = thi_self_state();
    thi_model_enter();
    self->clock_ns += 1000000;
    return 1000000000 + self->clock_ns;
}

int thi_call_clock_gettime(clockid_t clock, struct timespec *time);
int thi_call_clock_gettime(clockid_t clock, struct timespec *time)
{
    (void)clock;
    uint64_t now_ns = clock_look();
    thi_plain((uintptr_t)time, sizeof *time, true, TH_SITE_HERE);
    *time = (struct timespec){.tv_sec = (time_t)(now_ns / 1000000000),
                              .tv_nsec = (long)(now_ns % 1000000000)};
    return 0;
}

int thi_call_timespec_get(struct timespec *time, int base);
int thi_call_timespec_get(struct timespec *time, int base)
{
    uint64_t now_ns = clock_look();
    thi_plain((uintptr_t)time, sizeof *time, true, TH_SITE_HERE);
    *time = (struct timespec){.tv_sec = (time_t)(now_ns / 1000000000),
                              .tv_nsec = (long)(now_ns % 1000000000)};
    return base;
}

int thi_call_gettimeofday(struct timeval *time, void *zone);
int thi_call_gettimeofday(struct timeval *time, void *zone)
{
    (void)zone;
    uint64_t now_ns = clock_look();
    thi_plain((uintptr_t)time, sizeof *time, true, TH_SITE_HERE);
    *time = (struct timeval){.tv_sec = (time_t)(now_ns / 1000000000),
                             .tv_usec = (suseconds_t)(now_ns % 1000000000 / 1000)};
    return 0;
}

time_t thi_call_time(time_t *time);
time_t thi_call_time(time_t *time)
{
    time_t now_s = (time_t)(clock_look() / 1000000000);
    if (time != NULL) {
        thi_plain((uintptr_t)time, sizeof *time, true, TH_SITE_HERE);
        *time = now_s;
    }
    return now_s;
}

clock_t thi_call_clock(void);
clock_t thi_call_clock(void)
{
    return (clock_t)(clock_look() / (1000000000 / CLOCKS_PER_SEC));
}

/* --- Yields and sleeps: nothing, since every order is tried anyway. A loop that yields is a loop
 * that does nothing. */

int thi_call_sched_yield(void);
int thi_call_sched_yield(void)
{
    return 0;
}

int thi_call_pthread_yield(void);
int thi_call_pthread_yield(void)
{
    return 0;
}

void thi_call_thrd_yield(void);
void thi_call_thrd_yield(void)
{
}

int thi_call_nanosleep(const struct timespec *time, struct timespec *left);
int thi_call_nanosleep(const struct timespec *time, struct timespec *left)
{
    (void)time;
    (void)left;
    return 0;
}

int thi_call_clock_nanosleep(clockid_t clock, int flags, const struct timespec *time,
                             struct timespec *left);
int thi_call_clock_nanosleep(clockid_t clock, int flags, const struct timespec *time,
                             struct timespec *left)
{
    (void)clock;
    (void)flags;
    (void)time;
    (void)left;
    return 0;
}

int thi_call_thrd_sleep(const struct timespec *time, struct timespec *left);
int thi_call_thrd_sleep(const struct timespec *time, struct timespec *left)
{
    (void)time;
    (void)left;
    return 0;
}

int thi_call_usleep(unsigned time_us);
int thi_call_usleep(unsigned time_us)
{
    (void)time_us;
    return 0;
}

unsigned thi_call_sleep(unsigned time_s);
unsigned thi_call_sleep(unsigned time_s)
{
    (void)time_s;
    return 0;
}

/* --- Output: shown if it was asked for, and never part of what is compared. */

static int print(FILE *out, const char *format, va_list arguments)
{
    if (thi_runtime.simulated || !thi_runtime.options->output) {
        return vsnprintf(NULL, 0, format, arguments);
    }
    int size = vfprintf(out, format, arguments);
    fflush(out);
    return size;
}

/* vsnprintf is the C library's: the text's own bytes are not announced, the buffer is. */
static int text_print(char *to, size_t bytes, const char *format, va_list arguments)
{
    va_list again;
    va_copy(again, arguments);
    int size = vsnprintf(NULL, 0, format, again);
    va_end(again);
    size_t written = size < 0 ? 0 : (size_t)size + 1;
    thi_plain((uintptr_t)to, written < bytes ? written : bytes, true, 0);
    return vsnprintf(to, bytes, format, arguments);
}

#define TH_WITH_ARGUMENTS(last, call) \
    va_list arguments;                \
    va_start(arguments, last);        \
    int size = (call);                \
    va_end(arguments);                \
    return size

#define TH_FORMAT(text, first) __attribute__((format(printf, text, first)))

TH_FORMAT(1, 2) int thi_call_printf(const char *format, ...);
int thi_call_printf(const char *format, ...)
{
    TH_WITH_ARGUMENTS(format, print(stdout, format, arguments));
}

TH_FORMAT(2, 3) int thi_call_fprintf(FILE *out, const char *format, ...);
int thi_call_fprintf(FILE *out, const char *format, ...)
{
    TH_WITH_ARGUMENTS(format, print(out, format, arguments));
}

TH_FORMAT(1, 0) int thi_call_vprintf(const char *format, va_list arguments);
int thi_call_vprintf(const char *format, va_list arguments)
{
    return print(stdout, format, arguments);
}

TH_FORMAT(2, 0) int thi_call_vfprintf(FILE *out, const char *format, va_list arguments);
int thi_call_vfprintf(FILE *out, const char *format, va_list arguments)
{
    return print(out, format, arguments);
}

TH_FORMAT(3, 4) int thi_call_snprintf(char *to, size_t bytes, const char *format, ...);
int thi_call_snprintf(char *to, size_t bytes, const char *format, ...)
{
    TH_WITH_ARGUMENTS(format, text_print(to, bytes, format, arguments));
}

TH_FORMAT(3, 0) int thi_call_vsnprintf(char *to, size_t bytes, const char *format, va_list list);
int thi_call_vsnprintf(char *to, size_t bytes, const char *format, va_list list)
{
    return text_print(to, bytes, format, list);
}

TH_FORMAT(2, 3) int thi_call_sprintf(char *to, const char *format, ...);
int thi_call_sprintf(char *to, const char *format, ...)
{
    TH_WITH_ARGUMENTS(format, text_print(to, SIZE_MAX / 4, format, arguments));
}

static int text_show(const char *text, const char *end, FILE *out)
{
    if (!thi_runtime.simulated && thi_runtime.options->output) {
        fprintf(out, "%s%s", text, end);
        fflush(out);
    }
    return 0;
}

int thi_call_puts(const char *text);
int thi_call_puts(const char *text)
{
    return text_show(text, "\n", stdout);
}

int thi_call_fputs(const char *text, FILE *out);
int thi_call_fputs(const char *text, FILE *out)
{
    return text_show(text, "", out);
}

void thi_call_perror(const char *text);
void thi_call_perror(const char *text)
{
    text_show(text, ": error\n", stderr);
}

int thi_call_putchar(int value);
int thi_call_putchar(int value)
{
    const char text[2] = {(char)value, '\0'};
    text_show(text, "", stdout);
    return value;
}

int thi_call_fputc(int value, FILE *out);
int thi_call_fputc(int value, FILE *out)
{
    const char text[2] = {(char)value, '\0'};
    text_show(text, "", out);
    return value;
}

size_t thi_call_fwrite(const void *items, size_t bytes, size_t count, FILE *out);
size_t thi_call_fwrite(const void *items, size_t bytes, size_t count, FILE *out)
{
    if (!thi_runtime.simulated && thi_runtime.options->output) {
        return fwrite(items, bytes, count, out);
    }
    return count;
}

int thi_call_fflush(FILE *out);
int thi_call_fflush(FILE *out)
{
    (void)out;
    return 0;
}
