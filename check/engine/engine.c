/* SPDX-License-Identifier: MIT
 * engine.c - the life of an engine, and a run of the search from outside.
 */
#include "engine/engine_priv.h"

#include <stdlib.h>

enum { THREADS_DEFAULT = 16, EVENTS_DEFAULT = 4000, PROGRESS_MS_DEFAULT = 500 };

static void options_complete(struct thi_engine_options *options, uint32_t thread_count)
{
    if (options->threads_max == 0) {
        options->threads_max = THREADS_DEFAULT;
    }
    if (options->threads_max < thread_count) {
        options->threads_max = thread_count;
    }
    if (options->threads_max > TH_ENGINE_THREADS_LIMIT) {
        options->threads_max = TH_ENGINE_THREADS_LIMIT;
    }
    if (options->events_max == 0) {
        options->events_max = EVENTS_DEFAULT;
    }
    if (options->events_max > UINT16_MAX - 1) {
        options->events_max = UINT16_MAX - 1; /* a clock's number must hold it */
    }
    if (options->progress_ms == 0) {
        options->progress_ms = PROGRESS_MS_DEFAULT;
    }
}

struct thi_engine *thi_engine_new(const struct thi_program *program,
                                  const struct thi_engine_options *options)
{
    if (program->thread_count == 0 || program->thread_count > TH_ENGINE_THREADS_LIMIT) {
        return NULL;
    }
    struct thi_engine *engine = calloc(1, sizeof *engine);
    if (engine == NULL) {
        return NULL;
    }
    engine->program = *program;
    engine->options = *options;
    options_complete(&engine->options, program->thread_count);
    engine->stride = (engine->options.threads_max + 3) / 4 * 4;
    engine->running = TH_NO_THREAD;
    engine->shadow = thi_shadow_new();
    engine->sites = thi_sites_new();
    if (engine->shadow == NULL || engine->sites == NULL) {
        thi_engine_free(engine);
        return NULL;
    }
    return engine;
}

void thi_engine_free(struct thi_engine *engine)
{
    if (engine == NULL) {
        return;
    }
    for (uint32_t i = 0; i < engine->frame_capacity; i++) {
        free(engine->frames[i].graph.events);
        free(engine->frames[i].graph.clocks);
    }
    thi_shadow_free(engine->shadow);
    thi_sites_free(engine->sites);
    free(engine->frames);
    free(engine->locations);
    free(engine->location_hash);
    free(engine->scratch);
    free(engine->remap);
    free(engine->seen);
    free(engine);
}

/* Forgets everything of an earlier search but memory, overrides and the numbers of threads. */
void thi_engine_reset(struct thi_engine *engine, struct thi_engine_result *result)
{
    *result = (struct thi_engine_result){.workers = 1};
    engine->result = result;
    engine->frame_count = 0;
    engine->stop = false;
    engine->broken = false;
    engine->replaying = false;
    engine->seq_cst_count = 0;
    engine->heavy_fence_count = 0;
    engine->location_count = 0;
    if (engine->location_hash != NULL) {
        memset(engine->location_hash, 0xff,
               ((size_t)engine->location_hash_mask + 1) * sizeof *engine->location_hash);
    }
    engine->thread_count = engine->program.thread_count;
    for (uint32_t i = 0; i < engine->thread_count; i++) {
        engine->threads[i] = (struct thread){.parent = i,
                                             .child_index = i,
                                             .executed_last = TH_ENGINE_NO_EVENT,
                                             .event_last = TH_ENGINE_NO_EVENT};
        engine->thread_order[i] = i;
    }
    free(engine->seen);
    engine->seen = NULL;
    engine->seen_count = 0;
    thi_sites_reset(engine->sites);
}

void thi_engine_verdict(const struct thi_engine *engine, struct thi_engine_result *result)
{
    if (result->errors > 0) {
        result->verdict = TH_VERDICT_ERROR;
    } else if (engine->broken) {
        result->verdict = TH_VERDICT_BROKEN;
    } else if (result->bounds != 0) {
        result->verdict = TH_VERDICT_BOUNDED;
    } else {
        result->verdict = TH_VERDICT_COMPLETE;
    }
    if (result->threads < engine->thread_count) { /* workers have said what they saw */
        result->threads = engine->thread_count;
    }
}

void thi_engine_run(struct thi_engine *engine, struct thi_engine_result *result)
{
    thi_engine_reset(engine, result);
    if (engine->options.workers > 1) {
        thi_workers_search(engine);
    } else {
        thi_search(engine);
    }
    thi_engine_verdict(engine, result);
}
