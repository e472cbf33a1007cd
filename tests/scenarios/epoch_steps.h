/* SPDX-License-Identifier: MIT
 * epoch_steps.h - scenarios of the epoch as tables: what is there before, what up to three threads
 *                 do, one phenomenon each.
 *
 * Obligation   nothing is reclaimed while a guard is held in which it can be reached; everything
 *              that is retired is reclaimed once; who is told that it was sees it.
 * Members      threads 1, 2, ... have handles where a scenario says so. ENTER, LEAVE, REPLACE use
 *              that of the thread; steps that begin with SELF use what the thread is by itself.
 * Payload      `alive` of an object is plain: read in guards, written by its reclaim.
 */
#ifndef TOPHASH_TESTS_SCENARIOS_EPOCH_STEPS_H
#define TOPHASH_TESTS_SCENARIOS_EPOCH_STEPS_H

#include <pthread.h>

#include "epoch/epoch_priv.h"
#include "scenarios/epoch_world.h"

/* Steps that end in a number are about the record of that member; 0: the spare one. */
enum epoch_step {
    END,
    ENTER,
    LEAVE,
    REPLACE, /* what the first slot holds by a new object: the old one is retired */
    REPLACE_SECOND,
    SELF_ENTER,
    SELF_LEAVE,
    SELF_REPLACE,
    SELF_REPLACE_SECOND,
    SELF_REPLACE_MUCH, /* counted as so many bytes that the retire looks at its limbo */
    LOOK,              /* what the first slot holds is alive */
    LOOK_SECOND,
    LIGHT_LOOK, /* in a guard that is not counted, if there are such */
    STAMP_0,    /* sorts what is open */
    STAMP_1,
    STAMP_2,
    STAMP_3,
    BATCH_0, /* reclaims what is ready, by the thread's handle */
    BATCH_1,
    BATCH_2,
    BATCH_3,
    SELF_BATCH, /* of the thread's own record, as it is taken over from who unregistered before */
    ADVANCE,
    ADVANCE_TWICE,
    ADVANCE_THRICE,
    RECLAIM, /* all that can be, by the thread itself */
    DRAIN,   /* until others are in the way */
    STATS,
    REGISTER,
    UNREGISTER,
    OTHER_ENTER, /* of the default domain */
    OTHER_LEAVE,
    NEW_FREE,    /* a domain for a moment */
    FREE,        /* the domain, for good */
    MOVED_TWICE, /* on from here only if the epoch was */
    TELL,        /* what the thread did is before ... */
    HEAR,        /* ... what this one does from here, or it does nothing */
    /* Before there are threads: */
    AS_1, /* the handle of that thread does what follows */
    AS_2,
    AS_3,
    ENDING, /* what is retired from here on ends thread 1 if it reclaims it */
    LATER,  /* a moment passes */
    REFUSE  /* nobody gets memory from here on */
};

enum { EPOCH_THREADS = 3, EPOCH_BEFORE = 8, EPOCH_STEPS = 9, EPOCH_SLOTS = 2 };

/* What a domain is made with, and who has a handle of it. */
enum { HEAVY = 1, CAPPED = 2, WATCHED = 4, DEFAULT = 8 /* the default domain */ };
enum { M1 = 1 << 1, M2 = 1 << 2, M3 = 1 << 3 };

struct epoch_steps {
    const char *name;
    unsigned flags;
    unsigned members;
    enum epoch_step before[EPOCH_BEFORE];
    enum epoch_step threads[EPOCH_THREADS][EPOCH_STEPS];
};

