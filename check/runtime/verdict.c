/* SPDX-License-Identifier: MIT
 * verdict.c - runs the engine, judges what it found, and says so.
 *
 * A search records nothing. When it has found an error, the one execution is run again by its
 * token, this time with notes of all that happens, and that run is shown: so what is printed is
 * what a replay prints, always.
 */
#include "runtime/verdict.h"

#include "report/json.h"
#include "report/report.h"
#include "runtime/names.h"
#include "runtime/record.h"
#include "runtime/runtime.h"
#include "runtime/sites.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The first error of a search. */
static struct {
    bool there;
    struct thi_engine_error error;
    char *token;
} found;

static struct thi_recorder *recorder; /* NULL in a search */
static bool shown;
static const char *trouble; /* why the test cannot be checked */

static bool is_harness_error(enum thi_engine_error_kind kind)
{
    return kind == TH_ENGINE_MIXED_SIZE || kind == TH_ENGINE_NOT_SAME || kind == TH_ENGINE_SPIN ||
           kind == TH_ENGINE_MISUSE || kind == TH_ENGINE_NO_MEMORY;
}

static const char *harness_advice(enum thi_engine_error_kind kind)
{
    switch (kind) {
    case TH_ENGINE_SPIN:
        return "put a bound on the loop, or th_check_await() of <tophash/check.h> into it if it "
               "waits for another thread";
    case TH_ENGINE_NOT_SAME:
        return "a run must do the same each time: look for uninitialised variables, addresses used "
               "as numbers, state kept outside the program's own data";
    case TH_ENGINE_MIXED_SIZE: return "use one type for each atomic object";
    case TH_ENGINE_NO_MEMORY: return "make the test smaller";
    default: return "mend the test";
    }
}

static void harness_error_print(const struct thi_engine_error *error)
{
    struct thi_record_site site = {.file = NULL};
    thi_names_site(error->access.site, &site);
    fprintf(stderr, "tophash check: error in harness: ");
    if (site.file != NULL) {
        fprintf(stderr, "%s:%" PRIu32 ": ", site.file, site.line);
    }
    fprintf(stderr, "%s; %s\n", error->message, harness_advice(error->kind));
}

/* --- The one execution that is shown. */

static void file_write(const char *path, const struct thi_text *text)
{
    FILE *out = fopen(path, "w");
    bool ok = out != NULL && fputs(thi_text_get(text), out) >= 0;
    if (out != NULL) {
        ok = fclose(out) == 0 && ok;
    }
    if (!ok || text->failed) {
        fprintf(stderr, "tophash check: %s could not be written\n", path);
    }
}

static void drawings_write(const struct thi_analysis *analysis)
{
    const struct thi_check_options *options = thi_runtime.options;
    struct thi_text text = {.bytes = NULL};
    if (options->dot != NULL) {
        thi_report_dot(&text, analysis);
        file_write(options->dot, &text);
        thi_text_clear(&text);
    }
    if (options->svg != NULL) {
        thi_report_svg(&text, analysis);
        file_write(options->svg, &text);
    }
    thi_text_fini(&text);
}

static void execution_show(const struct thi_engine_error *error)
{
    struct thi_report_options options = {.width = 0};
    struct thi_analysis analysis;
    struct thi_text text = {.bytes = NULL};
    const struct thi_record *record =
        thi_recorder_finish(recorder, thi_runtime.engine, error, &thi_recorder_names);
    if (record == NULL || !thi_analysis_init(&analysis, record)) {
        fputs("tophash check: no memory for the report\n", stderr);
        return;
    }
    thi_report_counterexample(&text, &analysis, &options);
    if (thi_runtime.options->explain) {
        thi_text_newline(&text);
        thi_report_explain(&text, &analysis, &options);
    }
    struct thi_text painted = {.bytes = NULL};
    if (isatty(STDOUT_FILENO)) {
        thi_report_paint(&painted, thi_text_get(&text));
    }
    fputs(painted.bytes != NULL ? thi_text_get(&painted) : thi_text_get(&text), stdout);
    drawings_write(&analysis);
    thi_text_fini(&painted);
    thi_text_fini(&text);
    thi_analysis_fini(&analysis);
}

static char *token_copy(void)
{
    size_t size = thi_engine_token(thi_runtime.engine, NULL, 0);
    char *token = malloc(size + 1);
    if (token != NULL) {
        thi_engine_token(thi_runtime.engine, token, size + 1);
    }
    return token;
}

