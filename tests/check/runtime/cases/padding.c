/* SPDX-License-Identifier: MIT
 * padding.c - structs with holes are copied: nobody writes the holes, and nobody minds.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

struct small {
    char letter;
    int number;
};

struct large {
    char letter;
    long numbers[2];
    char last;
};

static struct small *small;
static struct large *large;
static atomic_int sum;

static void *copy(void *unused)
{
    struct small one = *small;
    struct large two = *large;
    struct large *three = malloc(sizeof *three);
    memcpy(three, large, sizeof *three);
    *small = one;
    atomic_store(&sum, two.letter + three->last);
    free(three);
    return unused;
}

int main(void)
{
    pthread_t thread;
    small = malloc(sizeof *small);
    small->letter = 'a';
    small->number = 1;
    large = malloc(sizeof *large);
    large->letter = 'b';
    large->numbers[0] = large->numbers[1] = 2;
    large->last = 'c';
    pthread_create(&thread, NULL, copy, NULL);
    atomic_load(&sum);
    pthread_join(thread, NULL);
    free(small);
    free(large);
    return 0;
}
