/* SPDX-License-Identifier: MIT
 * driver.c - makes a checked program of C files and runs it.
 *
 * Guarantees   G1 no instruction the checker cannot see gets in silently: each file is compiled to
 *                 assembly, which is searched for inline assembly and volatile accesses, and every
 *                 function that no file defines must have a model or be known as pure.
 *              G2 only the user's objects are changed: calls in them go to the models, their data
 *                 stands in sections of its own, which the checker puts back before each execution.
 *                 The C library and the checker use each other as always.
 */
#include "driver.h"

#include "object.h"
#include "scan.h"
#include "symbols.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char model_prefix[] = "thi_call_";

/* What the build knows of all files. */
struct build {
    struct thi_driver *driver;
    struct thi_object library;
    struct thi_object program; /* all objects of the user */
    unsigned refused;
};

static const char *const form_names[] = {"setup",    "final",    "thread_a", "thread_b",
                                         "thread_c", "thread_d", "thread_e", "thread_f",
                                         "thread_g", "thread_h"};

static bool is_clang(const char *compiler)
{
    return strstr(compiler, "clang") != NULL;
}

/* Adds each of `list`, which ends with NULL. */
static bool words_add_all(struct thi_words *words, const char *const *list)
{
    bool ok = true;
    for (; ok && *list != NULL; list++) {
        ok = thi_words_add(words, *list);
    }
    return ok;
}

/* Compiles file number `index` to assembly named by `ending`, with `optimisation`. */
static bool compile(const struct thi_driver *driver, size_t index, const char *optimisation,
                    const char *ending)
{
    /* Without builtins: gcc expands copies of constants behind the sanitizer's back. DWARF 4:
     * addr2line of binutils 2.40 takes the files of DWARF 5 for others. */
    static const char *const fixed[] = {"-S",
                                        "-gdwarf-4",
                                        "-fsanitize=thread",
                                        "-fno-builtin",
                                        "-U_FORTIFY_SOURCE",
                                        "-fno-pie",
                                        "-fno-pic",
                                        "-fno-common",
                                        "-fno-lto",
                                        "-fno-omit-frame-pointer",
                                        "-fno-stack-protector",
                                        NULL};
    static const char *const for_gcc[] = {"--param", "tsan-distinguish-volatile=1", "-Wno-tsan",
                                          NULL};
    static const char *const for_clang[] = {"-mllvm", "-tsan-distinguish-volatile=1", "-mllvm",
                                            "-tsan-instrument-read-before-write=1", NULL};
    struct thi_words words = {.items = NULL};
    bool ok = thi_words_add(&words, driver->compiler);
    for (size_t i = 0; ok && i < driver->flags.count; i++) {
        ok = thi_words_add(&words, driver->flags.items[i]);
    }
    ok = ok && words_add_all(&words, fixed) && thi_words_add(&words, optimisation) &&
         words_add_all(&words, is_clang(driver->compiler) ? for_clang : for_gcc) &&
         thi_words_add_format(&words, "-I%s", driver->include) && thi_words_add(&words, "-o") &&
         thi_words_add_format(&words, "%s/%zu%s", driver->folder, index, ending) &&
         thi_words_add(&words, driver->files.items[index]);
    ok = ok && thi_command_run(&words, NULL) == 0;
    thi_words_fini(&words);
    if (!ok) {
        fprintf(stderr,
                "tophash check: %s does not compile; flags for the compiler stand behind "
                "`--`\n",
                driver->files.items[index]);
    }
    return ok;
}

static void refuse(struct build *build, const struct thi_found *found, const char *file,
                   const char *what, const char *reason)
{
    if (found != NULL && found->line != 0) {
        fprintf(stderr, "tophash check: %s:%u: %s %s\n", found->file, found->line, what, reason);
    } else {
        fprintf(stderr, "tophash check: %s: %s %s\n", file, what, reason);
    }
    build->refused++;
}

