/* SPDX-License-Identifier: MIT
 * poll.c - waiting for descriptors with epoll.
 */
#include "net/poll.h"

#include <stdint.h>
#include <sys/epoll.h>

int thi_poll_new(void)
{
    return epoll_create1(EPOLL_CLOEXEC);
}

bool thi_poll_add(int poll, int descriptor, void *context, bool edge)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = context};
    if (edge) {
        event.events |= (uint32_t)EPOLLOUT | EPOLLRDHUP | EPOLLET;
    }
    return epoll_ctl(poll, EPOLL_CTL_ADD, descriptor, &event) == 0;
}

void thi_poll_pause(int poll, int descriptor, void *context, bool paused)
{
    struct epoll_event event = {.events = paused ? 0 : EPOLLIN, .data.ptr = context};
    (void)epoll_ctl(poll, EPOLL_CTL_MOD, descriptor, &event);
}

size_t thi_poll_wait(int poll, struct thi_poll_event events[TH_POLL_EVENTS_MAX], int timeout_ms)
{
    struct epoll_event raw[TH_POLL_EVENTS_MAX];
    int count = epoll_wait(poll, raw, TH_POLL_EVENTS_MAX, timeout_ms);
    for (int i = 0; i < count; i++) {
        const uint32_t bits = raw[i].events;
        events[i] = (struct thi_poll_event){
            .context = raw[i].data.ptr,
            .readable = (bits & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0,
            .writable = (bits & (EPOLLOUT | EPOLLHUP | EPOLLERR)) != 0,
            .hung_up = (bits & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0};
    }
    return count > 0 ? (size_t)count : 0; /* a signal: nothing yet */
}
