/* SPDX-License-Identifier: MIT
 * map_first.c - the first steps with a map: put, get, update, erase; from any number of threads at
 * once.
 */
#include <inttypes.h>
#include <stdio.h>

#include <tophash/map.h>

int main(void)
{
    struct th_map_u64 *map = NULL;
    if (th_map_u64_new(NULL, &map) != TH_OK) {
        fprintf(stderr, "no memory for a map\n");
        return 1;
    }

    /* Insert or replace. Every 64-bit key and every 64-bit value is usable. */
    th_status status = th_map_u64_put(map, 42, 1000, NULL);
    if (status != TH_OK) {
        fprintf(stderr, "put: %s\n", th_status_name(status));
    }

    uint64_t value = 0;
    if (th_map_u64_get(map, 42, &value)) {
        printf("42 -> %" PRIu64 "\n", value);
    }

    /* Add to a value in place: no lock, no read-and-put-back. */
    uint64_t before = 0;
    if (th_map_u64_fetch_add(map, 42, 5, &before) == TH_OK) {
        printf("42 was %" PRIu64 "\n", before);
    }

    /* Get or insert: TH_EXISTS tells the value that stands. */
    if (th_map_u64_insert(map, 42, 7, &value) == TH_EXISTS) {
        printf("42 is there already: %" PRIu64 "\n", value);
    }

    if (th_map_u64_erase(map, 42, NULL) == TH_OK && !th_map_u64_get(map, 42, NULL)) {
        printf("42 is gone, %" PRIu64 " entries left\n", th_map_u64_count(map));
    }
    th_map_u64_free(map);
    return 0;
}
