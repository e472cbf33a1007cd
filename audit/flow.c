/* SPDX-License-Identifier: MIT
 * flow.c - which instruction can follow which, and what a barrier on the way covers.
 *
 * A walk starts at an access and follows every way forward (or back) until barriers on it keep
 * apart all pairs that are asked for. A way that meets another access, a call or the end of the
 * function before that is not covered: it is what the order was to forbid. Loops end where a state,
 * an instruction with what was collected so far, was seen before.
 */
#include "audit.h"

#include <stdlib.h>
#include <string.h>

/* What a way has collected, beside the pairs in the lowest four bits. */
enum {
    WAY_COMPARED = 16, /* the value read was compared, or a store-conditional asked */
    WAY_DEPENDS = 32,  /* and branched on */
    WAY_STORED = 64,   /* the store-conditional stood on the way */
    WAY_ASKED = 128,   /* and its answer was not looked at yet */
    WAY_UNEQUAL = 256, /* what was loaded was found unequal to what is compared with */
    WAY_BITS = 9,
    WAY_MASK = (1 << WAY_BITS) - 1
};
enum { STATES_MAX = 16384, STATES_PRIME = 32771 };

struct states {
    uint64_t seen[STATES_PRIME]; /* instruction and what was collected, plus 1; 0: free */
    uint64_t open[STATES_MAX];
    size_t open_count;
    size_t count;
};

static uint32_t instruction_at(const struct thi_code *code, uint64_t address)
{
    size_t low = 0, high = code->count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (code->instructions[middle].address < address) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    bool found = low < code->count && code->instructions[low].address == address;
    return found ? (uint32_t)low : UINT32_MAX;
}

/* Resolves "name+0x10", where the linker has not: to an address in this file, if it is in it. */
static bool symbol_resolve(const struct thi_code *code, const struct thi_instruction *from,
                           uint64_t *address)
{
    size_t size = strcspn(from->symbol, "+-");
    int64_t add = strtoll(from->symbol + size, NULL, 16);
    if (from->symbol[size] != '\0') {
        add = strtoll(from->symbol + size + 1, NULL, 16);
        add = from->symbol[size] == '-' ? -add : add;
    }
    if (code->target <= TH_TARGET_I686) {
        add += 4; /* the field is the instruction's end, four bytes long */
    }
    if (strncmp(from->symbol, ".text", size) == 0) {
        *address = (uint64_t)add;
        return true;
    }
    for (size_t i = 0; i < code->symbol_count; i++) {
        if (strncmp(code->symbols[i].name, from->symbol, size) == 0 &&
            code->symbols[i].name[size] == '\0') {
            *address = code->symbols[i].address + (uint64_t)add;
            return true;
        }
    }
    return false;
}

/* A jump to another function is a call that does not come back. */
static bool leaves(const struct thi_code *code, uint32_t from, uint32_t to)
{
    const struct thi_function *here = &code->functions[code->instructions[from].function];
    const struct thi_function *there = &code->functions[code->instructions[to].function];
    return here != there && !thi_same_function(here->name, there->name);
}

static uint32_t target_of(const struct thi_code *code, uint32_t index)
{
    const struct thi_instruction *from = &code->instructions[index];
    uint64_t address = from->event.target;
    bool relocated = from->symbol != NULL && (from->event.flags & TH_EVENT_INDIRECT) == 0;
    if (relocated && !symbol_resolve(code, from, &address)) {
        return UINT32_MAX;
    }
    uint32_t to = address == UINT64_MAX ? UINT32_MAX : instruction_at(code, address);
    return to == UINT32_MAX || leaves(code, index, to) ? UINT32_MAX : to;
}

/* The instruction behind, in the same function; UINT32_MAX: the function ends. */
static uint32_t next_of(const struct thi_code *code, uint32_t index)
{
    const struct thi_instruction *from = &code->instructions[index];
    bool ends = (from->event.flags & TH_EVENT_JUMP) != 0 || index + 1 >= code->count ||
                code->instructions[index + 1].function != from->function;
    return ends ? UINT32_MAX : index + 1;
}

