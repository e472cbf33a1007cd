/* SPDX-License-Identifier: MIT
 * cmd_litmus.c - `tophash litmus`: all executions of C11 litmus tests.
 *
 * Tests are run by several processes, each taking the next test that nobody has; the answers come
 * back through pipes and are printed in the order of the tests, whatever the number of processes.
 */
#include "cmd.h"

#include <dirent.h>
#include <errno.h>
#include <getopt.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "litmus/litmus.h"

const char th_cmd_litmus_summary[] = "all executions of C11 litmus tests";

enum { JOBS_MAX = 64, FILE_BYTES_MAX = 1 << 20 };

struct paths {
    char **list;
    size_t count;
    size_t capacity;
};

struct settings {
    bool tsv;
    struct thi_engine_options options;
    uint32_t jobs;
    struct paths paths;
};

static void usage_print(FILE *out)
{
    fprintf(out,
            "usage: tophash litmus [options] FILE|DIRECTORY...\n\n"
            "Runs C11 litmus tests: every execution that the memory model allows. Of a directory,\n"
            "all files that end in .litmus.\n\n"
            "  -t, --tsv                     one line a test: test, observation, states,\n"
            "                                executions, race, the states\n"
            "  -r, --release-sequence=RULE   c20 (default) or c11: whether later stores of the\n"
            "                                same thread continue a release sequence\n"
            "  -j, --jobs=N                  processes, one by default\n"
            "  -h, --help                    this text\n\n"
            "Exit status: 0 done, 1 a test could not be read or run, 2 wrong usage.\n");
}

static bool path_add(struct paths *paths, const char *folder, const char *name)
{
    if (paths->count == paths->capacity) {
        size_t capacity = paths->capacity == 0 ? 64 : 2 * paths->capacity;
        char **list = realloc(paths->list, capacity * sizeof *list);
        if (list == NULL) {
            return false;
        }
        paths->list = list;
        paths->capacity = capacity;
    }
    size_t size = strlen(folder) + strlen(name) + 2;
    char *path = malloc(size);
    if (path == NULL) {
        return false;
    }
    snprintf(path, size, "%s%s%s", folder, folder[0] == '\0' ? "" : "/", name);
    paths->list[paths->count++] = path;
    return true;
}

