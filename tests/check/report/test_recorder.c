/* SPDX-License-Identifier: MIT
 * test_recorder.c - records of what the engine runs, and what holds of every one of them.
 */
#include "test.h"

#include "report/analysis.h"
#include "report/recorder.h"
#include "report/report.h"

enum { THREADS_MAX = 3, OPERATIONS_MAX = 5, LOCATION_COUNT = 2 };

/* A straight-line program: what each thread does, one after the other. A plain access is noted and
 * goes through memory, everything else is an operation of the engine's. */
struct action {
    bool plain;
    bool write; /* of a plain access */
    unsigned location;
    struct thi_operation operation;
};

static struct {
    struct action actions[THREADS_MAX][OPERATIONS_MAX];
    size_t counts[THREADS_MAX];
    size_t thread_count;
    /* The execution that runs. */
    size_t next[THREADS_MAX];
    uint32_t event_index[THREADS_MAX];
    /* What was seen. */
    size_t executions, errors, records_wrong;
    size_t edges_broken, edges_missing;
    uint32_t edge_site_from, edge_site_to; /* of the last broken one */
} run;

static uint64_t plain_memory[LOCATION_COUNT];
static uint64_t atomic_memory[LOCATION_COUNT];
static struct thi_engine *engine;
static struct thi_recorder *recorder;

static void name_site(void *context, uint32_t site, struct thi_record_site *out)
{
    (void)context;
    out->file = "program.c";
    out->line = site;
    out->text = "";
}

static bool name_object(void *context, uintptr_t address, struct thi_record_object *out)
{
    static const char *const names[] = {"p", "q", "x", "y"};
    (void)context;
    for (unsigned i = 0; i < LOCATION_COUNT; i++) {
        bool plain = address == (uintptr_t)&plain_memory[i];
        if (plain || address == (uintptr_t)&atomic_memory[i]) {
            out->name = names[plain ? i : i + 2];
            out->address = address;
            out->size_bytes = 8;
            return true;
        }
    }
    return false;
}

static const struct thi_recorder_names names = {.site = name_site, .object = name_object};

static void restart(void *context)
{
    (void)context;
    memset(run.next, 0, sizeof run.next);
    memset(run.event_index, 0, sizeof run.event_index);
    memset(plain_memory, 0, sizeof plain_memory);
    memset(atomic_memory, 0, sizeof atomic_memory);
    thi_recorder_clear(recorder);
}

/* Makes a plain access; false: it is an error. */
static bool plain_access(uint32_t thread, const struct action *action)
{
    uintptr_t address = (uintptr_t)&plain_memory[action->location];
    struct thi_location location;
    uint32_t site = action->operation.site;
    if (thi_engine_plain(engine, address, 8, action->write, site, &location) != TH_PLAIN_DONE) {
        return false;
    }
    thi_recorder_note(recorder, &(struct thi_recorder_note){.thread = thread,
                                                            .index = run.event_index[thread],
                                                            .kind = action->write ? TH_RECORD_WRITE
                                                                                  : TH_RECORD_READ,
                                                            .address = address,
                                                            .bytes = 8,
                                                            .site = site});
    if (action->write) {
        plain_memory[action->location] = site;
    }
    return true;
}

static void step(void *context, uint32_t thread, uint64_t result, struct thi_operation *operation)
{
    (void)context;
    (void)result;
    while (run.next[thread] < run.counts[thread]) {
        const struct action *action = &run.actions[thread][run.next[thread]++];
        if (!action->plain) {
            *operation = action->operation;
            run.event_index[thread] += action->operation.kind == TH_OP_RMW ? 2 : 1;
            return;
        }
        if (!plain_access(thread, action)) {
            *operation = (struct thi_operation){.kind = TH_OP_STOP};
            return;
        }
    }
    *operation = (struct thi_operation){.kind = TH_OP_END};
}

/* Happens-before contains program order and is closed; sources come before their reads. */
static bool record_is_sound(const struct thi_record *record)
{
    bool sound = true;
    for (uint32_t b = 0; b < record->event_count; b++) {
        const struct thi_record_event *event = &record->events[b];
        sound = sound && (event->source >= TH_RECORD_INITIAL || event->source < b);
        for (uint32_t a = 0; a < record->event_count; a++) {
            const struct thi_record_event *other = &record->events[a];
            bool hb = thi_record_hb(record, a, b);
            sound = sound && (!hb || a < b);
            if (other->thread == event->thread) {
                sound = sound && hb == (a < b) && (other->index < event->index) == (a < b);
            }
            for (uint32_t c = b; hb && c < record->event_count; c++) {
                sound = sound && (!thi_record_hb(record, b, c) || thi_record_hb(record, a, c));
            }
        }
    }
    return sound;
}

