/* SPDX-License-Identifier: MIT
 * life.c - one thread misuses memory; CASE says how.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

static int *block;
static atomic_int shared;

static int deep(int depth)
{
    char room[1000];
    room[0] = (char)depth;
    return depth == 0 ? 0 : deep(depth + 1) + room[0];
}

static void *misuse(void *unused)
{
    int *other = malloc(2 * sizeof *other);
    int *elsewhere = (int *)0x123456789;
    int none = *block - 1;
    atomic_store(&shared, 1);
    switch (CASE) {
    case 1: free(block), *block = 1; break;
    case 2: free(block), free(block); break;
    case 3: block = NULL; break;
    case 4: block[0] = other[0]; break;
    case 5: block[2] = 1; break;
    case 6: *(int *)(unused) = 1; break;
    case 7: block[0] = 7 / none; break;
    case 8: abort();
    case 9: exit(3);
    case 10: free((char *)block + 4); break;
    case 11: *elsewhere = 1; break;
    case 12: block[0] = deep(1); break;
    default: break;
    }
    free(other);
    return unused;
}

int main(void)
{
    pthread_t thread;
    block = malloc(2 * sizeof *block);
    *block = 1;
    pthread_create(&thread, NULL, misuse, NULL);
    atomic_load(&shared);
    pthread_join(thread, NULL);
    free(block);
    return 0;
}
