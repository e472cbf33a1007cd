/* SPDX-License-Identifier: MIT
 * model_thread.c - threads of POSIX and of C11, their keys, once.
 *
 * A thread's handle is its number plus 1. The first use of a number in one execution is the only
 * one: numbers are not given twice.
 */
#include "runtime/model.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <threads.h>

enum { ARGUMENT_BYTES_MAX = 256, KEYS_MAX = 32, DESTRUCTOR_ROUNDS = 4 };

extern int thi_user_main(int argc, char **argv, char **environment) __attribute__((weak));
extern void thi_user_setup(void) __attribute__((weak));
extern void thi_user_final(void) __attribute__((weak));
extern void thi_user_thread_a(void) __attribute__((weak));
extern void thi_user_thread_b(void) __attribute__((weak));
extern void thi_user_thread_c(void) __attribute__((weak));
extern void thi_user_thread_d(void) __attribute__((weak));
extern void thi_user_thread_e(void) __attribute__((weak));
extern void thi_user_thread_f(void) __attribute__((weak));
extern void thi_user_thread_g(void) __attribute__((weak));
extern void thi_user_thread_h(void) __attribute__((weak));

static struct {
    bool used;
    void (*destructor)(void *value);
} keys[KEYS_MAX];

static void *key_values[TH_FIBERS_MAX][KEYS_MAX];
static unsigned key_count;

void thi_model_restart(void)
{
    if (key_count != 0) {
        memset(keys, 0, sizeof keys);
        memset(key_values, 0, sizeof key_values);
        key_count = 0;
    }
}

/* --- Creation and join. */

uint32_t thi_model_thread_create(struct thi_start start, uint32_t site)
{
    struct thi_thread *self = thi_self_state();
    thi_model_enter();
    if (self->child_count == TH_FIBERS_MAX) {
        thi_fail_format(TH_ENGINE_MISUSE, site, "more than %d threads", TH_FIBERS_MAX - 1);
    }
    self->children[self->child_count++] = start;
    return (uint32_t)thi_operate(&(struct thi_operation){.kind = TH_OP_CREATE, .site = site});
}

void *thi_model_thread_join(uint32_t thread, uint32_t site)
{
    thi_model_enter();
    if (thread >= TH_FIBERS_MAX || !thi_runtime.threads[thread].started) {
        /* Its first step may still be to come: then it is known to the engine all the same. */
        if (thread == 0 || thread >= thi_engine_thread_count(thi_runtime.engine)) {
            thi_fail(TH_ENGINE_FAILED, "join of a thread that does not exist", site);
        }
    }
    struct thi_thread *state = &thi_runtime.threads[thread];
    if (state->joined || state->detached) {
        thi_fail(TH_ENGINE_FAILED, "join of a thread that was joined or detached before", site);
    }
    state->joined = true;
    thi_operate(&(struct thi_operation){.kind = TH_OP_JOIN, .value = thread, .site = site});
    return state->returned;
}

int thi_call_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
                            void *(*function)(void *), void *argument);
int thi_call_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
                            void *(*function)(void *), void *argument)
{
    uint32_t site = TH_SITE_HERE;
    (void)attributes;
    uint32_t number = thi_model_thread_create(
        (struct thi_start){.function = function, .argument = argument}, site);
    thi_plain((uintptr_t)thread, sizeof *thread, true, site);
    *thread = (pthread_t)(number + 1);
    return 0;
}

int thi_call_pthread_join(pthread_t thread, void **returned);
int thi_call_pthread_join(pthread_t thread, void **returned)
{
    uint32_t site = TH_SITE_HERE;
    void *value = thi_model_thread_join((uint32_t)thread - 1, site);
    if (returned != NULL) {
        thi_plain((uintptr_t)returned, sizeof *returned, true, site);
        *returned = value;
    }
    return 0;
}

int thi_call_pthread_detach(pthread_t thread);
int thi_call_pthread_detach(pthread_t thread)
{
    thi_model_enter();
    if ((uint32_t)thread - 1 < TH_FIBERS_MAX) {
        thi_runtime.threads[(uint32_t)thread - 1].detached = true;
    }
    return 0;
}

pthread_t thi_call_pthread_self(void);
pthread_t thi_call_pthread_self(void)
{
    return (pthread_t)(thi_self() + 1);
}

