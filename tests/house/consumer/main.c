/* SPDX-License-Identifier: MIT
 * main.c - somebody else's program: uses the installed library and nothing of this tree.
 */
#include <tophash/cache.h>
#include <tophash/epoch.h>
#include <tophash/map.h>

#include <stdio.h>
#include <string.h>

static int map_try(void)
{
    struct th_map_bytes *map;
    if (th_map_bytes_new(NULL, &map) != TH_OK) {
        return 1;
    }
    uint64_t value = 0;
    int failed = th_map_bytes_put(map, "key", 3, 7, NULL) != TH_OK ||
                 !th_map_bytes_get(map, "key", 3, &value) || value != 7;
    th_map_bytes_free(map);
    return failed;
}

static int cache_try(void)
{
    struct th_cache *cache;
    if (th_cache_new(NULL, &cache) != TH_OK) {
        return 1;
    }
    struct th_cache_item item = {.value = "value", .value_bytes = 5};
    struct th_cache_view view;
    int failed = th_cache_store(cache, TH_CACHE_SET, "key", 3, &item, 1, NULL) != TH_OK;
    th_cache_enter(cache);
    failed = failed || !th_cache_get(cache, "key", 3, 1, &view) || view.value_bytes != 5 ||
             memcmp(view.value, "value", 5) != 0;
    th_cache_leave(cache);
    th_cache_free(cache);
    return failed;
}

int main(void)
{
    if (strcmp(th_version(), TH_VERSION_STRING) != 0 || map_try() != 0 || cache_try() != 0) {
        fprintf(stderr, "the installed library does not do what its headers say\n");
        return 1;
    }
    printf("tophash %s\n", th_version());
    return 0;
}
