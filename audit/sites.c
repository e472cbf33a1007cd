/* SPDX-License-Identifier: MIT
 * sites.c - brings operations and instructions together by their places in the source.
 *
 * Guarantees   G1 every operation of the optimised intermediate code has a site, be it without any
 *                 instruction; every instruction that no plain access looks like is in a site, be
 *                 it of no operation. Nothing is passed over.
 *
 * The source says what was wanted, the optimised code how often it is still there: an instruction's
 * place and the function it was inlined from find the former, its place and the function it stands
 * in the latter.
 */
#include "audit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int place_compare(const void *a, const void *b)
{
    const struct thi_place *left = &((const struct thi_intent *)a)->place;
    const struct thi_place *right = &((const struct thi_intent *)b)->place;
    if (left->line != right->line) {
        return left->line < right->line ? -1 : 1;
    }
    if (left->column != right->column) {
        return left->column < right->column ? -1 : 1;
    }
    return strcmp(left->file, right->file);
}

/* The operations at a place: the first, and how many there are in *count. */
static const struct thi_intent *at_place(const struct thi_intents *sorted,
                                         const struct thi_place *place, size_t *count)
{
    struct thi_intent key = {.place = *place};
    *count = 0;
    if (place->file == NULL || sorted->count == 0) {
        return NULL;
    }
    const struct thi_intent *found =
        bsearch(&key, sorted->items, sorted->count, sizeof key, place_compare);
    if (found == NULL) {
        return NULL;
    }
    const struct thi_intent *end = sorted->items + sorted->count;
    while (found > sorted->items && place_compare(found - 1, &key) == 0) {
        found--;
    }
    while (found + *count < end && place_compare(found + *count, &key) == 0) {
        (*count)++;
    }
    return found;
}

static bool is_inner(const struct thi_intent *intent, const struct thi_place *place)
{
    return intent->place.inner == NULL || place->inner == NULL ||
           thi_same_function(intent->place.inner, place->inner);
}

/* How often the optimised code of `function` has an operation at a place; `made` is one of them. */
static uint32_t made_count(const struct thi_audit *audit, const char *function,
                           const struct thi_place *place, const struct thi_wish *wish,
                           struct thi_wish *made)
{
    size_t count;
    const struct thi_intent *list = at_place(&audit->made, place, &count);
    uint32_t found = 0, others = 0;
    for (size_t i = 0; i < count; i++) {
        if (!thi_same_function(list[i].function, function) || !is_inner(&list[i], place)) {
            continue;
        }
        others++;
        if (list[i].wish.operation == wish->operation &&
            (!list[i].order_known || list[i].wish.order == wish->order)) {
            *made = list[i].wish;
            found++;
        } else if (found == 0) {
            *made = list[i].wish;
        }
    }
    return found != 0 ? found : others != 0;
}

static struct thi_site *site_add(struct thi_audit *audit, const struct thi_site *site)
{
    if (!thi_audit_grow((void **)&audit->sites, audit->site_count, &audit->site_capacity,
                        sizeof *audit->sites)) {
        return NULL;
    }
    audit->sites[audit->site_count] = *site;
    return &audit->sites[audit->site_count++];
}

/* Is an operation still wanted in this function, or was it taken out as never reached? */
static bool is_alive(const struct thi_audit *audit, const char *function,
                     const struct thi_place *place, const struct thi_wish *wish)
{
    size_t count;
    const struct thi_intent *list = at_place(&audit->made, place, &count);
    bool others = false;
    for (size_t i = 0; i < count; i++) {
        if (!thi_same_function(list[i].function, function) || !is_inner(&list[i], place)) {
            continue;
        }
        if (thi_same_wish(&list[i].wish, wish)) {
            return true;
        }
        others = true;
    }
    /* Of a choice between orders one is left; a single operation may have become another. */
    size_t wanted_count, same = 0;
    const struct thi_intent *wanted = at_place(&audit->wanted, place, &wanted_count);
    for (size_t i = 0; i < wanted_count; i++) {
        same += is_inner(&wanted[i], place);
    }
    return others && same == 1;
}

