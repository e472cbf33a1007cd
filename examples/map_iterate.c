/* SPDX-License-Identifier: MIT
 * map_iterate.c - walks a map with a cursor: resumable, and right while others write and the map
 * grows.
 */
#include <inttypes.h>
#include <stdio.h>

#include <tophash/map.h>

enum { ENTRIES = 10000, AT_ONCE = 256 };

int main(void)
{
    struct th_map_u64 *map = NULL;
    if (th_map_u64_new(NULL, &map) != TH_OK) {
        return 1;
    }
    for (uint64_t key = 0; key < ENTRIES; key++) {
        if (th_map_u64_put(map, key, key * key, NULL) != TH_OK) {
            return 1;
        }
    }

    /* An entry that is there during the whole walk is given exactly once, even though we put others
     * meanwhile. */
    struct th_map_cursor cursor = {0, 0};
    struct th_map_entry_u64 entries[AT_ONCE];
    uint64_t seen = 0, wrong = 0;
    size_t count = 0;
    while ((count = th_map_u64_next(map, &cursor, entries, AT_ONCE)) != 0) {
        for (size_t i = 0; i < count; i++) {
            seen += entries[i].key < ENTRIES;
            wrong += entries[i].value != entries[i].key * entries[i].key;
        }
        uint64_t key = ENTRIES + seen;
        if (th_map_u64_put(map, key, key * key, NULL) < 0) {
            return 1;
        }
    }
    printf("%" PRIu64 " of %d entries seen, %" PRIu64 " wrong\n", seen, ENTRIES, wrong);
    th_map_u64_free(map);
    return seen == ENTRIES && wrong == 0 ? 0 : 1;
}
