/* SPDX-License-Identifier: MIT
 * code.c - the instructions of an object file, from the listing of llvm-objdump.
 *
 * Sections of a relocatable file all begin at address 0. They are laid one behind another first, by
 * the linker and without resolving anything, so that an address names one instruction; the bytes
 * and the relocations stay as they were.
 */
#include "audit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "driver/driver.h"

const char *const thi_target_names[TH_TARGETS] = {
    "x86-64", "i686", "aarch64", "armv7", "riscv64", "ppc64le", "s390x", "loongarch64", "wasm32"};

bool thi_audit_grow(void **items, size_t count, size_t *capacity, size_t item_bytes)
{
    if (count < *capacity) {
        return true;
    }
    size_t wanted = *capacity == 0 ? 64 : 2 * *capacity;
    void *grown = realloc(*items, wanted * item_bytes);
    if (grown == NULL) {
        fputs("tophash audit: out of memory\n", stderr);
        return false;
    }
    *items = grown;
    *capacity = wanted;
    return true;
}

char *thi_audit_file_read(const char *path, size_t *size)
{
    FILE *file = fopen(path, "rb");
    char *text = NULL;
    long end = -1;
    if (file != NULL && fseek(file, 0, SEEK_END) == 0 && (end = ftell(file)) >= 0) {
        rewind(file);
        text = malloc((size_t)end + 1);
    }
    if (text == NULL || fread(text, 1, (size_t)end, file) != (size_t)end) {
        fprintf(stderr, "tophash audit: %s cannot be read: %s\n", path, strerror(errno));
        free(text);
        text = NULL;
    } else {
        text[end] = '\0';
        *size = (size_t)end;
    }
    if (file != NULL) {
        fclose(file);
    }
    return text;
}

enum thi_target thi_target_of(const char *path)
{
    static const struct {
        uint16_t machine;
        enum thi_target target;
    } machines[] = {{62, TH_TARGET_X86_64}, {3, TH_TARGET_I686},         {183, TH_TARGET_AARCH64},
                    {40, TH_TARGET_ARM},    {243, TH_TARGET_RISCV64},    {21, TH_TARGET_POWER64},
                    {22, TH_TARGET_S390X},  {258, TH_TARGET_LOONGARCH64}};
    unsigned char head[20] = {0};
    FILE *file = fopen(path, "rb");
    size_t size = file == NULL ? 0 : fread(head, 1, sizeof head, file);
    if (file != NULL) {
        fclose(file);
    }
    if (size >= 8 && memcmp(head, "\0asm", 4) == 0) {
        return TH_TARGET_WASM32;
    }
    if (size < sizeof head || memcmp(head, "\177ELF", 4) != 0) {
        return TH_TARGETS;
    }
    bool little = head[5] == 1;
    unsigned machine = little ? head[18] + 256u * head[19] : head[19] + 256u * head[18];
    for (size_t i = 0; i < sizeof machines / sizeof machines[0]; i++) {
        if (machines[i].machine == machine) {
            return machines[i].target;
        }
    }
    return TH_TARGETS;
}

/* Labels inside a function, such as .L12 or the $x that tells code from data. */
static bool is_label(const char *name)
{
    return name[0] == '$' || (name[0] == '.' && name[1] == 'L');
}

/* "0000000000000040 <name>:" */
static bool symbol_take(struct thi_code *code, char *line)
{
    char *end;
    uint64_t address = strtoull(line, &end, 16);
    if (end == line || strncmp(end, " <", 2) != 0) {
        return true;
    }
    char *name = end + 2;
    char *close = strrchr(name, '>');
    if (close == NULL || close[1] != ':') {
        return true;
    }
    *close = '\0';
    if (!thi_audit_grow((void **)&code->symbols, code->symbol_count, &code->symbol_capacity,
                        sizeof *code->symbols)) {
        return false;
    }
    code->symbols[code->symbol_count++] = (struct thi_symbol){name, address};
    if (is_label(name)) {
        return true;
    }
    if (!thi_audit_grow((void **)&code->functions, code->function_count, &code->function_capacity,
                        sizeof *code->functions)) {
        return false;
    }
    code->functions[code->function_count++] =
        (struct thi_function){.name = name, .address = address, .first = code->count};
    return true;
}

/* Cuts what the disassembler says about an instruction behind it. */
static void comment_cut(char *operands)
{
    static const char *const marks[] = {" // ", " @ ", " # ", "\t// ", "\t# ", "\t@ ", " <"};
    for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++) {
        char *mark = strstr(operands, marks[i]);
        if (mark != NULL) {
            *mark = '\0';
        }
    }
    size_t size = strlen(operands);
    while (size > 0 && (operands[size - 1] == ' ' || operands[size - 1] == '\t')) {
        operands[--size] = '\0';
    }
}

/* The function that is called, where the linker has resolved it: "0x4010 <name>", cut off. */
static const char *call_label(const char *mnemonic, char *operands)
{
    char *open = strstr(operands, " <");
    char *close = open == NULL ? NULL : strchr(open, '>');
    bool calls = thi_one_of(mnemonic, "call callq bl jal brasl");
    if (!calls || close == NULL || memchr(open, '+', (size_t)(close - open)) != NULL) {
        return NULL;
    }
    *open = '\0';
    *close = '\0';
    return open + 2;
}

