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
    struct thi_database database;
    bool sound; /* all of an archive or database could be audited */
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

/* Beside an object made elsewhere, the compiler's own is read, too: it tells how many copies of an
 * operation there are. */
static bool copies_check(struct session *session, const struct thi_compile *compile,
                         struct thi_audit *audit)
{
    struct thi_audit own = {.name = audit->name};
    bool ok = thi_audit_code(&own, &session->tools, compile->object);
    if (ok && own.code.target == audit->code.target) {
        thi_judge_copies(audit, &own);
    }
    thi_audit_fini(&own);
    return ok;
}

static size_t faults_count(const struct thi_audit *audit)
{
    struct thi_counts counts = {.operations = 0};
    thi_audit_count(audit, &counts);
    return counts.verdicts[TH_REJECTED] + counts.verdicts[TH_UNDECIDED];
}

/* What is not accepted is looked at again with macros expanded, where everything has a place of its
 * own: the better known are the places, the less is mistaken. */
static bool expanded_audit(struct session *session, const struct thi_compile *compile,
                           struct thi_audit *audit)
{
    struct thi_compile again = *compile;
    struct thi_audit second = {.name = audit->name};
    again.expanded = true;
    bool ok =
        thi_compile(&again, &second) && thi_audit_object(&second, &session->tools, again.object);
    if (ok && faults_count(&second) < faults_count(audit)) {
        struct thi_audit kept = second;
        second = *audit;
        *audit = kept;
    }
    thi_audit_fini(&second);
    return ok;
}

/* Compiles and judges; `object`, if not NULL, is judged in place of what the compiler makes. */
static bool source_audit(struct session *session, struct thi_compile *compile, const char *name,
                         const char *object)
{
    struct thi_audit audit = {.name = name};
    compile->folder = session->folder;
    bool ok = thi_compile(compile, &audit) &&
              thi_audit_object(&audit, &session->tools, object == NULL ? compile->object : object);
    if (ok && object != NULL) {
        ok = copies_check(session, compile, &audit);
    } else if (ok && faults_count(&audit) > 0) {
        ok = expanded_audit(session, compile, &audit);
    }
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

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash == NULL ? path : slash + 1;
}

static void output_path(const struct thi_command *command, char *out, size_t out_bytes)
{
    const char *output = command->output == NULL ? "" : command->output;
    snprintf(out, out_bytes, "%s%s%s", output[0] == '/' ? "" : command->directory,
             output[0] == '/' ? "" : "/", output);
}

static bool is_asked_for(const struct thi_inputs *inputs, const struct thi_command *command)
{
    return inputs->only == NULL || strstr(command->file, inputs->only) != NULL ||
           (command->output != NULL && strstr(command->output, inputs->only) != NULL);
}

static struct thi_compile compile_of(struct session *session, const struct thi_command *command)
{
    return (struct thi_compile){.compiler = command->arguments.items[0],
                                .flags = (const char *const *)command->arguments.items + 1,
                                .flag_count = command->arguments.count - 1,
                                .source = command->file,
                                .directory = command->directory,
                                .folder = session->folder};
}

static bool files_equal(const char *one, const char *two)
{
    FILE *first = fopen(one, "rb"), *second = fopen(two, "rb");
    bool equal = first != NULL && second != NULL;
    int byte = 0;
    while (equal && byte != EOF) {
        byte = getc(first);
        equal = byte == getc(second);
    }
    if (first != NULL) {
        fclose(first);
    }
    if (second != NULL) {
        fclose(second);
    }
    return equal;
}

/* The command that made an object: its output is the same, byte for byte. */
static const struct thi_command *command_find(const struct session *session, const char *object,
                                              const char *name)
{
    for (size_t i = 0; i < session->database.count; i++) {
        const struct thi_command *command = &session->database.items[i];
        char output[1024];
        output_path(command, output, sizeof output);
        if (is_asked_for(session->inputs, command) &&
            strcmp(base_name(output), base_name(name)) == 0 && files_equal(output, object)) {
            return command;
        }
    }
    return NULL;
}

/* An object by itself or as the member `name` of an archive. */
static bool object_audit(struct session *session, const char *object, const char *name)
{
    const struct thi_command *command = command_find(session, object, name);
    if (command == NULL) {
        fprintf(stderr,
                "tophash audit: %s: no command of %s has made it as it is; build anew, or name "
                "another database\n",
                name, session->inputs->commands);
        return false;
    }
    struct thi_compile compile = compile_of(session, command);
    return source_audit(session, &compile, name, object);
}

static bool member_take(void *context, const char *name)
{
    struct session *session = context;
    char path[300];
    snprintf(path, sizeof path, "%s/member.o", session->folder);
    session->sound = object_audit(session, path, name) && session->sound;
    return true;
}

/* A program or a shared library: the accounts of all its sources, and its code. */
static bool program_audit(struct session *session, const char *path)
{
    struct thi_audit audit = {.name = path};
    bool ok = true;
    for (size_t i = 0; ok && i < session->database.count; i++) {
        if (is_asked_for(session->inputs, &session->database.items[i])) {
            struct thi_compile compile = compile_of(session, &session->database.items[i]);
            ok = thi_compile(&compile, &audit);
        }
    }
    ok = ok && thi_audit_object(&audit, &session->tools, path);
    if (ok) {
        session->report(session->context, &audit);
    }
    thi_audit_fini(&audit);
    return ok;
}

/* What --commands speaks of: the files that are named, else every object it makes. */
static bool commands_audit(struct session *session)
{
    const struct thi_inputs *inputs = session->inputs;
    if (!thi_database_read(&session->database, inputs->commands)) {
        return false;
    }
    session->sound = true;
    for (size_t i = 0; inputs->files.count == 0 && i < session->database.count; i++) {
        const struct thi_command *command = &session->database.items[i];
        char output[1024];
        output_path(command, output, sizeof output);
        if (is_asked_for(inputs, command) && thi_target_of(output) != TH_TARGETS) {
            struct thi_compile compile = compile_of(session, command);
            session->sound =
                source_audit(session, &compile, command->file, output) && session->sound;
        }
    }
    for (size_t i = 0; i < inputs->files.count; i++) {
        const char *path = inputs->files.items[i];
        char member[300];
        snprintf(member, sizeof member, "%s/member.o", session->folder);
        bool ok = thi_archive_is(path)   ? thi_archive_each(path, member, member_take, session)
                  : thi_ends(path, ".o") ? object_audit(session, path, path)
                                         : program_audit(session, path);
        session->sound = ok && session->sound;
    }
    thi_database_fini(&session->database);
    return session->sound;
}

bool thi_inputs_audit(const struct thi_inputs *inputs,
                      void (*report)(void *context, const struct thi_audit *audit), void *context)
{
    struct session session = {.inputs = inputs, .report = report, .context = context};
    if (!tools_find(&session)) {
        return false;
    }
    bool ok = !inputs->probe || probe_audit(&session);
    ok = (inputs->commands == NULL || commands_audit(&session)) && ok;
    for (size_t i = 0; inputs->commands == NULL && i < inputs->files.count; i++) {
        ok = file_audit(&session, inputs->files.items[i], inputs->files.items[i]) && ok;
    }
    nftw(session.folder, entry_remove, 16, FTW_DEPTH | FTW_PHYS);
    return ok;
}
