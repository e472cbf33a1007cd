/* SPDX-License-Identifier: MIT
 * table.c - the counterexample as one table: time runs down, every thread has a column.
 *
 * Layout       one or two threads:  step | T1 writer          | T2 reader
 *              more: columns stand closer, and a cell runs over those to its right, which are empty
 *              in its lines.
 *              A cell is the place and the event; below it the line of source, if it is not the
 *              one shown last in this column; below that, behind "!", what is odd.
 */
#include "report/report.h"

#include <inttypes.h>
#include <string.h>

#include "report/say.h"

enum {
    WIDTH_DEFAULT = 100,
    WIDTH_MIN = 40,
    STEPS_DEFAULT = 100,
    NUMBER_COLUMNS = 6,    /* of the number of a step */
    CELL_COLUMNS_MIN = 44, /* columns that would be narrower are put closer and overlap */
    CELL_INDENT = 2,
    THREADS_MAX = 64 /* with a column of their own; more share the last one */
};

struct table {
    struct thi_text *text;
    const struct thi_analysis *analysis;
    const struct thi_record *record;
    struct thi_text cell;
    size_t width;
    size_t columns[THREADS_MAX]; /* where each thread's cells start; by thread */
    size_t stride;               /* from one column to the next */
    bool overlap;
    uint32_t last_line[THREADS_MAX]; /* of the source shown last; by thread */
    bool used[THREADS_MAX];          /* has lines; by thread */
};

static size_t page_width(const struct thi_report_options *options)
{
    size_t width = options->width == 0 ? WIDTH_DEFAULT : options->width;
    return width < WIDTH_MIN ? WIDTH_MIN : width;
}

static uint32_t column_of(uint32_t thread)
{
    return thread < THREADS_MAX ? thread : THREADS_MAX - 1;
}

/* The first step that is shown when there are more than `options` allows. */
static size_t first_step(const struct thi_analysis *analysis,
                         const struct thi_report_options *options)
{
    size_t most = options->steps_max == 0 ? STEPS_DEFAULT : options->steps_max;
    return analysis->step_count > most ? analysis->step_count - most : 0;
}

/* Does the table say that this thread waits for ever? One that waits for the end of another only if
 * no thread waits for anything else. */
static bool blocked_counts(const struct thi_record *record, uint32_t thread)
{
    bool others = false;
    for (size_t t = 0; t < record->thread_count; t++) {
        others = others || (record->threads[t].state == TH_RECORD_BLOCKED &&
                            record->threads[t].blocked_kind != TH_RECORD_THREAD_JOIN);
    }
    return record->failure.kind == TH_FAILURE_DEADLOCK &&
           record->threads[thread].state == TH_RECORD_BLOCKED &&
           (!others || record->threads[thread].blocked_kind != TH_RECORD_THREAD_JOIN);
}

static void columns_place(struct table *table, size_t first)
{
    const struct thi_record *record = table->record;
    const struct thi_record_failure *failure = &record->failure;
    size_t count = 0, place = 0;
    for (size_t i = first; i < table->analysis->step_count; i++) {
        table->used[column_of(record->events[table->analysis->steps[i]].thread)] = true;
    }
    for (uint32_t t = 0; t < record->thread_count; t++) {
        if ((failure->kind != TH_FAILURE_NONE && failure->kind != TH_FAILURE_DEADLOCK &&
             failure->kind != TH_FAILURE_LEAK && t == failure->thread) ||
            blocked_counts(record, t)) {
            table->used[column_of(t)] = true;
        }
    }
    for (size_t t = 0; t < THREADS_MAX; t++) {
        count += table->used[t];
    }
    size_t room = table->width - NUMBER_COLUMNS;
    size_t last_room = room < CELL_COLUMNS_MIN ? room : CELL_COLUMNS_MIN;
    table->stride = count == 0 ? room : room / count;
    table->overlap = count > 1 && table->stride < CELL_COLUMNS_MIN;
    if (table->overlap) {
        table->stride = (room - last_room) / (count - 1);
    }
    for (size_t t = 0; t < THREADS_MAX; t++) {
        table->columns[t] = NUMBER_COLUMNS + place * table->stride;
        place += table->used[t];
    }
}

/* The bars of the columns from `from` on, up to column `column` of the page. */
static void bars(struct table *table, size_t from, size_t column)
{
    for (size_t t = 0; t < THREADS_MAX; t++) {
        if (table->used[t] && table->columns[t] >= from && table->columns[t] <= column) {
            thi_text_pad(table->text, table->columns[t]);
            thi_text_string(table->text, "| ");
        }
    }
}

