/* SPDX-License-Identifier: MIT
 * cache_geometry.h - the sizes with which the cache is proved: four segments of two items each, and
 *                    nobody spins. Given to the compiler before each file.
 */
#ifndef TOPHASH_PROOF_CACHE_GEOMETRY_H
#define TOPHASH_PROOF_CACHE_GEOMETRY_H

#include "geometry.h"

#define TH_CACHE_TINY 1
#define TH_CACHE_LOCK_SPINS_MAX 0u
#define TH_CACHE_LOCK_YIELDS_MAX 0u
#define TH_CACHE_GRACE_YIELDS_MAX 0u
#define TH_CACHE_GRACE_SLEEPS_MAX 0u

#endif
