/* SPDX-License-Identifier: MIT
 * decode.c - hands each instruction to the one who knows its architecture; words and operands.
 */
#include "audit.h"

#include <stdio.h>
#include <string.h>

bool thi_starts(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

bool thi_ends(const char *text, const char *ending)
{
    size_t size = strlen(text), wanted = strlen(ending);
    return size >= wanted && strcmp(text + size - wanted, ending) == 0;
}

bool thi_one_of(const char *text, const char *list)
{
    size_t size = strlen(text);
    for (const char *at = list; size > 0 && (at = strstr(at, text)) != NULL; at += size) {
        if ((at == list || at[-1] == ' ') && (at[size] == ' ' || at[size] == '\0')) {
            return true;
        }
    }
    return false;
}

void thi_operand(const char *operands, unsigned index, char *out, size_t out_bytes)
{
    int depth = 0;
    const char *start = operands;
    const char *at = operands;
    for (;; at++) {
        depth += *at == '[' || *at == '(' || *at == '{';
        depth -= *at == ']' || *at == ')' || *at == '}';
        if (*at != '\0' && (*at != ',' || depth > 0)) {
            continue;
        }
        if (index == 0 || *at == '\0') {
            break;
        }
        index--;
        start = at + 1;
    }
    start += strspn(start, " \t");
    size_t size = index == 0 && at > start ? (size_t)(at - start) : 0;
    while (size > 0 && start[size - 1] == ' ') {
        size--;
    }
    size = size < out_bytes ? size : out_bytes - 1;
    memcpy(out, start, size);
    out[size] = '\0';
}

static const char *const stack_pointers[TH_TARGETS] = {"rsp", "esp",  "sp",  "sp",  "sp",
                                                       "1",   "%r15", "$sp", "none"};

/* "16(a6)", "[x3, #8]", "$a1, $a0, 8": the register that an access starts from. */
static void base_find(const struct thi_instruction *instruction, char *out, size_t out_bytes)
{
    const char *open = strpbrk(instruction->operands, "[(");
    if (open == NULL) {
        bool several = thi_starts(instruction->mnemonic, "ldm") ||
                       thi_starts(instruction->mnemonic, "stm"); /* arm: "r12!, {r0, r2}" */
        thi_operand(instruction->operands, several ? 0 : 1, out, out_bytes);
        out[strcspn(out, "!")] = '\0';
        return;
    }
    const char *start = open + 1;
    const char *comma = strchr(start, ',');
    if (*open == '(' && comma != NULL && strchr(start, ')') > comma) {
        start = comma + 1; /* s390x: index, base */
    }
    size_t size = strcspn(start, ",)] ");
    snprintf(out, out_bytes, "%.*s", (int)(size < out_bytes ? size : out_bytes - 1), start);
}

/* What the linker fills in, addresses of objects, never changes. */
static bool is_table_entry(const struct thi_instruction *instruction)
{
    return instruction->symbol != NULL && instruction->relocation != NULL &&
           ((strstr(instruction->relocation, "GOT") != NULL &&
             strstr(instruction->relocation, "GOTOFF") == NULL) ||
            thi_starts(instruction->symbol, ".toc") || thi_starts(instruction->symbol, ".LC") ||
            thi_starts(instruction->symbol, ".rodata") ||
            thi_starts(instruction->symbol, ".data.rel.ro"));
}

/* Does an instruction make its first operand an address in the stack, or of constants? */
static bool makes_private(const struct thi_instruction *instruction, const char *pointer)
{
    char second[24];
    if (instruction->symbol != NULL &&
        thi_one_of(instruction->mnemonic, "auipc adrp larl pcalau12i")) {
        bool base = strcmp(instruction->symbol, "_GLOBAL_OFFSET_TABLE_") == 0 ||
                    thi_starts(instruction->symbol, "_GLOBAL_OFFSET_TABLE_+");
        return !base && is_table_entry(instruction); /* from there, objects are reached, too */
    }
    thi_operand(instruction->operands, 1, second, sizeof second);
    if (strpbrk(second, "[(") != NULL) {
        base_find(instruction, second, sizeof second);
    }
    return thi_one_of(instruction->mnemonic,
                      "add addi mv mov mr la lay lgr addi.d move lea c.mv") &&
           (instruction->event.flags & TH_EVENT_READ) == 0 && strcmp(second, pointer) == 0;
}

/* True if all of a function that writes a register makes it such an address, and nothing is called
 * that could write it, too. What is read back from the stack, and what calls preserve, is a frame
 * pointer's. */
static bool is_private_register(const struct thi_code *code, const struct thi_function *function,
                                const char *name)
{
    const char *pointer = stack_pointers[code->target];
    bool preserved = thi_one_of(name, "rbp ebp x29 r11 r7 s0 31 %r11 $fp");
    bool made = false;
    for (size_t i = function->first; i < function->end; i++) {
        const struct thi_instruction *at = &code->instructions[i];
        uint32_t access = at->event.flags & (TH_EVENT_READ | TH_EVENT_WRITE);
        char first[24], second[24];
        thi_operand(at->operands, 0, first, sizeof first);
        thi_operand(at->operands, 1, second, sizeof second);
        bool restored = preserved && (at->event.flags & TH_EVENT_PRIVATE) != 0;
        bool pair = access == TH_EVENT_READ && strcmp(second, name) == 0 && !restored;
        if (((at->event.flags & TH_EVENT_CALL) != 0 && !preserved) || pair) {
            return false;
        }
        const uint32_t control = TH_EVENT_BRANCH | TH_EVENT_JUMP | TH_EVENT_COMPARE;
        if (access == TH_EVENT_WRITE || restored || strcmp(first, name) != 0 ||
            (at->event.flags & control) != 0) {
            continue;
        }
        bool steps = strcmp(name, "r7") == 0 && /* Thumb's frame pointer, at the end */
                     thi_one_of(at->mnemonic, "add adds") &&
                     (second[0] == '#' || strcmp(second, name) == 0);
        if (!steps && !makes_private(at, pointer)) {
            return false;
        }
        made = true;
    }
    return made;
}

/* Was the register made such an address by the nearest instruction before that writes it? */
static bool is_made_before(const struct thi_code *code, size_t index, const char *name)
{
    const struct thi_function *function = &code->functions[code->instructions[index].function];
    for (size_t i = index; i-- > function->first && i + 12 > index;) {
        const struct thi_instruction *at = &code->instructions[i];
        const uint32_t control = TH_EVENT_CALL | TH_EVENT_BRANCH | TH_EVENT_JUMP;
        char first[24];
        thi_operand(at->operands, 0, first, sizeof first);
        if ((at->event.flags & control) != 0) {
            return false;
        }
        char second[24];
        thi_operand(at->operands, 1, second, sizeof second);
        bool moved_on = thi_one_of(at->mnemonic, "mv addi add") && strcmp(second, name) == 0;
        if (strcmp(first, name) == 0 && !moved_on && (at->event.flags & TH_EVENT_WRITE) == 0) {
            return makes_private(at, stack_pointers[code->target]);
        }
    }
    return false;
}

/* Accesses by way of a copy of the stack pointer are private like those by itself. */
static void private_follow(struct thi_code *code)
{
    for (size_t i = 0; i < code->count; i++) {
        struct thi_instruction *at = &code->instructions[i];
        uint32_t flags = at->event.flags;
        if ((flags & (TH_EVENT_READ | TH_EVENT_WRITE)) == 0 ||
            (flags & (TH_EVENT_PRIVATE | TH_EVENT_ATOMIC)) != 0) {
            continue;
        }
        if ((flags & TH_EVENT_READ) != 0 && is_table_entry(at)) {
            at->event.flags |= TH_EVENT_PRIVATE;
            continue;
        }
        char base[24];
        base_find(at, base, sizeof base);
        if (is_made_before(code, i, base) ||
            is_private_register(code, &code->functions[at->function], base)) {
            at->event.flags |= TH_EVENT_PRIVATE;
        }
    }
}

/* A jump to a helper is a call that does not come back. */
static void helper_mark(struct thi_instruction *instruction)
{
    const char *symbol = instruction->symbol;
    bool helper =
        symbol != NULL && (thi_starts(symbol, "__aarch64_") || thi_starts(symbol, "__atomic_") ||
                           thi_starts(symbol, "__sync_"));
    if (helper && (instruction->event.flags & TH_EVENT_JUMP) != 0) {
        instruction->event.flags = TH_EVENT_CALL | TH_EVENT_JUMP;
        instruction->event.target = UINT64_MAX;
    }
}

void thi_decode(struct thi_code *code)
{
    static void (*const decoders[TH_TARGETS])(struct thi_instruction *) = {
        thi_decode_x86,   thi_decode_x86,   thi_decode_aarch64,   thi_decode_arm, thi_decode_riscv,
        thi_decode_power, thi_decode_s390x, thi_decode_loongarch, thi_decode_wasm};
    for (size_t i = 0; i < code->count; i++) {
        struct thi_instruction *instruction = &code->instructions[i];
        instruction->event = (struct thi_event){.target = UINT64_MAX};
        if (strstr(instruction->mnemonic, "unknown") != NULL) {
            instruction->event.flags = TH_EVENT_UNKNOWN;
            continue;
        }
        decoders[code->target](instruction);
        helper_mark(instruction);
    }
    if (code->target == TH_TARGET_WASM32) {
        thi_decode_wasm_ways(code);
    }
    private_follow(code);
}
