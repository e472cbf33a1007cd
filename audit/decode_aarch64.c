/* SPDX-License-Identifier: MIT
 * decode_aarch64.c - 64-bit Arm: v8.0, the atomic instructions of v8.1 (LSE), RCpc loads.
 *
 * ldar and stlr keep each other's order (sequential consistency needs that); ldapr does not. An
 * atomic instruction whose result goes to the zero register is no read for a later `dmb ishld`.
 */
#include "audit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The last operand as an address; true if it is one. */
static bool target_read(const char *operands, uint64_t *target)
{
    const char *last = strrchr(operands, ' ');
    last = last == NULL ? operands : last + 1;
    char *end;
    *target = strtoull(last, &end, 16);
    return thi_starts(last, "0x") && *end == '\0';
}

static bool control_decode(struct thi_instruction *instruction)
{
    const char *name = instruction->mnemonic;
    struct thi_event *event = &instruction->event;
    if (strcmp(name, "bl") == 0 || thi_starts(name, "blr")) {
        event->flags = TH_EVENT_CALL;
    } else if (thi_starts(name, "ret") || thi_one_of(name, "brk udf hlt")) {
        event->flags = TH_EVENT_RETURN | TH_EVENT_JUMP;
    } else if (strcmp(name, "b") == 0 || strcmp(name, "br") == 0) {
        event->flags = TH_EVENT_JUMP;
        event->flags |= target_read(instruction->operands, &event->target) ? 0 : TH_EVENT_INDIRECT;
    } else if (thi_starts(name, "b.") || thi_one_of(name, "cbz cbnz tbz tbnz")) {
        event->flags = TH_EVENT_BRANCH;
        target_read(instruction->operands, &event->target);
        if (thi_one_of(name, "b.ne cbnz tbnz")) {
            event->flags |= TH_EVENT_FAIL_TAKEN;
        } else if (thi_one_of(name, "b.eq cbz tbz")) {
            event->flags |= TH_EVENT_OK_TAKEN;
        }
    } else {
        return false;
    }
    return true;
}

static void fence_decode(struct thi_instruction *instruction)
{
    struct thi_event *event = &instruction->event;
    if (strcmp(instruction->mnemonic, "isb") == 0) {
        event->flags = TH_EVENT_SYNC_FETCH;
        return;
    }
    event->flags = TH_EVENT_FENCE | TH_EVENT_ATOMIC;
    const char *domain = instruction->operands;
    event->fence = thi_one_of(domain, "ishld ld oshld")   ? TH_RR | TH_RW
                   : thi_one_of(domain, "ishst st oshst") ? TH_WW
                   : thi_one_of(domain, "ish sy osh")     ? TH_ALL_PAIRS
                                                          : 0;
}

/* Width by the ending of the mnemonic, else by the register that is moved. */
static uint8_t width_of(const char *name, const char *operand)
{
    if (thi_starts(name, "ldrsw") || thi_starts(name, "ldursw")) {
        return 4;
    }
    if (thi_ends(name, "b") && strcmp(name, "ldrsb") != 0) {
        return 1;
    }
    if (thi_ends(name, "sb")) {
        return 1;
    }
    if (thi_ends(name, "h")) {
        return 2;
    }
    switch (operand[0]) {
    case 'w':
    case 's': return 4;
    case 'x':
    case 'd': return 8;
    case 'q': return 16;
    case 'h': return 2;
    case 'b': return 1;
    default: return 0;
    }
}

static bool is_zero(const char *operand)
{
    return strcmp(operand, "wzr") == 0 || strcmp(operand, "xzr") == 0;
}

/* The letters behind the name of an LSE operation: a, l, al, and the width. */
static void order_letters(const char *letters, struct thi_event *event)
{
    if (letters[0] == 'a') {
        event->after = TH_RR | TH_RW;
        event->flags |= TH_EVENT_SC_READ;
        letters++;
    }
    if (letters[0] == 'l') {
        event->before = TH_RW | TH_WW;
        event->flags |= TH_EVENT_SC_WRITE;
    }
}