/* Padding, and data between instructions. */
static bool is_filler(const struct thi_instruction *at)
{
    return thi_starts(at->mnemonic, "nop") || at->mnemonic[0] == '.' ||
           thi_one_of(at->mnemonic, "data16 ud2 udf unimp trap brk bnop");
}

/* Where jumps through tables lead is not in the instructions: it is to those that nothing else
 * leads to, behind the end of something else. */
static void entries_mark(struct thi_code *code, struct thi_function *function)
{
    bool dead = false, any = false;
    for (size_t i = function->first; i < function->end; i++) {
        struct thi_instruction *at = &code->instructions[i];
        uint32_t from = code->incoming_first[i], to = code->incoming_first[i + 1];
        bool padded = dead && to == from + 1 && code->incoming[from] + 1 == i;
        dead = i != function->first && (from == to || padded);
        if (dead && !is_filler(at)) {
            at->event.flags |= TH_EVENT_ENTERED;
            any = true;
            dead = false;
        }
    }
    function->jumps_anywhere = !any;
}

static bool is_table_jump(const struct thi_instruction *at)
{
    const uint32_t both = TH_EVENT_INDIRECT | TH_EVENT_JUMP;
    bool linked = at->relocation != NULL && strstr(at->relocation, "GOT") != NULL;
    bool named = at->symbol != NULL && (linked || strchr(at->operands, '[') == NULL);
    return (at->event.flags & both) == both && (at->event.flags & TH_EVENT_RETURN) == 0 &&
           at->event.target == UINT32_MAX && !named;
}

static bool has_entries(const struct thi_code *code, uint32_t index)
{
    const struct thi_function *function = &code->functions[code->instructions[index].function];
    for (size_t i = function->first; i < function->end; i++) {
        if ((code->instructions[i].event.flags & TH_EVENT_ENTERED) != 0) {
            return true;
        }
    }
    return false;
}

bool thi_flow_make(struct thi_code *code)
{
    uint32_t *first = calloc(code->count + 2, sizeof *first);
    uint32_t *incoming = calloc(2 * code->count + 1, sizeof *incoming);
    uint32_t *targets = calloc(code->count + 1, sizeof *targets);
    bool ok = first != NULL && incoming != NULL && targets != NULL;
    for (uint32_t i = 0; ok && i < code->count; i++) {
        struct thi_event *event = &code->instructions[i].event;
        bool goes = (event->flags & (TH_EVENT_BRANCH | TH_EVENT_JUMP)) != 0;
        targets[i] = goes ? target_of(code, i) : UINT32_MAX;
        event->target = targets[i]; /* from here on the number of an instruction */
        if (goes && (event->flags & TH_EVENT_INDIRECT) != 0) {
            code->functions[code->instructions[i].function].jumps_anywhere = true;
        }
        first[(targets[i] == UINT32_MAX ? code->count : targets[i]) + 1]++;
        uint32_t next = next_of(code, i);
        first[(next == UINT32_MAX ? code->count : next) + 1]++;
    }
    for (size_t i = 0; ok && i < code->count + 1; i++) {
        first[i + 1] += first[i];
    }
    uint32_t *fill = ok ? calloc(code->count + 1, sizeof *fill) : NULL;
    ok = ok && fill != NULL;
    for (uint32_t i = 0; ok && i < code->count; i++) {
        uint32_t next = next_of(code, i);
        if (targets[i] != UINT32_MAX) {
            incoming[first[targets[i]] + fill[targets[i]]++] = i;
        }
        if (next != UINT32_MAX) {
            incoming[first[next] + fill[next]++] = i;
        }
    }
    free(targets);
    free(fill);
    code->incoming_first = first;
    code->incoming = incoming;
    for (size_t i = 0; ok && i < code->function_count; i++) {
        if (code->functions[i].jumps_anywhere) {
            entries_mark(code, &code->functions[i]);
        }
    }
    return ok;
}

bool thi_site_owns(const struct thi_site *site, uint32_t index)
{
    for (uint32_t i = 0; i < site->instruction_count; i++) {
        if (site->instructions[i] == index) {
            return true;
        }
    }
    return false;
}

