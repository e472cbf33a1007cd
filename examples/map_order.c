/* SPDX-License-Identifier: MIT
 * map_order.c - what is ordered and what is not, over two keys; and the fence for those who need
 * more.
 *
 * Each key has one total order of its operations, and what happened before an operation is visible
 * to it. There is no total order over different keys: two threads that each put one key and then
 * get the other's may both find the old value, because a put may still wait in its processor's
 * store buffer when the get reads. A seq_cst fence between the put and the get of both threads
 * excludes that outcome.
 */
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>

#include <tophash/map.h>

enum { ROUNDS = 100000 };

struct player {
    struct th_map_u64 *map;
    uint64_t puts;
    uint64_t gets;
    bool fence;
    uint64_t seen[ROUNDS];
};

static struct player players[2];
static atomic_uint arrived[ROUNDS];

static void *play(void *argument)
{
    struct player *self = argument;
    for (uint64_t round = 0; round < ROUNDS; round++) {
        atomic_fetch_add(&arrived[round], 1);
        for (unsigned spin = 0; atomic_load(&arrived[round]) < 2 && spin < 20000; spin++) {
            /* Both begin a round together, or nearly: a lone player does not wait for ever. */
        }
        if (th_map_u64_replace(self->map, self->puts, round + 1, NULL) != TH_OK) {
            return NULL;
        }
        if (self->fence) {
            atomic_thread_fence(memory_order_seq_cst);
        }
        (void)th_map_u64_get(self->map, self->gets, &self->seen[round]);
    }
    return NULL;
}

/* How many rounds ended with both threads reading a value older than this round's. */
static int64_t rounds_both_old(struct th_map_u64 *map, bool fence)
{
    pthread_t threads[2];
    for (uint64_t i = 0; i < 2; i++) {
        players[i].map = map;
        players[i].puts = i;
        players[i].gets = 1 - i;
        players[i].fence = fence;
        if (th_map_u64_put(map, i, 0, NULL) < 0) {
            return -1;
        }
    }
    for (uint64_t round = 0; round < ROUNDS; round++) {
        atomic_store(&arrived[round], 0);
    }
    for (uint64_t i = 0; i < 2; i++) {
        if (pthread_create(&threads[i], NULL, play, &players[i]) != 0) {
            return -1;
        }
    }
    for (uint64_t i = 0; i < 2; i++) {
        pthread_join(threads[i], NULL);
    }
    int64_t both = 0;
    for (uint64_t round = 0; round < ROUNDS; round++) {
        both += players[0].seen[round] < round + 1 && players[1].seen[round] < round + 1;
    }
    return both;
}

int main(void)
{
    struct th_map_u64 *map = NULL;
    if (th_map_u64_new(NULL, &map) != TH_OK) {
        return 1;
    }
    int64_t without = rounds_both_old(map, false);
    int64_t with = rounds_both_old(map, true);
    printf("both read the old value: %" PRId64 " of %d rounds without a fence, %" PRId64
           " with one\n",
           without, ROUNDS, with);
    th_map_u64_free(map);
    return without >= 0 && with == 0 ? 0 : 1; /* without: any number is right */
}
