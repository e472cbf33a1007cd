/* SPDX-License-Identifier: MIT
 * judge_count.c - nothing is lost: what the compiler has and the machine code has, function by
 *                 function.
 *
 * Code generators make one of equal ends of several ways, put a load and the test of its value in
 * one instruction, and lose the places of what they merge. What is missing is looked for there, and
 * undecided if it is not found.
 */
#include "audit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { JOIN_STEPS_MAX = 64, TABLE_JOINS = 4 };

/* Does the function jump through a table? */
static bool has_table(const struct thi_code *code, uint32_t index)
{
    const struct thi_function *function = &code->functions[code->instructions[index].function];
    bool found = false;
    for (size_t i = function->first; i < function->end && !found; i++) {
        found = (code->instructions[i].event.flags & TH_EVENT_ENTERED) != 0;
    }
    return found;
}

/* A turn of a loop is no other way. */
static bool is_turn(const struct thi_code *code, uint32_t from, uint32_t to)
{
    bool *reached = from >= to ? calloc(code->count, sizeof *reached) : NULL;
    bool turns = from == to ||
                 (reached != NULL && thi_flow_reach(code, to, false, reached) && reached[from]);
    free(reached);
    return turns;
}

/* All ways that come together in the code that leads to an instruction. */
static uint32_t joins_all(const struct thi_code *code, uint32_t index)
{
    bool *reached = calloc(code->count, sizeof *reached);
    uint32_t joins = has_table(code, index) ? TABLE_JOINS : 0; /* as below */
    if (reached != NULL && thi_flow_reach(code, index, true, reached)) {
        reached[index] = true;
        for (uint32_t i = 0; i < code->count; i++) {
            uint32_t ways = code->incoming_first[i + 1] - code->incoming_first[i];
            joins += reached[i] && ways > 1 ? ways - 1 : 0;
        }
    }
    free(reached);
    return joins;
}

uint32_t thi_joins_before(const struct thi_code *code, uint32_t index, bool turns)
{
    /* What a table leads to beside the way from above is not in the instructions. */
    uint32_t joins = has_table(code, index) ? TABLE_JOINS : 0;
    for (unsigned steps = 0; steps < JOIN_STEPS_MAX; steps++) {
        uint32_t ways = 0, before = UINT32_MAX;
        for (uint32_t i = code->incoming_first[index]; i < code->incoming_first[index + 1]; i++) {
            if (turns || !is_turn(code, code->incoming[i], index)) {
                ways++;
                before = code->incoming[i];
            }
        }
        if (ways != 1) {
            return joins + (ways > 1 ? ways - 1 : 0);
        }
        index = before;
    }
    return joins;
}

/* s390x: a load that also tests or computes has the place of the test. */
static bool tests_memory(const struct thi_audit *audit, const struct thi_instruction *at)
{
    return audit->code.target == TH_TARGET_S390X && (at->event.flags & TH_EVENT_READ) != 0 &&
           thi_one_of(at->mnemonic,
                      "lt ltg ltgf llgt c cg cl clg cy cly cgf clgf ch cgh chy a ag al "
                      "alg ay ah n ng o og x xg s sg sy tm tmy cli cliy chsi cghsi "
                      "chhsi clfhsi clghsi clhhsi msg ms");
}

/* An instruction that reads and writes, or reads and tests, does what the source has in several
 * statements: it may have another's place. */
static uint32_t folded_count(const struct thi_audit *audit, const struct thi_site *site)
{
    const uint32_t both = TH_EVENT_READ | TH_EVENT_WRITE;
    uint32_t count = 0;
    for (size_t i = 0; i < audit->code.count && site->wish.operation <= TH_STORE; i++) {
        const struct thi_instruction *at = &audit->code.instructions[i];
        bool whole = at->event.bytes == site->wish.bytes || thi_one_of(at->mnemonic, "tm tmy");
        bool updates = (at->event.flags & both) == both && (at->event.flags & TH_EVENT_SWAP) == 0;
        bool tests = site->wish.operation == TH_LOAD && tests_memory(audit, at);
        count += whole && (updates || tests) && (at->event.flags & TH_EVENT_PRIVATE) == 0 &&
                 thi_same_function(audit->code.functions[at->function].name, site->function) &&
                 (updates || !thi_is_owned(audit, (uint32_t)i));
    }
    return count;
}

