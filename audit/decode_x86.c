/* SPDX-License-Identifier: MIT
 * decode_x86.c - x86-64 and i686, in Intel's syntax.
 *
 * The machine keeps all pairs of accesses in order but a write and a later read; a lock prefix,
 * xchg with memory and mfence keep that one too. Non-temporal stores stand outside.
 */
#include "audit.h"

#include <stdlib.h>
#include <string.h>

static uint8_t width_of(const char *operands)
{
    static const struct {
        const char *word;
        uint8_t bytes;
    } widths[] = {{"xmmword ptr", 16}, {"ymmword ptr", 32}, {"qword ptr", 8}, {"dword ptr", 4},
                  {"tbyte ptr", 10},   {"byte ptr", 1},     {"word ptr", 2}};
    for (size_t i = 0; i < sizeof widths / sizeof widths[0]; i++) {
        if (strstr(operands, widths[i].word) != NULL) {
            return widths[i].bytes;
        }
    }
    return 0;
}

static bool is_private(const char *operands)
{
    return strstr(operands, "[rsp") != NULL || strstr(operands, "[esp") != NULL ||
           strstr(operands, "fs:") != NULL || strstr(operands, "gs:") != NULL;
}

static bool control_decode(struct thi_instruction *instruction)
{
    const char *name = instruction->mnemonic;
    struct thi_event *event = &instruction->event;
    if (thi_starts(name, "call")) {
        event->flags = TH_EVENT_CALL;
        /* A call of the next instruction only asks where it is. */
        if (thi_starts(instruction->operands, "0x") && instruction->symbol == NULL &&
            strtoull(instruction->operands, NULL, 16) == instruction->address + 5) {
            event->flags = 0;
        }
    } else if (thi_starts(name, "ret") || thi_one_of(name, "ud2 hlt int3")) {
        event->flags = TH_EVENT_RETURN | TH_EVENT_JUMP;
    } else if (name[0] == 'j' || thi_starts(name, "loop")) {
        event->flags = strcmp(name, "jmp") == 0 ? TH_EVENT_JUMP : TH_EVENT_BRANCH;
        if (thi_starts(instruction->operands, "0x")) {
            event->target = strtoull(instruction->operands, NULL, 16);
        } else {
            event->flags |= TH_EVENT_INDIRECT;
        }
    } else {
        return false;
    }
    return true;
}

/* Reads, writes, or both: from the mnemonic, and whether memory is the first operand. */
static uint32_t access_of(const char *name, bool first)
{
    if (thi_one_of(name,
                   "lea nop prefetcht0 prefetcht1 prefetcht2 prefetchnta prefetchw endbr64")) {
        return 0;
    }
    if (thi_one_of(name, "xchg xadd cmpxchg cmpxchg8b cmpxchg16b")) {
        return TH_EVENT_READ | TH_EVENT_WRITE;
    }
    if (!first ||
        thi_one_of(name, "cmp test bt push fild fld fadd fmul comisd ucomisd mul imul div "
                         "idiv ldmxcsr fldcw fldenv")) {
        return TH_EVENT_READ;
    }
    if (thi_starts(name, "mov") || thi_starts(name, "vmov") || thi_starts(name, "set") ||
        thi_one_of(name,
                   "pop fistp fist fisttp fst fstp stmxcsr fnstcw fnstenv fnstsw vextracti128 "
                   "pextrq pextrd")) {
        return TH_EVENT_WRITE;
    }
    return TH_EVENT_READ | TH_EVENT_WRITE;
}

void thi_decode_x86(struct thi_instruction *instruction)
{
    const char *name = instruction->mnemonic;
    struct thi_event *event = &instruction->event;
    if (strcmp(name, "mfence") == 0) {
        event->flags = TH_EVENT_FENCE | TH_EVENT_ATOMIC;
        event->fence = TH_ALL_PAIRS;
        return;
    }
    if (thi_one_of(name, "sfence lfence")) {
        event->flags = TH_EVENT_FENCE;
        event->fence = name[0] == 's' ? TH_WW : TH_RR | TH_RW;
        return;
    }
    if (control_decode(instruction)) {
        return;
    }
    const char *operands = instruction->operands;
    if (thi_one_of(name, "rep repe repne rep;") || strchr(operands, '[') == NULL) {
        if (thi_starts(name, "rep")) {
            event->flags = TH_EVENT_READ | TH_EVENT_WRITE;
        }
        return;
    }
    char first[96];
    thi_operand(operands, 0, first, sizeof first);
    event->flags = access_of(name, strchr(first, '[') != NULL);
    if (event->flags == 0) {
        return;
    }
    event->bytes = width_of(operands);
    bool exchanges = strcmp(name, "xchg") == 0;
    if (instruction->locked || exchanges) {
        event->flags |= TH_EVENT_ATOMIC | TH_EVENT_SWAP;
        event->fence = event->before = event->after = TH_ALL_PAIRS;
    } else {
        event->before = event->flags & TH_EVENT_WRITE ? TH_RW | TH_WW : 0;
        event->after = event->flags & TH_EVENT_READ ? TH_RR | TH_RW : 0;
    }
    if (is_private(operands)) {
        event->flags |= TH_EVENT_PRIVATE;
    }
    if (thi_starts(name, "movnt") || thi_starts(name, "vmovnt")) {
        event->flags |= TH_EVENT_STREAM;
        event->before = 0;
    }
}
