/* SPDX-License-Identifier: MIT
 * mem_geometry.h - the sizes of the slab and of the registry. Who proves them chooses smaller ones.
 */
#ifndef TOPHASH_MEM_MEM_GEOMETRY_H
#define TOPHASH_MEM_MEM_GEOMETRY_H

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
