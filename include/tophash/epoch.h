/* SPDX-License-Identifier: MIT
 * epoch.h - who may still be reading: enter, leave, retire, reclaim.
 *
 * A reader stands between th_epoch_enter() and th_epoch_leave(). What was unlinked from every
 * shared place and then retired is reclaimed after every reader that could have seen it has left.
 *
 * Fork: in the child only the forking thread exists. All other threads are taken as having left,
 * and what they retired is reclaimed in the child by those who retire there. What another thread
 * was just sorting or reclaiming at the moment of the fork is leaked in the child. Explicit handles
 * keep their state: the child leaves and unregisters those it does not use.
 * Threads may be cancelled (deferred cancellation) and may end anywhere but inside `reclaim` run by
 * a handle. Unloading the library with threads alive is safe; what those threads held is leaked.
 * Signal handlers may call nothing here.
 */
#ifndef TOPHASH_EPOCH_H
#define TOPHASH_EPOCH_H

#include <tophash/alloc.h>
#include <tophash/base.h>

TH_EXTERN_C_BEGIN

/* A domain: readers and retired objects of one domain know nothing of another's. */
struct th_epoch;

/* A thread's membership for those who want no thread-local storage; see th_epoch_register(). */
struct th_epoch_handle;

/* Embedded in every object that is retired, so that retiring needs no memory and cannot fail. The
 * fields belong to the library from th_epoch_retire() until `reclaim` is called. */
struct th_epoch_node {
    struct th_epoch_node *next;
    void (*reclaim)(struct th_epoch_node *node);
    uint64_t epoch;
    size_t bytes;
    void *context; /* left alone by the epoch: for who retires; maps use it in values with a drop */
};

/* What a stalled-reader report says. */
struct th_epoch_stall {
    uint64_t thread_id;      /* the system's id of the thread that stands inside a guard (gettid) */
    uint64_t stalled_ns;     /* for how long the epoch could not pass it */
    uint64_t waiting_bytes;  /* bytes retired in the domain that wait */
    const char *thread_name; /* as known to the system when it registered; never NULL */
};

struct th_epoch_config {
    const struct th_allocator *allocator; /* NULL: malloc and free */
    /* Called, at most once a stall and second, from a thread that retires or reclaims and meets a
     * reader who has been inside for longer than stall_ns (0: 1 s). Must not call back into the
     * domain. */
    void (*on_stall)(void *context, const struct th_epoch_stall *stall);
    void *on_stall_context;
    uint64_t stall_ns;
    /* Soft cap on the bytes that wait (0: none). Above it every retire tries to reclaim a batch; it
     * is never a wait, so a stopped reader can still push the figure higher: see stats. */
    uint64_t waiting_bytes_max;
    /* Readers and reclaimers both use a full fence, even where the system has membarrier: for
     * programs that forbid that call later (by a seccomp filter: nothing would be reclaimed any
     * more), and for tests. Costs some 5 to 20 ns an enter. */
    bool fences_only;
};

struct th_epoch_stats {
    uint64_t epoch;           /* current epoch number */
    uint64_t threads;         /* members alive, handles included */
    uint64_t retired_total;   /* objects */
    uint64_t reclaimed_total; /* objects */
    uint64_t waiting_bytes;   /* retired and not yet reclaimed */
    uint64_t waiting_bytes_peak;
    uint64_t advances_total; /* times the epoch moved */
    uint64_t heavy_barriers_total;
    uint64_t stalls_total;   /* stall reports made */
    uint64_t over_cap_total; /* retires that found the cap exceeded and stayed above it */
    bool asymmetric;         /* true: readers use the light barrier (membarrier is there) */
};

/* The domain used where none is named. Made on first use, lives until the process ends. Never NULL:
 * its storage is static. Thread-safe. */
TH_API struct th_epoch *th_epoch_default(void);

/* A domain of one's own. `config` may be NULL. TH_OK, TH_ENOMEM, TH_EINVAL. */
TH_API TH_MUST_CHECK th_status th_epoch_new(const struct th_epoch_config *config,
                                            struct th_epoch **domain);

/* Reclaims what waits and frees the domain. No thread may be inside a guard of it or use it again;
 * threads that used it may live on and end at any time, also during this call; one that ends inside
 * `reclaim` uses it until it has ended. Handles that are still registered end with it. NULL is
 * allowed. Not for the default domain, nor inside `reclaim`. */
TH_API void th_epoch_free(struct th_epoch *domain);

/* Enter and leave a guard; the calling thread registers itself on first use and is forgotten when
 * it ends. Guards nest. Enter never fails: a thread that could not get memory for its record shares
 * a fallback one. `domain` NULL: the default. Wait-free after the first call of a thread. A guard
 * is not for use in signal handlers. A thread that ends inside a guard is taken as having left. */
TH_API void th_epoch_enter(struct th_epoch *domain);
TH_API void th_epoch_leave(struct th_epoch *domain);

/* True if the calling thread stands inside a guard of the domain (automatic registration only). */
TH_API bool th_epoch_inside(struct th_epoch *domain);

/* Explicit membership: the handle may be used by one thread at a time. TH_OK, TH_ENOMEM. A handle
 * that is unregistered inside a guard is taken as having left; what it retired is reclaimed by
 * others. NULL may be unregistered. */
TH_API TH_MUST_CHECK th_status th_epoch_register(struct th_epoch *domain,
                                                 struct th_epoch_handle **handle);
TH_API void th_epoch_unregister(struct th_epoch_handle *handle);
TH_API void th_epoch_handle_enter(struct th_epoch_handle *handle);
TH_API void th_epoch_handle_leave(struct th_epoch_handle *handle);
TH_API void th_epoch_handle_retire(struct th_epoch_handle *handle, struct th_epoch_node *node,
                                   size_t bytes, void (*reclaim)(struct th_epoch_node *node));

/* Hands over an object that no new reader can reach. `reclaim` is called once, later, on some
 * thread that retires, reclaims or frees the domain, never inside this call for this node unless no
 * reader can hold it. `bytes` is what the stats and the cap count. Cannot fail, never waits. May be
 * called inside or outside a guard. `reclaim` must not block and may retire further objects; it
 * runs with nothing of the library held, and inside a guard if its caller stands in one.
 * Lock-free. */
TH_API void th_epoch_retire(struct th_epoch *domain, struct th_epoch_node *node, size_t bytes,
                            void (*reclaim)(struct th_epoch_node *node));

/* Tries to advance the epoch and reclaims at most `objects_max` objects (0: a default batch), the
 * caller's own first, then those of some other threads, alive or ended; who calls again comes to
 * the next ones. Returns how many. Never waits. Inside `reclaim` it does nothing. */
TH_API size_t th_epoch_reclaim(struct th_epoch *domain, size_t objects_max);

/* Waits until everything retired before the call has been reclaimed, or `timeout_ns` has passed.
 * Must not be called inside a guard or inside `reclaim` (TH_EINVAL). TH_OK, TH_MORE on time-out.
 * For tests and shutdown. */
TH_API TH_MUST_CHECK th_status th_epoch_drain(struct th_epoch *domain, uint64_t timeout_ns);

TH_API void th_epoch_get_stats(struct th_epoch *domain, struct th_epoch_stats *stats);

TH_EXTERN_C_END

#endif