/* s390x: interlocked arithmetic is a read-modify-write, whatever its place says. */
static bool is_misplaced(const struct thi_audit *audit, const struct thi_instruction *at,
                         const struct thi_wish *wish)
{
    return audit->code.target == TH_TARGET_S390X && wish->operation <= TH_STORE &&
           (at->event.flags & TH_EVENT_SWAP) != 0 && thi_starts(at->mnemonic, "la");
}

/* Puts an instruction to the sites of its place, from number `from` on. */
static bool instruction_place(struct thi_audit *audit, uint32_t index, size_t from)
{
    const struct thi_instruction *instruction = &audit->code.instructions[index];
    const char *function = audit->code.functions[instruction->function].name;
    size_t count;
    const struct thi_intent *list = at_place(&audit->wanted, &instruction->place, &count);
    for (size_t i = 0; i < count; i++) {
        if (!is_inner(&list[i], &instruction->place) ||
            is_misplaced(audit, instruction, &list[i].wish) ||
            !is_alive(audit, function, &instruction->place, &list[i].wish)) {
            continue;
        }
        struct thi_site *site = NULL;
        for (size_t j = from; site == NULL && j < audit->site_count; j++) {
            struct thi_site *other = &audit->sites[j];
            bool same = thi_same_place(&other->place, &instruction->place) &&
                        strcmp(other->via, instruction->via) == 0 &&
                        thi_same_wish(&other->wish, &list[i].wish);
            site = same ? other : NULL;
        }
        if (site == NULL) {
            struct thi_site made = {.function = function,
                                    .place = instruction->place,
                                    .via = instruction->via,
                                    .wish = list[i].wish};
            made.intent_count = made_count(audit, function, &made.place, &made.wish, &made.made);
            for (size_t j = 0; j < count; j++) {
                bool inner = is_inner(&list[j], &instruction->place);
                made.shares = made.shares || (inner && list[j].wish.operation >= TH_MODIFY);
                made.loads = made.loads || (inner && list[j].wish.operation == TH_LOAD);
            }
            made.wish = list[i].order_known ? made.wish : made.made;
            site = site_add(audit, &made);
        }
        if (site == NULL) {
            return false;
        }
        if (site->instruction_count < TH_SITE_INSTRUCTIONS_MAX && !thi_site_owns(site, index)) {
            site->instructions[site->instruction_count++] = index;
        }
    }
    return true;
}

/* Pieces of one function, such as f and f.cold, share their sites. */
static size_t sites_from(const struct thi_audit *audit, const char *function)
{
    for (size_t i = 0; i < audit->site_count; i++) {
        if (thi_same_function(audit->sites[i].function, function)) {
            return i;
        }
    }
    return audit->site_count;
}

/* Calls of helpers can be operations, other calls are not. */
static bool is_relevant(const struct thi_instruction *instruction)
{
    const uint32_t relevant = TH_EVENT_READ | TH_EVENT_WRITE | TH_EVENT_ATOMIC | TH_EVENT_FENCE |
                              TH_EVENT_SYNC_FETCH | TH_EVENT_UNKNOWN;
    const char *symbol = instruction->symbol;
    bool helper = (instruction->event.flags & TH_EVENT_CALL) != 0 && symbol != NULL &&
                  (thi_starts(symbol, "__aarch64_") || thi_starts(symbol, "__atomic_") ||
                   thi_starts(symbol, "__sync_"));
    bool private = (instruction->event.flags & TH_EVENT_PRIVATE) != 0 &&
                   (instruction->event.flags & TH_EVENT_ATOMIC) == 0;
    return helper || (!private && (instruction->event.flags & relevant) != 0);
}

static bool function_scan(struct thi_audit *audit, const struct thi_function *function)
{
    size_t from = sites_from(audit, function->name);
    for (size_t i = function->first; i < function->end; i++) {
        if (is_relevant(&audit->code.instructions[i]) &&
            !instruction_place(audit, (uint32_t)i, from)) {
            return false;
        }
    }
    return true;
}

/* An operation that the optimiser put in another's place has none itself: it is of the one that
 * its function wants and has no more. */
