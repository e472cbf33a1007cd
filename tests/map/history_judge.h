/* SPDX-License-Identifier: MIT
 * history_judge.h - decides whether what several threads saw of one key can be explained by one
 * order of their operations.
 *
 * Guarantees   J1 true if and only if there is a total order of the calls that a map of one key
 *              would answer in the same way and that respects each thread's program order and every
 *              "returned before the other was invoked".
 * Method       depth first over the calls that may come next; a pair of (set of calls done, state)
 *              is visited once. Values that calls write should differ, then the search hardly
 *              branches.
 * Sources      linearizability (Herlihy, Wing); the search with memory (Wing, Gong; Lowe).
 */
#ifndef TOPHASH_TESTS_MAP_HISTORY_JUDGE_H
#define TOPHASH_TESTS_MAP_HISTORY_JUDGE_H

#include <tophash/base.h>

#include <stdio.h>
#include <string.h>

enum {
    JUDGE_CALLS_MAX = 16,
    JUDGE_MEMO_SLOTS = 1 << 9,
};

enum judge_operation {
    JUDGE_GET,      /* status: 1 found, 0 not */
    JUDGE_PUT,      /* argument: value */
    JUDGE_INSERT,   /* argument: value */
    JUDGE_REPLACE,  /* argument: value */
    JUDGE_EXCHANGE, /* expected, argument: desired */
    JUDGE_ADD,      /* argument: delta */
    JUDGE_ERASE,
    JUDGE_ERASE_IF, /* expected */
    JUDGE_OPERATIONS
};

struct judge_call {
    uint64_t invoked; /* stamps: returned < invoked of another call orders the two */
    uint64_t returned;
    uint64_t expected;
    uint64_t argument;
    uint64_t out; /* what the call said; compared where the operation gives something */
    int32_t status;
    uint32_t thread; /* calls of a thread are in the array in program order */
    enum judge_operation operation;
};

struct judge_state {
    uint64_t value;
    bool present;
};

struct judge_memo {
    uint64_t value;
    uint32_t done;
    bool present;
    bool used;
};

struct judge {
    const struct judge_call *calls;
    unsigned count;
    struct judge_state last;
    struct judge_memo memo[JUDGE_MEMO_SLOTS];
};

/* What a map of one key answers: status, and whether `out` is given. Changes the state. */
static inline int32_t judge_answer(const struct judge_call *call, struct judge_state *state,
                                   bool *gives_out)
{
    bool present = state->present;
    bool equal = present && state->value == call->expected;
    *gives_out = present;
    switch (call->operation) {
    case JUDGE_GET: return present ? 1 : 0;
    case JUDGE_PUT:
        *state = (struct judge_state){call->argument, true};
        return present ? TH_EXISTS : TH_OK;
    case JUDGE_INSERT:
        if (!present) {
            *state = (struct judge_state){call->argument, true};
        }
        return present ? TH_EXISTS : TH_OK;
    case JUDGE_REPLACE:
        state->value = present ? call->argument : state->value;
        return present ? TH_OK : TH_ABSENT;
    case JUDGE_ADD:
        state->value += present ? call->argument : 0;
        return present ? TH_OK : TH_ABSENT;
    case JUDGE_EXCHANGE:
        *gives_out = present && !equal;
        state->value = equal ? call->argument : state->value;
        return !present ? TH_ABSENT : equal ? TH_OK : TH_MISMATCH;
    case JUDGE_ERASE: state->present = false; return present ? TH_OK : TH_ABSENT;
    case JUDGE_ERASE_IF:
        *gives_out = present && !equal;
        state->present = present && !equal;
        return !present ? TH_ABSENT : equal ? TH_OK : TH_MISMATCH;
    case JUDGE_OPERATIONS: break;
    }
    return INT32_MIN;
}

/* True if the call could come now, in this state; *next is the state behind it. */
static inline bool judge_fits(const struct judge_call *call, struct judge_state state,
                              struct judge_state *next)
{
    bool gives_out = false;
    uint64_t before = state.value;
    if (judge_answer(call, &state, &gives_out) != call->status ||
        (gives_out && before != call->out)) {
        return false;
    }
    state.value = state.present ? state.value : 0;
    *next = state;
    return true;
}

/* True if no call that is not yet done must come before this one. */
static inline bool judge_may_be_next(const struct judge *judge, uint32_t done, unsigned index)
{
    for (unsigned i = 0; i < judge->count; i++) {
        const struct judge_call *other = &judge->calls[i], *call = &judge->calls[index];
        if (i == index || (done >> i & 1) != 0) {
            continue;
        }
        if (other->returned < call->invoked || (other->thread == call->thread && i < index)) {
            return false;
        }
    }
    return true;
}

/* True if this pair was visited before; enters it otherwise. A full memory only costs time. */
static inline bool judge_visited(struct judge *judge, uint32_t done, struct judge_state state)
{
    uint64_t hash = (state.value + done + (state.present ? UINT64_C(1) << 40 : 0)) *
                    UINT64_C(0x9e3779b97f4a7c15);
    for (unsigned i = 0; i < JUDGE_MEMO_SLOTS; i++) {
        struct judge_memo *memo = &judge->memo[((hash >> 40) + i) % JUDGE_MEMO_SLOTS];
        if (!memo->used) {
            *memo = (struct judge_memo){state.value, done, state.present, true};
            return false;
        }
        if (memo->done == done && memo->present == state.present && memo->value == state.value) {
            return true;
        }
    }
    return false;
}

static inline bool judge_search(struct judge *judge, uint32_t done, struct judge_state state)
{
    if (done == (UINT32_C(1) << judge->count) - 1) {
        return state.present == judge->last.present &&
               (!state.present || state.value == judge->last.value);
    }
    if (judge_visited(judge, done, state)) {
        return false;
    }
    for (unsigned i = 0; i < judge->count; i++) {
        struct judge_state next;
        if ((done >> i & 1) == 0 && judge_may_be_next(judge, done, i) &&
            judge_fits(&judge->calls[i], state, &next) &&
            judge_search(judge, done | UINT32_C(1) << i, next)) {
            return true;
        }
    }
    return false;
}

/* J1, from the state before all calls to the state after all of them. `room` is working memory. */
static inline bool judge_history(struct judge *room, const struct judge_call *calls, unsigned count,
                                 struct judge_state first, struct judge_state last)
{
    room->calls = calls;
    room->count = count;
    room->last = last;
    memset(room->memo, 0, sizeof(room->memo));
    first.value = first.present ? first.value : 0;
    return count <= JUDGE_CALLS_MAX && judge_search(room, 0, first);
}

static inline void judge_print(const struct judge_call *calls, unsigned count,
                               struct judge_state first, struct judge_state last)
{
    static const char *const names[JUDGE_OPERATIONS] = {
        "get", "put", "insert", "replace", "compare_exchange", "fetch_add", "erase", "erase_if"};
    printf("# before: %s %llx\n", first.present ? "present" : "absent",
           (unsigned long long)first.value);
    for (unsigned i = 0; i < count; i++) {
        const struct judge_call *call = &calls[i];
        printf("#   thread %u [%llu, %llu] %s(expected %llx, argument %llx) = %d, out %llx\n",
               call->thread, (unsigned long long)call->invoked, (unsigned long long)call->returned,
               names[call->operation], (unsigned long long)call->expected,
               (unsigned long long)call->argument, call->status, (unsigned long long)call->out);
    }
    printf("# after: %s %llx\n", last.present ? "present" : "absent",
           (unsigned long long)last.value);
}

#endif
