/* SPDX-License-Identifier: MIT
 * geometry.h - the sizes with which the library is proved: every rare state within a few steps.
 *              Given to the compiler before each file.
 */
#ifndef TOPHASH_PROOF_GEOMETRY_H
#define TOPHASH_PROOF_GEOMETRY_H

#ifndef TH_MAP_LINES_LOG2
#define TH_MAP_LINES_LOG2 1
#endif
#define TH_MAP_CELL_LOCK_SPINS 1u
#define TH_MAP_WAIT_SPIN_ROUNDS 0u
#define TH_MAP_WALK_TRIES 1u
#ifndef TH_LIMBO_STRIPES
#define TH_LIMBO_STRIPES 1u
#endif
#ifndef TH_MAP_RUN_GROUPS_LOG2
#define TH_MAP_RUN_GROUPS_LOG2 2
#define TH_MAP_FIRST_RUN_GROUPS_LOG2 2
#endif
#define TH_MAP_SPLIT_COUNT 64u /* scenarios split when they want to */
#define TH_MAP_MERGE_COUNT 4u

#endif
