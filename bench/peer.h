/* SPDX-License-Identifier: MIT
 * peer.h - what the harness asks of a map, and what every map is measured with: keys, hash, clocks.
 *
 * A peer is one file in bench/peers: it defines the operations as static inline functions, includes
 * loops.h, which turns them into the timed loops, and exports one struct bench_peer. So every map's
 * operations are compiled into the loop the way a user's compiler would, in any language.
 */
#ifndef TOPHASH_BENCH_PEER_H
#define TOPHASH_BENCH_PEER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#if defined(__x86_64__)
#include <x86intrin.h>
#endif

#ifdef __cplusplus
#define BENCH_EXTERN_C extern "C"
extern "C" {
#else
#define BENCH_EXTERN_C
#endif
/* Seen by the program and by peers from outside alike. */
#define BENCH_EXPORT __attribute__((visibility("default")))

#define BENCH_STREAM_KEYS ((size_t)1 << 20) /* keys in a thread's stream; the loops wrap in it */
#define BENCH_BLOCK 512u                    /* operations between two looks at the clock */
#define BENCH_BATCH 32u                     /* keys of one get_many */
#define BENCH_THREADS_MAX 16u

enum bench_workload {
    BENCH_GET,
    BENCH_ZIPF,
    BENCH_MISS,
    BENCH_GET_MANY,
    BENCH_95_5,
    BENCH_50_50,
    BENCH_CHURN,
    BENCH_HOT,      /* gets and updates of one key, which all threads share */
    BENCH_PUT_MANY, /* updates of existing keys, BENCH_BATCH a call */
    BENCH_ITERATE,  /* entries that thread 0 walks over, while the others churn */
    BENCH_WORKLOADS
};
#define BENCH_WORKLOADS_USUAL BENCH_HOT /* those before are measured unless others are named */

/* ---------------------------------------------------------------- keys and hash */

/* Number n's key. A bijection (the finalizer known from splitmix64), so keys never collide. */
static inline uint64_t bench_key(uint64_t n)
{
    uint64_t x = n + 0x9e3779b97f4a7c15u;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

/* The hash of every map that lets its user choose: the steps of Tophash's own for integer keys
 * (src/hash/hash.h), with a fixed seed. */
static inline uint64_t bench_hash(uint64_t key)
{
    uint64_t x = __builtin_bswap64(key * 0x9fb21c651e98df25u) * 0xd6e8feb86659fd93u;
    x ^= 0x5851f42d4c957f2du;
    x *= 2 * x + 1;
    return (x << 28) | (x >> 36);
}

/* A value tells whose it is in its upper 48 bits; the lower 16 change with every update. */
static inline uint64_t bench_value(uint64_t key, uint64_t version)
{
    return key ^ (version & 0xffffu);
}

/* Not 0 if `value` is not one that `key` was ever given. */
static inline uint64_t bench_wrong(uint64_t key, uint64_t value)
{
    return (key ^ value) >> 16;
}

static inline uint64_t bench_random(uint64_t *state)
{
    uint64_t x = *state;
    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
    *state = x;
    return x;
}

/* Absent keys are present ones with these bits flipped. */
#define BENCH_MISS_BITS 0x3c6ef372fe94f82bu

/* The private keys of a thread in the churn workload: the n-th it ever inserts. */
static inline uint64_t bench_churn_key(unsigned thread, uint64_t n)
{
    return bench_key(((uint64_t)(thread + 1) << 48) + n);
}

/* ---------------------------------------------------------------- clocks */

static inline uint64_t bench_clock_ns(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static inline uint64_t bench_wall_ns(void)
{
    return bench_clock_ns(CLOCK_MONOTONIC);
}

static inline uint64_t bench_cpu_ns(void)
{
    return bench_clock_ns(CLOCK_THREAD_CPUTIME_ID);
}

/* The cheapest clock there is, for single operations; see bench_ticks_per_ns(). The fences keep the
 * neighbours' memory accesses out of the reading. */
static inline uint64_t bench_ticks(void)
{
#if defined(__x86_64__)
    _mm_lfence();
    uint64_t now = __rdtsc();
    _mm_lfence();
    return now;
#elif defined(__aarch64__)
    uint64_t now;
    __asm__ volatile("isb; mrs %0, cntvct_el0; isb" : "=r"(now)::"memory");
    return now;
#else
    return bench_wall_ns();
#endif
}

/* ---------------------------------------------------------------- one slice of work */

/* What one worker is to do for some milliseconds, and what came of it. The first `warm_operations`
 * are not counted: by then the caches hold what this map keeps there, not what the last one did. */
struct bench_slice {
    void *map;
    const uint64_t *keys; /* BENCH_STREAM_KEYS of them, present ones */
    size_t start;         /* where in the stream to begin */
    unsigned thread;
    uint64_t seed;
    uint64_t *churn_oldest; /* this thread's private window of live keys */
    uint64_t *churn_next;
    uint64_t warm_operations;
    uint64_t warm_until_ns; /* for slow maps: at the latest */
    uint64_t slice_ns;
    uint64_t until_ns;

    uint64_t operations;
    uint64_t cpu_ns;
    uint64_t wall_ns;
    uint64_t wrong; /* operations whose result was not what it must be */

    uint64_t done_at_start;
    uint64_t cpu_at_start_ns;
    uint64_t wall_at_start_ns;
    bool started;
};

/* Called every BENCH_BLOCK operations with the number done so far; false ends the slice. */
static inline bool bench_slice_goes_on(struct bench_slice *slice, uint64_t done)
{
    uint64_t now = bench_wall_ns();
    if (!slice->started) {
        if (done < slice->warm_operations && now < slice->warm_until_ns) {
            return true;
        }
        slice->until_ns = now + slice->slice_ns;
        slice->started = true;
        slice->done_at_start = done;
        slice->wall_at_start_ns = now;
        slice->cpu_at_start_ns = bench_cpu_ns();
        return true;
    }
    if (now < slice->until_ns) {
        return true;
    }
    slice->cpu_ns = bench_cpu_ns() - slice->cpu_at_start_ns;
    slice->wall_ns = now - slice->wall_at_start_ns;
    slice->operations = done - slice->done_at_start;
    return false;
}

/* ---------------------------------------------------------------- growth, every insert timed */

#define BENCH_WINDOWS 200u   /* points of the curve 'latency over time' */
#define BENCH_OUTLIERS 12u   /* worst operations kept with their explanation */
#define BENCH_SUBBUCKETS 64u /* of the histogram, in each power of two */
#define BENCH_BUCKETS (BENCH_SUBBUCKETS * 40u)

/* One slow operation. own = wall - off_cpu. Faults, switches and steal are what happened since the
 * checkpoint before it, at most 64 operations earlier: an upper bound. */
struct bench_outlier {
    uint64_t number; /* the how manieth insert of its thread */
    uint64_t wall_ns;
    uint64_t off_cpu_ns;
    uint64_t own_ns;
    uint64_t minor_faults;
    uint64_t major_faults;
    uint64_t involuntary;
    uint64_t steal_ns;
};

struct bench_grow;
/* An insert took longer than slow_ticks, or a checkpoint is due (ticks 0). Returns own time. */
BENCH_EXPORT uint64_t bench_grow_look(struct bench_grow *grow, uint64_t number, uint64_t ticks);

struct bench_grow {
    void *map;
    unsigned thread;
    uint64_t first; /* numbers of the keys to insert */
    uint64_t count;
    bool timed;
    double ticks_per_ns;
    uint64_t slow_ticks;

    uint64_t wrong;
    uint64_t cpu_ns;
    uint64_t wall_ns;
    uint32_t *histogram; /* BENCH_BUCKETS, of own ticks */
    uint64_t window_max_ticks[BENCH_WINDOWS];
    uint64_t window_sum_ticks[BENCH_WINDOWS];
    struct bench_outlier outliers[BENCH_OUTLIERS];
    size_t outlier_count;
    uint64_t own_max_ns;

    uint64_t checkpoint_wall_ns;
    uint64_t checkpoint_cpu_ns;
    uint64_t checkpoint_steal_ns;
    uint64_t checkpoint_minor;
    uint64_t checkpoint_major;
    uint64_t checkpoint_involuntary;
};

static inline size_t bench_bucket(uint64_t ticks)
{
    if (ticks < BENCH_SUBBUCKETS) {
        return (size_t)ticks;
    }
    unsigned exponent = 63u - (unsigned)__builtin_clzll(ticks);
    size_t bucket = ((size_t)(exponent - 5u) << 6) + ((ticks >> (exponent - 6u)) & 63u);
    return bucket < BENCH_BUCKETS ? bucket : BENCH_BUCKETS - 1;
}

/* ---------------------------------------------------------------- the peer itself */

struct bench_setup {
    uint64_t entries;         /* what the map will hold: for the limit, which has nothing to grow */
    uint64_t footprint_bytes; /* of the limit: 0, or the bytes of our table */
    bool huge_pages;
};

struct bench_peer {
    const char *name;
    const char *title;
    const char *version;
    bool is_limit; /* reads only, of memory that is no map */
    bool has_get_many;
    bool one_writer;
    bool only_if_named;                             /* not one of the usual maps */
    void *(*make)(const struct bench_setup *setup); /* NULL: no memory */
    void (*discard)(void *map);
    void (*enter)(void *map);     /* by a worker, before it uses the map */
    void (*leave)(void *map);     /* by a worker: it will not use the map for a while */
    void (*settle)(void *map);    /* while no worker is inside: deferred work is done */
    uint64_t (*bytes)(void *map); /* of its table; 0 where it cannot tell */
    void (*describe)(void *map, char *text, size_t size);      /* NULL: nothing to tell */
    void (*slice[BENCH_WORKLOADS])(struct bench_slice *slice); /* NULL: cannot do it */
    void (*grow)(struct bench_grow *grow);
    uint64_t (*insert)(void *map, uint64_t key, uint64_t value);                  /* 1: inserted */
    uint64_t (*verify)(void *map, uint64_t first, uint64_t count, uint64_t step); /* wrong ones */
};

extern const struct bench_peer bench_peer_tophash;
extern const struct bench_peer bench_peer_sharded;
extern const struct bench_peer bench_peer_sharded_call;
extern const struct bench_peer bench_peer_sharded_pthread;
extern const struct bench_peer bench_peer_tbb;
extern const struct bench_peer bench_peer_cuckoo;
extern const struct bench_peer bench_peer_lfht_qsbr;
extern const struct bench_peer bench_peer_lfht_memb;
extern const struct bench_peer bench_peer_ck;
extern const struct bench_peer bench_peer_limit;
/* Keys of bytes. */
extern const struct bench_peer bench_peer_tophash_bytes;
extern const struct bench_peer bench_peer_tbb_bytes;
extern const struct bench_peer bench_peer_cuckoo_bytes;
extern const struct bench_peer bench_peer_lfht_bytes;
extern const struct bench_peer bench_peer_limit_bytes;

/* ---------------------------------------------------------------- a peer from outside */

/* What --peer=FILE loads: a shared object, built with this header and loops.h, that has a peer like
 * those of bench/peers and says so with BENCH_PLUGIN(its struct bench_peer). Build it as users of
 * that map would, with -O3 -fPIC -shared, and with -ftls-model=initial-exec where it has variables
 * of threads: without, each use of one is a call. */
struct bench_plugin {
    uint64_t layout;
    const struct bench_peer *peer;
};

/* Differs where the structs that both sides touch do. */
#define BENCH_PLUGIN_LAYOUT                                                             \
    ((((uint64_t)sizeof(struct bench_peer) << 16 | sizeof(struct bench_slice)) << 24) ^ \
     ((uint64_t)sizeof(struct bench_grow) << 8) ^ BENCH_WORKLOADS)

#define BENCH_PLUGIN(peer_struct)                                                              \
    BENCH_EXTERN_C BENCH_EXPORT const struct bench_plugin bench_plugin = {BENCH_PLUGIN_LAYOUT, \
                                                                          &(peer_struct)}

extern BENCH_EXPORT const struct bench_plugin bench_plugin;

#ifdef __cplusplus
}
#endif

#endif
