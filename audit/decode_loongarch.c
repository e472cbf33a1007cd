/* SPDX-License-Identifier: MIT
 * decode_loongarch.c - LoongArch 64.
 *
 * dbar's hint is five bits: 0x10 says that an order is enough (completion is stronger), each of the
 * others takes one side out: 8 earlier reads, 4 earlier writes, 2 later reads, 1 later writes.
 * Hints above 31, such as 0x700, are weaker than any of these. Load-linked waits for what is before
 * it, store-conditional makes what is behind it wait; am*_db do both.
 */
#include "audit.h"

#include <stdlib.h>
#include <string.h>

static bool control_decode(struct thi_instruction *instruction)
{
    const char *name = instruction->mnemonic;
    struct thi_event *event = &instruction->event;
    if (strcmp(name, "bl") == 0 ||
        (strcmp(name, "jirl") == 0 && thi_starts(instruction->operands, "$ra"))) {
        event->flags = TH_EVENT_CALL;
        return true;
    }
    if (thi_one_of(name, "ret break syscall")) {
        event->flags = TH_EVENT_RETURN | (name[0] == 's' ? 0 : TH_EVENT_JUMP);
        return true;
    }
    if (thi_one_of(name, "jr jirl")) {
        event->flags = TH_EVENT_JUMP | TH_EVENT_INDIRECT;
        return true;
    }
    if (!thi_one_of(name, "b beq bne beqz bnez blt bge bltu bgeu bceqz bcnez")) {
        return false;
    }
    event->flags = name[1] == '\0' ? TH_EVENT_JUMP : TH_EVENT_BRANCH;
    event->flags |= strcmp(name, "beqz") == 0   ? TH_EVENT_FAIL_TAKEN
                    : strcmp(name, "bnez") == 0 ? TH_EVENT_OK_TAKEN
                                                : 0;
    /* The last operand counts bytes from here. */
    const char *last = strrchr(instruction->operands, ' ');
    last = last == NULL ? instruction->operands : last + 1;
    event->target = instruction->address + (uint64_t)strtoll(last, NULL, 0);
    return true;
}

static void barrier_decode(struct thi_instruction *instruction)
{
    struct thi_event *event = &instruction->event;
    unsigned long hint = strtoul(instruction->operands, NULL, 0);
    event->flags = TH_EVENT_FENCE | TH_EVENT_ATOMIC;
    if (hint > 31) {
        return;
    }
    bool r1 = !(hint & 8), w1 = !(hint & 4), r2 = !(hint & 2), w2 = !(hint & 1);
    event->fence = (uint8_t)((r1 && r2 ? TH_RR : 0) | (r1 && w2 ? TH_RW : 0) |
                             (w1 && r2 ? TH_WR : 0) | (w1 && w2 ? TH_WW : 0));
}

static uint8_t width_of(const char *name)
{
    const char *dot = strrchr(name, '.');
    switch (dot == NULL ? '\0' : dot[1]) {
    case 'b': return 1;
    case 'h': return 2;
    case 'w':
    case 's': return 4;
    case 'd': return 8;
    default: return 0;
    }
}

static void linked_decode(struct thi_instruction *instruction)
{
    struct thi_event *event = &instruction->event;
    const char *name = instruction->mnemonic;
    event->fence = TH_ALL_PAIRS;
    if (name[0] == 'l') {
        event->flags = TH_EVENT_READ | TH_EVENT_ATOMIC | TH_EVENT_LINKED;
        event->before = TH_RR | TH_WR;
        if (thi_starts(name, "llacq.")) {
            event->after = TH_RR | TH_RW;
        }
        thi_operand(instruction->operands, 0, event->result, sizeof event->result);
    } else {
        event->flags = TH_EVENT_WRITE | TH_EVENT_ATOMIC | TH_EVENT_STORE_COND;
        event->after = TH_WR | TH_WW;
        event->before = TH_RW | TH_WW; /* the barrier of its load-linked */
        thi_operand(instruction->operands, 0, event->status, sizeof event->status);
    }
}

void thi_decode_loongarch(struct thi_instruction *instruction)
{
    const char *name = instruction->mnemonic;
    struct thi_event *event = &instruction->event;
    if (strcmp(name, "dbar") == 0) {
        barrier_decode(instruction);
        return;
    }
    if (control_decode(instruction)) {
        return;
    }
    bool reads = thi_starts(name, "ld.") || thi_starts(name, "ldx.") ||
                 thi_starts(name, "ldptr.") || thi_starts(name, "fld");
    bool writes = thi_starts(name, "st.") || thi_starts(name, "stx.") ||
                  thi_starts(name, "stptr.") || thi_starts(name, "fst");
    event->bytes = width_of(name);
    if (thi_starts(name, "ll.") || thi_starts(name, "sc.") || thi_starts(name, "llacq.") ||
        thi_starts(name, "screl.")) {
        linked_decode(instruction);
    } else if (thi_starts(name, "am")) {
        event->flags = TH_EVENT_READ | TH_EVENT_WRITE | TH_EVENT_ATOMIC | TH_EVENT_SWAP;
        thi_operand(instruction->operands, 0, event->result, sizeof event->result);
        if (strstr(name, "_db") != NULL) {
            event->before = event->after = event->fence = TH_ALL_PAIRS;
        }
    } else if (reads || writes) {
        event->flags = reads ? TH_EVENT_READ : TH_EVENT_WRITE;
        if (reads) {
            thi_operand(instruction->operands, 0, event->result, sizeof event->result);
        }
    } else {
        event->bytes = 0;
        return;
    }
    char base[16];
    thi_operand(instruction->operands, 1, base, sizeof base);
    if (strcmp(base, "$sp") == 0) {
        event->flags |= TH_EVENT_PRIVATE;
    }
}
