/* SPDX-License-Identifier: MIT
 * map_batch.c - many keys at once: the memory latencies of a batch overlap, the answers come by
 * position.
 */
#include <inttypes.h>
#include <stdio.h>

#include <tophash/map.h>

enum { BATCH = 64 };

int main(void)
{
    struct th_map_u32 *map = NULL;
    struct th_map_config config = {.reserve = 1000};
    if (th_map_u32_new(&config, &map) != TH_OK) {
        return 1;
    }
    uint32_t keys[BATCH];
    uint64_t values[BATCH];
    bool found[BATCH];
    for (uint32_t i = 0; i < BATCH; i++) {
        keys[i] = i * 2;
        values[i] = i;
    }
    size_t done = 0;
    th_status status = th_map_u32_put_many(map, keys, values, BATCH, &done);
    if (status != TH_OK) {
        fprintf(stderr, "%zu of %d put: %s\n", done, BATCH, th_status_name(status));
        return 1;
    }
    for (uint32_t i = 0; i < BATCH; i++) {
        keys[i] = i; /* every second one is there */
    }
    size_t hits = th_map_u32_get_many(map, keys, BATCH, values, found);
    for (uint32_t i = 0; i < 4; i++) {
        printf("%" PRIu32 ": %s\n", keys[i], found[i] ? "there" : "absent");
    }
    printf("%zu of %d found\n", hits, BATCH);
    th_map_u32_free(map);
    return hits == BATCH / 2 ? 0 : 1;
}