/* Inline assembly and volatile accesses bypass the checker: refused, or listed if harmless. */
static void findings_judge(struct build *build, const struct thi_scan *scan, const char *file)
{
    unsigned probes = 0;
    const struct thi_found *volatile_seen = NULL;
    for (size_t i = 0; i < scan->count; i++) {
        const struct thi_found *found = &scan->items[i];
        char what[128];
        if (found->kind == TH_FOUND_ASSEMBLY) {
            snprintf(what, sizeof what, "inline assembly `%.60s`", found->text);
            refuse(build, found, file, what,
                   "is not seen by the checker; use C11 atomics, or leave it out of the code that "
                   "is checked");
        } else if (found->kind == TH_FOUND_VOLATILE &&
                   (volatile_seen == NULL || volatile_seen->line != found->line)) {
            volatile_seen = found;
            refuse(build, found, file, "volatile access",
                   "has no meaning between threads in C11; make the object _Atomic, or plain if "
                   "one thread has it");
        } else if (found->kind == TH_FOUND_PAUSE) {
            fprintf(stderr, "tophash check: %s:%u: `%s` only waits: it is left out\n", found->file,
                    found->line, found->text);
        }
        probes += found->kind == TH_FOUND_PROBE;
    }
    if (probes != 0) {
        fprintf(stderr, "tophash check: %s: empty assembly of USDT probes is left out\n", file);
    }
}

/* True if both calls stand on the same line of the same file. */
static bool found_same(const struct thi_found *one, const struct thi_found *other)
{
    return one->line == other->line && strcmp(one->text, other->text) == 0 &&
           strcmp(one->file, other->file) == 0;
}

static size_t found_count(const struct thi_scan *scan, const struct thi_found *like)
{
    size_t count = 0;
    for (size_t i = 0; i < scan->count; i++) {
        count += scan->items[i].kind == TH_FOUND_CALL && found_same(&scan->items[i], like);
    }
    return count;
}

/* Prints atomic operations that stand in the source, and that the optimiser merged or changed. */
static bool merged_print(const struct thi_driver *driver, size_t index,
                         const struct thi_scan *optimised)
{
    char path[TH_DRIVER_PATH_BYTES_MAX + 32];
    struct thi_scan plain = {.items = NULL};
    snprintf(path, sizeof path, "%s/%zu-plain.s", driver->folder, index);
    bool ok = compile(driver, index, "-O0", "-plain.s") && thi_scan_file(&plain, path);
    for (size_t i = 0; ok && i < plain.count; i++) {
        const struct thi_found *found = &plain.items[i];
        bool atomic =
            found->kind == TH_FOUND_CALL && (strncmp(found->text, "__tsan_atomic", 13) == 0);
        bool first = true;
        for (size_t before = 0; before < i; before++) {
            first = first && !found_same(&plain.items[before], found);
        }
        if (!atomic || !first) {
            continue;
        }
        size_t now = found_count(optimised, found);
        size_t was = found_count(&plain, found);
        if (now < was) {
            fprintf(stderr, "tophash check: %s:%u: %s: %zu of %zu merged or changed by %s\n",
                    found->file, found->line, found->text + strlen("__tsan_"), was - now, was,
                    driver->optimisation);
        }
    }
    thi_scan_fini(&plain);
    return ok;
}

static bool assemble(const struct thi_driver *driver, size_t index)
{
    struct thi_words words = {.items = NULL};
    bool ok = thi_words_add(&words, driver->compiler) && thi_words_add(&words, "-c") &&
              thi_words_add(&words, "-o") &&
              thi_words_add_format(&words, "%s/%zu.o", driver->folder, index) &&
              thi_words_add_format(&words, "%s/%zu.s", driver->folder, index) &&
              thi_command_run(&words, NULL) == 0;
    thi_words_fini(&words);
    return ok;
}

/* True if the library has a model of `name`. */
static bool modelled(const struct build *build, const char *name)
{
    char model[TH_DRIVER_PATH_BYTES_MAX];
    snprintf(model, sizeof model, "%s%s", model_prefix, name);
    return thi_words_hold(&build->library.defined, model);
}

/* What instrumented code calls, and what <tophash/check.h> offers. */
static bool is_own(const char *name)
{
    return strncmp(name, "__tsan_", 7) == 0 || strncmp(name, "th_check_", 9) == 0;
}

static void symbols_judge(struct build *build, const struct thi_object *object,
                          const struct thi_scan *scan, const char *file)
{
    for (size_t i = 0; i < object->needed.count; i++) {
        const char *name = object->needed.items[i];
        bool told = strncmp(name, "__tsan_", 7) == 0 && strstr(name, "volatile") != NULL;
        if (told || thi_words_hold(&build->program.defined, name) || modelled(build, name) ||
            (is_own(name) && thi_words_hold(&build->library.defined, name)) ||
            thi_symbol_pure(name)) {
            continue;
        }
        char what[TH_DRIVER_PATH_BYTES_MAX];
        snprintf(what, sizeof what, "%.500s()", name);
        refuse(build, thi_scan_call(scan, name), file, what, thi_symbol_reason(name));
    }
}

