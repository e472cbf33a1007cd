/* SPDX-License-Identifier: MIT
 * names.c - what addresses are called: symbols, blocks of the heap, names the program gave, lines
 *           of source.
 *
 * Nothing here depends on where the system loads things, or on the folder: the same execution gets
 * the same names everywhere.
 */
#include "runtime/names.h"

#include "runtime/runtime.h"

#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_BYTES_MAX = 4096, LINE_BYTES_MAX = 1024, GIVEN_MAX = 4096 };

struct symbol {
    uintptr_t address;
    size_t bytes;
    const char *name;
    bool function;
};

struct given {
    uintptr_t address;
    size_t bytes;
    char name[TH_NAME_BYTES_MAX];
};

struct line {
    uint32_t site;
    struct thi_record_site known;
};

/* What the driver puts before names that the checker needs for itself. */
static const char renamed_prefix[] = "thi_user_";

static struct symbol *symbols;
static size_t symbol_count;
static struct given *givens;
static size_t given_count;
static bool given_wanted;
static struct line *lines;
static size_t line_count;
static char program_path[PATH_BYTES_MAX];

/* --- Symbols of the program's own file, which stays mapped. */

static bool symbol_take(const ElfW(Sym) * symbol, const char *name)
{
    unsigned type = ELF64_ST_TYPE(symbol->st_info);
    bool wanted = (type == STT_OBJECT || type == STT_FUNC) && symbol->st_value != 0;
    if (!wanted || name[0] == '\0') {
        return true;
    }
    if (strncmp(name, renamed_prefix, strlen(renamed_prefix)) == 0) {
        name += strlen(renamed_prefix);
    }
    if (symbol_count % 256 == 0) {
        struct symbol *grown = realloc(symbols, (symbol_count + 256) * sizeof *symbols);
        if (grown == NULL) {
            return false;
        }
        symbols = grown;
    }
    symbols[symbol_count++] = (struct symbol){.address = symbol->st_value,
                                              .bytes = symbol->st_size,
                                              .name = name,
                                              .function = type == STT_FUNC};
    return true;
}

static bool symbols_read(const char *file, size_t file_bytes)
{
    const ElfW(Ehdr) *header = (const ElfW(Ehdr) *)(const void *)file;
    if (file_bytes < sizeof *header || memcmp(header->e_ident, ELFMAG, SELFMAG) != 0) {
        return false;
    }
    const ElfW(Shdr) *sections = (const ElfW(Shdr) *)(const void *)(file + header->e_shoff);
    bool ok = true;
    for (unsigned i = 0; i < header->e_shnum; i++) {
        if (sections[i].sh_type != SHT_SYMTAB) {
            continue;
        }
        const ElfW(Sym) *table = (const ElfW(Sym) *)(const void *)(file + sections[i].sh_offset);
        const char *texts = file + sections[sections[i].sh_link].sh_offset;
        for (size_t s = 0; ok && s < sections[i].sh_size / sizeof *table; s++) {
            ok = symbol_take(&table[s], texts + table[s].st_name);
        }
    }
    return ok;
}

bool thi_names_init(void)
{
    ssize_t size = readlink("/proc/self/exe", program_path, sizeof program_path - 1);
    int fd = size < 0 ? -1 : open(program_path, O_RDONLY | O_CLOEXEC);
    struct stat status;
    if (fd < 0 || fstat(fd, &status) != 0) {
        return false;
    }
    size_t bytes = (size_t)status.st_size;
    void *file = mmap(NULL, bytes, PROT_READ, MAP_PRIVATE, fd, 0);
    close(fd);
    return file != MAP_FAILED && symbols_read(file, bytes);
}

static const struct symbol *symbol_find(uintptr_t address, bool function)
{
    for (size_t i = 0; i < symbol_count; i++) {
        const struct symbol *symbol = &symbols[i];
        size_t bytes = symbol->bytes == 0 ? 1 : symbol->bytes;
        if (symbol->function == function && address - symbol->address < bytes) {
            return symbol;
        }
    }
    return NULL;
}