/* The order of the table extends happens-before and reads-from; a read of which nothing is said
 * takes the newest value of those above it. */
static bool order_is_sound(const struct thi_analysis *analysis)
{
    const struct thi_record *record = analysis->record;
    bool sound = true;
    for (uint32_t b = 0; b < record->event_count; b++) {
        const struct thi_record_event *event = &record->events[b];
        uint32_t place = analysis->position[b];
        if (place == TH_RECORD_NONE) {
            continue;
        }
        for (uint32_t a = 0; a < record->event_count; a++) {
            bool first = thi_record_hb(record, a, b) || event->source == a;
            sound = sound && (!first || analysis->position[a] < place);
            const struct thi_record_event *write = &record->events[a];
            if (thi_is_read(event) && thi_is_atomic(event) && thi_is_write(write) && a != b &&
                thi_same_location(event, write) && analysis->position[a] < place &&
                write->mo_position > thi_source_position(record, event)) {
                sound = sound && analysis->skipped[b] != TH_RECORD_NONE;
            }
        }
    }
    return sound;
}

static bool lines_fit(const char *text)
{
    while (*text != '\0') {
        size_t size = strcspn(text, "\n");
        if (thi_text_width(text, size) > 100) {
            return false;
        }
        text += size + (text[size] == '\n');
    }
    return true;
}

/* Makes the record of the current graph and looks whether all is well with it. */
static void look(const struct thi_engine_error *error)
{
    static const struct thi_report_options page = {.width = 100};
    const struct thi_record *record = thi_recorder_finish(recorder, engine, error, &names);
    struct thi_analysis analysis;
    struct thi_text text = {.bytes = NULL};
    if (record == NULL || !thi_analysis_init(&analysis, record)) {
        run.records_wrong++;
        return;
    }
    thi_report_counterexample(&text, &analysis, &page);
    thi_report_explain(&text, &analysis, &page);
    thi_report_dot(&text, &analysis);
    bool sound = record_is_sound(record) && order_is_sound(&analysis) && !text.failed;
    thi_text_clear(&text);
    thi_report_counterexample(&text, &analysis, &page);
    run.records_wrong += !sound || !lines_fit(thi_text_get(&text));
    run.edges_broken += analysis.edge.kind == TH_EDGE_BROKEN;
    run.edges_missing += analysis.edge.kind == TH_EDGE_MISSING;
    if (analysis.edge.kind == TH_EDGE_BROKEN) {
        for (size_t i = 0; i < analysis.edge.hop_count; i++) {
            if (analysis.edge.path[i].kind == TH_HOP_READ) {
                run.edge_site_from =
                    record->sites[record->events[analysis.edge.path[i].from].site].line;
                run.edge_site_to =
                    record->sites[record->events[analysis.edge.path[i].to].site].line;
            }
        }
    }
    thi_text_fini(&text);
    thi_analysis_fini(&analysis);
}

static void finish(void *context)
{
    (void)context;
    run.executions++;
    look(NULL);
}

static bool failed(void *context, const struct thi_engine_error *error)
{
    (void)context;
    run.errors++;
    look(error);
    return true;
}

/* Runs all executions of the program. */
static bool explore(void)
{
    const struct thi_program program = {.thread_count = (uint32_t)run.thread_count,
                                        .restart = restart,
                                        .step = step,
                                        .finish = finish,
                                        .error = failed};
    const struct thi_engine_options options = {.continue_after_error = true, .workers = 1};
    struct thi_engine_result result;
    engine = thi_engine_new(&program, &options);
    recorder = thi_recorder_new();
    bool ready = engine != NULL && recorder != NULL;
    if (ready) {
        thi_engine_run(engine, &result);
    }
    thi_recorder_free(recorder);
    thi_engine_free(engine);
    return ready;
}

static void program_clear(size_t thread_count)
{
    memset(&run, 0, sizeof run);
    run.thread_count = thread_count;
}