static size_t cell_room(const struct table *table, uint32_t thread)
{
    size_t column = table->columns[column_of(thread)];
    return table->overlap ? table->width - column - 2 : table->stride - 3;
}

/* Puts one line into the column of `thread` and closes the line. `number` 0: none. */
static void line_put(struct table *table, uint32_t thread, uint32_t number, const char *line,
                     size_t size)
{
    size_t column = table->columns[column_of(thread)];
    if (number != 0) {
        thi_text_format(table->text, "%*" PRIu32, NUMBER_COLUMNS - 1, number);
    }
    bars(table, 0, column);
    thi_text_add(table->text, line, size);
    bars(table, column + 3 + thi_text_width(line, size), table->width);
    thi_text_newline(table->text);
}

/* Puts the cell, whose paragraphs end with newlines, into the column of `thread`. */
static void cell_put(struct table *table, uint32_t thread, uint32_t number)
{
    size_t room = cell_room(table, thread);
    struct thi_text line = {.bytes = NULL};
    bool first = true;
    for (const char *part = thi_text_get(&table->cell); *part != '\0';) {
        size_t size = strcspn(part, "\n");
        struct thi_text paragraph = {.bytes = NULL};
        thi_text_add(&paragraph, part, size);
        /* All but the first line are indented. */
        thi_text_clear(&line);
        thi_text_repeat(&line, ' ', first ? 0 : CELL_INDENT);
        thi_text_wrap(&line, thi_text_get(&paragraph), CELL_INDENT, room);
        for (const char *row = thi_text_get(&line); *row != '\0';) {
            size_t row_size = strcspn(row, "\n");
            line_put(table, thread, first ? number : 0, row, row_size);
            first = false;
            row += row_size + (row[row_size] == '\n');
        }
        table->text->failed = table->text->failed || paragraph.failed || line.failed;
        thi_text_fini(&paragraph);
        part += size + (part[size] == '\n');
    }
    thi_text_fini(&line);
    thi_text_clear(&table->cell);
}

static void cell_begin(struct table *table, uint32_t site)
{
    thi_say_site(&table->cell, table->record, site);
    thi_text_string(&table->cell, "  ");
}

/* The line of source, unless it stands above already; cut to what fits into a line or two. */
static void cell_code(struct table *table, uint32_t thread, uint32_t site)
{
    uint32_t *last = &table->last_line[column_of(thread)];
    if (site >= table->record->site_count || table->record->sites[site].line == *last) {
        return;
    }
    *last = table->record->sites[site].line;
    struct thi_text code = {.bytes = NULL};
    thi_say_code(&code, table->record, site);
    size_t room = cell_room(table, thread) - CELL_INDENT;
    const char *line = thi_text_get(&code);
    if (*line != '\0') {
        size_t end = 0, columns = 0;
        while (line[end] != '\0' && columns + 4 < 2 * room) {
            columns += ((unsigned char)line[end] & 0xc0) != 0x80;
            end++;
        }
        while (((unsigned char)line[end] & 0xc0) == 0x80) {
            end++;
        }
        thi_text_add(&table->cell, line, end);
        thi_text_string(&table->cell, line[end] == '\0' ? "\n" : "...\n");
    }
    table->cell.failed = table->cell.failed || code.failed;
    thi_text_fini(&code);
}

/* The skipped and late marks of a step. */
static void cell_oddities(struct table *table, uint32_t event)
{
    const struct thi_analysis *analysis = table->analysis;
    uint32_t skipped = analysis->skipped[event], late = analysis->late[event];
    if (skipped != TH_RECORD_NONE) {
        const struct thi_record_event *write = &table->record->events[skipped];
        thi_text_string(&table->cell, "! stale: ");
        thi_say_step(&table->cell, analysis, skipped);
        thi_text_string(&table->cell, " has stored the newer ");
        thi_say_value(&table->cell, table->record, write->value_written,
                      write->location.size_bytes);
        thi_text_format(&table->cell,
                        "; allowed, as nothing makes T%" PRIu32 "'s store happen before this\n",
                        write->thread);
    }
    if (late != TH_RECORD_NONE && skipped == TH_RECORD_NONE) {
        thi_text_string(&table->cell, "! late: this value counts as older than that of ");
        thi_say_step(&table->cell, analysis, late);
        thi_text_string(&table->cell, "; allowed, as nothing orders the two\n");
    }
}

