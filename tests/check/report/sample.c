/* SPDX-License-Identifier: MIT
 * sample.c - executions made by hand, and the comparison of reports with files.
 */
#include "sample.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ADDRESS_FIRST = 0x10000, ADDRESS_STEP = 0x1000, PATH_BYTES_MAX = 512 };

void sample_begin(struct sample *sample, size_t thread_count)
{
    memset(sample, 0, sizeof *sample);
    sample->record = (struct thi_record){
        .events = sample->events,
        .threads = sample->threads,
        .thread_count = thread_count,
        .sites = sample->sites,
        .objects = sample->objects,
        .hb = sample->hb,
        .hb_words = SAMPLE_EVENTS_MAX / 64,
        .failure = {.thread = TH_RECORD_NONE,
                    .site = TH_RECORD_NONE,
                    .event = TH_RECORD_NONE,
                    .other = TH_RECORD_NONE,
                    .object = TH_RECORD_NONE,
                    .free_site = TH_RECORD_NONE},
    };
}

uint32_t sample_site(struct sample *sample, const char *file, uint32_t line, const char *code)
{
    sample->sites[sample->record.site_count] =
        (struct thi_record_site){.file = file, .line = line, .text = code};
    return (uint32_t)sample->record.site_count++;
}

uint32_t sample_object(struct sample *sample, const char *name, uint64_t size_bytes)
{
    uint64_t number = sample->record.object_count;
    sample->objects[number] =
        (struct thi_record_object){.name = name,
                                   .address = ADDRESS_FIRST + ADDRESS_STEP * number,
                                   .size_bytes = size_bytes,
                                   .alloc_site = TH_RECORD_NONE};
    return (uint32_t)sample->record.object_count++;
}

uint32_t sample_add(struct sample *sample, struct thi_record_event event)
{
    uint32_t number = (uint32_t)sample->record.event_count++;
    event.index = 0;
    for (uint32_t e = 0; e < number; e++) {
        if (sample->events[e].thread == event.thread) {
            event.index++;
            sample_order(sample, e, number);
        }
        bool starts = sample->events[e].kind == TH_RECORD_THREAD_CREATE &&
                      sample->events[e].other_thread == event.thread;
        bool ends =
            event.kind == TH_RECORD_THREAD_JOIN && sample->events[e].thread == event.other_thread;
        if (starts || ends) {
            sample_order(sample, e, number);
        }
    }
    sample->events[number] = event;
    return number;
}

static struct thi_record_event access_of(const struct sample *sample, uint32_t thread,
                                         enum thi_record_kind kind, enum thi_record_order order,
                                         uint32_t object)
{
    uint64_t size = sample->objects[object].size_bytes;
    return (struct thi_record_event){
        .thread = thread,
        .kind = kind,
        .order = order,
        .location = {.object = object, .size_bytes = size > 8 ? 8 : (uint32_t)size},
        .source = TH_RECORD_NONE,
        .mo_position = TH_RECORD_NONE,
        .other_thread = TH_RECORD_NONE,
        .site = TH_RECORD_NONE};
}

/* One more than the number of writes to `object` so far. */
static uint32_t next_position(const struct sample *sample, uint32_t object)
{
    uint32_t position = 1;
    for (size_t e = 0; e < sample->record.event_count; e++) {
        const struct thi_record_event *event = &sample->events[e];
        position += event->location.object == object &&
                    (event->kind == TH_RECORD_WRITE || event->kind == TH_RECORD_UPDATE);
    }
    return position;
}

uint32_t sample_write(struct sample *sample, uint32_t thread, enum thi_record_order order,
                      uint32_t object, uint64_t value)
{
    struct thi_record_event event = access_of(sample, thread, TH_RECORD_WRITE, order, object);
    event.value_written = value;
    event.mo_position = next_position(sample, object);
    return sample_add(sample, event);
}

uint32_t sample_read(struct sample *sample, uint32_t thread, enum thi_record_order order,
                     uint32_t object, uint32_t source)
{
    struct thi_record_event event = access_of(sample, thread, TH_RECORD_READ, order, object);
    event.source = source;
    event.value_read = source < SAMPLE_EVENTS_MAX ? sample->events[source].value_written : 0;
    return sample_add(sample, event);
}