static int path_compare(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Adds the tests in a folder, sorted by name. */
static bool folder_add(struct paths *paths, const char *folder)
{
    DIR *entries = opendir(folder);
    if (entries == NULL) {
        fprintf(stderr, "tophash litmus: %s: %s\n", folder, strerror(errno));
        return false;
    }
    size_t from = paths->count;
    bool done = true;
    for (struct dirent *entry; done && (entry = readdir(entries)) != NULL;) {
        size_t size = strlen(entry->d_name);
        if (size > 7 && strcmp(entry->d_name + size - 7, ".litmus") == 0) {
            done = path_add(paths, folder, entry->d_name);
        }
    }
    closedir(entries);
    if (done && paths->count == from) {
        fprintf(stderr, "tophash litmus: %s: no file in it ends in .litmus\n", folder);
        return false;
    }
    qsort(paths->list + from, paths->count - from, sizeof *paths->list, path_compare);
    return done;
}

static void paths_clear(struct paths *paths)
{
    for (size_t i = 0; i < paths->count; i++) {
        free(paths->list[i]);
    }
    free(paths->list);
}

/* The file's text, to be freed; NULL, and why is printed. */
static char *file_read(const char *path, size_t *size)
{
    FILE *file = fopen(path, "rb");
    char *text = file == NULL ? NULL : malloc(FILE_BYTES_MAX + 1);
    if (text == NULL) {
        fprintf(stderr, "%s: %s\n", path, strerror(errno));
        if (file != NULL) {
            fclose(file);
        }
        return NULL;
    }
    *size = fread(text, 1, FILE_BYTES_MAX + 1, file);
    const char *why = ferror(file)             ? "cannot be read"
                      : *size > FILE_BYTES_MAX ? "too long for a litmus test"
                                               : NULL;
    fclose(file);
    if (why != NULL) {
        fprintf(stderr, "%s: %s\n", path, why);
        free(text);
        return NULL;
    }
    return text;
}

/* The path without folder and ending: the test's name in the table. Overwrites `out`. */
static void test_name(const char *path, char *out, size_t out_size)
{
    const char *slash = strrchr(path, '/');
    const char *base = slash == NULL ? path : slash + 1;
    const char *dot = strrchr(base, '.');
    int size = dot == NULL || dot == base ? (int)strlen(base) : (int)(dot - base);
    snprintf(out, out_size, "%.*s", size, base);
}

/* The answer to one test, to be freed; NULL, and why is printed. */
static char *test_run(const struct settings *settings, const char *path)
{
    size_t size;
    char *text = file_read(path, &size);
    if (text == NULL) {
        return NULL;
    }
    struct thi_litmus_error error;
    struct thi_litmus *litmus = thi_litmus_parse(path, text, size, &error);
    free(text);
    if (litmus == NULL) {
        fprintf(stderr, "%s\n", error.text);
        return NULL;
    }
    struct thi_litmus_result result;
    char *answer = NULL;
    if (thi_litmus_run(litmus, &settings->options, &result)) {
        char name[256];
        test_name(path, name, sizeof name);
        answer = settings->tsv ? thi_litmus_tsv_line(litmus, name, &result)
                               : thi_litmus_report(litmus, &result);
    }
    if (answer == NULL) {
        fprintf(stderr, "%s: out of memory\n", path);
    }
    thi_litmus_result_clear(&result);
    thi_litmus_free(litmus);
    return answer;
}

/* Runs the tests that this process gets; each answer goes out as number, size, text. */
static int worker_run(const struct settings *settings, _Atomic(size_t) *next, FILE *out)
{
    int status = 0;
    for (size_t i;
         (i = atomic_fetch_add_explicit(next, 1, memory_order_relaxed)) < settings->paths.count;) {
        char *answer = test_run(settings, settings->paths.list[i]);
        if (answer == NULL) {
            status = 1;
            continue;
        }
        size_t size = strlen(answer);
        fwrite(&i, sizeof i, 1, out);
        fwrite(&size, sizeof size, 1, out);
        fwrite(answer, 1, size, out);
        free(answer);
    }
    return fflush(out) == 0 && !ferror(out) ? status : 1;
}

struct worker {
    pid_t pid;
    int fd;
};

/* Starts a worker that writes to a file nobody else sees. */
static bool worker_start(const struct settings *settings, _Atomic(size_t) *next,
                         struct worker *worker)
{
    FILE *file = tmpfile();
    int fd = file == NULL ? -1 : dup(fileno(file));
    if (fd < 0) {
        if (file != NULL) {
            fclose(file);
        }
        return false;
    }
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        _exit(worker_run(settings, next, file));
    }
    fclose(file);
    worker->fd = fd;
    worker->pid = pid;
    return pid > 0;
}

/* Sorts a worker's answers in. */
static bool worker_collect(const struct worker *worker, char **answers, size_t count)
{
    FILE *file = fdopen(worker->fd, "rb");
    if (file == NULL) {
        close(worker->fd);
        return false;
    }
    rewind(file);
    size_t number, size;
    bool sound = true;
    while (sound && fread(&number, sizeof number, 1, file) == 1) {
        sound = fread(&size, sizeof size, 1, file) == 1 && number < count;
        char *answer = sound ? calloc(size + 1, 1) : NULL;
        sound = answer != NULL && fread(answer, 1, size, file) == size;
        if (sound) {
            answers[number] = answer;
        } else {
            free(answer);
        }
    }
    fclose(file);
    return sound;
}

