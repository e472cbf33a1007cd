/* SPDX-License-Identifier: MIT
 * loops.c - a thread loops; CASE says how.
 */
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

#include <tophash/check.h>

static atomic_int flag;
static atomic_int turns;
static unsigned number = 7;

/* Comes to 1, and starts again: only running it shows that it does not end. */
static unsigned collatz(unsigned value)
{
    return value == 1 ? number : value % 2 != 0 ? 3 * value + 1 : value / 2;
}

static void *loop(void *unused)
{
    unsigned value = number;
    unsigned count = 0;
    switch (CASE) {
    case 1: /* waits for what comes */
        while (atomic_load(&flag) != 2) {
            sched_yield();
        }
        break;
    case 2: /* waits for what never comes */
        while (atomic_load(&flag) != 5) {
        }
        break;
    case 3: /* counts its turns: not the same state again */
        while (atomic_load(&flag) != 2) {
            count++;
        }
        break;
    case 4: /* the same, and says that it waits */
        while (atomic_load(&flag) != 2) {
            count++;
            th_check_await();
        }
        break;
    case 5: /* a bounded number of looks is no waiting */
        for (count = 0; count < 3 && atomic_load(&flag) != 2; count++) {
        }
        atomic_store(&turns, (int)count);
        break;
    case 6: /* depends on data */
        for (; value != 0; value = collatz(value)) {
            atomic_store(&turns, (int)value);
        }
        break;
    case 7: /* no operation at all */
        while (value != 0) {
            value = collatz(value);
        }
        break;
    case 8: /* writes what it has read, and so waits for what never comes */
        while (atomic_exchange(&turns, 1) != 2) {
        }
        break;
    case 9: /* writes in each turn */
        while (atomic_fetch_add(&turns, 1) != -2) {
        }
        break;
    default: break;
    }
    return unused;
}

int main(void)
{
    pthread_t thread;
    pthread_create(&thread, NULL, loop, NULL);
    atomic_store(&flag, 1);
    atomic_store(&flag, 2);
    pthread_join(thread, NULL);
    return 0;
}
