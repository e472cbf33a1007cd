/* SPDX-License-Identifier: MIT
 * bytes_geometry.h - the sizes of geometry.h for the map with bytes keys, with two limbos once it is
 *                    large.
 */
#ifndef TOPHASH_PROOF_BYTES_GEOMETRY_H
#define TOPHASH_PROOF_BYTES_GEOMETRY_H

#define TH_LIMBO_STRIPES 2u

#include "geometry.h"

#endif
