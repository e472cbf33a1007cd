/* SPDX-License-Identifier: MIT
 * judge_line.c - the compiler's own order: what the source has behind an acquire must not stand
 *                before it in the machine code, nor what it has before a release behind it.
 *
 * Where the source's order is known (clang), it decides; else lines do. What can come before as
 * well as behind, in a loop, says nothing.
 */
#include "graph.h"

#include <stdlib.h>
#include <string.h>

bool thi_is_access(const struct thi_instruction *at)
{
    bool helper = (at->event.flags & TH_EVENT_CALL) != 0 && at->symbol != NULL &&
                  (thi_starts(at->symbol, "__aarch64_") || thi_starts(at->symbol, "__atomic_"));
    return helper || ((at->event.flags & (TH_EVENT_READ | TH_EVENT_WRITE)) != 0 &&
                      (at->event.flags & TH_EVENT_PRIVATE) == 0);
}

/* The site of an instruction, other than `site`; NULL: none. */
static const struct thi_site *owner_of(const struct thi_audit *audit, const struct thi_site *site,
                                       uint32_t index)
{
    for (size_t i = 0; i < audit->site_count; i++) {
        const struct thi_site *other = &audit->sites[i];
        if (other != site && other->wish.operation != TH_FENCE && other->wish.name[0] != '?' &&
            thi_site_owns(other, index)) {
            return other;
        }
    }
    return NULL;
}

struct lines {
    struct thi_audit *audit;
    struct thi_site *site;
    bool *before, *behind; /* instructions on the ways to the site's, and from them */
};

/* What is read before the attempts of a read-modify-write is not the operation. */
static bool is_act(const struct thi_instruction *at)
{
    return (at->event.flags & (TH_EVENT_SWAP | TH_EVENT_CALL)) != 0;
}

static bool ways_find(struct lines *lines)
{
    const struct thi_code *code = &lines->audit->code;
    const struct thi_site *site = lines->site;
    bool acts = false, ok = true;
    for (uint32_t i = 0; i < site->instruction_count; i++) {
        acts = acts || is_act(&code->instructions[site->instructions[i]]);
    }
    for (uint32_t i = 0; ok && i < site->instruction_count; i++) {
        uint32_t index = site->instructions[i];
        if (!acts || is_act(&code->instructions[index])) {
            ok = thi_flow_reach(code, index, true, lines->before) &&
                 thi_flow_reach(code, index, false, lines->behind);
        }
    }
    return ok;
}

/* Where the source has an access, against the site: before, behind, or it cannot be told. */
static void source_order(const struct lines *lines, const struct thi_instruction *at,
                         const struct thi_place *place, bool *before, bool *behind)
{
    const struct thi_place *own = &lines->site->place;
    const struct thi_graph *graph = lines->audit->graph;
    bool same =
        place->file != NULL && strcmp(place->file, own->file) == 0 &&
        strcmp(at->via, lines->site->via) == 0 && place->line != 0 &&
        (place->inner == NULL || own->inner == NULL || thi_same_function(place->inner, own->inner));
    *before = same && place->line < own->line;
    *behind = same && place->line > own->line;
    if (same && graph != NULL && place->inner != NULL) {
        thi_graph_order(graph, place, own, before, behind);
    }
}

/* Where the compiler's account has a site's operation; 0: there are several, or none. */
static uint32_t sequence_of(const struct thi_audit *audit, const struct thi_site *site)
{
    uint32_t sequence = 0;
    for (size_t i = 0; i < audit->wanted.count; i++) {
        const struct thi_intent *wanted = &audit->wanted.items[i];
        if (thi_same_place(&wanted->place, &site->place) && site->place.inner != NULL &&
            wanted->place.inner != NULL &&
            thi_same_function(wanted->place.inner, site->place.inner)) {
            if (sequence != 0) {
                return 0;
            }
            sequence = wanted->sequence;
        }
    }
    return sequence;
}

/* Does nothing lead into, or out of, the code between two instructions? */
static bool is_straight(const struct thi_code *code, uint32_t from, uint32_t to)
{
    for (uint32_t i = from + 1; i <= to; i++) {
        uint32_t first = code->incoming_first[i];
        if (code->incoming_first[i + 1] != first + 1 || code->incoming[first] + 1 != i ||
            (code->instructions[i].event.flags & TH_EVENT_ENTERED) != 0) {
            return false;
        }
    }
    return true;
}