static const struct epoch_steps epoch_steps_table[] = {
    /* One reads, one retires and reclaims. */
    {"epoch_look",
     0,
     M1 | M2,
     {END},
     {{ENTER, LOOK, LEAVE}, {REPLACE, STAMP_2, ADVANCE_THRICE, BATCH_2}}},
    {"epoch_look_heavy",
     HEAVY,
     M1 | M2,
     {END},
     {{ENTER, LOOK, LEAVE}, {REPLACE, STAMP_2, ADVANCE_THRICE, BATCH_2}}},
    {"epoch_look_light",
     HEAVY | DEFAULT,
     M2,
     {END},
     {{SELF_ENTER, SELF_LEAVE, TELL, LIGHT_LOOK},
      {HEAR, REPLACE, STAMP_2, ADVANCE_THRICE, BATCH_2}}},
    {"epoch_looks_light",
     HEAVY | DEFAULT,
     M2,
     {END},
     {{SELF_ENTER, SELF_LEAVE, TELL, ADVANCE, LIGHT_LOOK, LIGHT_LOOK},
      {HEAR, REPLACE, STAMP_2, ADVANCE_TWICE, BATCH_2}}},
    {"epoch_guards",
     0,
     M1 | M2,
     {END},
     {{ENTER, LOOK, LEAVE, ENTER, LEAVE, ENTER, LEAVE},
      {REPLACE, STAMP_2, ADVANCE_THRICE, BATCH_2}}},
    {"epoch_guards_heavy",
     HEAVY,
     M1 | M2,
     {END},
     {{ADVANCE, ENTER, LOOK, LEAVE, ENTER, LEAVE}, {REPLACE, STAMP_2, ADVANCE_TWICE, BATCH_2}}},
    {"epoch_nested",
     0,
     M1 | M2,
     {END},
     {{ENTER, ENTER, LEAVE, LOOK, LEAVE}, {REPLACE, STAMP_2, ADVANCE_THRICE, BATCH_2}}},
    {"epoch_nested_again",
     0,
     M1 | M2,
     {END},
     {{SELF_ENTER, SELF_ENTER, LOOK, SELF_LEAVE, LOOK_SECOND, SELF_LEAVE},
      {REPLACE, REPLACE_SECOND, STAMP_2, ADVANCE_THRICE, BATCH_2}}},
    {"epoch_unregister_inside",
     0,
     M1 | M2,
     {END},
     {{ENTER, LOOK, UNREGISTER}, {REPLACE, STAMP_2, ADVANCE_THRICE, BATCH_2}}},
    /* Who reads moves the epoch himself. */
    {"epoch_late_stamp",
     0,
     M1 | M2,
     {END},
     {{ADVANCE_THRICE, ENTER, LOOK, LEAVE}, {REPLACE, STAMP_2, BATCH_2}}},
    {"epoch_leave_advance",
     0,
     M1 | M2,
     {END},
     {{ENTER, LOOK, LEAVE, ADVANCE_THRICE}, {REPLACE, STAMP_2, BATCH_2}}},
    /* Three: the one who moves the epoch did not retire. */
    {"epoch_advancer",
     0,
     M1 | M2 | M3,
     {END},
     {{ENTER, LOOK, LEAVE}, {REPLACE, STAMP_2}, {ADVANCE_THRICE, BATCH_2}}},
    {"epoch_advancers",
     HEAVY,
     M1 | M2 | M3,
     {END},
     {{ADVANCE, ENTER, LOOK, LEAVE}, {REPLACE, STAMP_2, ADVANCE}, {MOVED_TWICE, ADVANCE, BATCH_2}}},
    {"epoch_advancers_back",
     HEAVY,
     M1 | M2 | M3,
     {END},
     {{ADVANCE, ENTER, LOOK, LEAVE}, {REPLACE, STAMP_2, ADVANCE, BATCH_2}, {MOVED_TWICE, ADVANCE}}},
    /* A limbo, and who is at it. */
    {"epoch_two_batches",
     0,
     M1 | M2,
     {AS_1, REPLACE, STAMP_1, ADVANCE_THRICE},
     {{BATCH_1}, {BATCH_1}}},
    {"epoch_open_taken",
     0,
     M1 | M2,
     {END},
     {{REPLACE, REPLACE_SECOND}, {STAMP_1, ADVANCE_THRICE, BATCH_1}}},
    {"epoch_reclaim_all", 0, M1, {END}, {{REPLACE, STAMP_1}, {RECLAIM}}},
    /* Threads and handles that come and go. */
    {"epoch_reclaim_batch",
     0,
     M1,
     {AS_1, REPLACE, STAMP_1, ADVANCE_THRICE},
     {{BATCH_1}, {RECLAIM}}},
    {"epoch_two_retires", 0, 0, {END}, {{SELF_REPLACE}, {SELF_REPLACE_SECOND}}},
    {"epoch_unregister_reclaim", 0, M1, {END}, {{REPLACE, UNREGISTER}, {RECLAIM}}},
    {"epoch_self_reads",
     0,
     M2,
     {END},
     {{SELF_ENTER, LOOK, SELF_LEAVE}, {REPLACE, STAMP_2, ADVANCE_THRICE, BATCH_2}}},
    {"epoch_self_reclaims", 0, M1, {END}, {{ENTER, LOOK, LEAVE}, {SELF_REPLACE, RECLAIM}}},
    {"epoch_exit_inside",
     0,
     M2,
     {END},
     {{SELF_ENTER, LOOK}, {REPLACE, STAMP_2, ADVANCE_THRICE, BATCH_2}}},
    {"epoch_exit_limbo", 0, 0, {END}, {{SELF_REPLACE, TELL}, {HEAR, DRAIN}}},
    {"epoch_register",
     0,
     M2,
     {END},
     {{REGISTER, ENTER, LOOK, LEAVE}, {REPLACE, STAMP_2, ADVANCE_THRICE, BATCH_2}}},
    {"epoch_register_again",
     0,
     M1 | M2,
     {AS_1, UNREGISTER},
     {{REGISTER, ENTER, LOOK, LEAVE}, {REPLACE, STAMP_2, ADVANCE_THRICE, BATCH_2}}},
    {"epoch_claim", 0, M1, {END}, {{REPLACE, UNREGISTER}, {REGISTER, REPLACE_SECOND, UNREGISTER}}},
    {"epoch_claim_three",
     0,
     M1,
     {AS_1, UNREGISTER},
     {{REGISTER, REPLACE, UNREGISTER}, {REGISTER, REPLACE_SECOND, UNREGISTER}}},
    /* Threads without memory. */
    {"epoch_fallback",
     0,
     M2,
     {REFUSE},
     {{SELF_ENTER, LOOK, SELF_LEAVE}, {REPLACE, STAMP_2, ADVANCE_THRICE, BATCH_2}}},
    {"epoch_fallback_exit",
     0,
     M2,
     {REFUSE},
     {{SELF_ENTER, LOOK}, {REPLACE, STAMP_2, ADVANCE_THRICE, BATCH_2}}},
    {"epoch_fallback_heavy",
     HEAVY,
     M2,
     {REFUSE},
     {{SELF_ENTER, LOOK, SELF_LEAVE}, {REPLACE, STAMP_2, ADVANCE_THRICE, BATCH_2}}},
    {"epoch_fallback_advancers",
     HEAVY,
     M2 | M3,
     {REFUSE},
     {{ADVANCE, SELF_ENTER, LOOK, SELF_LEAVE},
      {REPLACE, STAMP_2, ADVANCE},
      {MOVED_TWICE, ADVANCE, BATCH_2}}},
    {"epoch_spare",
     0,
     M3,
     {REFUSE},
     {{SELF_REPLACE}, {SELF_REPLACE_SECOND}, {STAMP_0, ADVANCE_THRICE, BATCH_0}}},
    {"epoch_seat",
     0,
     M3,
     {REFUSE, SELF_REPLACE, SELF_REPLACE_SECOND, STAMP_0, ADVANCE_THRICE},
     {{RECLAIM}, {RECLAIM}}},
    {"epoch_seat_cut",
     0,
     0,
     {REFUSE, ENDING, SELF_REPLACE, SELF_REPLACE_SECOND, STAMP_0, ADVANCE_THRICE},
     {{RECLAIM}, {RECLAIM}}},
    /* Who waits for all. */
    {"epoch_drain", 0, M1, {AS_1, REPLACE, STAMP_1, ADVANCE_THRICE}, {{BATCH_1}, {DRAIN}}},
    {"epoch_drain_retire",
     0,
     M1,
     {AS_1, REPLACE, STAMP_1, ADVANCE_THRICE},
     {{REPLACE_SECOND}, {DRAIN}}},
    {"epoch_drain_cut",
     0,
     M3,
     {AS_3, ENDING, REPLACE, REPLACE_SECOND, STAMP_3, ADVANCE_THRICE, UNREGISTER},
     {{SELF_ENTER, SELF_LEAVE, TELL, SELF_BATCH}, {HEAR, DRAIN}}},
    {"epoch_stats", 0, M1 | M2, {END}, {{REPLACE, STAMP_1, ADVANCE_THRICE, BATCH_1}, {STATS}}},
    {"epoch_stats_retire", 0, M1, {END}, {{SELF_REPLACE}, {STATS}}},
    {"epoch_stats_reclaim", 0, M1, {AS_1, REPLACE, STAMP_1, ADVANCE_THRICE}, {{RECLAIM}, {STATS}}},
    {"epoch_cap", CAPPED, M1, {END}, {{ENTER, LOOK, LEAVE}, {SELF_REPLACE}}},
    {"epoch_much",
     0,
     M1,
     {END},
     {{ENTER, LOOK, LEAVE},
      {SELF_REPLACE_MUCH, SELF_REPLACE_MUCH, SELF_REPLACE_MUCH, SELF_REPLACE_MUCH}}},
    {"epoch_stall",
     WATCHED,
     M1 | M2 | M3,
     {AS_1, ENTER, ADVANCE_TWICE, LATER},
     {{LOOK, LEAVE}, {ADVANCE}, {ADVANCE}}},
    /* Domains that come and go. */
    {"epoch_gone", 0, 0, {END}, {{SELF_ENTER, LOOK, SELF_LEAVE, TELL}, {HEAR, FREE}}},
    {"epoch_gone_while_sorted", 0, 0, {END}, {{SELF_REPLACE, TELL}, {HEAR, FREE}}},
    {"epoch_gone_sweep",
     0,
     0,
     {END},
     {{SELF_ENTER, SELF_LEAVE, TELL, OTHER_ENTER, OTHER_LEAVE}, {HEAR, FREE}}},
    {"epoch_domains", 0, 0, {END}, {{NEW_FREE}, {NEW_FREE}}},
    {"epoch_default", 0, 0, {END}, {{OTHER_ENTER, OTHER_LEAVE}, {OTHER_ENTER, OTHER_LEAVE}}},
};
enum { EPOCH_STEPS_COUNT = sizeof(epoch_steps_table) / sizeof(epoch_steps_table[0]) };