/* The file that tells objcopy the new names of what the objects need. */
static bool names_write(const struct build *build, const char *path)
{
    FILE *out = fopen(path, "w");
    if (out == NULL) {
        perror(path);
        return false;
    }
    bool own_main = thi_words_hold(&build->program.defined, "main");
    for (size_t i = 0; i < build->program.needed.count; i++) {
        const char *name = build->program.needed.items[i];
        if (!thi_words_hold(&build->program.defined, name) && modelled(build, name)) {
            fprintf(out, "%s %s%s\n", name, model_prefix, name);
        }
    }
    /* A function of the user's that is called like one of the C library's is for the user. */
    for (size_t i = 0; i < build->program.defined.count; i++) {
        const char *name = build->program.defined.items[i];
        if (strcmp(name, "main") == 0 || thi_words_hold(&build->library.needed, name)) {
            fprintf(out, "%s thi_user_%s\n", name, name);
        }
    }
    for (size_t i = 0; !own_main && i < sizeof form_names / sizeof form_names[0]; i++) {
        fprintf(out, "%s thi_user_%s\n", form_names[i], form_names[i]);
    }
    return fclose(out) == 0;
}

/* Adds to the arguments of objcopy: each of `sections` gets this name. */
static bool sections_rename(struct thi_words *words, const struct thi_words *sections,
                            const char *name)
{
    bool ok = true;
    for (size_t i = 0; ok && i < sections->count; i++) {
        ok = thi_words_add(words, "--rename-section") &&
             thi_words_add_format(words, "%s=%s", sections->items[i], name);
    }
    return ok;
}

/* One object of all, so that names and sections are changed once. */
static bool objects_join(const struct build *build, const char *joined)
{
    const struct thi_driver *driver = build->driver;
    struct thi_words words = {.items = NULL};
    bool ok = thi_words_add(&words, "ld") && thi_words_add(&words, "-r") &&
              thi_words_add(&words, "-o") && thi_words_add(&words, joined);
    for (size_t i = 0; ok && i < driver->files.count; i++) {
        ok = thi_words_add_format(&words, "%s/%zu.o", driver->folder, i);
    }
    ok = ok && thi_command_run(&words, NULL) == 0;
    thi_words_fini(&words);
    return ok;
}

static bool object_rename(const struct build *build, const char *joined)
{
    const struct thi_driver *driver = build->driver;
    struct thi_object object = {.thread_local_data = false};
    struct thi_words words = {.items = NULL};
    bool ok = thi_object_sections(&object, joined) && thi_words_add(&words, "objcopy") &&
              thi_words_add_format(&words, "--redefine-syms=%s/names", driver->folder) &&
              sections_rename(&words, &object.text, "thi_user_text") &&
              sections_rename(&words, &object.data, "thi_user_data") &&
              sections_rename(&words, &object.bss, "thi_user_bss") &&
              thi_words_add(&words, joined) && thi_command_run(&words, NULL) == 0;
    thi_words_fini(&words);
    thi_object_fini(&object);
    return ok;
}

/* Compiles, assembles and judges one file. False: it cannot go on. */
static bool file_take(struct build *build, size_t index, struct thi_scan *scan,
                      struct thi_object *object)
{
    struct thi_driver *driver = build->driver;
    char path[TH_DRIVER_PATH_BYTES_MAX + 32];
    snprintf(path, sizeof path, "%s/%zu.s", driver->folder, index);
    if (!compile(driver, index, driver->optimisation, ".s") || !thi_scan_file(scan, path) ||
        !assemble(driver, index)) {
        return false;
    }
    if (strcmp(driver->optimisation, "-O0") != 0 && !merged_print(driver, index, scan)) {
        return false;
    }
    findings_judge(build, scan, driver->files.items[index]);
    snprintf(path, sizeof path, "%s/%zu.o", driver->folder, index);
    return thi_object_symbols(object, path) && thi_object_symbols(&build->program, path);
}

static bool link_program(const struct build *build)
{
    const struct thi_driver *driver = build->driver;
    char names[TH_DRIVER_PATH_BYTES_MAX + 32];
    char joined[TH_DRIVER_PATH_BYTES_MAX + 32];
    snprintf(names, sizeof names, "%s/names", driver->folder);
    snprintf(joined, sizeof joined, "%s/joined.o", driver->folder);
    if (!names_write(build, names) || !objects_join(build, joined) ||
        !object_rename(build, joined)) {
        return false;
    }
    struct thi_words words = {.items = NULL};
    bool ok = thi_words_add(&words, driver->compiler) && thi_words_add(&words, "-no-pie") &&
              thi_words_add(&words, "-gdwarf-4") && thi_words_add(&words, "-o") &&
              thi_words_add(&words, driver->program) && thi_words_add(&words, joined) &&
              thi_words_add(&words, driver->library) && thi_words_add(&words, "-pthread") &&
              thi_words_add(&words, "-lm") && thi_command_run(&words, NULL) == 0;
    thi_words_fini(&words);
    return ok;
}