static bool is_alike(const struct thi_site *other, const struct thi_site *site)
{
    return thi_same_place(&other->place, &site->place) &&
           thi_same_wish(&other->wish, &site->wish) &&
           thi_same_function(other->function, site->function);
}

/* Is a read-modify-write written without being one? That is no way to another of the like. */
static bool is_undone(const struct thi_audit *audit, const struct thi_site *site)
{
    bool writes = false;
    for (uint32_t i = 0; site->wish.operation >= TH_MODIFY && site->wish.operation != TH_FENCE &&
                         i < site->instruction_count;
         i++) {
        uint32_t flags = audit->code.instructions[site->instructions[i]].event.flags;
        writes = writes || ((flags & TH_EVENT_WRITE) != 0 && (flags & TH_EVENT_PRIVATE) == 0);
    }
    return writes && site->found_count == 0;
}

/* A barrier that stayed where it was, before a jump to the access of another of the like: that one
 * is judged on every way to it, this among them. */
static bool leads_to_like(const struct thi_audit *audit, const struct thi_site *site)
{
    bool leads = false, undone = is_undone(audit, site);
    for (size_t i = 0; site->instruction_count > 0 && !undone && !leads && i < audit->site_count;
         i++) {
        const struct thi_site *other = &audit->sites[i];
        leads =
            other != site && is_alike(other, site) && other->found_count > 0 &&
            other->verdict == TH_ACCEPTED &&
            thi_flow_leads(&audit->code, site->instructions[site->instruction_count - 1], other);
    }
    return leads;
}

/* Ways that join before the instructions of all sites of a like. */
static uint32_t like_joins(const struct thi_audit *audit, const struct thi_site *site)
{
    /* Ends are merged in steps, copies of a loop's head are made one again. But a barrier by itself
     * is judged by its number alone, which a turn, or a way far off, must not excuse. */
    bool fence = site->wish.operation == TH_FENCE;
    uint32_t joins = 0;
    for (size_t i = 0; i < audit->site_count; i++) {
        const struct thi_site *other = &audit->sites[i];
        bool like = is_alike(other, site);
        for (uint32_t j = 0; like && j < other->instruction_count; j++) {
            joins += fence ? thi_joins_before(&audit->code, other->instructions[j], false)
                           : joins_all(&audit->code, other->instructions[j]);
        }
    }
    return joins;
}

/* Does another operation do what the site asks for? One of the same sort whose instructions keep
 * the site's order, too: equal ends of ways need not have equal orders. */
static bool does_as_well(struct thi_audit *audit, const struct thi_site *other,
                         const struct thi_site *site)
{
    if (thi_same_wish(&other->wish, &site->wish)) {
        return true;
    }
    if (site->wish.operation > TH_STORE || other->wish.operation != site->wish.operation ||
        other->wish.bytes != site->wish.bytes) {
        return false;
    }
    struct thi_site tried = *other;
    tried.wish = site->wish;
    tried.made = site->made;
    thi_judge(audit, &tried);
    return tried.verdict == TH_ACCEPTED && tried.found_count > 0;
}

/* Nothing is at its place: merged, before code was made or after. Another of the function that asks
 * for the same, and that several ways lead to, stands for it. */
static bool is_shared(struct thi_audit *audit, const struct thi_site *site)
{
    bool gone = site->place.line == 0 || site->instruction_count == 0;
    bool turns = site->wish.operation <= TH_STORE;
    for (size_t i = 0; gone && i < audit->site_count; i++) {
        const struct thi_site *other = &audit->sites[i];
        bool serves = other != site && other->verdict == TH_ACCEPTED &&
                      other->instruction_count > 0 && other->wish.name[0] != '?' &&
                      thi_same_function(other->function, site->function) &&
                      does_as_well(audit, other, site);
        /* What was made one may have been copied again. */
        bool spare = serves && other->like_found > other->intent_count;
        if (serves &&
            (spare || thi_joins_before(&audit->code, other->instructions[0], turns) > 0)) {
            return true;
        }
    }
    return false;
}

