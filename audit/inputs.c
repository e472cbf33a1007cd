/* SPDX-License-Identifier: MIT
 * inputs.c - finds the tools, makes a folder for what comes on the way, audits file by file.
 */
#include "inputs.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct session {
    const struct thi_inputs *inputs;
    struct thi_tools tools;
    char folder[256];
    char names[4][64]; /* of tools */
    void (*report)(void *context, const struct thi_audit *audit);
    void *context;
};

bool thi_words_add_split(struct thi_words *words, const char *text)
{
    bool ok = true;
    while (ok && *text != '\0') {
        size_t size = strcspn(text, " \t");
        ok = size == 0 || thi_words_add_format(words, "%.*s", (int)size, text);
        text += size + strspn(text + size, " \t");
    }
    return ok;
}

/* True if a folder of PATH has the program. */
static bool is_installed(const char *program)
{
    const char *path = getenv("PATH");
    while (path != NULL && *path != '\0') {
        size_t size = strcspn(path, ":");
        char full[512];
        snprintf(full, sizeof full, "%.*s/%s", (int)size, path, program);
        if (access(full, X_OK) == 0) {
            return true;
        }
        path += size + (path[size] == ':');
    }
    return false;
}

/* The newest version of a tool of LLVM that is known to serve; false: none, said. */
static bool tool_find(const char *name, char out[64])
{
    static const char *const endings[] = {"-19", "-20", "-21", "-22", ""};
    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
        snprintf(out, 64, "%s%s", name, endings[i]);
        if (is_installed(out)) {
            return true;
        }
    }
    fprintf(stderr, "tophash audit: %s is missing; install LLVM 19 (Debian: llvm-19 lld-19)\n",
            name);
    return false;
}

static bool tools_find(struct session *session)
{
    static const char *const names[] = {"llvm-objdump", "llvm-symbolizer", "llvm-readelf",
                                        "ld.lld"};
    for (size_t i = 0; i < 4; i++) {
        if (!tool_find(names[i], session->names[i])) {
            return false;
        }
    }
    session->tools = (struct thi_tools){.objdump = session->names[0],
                                        .symbolizer = session->names[1],
                                        .readelf = session->names[2],
                                        .linker = session->names[3],
                                        .folder = session->folder};
    const char *base = getenv("TMPDIR");
    snprintf(session->folder, sizeof session->folder, "%.200s/tophash-audit-XXXXXX",
             base == NULL || *base == '\0' ? "/tmp" : base);
    if (mkdtemp(session->folder) == NULL) {
        perror(session->folder);
        return false;
    }
    return true;
}

static int entry_remove(const char *path, const struct stat *about, int kind, struct FTW *where)
{
    (void)about;
    (void)kind;
    (void)where;
    return remove(path);
}

/* Compiles and judges; `object`, if not NULL, is judged in place of what the compiler makes. */
static bool source_audit(struct session *session, struct thi_compile *compile, const char *name,
                         const char *object)
{
    struct thi_audit audit = {.name = name};
    compile->folder = session->folder;
    bool ok = thi_compile(compile, &audit) &&
              thi_audit_object(&audit, &session->tools, object == NULL ? compile->object : object);
    if (ok) {
        session->report(session->context, &audit);
    }
    thi_audit_fini(&audit);
    return ok;
}

static bool file_audit(struct session *session, const char *source, const char *name)
{
    const struct thi_inputs *inputs = session->inputs;
    struct thi_compile compile = {.compiler = inputs->compiler,
                                  .flags = (const char *const *)inputs->flags.items,
                                  .flag_count = inputs->flags.count,
                                  .source = source};
    return source_audit(session, &compile, name, inputs->code);
}

static bool probe_audit(struct session *session)
{
    char path[300], name[200];
    snprintf(path, sizeof path, "%s/probe.c", session->folder);
    snprintf(name, sizeof name, "probe of %.160s", session->inputs->compiler);
    struct thi_text text = {.bytes = NULL};
    thi_audit_probe_text(&text);
    FILE *file = text.failed ? NULL : fopen(path, "w");
    bool ok = file != NULL && fputs(thi_text_get(&text), file) >= 0;
    ok = file != NULL && fclose(file) == 0 && ok;
    thi_text_fini(&text);
    if (!ok) {
        fprintf(stderr, "tophash audit: %s cannot be written\n", path);
        return false;
    }
    if (session->inputs->flags.count > 0) {
        return file_audit(session, path, name);
    }
    static const char *const usual[] = {"-O2"};
    struct thi_compile compile = {
        .compiler = session->inputs->compiler, .flags = usual, .flag_count = 1, .source = path};
    return source_audit(session, &compile, name, session->inputs->code);
}

bool thi_inputs_audit(const struct thi_inputs *inputs,
                      void (*report)(void *context, const struct thi_audit *audit), void *context)
{
    struct session session = {.inputs = inputs, .report = report, .context = context};
    if (!tools_find(&session)) {
        return false;
    }
    bool ok = !inputs->probe || probe_audit(&session);
    for (size_t i = 0; i < inputs->files.count; i++) {
        ok = file_audit(&session, inputs->files.items[i], inputs->files.items[i]) && ok;
    }
    nftw(session.folder, entry_remove, 16, FTW_DEPTH | FTW_PHYS);
    return ok;
}