bool thi_puts_back(const struct thi_code *code, const struct thi_site *site, uint32_t index)
{
    if (code->target != TH_TARGET_POWER64 || site->wish.operation != TH_COMPARE) {
        return false;
    }
    char stored[16];
    thi_operand(code->instructions[index].operands, 0, stored, sizeof stored);
    for (uint32_t i = 0; i < site->instruction_count; i++) {
        const struct thi_event *event = &code->instructions[site->instructions[i]].event;
        if ((event->flags & TH_EVENT_LINKED) != 0 && strcmp(event->result, stored) == 0) {
            return true;
        }
    }
    return false;
}

/* False: too many. */
static bool state_add(struct states *states, uint32_t index, unsigned collected)
{
    uint64_t state = ((uint64_t)index << WAY_BITS | collected) + 1;
    size_t at = (size_t)(state * 2654435761u % STATES_PRIME);
    while (states->seen[at] != 0 && states->seen[at] != state) {
        at = (at + 1) % STATES_PRIME;
    }
    if (states->seen[at] == state) {
        return true;
    }
    if (states->count == STATES_MAX) {
        return false;
    }
    states->seen[at] = state;
    states->count++;
    states->open[states->open_count++] = state - 1;
    return true;
}

/* All that a jump through a table may lead to, or (backward) all such jumps that may lead here. */
static bool table_add(const struct thi_code *code, struct states *states, uint32_t index,
                      unsigned collected, bool backward)
{
    const struct thi_function *function = &code->functions[code->instructions[index].function];
    bool ok = true;
    for (size_t i = function->first; ok && i < function->end; i++) {
        const struct thi_instruction *at = &code->instructions[i];
        bool other = backward ? is_table_jump(at) : (at->event.flags & TH_EVENT_ENTERED) != 0;
        ok = !other || state_add(states, (uint32_t)i, collected);
    }
    return ok;
}

/* Adds all that can stand next to an instruction on a way. False: too much. */
static bool neighbours_add(const struct thi_code *code, struct states *states, uint32_t index,
                           bool backward)
{
    const struct thi_instruction *at = &code->instructions[index];
    if (backward) {
        bool ok =
            (at->event.flags & TH_EVENT_ENTERED) == 0 || table_add(code, states, index, 0, true);
        for (uint32_t i = code->incoming_first[index]; ok && i < code->incoming_first[index + 1];
             i++) {
            ok = state_add(states, code->incoming[i], 0);
        }
        return ok;
    }
    bool goes = (at->event.flags & (TH_EVENT_BRANCH | TH_EVENT_JUMP)) != 0;
    uint32_t next = next_of(code, index);
    bool ok = !is_table_jump(at) || table_add(code, states, index, 0, false);
    ok = ok && (next == UINT32_MAX || state_add(states, next, 0));
    return ok && (!goes || at->event.target == UINT32_MAX ||
                  state_add(states, (uint32_t)at->event.target, 0));
}

/* Asks where the thread's own variables are: nobody else's business. */
static bool is_address_call(const struct thi_instruction *at)
{
    return at->symbol != NULL &&
           (thi_starts(at->symbol, "__tls_get_addr") || thi_starts(at->symbol, "___tls_get_addr") ||
            thi_starts(at->symbol, "__aeabi_read_tp"));
}

static bool is_foreign(const struct thi_walk *walk, uint32_t index)
{
    const struct thi_event *event = &walk->code->instructions[index].event;
    if (walk->streams) {
        return (event->flags & TH_EVENT_STREAM) != 0;
    }
    if ((event->flags & TH_EVENT_CALL) != 0) {
        return !is_address_call(&walk->code->instructions[index]);
    }
    bool accesses = (event->flags & (TH_EVENT_READ | TH_EVENT_WRITE)) != 0;
    if (!accesses || (event->flags & TH_EVENT_PRIVATE) != 0) {
        return false;
    }
    if (!thi_site_owns(walk->site, index)) {
        return true;
    }
    enum thi_operation operation = walk->site->wish.operation;
    bool exclusive = (event->flags & (TH_EVENT_LINKED | TH_EVENT_STORE_COND)) != 0;
    bool prelude = operation == TH_STORE && (event->flags & TH_EVENT_WRITE) == 0;
    bool part = prelude || operation == TH_COMPARE || operation == TH_MODIFY ||
                (exclusive && operation != TH_LOAD);
    return !part;
}

