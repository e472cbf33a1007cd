/* SPDX-License-Identifier: MIT
 * test_engine.c - the engine through its interface: small programs whose executions are known.
 */
#include "test.h"

#include "engine/engine.h"

#include <sys/resource.h>

enum { SCRIPT_THREADS = 4, TOKEN_BYTES = 256, TOKENS_MAX = 64 };

struct script;

/* One thread: its `at`-th operation, after the result of the one before. */
typedef void script_thread(struct script *script, uint32_t at, uint64_t result,
                           struct thi_operation *operation);

/* A program in real memory, and what was seen of it. */
struct script {
    script_thread *threads[SCRIPT_THREADS];
    uint32_t first_count; /* threads from the start */
    struct thi_engine *engine;
    uint32_t at[SCRIPT_THREADS];
    uint64_t results[SCRIPT_THREADS];
    /* Memory of the program. */
    uint64_t x, y, z, other;
    uint32_t halves[2];
    /* What came. */
    bool go_on;
    uint64_t calls;
    uint64_t finished;
    uint64_t weak; /* executions in which both results are 0 */
    uint32_t error_count;
    struct thi_engine_error error;
    char token[TOKEN_BYTES];
    char tokens[TOKENS_MAX][TOKEN_BYTES];
};

static void script_restart(void *context)
{
    struct script *script = context;
    memset(script->at, 0, sizeof script->at);
    memset(script->results, 0, sizeof script->results);
    script->x = script->y = script->z = script->other = 0;
    script->halves[0] = script->halves[1] = 0;
}

static void script_step(void *context, uint32_t thread, uint64_t result,
                        struct thi_operation *operation)
{
    struct script *script = context;
    operation->kind = TH_OP_END;
    script->calls++;
    script->threads[thread](script, script->at[thread]++, result, operation);
}

static void script_finish(void *context)
{
    struct script *script = context;
    if (script->finished < TOKENS_MAX) {
        thi_engine_token(script->engine, script->tokens[script->finished], TOKEN_BYTES);
    }
    script->finished++;
    script->weak += script->results[0] == 0 && script->results[1] == 0;
}

static bool script_error(void *context, const struct thi_engine_error *error)
{
    struct script *script = context;
    script->error_count++;
    script->error = *error;
    thi_engine_token(script->engine, script->token, sizeof script->token);
    return script->go_on;
}

static struct thi_engine *script_engine(struct script *script,
                                        const struct thi_engine_options *options)
{
    struct thi_program program = {.context = script,
                                  .thread_count =
                                      script->first_count == 0 ? 1 : script->first_count,
                                  .restart = script_restart,
                                  .step = script_step,
                                  .finish = script_finish,
                                  .error = script_error};
    script->engine = thi_engine_new(&program, options);
    return script->engine;
}

static struct thi_engine_result script_run(struct script *script, struct thi_engine_options options)
{
    struct thi_engine_result result = {.verdict = TH_VERDICT_BROKEN};
    if (script_engine(script, &options) != NULL) {
        thi_engine_run(script->engine, &result);
        thi_engine_free(script->engine);
    }
    return result;
}

static void op_access(struct thi_operation *operation, enum thi_operation_kind kind, void *place,
                      enum thi_order order, uint64_t value)
{
    *operation = (struct thi_operation){.kind = kind,
                                        .order = order,
                                        .failure_order = TH_ORDER_RELAXED,
                                        .rmw = TH_RMW_ADD,
                                        .bytes = 8,
                                        .site = 1,
                                        .address = (uintptr_t)place,
                                        .value = value};
}

static void op_simple(struct thi_operation *operation, enum thi_operation_kind kind, uint64_t value)
{
    *operation = (struct thi_operation){.kind = kind, .order = TH_ORDER_SEQ_CST, .value = value};
}

/* A plain access of 8 bytes that is no event; false: yield what is in *operation. */
static bool plain(struct script *script, uint64_t *place, bool write,
                  struct thi_operation *operation)
{
    struct thi_location location;
    switch (thi_engine_plain(script->engine, (uintptr_t)place, 8, write, 7, &location)) {
    case TH_PLAIN_DONE: return true;
    case TH_PLAIN_STOP: operation->kind = TH_OP_STOP; return false;
    case TH_PLAIN_EVENT: break;
    }
    op_access(operation, TH_OP_PLAIN_STORE, place, TH_ORDER_PLAIN, 0);
    operation->from_memory = true;
    return false;
}

