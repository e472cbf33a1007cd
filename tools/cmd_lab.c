/* SPDX-License-Identifier: MIT
 * cmd_lab.c - `tophash lab`: what the machine at hand reorders, tears, stalls and costs.
 */
#include "cmd.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lab/detect.h"
#include "lab/lab.h"

const char th_cmd_lab_summary[] = "what this machine reorders, tears, stalls and costs";

enum { EXIT_DONE, EXIT_VIOLATED, EXIT_USAGE, EXIT_FAILED };
#define SECONDS_USUAL 60.0
#define SECONDS_LEAST 0.1
#define SECONDS_MOST 86400.0

struct settings {
    struct thi_lab lab;
    const struct thi_lab_experiment *chosen[TH_LAB_EXPERIMENTS_MAX];
    size_t chosen_count;
    const char *json;
    const char *svg;
};

static void usage_print(FILE *out)
{
    fputs("usage: tophash lab [options] [EXPERIMENT...]\n\n"
          "Runs experiments on this machine, all of them or those named, and says what was seen,\n"
          "in how many trials.\n\n"
          "  -l, --list           the experiments\n"
          "  -s, --seconds=N      time for all of them together (60)\n"
          "  -c, --cpus=LIST      processors to use, such as 0,2-3; the first two are the pair of\n"
          "                       most experiments (all that this process may use)\n"
          "      --seed=N         of what is left to chance (the time)\n"
          "      --json=FILE      the results as a JSON object; - is standard output, then\n"
          "                       without the text\n"
          "      --svg=FOLDER     a plot of each experiment\n"
          "      --source=FAULT   the broken program of stale-bucket, early-free or\n"
          "                       missing-recheck, to be given to checkers\n"
          "  -q, --quiet          no progress line\n"
          "  -h, --help           this text\n\n"
          "Exit status: 0 done, 1 something forbidden was seen, 2 wrong usage, 3 a file could not\n"
          "be written.\n",
          out);
}

static void list_print(void)
{
    for (size_t i = 0; thi_lab_experiments[i] != NULL; i++) {
        printf("%-16s %s\n", thi_lab_experiments[i]->name, thi_lab_experiments[i]->title);
    }
}

static bool cpu_is_allowed(const struct thi_lab_machine *machine, unsigned long cpu)
{
    for (unsigned i = 0; i < machine->cpu_count; i++) {
        if (machine->cpus[i] == cpu) {
            return true;
        }
    }
    return false;
}

static bool cpu_add(struct thi_lab *lab, unsigned long cpu)
{
    if (!cpu_is_allowed(&lab->machine, cpu)) {
        fprintf(stderr, "tophash lab: processor %lu: not one this process may use\n", cpu);
        return false;
    }
    for (unsigned i = 0; i < lab->cpu_count; i++) {
        if (lab->cpus[i] == cpu) {
            return true;
        }
    }
    lab->cpus[lab->cpu_count++] = (unsigned)cpu;
    return true;
}

/* A list such as 0,2-3. No more than TH_LAB_CPUS_MAX are allowed, and none counts twice. */
static bool cpus_parse(struct thi_lab *lab, const char *text)
{
    lab->cpu_count = 0;
    while (*text >= '0' && *text <= '9') {
        char *end;
        unsigned long first = strtoul(text, &end, 10);
        unsigned long last = first;
        if (*end == '-' && end[1] >= '0' && end[1] <= '9') {
            last = strtoul(end + 1, &end, 10);
        }
        if (last < first) {
            break;
        }
        for (unsigned long cpu = first; cpu <= last; cpu++) {
            if (!cpu_add(lab, cpu)) {
                return false;
            }
        }
        if (*end == '\0') {
            return true;
        }
        text = *end == ',' ? end + 1 : "";
    }
    fputs("tophash lab: --cpus: a list such as 0,2-3 is needed\n", stderr);
    return false;
}

static bool seconds_parse(struct thi_lab *lab, const char *text)
{
    char *end;
    lab->seconds = strtod(text, &end);
    if (end != text && *end == '\0' && lab->seconds >= SECONDS_LEAST &&
        lab->seconds <= SECONDS_MOST) {
        return true;
    }
    fprintf(stderr, "tophash lab: --seconds: a number from %g to %g is needed, not '%s'\n",
            SECONDS_LEAST, SECONDS_MOST, text);
    return false;
}

static bool seed_parse(struct thi_lab *lab, const char *text)
{
    char *end;
    errno = 0;
    lab->seed = strtoull(text, &end, 0);
    if (end != text && *end == '\0' && errno == 0 && *text != '-') {
        return true;
    }
    fprintf(stderr, "tophash lab: --seed: a number is needed, not '%s'\n", text);
    return false;
}

static int source_print(const char *name)
{
    const struct thi_lab_source *source = thi_lab_source_find(name);
    if (source == NULL) {
        fprintf(stderr,
                "tophash lab: no program '%s'; there are stale-bucket, early-free and "
                "missing-recheck\n",
                name);
        return EXIT_USAGE;
    }
    for (size_t i = 0; source->lines[i] != NULL; i++) {
        fputs(source->lines[i], stdout);
    }
    return EXIT_DONE;
}

static bool experiment_choose(struct settings *settings, const char *name)
{
    const struct thi_lab_experiment *experiment = thi_lab_experiment_find(name);
    if (experiment == NULL) {
        fprintf(stderr, "tophash lab: no experiment '%s'; `tophash lab --list` lists them\n", name);
        return false;
    }
    for (size_t i = 0; i < settings->chosen_count; i++) {
        if (settings->chosen[i] == experiment) {
            return true;
        }
    }
    settings->chosen[settings->chosen_count++] = experiment;
    return true;
}