/* Objects 0 and 1 are in the slots first; then each thread has some to put. */
enum { EPOCH_OBJECTS_EACH = 4 };

static const struct epoch_steps *epoch_steps; /* the scenario at hand */

static struct {
    struct th_epoch_handle *members[EPOCH_THREADS + 1];
    unsigned puts[EPOCH_THREADS + 1];
    bool retired[EPOCH_THREADS + 1][EPOCH_WORLD_OBJECTS]; /* by that thread; 0: before */
    bool freed;
    bool ending;
    struct th_au32 told;
    struct th_au32 stalls;
} epoch_run;

static _Thread_local unsigned epoch_steps_self; /* number of the thread */

/* Defined by whoever runs the scenarios; may do nothing. */
static void epoch_steps_refuse(bool refuse);
static void epoch_steps_later(void);

static inline void epoch_steps_on_stall(void *context, const struct th_epoch_stall *stall)
{
    (void)context;
    SCENARIO_CHECK(stall->thread_name != NULL);
    /* relaxed: only counted. */
    th_u32_add_rlx(&epoch_run.stalls, 1);
}

/* Ends thread 1, which tells so. */
static inline void epoch_steps_reclaim_and_end(struct th_epoch_node *node)
{
    epoch_world_reclaim(node);
    if (epoch_steps_self == 1) {
        th_u32_store_rel(&epoch_run.told, 1);
        pthread_exit(NULL);
    }
}

