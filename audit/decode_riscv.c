/* SPDX-License-Identifier: MIT
 * decode_riscv.c - RISC-V 64 with atomics (A), compare-and-swap (Zacas) and the orders of RVWMO.
 *
 * Of an atomic instruction that writes, aq keeps the write, too, before what follows. rl on a
 * load-reserved keeps what is before it from passing it, and is no release of the store.
 */
#include "audit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool control_decode(struct thi_instruction *instruction)
{
    const char *name = instruction->mnemonic;
    struct thi_event *event = &instruction->event;
    const char *operands = instruction->operands;
    const char *hex = strstr(operands, "0x");
    bool labelled = hex != NULL || instruction->symbol != NULL;
    bool pair = strcmp(name, "jr") == 0 && instruction->symbol != NULL; /* with auipc: a far jump */
    if (thi_one_of(name, "ret ebreak unimp ecall") || strcmp(name, "c.unimp") == 0) {
        event->flags = TH_EVENT_RETURN | (name[1] == 'c' ? 0 : TH_EVENT_JUMP);
    } else if (thi_one_of(name, "jal jalr call")) {
        event->flags = TH_EVENT_CALL;
    } else if (thi_one_of(name, "j jr tail")) {
        event->flags = TH_EVENT_JUMP | (hex == NULL && !pair ? TH_EVENT_INDIRECT : 0);
        hex = pair ? NULL : hex;
    } else if (name[0] == 'b' && labelled) {
        event->flags = TH_EVENT_BRANCH;
        event->flags |= strcmp(name, "bnez") == 0   ? TH_EVENT_FAIL_TAKEN
                        : strcmp(name, "beqz") == 0 ? TH_EVENT_OK_TAKEN
                                                    : 0;
    } else {
        return false;
    }
    if (event->flags & (TH_EVENT_BRANCH | TH_EVENT_JUMP) && hex != NULL) {
        event->target = strtoull(hex, NULL, 16);
    }
    return true;
}

/* "fence", "fence rw, w", "fence.tso": who waits for whom. */
static void fence_decode(struct thi_instruction *instruction)
{
    struct thi_event *event = &instruction->event;
    if (strcmp(instruction->mnemonic, "fence.i") == 0) {
        return;
    }
    event->flags = TH_EVENT_FENCE | TH_EVENT_ATOMIC;
    if (strcmp(instruction->mnemonic, "fence.tso") == 0) {
        event->fence = TH_RR | TH_RW | TH_WW;
        return;
    }
    char before[8], behind[8];
    thi_operand(instruction->operands, 0, before, sizeof before);
    thi_operand(instruction->operands, 1, behind, sizeof behind);
    bool all = before[0] == '\0';
    bool r1 = all || strchr(before, 'r') != NULL, w1 = all || strchr(before, 'w') != NULL;
    bool r2 = all || strchr(behind, 'r') != NULL, w2 = all || strchr(behind, 'w') != NULL;
    event->fence = (uint8_t)((r1 && r2 ? TH_RR : 0) | (r1 && w2 ? TH_RW : 0) |
                             (w1 && r2 ? TH_WR : 0) | (w1 && w2 ? TH_WW : 0));
}

static uint8_t width_letter(const char *name)
{
    const char *dot = strchr(name, '.');
    switch (dot == NULL ? '\0' : dot[1]) {
    case 'b': return 1;
    case 'h': return 2;
    case 'w': return 4;
    case 'd': return 8;
    default: return 0;
    }
}

static bool atomic_decode(struct thi_instruction *instruction)
{
    const char *name = instruction->mnemonic;
    struct thi_event *event = &instruction->event;
    bool linked = thi_starts(name, "lr."), conditional = thi_starts(name, "sc.");
    bool single = thi_starts(name, "amo");
    if (!linked && !conditional && !single) {
        return false;
    }
    bool both = thi_ends(name, ".aqrl");
    bool acquires = both || thi_ends(name, ".aq"), releases = both || thi_ends(name, ".rl");
    event->bytes = width_letter(name);
    event->flags = TH_EVENT_ATOMIC;
    if (linked || single) {
        event->flags |= TH_EVENT_READ;
        thi_operand(instruction->operands, 0, event->result, sizeof event->result);
        event->after = acquires ? TH_RR | TH_RW : 0;
    }
    if (conditional || single) {
        event->flags |= TH_EVENT_WRITE;
        event->before = releases ? TH_RW | TH_WW : 0;
        event->after |= acquires ? TH_WR | TH_WW : 0;
    }
    if (single) {
        event->flags |= TH_EVENT_SWAP;
        event->before |= releases ? TH_RR | TH_WR : 0;
    }
    if (linked) {
        event->flags |= TH_EVENT_LINKED;
        event->before = releases ? TH_RR | TH_WR : 0;
    }
    if (conditional) {
        event->flags |= TH_EVENT_STORE_COND;
        thi_operand(instruction->operands, 0, event->status, sizeof event->status);
        event->flags |= strcmp(event->status, "zero") == 0 ? TH_EVENT_ZERO_STATUS : 0;
    }
    return true;
}

void thi_decode_riscv(struct thi_instruction *instruction)
{
    static const char loads[] = "lb lbu lh lhu lw lwu ld flw fld flh c.ld c.lw";
    static const char stores[] = "sb sh sw sd fsw fsd fsh c.sd c.sw";
    const char *name = instruction->mnemonic;
    struct thi_event *event = &instruction->event;
    if (thi_starts(name, "fence")) {
        fence_decode(instruction);
        return;
    }
    if (atomic_decode(instruction) || control_decode(instruction)) {
        return;
    }
    const char *paren = strchr(instruction->operands, '(');
    bool reads = thi_one_of(name, loads), writes = thi_one_of(name, stores);
    if (paren == NULL || (!reads && !writes)) {
        return;
    }
    event->flags = reads ? TH_EVENT_READ : TH_EVENT_WRITE;
    char last = name[strlen(name) - 1] == 'u' ? name[strlen(name) - 2] : name[strlen(name) - 1];
    event->bytes = last == 'b' ? 1 : last == 'h' ? 2 : last == 'w' ? 4 : 8;
    if (reads) {
        thi_operand(instruction->operands, 0, event->result, sizeof event->result);
    }
    if (thi_starts(paren, "(sp)")) {
        event->flags |= TH_EVENT_PRIVATE;
    }
}
