/* SPDX-License-Identifier: MIT
 * seqlock.c - one writer, readers that look again if the writer was there. The pair is read with
 * relaxed atomics, as C11 demands: a reader may look while it changes. Behind the pair stands plain
 * data that the writer fills before it shows the pair.
 *
 * Switches     WRITES, READERS. BEGIN_FENCE: the odd number before the pair. END_STORE: the pair
 *              before the even number. BEGIN_LOAD: the even number before our reads of the pair.
 *              END_FENCE: our reads of the pair before the second look at the number.
 *              PLAIN_PAIR: the pair is plain. NO_SECOND_LOOK: the number is looked at once.
 * Sources      H. Boehm, Can Seqlocks Get Along With Programming Language Memory Models?, 2012.
 */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>

#ifndef WRITES
#define WRITES 2
#endif
#ifndef READERS
#define READERS 1
#endif
#ifndef BEGIN_FENCE
#define BEGIN_FENCE memory_order_release
#endif
#ifndef END_STORE
#define END_STORE memory_order_release
#endif
#ifndef BEGIN_LOAD
#define BEGIN_LOAD memory_order_acquire
#endif
#ifndef END_FENCE
#define END_FENCE memory_order_acquire
#endif

#ifdef PLAIN_PAIR
#define PAIR_LOAD(word) (word)
#define PAIR_STORE(word, value) ((word) = (value))
typedef int pair_word;
#else
#define PAIR_LOAD(word) atomic_load_explicit(&(word), memory_order_relaxed)
#define PAIR_STORE(word, value) atomic_store_explicit(&(word), (value), memory_order_relaxed)
typedef atomic_int pair_word;
#endif

static atomic_uint sequence;
static pair_word left, right;
static int content[WRITES + 1];

static void pair_write(int number)
{
    content[number] = 10 * number;
    unsigned before = atomic_load_explicit(&sequence, memory_order_relaxed);
    atomic_store_explicit(&sequence, before + 1, memory_order_relaxed);
    atomic_thread_fence(BEGIN_FENCE);
    PAIR_STORE(left, number);
    PAIR_STORE(right, number);
    atomic_store_explicit(&sequence, before + 2, END_STORE);
}

static int pair_read(void)
{
    for (;;) {
        unsigned before = atomic_load_explicit(&sequence, BEGIN_LOAD);
        if (before % 2 != 0) {
            continue;
        }
        int seen_left = PAIR_LOAD(left);
        int seen_right = PAIR_LOAD(right);
        atomic_thread_fence(END_FENCE);
#ifndef NO_SECOND_LOOK
        if (atomic_load_explicit(&sequence, memory_order_relaxed) != before) {
            continue;
        }
#endif
        assert(seen_left == seen_right);
        return seen_left;
    }
}

static void *writer(void *unused)
{
    for (int number = 1; number <= WRITES; number++) {
        pair_write(number);
    }
    return unused;
}

static void *reader(void *unused)
{
    int number = pair_read();
    assert(content[number] == 10 * number);
    return unused;
}

int main(void)
{
    pthread_t threads[1 + READERS];
    for (int i = 0; i < 1 + READERS; i++) {
        pthread_create(&threads[i], NULL, i == 0 ? writer : reader, NULL);
    }
    for (int i = 0; i < 1 + READERS; i++) {
        pthread_join(threads[i], NULL);
    }
    assert(pair_read() == WRITES);
    return 0;
}