static bool mentions(const struct thi_instruction *instruction, const char *name)
{
    char operand[24];
    for (unsigned i = 0; i < 4 && name[0] != '\0'; i++) {
        thi_operand(instruction->operands, i, operand, sizeof operand);
        if (strcmp(operand, name) == 0) {
            return true;
        }
    }
    return false;
}

static unsigned needed(const struct thi_walk *walk, unsigned collected)
{
    return collected & WAY_STORED ? walk->pairs : walk->failure_pairs;
}

static bool is_covered(const struct thi_walk *walk, unsigned collected)
{
    return (needed(walk, collected) & ~collected) == 0;
}

/* A way ends here. */
static enum thi_walk_end way_end(struct thi_walk *walk, uint32_t index, unsigned collected,
                                 enum thi_walk_end how)
{
    if (is_covered(walk, collected)) {
        return TH_WALK_COVERED;
    }
    walk->culprit = index;
    walk->culprit_failed = (collected & WAY_STORED) == 0;
    return how;
}

/* "bnez a" is "bne a, zero": the two registers that a branch compares. */
static bool compared(const struct thi_instruction *at, char left[16], char right[16])
{
    thi_operand(at->operands, 0, left, 16);
    if (thi_one_of(at->mnemonic, "bne beq")) {
        thi_operand(at->operands, 1, right, 16);
        return true;
    }
    strcpy(right, strchr(left, '$') != NULL ? "$zero" : "zero");
    return thi_one_of(at->mnemonic, "bnez beqz");
}

/* The branch out of the window between load-linked and store-conditional, which compares. */
static const struct thi_instruction *window_branch(const struct thi_walk *walk)
{
    const struct thi_code *code = walk->code;
    for (uint32_t i = walk->start; i < code->count && i < walk->start + 8; i++) {
        if ((code->instructions[i].event.flags & TH_EVENT_BRANCH) != 0) {
            return (code->instructions[walk->start].event.flags & TH_EVENT_LINKED) != 0
                       ? &code->instructions[i]
                       : NULL;
        }
    }
    return NULL;
}

/* What a branch says of the two values that the window's branch has compared: a way that left as
 * unequal is not equal at the next look, as long as the registers hold the same. */
static void branch_follow(const struct thi_walk *walk, uint32_t index, unsigned *taken,
                          unsigned *passed, bool *takes, bool *passes)
{
    const struct thi_instruction *at = &walk->code->instructions[index];
    const struct thi_instruction *window = window_branch(walk);
    char left[16], right[16], one[16], two[16];
    if (window == NULL || !compared(window, left, right) || !compared(at, one, two) ||
        strcmp(left, one) != 0 || strcmp(right, two) != 0) {
        return;
    }
    bool unequal_taken = thi_starts(at->mnemonic, "bne");
    if (at == window) {
        *taken |= unequal_taken ? WAY_UNEQUAL : 0;
        *passed |= unequal_taken ? 0 : WAY_UNEQUAL;
    } else if ((*taken & WAY_UNEQUAL) != 0) {
        *takes = unequal_taken;
        *passes = !unequal_taken;
    }
}

/* Does an instruction write a register that the window's branch has compared? */
static bool forgets(const struct thi_walk *walk, const struct thi_instruction *at)
{
    const struct thi_instruction *window = window_branch(walk);
    char left[16], right[16], first[16];
    const uint32_t keeps = TH_EVENT_BRANCH | TH_EVENT_JUMP | TH_EVENT_FENCE;
    if (window == NULL || (at->event.flags & keeps) != 0 || !compared(window, left, right)) {
        return false;
    }
    thi_operand(at->operands, 0, first, sizeof first);
    return strcmp(first, left) == 0 || strcmp(first, right) == 0;
}