static const struct thi_intent *replaced_find(const struct thi_audit *audit, const char *function)
{
    const struct thi_intent *missing = NULL;
    size_t count = 0;
    for (size_t i = 0; i < audit->wanted.count; i++) {
        const struct thi_intent *wanted = &audit->wanted.items[i];
        struct thi_wish made;
        if (thi_same_function(wanted->function == NULL ? wanted->place.inner : wanted->function,
                              function) &&
            made_count(audit, function, &wanted->place, &wanted->wish, &made) == 0) {
            missing = wanted;
            count++;
        }
    }
    return count == 1 ? missing : NULL;
}

/* gcc does not say where what was inlined was inlined to: instructions of the same line tell, or
 * the line lies within those of the function itself. */
static uint32_t outer_line(const struct thi_code *code, const char *function,
                           const struct thi_place *place)
{
    uint32_t low = UINT32_MAX, high = 0;
    for (size_t i = 0; place->file != NULL && i < code->count; i++) {
        const struct thi_instruction *at = &code->instructions[i];
        if (at->place.file == NULL || at->place.line == 0 ||
            strcmp(at->place.file, place->file) != 0 ||
            !thi_same_function(code->functions[at->function].name, function)) {
            continue;
        }
        if (at->place.line == place->line) {
            return at->place.outer_line;
        }
        if (at->via[0] == '\0') {
            low = at->place.line < low ? at->place.line : low;
            high = at->place.line > high ? at->place.line : high;
        }
    }
    return low <= place->line && place->line <= high ? place->line : 0;
}

/* Operations that no instruction has the place of. */
static bool homeless_add(struct thi_audit *audit)
{
    for (size_t i = 0; i < audit->made.count; i++) {
        const struct thi_intent *made = &audit->made.items[i];
        bool found = false;
        for (size_t j = 0; !found && j < audit->site_count; j++) {
            const struct thi_site *site = &audit->sites[j];
            found = thi_same_place(&site->place, &made->place) &&
                    thi_same_function(site->function, made->function) &&
                    is_inner(made, &site->place) &&
                    (thi_same_wish(&site->wish, &made->wish) ||
                     (site->made.operation != site->wish.operation &&
                      thi_same_wish(&site->made, &made->wish)));
        }
        if (found) {
            continue;
        }
        struct thi_site site = {.function = made->function,
                                .place = made->place,
                                .via = "",
                                .wish = made->wish,
                                .made = made->wish};
        if (site.place.outer_line == 0) {
            site.place.outer_line = outer_line(&audit->code, made->function, &made->place);
        }
        size_t count;
        const struct thi_intent *wanted = at_place(&audit->wanted, &made->place, &count);
        bool same = false; /* one place, a macro's, can hold several orders */
        for (size_t j = 0; j < count && !same; j++) {
            same = thi_same_wish(&wanted[j].wish, &made->wish);
            if (same || count == 1 ||
                (is_inner(&wanted[j], &made->place) &&
                 wanted[j].wish.operation == made->wish.operation)) {
                site.wish = wanted[j].wish;
            }
        }
        const struct thi_intent *replaced =
            made->place.line == 0 ? replaced_find(audit, made->function) : NULL;
        if (replaced != NULL) {
            site.wish = replaced->wish;
            site.place = replaced->place;
            site.intent_count = 1;
            if (site_add(audit, &site) == NULL) {
                return false;
            }
            continue;
        }
        site.intent_count =
            made_count(audit, made->function, &made->place, &made->wish, &site.made);
        if (site_add(audit, &site) == NULL) {
            return false;
        }
    }
    return true;
}