int thi_call_pthread_equal(pthread_t one, pthread_t other);
int thi_call_pthread_equal(pthread_t one, pthread_t other)
{
    return one == other;
}

_Noreturn void thi_call_pthread_exit(void *returned);
_Noreturn void thi_call_pthread_exit(void *returned)
{
    thi_thread_end(returned);
}

int thi_call_pthread_attr_init(pthread_attr_t *attributes);
int thi_call_pthread_attr_init(pthread_attr_t *attributes)
{
    thi_model_fill(attributes, 0, sizeof *attributes, TH_SITE_HERE);
    return 0;
}

int thi_call_pthread_attr_destroy(pthread_attr_t *attributes);
int thi_call_pthread_attr_destroy(pthread_attr_t *attributes)
{
    (void)attributes;
    return 0;
}

/* C11 functions return int; the value travels in the pointer. */
int thi_call_thrd_create(thrd_t *thread, thrd_start_t function, void *argument);
int thi_call_thrd_create(thrd_t *thread, thrd_start_t function, void *argument)
{
    uint32_t site = TH_SITE_HERE;
    void *(*as_pointer)(void *);
    memcpy(&as_pointer, &function, sizeof as_pointer);
    uint32_t number = thi_model_thread_create(
        (struct thi_start){.function = as_pointer, .argument = argument}, site);
    thi_plain((uintptr_t)thread, sizeof *thread, true, site);
    *thread = (thrd_t)(number + 1);
    return thrd_success;
}

int thi_call_thrd_join(thrd_t thread, int *returned);
int thi_call_thrd_join(thrd_t thread, int *returned)
{
    uint32_t site = TH_SITE_HERE;
    void *value = thi_model_thread_join((uint32_t)thread - 1, site);
    if (returned != NULL) {
        thi_plain((uintptr_t)returned, sizeof *returned, true, site);
        *returned = (int)(intptr_t)value;
    }
    return thrd_success;
}

int thi_call_thrd_detach(thrd_t thread);
int thi_call_thrd_detach(thrd_t thread)
{
    thi_call_pthread_detach((pthread_t)thread);
    return thrd_success;
}

thrd_t thi_call_thrd_current(void);
thrd_t thi_call_thrd_current(void)
{
    return (thrd_t)(thi_self() + 1);
}

int thi_call_thrd_equal(thrd_t one, thrd_t other);
int thi_call_thrd_equal(thrd_t one, thrd_t other)
{
    return one == other;
}

_Noreturn void thi_call_thrd_exit(int returned);
_Noreturn void thi_call_thrd_exit(int returned)
{
    thi_thread_end((void *)(intptr_t)returned);
}

/* --- The first thread. */

static void *form_main(void)
{
    void (*const bodies[])(void) = {thi_user_thread_a, thi_user_thread_b, thi_user_thread_c,
                                    thi_user_thread_d, thi_user_thread_e, thi_user_thread_f,
                                    thi_user_thread_g, thi_user_thread_h};
    enum { BODIES = sizeof bodies / sizeof bodies[0] };
    uint32_t numbers[BODIES];
    uint32_t count = 0;
    if (thi_user_setup != NULL) {
        thi_user_setup();
    }
    for (size_t i = 0; i < BODIES; i++) {
        if (bodies[i] != NULL) {
            void *(*as_pointer)(void *);
            memcpy(&as_pointer, &bodies[i], sizeof as_pointer);
            numbers[count++] =
                thi_model_thread_create((struct thi_start){.function = as_pointer}, 0);
        }
    }
    for (uint32_t i = 0; i < count; i++) {
        thi_model_thread_join(numbers[i], 0);
    }
    if (thi_user_final != NULL) {
        thi_user_final();
    }
    return NULL;
}

void *thi_model_main(void *unused)
{
    static char name[] = "program", word[ARGUMENT_BYTES_MAX];
    static char *arguments[] = {name, NULL, NULL};
    (void)unused;
    if (thi_user_main == NULL) {
        return form_main();
    }
    int count = 1;
    if (thi_runtime.options->argument != NULL) {
        snprintf(word, sizeof word, "%s", thi_runtime.options->argument);
        arguments[count++] = word;
    }
    int status = thi_user_main(count, arguments, arguments + count);
    if (status != 0) {
        thi_fail_format(TH_ENGINE_FAILED, 0, "main() returned %d", status);
    }
    return NULL;
}

/* --- Forks. */