/* What an instruction adds to what a way has collected. */
static unsigned collect(struct thi_walk *walk, uint32_t index, unsigned collected)
{
    const struct thi_instruction *at = &walk->code->instructions[index];
    const struct thi_event *event = &at->event;
    collected |= event->fence;
    if ((event->flags & TH_EVENT_SYNC_FETCH) != 0 && (collected & WAY_DEPENDS) != 0) {
        collected |= TH_RR | TH_RW;
    }
    const char *result = walk->code->instructions[walk->start].event.result;
    char source[12];
    thi_operand(at->operands, 1, source, sizeof source);
    if (thi_one_of(at->mnemonic, "mr clrldi clrlwi extsb extsh extsw") &&
        strcmp(source, result) == 0) {
        thi_operand(at->operands, 0, walk->alias, sizeof walk->alias);
    }
    if ((event->flags & TH_EVENT_COMPARE) != 0 &&
        (mentions(at, result) || mentions(at, walk->alias))) {
        collected |= WAY_COMPARED;
    }
    if ((event->flags & TH_EVENT_BRANCH) != 0 && (collected & WAY_COMPARED) != 0) {
        collected |= WAY_DEPENDS;
    }
    if ((collected & WAY_UNEQUAL) != 0 && forgets(walk, at)) {
        collected &= ~(unsigned)WAY_UNEQUAL;
    }
    bool stores = (event->flags & TH_EVENT_STORE_COND) != 0 && thi_site_owns(walk->site, index) &&
                  !thi_puts_back(walk->code, walk->site, index);
    /* RISC-V: aq on the store orders, by way of the store, the load of the same address too. */
    if (stores && (event->after & (TH_WR | TH_WW)) == (TH_WR | TH_WW)) {
        collected |= TH_RR | TH_RW;
    }
    return stores ? collected | WAY_STORED | WAY_ASKED | WAY_COMPARED : collected;
}

/* Follows a way behind instruction `index`. False: too many states. */
static bool follow(struct thi_walk *walk, struct states *states, uint32_t index, unsigned collected)
{
    const struct thi_event *event = &walk->code->instructions[index].event;
    uint32_t next = next_of(walk->code, index);
    unsigned taken = collected, passed = collected;
    if ((collected & WAY_ASKED) != 0 && (event->flags & TH_EVENT_FAIL_TAKEN) != 0) {
        taken &= ~(unsigned)(WAY_STORED | WAY_ASKED);
        passed &= ~(unsigned)WAY_ASKED;
    } else if ((collected & WAY_ASKED) != 0 && (event->flags & TH_EVENT_OK_TAKEN) != 0) {
        passed &= ~(unsigned)(WAY_STORED | WAY_ASKED);
        taken &= ~(unsigned)WAY_ASKED;
    }
    bool takes = (event->flags & (TH_EVENT_BRANCH | TH_EVENT_JUMP)) != 0, passes = true;
    if ((event->flags & TH_EVENT_BRANCH) != 0) {
        branch_follow(walk, index, &taken, &passed, &takes, &passes);
    }
    bool ok = next == UINT32_MAX || !passes || state_add(states, next, passed);
    if (takes && event->target != UINT32_MAX) {
        ok = ok && state_add(states, (uint32_t)event->target, taken);
    }
    return ok && (!is_table_jump(&walk->code->instructions[index]) ||
                  table_add(walk->code, states, index, taken, false));
}

/* One step forward from an open state. */
static enum thi_walk_end step(struct thi_walk *walk, struct states *states, uint32_t index,
                              unsigned collected)
{
    const struct thi_code *code = walk->code;
    const struct thi_event *event = &code->instructions[index].event;
    bool own = thi_site_owns(walk->site, index);
    bool again =
        own && (event->flags & TH_EVENT_LINKED) != 0 && walk->site->wish.operation != TH_LOAD;
    if (index == walk->start || again) {
        return TH_WALK_COVERED; /* reads anew: a walk of its own */
    }
    if ((event->flags & TH_EVENT_UNKNOWN) != 0) {
        return way_end(walk, index, collected, TH_WALK_UNKNOWN);
    }
    unsigned skipped = collected;
    collected = collect(walk, index, collected);
    if (((walk->pairs | walk->failure_pairs) & ~collected) == 0) {
        return TH_WALK_COVERED;
    }
    if (is_foreign(walk, index)) {
        return way_end(walk, index, collected, TH_WALK_ACCESS);
    }
    bool table = is_table_jump(&code->instructions[index]) && has_entries(code, index);
    bool unknown_target = (event->flags & (TH_EVENT_BRANCH | TH_EVENT_JUMP)) != 0 &&
                          event->target == UINT32_MAX && !table;
    if (unknown_target || (event->flags & TH_EVENT_RETURN) != 0 ||
        ((event->flags & TH_EVENT_JUMP) == 0 && next_of(code, index) == UINT32_MAX)) {
        bool failed = (event->flags & TH_EVENT_FAIL_TAKEN) != 0 && (collected & WAY_ASKED) != 0;
        unsigned leaving = failed ? collected & ~(unsigned)WAY_STORED : collected;
        enum thi_walk_end end = way_end(walk, index, leaving, TH_WALK_LEFT);
        if (end != TH_WALK_COVERED) {
            return end;
        }
    }
    bool ok = follow(walk, states, index, collected);
    if ((event->flags & TH_EVENT_CONDITIONAL) != 0 && skipped != collected) {
        ok = ok && follow(walk, states, index, skipped);
    }
    walk->culprit = index;
    return ok ? TH_WALK_COVERED : TH_WALK_UNKNOWN;
}

