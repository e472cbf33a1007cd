/* SPDX-License-Identifier: MIT
 * form.c - the small form: a message, given on.
 */
#include <assert.h>
#include <stdatomic.h>
#include <stddef.h>

#include <tophash/check.h>

#ifndef GIVE
#define GIVE memory_order_release
#endif

static struct {
    int text;
    atomic_int there;
} box;

void setup(void)
{
    th_check_name(&box.text, sizeof box.text, "the %s", "letter");
    box.text = 0;
}

void thread_a(void)
{
    box.text = 42;
    atomic_store_explicit(&box.there, 1, GIVE);
}

void thread_b(void)
{
    while (atomic_load_explicit(&box.there, memory_order_acquire) == 0) {
    }
    assert(box.text == 42);
}

void final(void)
{
    assert(box.text == 42);
}