/* ldadd, swp, cas, stadd and their like. */
static bool lse_decode(struct thi_instruction *instruction)
{
    static const char *const names[] = {"ldadd",  "ldclr",  "ldeor",  "ldset",  "ldsmax", "ldsmin",
                                        "ldumax", "ldumin", "swp",    "cas",    "stadd",  "stclr",
                                        "steor",  "stset",  "stsmax", "stsmin", "stumax", "stumin"};
    struct thi_event *event = &instruction->event;
    const char *name = instruction->mnemonic;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (!thi_starts(name, names[i])) {
            continue;
        }
        char first[24], second[24];
        thi_operand(instruction->operands, 0, first, sizeof first);
        thi_operand(instruction->operands, 1, second, sizeof second);
        event->flags = TH_EVENT_READ | TH_EVENT_WRITE | TH_EVENT_ATOMIC | TH_EVENT_SWAP;
        order_letters(name + strlen(names[i]), event);
        event->bytes = width_of(name, first);
        bool compares = thi_starts(name, "cas");
        snprintf(event->result, sizeof event->result, "%.11s", compares ? first : second);
        if (thi_starts(name, "st") || (!compares && is_zero(second))) {
            event->flags = (event->flags | TH_EVENT_NO_RESULT) & ~(uint32_t)TH_EVENT_SC_READ;
            event->after = 0;
        }
        return true;
    }
    return false;
}

static void access_decode(struct thi_instruction *instruction)
{
    const char *name = instruction->mnemonic;
    struct thi_event *event = &instruction->event;
    char moved[24];
    bool exclusive = strstr(name, "xr") != NULL || strstr(name, "xp") != NULL;
    bool loads = name[0] == 'l';
    thi_operand(instruction->operands, exclusive && !loads ? 1 : 0, moved, sizeof moved);
    event->flags = loads ? TH_EVENT_READ : TH_EVENT_WRITE;
    event->bytes = width_of(name, moved);
    if (loads) {
        snprintf(event->result, sizeof event->result, "%.11s", moved);
    }
    if (exclusive) {
        event->flags |= TH_EVENT_ATOMIC | (loads ? TH_EVENT_LINKED : TH_EVENT_STORE_COND);
    }
    if (exclusive && !loads) {
        thi_operand(instruction->operands, 0, event->status, sizeof event->status);
        event->flags |= is_zero(event->status) ? TH_EVENT_ZERO_STATUS : 0;
    }
    if (thi_starts(name, "lda")) { /* ldar, ldaxr, ldapr, ldapur */
        event->after = TH_RR | TH_RW;
        event->flags |= TH_EVENT_ATOMIC | (name[3] == 'p' ? 0 : TH_EVENT_SC_READ);
    } else if (thi_starts(name, "stl")) {
        event->before = TH_RW | TH_WW;
        event->flags |= TH_EVENT_ATOMIC | TH_EVENT_SC_WRITE;
    } else if (thi_starts(name, "stnp")) {
        event->flags |= TH_EVENT_STREAM;
    }
}

void thi_decode_aarch64(struct thi_instruction *instruction)
{
    const char *name = instruction->mnemonic;
    struct thi_event *event = &instruction->event;
    if (thi_one_of(name, "dmb dsb isb")) {
        fence_decode(instruction);
        return;
    }
    if (control_decode(instruction)) {
        return;
    }
    if (thi_starts(name, "cmp") || thi_one_of(name, "subs ccmp")) {
        event->flags = TH_EVENT_COMPARE;
        return;
    }
    const char *bracket = strchr(instruction->operands, '[');
    if (bracket == NULL || thi_starts(name, "prfm")) {
        /* A literal beside the code is nobody else's. */
        return;
    }
    if (!lse_decode(instruction)) {
        if (!thi_starts(name, "ld") && !thi_starts(name, "st")) {
            return;
        }
        access_decode(instruction);
    }
    if (thi_starts(bracket, "[sp")) {
        event->flags |= TH_EVENT_PRIVATE;
    }
}
