/* SPDX-License-Identifier: MIT
 * test_text.c - the text that reports are written into.
 */
#include "test.h"

#include "report/report.h"
#include "report/text.h"

TEST(text_wrap_breaks_within_the_width)
{
    /* Goal: words of random lengths, with letters of two bytes: no line is wider than the width,
     * and nothing is lost but blanks at breaks. */
    uint64_t random = test_seed;
    for (uint64_t round = 0; round < test_scaled(2000); round++) {
        char words[256];
        size_t size = 0, letters = 0;
        while (size < sizeof words - 4) {
            uint64_t draw = test_random(&random);
            if (draw % 7 == 0 && size > 0 && words[size - 1] != ' ') {
                words[size++] = ' ';
            } else if (draw % 7 == 1) {
                memcpy(words + size, "\xc3\xa4", 2);
                size += 2;
                letters++;
            } else {
                words[size++] = "abc,(;"[draw % 6];
                letters++;
            }
        }
        words[size] = '\0';
        size_t width = 10 + test_random(&random) % 60, indent = test_random(&random) % 8;
        struct thi_text text = {.bytes = NULL};
        thi_text_wrap(&text, words, indent, width);
        size_t kept = 0;
        for (const char *line = thi_text_get(&text); *line != '\0';) {
            size_t line_size = strcspn(line, "\n");
            CHECK(thi_text_width(line, line_size) <= width);
            for (size_t i = 0; i < line_size; i++) {
                kept += line[i] != ' ' && ((unsigned char)line[i] & 0xc0) != 0x80;
            }
            line += line_size + (line[line_size] == '\n');
        }
        CHECK_EQ(kept, letters);
        thi_text_fini(&text);
    }
}

TEST(text_quotes_json_and_xml)
{
    /* Goal: what would end a string or open a tag is quoted; control characters too. */
    struct thi_text text = {.bytes = NULL};
    thi_text_json(&text, "a\"b\\c\n\x01");
    CHECK(strcmp(thi_text_get(&text), "a\\\"b\\\\c\\u000a\\u0001") == 0);
    thi_text_clear(&text);
    thi_text_xml(&text, "<a & \"b\">\n");
    CHECK(strcmp(thi_text_get(&text), "&lt;a &amp; &quot;b&quot;&gt; ") == 0);
    thi_text_fini(&text);
}

TEST(text_pads_and_trims_lines)
{
    /* Goal: padding counts from the start of the last line, in characters; a newline takes blanks
     * at the end away. */
    struct thi_text text = {.bytes = NULL};
    thi_text_string(&text, "first\n\xc3\xa4");
    thi_text_pad(&text, 4);
    thi_text_string(&text, "|");
    thi_text_pad(&text, 3);
    thi_text_repeat(&text, ' ', 5);
    thi_text_newline(&text);
    CHECK(strcmp(thi_text_get(&text), "first\n\xc3\xa4   |\n") == 0);
    thi_text_fini(&text);
}

TEST(text_too_large_fails_and_stays_usable)
{
    /* Goal: what does not fit into memory is remembered; later additions are ignored. */
    struct thi_text text = {.bytes = NULL};
    thi_text_string(&text, "kept");
    thi_text_repeat(&text, 'x', SIZE_MAX / 2);
    thi_text_string(&text, "ignored");
    CHECK(text.failed);
    CHECK(strcmp(thi_text_get(&text), "kept") == 0);
    thi_text_fini(&text);
}

TEST(text_painted_without_colours_is_the_same)
{
    /* Goal: painting adds escape sequences and nothing else. */
    static const char plain[] = "a.c:1: data race\n\n step | T1\n    1 | a.c:1  x\n"
                                "      |   ! data race, see step 1\nneeds: this\n  and: that\nend";
    struct thi_text painted = {.bytes = NULL}, bare = {.bytes = NULL};
    thi_report_paint(&painted, plain);
    CHECK(strstr(thi_text_get(&painted), "\033[31m! data race") != NULL);
    CHECK(strstr(thi_text_get(&painted), "\033[1mneeds:") != NULL);
    for (const char *c = thi_text_get(&painted); *c != '\0'; c++) {
        if (*c == '\033') {
            c = strchr(c, 'm');
        } else {
            thi_text_add(&bare, c, 1);
        }
    }
    CHECK(strcmp(thi_text_get(&bare), plain) == 0);
    thi_text_fini(&painted);
    thi_text_fini(&bare);
}

TEST_MAIN()
