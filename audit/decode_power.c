/* SPDX-License-Identifier: MIT
 * decode_power.c - 64-bit POWER, little endian.
 *
 * sync keeps all pairs apart, lwsync all but a write and a later read. isync is a barrier for a
 * read only behind a branch that depends on the value read, or on a store-conditional after it.
 */
#include "audit.h"

#include <stdlib.h>
#include <string.h>

static bool control_decode(struct thi_instruction *instruction)
{
    const char *name = instruction->mnemonic;
    struct thi_event *event = &instruction->event;
    if (thi_one_of(name, "bl bctrl blrl")) {
        event->flags = TH_EVENT_CALL;
        return true;
    }
    if (thi_one_of(name, "blr trap")) {
        event->flags = TH_EVENT_RETURN | TH_EVENT_JUMP;
        return true;
    }
    if (strcmp(name, "bctr") == 0) {
        event->flags = TH_EVENT_JUMP | TH_EVENT_INDIRECT;
        return true;
    }
    if (name[0] != 'b' || thi_starts(name, "bp") || thi_starts(name, "br")) {
        return false;
    }
    if (thi_ends(name, "lr") || thi_ends(name, "lr+") || thi_ends(name, "lr-")) {
        event->flags = TH_EVENT_RETURN | TH_EVENT_BRANCH;
        /* "12, 2": if the first field says equal, which is a store-conditional's "stored". */
        event->flags |= thi_starts(instruction->operands, "12, 2")  ? TH_EVENT_OK_TAKEN
                        : thi_starts(instruction->operands, "4, 2") ? TH_EVENT_FAIL_TAKEN
                                                                    : 0;
        return true;
    }
    event->flags = strcmp(name, "b") == 0 ? TH_EVENT_JUMP : TH_EVENT_BRANCH;
    const char *hex = strstr(instruction->operands, "0x");
    if (hex != NULL) {
        event->target = strtoull(hex, NULL, 16);
    } else {
        event->flags |= TH_EVENT_INDIRECT;
    }
    /* Bit 2 is "equal" of the first condition field: a store-conditional's answer. */
    bool answers = thi_starts(instruction->operands, "2,");
    if (answers && (thi_starts(name, "bf") || thi_starts(name, "bne"))) {
        event->flags |= TH_EVENT_FAIL_TAKEN;
    } else if (answers && (thi_starts(name, "bt") || thi_starts(name, "beq"))) {
        event->flags |= TH_EVENT_OK_TAKEN;
    }
    return true;
}

static uint8_t width_letter(char letter)
{
    switch (letter) {
    case 'b': return 1;
    case 'h': return 2;
    case 'w':
    case 's': return 4;
    case 'd': return 8;
    default: return 0;
    }
}

static bool fence_decode(struct thi_instruction *instruction)
{
    const char *name = instruction->mnemonic;
    struct thi_event *event = &instruction->event;
    if (strcmp(name, "isync") == 0) {
        event->flags = TH_EVENT_SYNC_FETCH;
        return true;
    }
    bool full = thi_one_of(name, "sync hwsync") &&
                (instruction->operands[0] == '\0' || strcmp(instruction->operands, "0") == 0);
    bool light = strcmp(name, "lwsync") == 0 ||
                 (strcmp(name, "sync") == 0 && strcmp(instruction->operands, "1") == 0);
    if (full || light) {
        event->flags = TH_EVENT_FENCE | TH_EVENT_ATOMIC;
        event->fence = full ? TH_ALL_PAIRS : TH_RR | TH_RW | TH_WW;
    }
    return full || light;
}

void thi_decode_power(struct thi_instruction *instruction)
{
    const char *name = instruction->mnemonic;
    struct thi_event *event = &instruction->event;
    if (fence_decode(instruction) || control_decode(instruction)) {
        return;
    }
    if (thi_starts(name, "cmp") || strcmp(name, "andi.") == 0) {
        event->flags = TH_EVENT_COMPARE;
        return;
    }
    bool linked = thi_one_of(name, "lbarx lharx lwarx ldarx");
    bool conditional = thi_one_of(name, "stbcx. sthcx. stwcx. stdcx.");
    bool reads = name[0] == 'l' && !thi_one_of(name, "li lis la");
    bool writes = thi_starts(name, "st");
    if (!reads && !writes) {
        return;
    }
    event->flags = reads ? TH_EVENT_READ : TH_EVENT_WRITE;
    const char *letter = name + (reads ? 1 : 2);
    letter += thi_starts(letter, "xsi") ? 3 : thi_starts(letter, "xs") ? 2 : *letter == 'f';
    event->bytes = width_letter(*letter);
    if (linked || conditional) {
        event->flags |= TH_EVENT_ATOMIC | (linked ? TH_EVENT_LINKED : TH_EVENT_STORE_COND);
    }
    if (conditional) {
        strcpy(event->status, "cr0");
    }
    if (reads) {
        thi_operand(instruction->operands, 0, event->result, sizeof event->result);
    }
    char where[40];
    thi_operand(instruction->operands, 1, where, sizeof where);
    if (thi_ends(where, "(1)")) {
        event->flags |= TH_EVENT_PRIVATE;
    }
}
