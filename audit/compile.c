/* SPDX-License-Identifier: MIT
 * compile.c - a C file to an object, and what the compiler says of the file's atomic operations.
 *
 * clang writes its intermediate code twice, as it comes from the source and as the optimiser left
 * it; gcc dumps GIMPLE at the same two moments. The object is made by the same options.
 */
#include "audit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "driver/driver.h"

enum dialect { DIALECT_GCC, DIALECT_CLANG, DIALECT_CLANG_RISCV, DIALECT_NONE };

/* Adds the words of a command, parted by blanks. */
static bool words_split(struct thi_words *words, const char *command)
{
    bool ok = true;
    while (ok && *command != '\0') {
        size_t size = strcspn(command, " \t");
        ok = size == 0 || thi_words_add_format(words, "%.*s", (int)size, command);
        command += size + strspn(command + size, " \t");
    }
    return ok;
}

/* The compiler's words, as far as they are the same for all that is asked of it. */
static bool words_begin(const struct thi_compile *compile, struct thi_words *words)
{
    bool ok =
        compile->directory == NULL || (thi_words_add(words, "env") && thi_words_add(words, "-C") &&
                                       thi_words_add(words, compile->directory));
    ok = ok && words_split(words, compile->compiler);
    for (size_t i = 0; ok && i < compile->flag_count; i++) {
        ok = thi_words_add(words, compile->flags[i]);
    }
    return ok;
}

static enum dialect dialect_of(const struct thi_compile *compile)
{
    struct thi_words words = {.items = NULL};
    char *macros = NULL;
    bool ok = words_begin(compile, &words) && thi_words_add(&words, "-w") &&
              thi_words_add(&words, "-dM") && thi_words_add(&words, "-E") &&
              thi_words_add(&words, "-xc") && thi_words_add(&words, "/dev/null") &&
              thi_command_run(&words, &macros) == 0;
    enum dialect dialect = !ok || strstr(macros, " __GNUC__ ") == NULL ? DIALECT_NONE
                           : strstr(macros, " __clang__ ") == NULL     ? DIALECT_GCC
                           : strstr(macros, " __riscv ") == NULL       ? DIALECT_CLANG
                                                                       : DIALECT_CLANG_RISCV;
    free(macros);
    thi_words_fini(&words);
    return dialect;
}

/* Runs the compiler with `extra` options, which end with NULL. */
static bool compiler_run(const struct thi_compile *compile, enum dialect dialect,
                         const char *output, const char *const *extra)
{
    /* clang 15 for RISC-V leaves ranges of DWARF 5 to a linker; those of DWARF 4 can be read. */
    const char *debug = dialect == DIALECT_CLANG_RISCV ? "-gdwarf-4" : "-g";
    struct thi_words words = {.items = NULL};
    bool ok = words_begin(compile, &words);
    ok = ok && thi_words_add(&words, debug) && thi_words_add(&words, "-fno-lto") &&
         thi_words_add(&words, "-w");
    for (; ok && *extra != NULL; extra++) {
        ok = thi_words_add(&words, *extra);
    }
    ok = ok && thi_words_add(&words, "-o") && thi_words_add(&words, output);
    ok = ok && thi_words_add(&words, compile->source) && thi_command_run(&words, NULL) == 0;
    thi_words_fini(&words);
    return ok;
}

static bool object_make(struct thi_compile *compile, enum dialect dialect, const char *first,
                        const char *last)
{
    char gimple[600], optimized[600];
    snprintf(gimple, sizeof gimple, "-fdump-tree-gimple-lineno=%s", first);
    snprintf(optimized, sizeof optimized, "-fdump-tree-optimized-lineno=%s", last);
    const char *const gcc[] = {"-c", gimple, optimized, NULL};
    const char *const plain[] = {"-c", NULL};
    if (dialect == DIALECT_GCC) {
        return compiler_run(compile, dialect, compile->object, gcc);
    }
    const char *const unoptimised[] = {"-S", "-emit-llvm", "-Xclang", "-disable-llvm-passes", NULL};
    const char *const optimised[] = {"-S", "-emit-llvm", NULL};
    return compiler_run(compile, dialect, compile->object, plain) &&
           compiler_run(compile, dialect, first, unoptimised) &&
           compiler_run(compile, dialect, last, optimised);
}

/* The audit keeps the text, which its strings point into. */
static char *text_keep(struct thi_audit *audit, char *text)
{
    if (text == NULL || !thi_audit_grow((void **)&audit->texts, audit->text_count,
                                        &audit->text_capacity, sizeof *audit->texts)) {
        free(text);
        return NULL;
    }
    audit->texts[audit->text_count++] = text;
    return text;
}

/* Writes the source without macros: all that a macro makes has the macro's place, else. */
static bool source_expand(const struct thi_compile *compile, enum dialect dialect,
                          const char *output)
{
    const char *const expand[] = {"-E", NULL};
    return compiler_run(compile, dialect, output, expand);
}

bool thi_compile(struct thi_compile *compile, struct thi_audit *audit)
{
    char first[512], last[512];
    snprintf(first, sizeof first, "%s/wanted", compile->folder);
    snprintf(last, sizeof last, "%s/made", compile->folder);
    snprintf(compile->object, sizeof compile->object, "%s/object.o", compile->folder);
    enum dialect dialect = dialect_of(compile);
    char text[512];
    snprintf(text, sizeof text, "%s/source.i", compile->folder);
    if (compile->expanded && dialect != DIALECT_NONE && source_expand(compile, dialect, text)) {
        compile->source = text;
    }
    if (dialect == DIALECT_NONE || !object_make(compile, dialect, first, last)) {
        fprintf(stderr, "tophash audit: `%s` does not compile %s%s\n", compile->compiler,
                compile->source,
                dialect == DIALECT_NONE ? "; it must be gcc or clang, under any name" : "");
        return false;
    }
    size_t size;
    char *wanted = text_keep(audit, thi_audit_file_read(first, &size));
    char *made = text_keep(audit, thi_audit_file_read(last, &size));
    if (wanted == NULL || made == NULL) {
        return false;
    }
    if (dialect == DIALECT_GCC) {
        return thi_intents_read_gcc(&audit->wanted, wanted) &&
               thi_intents_read_gcc(&audit->made, made);
    }
    enum thi_target target = thi_target_of(compile->object);
    bool narrow = target == TH_TARGET_I686 || target == TH_TARGET_ARM || target == TH_TARGET_WASM32;
    return thi_wanted_read_llvm(audit, wanted, narrow ? 4 : 8) &&
           thi_made_read_llvm(audit, made, narrow ? 4 : 8);
}
