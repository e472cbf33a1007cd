/* SPDX-License-Identifier: MIT
 * first.c - the first example: four threads count words in one map while it grows.
 */
#include <tophash/map.h>

#include <pthread.h>
#include <stdio.h>
#include <string.h>

enum { THREADS = 4, ROUNDS = 20000 };

static const char *const words[] = {"map", "cell", "group", "line", "epoch", "key", "value"};

static bool failed[THREADS];

/* region: count */
/* Adds one to the count of a word; any number of threads may do so at once. */
static th_status word_count(struct th_map_bytes *map, const char *word)
{
    th_status status = th_map_bytes_fetch_add(map, word, strlen(word), 1, NULL);
    while (status == TH_ABSENT) {
        /* First seen: put 1, unless somebody else was faster; then add to what he put. */
        status = th_map_bytes_insert(map, word, strlen(word), 1, NULL);
        if (status == TH_EXISTS) {
            status = th_map_bytes_fetch_add(map, word, strlen(word), 1, NULL);
        }
    }
    return status; /* TH_OK, or TH_ENOMEM with nothing changed */
}
/* end of region */

struct job {
    struct th_map_bytes *map;
    int thread;
};

static void *work(void *argument)
{
    const struct job *job = argument;
    for (int round = 0; round < ROUNDS; round++) {
        char unique[32];
        snprintf(unique, sizeof unique, "%d:%d", job->thread, round);
        if (word_count(job->map, words[(size_t)round % 7]) != TH_OK ||
            word_count(job->map, unique) != TH_OK) {
            failed[job->thread] = true;
        }
    }
    return NULL;
}

static int totals_print(const struct th_map_bytes *map)
{
    uint64_t total = 0;
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        uint64_t count = 0;
        (void)th_map_bytes_get(map, words[i], strlen(words[i]), &count);
        printf("%-6s %8llu\n", words[i], (unsigned long long)count);
        total += count;
    }
    printf("keys   %8llu\n", (unsigned long long)th_map_bytes_count(map));
    return total == (uint64_t)THREADS * ROUNDS ? 0 : 1;
}

int main(void)
{
    struct th_map_bytes *map;
    if (th_map_bytes_new(NULL, &map) != TH_OK) {
        fprintf(stderr, "first: no memory\n");
        return 1;
    }
    pthread_t threads[THREADS];
    struct job jobs[THREADS];
    int started = 0;
    for (; started < THREADS; started++) {
        jobs[started] = (struct job){map, started};
        if (pthread_create(&threads[started], NULL, work, &jobs[started]) != 0) {
            fprintf(stderr, "first: no thread\n");
            break;
        }
    }
    int status = started == THREADS ? 0 : 1;
    for (int i = 0; i < started; i++) {
        pthread_join(threads[i], NULL);
        status |= failed[i];
    }
    status |= totals_print(map);
    th_map_bytes_free(map);
    return status;
}
