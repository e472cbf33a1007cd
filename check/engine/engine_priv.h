/* SPDX-License-Identifier: MIT
 * engine_priv.h - the graph of an execution, the threads of a run, and the search over graphs.
 *
 * Parts        graph.c    events, their index by thread and location, copies for revisits
 *              model.c    what an event may read, where it may stand, what it then knows
 *              psc.c      the seq_cst axiom
 *              run.c      runs the program along the graph, one operation at a time
 *              search.c   which graphs there are: forward choices, backtracking
 *              revisit.c  which graphs there are: earlier reads of later writes
 *              shadow.c   plain accesses and blocks of memory
 *              sites.c workers.c token.c view.c   counters, processes, replay, a look from outside
 *
 * Clocks       A clock is one number a thread: how many of its events are known. The events of a
 *              thread are numbered from 0, so event (t, i) is known to clock c if i < c[t].
 *              Each event has five: hb (happens before it or is it), porf (the same for program
 *              order and reads-from), rel (what a write hands to who acquires it), pending (what
 *              an acquire fence would get) and fence (hb of the thread's last release fence).
 *
 * Invariants   I1 the events of a graph stand in an order that extends program order and
 *              reads-from.
 *              I2 mo_rank grows along modification order (with gaps); the initial write has 0.
 *              I3 an exclusive write stands directly behind the source of the read before it.
 *              I4 stamps are the order of addition; a read that was revisited keeps its stamp.
 */
#ifndef TOPHASH_CHECK_ENGINE_ENGINE_PRIV_H
#define TOPHASH_CHECK_ENGINE_ENGINE_PRIV_H

#include "engine/engine.h"
#include "engine/rules.h"

#include <string.h>

#define TH_NO_LOCATION UINT32_MAX
#define TH_NO_THREAD UINT32_MAX

enum clock_row { CLOCK_HB, CLOCK_PORF, CLOCK_REL, CLOCK_PENDING, CLOCK_FENCE, CLOCK_ROWS };

struct event {
    uint8_t kind;   /* enum thi_event_kind */
    uint8_t order;  /* the one in force */
    bool exclusive; /* half of an RMW */
    bool spurious;  /* a weak CAS that fails though it need not */
    bool unsettled; /* a plain store whose value is still to be fetched from memory */
    uint32_t thread;
    uint32_t index; /* in the thread */
    uint32_t stamp;
    uint32_t location;    /* TH_NO_LOCATION */
    uint32_t source;      /* reads */
    uint32_t mo_previous; /* writes: TH_ENGINE_INITIAL at the front */
    uint32_t mo_next;     /* writes: TH_ENGINE_NO_EVENT at the end */
    uint32_t mo_rank;
    uint32_t thread_previous;
    uint32_t location_previous; /* the event of the location that was added before */
    uint32_t choice;            /* which of its choices is taken, from 0 */
    uint32_t choice_count;      /* how many there may be; only their number is an estimate */
    uint32_t depth;             /* choices taken up to here that had alternatives */
    uint64_t value;
    uint64_t initial; /* of the location */
    struct thi_operation operation;
};

struct graph {
    struct event *events;
    uint16_t *clocks; /* CLOCK_ROWS rows an event */
    uint32_t count;
    uint32_t capacity;
};

/* A write whose places forward are exhausted, and the reads it is offered to. */
struct revisit {
    bool active;
    struct event write;
    uint32_t reader;     /* the event under way; TH_ENGINE_NO_EVENT before the first */
    bool reader_allowed; /* its places are being tried */
    uint32_t places_tried;
    uint32_t children;
};

/* One graph under search. A revisit searches a smaller graph of its own, then this one goes on. */
struct frame {
    struct graph graph;
    uint32_t base;    /* events that stay while the frame is searched */
    uint32_t checked; /* events that have been looked at for races */
    uint32_t stamp_base;
    uint32_t depth;
    struct revisit revisit;
};

struct location {
    uintptr_t address;
    uint8_t bytes;
    uint32_t incarnation;
    uint32_t hash_next;
    uint64_t initial_value;
    uint32_t run; /* the run that used it last: values of this struct below `hash_next` are its */
    uint32_t cell_next; /* shadow: the next location of the same 8 bytes, in this run */
    /* Index of the current graph. */
    uint32_t event_last;
    uint32_t mo_first;
    uint32_t mo_last;
};

enum thread_state {
    THREAD_ABSENT, /* not created in this run */
    THREAD_NEW,    /* created, its START event is to come */
    THREAD_READY,  /* stands at `operation` */
    THREAD_WRITES, /* the read of an RMW is done, its write is to come */
    THREAD_AWAITS,
    THREAD_STOPPED,
    THREAD_ENDED,
};

