/* SPDX-License-Identifier: MIT
 * archive.c - the members of an archive, each written to a file.
 *
 * Layout       8 bytes "!<arch>\n", then for each member 60 bytes of text and its bytes, padded to
 *              an even number. A name ends with '/'; longer ones stand in the member "//", and
 *              "/12" is the one that begins at its byte 12.
 */
#include "inputs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HEAD_BYTES = 60, MAGIC_BYTES = 8 };

bool thi_archive_is(const char *path)
{
    char magic[MAGIC_BYTES] = {0};
    FILE *file = fopen(path, "rb");
    size_t size = file == NULL ? 0 : fread(magic, 1, sizeof magic, file);
    if (file != NULL) {
        fclose(file);
    }
    return size == sizeof magic && memcmp(magic, "!<arch>\n", MAGIC_BYTES) == 0;
}

static bool member_write(const char *path, const char *bytes, size_t size)
{
    FILE *file = fopen(path, "wb");
    bool ok = file != NULL && fwrite(bytes, 1, size, file) == size;
    ok = file != NULL && fclose(file) == 0 && ok;
    if (!ok) {
        perror(path);
    }
    return ok;
}

/* The member's name; `names` is the table of long ones. */
static void name_read(const char *head, const char *names, char *out, size_t out_bytes)
{
    const char *from = head;
    if (head[0] == '/' && head[1] >= '0' && head[1] <= '9' && names != NULL) {
        from = names + strtoul(head + 1, NULL, 10);
    }
    size_t size = strcspn(from, "/\n");
    size = size < out_bytes ? size : out_bytes - 1;
    memcpy(out, from, size);
    out[size] = '\0';
}

bool thi_archive_each(const char *path, const char *member_path,
                      bool (*take)(void *context, const char *name), void *context)
{
    size_t size;
    char *text = thi_audit_file_read(path, &size);
    const char *names = NULL;
    bool ok = text != NULL;
    size_t at = MAGIC_BYTES;
    while (ok && at + HEAD_BYTES <= size) {
        const char *head = text + at;
        size_t bytes = strtoul(head + 48, NULL, 10);
        const char *body = head + HEAD_BYTES;
        if (at + HEAD_BYTES + bytes > size) {
            fprintf(stderr, "tophash audit: %s is cut off\n", path);
            ok = false;
            break;
        }
        if (strncmp(head, "// ", 3) == 0) {
            names = body;
        } else if (strncmp(head, "/ ", 2) != 0 && strncmp(head, "/SYM64/", 7) != 0) {
            char name[256];
            name_read(head, names, name, sizeof name);
            ok = member_write(member_path, body, bytes) && take(context, name);
        }
        at += HEAD_BYTES + bytes + bytes % 2;
    }
    free(text);
    return ok;
}