/* Is there a main, or the small form with threads? */
static bool form_judge(const struct build *build)
{
    const struct thi_words *defined = &build->program.defined;
    if (thi_words_hold(defined, "main") || thi_words_hold(defined, "thread_a")) {
        return true;
    }
    fprintf(stderr, "tophash check: no main(), and no thread_a(): write a main() that makes "
                    "threads, or setup(), thread_a(), thread_b(), final() of <tophash/check.h>\n");
    return false;
}

static int build_files(struct build *build)
{
    struct thi_driver *driver = build->driver;
    size_t count = driver->files.count;
    struct thi_scan *scans = calloc(count, sizeof *scans);
    struct thi_object *objects = calloc(count, sizeof *objects);
    bool ok =
        scans != NULL && objects != NULL && thi_object_symbols(&build->library, driver->library);
    for (size_t i = 0; ok && i < count; i++) {
        ok = file_take(build, i, &scans[i], &objects[i]);
    }
    for (size_t i = 0; ok && i < count; i++) {
        symbols_judge(build, &objects[i], &scans[i], driver->files.items[i]);
    }
    for (size_t i = 0; i < count && scans != NULL && objects != NULL; i++) {
        thi_scan_fini(&scans[i]);
        thi_object_fini(&objects[i]);
    }
    free(scans);
    free(objects);
    if (!ok || build->refused != 0 || !form_judge(build)) {
        return TH_CHECK_EXIT_HARNESS;
    }
    return link_program(build) ? 0 : TH_CHECK_EXIT_HARNESS;
}

int thi_driver_build(struct thi_driver *driver)
{
    const char *temporary = getenv("TMPDIR");
    snprintf(driver->folder, sizeof driver->folder, "%s/tophash-check-XXXXXX",
             temporary == NULL || temporary[0] == '\0' ? "/tmp" : temporary);
    if (mkdtemp(driver->folder) == NULL) {
        perror(driver->folder);
        driver->folder[0] = '\0';
        return TH_CHECK_EXIT_HARNESS;
    }
    char program[TH_DRIVER_PATH_BYTES_MAX + 32];
    snprintf(program, sizeof program, "%s/program", driver->folder);
    const char *asked = driver->program;
    driver->program = asked == NULL ? program : asked;
    struct build build = {.driver = driver};
    int status = build_files(&build);
    driver->program = asked;
    thi_object_fini(&build.library);
    thi_object_fini(&build.program);
    return status;
}

int thi_driver_run(struct thi_driver *driver)
{
    struct thi_words words = {.items = NULL};
    bool ok = thi_words_add_format(&words, "%s/program", driver->folder);
    for (size_t i = 0; ok && i < driver->arguments.count; i++) {
        ok = thi_words_add(&words, driver->arguments.items[i]);
    }
    int status = ok ? thi_command_run(&words, NULL) : -1;
    thi_words_fini(&words);
    if (status < 0) {
        fputs("tophash check: the checked program did not end by itself\n", stderr);
        return TH_CHECK_EXIT_HARNESS;
    }
    return status;
}

static void folder_remove(const struct thi_driver *driver)
{
    static const char *const endings[] = {".s", ".o", "-plain.s"};
    char path[TH_DRIVER_PATH_BYTES_MAX + 32];
    for (size_t i = 0; i < driver->files.count; i++) {
        for (size_t e = 0; e < sizeof endings / sizeof endings[0]; e++) {
            snprintf(path, sizeof path, "%s/%zu%s", driver->folder, i, endings[e]);
            unlink(path);
        }
    }
    static const char *const others[] = {"names", "joined.o", "program"};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        snprintf(path, sizeof path, "%s/%s", driver->folder, others[i]);
        unlink(path);
    }
    rmdir(driver->folder);
}

void thi_driver_fini(struct thi_driver *driver)
{
    if (driver->folder[0] != '\0') {
        folder_remove(driver);
    }
    thi_words_fini(&driver->files);
    thi_words_fini(&driver->flags);
    thi_words_fini(&driver->arguments);
}