/* Do all accesses of a site stand in one straight piece of code with an instruction? */
static bool stands_with(const struct thi_code *code, const struct thi_site *owner, uint32_t index)
{
    for (uint32_t i = 0; i < owner->instruction_count; i++) {
        uint32_t other = owner->instructions[i];
        uint32_t from = other < index ? other : index, to = other < index ? index : other;
        if (thi_is_access(&code->instructions[other]) && !is_straight(code, from, to)) {
            return false;
        }
    }
    return true;
}

/* In a loop all is before as well as behind. But of two that stand nowhere else, and with no way
 * into or out of what is between, the order is that of each turn. */
static void turn_order(const struct lines *lines, const struct thi_site *owner, uint32_t index,
                       bool *source_before, bool *source_behind, bool *before, bool *behind)
{
    const struct thi_code *code = &lines->audit->code;
    const struct thi_site *site = lines->site;
    if (owner == NULL || owner->adopted || site->instruction_count != 1 ||
        strcmp(owner->via, site->via) != 0 || owner->place.inner == NULL ||
        site->place.inner == NULL || !thi_same_function(owner->place.inner, site->place.inner)) {
        return;
    }
    uint32_t own = site->instructions[0];
    uint32_t theirs = sequence_of(lines->audit, owner), ours = sequence_of(lines->audit, site);
    if (theirs == 0 || ours == 0 || !stands_with(code, owner, own)) {
        return;
    }
    *source_before = theirs < ours;
    *source_behind = theirs > ours;
    *before = index < own;
    *behind = index > own;
}

static void access_judge(struct lines *lines, uint32_t index)
{
    struct thi_site *site = lines->site;
    const struct thi_instruction *at = &lines->audit->code.instructions[index];
    bool acquires = thi_wants_acquire(&site->wish), releases = thi_wants_release(&site->wish);
    bool fence = site->wish.operation == TH_FENCE;
    const struct thi_site *owner = owner_of(lines->audit, site, index);
    struct thi_place place = at->place;
    if (owner != NULL && owner->adopted) {
        place = owner->place; /* of instructions that lost their own */
    }
    bool source_before, source_behind;
    source_order(lines, at, &place, &source_before, &source_behind);
    bool before = lines->before[index] && !lines->behind[index];
    bool behind = lines->behind[index] && !lines->before[index];
    if (fence && !before && !behind) {
        turn_order(lines, owner, index, &source_before, &source_behind, &before, &behind);
    }
    bool call = (at->event.flags & TH_EVENT_CALL) != 0;
    bool ordered = fence && (call || owner != NULL); /* of what a fence speaks */
    unsigned long long address = (unsigned long long)at->address;
    if (ordered && acquires && behind && source_before) {
        thi_refuse(site, TH_REJECTED,
                   "the fence stands before `%s` of line %u, at 0x%llx, which it is to order",
                   at->mnemonic, place.line, address);
    } else if (ordered && releases && before && source_behind) {
        thi_refuse(site, TH_REJECTED,
                   "the fence stands behind `%s` of line %u, at 0x%llx, which it is to order",
                   at->mnemonic, place.line, address);
    } else if (acquires && before && source_behind) {
        thi_refuse(site, TH_REJECTED, "the compiler has put `%s` of line %u, at 0x%llx, before",
                   at->mnemonic, place.line, address);
    } else if (releases && behind && source_before) {
        thi_refuse(site, TH_REJECTED, "the compiler has put `%s` of line %u, at 0x%llx, behind",
                   at->mnemonic, place.line, address);
    }
}

void thi_judge_lines(struct thi_audit *audit, struct thi_site *site)
{
    const struct thi_code *code = &audit->code;
    if (site->instruction_count == 0 || site->place.file == NULL ||
        (!thi_wants_acquire(&site->wish) && !thi_wants_release(&site->wish))) {
        return;
    }
    struct lines lines = {.audit = audit,
                          .site = site,
                          .before = calloc(code->count, sizeof(bool)),
                          .behind = calloc(code->count, sizeof(bool))};
    bool ok = lines.before != NULL && lines.behind != NULL && ways_find(&lines);
    const struct thi_function *function =
        &code->functions[code->instructions[site->instructions[0]].function];
    for (uint32_t i = 0; ok && i < site->instruction_count; i++) {
        lines.before[site->instructions[i]] = lines.behind[site->instructions[i]] = true;
    }
    for (size_t i = function->first; ok && i < function->end; i++) {
        if (thi_is_access(&code->instructions[i])) {
            access_judge(&lines, (uint32_t)i);
        }
    }
    free(lines.before);
    free(lines.behind);
}
