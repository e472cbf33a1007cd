/* SPDX-License-Identifier: MIT
 * map_geometry.h - the numbers of the map's layout. Tests and the checker build the map with tiny
 * ones.
 *
 * TH_MAP_TINY chooses a geometry in which every rare state is common: groups of 8 cells, runs of
 * 4 groups. Each number can also be set on its own.
 */
#ifndef TOPHASH_MAP_MAP_GEOMETRY_H
#define TOPHASH_MAP_MAP_GEOMETRY_H

#include <stdint.h>

#ifdef TH_MAP_TINY
#define TH_MAP_LINES_LOG2 1
#define TH_MAP_RUN_GROUPS_LOG2 2
#define TH_MAP_FIRST_RUN_GROUPS_LOG2 4
#endif

/* Lines of four cells in a group, at most 6: the bitmap of a group is one word. */
#ifndef TH_MAP_LINES_LOG2
#define TH_MAP_LINES_LOG2 6
#endif

/* Groups in the first run of the table when memory is not given page by page: 512 groups of 4 KiB
 * make 2 MiB, a huge page. */
#ifndef TH_MAP_RUN_GROUPS_LOG2
#define TH_MAP_RUN_GROUPS_LOG2 9
#endif

/* Groups whose address space the first run takes where pages cost nothing before they are touched:
 * 4 GiB, about 200 million entries. Race detectors and small address spaces get less. */
#ifndef TH_MAP_FIRST_RUN_GROUPS_LOG2
#if UINTPTR_MAX <= UINT32_MAX || defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define TH_MAP_FIRST_RUN_GROUPS_LOG2 12
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define TH_MAP_FIRST_RUN_GROUPS_LOG2 12
#endif
#endif
#ifndef TH_MAP_FIRST_RUN_GROUPS_LOG2
#define TH_MAP_FIRST_RUN_GROUPS_LOG2 20
#endif
#endif

/* Groups that always exist: 4, so that two bits of every stored key are implied by its group and
 * free for marks. */
#define TH_MAP_ROOT_DEPTH 2u
#define TH_MAP_ROOT_GROUPS 4u

#define TH_MAP_LINE_CELLS_LOG2 2
#define TH_MAP_LINE_CELLS 4u
#define TH_MAP_LINES (1u << TH_MAP_LINES_LOG2)
#define TH_MAP_GROUP_CELLS_LOG2 (TH_MAP_LINES_LOG2 + TH_MAP_LINE_CELLS_LOG2)
#define TH_MAP_GROUP_CELLS (1u << TH_MAP_GROUP_CELLS_LOG2)

/* Where a hash says what: the bits from TH_HASH_GROUP_SHIFT up are the group's number, the six
 * below the line, the two below these the cell. So the hash, cut off at the depth of the table, is
 * the line's distance in bytes from the first group's: one AND leads to it. Small geometries leave
 * the rest of a group's 4 KiB unused. */
#define TH_HASH_GROUP_SHIFT 12u
#define TH_HASH_LINE_SHIFT 6u
#define TH_HASH_CELL_SHIFT 4u
#define TH_MAP_GROUP_BYTES ((size_t)1 << TH_HASH_GROUP_SHIFT)

/* Entries at which a group asks to be split: 210 of 256, which makes 30 bytes an entry in the mean
 * over all sizes; and a few before, at which its sibling's memory is asked for. */
#ifndef TH_MAP_SPLIT_COUNT
#define TH_MAP_SPLIT_COUNT (TH_MAP_GROUP_CELLS * 105u / 128u)
#endif
#define TH_MAP_PREPARE_COUNT (TH_MAP_SPLIT_COUNT - TH_MAP_GROUP_CELLS / 128u)
/* Two groups are merged when together they hold no more than this: half of what makes a group split
 * again. */
#ifndef TH_MAP_MERGE_COUNT
#define TH_MAP_MERGE_COUNT (TH_MAP_GROUP_CELLS * 13u / 32u)
#endif

/* How much deeper than the typical group one group may be. Random keys need 1; keys chosen to meet
 * in one group would otherwise buy runs of their own. */
#ifndef TH_MAP_DEPTH_SLACK
#define TH_MAP_DEPTH_SLACK 3u
#endif
/* Up to here any group may be split: the first run covers it. */
#ifndef TH_MAP_DEPTH_FREE
#define TH_MAP_DEPTH_FREE 9u
#endif
/* Deepest group: its number is 31 bits. */
#define TH_MAP_DEPTH_MAX 31u

/* How long one waits: looks at a held cell before a split or merge leaves it, rounds of spinning
 * before a waiter sleeps, disturbed copies before a walk takes the group's lock. */
#ifndef TH_MAP_CELL_LOCK_SPINS
#define TH_MAP_CELL_LOCK_SPINS 128u
#endif
#ifndef TH_MAP_WAIT_SPIN_ROUNDS
#define TH_MAP_WAIT_SPIN_ROUNDS 6u /* 1 + 2 + ... + 32 pauses: about a microsecond */
#endif
#ifndef TH_MAP_WALK_TRIES
#define TH_MAP_WALK_TRIES 4u
#endif

/* Keys that get_many and put_many work on at once. */
#define TH_MAP_BATCH 32u

#endif
