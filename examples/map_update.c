/* SPDX-License-Identifier: MIT
 * map_update.c - any computation on a value: a loop of compare_exchange instead of a callback under
 * a lock.
 */
#include <inttypes.h>
#include <stdio.h>

#include <tophash/map.h>

/* Raises the key's value to at least `value`, from any number of threads at once. */
static th_status raise_to(struct th_map_u64 *map, uint64_t key, uint64_t value)
{
    uint64_t seen = 0;
    th_status status = th_map_u64_insert(map, key, value, &seen);
    while (status == TH_EXISTS || status == TH_MISMATCH) {
        if (seen >= value) {
            return TH_OK;
        }
        status =
            th_map_u64_compare_exchange(map, key, &seen, value); /* on mismatch: `seen` is new */
        if (status == TH_ABSENT) {
            status = th_map_u64_insert(map, key, value, &seen); /* erased meanwhile: begin again */
        }
    }
    return status;
}

int main(void)
{
    struct th_map_u64 *map = NULL;
    if (th_map_u64_new(NULL, &map) != TH_OK) {
        return 1;
    }
    static const uint64_t readings[] = {17, 23, 19, 31, 8};
    for (size_t i = 0; i < sizeof(readings) / sizeof(readings[0]); i++) {
        th_status status = raise_to(map, 1, readings[i]);
        if (status != TH_OK) {
            fprintf(stderr, "%s\n", th_status_name(status));
            return 1;
        }
    }
    uint64_t highest = 0;
    bool right = th_map_u64_get(map, 1, &highest) && highest == 31;
    printf("highest: %" PRIu64 "\n", highest);
    /* Erases only what is still as we saw it. */
    right = th_map_u64_erase_if(map, 1, 30, &highest) == TH_MISMATCH && right;
    right = th_map_u64_erase_if(map, 1, 31, NULL) == TH_OK && right;
    th_map_u64_free(map);
    return right ? 0 : 1;
}
