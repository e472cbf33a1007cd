/* SPDX-License-Identifier: MIT
 * floor_geometry.h - the sizes with which slab and registry are proved: regions of two records, four
 *                    shards, blocks of one and two entries. Given to the compiler before each file.
 */
#ifndef TOPHASH_PROOF_FLOOR_GEOMETRY_H
#define TOPHASH_PROOF_FLOOR_GEOMETRY_H

#define TH_SLAB_REGION_BYTES_FIRST 48u
#define TH_SLAB_SHARDS_MAX 4u
#define TH_SLAB_COLLISIONS_A_SHARD 256u
#define TH_SLAB_ROUNDS_WITHOUT_MEMORY 1u
#define TH_SLAB_STEAL_ROUNDS 1u
#define TH_REGISTRY_BLOCKS 2u
#define TH_REGISTRY_FIRST 1u
#define TH_REGISTRY_WINDOW 2u

#endif
