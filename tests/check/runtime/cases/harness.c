/* SPDX-License-Identifier: MIT
 * harness.c - what cannot be checked, or proves nothing; CASE says why.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <unistd.h>

static atomic_int shared;
static int first, second;

#if CASE == 1
static int chance(void)
{
    int value = 0;
    return getrandom(&value, sizeof value, 0) < 0 ? 0 : value;
}
#elif CASE == 2
static int chance(void)
{
    return (int)getpid();
}
#elif CASE == 3
static int chance(void)
{
    int value = 0;
    return read(0, &value, sizeof value) < 0 ? 0 : value;
}
#elif CASE == 4
static volatile int chance_value;
static int chance(void)
{
    return chance_value;
}
#elif CASE == 5
static int chance(void)
{
    __asm__ volatile("incl %0" : "+m"(first));
    return first;
}
#elif CASE == 6 && defined(__x86_64__)
static int chance(void)
{
    return (int)__builtin_ia32_rdtsc();
}
#elif CASE == 7
static int chance(void)
{
    return ttyname(0) != NULL;
}
#else
static int chance(void)
{
    return 0;
}
#endif

static void *write_to(void *where)
{
    *(int *)where = 1;
    return where;
}

static void *share(void *unused)
{
    atomic_store(&shared, chance());
    return unused;
}

int main(void)
{
    pthread_t one, other;
    if (CASE == 8) {
        return atomic_load(&shared);
    }
    pthread_create(&one, NULL, CASE == 9 ? write_to : share, &first);
    pthread_create(&other, NULL, CASE == 9 ? write_to : share, &second);
    pthread_join(one, NULL);
    pthread_join(other, NULL);
    return 0;
}
