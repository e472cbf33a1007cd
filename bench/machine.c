/* SPDX-License-Identifier: MIT
 * machine.c - on what the figures were made: they mean nothing without it.
 */
#include "bench.h"

#include <gnu/libc-version.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

/* The first line of `path` that starts with `key`, from after the colon or the start; "unknown". */
static void line_read(const char *path, const char *key, char *text, size_t size)
{
    snprintf(text, size, "unknown");
    FILE *file = fopen(path, "r");
    if (file == NULL) {
        return;
    }
    char line[1024];
    while (fgets(line, sizeof line, file) != NULL) {
        if (strncmp(line, key, strlen(key)) != 0) {
            continue;
        }
        const char *from = *key == '\0' ? line : strchr(line, ':');
        from = from == NULL ? line : from;
        from += strspn(from, ": \t");
        snprintf(text, size, "%.*s", (int)strcspn(from, "\n"), from);
        break;
    }
    fclose(file);
}

struct fact {
    const char *name;
    char text[160];
};

#define FACTS 9u

static void facts_gather(struct fact facts[FACTS])
{
    struct utsname system;
    char text[120];
    (void)uname(&system);
    facts[0].name = "cpu";
    line_read("/proc/cpuinfo", "model name", text, sizeof text);
    snprintf(facts[0].text, sizeof facts[0].text, "%s, %ld cores online", text,
             sysconf(_SC_NPROCESSORS_ONLN));
    facts[1].name = "caches";
    snprintf(facts[1].text, sizeof facts[1].text, "L2 %ld KiB, L3 %ld KiB",
             sysconf(_SC_LEVEL2_CACHE_SIZE) / 1024, sysconf(_SC_LEVEL3_CACHE_SIZE) / 1024);
    facts[2].name = "memory";
    line_read("/proc/meminfo", "MemTotal", facts[2].text, sizeof facts[2].text);
    facts[3].name = "kernel";
    snprintf(facts[3].text, sizeof facts[3].text, "%.60s %.60s", system.sysname, system.release);
    facts[4].name = "architecture";
    snprintf(facts[4].text, sizeof facts[4].text, "%.60s", system.machine);
    facts[5].name = "compiler";
#ifdef __clang__
    snprintf(facts[5].text, sizeof facts[5].text, "%.120s", __VERSION__);
#else
    snprintf(facts[5].text, sizeof facts[5].text, "gcc %.120s", __VERSION__);
#endif
    facts[6].name = "libc";
    snprintf(facts[6].text, sizeof facts[6].text, "glibc %.60s", gnu_get_libc_version());
    facts[7].name = "transparent_huge_pages";
    line_read("/sys/kernel/mm/transparent_hugepage/enabled", "", facts[7].text,
              sizeof facts[7].text);
    facts[8].name = "load_average";
    line_read("/proc/loadavg", "", facts[8].text, sizeof facts[8].text);
}

void bench_print_machine(FILE *out)
{
    struct fact facts[FACTS];
    facts_gather(facts);
    for (size_t i = 0; i < FACTS; i++) {
        fprintf(out, "%-24s %s\n", facts[i].name, facts[i].text);
    }
    for (size_t i = 0; bench_all_peers[i] != NULL; i++) {
        fprintf(out, "map %-20s %s, %s\n", bench_all_peers[i]->name, bench_all_peers[i]->title,
                bench_all_peers[i]->version);
    }
    for (size_t i = 0; bench_missing_peers[i] != NULL; i++) {
        fprintf(out, "skipped: %s\n", bench_missing_peers[i]);
    }
}

void bench_json_machine(FILE *out, int depth)
{
    struct fact facts[FACTS];
    facts_gather(facts);
    fprintf(out, "%*s\"machine\": {", depth, "");
    for (size_t i = 0; i < FACTS; i++) {
        fprintf(out, "%s\"%s\": \"", i == 0 ? "" : ", ", facts[i].name);
        for (const char *at = facts[i].text; *at != '\0'; at++) {
            if (*at == '"' || *at == '\\') {
                fputc('\\', out);
            }
            if ((unsigned char)*at >= ' ') {
                fputc(*at, out);
            }
        }
        fputc('"', out);
    }
    fputs("}", out);
}