enum thi_walk_end thi_walk_forward(struct thi_walk *walk)
{
    const struct thi_code *code = walk->code;
    const struct thi_event *event = &code->instructions[walk->start].event;
    struct states *states = calloc(1, sizeof *states);
    unsigned collected = event->after;
    /* Not an exclusive pair: what it stores, it has stored. */
    collected |= (event->flags & TH_EVENT_LINKED) == 0 ? WAY_STORED : 0;
    collected |= (event->flags & TH_EVENT_STORE_COND) != 0 ? WAY_ASKED : 0;
    enum thi_walk_end end = TH_WALK_COVERED;
    walk->culprit = walk->start;
    if (((walk->pairs | walk->failure_pairs) & ~collected) == 0) {
        free(states);
        return end;
    }
    if (states == NULL || !follow(walk, states, walk->start, collected)) {
        end = TH_WALK_UNKNOWN;
    }
    while (end == TH_WALK_COVERED && states->open_count > 0) {
        uint64_t state = states->open[--states->open_count];
        end = step(walk, states, (uint32_t)(state >> WAY_BITS), (unsigned)state & WAY_MASK);
    }
    free(states);
    return end;
}

/* What is read for the arguments of an exclusive pair comes before it, and is not of it. */
static bool is_argument(const struct thi_walk *walk, uint32_t index)
{
    const uint32_t pair = TH_EVENT_LINKED | TH_EVENT_STORE_COND;
    const struct thi_instruction *instructions = walk->code->instructions;
    uint32_t flags = instructions[index].event.flags;
    return (instructions[walk->start].event.flags & TH_EVENT_STORE_COND) != 0 &&
           (flags & TH_EVENT_READ) != 0 && (flags & (pair | TH_EVENT_PRIVATE)) == 0 &&
           walk->site->wish.operation == TH_COMPARE;
}

/* One step back to `index`, or past the first instruction. */
static enum thi_walk_end step_back(struct thi_walk *walk, struct states *states, uint32_t index,
                                   unsigned collected)
{
    const struct thi_code *code = walk->code;
    const struct thi_event *event = &code->instructions[index].event;
    if (index != walk->start) {
        if ((event->flags & TH_EVENT_UNKNOWN) != 0) {
            walk->culprit = index;
            return TH_WALK_UNKNOWN;
        }
        collected |= event->fence;
        if ((walk->pairs & ~collected) == 0) {
            return TH_WALK_COVERED;
        }
        if (is_foreign(walk, index) || is_argument(walk, index)) {
            walk->culprit = index;
            return TH_WALK_ACCESS;
        }
    }
    const struct thi_function *function = &code->functions[code->instructions[index].function];
    uint32_t from = code->incoming_first[index], to = code->incoming_first[index + 1];
    if (index == function->first && strstr(function->name, ".cold") == NULL && !walk->streams) {
        walk->culprit = index;
        return TH_WALK_LEFT;
    }
    if ((event->flags & TH_EVENT_ENTERED) != 0 &&
        !table_add(code, states, index, collected, true)) {
        walk->culprit = index;
        return TH_WALK_UNKNOWN;
    }
    if (from == to && index != function->first && function->jumps_anywhere) {
        walk->culprit = index; /* reached by a table of jumps */
        return TH_WALK_UNKNOWN;
    }
    for (uint32_t i = from; i < to; i++) {
        if (!state_add(states, code->incoming[i], collected)) {
            walk->culprit = index;
            return TH_WALK_UNKNOWN;
        }
    }
    return TH_WALK_COVERED;
}