/* -1: go on; else the exit status. */
static int option_take(struct settings *settings, int option)
{
    struct thi_lab *lab = &settings->lab;
    switch (option) {
    case 'l': list_print(); return EXIT_DONE;
    case 'h': usage_print(stdout); return EXIT_DONE;
    case 's': return seconds_parse(lab, optarg) ? -1 : EXIT_USAGE;
    case 'c': return cpus_parse(lab, optarg) ? -1 : EXIT_USAGE;
    case 'S': return seed_parse(lab, optarg) ? -1 : EXIT_USAGE;
    case 'j': settings->json = optarg; return -1;
    case 'g': settings->svg = optarg; return -1;
    case 'p': return source_print(optarg);
    case 'q': lab->shows_progress = false; return -1;
    default: fputs("`tophash lab --help` tells the usage\n", stderr); return EXIT_USAGE;
    }
}

static int arguments_read(struct settings *settings, int argc, char **argv)
{
    static const struct option options[] = {
        {"list", no_argument, NULL, 'l'},         {"seconds", required_argument, NULL, 's'},
        {"cpus", required_argument, NULL, 'c'},   {"seed", required_argument, NULL, 'S'},
        {"json", required_argument, NULL, 'j'},   {"svg", required_argument, NULL, 'g'},
        {"source", required_argument, NULL, 'p'}, {"quiet", no_argument, NULL, 'q'},
        {"help", no_argument, NULL, 'h'},         {NULL, 0, NULL, 0}};
    int option;
    while ((option = getopt_long(argc, argv, "ls:c:qh", options, NULL)) != -1) {
        int status = option_take(settings, option);
        if (status >= 0) {
            return status;
        }
    }
    for (int i = optind; i < argc; i++) {
        if (!experiment_choose(settings, argv[i])) {
            return EXIT_USAGE;
        }
    }
    for (size_t i = 0; optind == argc && thi_lab_experiments[i] != NULL; i++) {
        settings->chosen[settings->chosen_count++] = thi_lab_experiments[i];
    }
    return -1;
}

static void experiments_run(struct settings *settings, struct thi_lab_result *results)
{
    struct thi_lab *lab = &settings->lab;
    bool shows_text = settings->json == NULL || strcmp(settings->json, "-") != 0;
    double weights = 0;
    for (size_t i = 0; i < settings->chosen_count; i++) {
        weights += settings->chosen[i]->weight;
    }
    if (shows_text) {
        thi_lab_text_machine(stdout, lab);
    }
    for (size_t i = 0; i < settings->chosen_count; i++) {
        const struct thi_lab_experiment *experiment = settings->chosen[i];
        results[i].experiment = experiment;
        lab->running = experiment;
        lab->slice_ns = (uint64_t)(lab->seconds * 1e9 * experiment->weight / weights);
        uint64_t start_ns = thi_lab_now_ns();
        experiment->run(lab, &results[i]);
        results[i].seconds = (double)(thi_lab_now_ns() - start_ns) / 1e9;
        thi_lab_progress_clear(lab);
        if (shows_text) {
            thi_lab_text_result(stdout, &results[i]);
            fflush(stdout);
        }
    }
}

static bool json_write(const struct settings *settings, const struct thi_lab_result *results)
{
    bool to_output = strcmp(settings->json, "-") == 0;
    FILE *out = to_output ? stdout : fopen(settings->json, "w");
    bool good = out != NULL;
    if (good) {
        thi_lab_json_write(out, &settings->lab, results, settings->chosen_count);
        good = ferror(out) == 0 && (to_output ? fflush(out) : fclose(out)) == 0;
    }
    if (!good) {
        fprintf(stderr, "tophash lab: cannot write %s: %s\n", settings->json, strerror(errno));
    }
    return good;
}

static int results_keep(const struct settings *settings, const struct thi_lab_result *results)
{
    bool good = settings->json == NULL || json_write(settings, results);
    for (size_t i = 0; settings->svg != NULL && i < settings->chosen_count; i++) {
        good = thi_lab_plots_write(settings->svg, &results[i]) && good;
    }
    if (!good) {
        return EXIT_FAILED;
    }
    for (size_t i = 0; i < settings->chosen_count; i++) {
        for (size_t v = 0; v < results[i].verdict_count; v++) {
            if (results[i].verdicts[v].outcome == TH_LAB_VIOLATED) {
                return EXIT_VIOLATED;
            }
        }
    }
    return EXIT_DONE;
}

int th_cmd_lab(int argc, char **argv)
{
    struct settings settings = {.json = NULL};
    struct thi_lab *lab = &settings.lab;
    thi_lab_machine_read(&lab->machine);
    memcpy(lab->cpus, lab->machine.cpus, sizeof lab->cpus);
    lab->cpu_count = lab->machine.cpu_count;
    lab->seconds = SECONDS_USUAL;
    lab->seed = (uint64_t)time(NULL);
    lab->shows_progress = isatty(STDERR_FILENO) == 1;
    int status = arguments_read(&settings, argc, argv);
    if (status >= 0) {
        return status;
    }
    struct thi_lab_result *results = calloc(settings.chosen_count, sizeof *results);
    if (results == NULL) {
        fputs("tophash lab: no memory for the results\n", stderr);
        return EXIT_FAILED;
    }
    experiments_run(&settings, results);
    status = results_keep(&settings, results);
    free(results);
    return status;
}