/* Atomic instructions and barriers that belong to no operation. */
static bool strays_add(struct thi_audit *audit)
{
    bool *owned = calloc(audit->code.count + 1, sizeof *owned);
    if (owned == NULL) {
        return false;
    }
    for (size_t i = 0; i < audit->site_count; i++) {
        for (uint32_t j = 0; j < audit->sites[i].instruction_count; j++) {
            owned[audit->sites[i].instructions[j]] = true;
        }
    }
    bool ok = true;
    for (uint32_t i = 0; ok && i < audit->code.count; i++) {
        const struct thi_instruction *instruction = &audit->code.instructions[i];
        bool helper = instruction->symbol != NULL &&
                      (thi_starts(instruction->symbol, "__aarch64_") ||
                       thi_starts(instruction->symbol, "__atomic_")) &&
                      (instruction->event.flags & TH_EVENT_CALL) != 0 &&
                      strstr(instruction->symbol, "feraiseexcept") == NULL;
        if (owned[i] || (!helper && (instruction->event.flags & TH_EVENT_ATOMIC) == 0)) {
            continue;
        }
        struct thi_site *last =
            audit->site_count == 0 ? NULL : &audit->sites[audit->site_count - 1];
        bool same =
            last != NULL && last->wish.name[0] == '?' && instruction->place.line == 0 &&
            last->place.line == 0 &&
            thi_same_function(audit->code.functions[instruction->function].name, last->function) &&
            last->instruction_count < TH_SITE_INSTRUCTIONS_MAX - 1;
        if (same) { /* code that lost its place together */
            last->instructions[last->instruction_count++] = i;
            continue;
        }
        struct thi_site site = {.function = audit->code.functions[instruction->function].name,
                                .place = instruction->place,
                                .via = instruction->via,
                                .instruction_count = 1};
        site.instructions[0] = i;
        strcpy(site.wish.name, "?");
        ok = site_add(audit, &site) != NULL;
    }
    free(owned);
    return ok;
}

/* s390x: interlocked arithmetic can have any place; what else has the operation's does not do it.
 */
static bool is_idle(const struct thi_audit *audit, const struct thi_site *site)
{
    const uint32_t serves = TH_EVENT_SWAP | TH_EVENT_CALL;
    for (uint32_t i = 0; i < site->instruction_count; i++) {
        if ((audit->code.instructions[site->instructions[i]].event.flags & serves) != 0) {
            return false;
        }
    }
    return site->instruction_count == 0 ||
           (audit->code.target == TH_TARGET_S390X && site->wish.operation == TH_MODIFY);
}

/* An operation without the instructions it needs. */
static bool is_needy(const struct thi_audit *audit, const struct thi_site *site)
{
    uint8_t given = audit->code.given;
    return is_idle(audit, site) &&
           (site->wish.operation != TH_FENCE || (thi_rule_fence(site->wish.order) & ~given) != 0);
}

/* What can stand for one another, but for its order. */
static unsigned need_of(const struct thi_site *site)
{
    return site->wish.operation == TH_COMPARE ? TH_MODIFY : site->wish.operation;
}

/* Are all needy operations of the function, of this sort, alike? */
static bool is_only_need(const struct thi_audit *audit, const struct thi_site *site, size_t count)
{
    for (size_t j = 0; j < count; j++) {
        const struct thi_site *other = &audit->sites[j];
        if (is_needy(audit, other) && need_of(other) == need_of(site) &&
            thi_same_function(other->function, site->function) &&
            !thi_same_wish(&other->wish, &site->wish)) {
            return false;
        }
    }
    return true;
}

static bool fits(const struct thi_audit *audit, const struct thi_site *site, uint32_t index)
{
    const struct thi_instruction *at = &audit->code.instructions[index];
    const uint32_t both = TH_EVENT_READ | TH_EVENT_WRITE;
    bool barrier = (at->event.flags & TH_EVENT_FENCE) != 0;
    bool changed = site->wish.operation >= TH_MODIFY && site->made.operation < TH_MODIFY;
    if (barrier && site->wish.operation != TH_FENCE && !changed) {
        return false;
    }
    /* One load or store by itself is no part of a read-modify-write, nor the other way round. */
    uint32_t moves = at->event.flags & both;
    bool alone = moves != both && moves != 0 &&
                 (at->event.flags & (TH_EVENT_LINKED | TH_EVENT_STORE_COND)) == 0;
    if (alone && ((site->wish.operation == TH_LOAD && moves == TH_EVENT_WRITE) ||
                  (site->wish.operation == TH_STORE && moves == TH_EVENT_READ))) {
        return false;
    }
    return thi_same_function(audit->code.functions[at->function].name, site->function) &&
           (site->wish.operation != TH_FENCE || barrier || at->event.fence == TH_ALL_PAIRS);
}

