/* SPDX-License-Identifier: MIT
 * main.c - main() of a checked program: explores, and says what came of it.
 *
 * Exit status  as `tophash check` documents it: 0 verified (complete), 1 failed, 2 wrong usage, 3
 *              verified within bounds, 4 error in the harness.
 */
#include "runtime/names.h"
#include "runtime/runtime.h"
#include "runtime/sites.h"
#include "runtime/tls.h"
#include "runtime/verdict.h"
#include "runtime/watch.h"

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

static bool progress(void *context, const struct thi_engine_progress *progress)
{
    (void)context;
    if (thi_runtime.options->quiet) {
        return false;
    }
    bool terminal = isatty(STDERR_FILENO) == 1;
    uint64_t all = progress->executions + progress->blocked;
    fprintf(stderr,
            "%s%" PRIu64 " executions, %" PRIu64 " blocked, depth %" PRIu32 ", about %" PRIu64
            " in all, %.0f a second%s",
            terminal ? "\r" : "", progress->executions, progress->blocked, progress->depth,
            progress->estimate, progress->elapsed_s > 0 ? (double)all / progress->elapsed_s : 0,
            terminal ? " " : "\n");
    fflush(stderr);
    return false;
}

static struct thi_engine_options engine_options(const struct thi_check_options *options)
{
    return (struct thi_engine_options){
        .c11_release_sequence = options->c11_release_sequence,
        .weak_cas_fails = options->weak_cas_fails,
        .find_leaks = options->leaks,
        .coverage = true,
        .threads_max = TH_FIBERS_MAX,
        .events_max = options->events_max,
        .executions_max = options->executions_max,
        .seconds_max = options->seconds_max,
        .workers = options->workers,
    };
}

static bool runtime_init(const struct thi_check_options *options)
{
    const struct thi_program program = {.thread_count = 1,
                                        .restart = thi_runtime_restart,
                                        .step = thi_runtime_step,
                                        .error = thi_verdict_error,
                                        .progress = progress};
    const struct thi_engine_options for_engine = engine_options(options);
    thi_runtime.options = options;
    thi_runtime.engine = thi_engine_new(&program, &for_engine);
    return thi_runtime.engine != NULL && thi_fiber_init() && thi_heap_init() && thi_image_init() &&
           thi_names_init() && thi_watch_init();
}

static int options_read(struct thi_check_options *options, int argc, char **argv)
{
    thi_check_options_init(options);
    for (int i = 1; i < argc; i++) {
        if (thi_check_options_take(options, argv[i]) != TH_CHECK_OPTION_TAKEN) {
            return TH_EXIT_USAGE;
        }
    }
    return 0;
}

int main(int argc, char **argv)
{
    struct thi_check_options options;
    int status = options_read(&options, argc, argv);
    if (status != 0) {
        return status;
    }
    if (!runtime_init(&options)) {
        fputs("tophash check: cannot set up memory at fixed addresses; is there a limit on memory "
              "(ulimit -v)?\n",
              stderr);
        return TH_EXIT_HARNESS;
    }
    if (!thi_tls_init()) {
        fputs("tophash check: error in harness: thread-local variables are not modelled on this "
              "processor; keep such state in the threads' arguments\n",
              stderr);
        return TH_EXIT_HARNESS;
    }
    if (options.weaken != NULL && !thi_sites_weaken(options.weaken)) {
        fputs("tophash check: --weaken is ORDER[/ORDER]@ADDRESS,... with hexadecimal addresses of "
              "this program\n",
              stderr);
        return TH_EXIT_USAGE;
    }
    status = options.replay != NULL ? thi_verdict_replay() : thi_verdict_explore();
    thi_engine_free(thi_runtime.engine);
    return status;
}