/* Of what was made one, compilers keep the line if it is the same, but not the column. */
static bool is_lost(const struct thi_site *site)
{
    return site->place.line == 0 || site->place.column == 0;
}

/* Judges code without a place as if it were of the like of `other`; how many of these it can be, 0:
 * none. Where ways come together before it, it stands for one of each. */
static uint32_t stray_stands(struct thi_audit *audit, const struct thi_site *stray,
                             const struct thi_site *other)
{
    if (stray->wish.name[0] != '?' || !is_lost(stray) ||
        !thi_same_function(other->function, stray->function)) {
        return 0;
    }
    struct thi_site tried = *stray;
    tried.wish = other->wish;
    tried.made = other->made;
    tried.intent_count = tried.like_count = 1;
    tried.adopted = true;
    thi_judge(audit, &tried);
    if (tried.verdict != TH_ACCEPTED || tried.found_count == 0) {
        return 0;
    }
    return tried.found_count + thi_joins_before(&audit->code, stray->instructions[0], false);
}

static uint32_t strays_for(struct thi_audit *audit, const struct thi_site *site)
{
    uint32_t count = thi_sites_spare(audit, site);
    for (size_t i = 0; i < audit->site_count; i++) {
        count += stray_stands(audit, &audit->sites[i], site);
    }
    return count;
}

/* Has the site no instruction, or only those of other sites? */
static bool has_none(const struct thi_audit *audit, const struct thi_site *site)
{
    uint32_t others = 0;
    for (size_t i = 0; i < audit->site_count; i++) {
        for (uint32_t j = 0; &audit->sites[i] != site && j < site->instruction_count; j++) {
            others += thi_site_owns(&audit->sites[i], site->instructions[j]);
        }
    }
    return others >= site->instruction_count && site->found_count == 0;
}

/* Are there enough ways together before what is there of the like? */
static bool is_joined(struct thi_audit *audit, const struct thi_site *site, uint32_t missing)
{
    uint32_t joins = like_joins(audit, site);
    if (site->like_found > 0 && joins >= missing) {
        return true;
    }
    uint32_t strays = strays_for(audit, site);
    return (site->like_found > 0 || strays > 0) && strays + joins >= missing;
}

/* Nothing of what the compiler has may be missing, all sites of one like taken together. Equal
 * ends of several ways are made one by code generators: as many ways must come together before what
 * is there. */
void thi_judge_counts(struct thi_audit *audit)
{
    thi_sites_compare(audit);
    for (size_t i = 0; i < audit->site_count; i++) {
        struct thi_site *site = &audit->sites[i];
        if (site->wish.name[0] == '?') {
            continue;
        }
        if (site->like_found >= site->intent_count) {
            if (site->found_count == 0 && site->like_found > 0 && !is_undone(audit, site)) {
                site->verdict = TH_ACCEPTED;
                snprintf(site->reason, sizeof site->reason,
                         "done by the instructions of another of the function");
            }
            continue;
        }
        uint32_t missing = site->intent_count - site->like_found;
        if (is_shared(audit, site)) {
            site->merged = true;
            site->verdict = TH_ACCEPTED;
            snprintf(site->reason, sizeof site->reason,
                     "shares code with another of the function: equal ends of ways were merged");
        } else if (folded_count(audit, site) >= missing) {
            site->merged = true;
            site->verdict = has_none(audit, site) ? TH_ACCEPTED : site->verdict;
            snprintf(site->reason, sizeof site->reason,
                     "read and written by one instruction, as other such in the function are");
        } else if (is_joined(audit, site, missing)) {
            site->merged = true;
            if (site->found_count == 0 && leads_to_like(audit, site)) {
                site->verdict = TH_ACCEPTED;
                snprintf(site->reason, sizeof site->reason,
                         "its way goes on to the instructions of another of the function");
            } else if (site->verdict == TH_ACCEPTED && site->reason[0] == '\0') {
                snprintf(site->reason, sizeof site->reason,
                         "%u of these in the function share code: equal ends of ways were merged",
                         site->intent_count);
            }
        } else {
            thi_refuse(site, TH_UNDECIDED,
                       "the compiler has %u of these in this function, the machine code %u: some "
                       "were merged, or are lost",
                       site->intent_count, site->like_found);
        }
    }
}

