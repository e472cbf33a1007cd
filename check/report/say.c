/* SPDX-License-Identifier: MIT
 * say.c - the words of the reports: places, objects and values.
 */
#include "report/say.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum {
    POINTER_MIN = 4096,        /* no object lies below: smaller numbers are numbers */
    DECIMAL_MAX = 9999999,     /* larger ones are said in hexadecimal */
    NEGATIVE_MAX = 4096,       /* how far below zero a number is taken for a negative one */
    LINE_BYTES_MAX = 4096,     /* of source */
    OBJECT_NAME_BYTES_MAX = 64 /* made from source; longer names are cut */
};

const char *thi_say_order(enum thi_record_order order)
{
    static const char *const names[] = {"plain",   "relaxed", "acquire",
                                        "release", "acq_rel", "seq_cst"};
    return (size_t)order < sizeof names / sizeof names[0] ? names[order] : "?";
}

void thi_say_thread(struct thi_text *text, const struct thi_record *record, uint32_t thread)
{
    const char *name = thread < record->thread_count ? record->threads[thread].name : NULL;
    thi_text_format(text, "T%" PRIu32 "%s%s", thread, name == NULL ? "" : " ",
                    name == NULL ? "" : name);
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash == NULL ? path : slash + 1;
}

void thi_say_site(struct thi_text *text, const struct thi_record *record, uint32_t site)
{
    if (site >= record->site_count || record->sites[site].file == NULL) {
        const char *function = site < record->site_count ? record->sites[site].function : NULL;
        thi_text_string(text, function == NULL ? "(no line known)" : function);
        return;
    }
    thi_text_format(text, "%s:%" PRIu32, base_name(record->sites[site].file),
                    record->sites[site].line);
}

/* Line `number` of the file at `path`, up to `line_bytes` - 1 bytes of it; false: there is none. */
static bool line_read(const char *path, uint32_t number, char *line, size_t line_bytes)
{
    FILE *in = number == 0 ? NULL : fopen(path, "r");
    if (in == NULL) {
        return false;
    }
    size_t size = 0;
    uint32_t at = 1;
    int c;
    while (at <= number && (c = getc(in)) != EOF) {
        if (c == '\n') {
            at++;
        } else if (at == number && size + 1 < line_bytes) {
            line[size++] = c == '\0' ? ' ' : (char)c;
        }
    }
    line[size] = '\0';
    fclose(in);
    return size > 0;
}

void thi_say_code(struct thi_text *text, const struct thi_record *record, uint32_t site)
{
    if (site >= record->site_count) {
        return;
    }
    const struct thi_record_site *place = &record->sites[site];
    const char *path = place->path != NULL ? place->path : place->file;
    char line[LINE_BYTES_MAX];
    const char *code = place->text;
    if (code == NULL && path != NULL && line_read(path, place->line, line, sizeof line)) {
        code = line;
    }
    bool blank = true; /* runs of white space become one blank, none at the ends */
    for (; code != NULL && *code != '\0'; code++) {
        if (isspace((unsigned char)*code)) {
            blank = true;
            continue;
        }
        if (blank && text->size > 0 && text->bytes[text->size - 1] != ' ' &&
            text->bytes[text->size - 1] != '\n') {
            thi_text_add(text, " ", 1);
        }
        blank = false;
        thi_text_add(text, (unsigned char)*code < 0x20 ? "?" : code, 1);
    }
}

static size_t identifier_size(const char *code)
{
    size_t size = 0;
    while (isalnum((unsigned char)code[size]) || code[size] == '_') {
        size++;
    }
    return size;
}

/* A name for a block, from the line that allocates it: the type behind sizeof, else the variable
 * before the equals sign, else "block"; "unnamed" for memory that nothing allocated. */
static void object_base(const struct thi_record *record, uint32_t object, char *name,
                        size_t name_bytes)
{
    struct thi_text code = {.bytes = NULL};
    thi_say_code(&code, record, record->objects[object].alloc_site);
    const char *line = thi_text_get(&code);
    const char *found = strstr(line, "sizeof(struct ");
    size_t size = 0;
    if (found != NULL) {
        found += strlen("sizeof(struct ");
        size = identifier_size(found);
    } else if ((found = strchr(line, '=')) != NULL && found > line) {
        const char *end = found;
        while (end > line && end[-1] == ' ') {
            end--;
        }
        found = end;
        while (found > line && (isalnum((unsigned char)found[-1]) || found[-1] == '_')) {
            found--;
        }
        size = (size_t)(end - found);
    }
    if (size == 0 || size >= name_bytes) {
        snprintf(name, name_bytes,
                 record->objects[object].storage == TH_RECORD_HEAP ? "block" : "unnamed");
    } else {
        memcpy(name, found, size);
        name[size] = '\0';
    }
    thi_text_fini(&code);
}

void thi_say_object(struct thi_text *text, const struct thi_record *record, uint32_t object)
{
    if (object >= record->object_count) {
        thi_text_string(text, "unknown memory");
        return;
    }
    const struct thi_record_object *self = &record->objects[object];
    if (self->name != NULL) {
        thi_text_string(text, self->name);
        return;
    }
    char name[OBJECT_NAME_BYTES_MAX], other[OBJECT_NAME_BYTES_MAX];
    object_base(record, object, name, sizeof name);
    unsigned number = 1;
    for (uint32_t i = 0; i < object; i++) {
        if (record->objects[i].name == NULL) {
            object_base(record, i, other, sizeof other);
            number += strcmp(name, other) == 0;
        }
    }
    thi_text_format(text, "%s#%u", name, number);
}

void thi_say_location(struct thi_text *text, const struct thi_record *record,
                      const struct thi_record_location *location)
{
    if (location->name != NULL) {
        thi_text_string(text, location->name);
        return;
    }
    thi_say_object(text, record, location->object);
    if (location->offset_bytes != 0) {
        thi_text_format(text, "+%" PRIu64, location->offset_bytes);
    }
}

/* True if `value` is an address in an object, or its end. */
static bool pointer_say(struct thi_text *text, const struct thi_record *record, uint64_t value)
{
    for (uint32_t i = 0; i < record->object_count; i++) {
        const struct thi_record_object *object = &record->objects[i];
        uint64_t offset = value - object->address;
        if (value >= POINTER_MIN && value >= object->address && object->size_bytes != 0 &&
            offset < object->size_bytes) {
            thi_text_string(text, "&");
            thi_say_object(text, record, i);
            if (offset != 0) {
                thi_text_format(text, "+%" PRIu64, offset);
            }
            return true;
        }
    }
    return false;
}

void thi_say_value(struct thi_text *text, const struct thi_record *record, uint64_t value,
                   uint32_t size_bytes)
{
    uint64_t most = size_bytes < 8 ? ((uint64_t)1 << (8 * size_bytes)) - 1 : UINT64_MAX;
    value &= most;
    if (size_bytes == 8 && pointer_say(text, record, value)) {
        return;
    }
    if (value <= DECIMAL_MAX) {
        thi_text_format(text, "%" PRIu64, value);
    } else {
        thi_text_format(text, "0x%" PRIx64, value);
        if (most - value < NEGATIVE_MAX) {
            thi_text_format(text, " (-%" PRIu64 ")", most - value + 1);
        }
    }
}