static struct action *program_add(size_t thread, enum thi_operation_kind kind, enum thi_order order,
                                  unsigned location, uint64_t value)
{
    struct action *action = &run.actions[thread][run.counts[thread]];
    bool fence = kind == TH_OP_FENCE;
    *action =
        (struct action){.location = location,
                        .operation = {.kind = kind,
                                      .order = order,
                                      .bytes = fence ? 0 : 8,
                                      .address = fence ? 0 : (uintptr_t)&atomic_memory[location],
                                      .value = value,
                                      .site = (uint32_t)(10 * thread + run.counts[thread] + 1)}};
    run.counts[thread]++;
    return action;
}

static void program_add_plain(size_t thread, unsigned location, bool write)
{
    struct action *action = program_add(thread, TH_OP_LOAD, TH_ORDER_PLAIN, location, 0);
    action->plain = true;
    action->write = write;
}

TEST(recorder_message_passing_names_the_broken_edge)
{
    /* Goal: the race of a published value is put down to the store and the load that do not
     * synchronise, by the sites they have. */
    program_clear(2);
    program_add_plain(0, 0, true);
    program_add(0, TH_OP_STORE, TH_ORDER_RELAXED, 0, 1); /* site 2 */
    program_add(1, TH_OP_LOAD, TH_ORDER_ACQUIRE, 0, 0);  /* site 11 */
    program_add_plain(1, 0, false);
    REQUIRE(explore());
    CHECK_EQ(run.errors, 2);
    CHECK_EQ(run.records_wrong, 0);
    CHECK_EQ(run.edges_broken, 1);  /* where the load sees the store */
    CHECK_EQ(run.edges_missing, 1); /* where it does not */
    CHECK_EQ(run.edge_site_from, 2);
    CHECK_EQ(run.edge_site_to, 11);
}

TEST(recorder_random_programs_give_sound_records)
{
    /* Goal: of every execution and error of random programs, the record's happens-before is closed
     * and contains program order, the table's order extends it, stale reads are marked, lines fit.
     */
    uint64_t random = test_seed;
    static const enum thi_order orders[] = {TH_ORDER_RELAXED, TH_ORDER_ACQUIRE, TH_ORDER_RELEASE,
                                            TH_ORDER_ACQ_REL, TH_ORDER_SEQ_CST};
    size_t executions = 0, errors = 0;
    for (uint64_t round = 0; round < test_scaled(60); round++) {
        program_clear(2 + test_random(&random) % 2);
        for (size_t t = 0; t < run.thread_count; t++) {
            size_t count = 2 + test_random(&random) % (run.thread_count == 2 ? 4 : 2);
            for (size_t i = 0; i < count; i++) {
                uint64_t draw = test_random(&random);
                unsigned location = (unsigned)(draw >> 8) % LOCATION_COUNT;
                enum thi_order order = orders[(draw >> 16) % 5];
                bool any_acquire = order != TH_ORDER_RELEASE && order != TH_ORDER_ACQ_REL;
                bool any_release = order != TH_ORDER_ACQUIRE && order != TH_ORDER_ACQ_REL;
                switch (draw % 8) {
                case 0: program_add_plain(t, location, (draw >> 24) % 2); break;
                case 1: program_add(t, TH_OP_FENCE, order, 0, 0); break;
                case 2: program_add(t, TH_OP_RMW, order, location, draw % 3); break;
                case 3:
                case 4:
                    program_add(t, TH_OP_LOAD, any_acquire ? order : TH_ORDER_RELAXED, location, 0);
                    break;
                default:
                    program_add(t, TH_OP_STORE, any_release ? order : TH_ORDER_RELAXED, location,
                                10 * t + i + 1);
                }
            }
        }
        REQUIRE(explore());
        CHECK_EQ(run.records_wrong, 0);
        executions += run.executions;
        errors += run.errors;
    }
    CHECK(executions > 100 || test_scale_percent < 100);
    CHECK(errors > 0 || test_scale_percent < 100);
}

TEST(recorder_without_anything_is_empty)
{
    /* Goal: a thread that ends at once makes a record and a report of nothing. */
    program_clear(1);
    REQUIRE(explore());
    CHECK_EQ(run.executions, 1);
    CHECK_EQ(run.records_wrong, 0);
}

TEST_MAIN()