static inline void (*epoch_steps_callback(void))(struct th_epoch_node *node)
{
    return epoch_run.ending ? epoch_steps_reclaim_and_end : epoch_world_reclaim;
}

/* ---- steps */

/* Takes what the slot holds out of it; the thread is who retires it. */
static inline struct epoch_object *epoch_steps_unlink(unsigned thread, unsigned slot)
{
    unsigned number = EPOCH_SLOTS + thread * EPOCH_OBJECTS_EACH + epoch_run.puts[thread]++;
    SCENARIO_CHECK(epoch_run.puts[thread] <= EPOCH_OBJECTS_EACH);
    struct epoch_object *old = atomic_exchange_explicit(
        &epoch_world.slots[slot], &epoch_world.objects[number], memory_order_acq_rel);
    epoch_run.retired[thread][old - epoch_world.objects] = true;
    return old;
}

static inline void epoch_steps_replace(unsigned thread, unsigned member, unsigned slot)
{
    struct epoch_object *old = epoch_steps_unlink(thread, slot);
    th_epoch_handle_retire(epoch_run.members[member], &old->node, sizeof(*old),
                           epoch_steps_callback());
}

static inline void epoch_steps_self_replace(unsigned thread, unsigned slot, size_t bytes)
{
    struct epoch_object *old = epoch_steps_unlink(thread, slot);
    th_epoch_retire(epoch_world.domain, &old->node, bytes, epoch_steps_callback());
}

/* Drains without waiting for anybody. If that was enough, all is gone that the thread knows of. */
static inline void epoch_steps_drain(unsigned thread)
{
    th_status status = th_epoch_drain(epoch_world.domain, 0);
    SCENARIO_CHECK(status == TH_OK || status == TH_MORE);
    for (unsigned i = 0; i < EPOCH_WORLD_OBJECTS && status == TH_OK; i++) {
        if (epoch_run.retired[0][i] || epoch_run.retired[thread][i]) {
            SCENARIO_CHECK(epoch_world.objects[i].alive == 0);
        }
    }
}