static void cell_failure(struct table *table, uint32_t event)
{
    const struct thi_record_failure *failure = &table->record->failure;
    if (event != failure->event) {
        return;
    }
    bool other = failure->other < table->record->event_count;
    switch (failure->kind) {
    case TH_FAILURE_RACE: thi_text_string(&table->cell, "! data race"); break;
    case TH_FAILURE_USE_AFTER_FREE:
        thi_text_string(&table->cell, table->record->events[event].kind == TH_RECORD_FREE
                                          ? "! freed while in use"
                                          : "! use after free");
        break;
    case TH_FAILURE_DOUBLE_FREE: thi_text_string(&table->cell, "! double free"); break;
    case TH_FAILURE_UNPUBLISHED:
    case TH_FAILURE_UNINITIALISED:
    case TH_FAILURE_OUT_OF_BOUNDS:
    case TH_FAILURE_BAD_FREE: thi_text_string(&table->cell, "! not allowed"); break;
    default: thi_text_string(&table->cell, "! fails here"); break;
    }
    if (other) {
        thi_text_string(&table->cell, ", see ");
        thi_say_step(&table->cell, table->analysis, failure->other);
    }
    thi_text_string(&table->cell, "\n");
}

static void step_put(struct table *table, uint32_t event)
{
    const struct thi_record_event *self = &table->record->events[event];
    cell_begin(table, self->site);
    thi_say_event(&table->cell, table->record, event);
    bool lock = self->kind == TH_RECORD_LOCK && self->source < table->record->event_count;
    if ((thi_is_read(self) || lock) && self->source != TH_RECORD_NONE) {
        thi_text_string(&table->cell, ", ");
        thi_say_source(&table->cell, table->analysis, event);
    }
    thi_text_string(&table->cell, "\n");
    cell_code(table, self->thread, self->site);
    cell_oddities(table, event);
    cell_failure(table, event);
    cell_put(table, self->thread, table->analysis->number[event]);
}

/* What the threads wait for that will not go on. */
static void blocked_put(struct table *table, uint32_t thread)
{
    const struct thi_record_thread *self = &table->record->threads[thread];
    struct thi_text *cell = &table->cell;
    cell_begin(table, self->blocked_site);
    switch (self->blocked_kind) {
    case TH_RECORD_THREAD_JOIN:
        thi_text_string(cell, "waits for the end of ");
        thi_say_thread(cell, table->record, self->blocked_thread);
        break;
    case TH_RECORD_LOCK:
        thi_text_string(cell, "waits for ");
        thi_say_location(cell, table->record, &self->blocked_location);
        if (self->blocked_thread != TH_RECORD_NONE) {
            thi_text_format(cell, ", which T%" PRIu32 " holds", self->blocked_thread);
        }
        break;
    case TH_RECORD_WAIT:
    case TH_RECORD_WOKEN:
        thi_text_string(cell, "waits to be woken on ");
        thi_say_location(cell, table->record, &self->blocked_location);
        break;
    default:
        thi_text_string(cell, "waits for another value of ");
        thi_say_location(cell, table->record, &self->blocked_location);
        thi_text_string(cell, "; it has read the newest");
    }
    thi_text_string(cell, "\n");
    cell_code(table, thread, self->blocked_site);
    thi_text_string(cell, "! waits for ever\n");
    cell_put(table, thread, 0);
}

/* A failure that is no event: an assertion, a crash, threads that wait. */
static void end_put(struct table *table)
{
    const struct thi_record_failure *failure = &table->record->failure;
    for (uint32_t t = 0; t < table->record->thread_count; t++) {
        if (blocked_counts(table->record, t)) {
            blocked_put(table, t);
        }
    }
    if (failure->kind != TH_FAILURE_ASSERT && failure->kind != TH_FAILURE_CRASH &&
        failure->kind != TH_FAILURE_MISUSE) {
        return;
    }
    cell_begin(table, failure->site);
    thi_text_format(&table->cell, "! %s: %s\n",
                    failure->kind == TH_FAILURE_ASSERT  ? "fails"
                    : failure->kind == TH_FAILURE_CRASH ? "crashes"
                                                        : "misuse",
                    failure->text == NULL ? "" : failure->text);
    cell_code(table, failure->thread, failure->site);
    cell_put(table, failure->thread, 0);
}