/* Could code without a place be what became of the like of `other`, of which the compiler has more
 * than were found by their places? */
static bool stands_for(struct thi_audit *audit, const struct thi_site *stray,
                       const struct thi_site *other)
{
    return other->merged && other->verdict == TH_ACCEPTED && stray_stands(audit, stray, other) > 0;
}

/* Barriers alone take no order away. */
static bool is_spare_barrier(const struct thi_audit *audit, const struct thi_site *stray)
{
    for (uint32_t i = 0; i < stray->instruction_count; i++) {
        const struct thi_event *event = &audit->code.instructions[stray->instructions[i]].event;
        if ((event->flags & TH_EVENT_FENCE) == 0) {
            return false;
        }
    }
    return true;
}

/* Does an operation of the function stand in the same line, or beside it? Barriers can have the
 * place of the statement's end. */
static bool has_neighbour(const struct thi_audit *audit, const struct thi_site *stray)
{
    for (size_t i = 0; i < audit->site_count; i++) {
        const struct thi_site *site = &audit->sites[i];
        if (site->wish.name[0] == '?' || !thi_same_function(site->function, stray->function)) {
            continue;
        }
        bool line = site->place.line == stray->place.line && site->place.file != NULL &&
                    stray->place.file != NULL && strcmp(site->place.file, stray->place.file) == 0;
        for (uint32_t step = 1; step <= 4 && !line; step++) {
            uint32_t index = stray->instructions[0];
            line = thi_site_owns(site, index + step) ||
                   (index >= step && thi_site_owns(site, index - step));
        }
        if (line) {
            return true;
        }
    }
    return false;
}

void thi_judge_strays(struct thi_audit *audit)
{
    for (size_t i = 0; i < audit->site_count; i++) {
        struct thi_site *stray = &audit->sites[i];
        bool lost = stray->wish.name[0] == '?' && is_lost(stray);
        bool served = stray->wish.name[0] == '?' && (lost || has_neighbour(audit, stray)) &&
                      is_spare_barrier(audit, stray);
        for (size_t j = 0; lost && !served && j < audit->site_count; j++) {
            served = stands_for(audit, stray, &audit->sites[j]);
        }
        if (served) {
            stray->verdict = TH_ACCEPTED;
            snprintf(stray->reason, sizeof stray->reason,
                     "merged code that lost its place; it keeps the order of what it can be");
        }
    }
}

/* Could an instruction do, or be part of, what the site asks for? */
static bool is_of_sort(const struct thi_instruction *at, const struct thi_wish *wish)
{
    const uint32_t modifies = TH_EVENT_SWAP | TH_EVENT_LINKED | TH_EVENT_STORE_COND;
    uint32_t flags = at->event.flags;
    bool outside = (flags & TH_EVENT_PRIVATE) == 0;
    bool width = at->event.bytes == wish->bytes || at->event.bytes == 0;
    switch (wish->operation) {
    case TH_LOAD: return outside && width && (flags & TH_EVENT_READ) != 0;
    case TH_STORE: return outside && width && (flags & TH_EVENT_WRITE) != 0;
    case TH_MODIFY:
    case TH_COMPARE:
        return (flags & modifies) != 0 || ((flags & TH_EVENT_CALL) != 0 && thi_is_access(at));
    case TH_FENCE:
    default: return at->event.fence != 0;
    }
}

