/* SPDX-License-Identifier: MIT
 * map_bytes.c - keys of bytes: counts the words of a text.
 */
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <tophash/map.h>

static const char text[] = "the map keeps the words and the map counts the words";

/* Counts one more of this word. Right from any number of threads: whoever inserts first starts at
 * 1, the others add. */
static th_status word_count(struct th_map_bytes *map, const char *word, size_t size)
{
    th_status status = th_map_bytes_insert(map, word, size, 1, NULL);
    if (status == TH_EXISTS) {
        status = th_map_bytes_fetch_add(map, word, size, 1, NULL);
    }
    return status;
}

int main(void)
{
    struct th_map_bytes *map = NULL;
    if (th_map_bytes_new(NULL, &map) != TH_OK) {
        return 1;
    }
    for (const char *word = text; *word != '\0';) {
        size_t size = strcspn(word, " ");
        th_status status = word_count(map, word, size);
        if (status < 0) {
            fprintf(stderr, "not counted: %s\n", th_status_name(status));
            return 1;
        }
        word += size;
        while (isspace((unsigned char)*word)) {
            word++;
        }
    }
    uint64_t count = 0;
    bool right = th_map_bytes_get(map, "the", 3, &count) && count == 4;
    printf("the: %" PRIu64 ", words: %" PRIu64 "\n", count, th_map_bytes_count(map));
    th_map_bytes_free(map);
    return right ? 0 : 1;
}