/* The names over the columns; one that does not fit is cut to its number and said before. */
static void head_put(struct table *table)
{
    struct thi_text head = {.bytes = NULL}, name = {.bytes = NULL};
    for (uint32_t t = 0; t < table->record->thread_count && t < THREADS_MAX; t++) {
        thi_text_clear(&name);
        thi_say_thread(&name, table->record, t);
        bool fits = name.size + 4 <= table->stride;
        if (table->used[t] && !fits) {
            thi_text_string(table->text, "  ");
            thi_text_wrap(table->text, thi_text_get(&name), 5, table->width);
            thi_text_newline(table->text);
        }
        if (table->used[t]) {
            thi_text_string(&head, head.size == 0 ? " step" : "");
            thi_text_pad(&head, table->columns[t]);
            thi_text_add(&head, "| ", 2);
            thi_text_add(&head, thi_text_get(&name),
                         fits ? name.size : strcspn(thi_text_get(&name), " "));
        }
    }
    thi_text_string(table->text, thi_text_get(&head));
    thi_text_newline(table->text);
    size_t start = table->text->size;
    thi_text_repeat(table->text, '-', table->width);
    for (size_t t = 0; t < THREADS_MAX && !table->text->failed; t++) {
        if (table->used[t]) {
            table->text->bytes[start + table->columns[t]] = '+';
        }
    }
    thi_text_newline(table->text);
    table->text->failed = table->text->failed || name.failed || head.failed;
    thi_text_fini(&name);
    thi_text_fini(&head);
}

static bool is_empty(const struct table *table)
{
    for (size_t t = 0; t < THREADS_MAX; t++) {
        if (table->used[t]) {
            return false;
        }
    }
    return true;
}

void thi_report_table(struct thi_text *text, const struct thi_analysis *analysis,
                      const struct thi_report_options *options)
{
    struct table table = {.text = text,
                          .analysis = analysis,
                          .record = analysis->record,
                          .width = page_width(options)};
    size_t first = first_step(analysis, options);
    columns_place(&table, first);
    if (is_empty(&table)) {
        return;
    }
    head_put(&table);
    if (first > 0) {
        thi_text_format(text, "  (steps 1 to %zu are left out)\n", first);
    }
    for (size_t i = first; i < analysis->step_count; i++) {
        step_put(&table, analysis->steps[i]);
    }
    if (analysis->step_count == 0) {
        thi_text_string(text, "  (before this, no two threads touched the same)\n");
    }
    end_put(&table);
    text->failed = text->failed || table.cell.failed;
    thi_text_fini(&table.cell);
}

void thi_report_headline(struct thi_text *text, const struct thi_analysis *analysis,
                         const struct thi_report_options *options)
{
    const struct thi_record_failure *failure = &analysis->record->failure;
    struct thi_text line = {.bytes = NULL};
    uint32_t site = failure->site;
    if (site >= analysis->record->site_count && failure->event < analysis->record->event_count) {
        site = analysis->record->events[failure->event].site;
    }
    if (site < analysis->record->site_count) {
        thi_say_site(&line, analysis->record, site);
        thi_text_string(&line, ": ");
    }
    thi_say_failure(&line, analysis);
    thi_text_wrap(text, thi_text_get(&line), 4, page_width(options));
    thi_text_newline(text);
    text->failed = text->failed || line.failed;
    thi_text_fini(&line);
}

/* Where the blocks came from that the table names. */
static void names_put(struct thi_text *text, const struct thi_analysis *analysis)
{
    const struct thi_record *record = analysis->record;
    for (uint32_t object = 0; object < record->object_count; object++) {
        const struct thi_record_object *self = &record->objects[object];
        bool named = false;
        for (size_t i = 0; i < analysis->step_count; i++) {
            named = named || record->events[analysis->steps[i]].location.object == object;
        }
        if (named && self->storage == TH_RECORD_HEAP && self->alloc_site < record->site_count) {
            thi_text_string(text, "  ");
            thi_say_object(text, record, object);
            thi_text_format(text, " is the block of %" PRIu64 " bytes from ", self->size_bytes);
            thi_say_site(text, record, self->alloc_site);
            thi_text_newline(text);
        }
    }
}

void thi_report_counterexample(struct thi_text *text, const struct thi_analysis *analysis,
                               const struct thi_report_options *options)
{
    thi_report_headline(text, analysis, options);
    thi_text_newline(text);
    size_t start = text->size;
    thi_report_table(text, analysis, options);
    names_put(text, analysis);
    if (text->size > start) {
        thi_text_newline(text);
    }
    thi_report_edge(text, analysis, options);
}
