/* SPDX-License-Identifier: MIT
 * run.c - what experiments share: the list of them, time, chance, progress, threads on processors.
 */
#include "lab/lab.h"

#include <pthread.h>
#include <sched.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>

const struct thi_lab_experiment *const thi_lab_experiments[] = {&thi_lab_store_buffering,
                                                                &thi_lab_message_passing,
                                                                &thi_lab_tearing,
                                                                &thi_lab_stale_bucket,
                                                                &thi_lab_early_free,
                                                                &thi_lab_missing_recheck,
                                                                &thi_lab_order_cost,
                                                                &thi_lab_false_sharing,
                                                                &thi_lab_growth_jitter,
                                                                &thi_lab_first_touch,
                                                                NULL};

const struct thi_lab_experiment *thi_lab_experiment_find(const char *name)
{
    for (size_t i = 0; thi_lab_experiments[i] != NULL; i++) {
        if (strcmp(thi_lab_experiments[i]->name, name) == 0) {
            return thi_lab_experiments[i];
        }
    }
    return NULL;
}

void thi_lab_progress(const struct thi_lab *lab, const char *format, ...)
{
    if (!lab->shows_progress) {
        return;
    }
    char text[160];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    fprintf(stderr, "\r\033[K%s: %.60s", lab->running == NULL ? "" : lab->running->name, text);
    fflush(stderr);
}

void thi_lab_progress_clear(const struct thi_lab *lab)
{
    if (lab->shows_progress) {
        fputs("\r\033[K", stderr);
        fflush(stderr);
    }
}

static uint64_t clock_ns(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

uint64_t thi_lab_now_ns(void)
{
    return clock_ns(CLOCK_MONOTONIC);
}

uint64_t thi_lab_thread_cpu_ns(void)
{
    return clock_ns(CLOCK_THREAD_CPUTIME_ID);
}

uint64_t thi_lab_random(uint64_t *state)
{
    uint64_t z = (*state += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

void thi_lab_wait(unsigned *turns)
{
    if (++*turns < 2000) {
        __asm__ volatile("" ::: "memory");
    } else {
        sched_yield();
    }
}

/* ------------------------------------------------------------------------- crews */

enum crew_state { CREW_GATHERS, CREW_GOES, CREW_GIVES_UP };

struct crew {
    const struct thi_lab *lab;
    void (*job)(void *context, unsigned member);
    void *context;
    bool one_cpu;
    unsigned count;
    atomic_uint ready;
    atomic_uint state;
};

struct member {
    struct crew *crew;
    unsigned number;
    pthread_t thread;
};

static void member_pin(const struct crew *crew, unsigned number)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(crew->lab->cpus[crew->one_cpu ? 0 : number % crew->lab->cpu_count], &set);
    /* May be refused where processors come and go: the thread then runs where it may. */
    (void)sched_setaffinity(0, sizeof set, &set);
}

static void *member_run(void *argument)
{
    const struct member *member = argument;
    struct crew *crew = member->crew;
    member_pin(crew, member->number);
    /* release: the thread stands on its processor before it counts as ready. */
    atomic_fetch_add_explicit(&crew->ready, 1, memory_order_release);
    unsigned turns = 0;
    while (atomic_load_explicit(&crew->state, memory_order_acquire) == CREW_GATHERS) {
        thi_lab_wait(&turns);
    }
    if (atomic_load_explicit(&crew->state, memory_order_acquire) == CREW_GOES) {
        crew->job(crew->context, member->number);
    }
    return NULL;
}

bool thi_lab_crew_run(const struct thi_lab *lab, unsigned count, bool one_cpu,
                      void (*job)(void *context, unsigned member), void *context)
{
    struct crew crew = {
        .lab = lab, .job = job, .context = context, .one_cpu = one_cpu, .count = count};
    struct member members[TH_LAB_CPUS_MAX];
    unsigned made = 0;
    while (made < count) {
        members[made].crew = &crew;
        members[made].number = made;
        if (pthread_create(&members[made].thread, NULL, member_run, &members[made]) != 0) {
            break;
        }
        made++;
    }
    unsigned turns = 0;
    while (atomic_load_explicit(&crew.ready, memory_order_acquire) != made) {
        thi_lab_wait(&turns);
    }
    unsigned state = made == count ? CREW_GOES : CREW_GIVES_UP;
    atomic_store_explicit(&crew.state, state, memory_order_release);
    for (unsigned i = 0; i < made; i++) {
        pthread_join(members[i].thread, NULL);
    }
    return made == count;
}