enum thi_walk_end thi_walk_backward(struct thi_walk *walk)
{
    const struct thi_event *event = &walk->code->instructions[walk->start].event;
    unsigned collected = walk->streams || walk->bare ? 0 : event->before;
    walk->culprit = walk->start;
    if ((walk->pairs & ~collected) == 0) {
        return TH_WALK_COVERED;
    }
    struct states *states = calloc(1, sizeof *states);
    if (states == NULL) {
        return TH_WALK_UNKNOWN;
    }
    enum thi_walk_end end = step_back(walk, states, walk->start, collected);
    while (end == TH_WALK_COVERED && states->open_count > 0) {
        uint64_t state = states->open[--states->open_count];
        if ((uint32_t)(state >> WAY_BITS) != walk->start) {
            end =
                step_back(walk, states, (uint32_t)(state >> WAY_BITS), (unsigned)state & WAY_MASK);
        }
    }
    free(states);
    return end;
}

bool thi_flow_reach(const struct thi_code *code, uint32_t from, bool backward, bool *reached)
{
    struct states *states = calloc(1, sizeof *states);
    bool ok = states != NULL && neighbours_add(code, states, from, backward);
    while (ok && states->open_count > 0) {
        uint32_t index = (uint32_t)(states->open[--states->open_count] >> WAY_BITS);
        reached[index] = true;
        ok = neighbours_add(code, states, index, backward);
    }
    free(states);
    return ok;
}

bool thi_flow_pairs(const struct thi_code *code, uint32_t from, bool backward)
{
    const uint32_t wanted = backward ? TH_EVENT_LINKED : TH_EVENT_STORE_COND;
    const uint32_t stops = TH_EVENT_LINKED | TH_EVENT_STORE_COND;
    struct states *states = calloc(1, sizeof *states);
    bool found = false, ok = states != NULL && neighbours_add(code, states, from, backward);
    while (ok && !found && states->open_count > 0) {
        uint32_t index = (uint32_t)(states->open[--states->open_count] >> WAY_BITS);
        uint32_t flags = code->instructions[index].event.flags;
        found = (flags & wanted) != 0;
        ok = (flags & stops) != 0 || neighbours_add(code, states, index, backward);
    }
    free(states);
    return found || !ok;
}

bool thi_flow_escapes(const struct thi_code *code, uint32_t from, const bool *marks)
{
    struct states *states = calloc(1, sizeof *states);
    bool escapes = false, ok = states != NULL && state_add(states, from, 0);
    while (ok && !escapes && states->open_count > 0) {
        uint32_t index = (uint32_t)(states->open[--states->open_count] >> WAY_BITS);
        const struct thi_instruction *at = &code->instructions[index];
        if (index != from && marks[index]) {
            continue;
        }
        bool jumps = (at->event.flags & TH_EVENT_JUMP) != 0;
        bool goes = jumps || (at->event.flags & TH_EVENT_BRANCH) != 0;
        bool returns = (at->event.flags & TH_EVENT_RETURN) != 0;
        /* Behind a last call there is no way: it does not come back. */
        bool ends =
            !jumps && next_of(code, index) == UINT32_MAX && (at->event.flags & TH_EVENT_CALL) == 0;
        bool leaves = goes && at->event.target == UINT32_MAX && !is_table_jump(at);
        escapes = returns || ends || leaves;
        ok = neighbours_add(code, states, index, false);
    }
    free(states);
    return escapes;
}

/* The function that begins at an address. */
static const char *function_at(const struct thi_code *code, uint64_t address)
{
    uint32_t index = instruction_at(code, address);
    return index == UINT32_MAX ? NULL : code->functions[code->instructions[index].function].name;
}

