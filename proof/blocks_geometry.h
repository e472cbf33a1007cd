/* SPDX-License-Identifier: MIT
 * blocks_geometry.h - sizes as in geometry.h, but with two blocks before the table, and siblings in
 *                     run 0.
 */
#ifndef TOPHASH_PROOF_BLOCKS_GEOMETRY_H
#define TOPHASH_PROOF_BLOCKS_GEOMETRY_H

#define TH_MAP_LINES_LOG2 2
#define TH_MAP_RUN_GROUPS_LOG2 3
#define TH_MAP_FIRST_RUN_GROUPS_LOG2 3
#include "geometry.h"

#endif