struct thread {
    /* For good. */
    uint32_t parent;
    uint32_t child_index;
    uint32_t level; /* of threads above it */
    /* Of the run. */
    enum thread_state state;
    struct thi_operation operation;
    uint64_t result;
    bool cas_done;
    bool joined;
    uint32_t child_count;
    uint32_t executed_last; /* event; TH_ENGINE_NO_EVENT */
    uint32_t executed_count;
    uint32_t unsettled; /* its last events: plain stores whose values are to be fetched */
    /* Index of the current graph. */
    uint32_t event_last;
    uint32_t event_count;
};

struct shadow;  /* shadow.c */
struct sites;   /* sites.c */
struct workers; /* workers.c */

struct thi_engine {
    struct thi_program program;
    struct thi_engine_options options;
    struct thi_engine_result *result;

    struct frame *frames;
    uint32_t frame_count; /* in use */
    uint32_t frame_capacity;
    uint32_t stride; /* numbers of a clock row */

    struct location *locations;
    uint32_t location_count;
    uint32_t location_capacity;
    uint32_t *location_hash;
    uint32_t location_hash_mask;

    struct thread threads[TH_ENGINE_THREADS_LIMIT];
    uint32_t thread_count;                          /* ever seen */
    uint32_t thread_order[TH_ENGINE_THREADS_LIMIT]; /* by (parent, child index), depth first */

    uint32_t run;           /* number of the run */
    uint32_t running;       /* thread that step() runs; TH_NO_THREAD */
    uint32_t executed;      /* events of the graph that the run has been through */
    bool run_failed;        /* an error was found: the execution ends here */
    bool stop;              /* the search ends here */
    bool broken;            /* no memory */
    bool replaying;         /* a token, not a search */
    bool claim_refused;     /* the event being added has a choice that is another process's */
    uint32_t seq_cst_count; /* events of the current graph */
    uint32_t heavy_fence_count;

    uint64_t *scratch; /* psc.c */
    size_t scratch_words;
    uint32_t *remap; /* graph.c: old event to new */
    uint32_t remap_capacity;
    uint64_t *seen; /* check_duplicates: a hash set of graphs */
    uint64_t seen_count;
    uint64_t seen_mask;

    struct shadow *shadow;
    struct sites *sites;
    struct workers *workers;
    double start_s;
    double progress_next_s;
};

static inline bool rule_on(const struct thi_engine *engine, enum thi_rule rule)
{
    return (engine->options.rules_off >> rule & 1) == 0;
}

static inline struct frame *frame_top(struct thi_engine *engine)
{
    return &engine->frames[engine->frame_count - 1];
}

static inline const struct graph *graph_of(const struct thi_engine *engine)
{
    return &engine->frames[engine->frame_count - 1].graph;
}

static inline uint16_t *clock_at(const struct thi_engine *engine, const struct graph *graph,
                                 uint32_t event, enum clock_row row)
{
    return graph->clocks + ((size_t)event * CLOCK_ROWS + row) * engine->stride;
}

static inline void clock_join(uint16_t *clock, const uint16_t *other, uint32_t stride)
{
    for (uint32_t i = 0; i < stride; i++) {
        clock[i] = clock[i] < other[i] ? other[i] : clock[i];
    }
}

static inline bool order_acquires(uint8_t order)
{
    return order == TH_ORDER_ACQUIRE || order == TH_ORDER_ACQ_REL || order == TH_ORDER_SEQ_CST;
}

static inline bool order_releases(uint8_t order)
{
    return order == TH_ORDER_RELEASE || order == TH_ORDER_ACQ_REL || order == TH_ORDER_SEQ_CST;
}

static inline uint32_t mo_rank_of(const struct graph *graph, uint32_t write)
{
    return write == TH_ENGINE_INITIAL ? 0 : graph->events[write].mo_rank;
}

/* The next write behind `write`, which may be the initial one. */
static inline uint32_t mo_behind(const struct thi_engine *engine, const struct graph *graph,
                                 uint32_t location, uint32_t write)
{
    return write == TH_ENGINE_INITIAL ? engine->locations[location].mo_first
                                      : graph->events[write].mo_next;
}

/* The last write of a location: the initial one if there is no other. */
static inline uint32_t mo_end(const struct thi_engine *engine, uint32_t location)
{
    uint32_t last = engine->locations[location].mo_last;
    return last == TH_ENGINE_NO_EVENT ? TH_ENGINE_INITIAL : last;
}

