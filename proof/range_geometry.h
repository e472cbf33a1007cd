/* SPDX-License-Identifier: MIT
 * range_geometry.h - the sizes with which the slab's range is proved: two pages, of which each large
 *                    record takes one. The registry, proved with sizes of its own, has no room here.
 *                    Given to the compiler before each file.
 */
#ifndef TOPHASH_PROOF_RANGE_GEOMETRY_H
#define TOPHASH_PROOF_RANGE_GEOMETRY_H

#define TH_SLAB_REGION_BYTES_FIRST 48u
#define TH_SLAB_PAGES_FROM_BYTES 136u
#define TH_SLAB_RANGE_LOG2 13
#define TH_SLAB_SHARDS_MAX 4u
#define TH_SLAB_COLLISIONS_A_SHARD 256u
#define TH_SLAB_ROUNDS_WITHOUT_MEMORY 1u
#define TH_SLAB_STEAL_ROUNDS 1u
#define TH_REGISTRY_BLOCKS 1u
#define TH_REGISTRY_FIRST 1u
#define TH_REGISTRY_WINDOW 0u

#endif