/* --- Threads, create and join. */

static void child_writes_plain(struct script *script, uint32_t at, uint64_t result,
                               struct thi_operation *operation)
{
    (void)result;
    if (at == 0 && plain(script, &script->x, true, operation)) {
        script->x = 5;
    }
}

static void main_joins(struct script *script, uint32_t at, uint64_t result,
                       struct thi_operation *operation)
{
    if (at == 0) {
        op_simple(operation, TH_OP_CREATE, 0);
    } else if (at == 1) {
        op_simple(operation, TH_OP_JOIN, result);
    } else if (at == 2 && plain(script, &script->x, false, operation)) {
        script->results[0] = script->x;
    }
}

static void main_does_not_join(struct script *script, uint32_t at, uint64_t result,
                               struct thi_operation *operation)
{
    (void)result;
    if (at == 0) {
        op_simple(operation, TH_OP_CREATE, 0);
    } else if (at == 1 && plain(script, &script->x, false, operation)) {
        script->results[0] = script->x;
    }
}

/* Goal: creation and join order plain accesses; without join they race, and both are named. */
TEST(engine_plain_accesses_are_ordered_by_join)
{
    struct script script = {.threads = {main_joins, child_writes_plain}};
    struct thi_engine_result result = script_run(&script, (struct thi_engine_options){0});
    CHECK_EQ(result.verdict, TH_VERDICT_COMPLETE);
    CHECK_EQ(result.executions, 1);
    CHECK_EQ(script.results[0], 5);
    struct script racy = {.threads = {main_does_not_join, child_writes_plain}};
    result = script_run(&racy, (struct thi_engine_options){0});
    CHECK_EQ(result.verdict, TH_VERDICT_ERROR);
    CHECK_EQ(racy.error.kind, TH_ENGINE_RACE);
    CHECK(racy.error.has_other && racy.error.other.thread != racy.error.access.thread);
    CHECK(racy.error.access.write != racy.error.other.write);
}

/* --- Fences. */

static void buffer_a(struct script *script, uint32_t at, uint64_t result,
                     struct thi_operation *operation)
{
    switch (at) {
    case 0: op_access(operation, TH_OP_STORE, &script->x, TH_ORDER_RELAXED, 1); break;
    case 1: op_access(operation, TH_OP_LOAD, &script->y, TH_ORDER_RELAXED, 0); break;
    default: script->results[0] = result; break;
    }
}

static void buffer_b(struct script *script, uint32_t at, uint64_t result,
                     struct thi_operation *operation)
{
    switch (at) {
    case 0: op_access(operation, TH_OP_STORE, &script->y, TH_ORDER_RELAXED, 1); break;
    case 1: op_access(operation, TH_OP_LOAD, &script->x, TH_ORDER_RELAXED, 0); break;
    default: script->results[1] = result; break;
    }
}

static void buffer_b_heavy(struct script *script, uint32_t at, uint64_t result,
                           struct thi_operation *operation)
{
    if (at == 1) {
        op_simple(operation, TH_OP_HEAVY_FENCE, 0);
    } else {
        buffer_b(script, at == 0 ? 0 : at - 1, result, operation);
    }
}

/* A heavy fence that orders x and y of nobody: between two others it must do nothing. */
static void heavy_alone(struct script *script, uint32_t at, uint64_t result,
                        struct thi_operation *operation)
{
    (void)script, (void)result;
    if (at == 0) {
        op_simple(operation, TH_OP_HEAVY_FENCE, 0);
    }
}

/* Goal: a heavy fence on one side of store buffering forbids that both read 0, though the other
 * side has no fence; elsewhere it forbids nothing that a machine may do. */
TEST(engine_heavy_fence_orders_against_its_thread_only)
{
    struct script none = {.threads = {buffer_a, buffer_b}, .first_count = 2};
    CHECK_EQ(script_run(&none, (struct thi_engine_options){0}).executions, 4);
    CHECK_EQ(none.weak, 1);
    struct script heavy = {.threads = {buffer_a, buffer_b_heavy}, .first_count = 2};
    CHECK_EQ(script_run(&heavy, (struct thi_engine_options){0}).executions, 3);
    CHECK_EQ(heavy.weak, 0);
    struct script beside = {.threads = {buffer_a, buffer_b, heavy_alone}, .first_count = 3};
    CHECK_EQ(script_run(&beside, (struct thi_engine_options){0}).executions, 4);
    CHECK_EQ(beside.weak, 1);
}