static inline void epoch_steps_stats(void)
{
    struct th_epoch_stats stats;
    th_epoch_get_stats(epoch_world.domain, &stats);
    SCENARIO_CHECK(stats.epoch >= TH_EPOCH_FIRST);
    SCENARIO_CHECK(stats.retired_total <= EPOCH_WORLD_OBJECTS);
    SCENARIO_CHECK(stats.reclaimed_total <= EPOCH_WORLD_OBJECTS);
    SCENARIO_CHECK(stats.waiting_bytes <= EPOCH_WORLD_OBJECTS * sizeof(struct epoch_object));
    SCENARIO_CHECK(stats.threads <= EPOCH_THREADS + 1);
}

static inline void epoch_steps_new_free(void)
{
    struct th_epoch *domain = NULL;
    SCENARIO_CHECK(th_epoch_new(NULL, &domain) == TH_OK);
    SCENARIO_CHECK(domain != epoch_world.domain);
    th_epoch_free(domain);
}

static inline struct th_epoch_handle *epoch_steps_record(unsigned member)
{
    return member == 0 ? &epoch_world.domain->spare : epoch_run.members[member];
}

/* As a map does it for a few reads. */
static inline void epoch_steps_light_look(void)
{
    struct th_epoch_handle *record = thi_epoch_record_light();
    if (record == NULL || thi_epoch_is_inside(record)) {
        th_epoch_enter(epoch_world.domain);
        epoch_world_look(0);
        th_epoch_leave(epoch_world.domain);
        return;
    }
    thi_epoch_announce_light(record);
    epoch_world_look(0);
    thi_epoch_withdraw(record);
}

/* Guards and retires. False: none of them. */
static inline bool epoch_step_guard(unsigned thread, unsigned member, enum epoch_step step)
{
    struct th_epoch *domain = epoch_world.domain;
    struct th_epoch_handle *handle = epoch_run.members[member];
    switch (step) {
    case ENTER: th_epoch_handle_enter(handle); return true;
    case LEAVE: th_epoch_handle_leave(handle); return true;
    case REPLACE: epoch_steps_replace(thread, member, 0); return true;
    case REPLACE_SECOND: epoch_steps_replace(thread, member, 1); return true;
    case SELF_ENTER:
        th_epoch_enter(domain);
        SCENARIO_CHECK(th_epoch_inside(domain));
        return true;
    case SELF_LEAVE: th_epoch_leave(domain); return true;
    case SELF_REPLACE:
        epoch_steps_self_replace(thread, 0, sizeof(struct epoch_object));
        return true;
    case SELF_REPLACE_SECOND:
        epoch_steps_self_replace(thread, 1, sizeof(struct epoch_object));
        return true;
    case SELF_REPLACE_MUCH:
        epoch_steps_self_replace(thread, 0, TH_EPOCH_ADVANCE_BYTES);
        return true;
    case LOOK: epoch_world_look(0); return true;
    case LOOK_SECOND: epoch_world_look(1); return true;
    case LIGHT_LOOK: epoch_steps_light_look(); return true;
    case OTHER_ENTER: th_epoch_enter(th_epoch_default()); return true;
    case OTHER_LEAVE: th_epoch_leave(th_epoch_default()); return true;
    default: return false;
    }
}

/* What moves objects on. False: none of it. */
static inline bool epoch_step_limbo(unsigned thread, unsigned member, enum epoch_step step)
{
    struct th_epoch *domain = epoch_world.domain;
    switch (step) {
    case STAMP_0:
    case STAMP_1:
    case STAMP_2:
    case STAMP_3: (void)thi_epoch_limbo_refresh(epoch_steps_record(step - STAMP_0)); return true;
    case BATCH_0:
    case BATCH_1:
    case BATCH_2:
    case BATCH_3:
        (void)thi_epoch_run_batch(epoch_run.members[member], epoch_steps_record(step - BATCH_0),
                                  TH_EPOCH_BATCH_OBJECTS);
        return true;
    case SELF_BATCH: {
        struct th_epoch_handle *own = thi_epoch_member(domain, true);
        (void)thi_epoch_run_batch(own, own, TH_EPOCH_BATCH_OBJECTS);
        return true;
    }
    case ADVANCE:
    case ADVANCE_TWICE:
    case ADVANCE_THRICE:
        for (unsigned i = 0; i <= step - ADVANCE && thi_epoch_advance(domain); i++) {
        }
        return true;
    case RECLAIM: (void)th_epoch_reclaim(domain, 0); return true;
    case DRAIN: epoch_steps_drain(thread); return true;
    case STATS: epoch_steps_stats(); return true;
    default: return false;
    }
}

