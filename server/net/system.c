/* SPDX-License-Identifier: MIT
 * system.c - clocks, limits, signals and wake-ups from Linux.
 */
#include "net/system.h"

#include <pthread.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

uint64_t thi_system_now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

int64_t thi_system_unix_s(void)
{
    return (int64_t)time(NULL);
}

uint64_t thi_system_process_id(void)
{
    return (uint64_t)getpid();
}

struct thi_usage thi_system_usage(void)
{
    struct rusage usage;
    if (getrusage(RUSAGE_SELF, &usage) != 0) {
        return (struct thi_usage){0, 0};
    }
    return (struct thi_usage){
        (uint64_t)usage.ru_utime.tv_sec * 1000000u + (uint64_t)usage.ru_utime.tv_usec,
        (uint64_t)usage.ru_stime.tv_sec * 1000000u + (uint64_t)usage.ru_stime.tv_usec};
}

uint64_t thi_system_descriptors(uint64_t wanted)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) {
        return wanted;
    }
    if (limit.rlim_cur < wanted) {
        struct rlimit raised = limit;
        raised.rlim_cur = wanted < limit.rlim_max ? (rlim_t)wanted : limit.rlim_max;
        if (setrlimit(RLIMIT_NOFILE, &raised) == 0) {
            limit = raised;
        }
    }
    return limit.rlim_cur;
}

int thi_system_stop_signals(void)
{
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    sigaction(SIGPIPE, &ignore, NULL);
    sigset_t stops;
    sigemptyset(&stops);
    sigaddset(&stops, SIGTERM);
    sigaddset(&stops, SIGINT);
    if (pthread_sigmask(SIG_BLOCK, &stops, NULL) != 0) {
        return -1;
    }
    return signalfd(-1, &stops, SFD_CLOEXEC | SFD_NONBLOCK);
}

int thi_system_wake_new(void)
{
    return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
}

void thi_system_wake(int descriptor)
{
    uint64_t one = 1;
    /* The only failure is a full counter, and then the descriptor is readable anyway. */
    ssize_t ignored = write(descriptor, &one, sizeof one);
    (void)ignored;
}

void thi_system_wake_clear(int descriptor)
{
    uint64_t count;
    ssize_t ignored = read(descriptor, &count, sizeof count);
    (void)ignored;
}