/* --- Waiting. */

static void waits_for_x(struct script *script, uint32_t at, uint64_t result,
                        struct thi_operation *operation)
{
    if (at == 0) {
        op_access(operation, TH_OP_LOAD, &script->x, TH_ORDER_ACQUIRE, 0);
    } else if (at == 1 && result == 0) {
        op_simple(operation, TH_OP_AWAIT, 1);
    } else if (at == 1 && plain(script, &script->z, false, operation)) {
        script->results[1] = script->z;
    }
}

static void sets_x(struct script *script, uint32_t at, uint64_t result,
                   struct thi_operation *operation)
{
    (void)result;
    if (at == 0 && plain(script, &script->z, true, operation)) {
        script->z = 9;
        op_access(operation, TH_OP_STORE, &script->x, TH_ORDER_RELEASE, 1);
    }
}

static void sets_nothing(struct script *script, uint32_t at, uint64_t result,
                         struct thi_operation *operation)
{
    (void)script, (void)at, (void)result, (void)operation;
}

/* Goal: a failed wait is a blocked execution if the write comes, a deadlock if it does not. */
TEST(engine_await_blocks_or_is_a_deadlock)
{
    struct script script = {.threads = {waits_for_x, sets_x}, .first_count = 2};
    struct thi_engine_result result = script_run(&script, (struct thi_engine_options){0});
    CHECK_EQ(result.verdict, TH_VERDICT_COMPLETE);
    CHECK_EQ(result.executions, 1);
    CHECK_EQ(script.results[1], 9);
    struct script stuck = {.threads = {waits_for_x, sets_nothing}, .first_count = 2};
    result = script_run(&stuck, (struct thi_engine_options){0});
    CHECK_EQ(result.executions, 0);
    CHECK_EQ(stuck.error.kind, TH_ENGINE_DEADLOCK);
    CHECK_EQ(stuck.error.access.thread, 0);
}

/* --- Locations used both ways. */

/* Counts, is joined, is read plainly, set plainly, and counted on. */
static void counts(struct script *script, uint32_t at, uint64_t result,
                   struct thi_operation *operation)
{
    (void)result;
    if (at < 2) {
        op_access(operation, TH_OP_RMW, &script->x, TH_ORDER_RELAXED, 10);
    }
}

static void main_mixes(struct script *script, uint32_t at, uint64_t result,
                       struct thi_operation *operation)
{
    switch (at) {
    case 0:
        script->x = plain(script, &script->x, true, operation) ? 100 : 0;
        op_simple(operation, TH_OP_CREATE, 0);
        break;
    case 1: op_simple(operation, TH_OP_JOIN, result); break;
    case 2:
        if (plain(script, &script->x, false, operation)) {
            script->results[0] = script->x;
        }
        plain(script, &script->x, true, operation); /* the event; the store is behind it */
        break;
    case 3:
        script->x = 7;
        op_access(operation, TH_OP_RMW, &script->x, TH_ORDER_RELAXED, 1);
        break;
    case 4: op_access(operation, TH_OP_LOAD, &script->x, TH_ORDER_RELAXED, 0); break;
    default: script->results[1] = result; break;
    }
}

/* Goal: an atomic object can be set and read plainly where that is ordered, and keeps its value. */
TEST(engine_location_used_atomically_and_plainly_keeps_its_value)
{
    struct script script = {.threads = {main_mixes, counts}};
    struct thi_engine_result result = script_run(&script, (struct thi_engine_options){0});
    CHECK_EQ(result.verdict, TH_VERDICT_COMPLETE);
    CHECK_EQ(result.executions, 1);
    CHECK_EQ(script.results[0], 120);
    CHECK_EQ(script.results[1], 8);
}

static void splits(struct script *script, uint32_t at, uint64_t result,
                   struct thi_operation *operation)
{
    (void)result;
    if (at < 2) {
        op_access(operation, TH_OP_STORE, &script->halves[0], TH_ORDER_RELAXED, 1);
        operation->bytes = at == 0 ? 8 : 4;
    }
}