static int tests_run_jobs(const struct settings *settings)
{
    size_t count = settings->paths.count;
    char **answers = calloc(count, sizeof *answers);
    _Atomic(size_t) *next =
        mmap(NULL, sizeof *next, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    struct worker workers[JOBS_MAX];
    uint32_t started = 0;
    int status = 0;
    if (answers == NULL || next == MAP_FAILED) {
        fprintf(stderr, "tophash litmus: out of memory\n");
        status = 1;
    }
    while (status == 0 && started < settings->jobs) {
        if (!worker_start(settings, next, &workers[started])) {
            fprintf(stderr, "tophash litmus: a process could not be started: %s\n",
                    strerror(errno));
            status = 1;
            break;
        }
        started++;
    }
    for (uint32_t i = 0; i < started; i++) {
        int ended = 0;
        while (waitpid(workers[i].pid, &ended, 0) < 0 && errno == EINTR) {
        }
        bool sound = worker_collect(&workers[i], answers, count);
        if (!sound || !WIFEXITED(ended) || WEXITSTATUS(ended) != 0) {
            status = 1;
        }
    }
    for (size_t i = 0; answers != NULL && i < count; i++) {
        if (answers[i] != NULL) {
            fputs(answers[i], stdout);
            fputs(settings->tsv ? "" : "\n", stdout);
        }
        free(answers[i]);
    }
    if (next != MAP_FAILED) {
        munmap(next, sizeof *next);
    }
    free(answers);
    return status;
}

static int tests_run(const struct settings *settings)
{
    if (settings->jobs > 1) {
        return tests_run_jobs(settings);
    }
    int status = 0;
    for (size_t i = 0; i < settings->paths.count; i++) {
        char *answer = test_run(settings, settings->paths.list[i]);
        if (answer == NULL) {
            status = 1;
            continue;
        }
        fputs(answer, stdout);
        fputs(settings->tsv ? "" : "\n", stdout);
        free(answer);
    }
    return status;
}

static int usage_wrong(const char *what, const char *value)
{
    fprintf(stderr, "tophash litmus: %s '%s'; `tophash litmus --help` tells more\n", what, value);
    return 2;
}

/* 0: go on. */
static int options_read(int argc, char **argv, struct settings *settings)
{
    static const struct option options[] = {{"tsv", no_argument, NULL, 't'},
                                            {"release-sequence", required_argument, NULL, 'r'},
                                            {"jobs", required_argument, NULL, 'j'},
                                            {"help", no_argument, NULL, 'h'},
                                            {NULL, 0, NULL, 0}};
    char *end;
    optind = 1;
    for (int option; (option = getopt_long(argc, argv, "tr:j:h", options, NULL)) != -1;) {
        switch (option) {
        case 't': settings->tsv = true; break;
        case 'r':
            settings->options.c11_release_sequence = strcmp(optarg, "c11") == 0;
            if (!settings->options.c11_release_sequence && strcmp(optarg, "c20") != 0) {
                return usage_wrong("--release-sequence is c11 or c20, not", optarg);
            }
            break;
        case 'j':
            settings->jobs = (uint32_t)strtoul(optarg, &end, 10);
            if (*end != '\0' || settings->jobs == 0 || settings->jobs > JOBS_MAX) {
                return usage_wrong("--jobs is a number from 1 to 64, not", optarg);
            }
            break;
        case 'h': usage_print(stdout); return -1;
        default: usage_print(stderr); return 2;
        }
    }
    if (optind == argc) {
        usage_print(stderr);
        return 2;
    }
    return 0;
}

int th_cmd_litmus(int argc, char **argv)
{
    struct settings settings = {.jobs = 1};
    int status = options_read(argc, argv, &settings);
    if (status != 0) {
        return status < 0 ? 0 : status;
    }
    for (int i = optind; i < argc; i++) {
        struct stat about;
        bool is_folder = stat(argv[i], &about) == 0 && S_ISDIR(about.st_mode);
        if (!(is_folder ? folder_add(&settings.paths, argv[i])
                        : path_add(&settings.paths, "", argv[i]))) {
            status = 1;
        }
    }
    if (tests_run(&settings) != 0) {
        status = 1;
    }
    paths_clear(&settings.paths);
    return fflush(stdout) == 0 ? status : 1;
}
