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

static bool ways_find(struct lines *lines)
{
    const struct thi_code *code = &lines->audit->code;
    bool ok = true;
    for (uint32_t i = 0; ok && i < lines->site->instruction_count; i++) {
        uint32_t index = lines->site->instructions[i];
        ok = thi_flow_reach(code, index, true, lines->before) &&
             thi_flow_reach(code, index, false, lines->behind);
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