/* Goal: two atomic objects that overlap are refused. */
TEST(engine_mixed_sizes_are_an_error)
{
    struct script script = {.threads = {splits}};
    script_run(&script, (struct thi_engine_options){0});
    CHECK_EQ(script.error.kind, TH_ENGINE_MIXED_SIZE);
}

/* --- Memory. */

enum { FAULT_USE, FAULT_DOUBLE, FAULT_INVALID, FAULT_UNINITIALISED, FAULT_BEYOND, FAULT_LEAK };
static int fault;

static void faulty(struct script *script, uint32_t at, uint64_t result,
                   struct thi_operation *operation)
{
    (void)result;
    if (at > 0) {
        return;
    }
    uintptr_t block = (uintptr_t)script->halves;
    struct thi_location location;
    bool sound = thi_engine_memory_alloc(script->engine, block, 8, false, 1);
    if (fault == FAULT_UNINITIALISED) {
        sound = thi_engine_plain(script->engine, block, 4, false, 2, &location) == TH_PLAIN_DONE;
    } else if (fault == FAULT_BEYOND) {
        sound = thi_engine_plain(script->engine, block + 6, 4, true, 2, &location) == TH_PLAIN_DONE;
    } else if (fault == FAULT_INVALID) {
        sound = thi_engine_memory_free(script->engine, block + 4, 2);
    } else if (fault != FAULT_LEAK) {
        sound = sound && thi_engine_memory_free(script->engine, block, 2);
        sound = sound && (fault == FAULT_USE ? thi_engine_plain(script->engine, block, 4, true, 3,
                                                                &location) == TH_PLAIN_DONE
                                             : thi_engine_memory_free(script->engine, block, 3));
    }
    operation->kind = sound ? TH_OP_END : TH_OP_STOP;
}

/* Goal: each misuse of a block has its own error. */
TEST(engine_misuse_of_memory_is_found)
{
    static const enum thi_engine_error_kind kinds[] = {
        TH_ENGINE_USE_AFTER_FREE, TH_ENGINE_DOUBLE_FREE,   TH_ENGINE_INVALID_FREE,
        TH_ENGINE_UNINITIALISED,  TH_ENGINE_OUT_OF_BOUNDS, TH_ENGINE_LEAK};
    for (fault = FAULT_USE; fault <= FAULT_LEAK; fault++) {
        struct script script = {.threads = {faulty}};
        script_run(&script, (struct thi_engine_options){.find_leaks = true});
        CHECK_EQ(script.error_count, 1);
        CHECK_EQ(script.error.kind, kinds[fault]);
    }
}

static void publishes(struct script *script, uint32_t at, uint64_t result,
                      struct thi_operation *operation)
{
    (void)result;
    if (at == 0) {
        thi_engine_memory_alloc(script->engine, (uintptr_t)script->halves, 8, true, 1);
        op_access(operation, TH_OP_STORE, &script->x, TH_ORDER_RELEASE, 1);
    }
}

static void follows(struct script *script, uint32_t at, uint64_t result,
                    struct thi_operation *operation)
{
    if (at == 0) {
        op_access(operation, TH_OP_LOAD, &script->x, TH_ORDER_ACQUIRE, 0);
    } else if (at == 1 && result != 0) {
        uint64_t *block = (uint64_t *)(void *)script->halves;
        script->results[1] = plain(script, block, false, operation) ? *block : 1;
    }
}

/* Goal: memory published with release is used without complaint; weakened to relaxed by the table
 * of orders, without another build, it is unpublished memory. */
TEST(engine_order_override_unpublishes_memory)
{
    struct script script = {.threads = {publishes, follows}, .first_count = 2};
    struct thi_engine_options options = {.coverage = true};
    struct thi_engine_result result;
    REQUIRE(script_engine(&script, &options) != NULL);
    thi_engine_run(script.engine, &result);
    CHECK_EQ(result.verdict, TH_VERDICT_COMPLETE);
    CHECK_EQ(result.executions, 2);
    struct thi_site_counters counters;
    CHECK(thi_engine_site_counters(script.engine, 1, &counters));
    CHECK_EQ(counters.events, 4);
    CHECK_EQ(counters.contended, 2); /* the store and a load that did not read it, in one of two */
    CHECK_EQ(counters.threads, 2);
    CHECK_EQ(counters.stale, 1);
    CHECK(thi_engine_site_override(script.engine, 1, TH_ORDER_RELAXED, TH_ORDER_NONE));
    thi_engine_run(script.engine, &result);
    CHECK_EQ(result.verdict, TH_VERDICT_ERROR);
    CHECK_EQ(script.error.kind, TH_ENGINE_UNPUBLISHED);
    thi_engine_site_overrides_clear(script.engine);
    thi_engine_run(script.engine, &result);
    CHECK_EQ(result.verdict, TH_VERDICT_COMPLETE);
    thi_engine_free(script.engine);
}