/* Drops what was adopted from sites of no operation, and those that have nothing left. */
static void strays_drop(struct thi_audit *audit, size_t strays_from, const bool *adopted)
{
    size_t kept = strays_from;
    for (size_t j = strays_from; j < audit->site_count; j++) {
        struct thi_site *stray = &audit->sites[j];
        uint32_t left = 0;
        for (uint32_t k = 0; k < stray->instruction_count; k++) {
            if (!adopted[stray->instructions[k]]) {
                stray->instructions[left++] = stray->instructions[k];
            }
        }
        stray->instruction_count = left;
        if (left > 0) {
            audit->sites[kept++] = *stray;
        }
    }
    audit->site_count = kept;
}

/* Of loads and stores each operation takes one, a store an exclusive pair; one that is taken serves
 * for another only if ways come together before it. True: something was taken. */
static bool stray_take(struct thi_audit *audit, struct thi_site *site, size_t strays_from,
                       bool *adopted, bool fresh)
{
    bool single = site->wish.operation <= TH_STORE, took = false, whole = false;
    for (size_t j = strays_from; j < audit->site_count; j++) {
        const struct thi_site *stray = &audit->sites[j];
        for (uint32_t k = 0; k < stray->instruction_count && !(single && whole); k++) {
            uint32_t index = stray->instructions[k];
            uint32_t flags = audit->code.instructions[index].event.flags;
            bool free = !single || (fresh ? !adopted[index]
                                          : adopted[index] &&
                                                thi_joins_before(&audit->code, index, false) > 0);
            if (free && fits(audit, site, index) &&
                site->instruction_count < TH_SITE_INSTRUCTIONS_MAX) {
                site->instructions[site->instruction_count++] = index;
                site->adopted = took = adopted[index] = true;
                whole = (flags & TH_EVENT_LINKED) == 0 || site->wish.operation != TH_STORE;
            }
        }
    }
    return took;
}

/* Gives atomic instructions without an operation to the operations of their function that have no
 * instructions: code generators lose a place now and then. */
static bool strays_adopt(struct thi_audit *audit, size_t strays_from)
{
    bool *adopted = calloc(audit->code.count + 1, sizeof *adopted);
    if (adopted == NULL) {
        return false;
    }
    for (size_t i = 0; i < strays_from; i++) {
        struct thi_site *site = &audit->sites[i];
        if (!is_needy(audit, site) || !is_only_need(audit, site, strays_from)) {
            continue;
        }
        if (!stray_take(audit, site, strays_from, adopted, true)) {
            stray_take(audit, site, strays_from, adopted, false);
        }
    }
    strays_drop(audit, strays_from, adopted);
    free(adopted);
    return true;
}

bool thi_is_owned(const struct thi_audit *audit, uint32_t index)
{
    for (size_t i = 0; i < audit->site_count; i++) {
        if (thi_site_owns(&audit->sites[i], index)) {
            return true;
        }
    }
    return false;
}

static bool has_access(const struct thi_code *code, const struct thi_site *site)
{
    const uint32_t accesses = TH_EVENT_READ | TH_EVENT_WRITE | TH_EVENT_CALL;
    for (uint32_t i = 0; i < site->instruction_count; i++) {
        uint32_t flags = code->instructions[site->instructions[i]].event.flags;
        if ((flags & accesses) != 0 && (flags & TH_EVENT_PRIVATE) == 0) {
            return true;
        }
    }
    return false;
}

/* Could an access be what became of the load or store, but for the order it keeps? */
static bool is_candidate(const struct thi_audit *audit, const struct thi_site *site, uint32_t index)
{
    const struct thi_instruction *at = &audit->code.instructions[index];
    uint32_t wanted = site->wish.operation == TH_LOAD ? TH_EVENT_READ : TH_EVENT_WRITE;
    return (at->event.flags & wanted) != 0 && at->event.bytes == site->wish.bytes &&
           (at->event.flags & TH_EVENT_PRIVATE) == 0 &&
           thi_same_function(audit->code.functions[at->function].name, site->function) &&
           !thi_is_owned(audit, index);
}

/* Would it keep that order, too? */
static bool access_serves(const struct thi_code *code, const struct thi_site *site, uint32_t index)
{
    struct thi_site tried = *site;
    if (tried.instruction_count < TH_SITE_INSTRUCTIONS_MAX) {
        tried.instructions[tried.instruction_count++] = index;
    }
    return site->wish.operation == TH_LOAD ? thi_judge_read(code, &tried, index)
                                           : thi_judge_write(code, &tried, index);
}

