/* SPDX-License-Identifier: MIT
 * api.c - what <tophash/check.h> offers a checked program, and membarrier().
 */
#include <tophash/check.h>

#include "runtime/model.h"
#include "runtime/names.h"
#include "runtime/turn.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Of linux/membarrier.h, which not every system has. */
enum {
    MEMBARRIER_QUERY = 0,
    MEMBARRIER_GLOBAL = 1,
    MEMBARRIER_GLOBAL_EXPEDITED = 2,
    MEMBARRIER_REGISTER_GLOBAL_EXPEDITED = 4,
    MEMBARRIER_PRIVATE_EXPEDITED = 8,
    MEMBARRIER_REGISTER_PRIVATE_EXPEDITED = 16,
};

void th_check_name(const void *object, size_t bytes, const char *format, ...)
{
    if (thi_runtime.simulated || !thi_names_wanted()) {
        return;
    }
    char text[TH_NAME_BYTES_MAX];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    thi_names_add((uintptr_t)object, bytes, text);
}

void th_check_await(void)
{
    uint32_t site = TH_SITE_HERE;
    thi_turn_abandon();
    uint32_t length = thi_turn_length();
    if (length == 0) {
        thi_fail(TH_ENGINE_MISUSE,
                 "th_check_await() without an atomic read since the last write: it would wait for "
                 "ever",
                 site);
    }
    thi_await(length, site);
}

void th_check_give_up(void)
{
    uint32_t site = TH_SITE_HERE;
    thi_turn_abandon();
    uint32_t length = thi_turn_length();
    thi_await(length == 0 ? TH_AWAIT_NOTHING : length, site);
}

static void heavy_fence(uint32_t site)
{
    thi_model_enter();
    thi_operate(&(struct thi_operation){
        .kind = TH_OP_HEAVY_FENCE, .order = TH_ORDER_SEQ_CST, .site = site});
}

void th_check_heavy_fence(void)
{
    heavy_fence(TH_SITE_HERE);
}

unsigned th_check_clock(unsigned thread)
{
    return thi_engine_clock(thi_runtime.engine, thi_self(), thread);
}

long thi_call_syscall(long number, ...);
long thi_call_syscall(long number, ...)
{
    uint32_t site = TH_SITE_HERE;
    thi_model_enter();
#ifdef SYS_membarrier
    if (number == SYS_membarrier) {
        va_list arguments;
        va_start(arguments, number);
        int command = va_arg(arguments, int);
        va_end(arguments);
        switch (command) {
        case MEMBARRIER_QUERY:
            return MEMBARRIER_GLOBAL | MEMBARRIER_GLOBAL_EXPEDITED |
                   MEMBARRIER_REGISTER_GLOBAL_EXPEDITED | MEMBARRIER_PRIVATE_EXPEDITED |
                   MEMBARRIER_REGISTER_PRIVATE_EXPEDITED;
        case MEMBARRIER_REGISTER_GLOBAL_EXPEDITED:
        case MEMBARRIER_REGISTER_PRIVATE_EXPEDITED: return 0;
        case MEMBARRIER_GLOBAL:
        case MEMBARRIER_GLOBAL_EXPEDITED:
        case MEMBARRIER_PRIVATE_EXPEDITED: heavy_fence(site); return 0;
        default: thi_self_state()->error_number = EINVAL; return -1;
        }
    }
#endif
    thi_fail_format(TH_ENGINE_MISUSE, site,
                    "system call %ld is not modelled; only membarrier is: keep others out of the "
                    "code that is checked",
                    number);
}
