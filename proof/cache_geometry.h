/* SPDX-License-Identifier: MIT
 * cache_geometry.h - the sizes with which the cache is proved: four segments of two items each.
 *                    Given to the compiler before each file.
 */
#ifndef TOPHASH_PROOF_CACHE_GEOMETRY_H
#define TOPHASH_PROOF_CACHE_GEOMETRY_H

#include "geometry.h"

#define TH_CACHE_MEMORY_BYTES_MIN 128u
#define TH_CACHE_ITEM_BYTES_MIN 32u
#define TH_CACHE_SEGMENT_BYTES_MIN 32u
#define TH_CACHE_SEGMENTS_MIN 4u
#define TH_CACHE_SEGMENTS_WANTED 4u
#define TH_CACHE_LARGE_SHIFT 0u /* no item is large */
#define TH_CACHE_STRIPE_SHARE_BYTES 64u
#define TH_CACHE_STRIPES_MIN 1u
#define TH_CACHE_STREAMS_MAX 1u
#define TH_CACHE_SLOTS 1u
#define TH_CACHE_TICKETS 2u
#define TH_CACHE_RESERVE_MIN 1u
#define TH_CACHE_LOCK_SPINS_MAX 0u
#define TH_CACHE_LOCK_YIELDS_MAX 0u
#define TH_CACHE_GRACE_YIELDS_MAX 0u
#define TH_CACHE_GRACE_SLEEPS_MAX 0u

#endif
