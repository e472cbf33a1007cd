/* SPDX-License-Identifier: MIT
 * port_thread.c - thread exit, fork and the process lock by POSIX threads.
 *
 * Guarantees   G1 `at_exit` runs after the thread's cleanup handlers, with thread-local storage
 *              still readable; storage that is used again by a later destructor is watched anew.
 *              G2 unloading the library with threads alive is safe: the key goes with the code, so
 *              that no thread calls into an unmapped page when it ends. (What those threads held is
 *              leaked.)
 * Progress     watch: wait-free after the first call of the process, which may block on the C
 * library.
 * Sources      pthread_key_create(3), pthread_atfork(3).
 */
#include "port/port_thread.h"

#include <pthread.h>

static pthread_mutex_t process_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_once_t exit_key_once = PTHREAD_ONCE_INIT;
static pthread_key_t exit_key;
static bool
    exit_key_made; /* written inside pthread_once, which orders it before every later reader */

/* The key's value is the function itself, boxed: ISO C knows no conversion of functions to
 * objects. */
struct exit_box {
    void (*at_exit)(void);
};

static void exit_key_run(void *value)
{
    const struct exit_box *box = value;
    box->at_exit();
}

static void exit_key_make(void)
{
    exit_key_made = pthread_key_create(&exit_key, exit_key_run) == 0;
}

__attribute__((destructor)) static void exit_key_unmake(void)
{
    if (exit_key_made) {
        (void)pthread_key_delete(exit_key);
    }
}

bool thi_port_thread_watch(void (*at_exit)(void))
{
    static _Thread_local struct exit_box box;
    (void)pthread_once(&exit_key_once, exit_key_make);
    if (!exit_key_made) {
        return false;
    }
    box.at_exit = at_exit;
    return pthread_setspecific(exit_key, &box) == 0;
}

bool thi_port_fork_watch(void (*before)(void), void (*in_parent)(void), void (*in_child)(void))
{
    return pthread_atfork(before, in_parent, in_child) == 0;
}

void thi_port_process_lock(void)
{
    (void)pthread_mutex_lock(&process_lock);
}

void thi_port_process_unlock(void)
{
    (void)pthread_mutex_unlock(&process_lock);
}
