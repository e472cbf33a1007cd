/* SPDX-License-Identifier: MIT
 * cache_geometry.h - the numbers of a cache's layout and patience. Tests and the checker build the
 *                    cache with tiny ones.
 *
 * TH_CACHE_TINY chooses a cache that is full after a few items: four segments of 32 bytes, two
 * stripes, one stream, no item large. Each number can also be set on its own.
 */
#ifndef TOPHASH_CACHE_CACHE_GEOMETRY_H
#define TOPHASH_CACHE_CACHE_GEOMETRY_H

#ifdef TH_CACHE_TINY
#define TH_CACHE_MEMORY_BYTES_MIN 128u
#define TH_CACHE_ITEM_BYTES_MIN 32u
#define TH_CACHE_SEGMENT_BYTES_MIN 32u
#define TH_CACHE_SEGMENTS_MIN 4u
#define TH_CACHE_SEGMENTS_WANTED 4u
#define TH_CACHE_LARGE_SHIFT 0u
#define TH_CACHE_STRIPE_SHARE_BYTES 64u
#define TH_CACHE_STRIPES_MIN 1u
#define TH_CACHE_STREAMS_MAX 1u
#define TH_CACHE_SLOTS 1u
#define TH_CACHE_TICKETS 2u
#define TH_CACHE_RESERVE_MIN 1u
#endif

/* Sizes that a configuration may have, and what of them makes a segment. */
#ifndef TH_CACHE_MEMORY_BYTES_MIN
#define TH_CACHE_MEMORY_BYTES_MIN (1ull << 20)
#endif
#ifndef TH_CACHE_ITEM_BYTES_MIN
#define TH_CACHE_ITEM_BYTES_MIN 512u
#endif
#ifndef TH_CACHE_SEGMENT_BYTES_MIN
#define TH_CACHE_SEGMENT_BYTES_MIN (64ull << 10)
#endif
#ifndef TH_CACHE_SEGMENTS_MIN
#define TH_CACHE_SEGMENTS_MIN 16u
#endif
#ifndef TH_CACHE_SEGMENTS_WANTED
#define TH_CACHE_SEGMENTS_WANTED 256u
#endif
/* An item is large above this share of a segment: 1 / 8. */
#ifndef TH_CACHE_LARGE_SHIFT
#define TH_CACHE_LARGE_SHIFT 3u
#endif

/* Bytes of a budget that make one stripe of writers; at least so many stripes. */
#ifndef TH_CACHE_STRIPE_SHARE_BYTES
#define TH_CACHE_STRIPE_SHARE_BYTES (64ull << 10)
#endif
#ifndef TH_CACHE_STRIPES_MIN
#define TH_CACHE_STRIPES_MIN 16u
#endif
#ifndef TH_CACHE_STREAMS_MAX
#define TH_CACHE_STREAMS_MAX 8u
#endif
#ifndef TH_CACHE_SLOTS
#define TH_CACHE_SLOTS 16u
#endif
#ifndef TH_CACHE_TICKETS
#define TH_CACHE_TICKETS 64u
#endif
/* Segments that are kept free, at least. */
#ifndef TH_CACHE_RESERVE_MIN
#define TH_CACHE_RESERVE_MIN 2u
#endif

/* How long one waits for a lock before the first sleep: rounds of spinning, then of giving the core
 * away. */
#ifndef TH_CACHE_LOCK_SPINS_MAX
#define TH_CACHE_LOCK_SPINS_MAX 64u
#endif
#ifndef TH_CACHE_LOCK_YIELDS_MAX
#define TH_CACHE_LOCK_YIELDS_MAX 8u
#endif
/* A store that needs what a guard may still show: patience of about 7 ms, once a stopped reader. */
#ifndef TH_CACHE_GRACE_YIELDS_MAX
#define TH_CACHE_GRACE_YIELDS_MAX 8u
#endif
#ifndef TH_CACHE_GRACE_SLEEPS_MAX
#define TH_CACHE_GRACE_SLEEPS_MAX 32u
#endif

#endif
