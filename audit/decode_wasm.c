/* SPDX-License-Identifier: MIT
 * decode_wasm.c - WebAssembly with threads: every atomic instruction is sequentially consistent.
 */
#include "audit.h"

#include <stdlib.h>
#include <string.h>

/* "i64.atomic.rmw8.add_u": the number behind the verb, else the type's width. */
static uint8_t width_of(const char *name, const char *verb)
{
    const char *digits = verb + strcspn(verb, "0123456789.");
    unsigned long bits =
        *digits >= '0' && *digits <= '9' ? strtoul(digits, NULL, 10) : strtoul(name + 1, NULL, 10);
    return (uint8_t)(bits / 8);
}

void thi_decode_wasm(struct thi_instruction *instruction)
{
    const char *name = instruction->mnemonic;
    struct thi_event *event = &instruction->event;
    if (strcmp(name, "atomic.fence") == 0) {
        event->flags = TH_EVENT_FENCE | TH_EVENT_ATOMIC;
        event->fence = TH_ALL_PAIRS;
        return;
    }
    if (thi_starts(name, "call")) {
        event->flags = TH_EVENT_CALL;
        return;
    }
    if (thi_one_of(name, "return unreachable")) {
        event->flags = TH_EVENT_JUMP | (name[0] == 'r' ? TH_EVENT_RETURN : 0);
        return;
    }
    if (thi_one_of(name, "br br_if br_table if else")) { /* thi_decode_wasm_ways() says where */
        event->flags = thi_one_of(name, "br_if if") ? TH_EVENT_BRANCH : TH_EVENT_JUMP;
        event->flags |= strcmp(name, "br_table") == 0 ? TH_EVENT_INDIRECT : 0;
        return;
    }
    const char *dot = strchr(name, '.');
    const char *atomic = strstr(name, ".atomic.");
    const char *verb = atomic != NULL ? atomic + 8 : dot == NULL ? "" : dot + 1;
    bool changes = thi_starts(verb, "rmw"), reads = thi_starts(verb, "load");
    bool writes = thi_starts(verb, "store");
    if (!changes && !reads && !writes) {
        return;
    }
    event->flags = (reads ? TH_EVENT_READ : TH_EVENT_WRITE) | (changes ? TH_EVENT_READ : 0);
    event->bytes = width_of(name, verb);
    if (atomic != NULL) {
        event->flags |= TH_EVENT_ATOMIC | (changes ? TH_EVENT_SWAP : 0);
        event->before = event->after = event->fence = TH_ALL_PAIRS;
    }
}

enum { BLOCKS_MAX = 512 };

/* An open block, loop or if. */
struct block {
    size_t start;
    bool loops;
    size_t alternative; /* the `if` whose `else` has not come; SIZE_MAX: none */
};

/* Branches to the end of the block that closes at `end` learn its address: those of the block's
 * own code that name as many blocks as they stand in deeper. */
static void block_close(struct thi_code *code, const struct block *block, size_t end)
{
    unsigned depth = 0;
    for (size_t i = block->start + 1; i < end; i++) {
        struct thi_instruction *at = &code->instructions[i];
        const char *name = at->mnemonic;
        depth += thi_one_of(name, "block loop if try");
        depth -= strcmp(name, "end") == 0;
        bool branches = thi_one_of(name, "br br_if");
        bool leaves = branches && strtoul(at->operands, NULL, 10) == depth;
        if (leaves || (strcmp(name, "else") == 0 && depth == 0)) {
            at->event.target =
                code->instructions[block->loops && leaves ? block->start : end].address;
        }
    }
    if (block->alternative != SIZE_MAX) {
        code->instructions[block->alternative].event.target = code->instructions[end].address;
    }
}

void thi_decode_wasm_ways(struct thi_code *code)
{
    for (size_t f = 0; f < code->function_count; f++) {
        const struct thi_function *function = &code->functions[f];
        struct block blocks[BLOCKS_MAX];
        size_t count = 0;
        for (size_t i = function->first; i < function->end && count < BLOCKS_MAX; i++) {
            const char *name = code->instructions[i].mnemonic;
            if (thi_one_of(name, "block loop if try")) {
                blocks[count++] = (struct block){i, strcmp(name, "loop") == 0,
                                                 strcmp(name, "if") == 0 ? i : SIZE_MAX};
            } else if (strcmp(name, "else") == 0 && count > 0 && i + 1 < function->end &&
                       blocks[count - 1].alternative != SIZE_MAX) {
                struct thi_instruction *from = &code->instructions[blocks[count - 1].alternative];
                from->event.target = code->instructions[i + 1].address;
                blocks[count - 1].alternative = SIZE_MAX;
            } else if (strcmp(name, "end") == 0 && count > 0) {
                block_close(code, &blocks[--count], i);
            }
        }
    }
}
