/* SPDX-License-Identifier: MIT
 * own.c - what each thread has for itself: thread-local variables, keys, and a heap whose addresses
 *         depend on nothing else.
 */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

static _Thread_local int mine = 7;
static _Thread_local int zero;
static _Atomic(int *) given;
static pthread_key_t key;
static atomic_int destroyed;

static void destroy(void *value)
{
    free(value);
    atomic_fetch_add(&destroyed, 1);
}

static void *run(void *argument)
{
    assert(mine == 7 && zero == 0);
    mine = *(const int *)argument;
    zero++;
    assert(pthread_getspecific(key) == NULL);
    pthread_setspecific(key, malloc(1));
    atomic_store(&given, &mine);
    assert(mine == *(const int *)argument && zero == 1);
    return NULL;
}

int main(void)
{
    static const int numbers[] = {1, 2};
    pthread_t one, other;
    pthread_key_create(&key, destroy);
    pthread_create(&one, NULL, run, (void *)(unsigned long)&numbers[0]);
    pthread_create(&other, NULL, run, (void *)(unsigned long)&numbers[1]);
    pthread_join(one, NULL);
    pthread_join(other, NULL);
    int *theirs = atomic_load(&given);
    assert(mine == 7 && theirs != &mine && (*theirs == 1 || *theirs == 2));
    assert(atomic_load(&destroyed) == 2);
    return 0;
}
