/* SPDX-License-Identifier: MIT
 * mem_geometry.h - the sizes of the slab and of the registry. Who proves them chooses smaller ones.
 */
#ifndef TOPHASH_MEM_MEM_GEOMETRY_H
#define TOPHASH_MEM_MEM_GEOMETRY_H

#include <stdint.h>

/* Slab: its first region, how many shards it may have, and after how many meetings of threads it
 * gets one more. */
#ifndef TH_SLAB_REGION_BYTES_FIRST
#define TH_SLAB_REGION_BYTES_FIRST 1024u
#endif
#ifndef TH_SLAB_SHARDS_MAX
#define TH_SLAB_SHARDS_MAX 64u
#endif
#ifndef TH_SLAB_COLLISIONS_A_SHARD
#define TH_SLAB_COLLISIONS_A_SHARD 256u
#endif

/* Its regions of so many bytes on are pages, and lie in one range of addresses as long as they fit:
 * 4 GiB where addresses cost nothing, little where a sanitizer has shadows of them, none where
 * there are 32 bits. */
#ifndef TH_SLAB_PAGES_FROM_BYTES
#define TH_SLAB_PAGES_FROM_BYTES (64u * 1024u)
#endif
#ifndef TH_SLAB_RANGE_LOG2
#if UINTPTR_MAX <= UINT32_MAX
#define TH_SLAB_RANGE_LOG2 0
#elif defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define TH_SLAB_RANGE_LOG2 20
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define TH_SLAB_RANGE_LOG2 20
#endif
#endif
#ifndef TH_SLAB_RANGE_LOG2
#define TH_SLAB_RANGE_LOG2 32
#endif
#endif

/* Its patience: without memory for one more shard, and with shards that are locked while it looks
 * for records in them. */
#ifndef TH_SLAB_ROUNDS_WITHOUT_MEMORY
#define TH_SLAB_ROUNDS_WITHOUT_MEMORY 1000u
#endif
#ifndef TH_SLAB_STEAL_ROUNDS
#define TH_SLAB_STEAL_ROUNDS 16u
#endif

/* Registry: blocks that double, the first one's entries, and how many of a block may hold a
 * region. */
#ifndef TH_REGISTRY_BLOCKS
#define TH_REGISTRY_BLOCKS 12u
#define TH_REGISTRY_FIRST 64u
#define TH_REGISTRY_WINDOW 8u
#endif

#endif