static inline uint64_t value_mask(uint8_t bytes)
{
    return bytes >= 8 ? UINT64_MAX : ((uint64_t)1 << bytes * 8) - 1;
}

/* graph.c */
bool thi_graph_reserve(struct thi_engine *engine, struct graph *graph, uint32_t count);
void thi_graph_attach(struct thi_engine *engine, uint32_t event);
void thi_graph_detach(struct thi_engine *engine, uint32_t event);
void thi_graph_mo_insert(struct thi_engine *engine, uint32_t write, uint32_t previous);
void thi_graph_mo_remove(struct thi_engine *engine, uint32_t write);
void thi_graph_cut(struct thi_engine *engine);
void thi_graph_index(struct thi_engine *engine);
void thi_graph_unindex(struct thi_engine *engine);
struct frame *thi_frame_push(struct thi_engine *engine);
void thi_frame_pop(struct thi_engine *engine);
uint32_t thi_location_find(struct thi_engine *engine, uintptr_t address, uint8_t bytes,
                           uint32_t incarnation);

/* model.c */
void thi_model_clocks_begin(const struct thi_engine *engine, uint32_t event);
uint32_t thi_model_floor(const struct thi_engine *engine, uint32_t event);
uint64_t thi_model_rmw(const struct thi_operation *operation, uint64_t value);
void thi_model_read(struct thi_engine *engine, uint32_t event, uint32_t source);
bool thi_model_may_stand(const struct thi_engine *engine, uint32_t event, uint32_t previous);
void thi_model_write(struct thi_engine *engine, uint32_t event, uint32_t previous);
void thi_model_other(struct thi_engine *engine, uint32_t event);
bool thi_model_races(const struct thi_engine *engine, uint32_t event, uint32_t *other);

/* psc.c */
bool thi_psc_consistent(struct thi_engine *engine, uint32_t event);

/* run.c */
enum run_end { RUN_COMPLETE, RUN_BLOCKED, RUN_PRUNED, RUN_CUT, RUN_FAILED };
enum run_end thi_run(struct thi_engine *engine);
enum run_end thi_run_finish(struct thi_engine *engine);
void thi_run_restart(struct thi_engine *engine);
void thi_run_event(struct thi_engine *engine, uint32_t event);
uint32_t thi_run_next_thread(struct thi_engine *engine);
bool thi_run_event_make(struct thi_engine *engine, uint32_t thread, struct event *event);
bool thi_thread_reads_newest(const struct thi_engine *engine, uint32_t thread);

/* engine.c */
void thi_engine_reset(struct thi_engine *engine, struct thi_engine_result *result);
void thi_engine_verdict(const struct thi_engine *engine, struct thi_engine_result *result);

/* error.c */
void thi_error_raise(struct thi_engine *engine, const struct thi_engine_error *error);
void thi_error_thread(struct thi_engine *engine, enum thi_engine_error_kind kind,
                      const char *message, uint32_t thread);
void thi_error_race(struct thi_engine *engine, uint32_t event, uint32_t other);

/* search.c */
void thi_search(struct thi_engine *engine);
bool thi_search_add(struct thi_engine *engine, const struct event *event);

/* revisit.c */
bool thi_revisit_next(struct thi_engine *engine);

/* shadow.c */
struct shadow *thi_shadow_new(void);
void thi_shadow_free(struct shadow *shadow);
void thi_shadow_reset(struct thi_engine *engine);
bool thi_shadow_atomic(struct thi_engine *engine, uint32_t location, bool write, bool plain,
                       uint32_t site);
bool thi_shadow_location(struct thi_engine *engine, uint32_t location);
uint32_t thi_shadow_incarnation(struct thi_engine *engine, uintptr_t address);
bool thi_shadow_leaks(struct thi_engine *engine);

/* workers.c */
void thi_workers_search(struct thi_engine *engine);
bool thi_workers_defer(struct thi_engine *engine);
bool thi_workers_counts(struct thi_engine *engine);
void thi_workers_run_count(struct thi_engine *engine, bool complete);
void thi_workers_position(struct thi_engine *engine, double position);
bool thi_workers_runs_done(struct thi_engine *engine);
bool thi_search_claim(struct thi_engine *engine, uint32_t depth);

/* duplicates.c */
void thi_duplicates_check(struct thi_engine *engine);

/* sites.c */
struct sites *thi_sites_new(void);
void thi_sites_free(struct sites *sites);
void thi_sites_reset(struct sites *sites);
void thi_sites_add(struct sites *sites, const struct thi_site_counters *counters, uint32_t count);
void thi_sites_apply(struct thi_engine *engine, struct thi_operation *operation);
void thi_sites_count(struct thi_engine *engine);

#endif
