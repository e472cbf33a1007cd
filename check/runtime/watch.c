/* SPDX-License-Identifier: MIT
 * watch.c - faults of the checked program, and loops that never come to an operation.
 *
 * A fault on a fiber is a failure of the execution: the handler, on a stack of its own, tells the
 * engine and leaves the fiber for good. A timer looks now and then whether a thread has come to an
 * operation since; if not, and the thread is in the user's own code, it never will.
 */
#include "runtime/watch.h"

#include "runtime/runtime.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <ucontext.h>

enum { STACK_BYTES = 65536, LOOKS_MAX = 5 };

static char handler_stack[STACK_BYTES];
static uint64_t steps_seen;
static unsigned looks;

static uint32_t site_of_context(const void *context)
{
    uintptr_t address = 0;
#if defined(__x86_64__)
    address = (uintptr_t)((const ucontext_t *)context)->uc_mcontext.gregs[REG_RIP];
#elif defined(__aarch64__)
    address = (uintptr_t)((const ucontext_t *)context)->uc_mcontext.pc;
#else
    (void)context;
#endif
    return thi_site_of((const void *)(address + 1));
}

static const char *fault_name(int signal)
{
    switch (signal) {
    case SIGSEGV: return "access to memory that is not there";
    case SIGBUS: return "access to memory that cannot be reached";
    case SIGFPE: return "division by zero, or the like";
    default: return "an instruction that is none (a trap of the compiler's?)";
    }
}

static void fault(int signal, siginfo_t *info, void *context)
{
    if (thi_fiber_running() == TH_FIBER_SCHEDULER) {
        static const struct sigaction plain = {.sa_handler = SIG_DFL};
        sigaction(signal, &plain, NULL); /* ours: end as a program does that has a fault */
        return;
    }
    if (signal == SIGSEGV && thi_fiber_overflown((uintptr_t)info->si_addr)) {
        thi_fail(TH_ENGINE_FAILED, "stack overflow", site_of_context(context));
    }
    thi_fail(TH_ENGINE_FAILED, fault_name(signal), site_of_context(context));
}

static void look(int signal, siginfo_t *info, void *context)
{
    (void)signal;
    (void)info;
    uint32_t site = site_of_context(context);
    if (thi_runtime.steps != steps_seen || thi_fiber_running() == TH_FIBER_SCHEDULER) {
        steps_seen = thi_runtime.steps;
        looks = 0;
    } else if (site != 0 && ++looks >= LOOKS_MAX) {
        looks = 0;
        thi_fail(TH_ENGINE_SPIN, "a loop without any atomic operation does not end", site);
    }
}

/* A worker process inherits no timer. */
static void timer_start(void)
{
    const struct itimerval each = {.it_interval = {.tv_sec = 1}, .it_value = {.tv_sec = 1}};
    setitimer(ITIMER_PROF, &each, NULL); /* without it, such a loop runs until it is stopped */
}

bool thi_watch_init(void)
{
    static const int faults[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP};
    const stack_t stack = {.ss_sp = handler_stack, .ss_size = STACK_BYTES};
    bool ok = sigaltstack(&stack, NULL) == 0;
    /* NODEFER: the handler is left by a switch to another stack. */
    struct sigaction action = {.sa_sigaction = fault,
                               .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER};
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
        ok = ok && sigaction(faults[i], &action, NULL) == 0;
    }
    action.sa_sigaction = look;
    action.sa_flags |= SA_RESTART;
    ok = ok && sigaction(SIGPROF, &action, NULL) == 0;
    timer_start();
    return ok && pthread_atfork(NULL, NULL, timer_start) == 0;
}