uint32_t sample_update(struct sample *sample, uint32_t thread, enum thi_record_order order,
                       uint32_t object, uint32_t source, uint64_t value)
{
    struct thi_record_event event = access_of(sample, thread, TH_RECORD_UPDATE, order, object);
    event.source = source;
    event.value_read = source < SAMPLE_EVENTS_MAX ? sample->events[source].value_written : 0;
    event.value_written = value;
    event.mo_position = next_position(sample, object);
    return sample_add(sample, event);
}

uint32_t sample_fence(struct sample *sample, uint32_t thread, enum thi_record_order order)
{
    struct thi_record_event event = access_of(sample, thread, TH_RECORD_FENCE, order, 0);
    event.location = (struct thi_record_location){.object = TH_RECORD_NONE};
    return sample_add(sample, event);
}

uint32_t sample_thread(struct sample *sample, uint32_t thread, enum thi_record_kind kind,
                       uint32_t other)
{
    struct thi_record_event event = access_of(sample, thread, kind, TH_RECORD_PLAIN, 0);
    event.location = (struct thi_record_location){.object = TH_RECORD_NONE};
    event.other_thread = other;
    return sample_add(sample, event);
}

void sample_at(struct sample *sample, uint32_t site)
{
    sample->events[sample->record.event_count - 1].site = site;
}

void sample_order(struct sample *sample, uint32_t before, uint32_t after)
{
    sample->hb[after * sample->record.hb_words + before / 64] |= (uint64_t)1 << (before % 64);
}

void sample_fail(struct sample *sample, enum thi_failure_kind kind, uint32_t event, uint32_t other)
{
    struct thi_record_failure *failure = &sample->record.failure;
    failure->kind = kind;
    failure->event = event;
    failure->other = other;
    failure->thread = event == TH_RECORD_NONE ? 0 : sample->events[event].thread;
    failure->site = event == TH_RECORD_NONE ? TH_RECORD_NONE : sample->events[event].site;
}

const struct thi_record *sample_finish(struct sample *sample)
{
    size_t words = sample->record.hb_words;
    for (uint32_t after = 0; after < sample->record.event_count; after++) {
        for (uint32_t before = 0; before < after; before++) {
            for (size_t w = 0; w < words && thi_record_hb(&sample->record, before, after); w++) {
                sample->hb[after * words + w] |= sample->hb[before * words + w];
            }
        }
    }
    return &sample->record;
}

/* Shows the first line in which the two differ. */
static void difference_show(const char *got, const char *want, const char *path)
{
    int line = 1;
    while (*got != '\0' && *want != '\0') {
        size_t got_size = strcspn(got, "\n"), want_size = strcspn(want, "\n");
        if (got_size != want_size || memcmp(got, want, got_size) != 0) {
            break;
        }
        got += got_size + (got[got_size] == '\n');
        want += want_size + (want[want_size] == '\n');
        line++;
    }
    printf("# %s:%d: got  |%.*s|\n", path, line, (int)strcspn(got, "\n"), got);
    printf("# %s:%d: want |%.*s|\n", path, line, (int)strcspn(want, "\n"), want);
}

static bool update_file(const char *path, const struct thi_text *text)
{
    FILE *out = fopen(path, "w");
    if (out == NULL) {
        printf("# cannot write %s\n", path);
        return false;
    }
    bool whole = fwrite(thi_text_get(text), 1, text->size, out) == text->size;
    return fclose(out) == 0 && whole;
}

bool sample_matches(const struct thi_text *text, const char *name)
{
    char path[PATH_BYTES_MAX];
    snprintf(path, sizeof path, "tests/check/report/expected/%s", name);
    if (text->failed) {
        printf("# out of memory\n");
        return false;
    }
    if (getenv("TOPHASH_TEST_UPDATE") != NULL) {
        return update_file(path, text);
    }
    FILE *in = fopen(path, "r");
    if (in == NULL) {
        printf("# cannot read %s\n", path);
        return false;
    }
    struct thi_text want = {.bytes = NULL};
    char part[4096];
    for (size_t size; (size = fread(part, 1, sizeof part, in)) > 0;) {
        thi_text_add(&want, part, size);
    }
    fclose(in);
    bool same = want.size == text->size && !want.failed &&
                (want.size == 0 || memcmp(want.bytes, text->bytes, want.size) == 0);
    if (!same) {
        difference_show(thi_text_get(text), thi_text_get(&want), path);
    }
    thi_text_fini(&want);
    return same;
}