const char *thi_flow_callee(const struct thi_code *code, uint32_t index)
{
    const struct thi_instruction *at = &code->instructions[index];
    uint64_t address;
    if (at->symbol != NULL) {
        bool section = thi_starts(at->symbol, ".text") && symbol_resolve(code, at, &address);
        return section ? function_at(code, address) : at->symbol;
    }
    const char *last = strrchr(at->operands, ' ');
    const char *number = last == NULL ? at->operands : last + 1;
    char *end;
    address = strtoull(number, &end, 16);
    return end == number || *end != '\0' ? NULL : function_at(code, address);
}

bool thi_flow_leads(const struct thi_code *code, uint32_t from, const struct thi_site *site)
{
    const uint32_t stops = TH_EVENT_READ | TH_EVENT_WRITE | TH_EVENT_CALL | TH_EVENT_RETURN;
    struct states *states = calloc(1, sizeof *states);
    bool leads = false, ok = states != NULL && state_add(states, from, 0);
    while (ok && !leads && states->open_count > 0) {
        uint32_t index = (uint32_t)(states->open[--states->open_count] >> WAY_BITS);
        const struct thi_event *event = &code->instructions[index].event;
        bool passes = (event->flags & stops) == 0 || (event->flags & TH_EVENT_PRIVATE) != 0;
        leads = !passes && thi_site_owns(site, index);
        ok = !passes || neighbours_add(code, states, index, false);
    }
    free(states);
    return leads;
}

/* From where a store-conditional failed: back to a load of the site, and nowhere else? */
static bool comes_back(const struct thi_walk *walk, uint32_t from)
{
    const struct thi_code *code = walk->code;
    struct states *states = calloc(1, sizeof *states);
    bool back = states != NULL && state_add(states, from, 0);
    while (back && states->open_count > 0) {
        uint32_t index = (uint32_t)(states->open[--states->open_count] >> WAY_BITS);
        const struct thi_event *event = &code->instructions[index].event;
        if ((event->flags & TH_EVENT_LINKED) != 0 && thi_site_owns(walk->site, index)) {
            continue;
        }
        bool goes = (event->flags & (TH_EVENT_BRANCH | TH_EVENT_JUMP)) != 0;
        uint32_t next = next_of(code, index);
        back = !is_foreign(walk, index) && (event->flags & TH_EVENT_RETURN) == 0 &&
               !(goes && event->target == UINT32_MAX) &&
               !((event->flags & TH_EVENT_JUMP) == 0 && next == UINT32_MAX);
        back = back && (next == UINT32_MAX || state_add(states, next, 0));
        back = back && (!goes || state_add(states, (uint32_t)event->target, 0));
    }
    free(states);
    return back;
}

enum thi_retry thi_walk_retry(const struct thi_code *code, const struct thi_site *site,
                              uint32_t start)
{
    struct thi_walk walk = {.code = code, .site = site, .start = start};
    const char *status = code->instructions[start].event.status;
    bool asked = strcmp(status, "cr0") == 0;
    for (uint32_t index = next_of(code, start); index != UINT32_MAX; index = next_of(code, index)) {
        const struct thi_event *event = &code->instructions[index].event;
        asked = asked || mentions(&code->instructions[index], status);
        if ((event->flags & (TH_EVENT_FAIL_TAKEN | TH_EVENT_OK_TAKEN)) != 0) {
            if (!asked) {
                break;
            }
            bool taken = (event->flags & TH_EVENT_FAIL_TAKEN) != 0;
            uint32_t failed = taken ? (uint32_t)event->target : index + 1;
            bool known = failed != UINT32_MAX && failed < code->count;
            return known && comes_back(&walk, failed) ? TH_RETRY_LOOPS : TH_RETRY_GIVES_UP;
        }
        bool stops = (event->flags & (TH_EVENT_BRANCH | TH_EVENT_RETURN | TH_EVENT_CALL)) != 0;
        if (stops || is_foreign(&walk, index)) {
            break;
        }
    }
    return TH_RETRY_NOT_ASKED;
}

bool thi_walk_asks(const struct thi_code *code, uint32_t start)
{
    const char *status = code->instructions[start].event.status;
    bool asked = strcmp(status, "cr0") == 0;
    uint32_t index = start + 1;
    while (!asked && index < code->count &&
           code->instructions[index].function == code->instructions[start].function) {
        asked = mentions(&code->instructions[index++], status);
    }
    return asked;
}