/* The handlers are never called: a checked program does not fork. */
int thi_call_pthread_atfork(void (*before)(void), void (*parent)(void), void (*child)(void));
int thi_call_pthread_atfork(void (*before)(void), void (*parent)(void), void (*child)(void))
{
    (void)before;
    (void)parent;
    (void)child;
    thi_model_enter();
    return 0;
}

/* --- Keys. */

int thi_call_pthread_key_create(pthread_key_t *key, void (*destructor)(void *));
int thi_call_pthread_key_create(pthread_key_t *key, void (*destructor)(void *))
{
    uint32_t site = TH_SITE_HERE;
    thi_model_enter();
    if (key_count == KEYS_MAX) {
        return EAGAIN;
    }
    keys[key_count].used = true;
    keys[key_count].destructor = destructor;
    thi_plain((uintptr_t)key, sizeof *key, true, site);
    *key = key_count++;
    return 0;
}

int thi_call_pthread_key_delete(pthread_key_t key);
int thi_call_pthread_key_delete(pthread_key_t key)
{
    thi_model_enter();
    if (key >= key_count || !keys[key].used) {
        return EINVAL;
    }
    keys[key].used = false;
    return 0;
}

int thi_call_pthread_setspecific(pthread_key_t key, const void *value);
int thi_call_pthread_setspecific(pthread_key_t key, const void *value)
{
    thi_model_enter();
    if (key >= key_count || !keys[key].used) {
        return EINVAL;
    }
    key_values[thi_self()][key] = (void *)(uintptr_t)value;
    return 0;
}

void *thi_call_pthread_getspecific(pthread_key_t key);
void *thi_call_pthread_getspecific(pthread_key_t key)
{
    return key < key_count && keys[key].used ? key_values[thi_self()][key] : NULL;
}

int thi_call_tss_create(tss_t *key, tss_dtor_t destructor);
int thi_call_tss_create(tss_t *key, tss_dtor_t destructor)
{
    return thi_call_pthread_key_create(key, destructor) == 0 ? thrd_success : thrd_error;
}

void thi_call_tss_delete(tss_t key);
void thi_call_tss_delete(tss_t key)
{
    thi_call_pthread_key_delete(key);
}

int thi_call_tss_set(tss_t key, void *value);
int thi_call_tss_set(tss_t key, void *value)
{
    return thi_call_pthread_setspecific(key, value) == 0 ? thrd_success : thrd_error;
}

void *thi_call_tss_get(tss_t key);
void *thi_call_tss_get(tss_t key)
{
    return thi_call_pthread_getspecific(key);
}

void thi_model_thread_end(void)
{
    bool again = true;
    for (int round = 0; again && round < DESTRUCTOR_ROUNDS; round++) {
        again = false;
        for (unsigned key = 0; key < key_count; key++) {
            void *value = key_values[thi_self()][key];
            if (value != NULL && keys[key].used && keys[key].destructor != NULL) {
                thi_model_enter();
                key_values[thi_self()][key] = NULL;
                keys[key].destructor(value);
                again = true;
            }
        }
    }
}

/* --- Once: 0 nobody was there, 1 somebody is, 2 done. */

static void once(uintptr_t address, void (*function)(void), uint32_t site)
{
    thi_model_enter();
    uint64_t state = thi_model_load(address, 4, TH_ORDER_ACQUIRE, site);
    if (state == 0) {
        struct thi_model_exchange exchange = {.address = address,
                                              .bytes = 4,
                                              .expected = 0,
                                              .value = 1,
                                              .order = TH_ORDER_ACQUIRE,
                                              .site = site};
        if (!thi_model_compare_exchange(&exchange)) {
            thi_await(2, site); /* the execution in which the load saw it too is another one */
        }
        function();
        thi_model_enter();
        thi_model_store(address, 4, 2, site);
    } else if (state == 1) {
        thi_await(1, site);
    }
}

int thi_call_pthread_once(pthread_once_t *control, void (*function)(void));
int thi_call_pthread_once(pthread_once_t *control, void (*function)(void))
{
    once((uintptr_t)control, function, TH_SITE_HERE);
    return 0;
}

void thi_call_call_once(once_flag *flag, void (*function)(void));
void thi_call_call_once(once_flag *flag, void (*function)(void))
{
    once((uintptr_t)flag, function, TH_SITE_HERE);
}