static inline bool epoch_step_run(unsigned thread, unsigned member, enum epoch_step step)
{
    if (epoch_step_guard(thread, member, step) || epoch_step_limbo(thread, member, step)) {
        return true;
    }
    switch (step) {
    case REGISTER:
        SCENARIO_CHECK(th_epoch_register(epoch_world.domain, &epoch_run.members[member]) == TH_OK);
        return true;
    case UNREGISTER:
        th_epoch_unregister(epoch_run.members[member]);
        epoch_run.members[member] = NULL;
        return true;
    case NEW_FREE: epoch_steps_new_free(); return true;
    case FREE:
        th_epoch_free(epoch_world.domain);
        epoch_run.freed = true;
        return true;
    case ENDING: epoch_run.ending = true; return true;
    case LATER: epoch_steps_later(); return true;
    case REFUSE: epoch_steps_refuse(true); return true;
    case MOVED_TWICE:
        /* relaxed: it orders nothing; what follows shall not either. */
        return th_u64_load_rlx(&epoch_world.domain->epoch) == TH_EPOCH_FIRST + 2;
    case TELL: th_u32_store_rel(&epoch_run.told, 1); return true;
    case HEAR: return th_u32_load_acq(&epoch_run.told) != 0;
    default: return false;
    }
}

/* ---- the form of a scenario */

static inline void epoch_steps_setup(void)
{
    epoch_steps_refuse(false);
    memset(&epoch_run, 0, sizeof(epoch_run));
    epoch_world.config = (struct th_epoch_config){
        .fences_only = (epoch_steps->flags & HEAVY) == 0,
        .waiting_bytes_max = (epoch_steps->flags & CAPPED) != 0 ? 1 : 0,
        .stall_ns = (epoch_steps->flags & WATCHED) != 0 ? 1 : 0,
        .on_stall = epoch_steps_on_stall,
    };
    epoch_world.is_default = (epoch_steps->flags & DEFAULT) != 0;
    epoch_world_setup();
    for (unsigned i = 1; i <= EPOCH_THREADS; i++) {
        SCENARIO_CHECK((epoch_steps->members >> i & 1) == 0 ||
                       th_epoch_register(epoch_world.domain, &epoch_run.members[i]) == TH_OK);
    }
    unsigned member = 1;
    for (unsigned i = 0; i < EPOCH_BEFORE && epoch_steps->before[i] != END; i++) {
        enum epoch_step step = epoch_steps->before[i];
        if (step >= AS_1 && step <= AS_3) {
            member = step - AS_1 + 1;
        } else {
            (void)epoch_step_run(0, member, step);
        }
    }
}

/* What thread 1, 2, ... does. */
static inline void epoch_steps_thread(unsigned thread)
{
    const enum epoch_step *mine = epoch_steps->threads[thread - 1];
    epoch_steps_self = thread;
    for (unsigned i = 0; i < EPOCH_STEPS && epoch_step_run(thread, thread, mine[i]); i++) {
    }
}

static inline unsigned epoch_steps_thread_count(void)
{
    unsigned count = 0;
    while (count < EPOCH_THREADS && epoch_steps->threads[count][0] != END) {
        count++;
    }
    return count;
}

static inline void epoch_steps_after(void)
{
    unsigned mask = 0;
    epoch_steps_refuse(false);
    for (unsigned i = 0; i < EPOCH_WORLD_OBJECTS; i++) {
        for (unsigned thread = 0; thread <= EPOCH_THREADS; thread++) {
            mask |= epoch_run.retired[thread][i] ? 1u << i : 0;
        }
    }
    for (unsigned i = 1; i <= EPOCH_THREADS && !epoch_run.freed; i++) {
        th_epoch_unregister(epoch_run.members[i]);
    }
    if (epoch_run.freed) {
        epoch_world_check(mask);
    } else {
        epoch_world_after(mask);
    }
    /* relaxed: the threads have ended. */
    SCENARIO_CHECK(th_u32_load_rlx(&epoch_run.stalls) <= 1);
}

#endif
