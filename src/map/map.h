/* SPDX-License-Identifier: MIT
 * map.h - what the rooms above may know of the map beyond <tophash/map.h>.
 */
#ifndef TOPHASH_MAP_MAP_H
#define TOPHASH_MAP_MAP_H

#include <tophash/map.h>

/* Bytes of memory that the map uses: its own blocks, the cells of its groups, and the side words of
 * all groups there ever were, which stay. A few loads; exact but for the groups that others are
 * splitting or merging this moment. */
uint64_t thi_map_u64_bytes(const struct th_map_u64 *map);

#endif