/* --- Replay, bounds, processes. */

static void adds(struct script *script, uint32_t at, uint64_t result,
                 struct thi_operation *operation)
{
    (void)result;
    if (at < 3) {
        op_access(operation, at == 1 ? TH_OP_LOAD : TH_OP_RMW, &script->x, TH_ORDER_ACQ_REL, 1);
        operation->order = at == 1 ? TH_ORDER_RELAXED : TH_ORDER_ACQ_REL;
    }
}

/* Goal: every execution has a token of its own, which brings it back. */
TEST(engine_token_replays_its_execution)
{
    struct script script = {.threads = {adds, adds}, .first_count = 2};
    struct thi_engine_options options = {.check_duplicates = true};
    struct thi_engine_result result;
    const char *why;
    REQUIRE(script_engine(&script, &options) != NULL);
    thi_engine_run(script.engine, &result);
    uint64_t count = script.finished;
    CHECK(count > 5 && count < TOKENS_MAX);
    CHECK_EQ(result.duplicates, 0);
    for (uint64_t i = 0; i < count; i++) {
        char token[TOKEN_BYTES];
        memcpy(token, script.tokens[i], sizeof token);
        for (uint64_t j = 0; j < i; j++) {
            CHECK(strcmp(script.tokens[j], token) != 0);
        }
        script.finished = TOKENS_MAX - 1;
        CHECK(thi_engine_replay(script.engine, token, &result, &why));
        CHECK_EQ(script.finished, TOKENS_MAX);
        CHECK(strcmp(script.tokens[TOKENS_MAX - 1], token) == 0);
    }
    CHECK(!thi_engine_replay(script.engine, "a1?", &result, &why) && why != NULL);
    CHECK(!thi_engine_replay(script.engine, "a99", &result, &why) && why != NULL);
    CHECK(!thi_engine_replay(script.engine, "a1", &result, &why) && why != NULL);
    CHECK(!thi_engine_replay(script.engine, "a.9", &result, &why) && why != NULL);
    CHECK(!thi_engine_replay(script.engine, "z1", &result, &why) && why != NULL);
    CHECK(!thi_engine_replay(script.engine, "_Z1", &result, &why) && why != NULL);
    thi_engine_free(script.engine);
}

/* Goal: a word that is no token, or of another program, is refused and does no harm. */
TEST(engine_broken_tokens_are_refused)
{
    static const char alphabet[] = "aaabbbcC_..0123\x01";
    struct script script = {.threads = {adds, adds}, .first_count = 2};
    struct thi_engine_options options = {.check_duplicates = false};
    struct thi_engine_result result;
    const char *why;
    uint64_t seed = test_seed, refused = 0, wanted = test_scaled(3000);
    REQUIRE(script_engine(&script, &options) != NULL);
    for (uint64_t i = 0; i < wanted; i++) {
        char token[16];
        size_t size = 1 + test_random(&seed) % (sizeof token - 1);
        for (size_t j = 0; j < size; j++) {
            token[j] = alphabet[test_random(&seed) % (sizeof alphabet - 1)];
        }
        token[size] = '\0';
        bool taken = thi_engine_replay(script.engine, token, &result, &why);
        CHECK(taken == (why == NULL));
        refused += !taken;
    }
    CHECK(refused > wanted / 2);
    thi_engine_free(script.engine);
}

static void adds_more(struct script *script, uint32_t at, uint64_t result,
                      struct thi_operation *operation)
{
    (void)result;
    if (at < 5) {
        op_access(operation, at % 2 == 1 ? TH_OP_LOAD : TH_OP_RMW, &script->x, TH_ORDER_RELAXED, 1);
    }
}