uint32_t thi_sites_spare(const struct thi_audit *audit, const struct thi_site *site)
{
    uint32_t count = 0;
    for (uint32_t i = 0; site->wish.operation <= TH_STORE && i < audit->code.count; i++) {
        count += audit->code.instructions[i].place.line == 0 && is_candidate(audit, site, i) &&
                 access_serves(&audit->code, site, i);
    }
    return count;
}

/* The same for a load or store that has lost its place: the one access of its width that the
 * function has, or those without a line that keep its order; of a relaxed one, which every turn of
 * an unrolled loop has, all of its line. */
static void access_adopt(struct thi_audit *audit, struct thi_site *site, bool serving)
{
    const struct thi_code *code = &audit->code;
    uint32_t found = UINT32_MAX, count = 0, merged = 0;
    uint32_t list[TH_SITE_INSTRUCTIONS_MAX];
    bool relaxed = site->wish.order == TH_RELAXED && site->place.line != 0;
    for (uint32_t i = 0; i < code->count; i++) {
        const struct thi_place *place = &code->instructions[i].place;
        /* A load can have the line of what uses its value; a store has its own, or none. */
        bool near = site->wish.operation == TH_LOAD || place->line == 0 || place->column == 0 ||
                    place->line == site->place.line || site->place.line == 0;
        bool serves = near && is_candidate(audit, site, i);
        count += serves;
        found = serves ? i : found;
        bool own = place->line == 0 || (relaxed && place->line == site->place.line);
        if (serves && own && merged < TH_SITE_INSTRUCTIONS_MAX - 1) {
            list[merged++] = i;
        }
    }
    if (count == 1) {
        list[0] = found;
        merged = 1;
    }
    uint32_t kept = 0;
    for (uint32_t i = 0; i < merged; i++) {
        uint32_t line = code->instructions[list[i]].place.line;
        bool near = line == 0 || line == site->place.line;
        if (serving ? access_serves(code, site, list[i]) : near) {
            list[kept++] = list[i];
        }
    }
    for (uint32_t i = 0; i < kept && site->instruction_count < TH_SITE_INSTRUCTIONS_MAX - 1; i++) {
        site->instructions[site->instruction_count++] = list[i];
        site->adopted = true;
    }
}

/* Orders that not every access keeps choose first; what keeps none is left for the last. */
static void accesses_adopt(struct thi_audit *audit)
{
    for (int turn = 0; turn < 3; turn++) {
        for (size_t i = 0; i < audit->site_count; i++) {
            struct thi_site *site = &audit->sites[i];
            bool chooses = turn > 0 || site->wish.order != TH_RELAXED;
            if (chooses && site->wish.operation <= TH_STORE && site->wish.name[0] != '?' &&
                !has_access(&audit->code, site)) {
                access_adopt(audit, site, turn < 2);
            }
        }
    }
}

/* Where code of several places was made one, the compiler says line 0: nothing but its own account
 * tells what is wanted there. */
static bool merged_add(struct thi_audit *audit)
{
    bool ok = true;
    for (size_t i = 0; ok && i < audit->made.count; i++) {
        struct thi_intent *made = &audit->made.items[i];
        if (made->place.line == 0 && made->place.file != NULL && made->place.file[0] != '?') {
            ok = thi_intents_add(&audit->wanted, made);
        }
    }
    return ok;
}

/* A store-conditional whose load-linked has another place: the nearest before it is its own. */
static void pairs_complete(struct thi_audit *audit)
{
    enum { WINDOW_MAX = 12 };
    const struct thi_code *code = &audit->code;
    for (size_t i = 0; i < audit->site_count; i++) {
        struct thi_site *site = &audit->sites[i];
        uint32_t stores = UINT32_MAX;
        bool loads = false;
        for (uint32_t j = 0; j < site->instruction_count; j++) {
            uint32_t flags = code->instructions[site->instructions[j]].event.flags;
            stores = (flags & TH_EVENT_STORE_COND) != 0 ? site->instructions[j] : stores;
            loads = loads || (flags & TH_EVENT_LINKED) != 0;
        }
        for (uint32_t back = 1;
             stores != UINT32_MAX && !loads && back <= WINDOW_MAX && back <= stores &&
             site->instruction_count < TH_SITE_INSTRUCTIONS_MAX;
             back++) {
            const struct thi_instruction *at = &code->instructions[stores - back];
            bool other = at->function != code->instructions[stores].function ||
                         (at->event.flags & TH_EVENT_STORE_COND) != 0;
            loads = other || (at->event.flags & TH_EVENT_LINKED) != 0;
            if (loads && !other) {
                site->instructions[site->instruction_count++] = stores - back;
            }
        }
    }
}