/* --- Names the program gave. */

void thi_names_want(bool wanted)
{
    given_wanted = wanted;
}

bool thi_names_wanted(void)
{
    return given_wanted;
}

void thi_names_add(uintptr_t object, size_t bytes, const char *text)
{
    if (givens == NULL) {
        givens = calloc(GIVEN_MAX, sizeof *givens);
    }
    if (givens == NULL || given_count == GIVEN_MAX) {
        return; /* reports fall back on symbols */
    }
    struct given *given = &givens[given_count++];
    given->address = object;
    given->bytes = bytes;
    snprintf(given->name, sizeof given->name, "%s", text);
}

void thi_names_clear(void)
{
    given_count = 0;
}

/* The smallest named object that holds all the bytes; of equal ones the newest. */
static const struct given *given_find(uintptr_t address, size_t bytes)
{
    const struct given *found = NULL;
    for (size_t i = 0; i < given_count; i++) {
        const struct given *given = &givens[i];
        bool holds = address >= given->address && address + bytes <= given->address + given->bytes;
        if (holds && (found == NULL || given->bytes <= found->bytes)) {
            found = given;
        }
    }
    return found;
}

/* --- Lines of source, from debug information. */

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash == NULL ? path : slash + 1;
}

/* Two lines of addr2line: the function, then file:line. */
static void line_parse(const char *function, char *place, struct thi_record_site *out)
{
    place[strcspn(place, " \n")] = '\0'; /* behind a blank: which copy of the line */
    char *colon = strrchr(place, ':');
    if (colon == NULL || place[0] == '?') {
        return;
    }
    *colon = '\0';
    out->line = (uint32_t)strtoul(colon + 1, NULL, 10);
    out->path = strdup(place);
    out->function = strdup(function);
    out->file = out->path == NULL ? NULL : base_name(out->path);
}

/* Places in a file of wrappers are called by where they were inlined to (--wrappers). */
static bool is_wrapper(const char *place)
{
    const char *wrappers = thi_runtime.options->wrappers;
    size_t size = wrappers == NULL ? 0 : strlen(wrappers);
    const char *file = base_name(place);
    return size != 0 && strncmp(file, wrappers, size) == 0 && file[size] == ':';
}

/* addr2line, which is started once: that takes longer than all its answers. Never ended: it ends
 * when this process does, and the pipe to it closes. */
static struct {
    FILE *questions;
    FILE *answers;
    pid_t asker; /* of another process: that of before a fork */
} symbolizer;

static FILE *end_open(int fd, const char *mode)
{
    fcntl(fd, F_SETFD, FD_CLOEXEC);
    return fdopen(fd, mode);
}

static bool symbolizer_spawn(const int in[2], const int out[2])
{
    char *const words[] = {"addr2line", "-a", "-i", "-f", "-e", program_path, NULL};
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, in[0], STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, out[1], STDOUT_FILENO);
    posix_spawn_file_actions_addclose(&actions, in[1]);
    posix_spawn_file_actions_addclose(&actions, out[0]);
    pid_t child;
    bool ok = posix_spawnp(&child, words[0], &actions, NULL, words, environ) == 0;
    posix_spawn_file_actions_destroy(&actions);
    return ok;
}

static bool symbolizer_start(void)
{
    if (symbolizer.asker == getpid()) {
        return symbolizer.questions != NULL && symbolizer.answers != NULL;
    }
    symbolizer.asker = getpid();
    symbolizer.questions = symbolizer.answers = NULL;
    int in[2], out[2];
    if (pipe(in) != 0) {
        return false;
    }
    if (pipe(out) != 0) {
        close(in[0]);
        close(in[1]);
        return false;
    }
    bool ok = symbolizer_spawn(in, out);
    close(in[0]);
    close(out[1]);
    symbolizer.questions = ok ? end_open(in[1], "w") : NULL;
    symbolizer.answers = ok ? end_open(out[0], "r") : NULL;
    return symbolizer.questions != NULL && symbolizer.answers != NULL;
}

