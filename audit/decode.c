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

static bool sets_frame_pointer(enum thi_target target, const struct thi_instruction *instruction)
{
    static const char *const frames[TH_TARGETS][3] = {
        {"mov", "rbp, rsp", ""},    {"mov", "ebp, esp", ""},
        {"mov add", "x29, sp", ""}, {"mov add", "r11, sp", "r7, sp"},
        {"addi mv", "s0, sp", ""},  {"mr", "31, 1", ""},
        {"lgr", "%r11, %r15", ""},  {"addi.d move", "$fp, $sp", ""},
        {"none", "none", ""}};
    const char *const *frame = frames[target];
    return thi_one_of(instruction->mnemonic, frame[0]) &&
           (thi_starts(instruction->operands, frame[1]) ||
            (frame[2][0] != '\0' && thi_starts(instruction->operands, frame[2])));
}

/* Which registers hold addresses in the stack: what is reached by them is nobody else's. */
struct stack {
    const char *pointer;
    char names[8][12];
    unsigned count;
};

static const char *const stack_pointers[TH_TARGETS] = {"rsp", "esp",  "sp",  "sp",  "sp",
                                                       "1",   "%r15", "$sp", "none"};

static bool stack_holds(const struct stack *stack, const char *name)
{
    for (unsigned i = 0; i < stack->count; i++) {
        if (strcmp(stack->names[i], name) == 0) {
            return true;
        }
    }
    return strcmp(stack->pointer, name) == 0;
}

/* "16(a6)", "[x3, #8]", "$a1, $a0, 8": the register that an access starts from. */
static void base_find(const struct thi_instruction *instruction, char *out, size_t out_bytes)
{
    const char *open = strpbrk(instruction->operands, "[(");
    if (open == NULL) {
        thi_operand(instruction->operands, 1, out, out_bytes);
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

/* Follows copies and sums of the stack pointer, instruction by instruction. */
static void stack_follow(struct stack *stack, struct thi_instruction *instruction)
{
    struct thi_event *event = &instruction->event;
    char first[24], second[24];
    if ((event->flags & (TH_EVENT_READ | TH_EVENT_WRITE)) != 0) {
        base_find(instruction, second, sizeof second);
        event->flags |= stack->count > 0 && stack_holds(stack, second) ? TH_EVENT_PRIVATE : 0;
        if ((event->flags & TH_EVENT_READ) == 0) {
            return;
        }
    }
    thi_operand(instruction->operands, 0, first, sizeof first);
    thi_operand(instruction->operands, 1, second, sizeof second);
    bool sums =
        thi_one_of(instruction->mnemonic, "add addi mv mov mr la lay lgr addi.d move or lea c.mv");
    if (strcmp(instruction->mnemonic, "lea") == 0 || strchr(second, '(') != NULL) {
        base_find(instruction, second, sizeof second);
    }
    bool derived = sums && (event->flags & TH_EVENT_READ) == 0 && stack_holds(stack, second);
    /* Constants beside the code are nobody else's either. */
    derived =
        derived ||
        (instruction->symbol != NULL &&
         thi_one_of(instruction->mnemonic, "auipc adrp larl pcalau12i") &&
         (thi_starts(instruction->symbol, ".LC") || thi_starts(instruction->symbol, ".rodata")));
    for (unsigned i = 0; i < stack->count; i++) {
        if (strcmp(stack->names[i], first) == 0) {
            memmove(stack->names[i], stack->names[--stack->count], sizeof stack->names[i]);
        }
    }
    if (derived && stack->count < 8 && strcmp(first, stack->pointer) != 0) {
        snprintf(stack->names[stack->count++], sizeof stack->names[0], "%.11s", first);
    }
}

void thi_decode(struct thi_code *code)
{
    struct stack stack = {.pointer = stack_pointers[code->target]};
    uint32_t current = 0;
    static void (*const decoders[TH_TARGETS])(struct thi_instruction *,
                                              const struct thi_function *) = {
        thi_decode_x86,   thi_decode_x86,   thi_decode_aarch64,   thi_decode_arm, thi_decode_riscv,
        thi_decode_power, thi_decode_s390x, thi_decode_loongarch, thi_decode_wasm};
    for (size_t i = 0; i < code->count; i++) {
        struct thi_instruction *instruction = &code->instructions[i];
        struct thi_function *function = &code->functions[instruction->function];
        instruction->event = (struct thi_event){.target = UINT64_MAX};
        if (sets_frame_pointer(code->target, instruction)) {
            function->frame_pointer = true;
        }
        if (strstr(instruction->mnemonic, "unknown") != NULL) {
            instruction->event.flags = TH_EVENT_UNKNOWN;
            continue;
        }
        decoders[code->target](instruction, function);
        stack.count = instruction->function == current ? stack.count : 0;
        current = instruction->function;
        stack_follow(&stack, instruction);
    }
}