/* Does the compiler's account have operations of a function, and all at other places? */
static bool is_elsewhere(const struct thi_audit *audit, const char *function,
                         const struct thi_place *place)
{
    bool any = false, here = false;
    for (size_t i = 0; i < audit->made.count; i++) {
        const struct thi_intent *made = &audit->made.items[i];
        bool own = thi_same_function(made->function, function);
        any = any || own;
        here = here || (own && thi_same_place(&made->place, place));
    }
    return any && !here;
}

/* Of equal functions gcc makes one and copies it: all of a copy has the place of its head, where no
 * operation of it is. That is no place. */
static void copies_displace(struct thi_audit *audit)
{
    struct thi_code *code = &audit->code;
    for (size_t i = 0; i < code->function_count; i++) {
        const struct thi_function *function = &code->functions[i];
        const struct thi_instruction *head = &code->instructions[function->first];
        bool one = function->first < function->end && head->place.line != 0;
        for (size_t j = function->first; one && j < function->end; j++) {
            const struct thi_instruction *at = &code->instructions[j];
            one = at->via[0] == '\0' && thi_same_place(&at->place, &head->place);
        }
        if (one && is_elsewhere(audit, function->name, &head->place)) {
            for (size_t j = function->first; j < function->end; j++) {
                code->instructions[j].place.line = code->instructions[j].place.outer_line = 0;
            }
        }
    }
}

bool thi_sites_make(struct thi_audit *audit)
{
    if (!merged_add(audit)) {
        return false;
    }
    if (audit->wanted.count > 0) {
        qsort(audit->wanted.items, audit->wanted.count, sizeof *audit->wanted.items, place_compare);
    }
    if (audit->made.count > 0) {
        qsort(audit->made.items, audit->made.count, sizeof *audit->made.items, place_compare);
    }
    copies_displace(audit);
    for (size_t i = 0; i < audit->code.function_count; i++) {
        if (!function_scan(audit, &audit->code.functions[i])) {
            return false;
        }
    }
    if (!homeless_add(audit)) {
        return false;
    }
    size_t strays_from = audit->site_count;
    if (!strays_add(audit)) {
        return false;
    }
    if (!strays_adopt(audit, strays_from)) {
        return false;
    }
    accesses_adopt(audit);
    pairs_complete(audit);
    return true;
}

static bool is_like(const struct thi_audit *audit, const struct thi_site *a,
                    const struct thi_site *b)
{
    /* gcc does not say which inlined function an operation is of: all of the place count. */
    bool inner = audit->made.count > 0 && audit->made.items[0].place.inner != NULL;
    return thi_same_place(&a->place, &b->place) && thi_same_wish(&a->wish, &b->wish) &&
           thi_same_function(a->function, b->function) &&
           (!inner || a->place.inner == NULL || b->place.inner == NULL ||
            thi_same_function(a->place.inner, b->place.inner));
}

void thi_sites_compare(struct thi_audit *audit)
{
    for (size_t i = 0; i < audit->site_count; i++) {
        struct thi_site *site = &audit->sites[i];
        site->like_count = 0;
        site->like_found = 0;
        site->leads = true;
        for (size_t j = 0; j < audit->site_count; j++) {
            if (j == i || is_like(audit, site, &audit->sites[j])) {
                site->like_count++;
                site->like_found += audit->sites[j].found_count;
                site->leads = site->leads && j >= i;
            }
        }
    }
}

uint32_t thi_site_share(const struct thi_site *site)
{
    return site->intent_count < site->like_count ? 1 : site->intent_count - site->like_count + 1;
}