bool thi_verdict_error(void *context, const struct thi_engine_error *error)
{
    (void)context;
    if (recorder != NULL) {
        if (is_harness_error(error->kind)) {
            harness_error_print(error);
        } else {
            execution_show(error);
        }
        shown = true;
        found.error = *error;
        return false;
    }
    if (!found.there) {
        found.there = true;
        found.error = *error;
        found.token = token_copy();
    }
    return false;
}

/* Runs the execution of `token` and shows it. False: it is none of this program. */
static bool replay(const char *token)
{
    struct thi_engine_result result;
    const char *why = NULL;
    recorder = thi_recorder_new();
    if (recorder == NULL) {
        fputs("tophash check: no memory for the report\n", stderr);
        return false;
    }
    thi_record_into(recorder);
    thi_names_want(true);
    bool ok = thi_engine_replay(thi_runtime.engine, token, &result, &why);
    if (!ok) {
        fprintf(stderr,
                "tophash check: the token does not fit this program: %s; was it made from the same "
                "files, flags and options?\n",
                why == NULL ? "unknown" : why);
    } else if (!shown) {
        execution_show(NULL);
    }
    thi_record_into(NULL);
    thi_names_want(false);
    thi_recorder_free(recorder);
    recorder = NULL;
    return ok;
}

/* --- Verdicts. */

static void figures_print(const struct thi_engine_result *result)
{
    uint64_t all = result->executions + result->blocked;
    printf("%" PRIu64 " executions, %" PRIu64 " blocked, %" PRIu32 " threads, at most %" PRIu32
           " events, %.2f s, %.0f executions a second\n",
           result->executions, result->blocked, result->threads, result->events_most,
           result->elapsed_s, result->elapsed_s > 0 ? (double)all / result->elapsed_s : 0);
    if (result->heavy_fences != 0) {
        printf("membarrier was modelled as a sequentially consistent fence in every thread: right "
               "only if each thread may be interrupted where it stands\n");
    }
}

/* A run that could not have found anything proves nothing. */
static const char *vacuous(const struct thi_engine_result *result)
{
    if (result->executions == 0) {
        return "no execution comes to its end: the program waits for something that never comes, "
               "or every run is cut";
    }
    if (result->threads < 2) {
        return "no concurrency: the program never has two threads; make one with pthread_create(), "
               "or write thread_a() and thread_b()";
    }
    /* Who only meets at locks is ordered in the end, but not always in the same order. */
    if (result->contended == 0 && result->executions + result->blocked < 2) {
        return "no competition: no two threads use an object at the same time, so that every order "
               "gives the same; let them share something";
    }
    return NULL;
}

static int bounded(const struct thi_engine_result *result)
{
    const struct thi_check_options *options = thi_runtime.options;
    printf("verified within bounds:");
    if ((result->bounds & TH_BOUND_EVENTS) != 0) {
        printf(" %" PRIu64 " executions cut at %" PRIu32 " events (--max-events);", result->cut,
               options->events_max);
    }
    if ((result->bounds & TH_BOUND_EXECUTIONS) != 0) {
        printf(" stopped after %" PRIu64 " executions (--max-executions);",
               options->executions_max);
    }
    if ((result->bounds & TH_BOUND_SECONDS) != 0) {
        printf(" stopped after %g s (--max-seconds);", options->seconds_max);
    }
    printf(" no failure among what was seen\n");
    figures_print(result);
    return TH_EXIT_BOUNDED;
}

static int failed(const struct thi_engine_result *result)
{
    if (is_harness_error(found.error.kind)) {
        harness_error_print(&found.error);
        trouble = found.error.message;
        return TH_EXIT_HARNESS;
    }
    const char *command = thi_runtime.options->command;
    bool replayed = found.token != NULL && replay(found.token);
    printf("\nfailed: %s\n", found.error.message);
    if (replayed) {
        printf("replay: %s --replay=%s\n", command == NULL ? "tophash check ..." : command,
               found.token);
    }
    figures_print(result);
    return TH_EXIT_FAILED;
}