static uint32_t sort_count(const struct thi_code *code, const struct thi_site *site)
{
    uint32_t count = 0;
    for (size_t i = 0; i < code->count; i++) {
        const struct thi_instruction *at = &code->instructions[i];
        count += is_of_sort(at, &site->wish) &&
                 thi_same_function(code->functions[at->function].name, site->function);
    }
    return count;
}

/* Has the place of an operation plain accesses, too? So it is where a macro makes a whole function:
 * what stands before and what behind cannot be told. */
static bool is_crowded(const struct thi_code *code, const struct thi_site *site)
{
    const uint32_t accesses = TH_EVENT_READ | TH_EVENT_WRITE;
    const uint32_t others =
        TH_EVENT_ATOMIC | TH_EVENT_PRIVATE | TH_EVENT_LINKED | TH_EVENT_STORE_COND;
    bool single = site->wish.operation <= TH_STORE;
    uint32_t own = site->wish.operation == TH_LOAD ? TH_EVENT_READ : TH_EVENT_WRITE, count = 0;
    bool foreign = false;
    for (uint32_t i = 0; i < site->instruction_count; i++) {
        uint32_t flags = code->instructions[site->instructions[i]].event.flags;
        bool plain = (flags & accesses) != 0 && (flags & others) == 0;
        foreign = foreign || (plain && (!single || (flags & accesses) != own));
        count += (flags & own) != 0 && (flags & TH_EVENT_PRIVATE) == 0;
    }
    return foreign || (single && count > site->intent_count);
}

static const struct thi_function *function_find(const struct thi_code *code, const char *name)
{
    for (size_t i = 0; i < code->function_count; i++) {
        if (strcmp(code->functions[i].name, name) == 0) {
            return &code->functions[i];
        }
    }
    return NULL;
}

static bool is_relevant(const struct thi_instruction *at)
{
    const uint32_t relevant = TH_EVENT_READ | TH_EVENT_WRITE | TH_EVENT_ATOMIC | TH_EVENT_FENCE |
                              TH_EVENT_SYNC_FETCH | TH_EVENT_CALL;
    return (at->event.flags & relevant) != 0;
}

/* Do two functions have the same accesses, barriers and calls in the same order? */
static bool is_same_code(const struct thi_code *one, const struct thi_code *two, const char *name)
{
    const struct thi_function *a = function_find(one, name), *b = function_find(two, name);
    if (a == NULL || b == NULL) {
        return false;
    }
    size_t i = a->first, j = b->first;
    for (;; i++, j++) {
        while (i < a->end && !is_relevant(&one->instructions[i])) {
            i++;
        }
        while (j < b->end && !is_relevant(&two->instructions[j])) {
            j++;
        }
        if (i >= a->end || j >= b->end) {
            return i >= a->end && j >= b->end;
        }
        const struct thi_instruction *left = &one->instructions[i], *right = &two->instructions[j];
        bool call = (left->event.flags & TH_EVENT_CALL) != 0;
        if (strcmp(left->mnemonic, right->mnemonic) != 0 ||
            (!call && strcmp(left->operands, right->operands) != 0)) {
            return false;
        }
    }
}

void thi_judge_copies(struct thi_audit *audit, const struct thi_audit *made)
{
    for (size_t i = 0; i < audit->site_count; i++) {
        struct thi_site *site = &audit->sites[i];
        if (site->verdict != TH_ACCEPTED || site->wish.name[0] == '?') {
            continue;
        }
        uint32_t here = sort_count(&audit->code, site), there = sort_count(&made->code, site);
        bool orders = thi_wants_acquire(&site->wish) || thi_wants_release(&site->wish);
        if (here < there) {
            thi_refuse(site, TH_UNDECIDED,
                       "the function has %u instructions that can do it, where the compiler makes "
                       "%u: a copy is lost, or it is not the command's code",
                       here, there);
        } else if (orders && is_crowded(&audit->code, site) &&
                   !is_same_code(&audit->code, &made->code, site->function)) {
            thi_refuse(site, TH_UNDECIDED,
                       "plain accesses have its place, a macro's: what is to stand before and "
                       "behind cannot be told, and the code is not the compiler's");
        }
    }
}