/* An instruction "  40:  \tmnemonic\toperands", or a relocation "\t\t0040:  R_TYPE\tsymbol". */
static bool line_take(struct thi_code *code, char *line)
{
    char *end;
    char *start = line + strspn(line, " \t");
    uint64_t address = strtoull(start, &end, 16);
    if (end == start || *end != ':') {
        return true;
    }
    end++;
    char *text = end + strspn(end, " \t");
    if (strncmp(text, "R_", 2) == 0) {
        char *symbol = text + strcspn(text, " \t");
        size_t blanks = strspn(symbol, " \t");
        if (code->count > 0 && blanks > 0 && symbol[blanks] != '*') {
            *symbol = '\0';
            code->instructions[code->count - 1].symbol = symbol + blanks;
            code->instructions[code->count - 1].relocation = text;
        }
        return true;
    }
    char *tab = strchr(end, '\t');
    if (tab == NULL || code->function_count == 0) {
        return true;
    }
    if (!thi_audit_grow((void **)&code->instructions, code->count, &code->capacity,
                        sizeof *code->instructions)) {
        return false;
    }
    text = tab + strspn(tab, " \t");
    char *operands = text + strcspn(text, " \t");
    bool locked = code->count > 0 && code->instructions[code->count - 1].locked &&
                  code->instructions[code->count - 1].mnemonic[0] == '\0';
    if (strncmp(text, "lock", 4) == 0 && operands == text + 4) {
        locked = true;
        text = operands + strspn(operands, " \t");
        operands = text + strcspn(text, " \t");
    }
    if (*operands != '\0') {
        *operands++ = '\0';
        operands += strspn(operands, " \t");
    }
    const char *label = call_label(text, operands);
    comment_cut(operands);
    struct thi_instruction *made = &code->instructions[code->count++];
    *made = (struct thi_instruction){.address = address,
                                     .mnemonic = text,
                                     .operands = operands,
                                     .symbol = label,
                                     .locked = locked,
                                     .via = ""};
    made->function = (uint32_t)(code->function_count - 1);
    if (code->count > 1 && thi_one_of(text, "jalr jr") && strcmp(made[-1].mnemonic, "auipc") == 0) {
        made->symbol = made[-1].symbol; /* RISC-V: the pair is one call */
    }
    code->functions[code->function_count - 1].end = code->count;
    return true;
}

static bool listing_take(struct thi_code *code)
{
    bool sound = true;
    char *next;
    for (char *line = code->listing; sound && line != NULL && *line != '\0'; line = next) {
        next = strchr(line, '\n');
        if (next != NULL) {
            *next++ = '\0';
        }
        const char *hex = line + strspn(line, "0123456789abcdef");
        bool labels = hex != line && strncmp(hex, " <", 2) == 0;
        sound = labels ? symbol_take(code, line) : line_take(code, line);
    }
    return sound;
}

bool thi_code_read(struct thi_code *code, const struct thi_tools *tools, const char *object)
{
    struct thi_words words = {.items = NULL};
    bool ok = thi_words_add(&words, tools->objdump) && thi_words_add(&words, "-d") &&
              thi_words_add(&words, "-r") && thi_words_add(&words, "--no-show-raw-insn");
    if (code->target == TH_TARGET_S390X) {
        ok = ok && thi_words_add(&words, "--mcpu=z16");
    } else if (code->target <= TH_TARGET_I686) {
        ok = ok && thi_words_add(&words, "--x86-asm-syntax=intel");
    } else if (code->target == TH_TARGET_AARCH64) {
        ok = ok && thi_words_add(&words, "--mattr=+all");
    }
    ok = ok && thi_words_add(&words, object) && thi_command_run(&words, &code->listing) == 0;
    thi_words_fini(&words);
    if (!ok) {
        fprintf(stderr, "tophash audit: %s cannot be disassembled by %s\n", object, tools->objdump);
        return false;
    }
    return listing_take(code);
}

static struct thi_instruction *instruction_at(struct thi_code *code, uint64_t address)
{
    size_t low = 0, high = code->count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (code->instructions[middle].address < address) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    bool found = low < code->count && code->instructions[low].address == address;
    return found ? &code->instructions[low] : NULL;
}

/* RISC-V leaves branches to the linker, and clang gives all their labels one name: the listing does
 * not say where they go, the relocations' values do. A line is
 * "offset info R_RISCV_BRANCH value name + addend". */
bool thi_code_relocate(struct thi_code *code, const struct thi_tools *tools, const char *object)
{
    if (code->target != TH_TARGET_RISCV64) {
        return true;
    }
    char *listing = NULL;
    struct thi_words words = {.items = NULL};
    bool ok = thi_words_add(&words, tools->readelf) && thi_words_add(&words, "-r") &&
              thi_words_add(&words, "--wide") && thi_words_add(&words, object) &&
              thi_command_run(&words, &listing) == 0;
    thi_words_fini(&words);
    for (char *line = listing; ok && line != NULL; line = strchr(line, '\n')) {
        line += *line == '\n';
        unsigned long long offset, info, value;
        char type[40];
        bool branch = sscanf(line, "%llx %llx %39s %llx", &offset, &info, type, &value) == 4 &&
                      thi_one_of(type, "R_RISCV_BRANCH R_RISCV_RVC_BRANCH R_RISCV_JAL "
                                       "R_RISCV_RVC_JUMP");
        struct thi_instruction *at = branch ? instruction_at(code, offset) : NULL;
        bool goes = at != NULL && (at->event.flags & (TH_EVENT_BRANCH | TH_EVENT_JUMP)) != 0;
        if (goes && instruction_at(code, value) != NULL) {
            at->event.target = value;
            at->event.flags &= ~(uint32_t)TH_EVENT_INDIRECT;
            at->symbol = NULL;
        }
    }
    free(listing);
    return ok;
}

void thi_code_fini(struct thi_code *code)
{
    free(code->instructions);
    free(code->functions);
    free(code->symbols);
    free(code->incoming_first);
    free(code->incoming);
    free(code->listing);
    free(code->places);
    *code = (struct thi_code){.target = TH_TARGETS};
}