static int judge(const struct thi_engine_result *result)
{
    if (found.there) {
        return failed(result);
    }
    if (result->verdict == TH_VERDICT_BROKEN) {
        trouble = "the search ran out of memory";
        fprintf(stderr, "tophash check: error in harness: %s\n", trouble);
        return TH_EXIT_HARNESS;
    }
    if (result->verdict == TH_VERDICT_BOUNDED) {
        return bounded(result);
    }
    trouble = vacuous(result);
    if (trouble != NULL) {
        fprintf(stderr, "tophash check: error in harness: %s\n", trouble);
        return TH_EXIT_HARNESS;
    }
    printf("verified (complete)\n");
    figures_print(result);
    return TH_EXIT_VERIFIED;
}

const struct thi_engine_error *thi_verdict_search(struct thi_engine_result *result)
{
    free(found.token);
    found.token = NULL;
    found.there = false;
    thi_engine_run(thi_runtime.engine, result);
    return found.there ? &found.error : NULL;
}

/* All there is to tell, for programs. `rows` and `mutation` may be NULL. */
static void json_write(int status, const struct thi_engine_result *result,
                       const struct thi_site_row *rows, size_t row_count,
                       const struct thi_mutation *mutation)
{
    static const enum thi_report_verdict_kind kinds[] = {
        [TH_EXIT_VERIFIED] = TH_REPORT_VERIFIED,
        [TH_EXIT_FAILED] = TH_REPORT_FAILED,
        [TH_EXIT_BOUNDED] = TH_REPORT_BOUNDED,
        [TH_EXIT_HARNESS] = TH_REPORT_HARNESS,
    };
    struct thi_report_verdict verdict = {.kind = kinds[status],
                                         .result = result,
                                         .command = thi_runtime.options->command,
                                         .trouble = trouble};
    struct thi_text text = {.bytes = NULL}, place = {.bytes = NULL};
    if (status == TH_EXIT_FAILED) {
        struct thi_record_site site = {.file = NULL};
        thi_names_site(found.error.access.site, &site);
        if (site.file != NULL) {
            thi_text_format(&place, "%s:%" PRIu32, site.file, site.line);
            verdict.place = thi_text_get(&place);
        }
        verdict.failure = found.error.message;
        verdict.replay = found.token;
    }
    thi_report_json(&text, &verdict, rows, row_count, mutation);
    file_write(thi_runtime.options->json, &text);
    thi_text_fini(&place);
    thi_text_fini(&text);
}

/* Coverage and mutation, as asked for, once the program is verified; and the JSON of it all. */
static int sites_judge(int status, const struct thi_engine_result *result)
{
    const struct thi_check_options *options = thi_runtime.options;
    struct thi_mutation mutation = {.rows = NULL};
    bool mutated = false;
    size_t count = 0;
    struct thi_site_row *rows = status == TH_EXIT_VERIFIED ? thi_sites_rows(&count) : NULL;
    int verdict = status;
    if (status == TH_EXIT_VERIFIED && rows == NULL) {
        fputs("tophash check: no memory for the table of atomic operations\n", stderr);
        return TH_EXIT_HARNESS;
    }
    if (status == TH_EXIT_VERIFIED && options->coverage) {
        thi_sites_print(rows, count);
    }
    if (status == TH_EXIT_VERIFIED && options->mutate) {
        mutated = thi_sites_mutate(rows, count, &mutation);
        status = !mutated                                      ? TH_EXIT_HARNESS
                 : mutation.survived + mutation.undecided != 0 ? TH_EXIT_FAILED
                                                               : TH_EXIT_VERIFIED;
    }
    if (options->json != NULL) {
        json_write(verdict, result, rows, count, mutated ? &mutation : NULL);
    }
    thi_mutation_fini(&mutation);
    free(rows);
    return status;
}

int thi_verdict_explore(void)
{
    struct thi_engine_result result;
    thi_verdict_search(&result);
    if (!thi_runtime.options->quiet && result.elapsed_s > 0.5 && isatty(STDERR_FILENO) == 1) {
        fputc('\n', stderr); /* behind the progress line */
    }
    int status = sites_judge(judge(&result), &result);
    free(found.token);
    return status;
}

int thi_verdict_replay(void)
{
    if (!replay(thi_runtime.options->replay)) {
        return TH_EXIT_HARNESS;
    }
    if (!shown) {
        printf("\nthis execution is right\n");
        return TH_EXIT_VERIFIED;
    }
    if (is_harness_error(found.error.kind)) {
        return TH_EXIT_HARNESS;
    }
    printf("\nfailed: %s\n", found.error.message);
    return TH_EXIT_FAILED;
}
