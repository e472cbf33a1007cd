/* SPDX-License-Identifier: MIT
 * decode_arm.c - 32-bit Arm v7, Arm and Thumb code; v8's lda and stl too.
 *
 * Eight bytes are read and written whole by ldrexd and strexd only: ldrd, strd and the vector
 * registers may move two halves (without LPAE, which v7 does not promise).
 */
#include "audit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char conditions[] = "eq ne cs hs cc lo mi pl vs vc hi ls ge lt gt le";
static const char bases[] =
    "ldr ldrb ldrh ldrsb ldrsh ldrd ldm ldmib ldmdb ldmda vldr vldm vldmia vldmdb vld1 "
    "str strb strh strd stm stmib stmdb stmda vstr vstm vstmia vstmdb vst1 push pop vpush vpop "
    "ldrex ldrexb ldrexh ldrexd strex strexb strexh strexd lda ldab ldah ldaex ldaexb ldaexh "
    "ldaexd stl stlb stlh stlex stlexb stlexh stlexd b bl bx blx dmb dsb isb cmp teq cbz cbnz "
    "tbb tbh udf bkpt subs add mov";

/* The mnemonic without width marks and condition. True if it has a condition. */
static bool base_of(const char *name, char *base, size_t base_bytes)
{
    snprintf(base, base_bytes, "%s", name);
    char *dot = strchr(base, '.');
    if (dot != NULL) {
        *dot = '\0';
    }
    size_t size = strlen(base);
    if (thi_one_of(base, bases) || size < 3 || !thi_one_of(base + size - 2, conditions)) {
        return false;
    }
    char shorter[16];
    snprintf(shorter, sizeof shorter, "%.*s", (int)(size - 2 < 15 ? size - 2 : 15), base);
    if (!thi_one_of(shorter, bases)) {
        return false;
    }
    snprintf(base, base_bytes, "%s", shorter);
    return true;
}

static void target_read(const char *operands, struct thi_event *event)
{
    const char *hex = strstr(operands, "0x");
    if (hex != NULL) {
        event->target = strtoull(hex, NULL, 16);
    } else {
        event->flags |= TH_EVENT_INDIRECT;
    }
}

static bool control_decode(struct thi_instruction *instruction, const char *base, bool conditional)
{
    struct thi_event *event = &instruction->event;
    const char *operands = instruction->operands;
    bool returns = (strcmp(base, "bx") == 0 && strcmp(operands, "lr") == 0) ||
                   (thi_one_of(base, "pop ldm") && strstr(operands, "pc}") != NULL) ||
                   thi_one_of(base, "udf bkpt");
    if (returns) {
        event->flags = TH_EVENT_RETURN | (conditional ? TH_EVENT_BRANCH : TH_EVENT_JUMP);
        event->flags |= !conditional                            ? 0
                        : thi_ends(instruction->mnemonic, "ne") ? TH_EVENT_FAIL_TAKEN
                        : thi_ends(instruction->mnemonic, "eq") ? TH_EVENT_OK_TAKEN
                                                                : 0;
    } else if (thi_one_of(base, "bl blx")) {
        event->flags = TH_EVENT_CALL;
    } else if (thi_one_of(base, "b bx")) {
        event->flags = conditional ? TH_EVENT_BRANCH : TH_EVENT_JUMP;
        target_read(operands, event);
        if (conditional) {
            const char *name = instruction->mnemonic;
            event->flags |= thi_starts(name, "bne")   ? TH_EVENT_FAIL_TAKEN
                            : thi_starts(name, "beq") ? TH_EVENT_OK_TAKEN
                                                      : 0;
        }
    } else if (thi_one_of(base, "cbz cbnz")) {
        event->flags = TH_EVENT_BRANCH | (base[2] == 'n' ? TH_EVENT_FAIL_TAKEN : TH_EVENT_OK_TAKEN);
        target_read(operands, event);
    } else if (thi_one_of(base, "tbb tbh")) {
        event->flags = TH_EVENT_JUMP | TH_EVENT_INDIRECT;
    } else {
        return false;
    }
    return true;
}

static void fence_decode(struct thi_instruction *instruction, const char *base)
{
    struct thi_event *event = &instruction->event;
    if (strcmp(base, "isb") == 0) {
        event->flags = TH_EVENT_SYNC_FETCH;
        return;
    }
    event->flags = TH_EVENT_FENCE | TH_EVENT_ATOMIC;
    event->fence = thi_one_of(instruction->operands, "ish sy osh")       ? TH_ALL_PAIRS
                   : thi_one_of(instruction->operands, "ishst st oshst") ? TH_WW
                                                                         : 0;
}

static uint8_t width_of(const char *base)
{
    bool exclusive = strstr(base, "ex") != NULL;
    return thi_ends(base, "b") && !thi_ends(base, "db") ? 1
           : thi_ends(base, "h")                        ? 2
           : thi_ends(base, "exd") && exclusive         ? 8
                                                        : 4;
}

static void access_decode(struct thi_instruction *instruction, const char *base)
{
    struct thi_event *event = &instruction->event;
    const char *skip = base[0] == 'v' ? base + 1 : base;
    bool loads = skip[0] == 'l' || thi_starts(skip, "pop");
    bool exclusive = strstr(base, "ex") != NULL;
    event->flags = loads ? TH_EVENT_READ : TH_EVENT_WRITE;
    event->bytes = width_of(base);
    if (loads) {
        thi_operand(instruction->operands, 0, event->result, sizeof event->result);
    }
    if (exclusive) {
        event->flags |= TH_EVENT_ATOMIC | (loads ? TH_EVENT_LINKED : TH_EVENT_STORE_COND);
    }
    if (exclusive && !loads) {
        thi_operand(instruction->operands, 0, event->status, sizeof event->status);
    }
    if (thi_starts(base, "lda")) {
        event->after = TH_RR | TH_RW;
        event->flags |= TH_EVENT_ATOMIC | TH_EVENT_SC_READ;
    } else if (thi_starts(base, "stl")) {
        event->before = TH_RW | TH_WW;
        event->flags |= TH_EVENT_ATOMIC | TH_EVENT_SC_WRITE;
    }
}

void thi_decode_arm(struct thi_instruction *instruction)
{
    struct thi_event *event = &instruction->event;
    char base[20];
    bool conditional = base_of(instruction->mnemonic, base, sizeof base);
    if (thi_starts(instruction->operands, "pc, ") && thi_one_of(base, "add mov ldr")) {
        bool back = thi_starts(instruction->operands, "pc, lr") ||
                    thi_starts(instruction->operands, "pc, [sp");
        event->flags = TH_EVENT_JUMP | (back ? TH_EVENT_RETURN : TH_EVENT_INDIRECT);
        return;
    }
    if (!thi_one_of(base, bases) || thi_one_of(base, "add mov")) {
        return;
    }
    if (thi_one_of(base, "dmb dsb isb")) {
        if (!conditional) {
            fence_decode(instruction, base);
        }
        return;
    }
    if (control_decode(instruction, base, conditional)) {
        return;
    }
    if (thi_one_of(base, "cmp teq subs")) {
        event->flags = TH_EVENT_COMPARE;
        return;
    }
    access_decode(instruction, base);
    event->flags |= conditional ? TH_EVENT_CONDITIONAL : 0;
    const char *operands = instruction->operands;
    bool stack = thi_one_of(base, "push pop vpush vpop") || strstr(operands, "[sp") != NULL ||
                 strstr(operands, "[pc") != NULL || thi_starts(operands, "sp");
    if (stack) {
        event->flags |= TH_EVENT_PRIVATE;
    }
}