/* Goal: the sums of several processes are those of one. */
TEST(engine_workers_count_what_one_process_counts)
{
    struct thi_engine_result one, more;
    struct script script = {.threads = {adds_more, adds_more, adds}, .first_count = 3};
    one = script_run(&script, (struct thi_engine_options){.coverage = true});
    CHECK_EQ(one.verdict, TH_VERDICT_COMPLETE);
    CHECK(one.executions > 1000);
    for (uint32_t workers = 2; workers <= 3; workers++) {
        struct script again = {.threads = {adds_more, adds_more, adds}, .first_count = 3};
        more =
            script_run(&again, (struct thi_engine_options){.workers = workers, .coverage = true});
        CHECK_EQ(more.verdict, TH_VERDICT_COMPLETE);
        CHECK_EQ(more.executions, one.executions);
        CHECK_EQ(more.blocked, one.blocked);
        CHECK_EQ(more.pruned, one.pruned);
        CHECK_EQ(more.contended, one.contended);
        CHECK_EQ(more.workers, workers);
    }
}

/* Goal: an error that a worker process finds is told here, with a graph and a token. */
TEST(engine_workers_error_comes_back)
{
    struct script script = {.threads = {buffer_a, child_writes_plain}, .first_count = 2};
    struct thi_engine_result result =
        script_run(&script, (struct thi_engine_options){.workers = 2});
    CHECK_EQ(result.verdict, TH_VERDICT_ERROR);
    CHECK_EQ(script.error_count, 1);
    CHECK_EQ(script.error.kind, TH_ENGINE_RACE);
    CHECK(script.token[0] != '\0');
}

/* Goal: a bound that was hit is said, and is no completeness. */
TEST(engine_bounds_are_told)
{
    struct script script = {.threads = {adds_more, adds_more, adds}, .first_count = 3};
    struct thi_engine_result result =
        script_run(&script, (struct thi_engine_options){.executions_max = 10});
    CHECK_EQ(result.verdict, TH_VERDICT_BOUNDED);
    CHECK_EQ(result.bounds, TH_BOUND_EXECUTIONS);
    CHECK_EQ(result.executions, 10);
    CHECK(result.estimate > 10);
    result = script_run(&script, (struct thi_engine_options){.events_max = 5});
    CHECK_EQ(result.verdict, TH_VERDICT_BOUNDED);
    CHECK_EQ(result.bounds, TH_BOUND_EVENTS);
    CHECK_EQ(result.executions, 0);
}

static uint64_t resident_most_kb(void)
{
    struct rusage usage;
    return getrusage(RUSAGE_SELF, &usage) == 0 ? (uint64_t)usage.ru_maxrss : 0;
}

/* Goal: memory does not grow with the number of executions. Method: the first thousand executions
 * of a large search, then a hundred times as many. */
TEST(engine_memory_stays_while_executions_grow)
{
    struct script script = {.threads = {adds_more, adds_more, adds_more, adds}, .first_count = 4};
    struct thi_engine_result result =
        script_run(&script, (struct thi_engine_options){.executions_max = 1000});
    CHECK_EQ(result.executions, 1000);
    uint64_t before_kb = resident_most_kb(), wanted = test_scaled(100000);
    result = script_run(&script, (struct thi_engine_options){.executions_max = wanted});
    CHECK_EQ(result.executions, wanted);
    uint64_t after_kb = resident_most_kb();
    printf("# %" PRIu64 " KB, then %" PRIu64 " KB\n", before_kb, after_kb);
    CHECK(before_kb > 0 && after_kb <= before_kb + before_kb / 20 + 512); /* sanitizers */
}

static void changes(struct script *script, uint32_t at, uint64_t result,
                    struct thi_operation *operation)
{
    (void)result;
    if (at == 0) {
        op_access(operation, TH_OP_LOAD, script->calls > 20 ? &script->y : &script->x,
                  TH_ORDER_RELAXED, 0);
    }
}

/* Goal: a program that does something else when it is run again is found out. */
TEST(engine_program_that_changes_is_an_error)
{
    struct script script = {.threads = {changes, adds, adds}, .first_count = 3};
    struct thi_engine_result result = script_run(&script, (struct thi_engine_options){0});
    CHECK_EQ(result.verdict, TH_VERDICT_ERROR);
    CHECK_EQ(script.error.kind, TH_ENGINE_NOT_SAME);
}

TEST_MAIN()