static bool answer_read(char *line, size_t size)
{
    return fgets(line, (int)size, symbolizer.answers) != NULL;
}

static void line_ask(uint32_t site, struct thi_record_site *out)
{
    char function[LINE_BYTES_MAX], place[PATH_BYTES_MAX];
    if (!symbolizer_start()) {
        return;
    }
    /* The address behind the call belongs to the next line, if the call is a line's last one. The
     * answer to 0, which is nothing, ends that to the address. */
    fprintf(symbolizer.questions, "0x%zx\n0\n", (size_t)(thi_site_address(site) - 1));
    if (fflush(symbolizer.questions) != 0 || !answer_read(function, sizeof function)) {
        return;
    }
    /* The innermost place first; then where it was inlined to. */
    bool inner = true;
    while (answer_read(function, sizeof function) && strncmp(function, "0x", 2) != 0 &&
           answer_read(place, sizeof place)) {
        if (inner && !is_wrapper(place)) {
            inner = false;
            function[strcspn(function, "\n")] = '\0';
            line_parse(function, place, out);
        }
    }
    /* Function and place of nothing. */
    (void)(answer_read(function, sizeof function) && answer_read(place, sizeof place));
}

void thi_names_site(uint32_t site, struct thi_record_site *out)
{
    if (site == TH_ENGINE_SITE_NONE) {
        return;
    }
    for (size_t i = 0; i < line_count; i++) {
        if (lines[i].site == site) {
            *out = lines[i].known;
            return;
        }
    }
    line_ask(site, out);
    struct line *grown = realloc(lines, (line_count + 1) * sizeof *lines);
    if (grown != NULL) {
        lines = grown;
        lines[line_count++] = (struct line){.site = site, .known = *out};
    }
}

/* --- For the recorder. */

static void site_fill(void *context, uint32_t site, struct thi_record_site *out)
{
    (void)context;
    thi_names_site(site, out);
}

static bool object_fill(void *context, uintptr_t address, struct thi_record_object *out)
{
    (void)context;
    const struct thi_heap_block *block = thi_heap_find(address);
    const struct symbol *symbol = symbol_find(address, false);
    uint32_t fiber = thi_fiber_of(address);
    if (block != NULL) {
        const struct given *given = given_find(block->address, block->bytes);
        out->name = given == NULL || given->bytes != block->bytes ? NULL : given->name;
        out->storage = TH_RECORD_HEAP;
        out->address = block->address;
        out->size_bytes = block->bytes;
        out->alloc_site = block->site;
    } else if (symbol != NULL) {
        out->name = symbol->name;
        out->storage = TH_RECORD_GLOBAL;
        out->address = symbol->address;
        out->size_bytes = symbol->bytes;
    } else if (fiber != TH_FIBERS_MAX) {
        /* Not the whole stack: one object is a place on it. */
        out->storage = TH_RECORD_STACK;
        out->address = address;
        out->size_bytes = sizeof(uint64_t);
    } else {
        return false;
    }
    return true;
}

static const char *part_name(void *context, uintptr_t address, size_t bytes)
{
    (void)context;
    const struct given *given = given_find(address, bytes);
    return given == NULL ? NULL : given->name;
}

static const char *thread_name(void *context, uint32_t thread)
{
    (void)context;
    void *(*function)(void *) = thi_runtime.threads[thread].start.function;
    uintptr_t address;
    memcpy(&address, &function, sizeof address);
    const struct symbol *symbol = thread == 0 ? NULL : symbol_find(address, true);
    if (thread == 0) {
        return "main";
    }
    return symbol == NULL ? NULL : symbol->name;
}

const struct thi_recorder_names thi_recorder_names = {
    .site = site_fill, .object = object_fill, .part = part_name, .thread = thread_name};
