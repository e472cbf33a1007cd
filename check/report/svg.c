/* SPDX-License-Identifier: MIT
 * svg.c - the graph of an execution as a picture: a column for each thread, time runs down.
 *
 * Layout       every step has a row of its own, as in the table, so boxes never overlap and edges
 *              between threads slope the way time runs. Kinds of edges differ in colour and in
 *              dashes, and leave a box at different heights. Edges lie under the boxes.
 */
#include "report/report.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "report/graph.h"
#include "report/say.h"

enum {
    CHAR_PX = 7, /* of 12 px monospace, rounded down */
    LINE_PX = 16,
    BOX_PAD_PX = 8,
    BOX_CHARS_MIN = 22,
    BOX_CHARS_MAX = 40,
    BOX_LINES_MAX = 4,
    ROW_GAP_PX = 22,
    COLUMN_GAP_PX = 90,
    MARGIN_PX = 28,
    HEAD_PX = 34,
    LEGEND_PX = 22,
    END_PX = 44
};

struct picture {
    struct thi_text *text;
    const struct thi_analysis *analysis;
    const struct thi_record *record;
    size_t box_chars;
    unsigned box_width;
    unsigned *left;   /* by thread: left side of its boxes; 0: it has none */
    unsigned *top;    /* by event */
    unsigned *height; /* by event */
    unsigned end_top; /* of the box of a failure that is no event */
    unsigned width, bottom;
};

/* The words of a box: what happens, in lines of at most box_chars, then the place. */
static size_t box_words(const struct picture *picture, uint32_t event, struct thi_text *words)
{
    struct thi_text line = {.bytes = NULL};
    thi_text_format(&line, "%" PRIu32 "  ", picture->analysis->number[event]);
    thi_say_event(&line, picture->record, event);
    size_t lines = 0;
    for (const char *rest = thi_text_get(&line); *rest != '\0' && lines < BOX_LINES_MAX; lines++) {
        size_t size = thi_text_fit(rest, picture->box_chars);
        thi_text_add(words, rest, size);
        thi_text_add(words, "\n", 1);
        rest += size;
        rest += strspn(rest, " ");
    }
    thi_text_clear(&line);
    thi_say_site(&line, picture->record, picture->record->events[event].site);
    thi_text_add(words, thi_text_get(&line), thi_text_fit(thi_text_get(&line), picture->box_chars));
    words->failed = words->failed || line.failed;
    thi_text_fini(&line);
    return lines + 1;
}

/* Boxes are as wide as the longest event wants, within bounds. */
static void boxes_measure(struct picture *picture)
{
    struct thi_text words = {.bytes = NULL};
    picture->box_chars = BOX_CHARS_MIN;
    for (size_t i = 0; i < picture->analysis->step_count; i++) {
        thi_text_clear(&words);
        thi_say_event(&words, picture->record, picture->analysis->steps[i]);
        size_t wanted = thi_text_width(thi_text_get(&words), words.size) + 4;
        picture->box_chars = wanted > picture->box_chars ? wanted : picture->box_chars;
    }
    if (picture->box_chars > BOX_CHARS_MAX) {
        picture->box_chars = BOX_CHARS_MAX;
    }
    picture->box_width = (unsigned)picture->box_chars * CHAR_PX + 4 * BOX_PAD_PX;
    picture->text->failed = picture->text->failed || words.failed;
    thi_text_fini(&words);
}

/* Does the execution end with something that is no event: an assertion, a crash? */
static bool ends_outside(const struct thi_record *record)
{
    return record->failure.kind == TH_FAILURE_ASSERT || record->failure.kind == TH_FAILURE_CRASH ||
           record->failure.kind == TH_FAILURE_MISUSE;
}

static void boxes_place(struct picture *picture)
{
    unsigned x = MARGIN_PX, y = MARGIN_PX + HEAD_PX;
    for (uint32_t t = 0; t < picture->record->thread_count; t++) {
        bool used = ends_outside(picture->record) && picture->record->failure.thread == t;
        for (size_t i = 0; i < picture->analysis->step_count; i++) {
            used = used || picture->record->events[picture->analysis->steps[i]].thread == t;
        }
        picture->left[t] = used ? x : 0;
        x += used ? picture->box_width + COLUMN_GAP_PX : 0;
    }
    picture->width = x;
    for (size_t i = 0; i < picture->analysis->step_count; i++) {
        uint32_t event = picture->analysis->steps[i];
        struct thi_text words = {.bytes = NULL};
        size_t lines = box_words(picture, event, &words);
        picture->text->failed = picture->text->failed || words.failed;
        thi_text_fini(&words);
        picture->top[event] = y;
        picture->height[event] = (unsigned)lines * LINE_PX + 2 * BOX_PAD_PX - 4;
        y += picture->height[event] + ROW_GAP_PX;
    }
    picture->end_top = y;
    picture->bottom = y + (ends_outside(picture->record) ? END_PX + ROW_GAP_PX : 0);
}

static void label_put(struct picture *picture, unsigned x, unsigned y, const char *anchor,
                      const char *style, const char *words)
{
    thi_text_format(picture->text, "<text x=\"%u\" y=\"%u\" text-anchor=\"%s\" %s>", x, y, anchor,
                    style);
    thi_text_xml(picture->text, words);
    thi_text_string(picture->text, "</text>\n");
}

static void box_put(struct picture *picture, uint32_t event)
{
    const struct thi_record_failure *failure = &picture->record->failure;
    bool wrong = event == failure->event || event == failure->other;
    bool stale = picture->analysis->skipped[event] != TH_RECORD_NONE;
    unsigned x = picture->left[picture->record->events[event].thread], y = picture->top[event];
    thi_text_format(picture->text,
                    "<rect x=\"%u\" y=\"%u\" width=\"%u\" height=\"%u\" rx=\"5\" fill=\"%s\" "
                    "stroke=\"%s\" stroke-width=\"%d\"/>\n",
                    x, y, picture->box_width, picture->height[event],
                    wrong   ? "#fff0f0"
                    : stale ? "#fff0f7"
                            : "#ffffff",
                    wrong   ? "#d00000"
                    : stale ? "#c2185b"
                            : "#555555",
                    wrong || stale ? 2 : 1);
    struct thi_text words = {.bytes = NULL};
    size_t lines = box_words(picture, event, &words), line = 0;
    for (char *rest = words.bytes; rest != NULL && line < lines; line++) {
        char *end = strchr(rest, '\n');
        if (end != NULL) {
            *end = '\0';
        }
        label_put(picture, x + BOX_PAD_PX, y + BOX_PAD_PX + 10 + (unsigned)line * LINE_PX, "start",
                  line + 1 == lines ? "fill=\"#777777\"" : "fill=\"#111111\"", rest);
        rest = end == NULL ? NULL : end + 1;
    }
    picture->text->failed = picture->text->failed || words.failed;
    thi_text_fini(&words);
}

/* The box of a failure that is no event. */
static void end_put(struct picture *picture)
{
    const struct thi_record_failure *failure = &picture->record->failure;
    if (!ends_outside(picture->record) || failure->thread >= picture->record->thread_count) {
        return;
    }
    unsigned x = picture->left[failure->thread], y = picture->end_top;
    thi_text_format(picture->text,
                    "<rect x=\"%u\" y=\"%u\" width=\"%u\" height=\"%d\" rx=\"5\" "
                    "fill=\"#fff0f0\" stroke=\"#d00000\" stroke-width=\"2\"/>\n",
                    x, y, picture->box_width, END_PX);
    struct thi_text words = {.bytes = NULL};
    thi_text_string(&words, failure->text == NULL ? "" : failure->text);
    if (words.bytes != NULL) {
        words.bytes[thi_text_fit(words.bytes, picture->box_chars)] = '\0';
    }
    label_put(picture, x + BOX_PAD_PX, y + BOX_PAD_PX + 10, "start",
              "fill=\"#d00000\" font-weight=\"bold\"", "fails:");
    label_put(picture, x + BOX_PAD_PX, y + BOX_PAD_PX + 10 + LINE_PX, "start", "fill=\"#111111\"",
              thi_text_get(&words));
    picture->text->failed = picture->text->failed || words.failed;
    thi_text_fini(&words);
}

/* How edges of a kind are drawn, and at which part of a box's height they start, in percent. */
static const char *const dashes[TH_GRAPH_KINDS] = {"", "", "", "2,3", "7,4", "2,5"};
static const unsigned heights[TH_GRAPH_KINDS] = {100, 30, 30, 70, 50, 88};

static void edge_put(struct picture *picture, const struct thi_graph_edge *edge)
{
    const struct thi_record *record = picture->record;
    uint32_t a = record->events[edge->from].thread, b = record->events[edge->to].thread;
    unsigned at = heights[edge->kind];
    unsigned y1 = picture->top[edge->from] + picture->height[edge->from] * at / 100;
    unsigned y2 = picture->top[edge->to] + picture->height[edge->to] * at / 100;
    unsigned x1 = picture->left[a], x2 = picture->left[b], bend = COLUMN_GAP_PX * 2 / 3;
    thi_text_format(picture->text,
                    "<path fill=\"none\" stroke=\"%s\" stroke-width=\"%s\" "
                    "stroke-dasharray=\"%s\" marker-end=\"url(#%s)\" d=\"",
                    thi_graph_colour(edge->kind), edge->kind == TH_GRAPH_SYNC ? "2.4" : "1.5",
                    dashes[edge->kind],
                    edge->kind == TH_GRAPH_CONFLICT ? "conflict" : thi_graph_name(edge->kind));
    if (edge->kind == TH_GRAPH_PROGRAM) {
        unsigned x = x1 + picture->box_width / 2;
        thi_text_format(picture->text, "M%u,%u L%u,%u", x, y1, x, picture->top[edge->to] - 1);
    } else if (a == b) {
        unsigned x = x1 + picture->box_width;
        thi_text_format(picture->text, "M%u,%u C%u,%u %u,%u %u,%u", x, y1, x + bend, y1, x + bend,
                        y2, x + 1, y2);
    } else {
        unsigned from = a < b ? x1 + picture->box_width : x1;
        unsigned to = a < b ? x2 - 1 : x2 + picture->box_width + 1;
        unsigned c1 = a < b ? from + bend : from - (from > bend ? bend : from);
        unsigned c2 = a < b ? to - bend : to + bend;
        thi_text_format(picture->text, "M%u,%u C%u,%u %u,%u %u,%u", from, y1, c1, y1, c2, y2, to,
                        y2);
    }
    thi_text_string(picture->text, "\"/>\n");
}

static void markers_put(struct picture *picture)
{
    thi_text_string(picture->text, "<defs>\n");
    for (int kind = 0; kind < TH_GRAPH_KINDS; kind++) {
        thi_text_format(picture->text,
                        "<marker id=\"%s\" viewBox=\"0 0 10 10\" refX=\"9\" refY=\"5\" "
                        "markerWidth=\"8\" markerHeight=\"8\" markerUnits=\"userSpaceOnUse\" "
                        "orient=\"auto\"><path fill=\"%s\" d=\"M0,0 L10,5 L0,10 z\"/></marker>\n",
                        kind == TH_GRAPH_CONFLICT ? "conflict"
                                                  : thi_graph_name((enum thi_graph_kind)kind),
                        thi_graph_colour((enum thi_graph_kind)kind));
    }
    thi_text_string(picture->text, "</defs>\n");
}

static bool occurs(const struct thi_graph *graph, enum thi_graph_kind kind)
{
    for (size_t i = 0; i < graph->count; i++) {
        if (graph->edges[i].kind == kind) {
            return true;
        }
    }
    return false;
}

/* Only the kinds that occur. */
static void legend_put(struct picture *picture, const struct thi_graph *graph, unsigned y)
{
    for (int kind = 0; kind < TH_GRAPH_KINDS; kind++) {
        if (!occurs(graph, (enum thi_graph_kind)kind)) {
            continue;
        }
        thi_text_format(picture->text,
                        "<path fill=\"none\" stroke=\"%s\" stroke-width=\"%s\" "
                        "stroke-dasharray=\"%s\" marker-end=\"url(#%s)\" d=\"M%d,%u L%d,%u\"/>\n",
                        thi_graph_colour((enum thi_graph_kind)kind),
                        kind == TH_GRAPH_SYNC ? "2.4" : "1.5", dashes[kind],
                        kind == TH_GRAPH_CONFLICT ? "conflict"
                                                  : thi_graph_name((enum thi_graph_kind)kind),
                        MARGIN_PX, y, MARGIN_PX + 44, y);
        struct thi_text words = {.bytes = NULL};
        thi_text_format(&words, "%-2s  %s", thi_graph_name((enum thi_graph_kind)kind),
                        thi_graph_words((enum thi_graph_kind)kind));
        label_put(picture, MARGIN_PX + 54, y + 4, "start", "fill=\"#333333\"",
                  thi_text_get(&words));
        picture->text->failed = picture->text->failed || words.failed;
        thi_text_fini(&words);
        y += LEGEND_PX;
    }
}

static void picture_put(struct picture *picture, const struct thi_graph *graph)
{
    struct thi_text title = {.bytes = NULL};
    thi_say_failure(&title, picture->analysis);
    size_t title_width = thi_text_width(thi_text_get(&title), title.size) * CHAR_PX + 4 * MARGIN_PX;
    unsigned width = picture->width < 420 ? 420 : picture->width;
    width = title_width > width ? (unsigned)title_width : width;
    unsigned height = picture->bottom + MARGIN_PX;
    for (int kind = 0; kind < TH_GRAPH_KINDS; kind++) {
        height += occurs(graph, (enum thi_graph_kind)kind) ? LEGEND_PX : 0;
    }
    thi_text_format(picture->text,
                    "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%u\" height=\"%u\" "
                    "viewBox=\"0 0 %u %u\" font-family=\"monospace\" font-size=\"12\" "
                    "xml:space=\"preserve\">\n"
                    "<rect width=\"%u\" height=\"%u\" fill=\"#fafafa\"/>\n",
                    width, height, width, height, width, height);
    markers_put(picture);
    label_put(picture, MARGIN_PX, MARGIN_PX - 6, "start", "font-weight=\"bold\"",
              thi_text_get(&title));
    for (uint32_t t = 0; t < picture->record->thread_count; t++) {
        if (picture->left[t] != 0) {
            thi_text_clear(&title);
            thi_say_thread(&title, picture->record, t);
            label_put(picture, picture->left[t] + picture->box_width / 2, MARGIN_PX + HEAD_PX - 12,
                      "middle", "font-weight=\"bold\"", thi_text_get(&title));
        }
    }
    for (size_t i = 0; i < graph->count; i++) {
        edge_put(picture, &graph->edges[i]);
    }
    for (size_t i = 0; i < picture->analysis->step_count; i++) {
        box_put(picture, picture->analysis->steps[i]);
    }
    end_put(picture);
    legend_put(picture, graph, picture->bottom + MARGIN_PX / 2);
    thi_text_string(picture->text, "</svg>\n");
    picture->text->failed = picture->text->failed || title.failed;
    thi_text_fini(&title);
}

void thi_report_svg(struct thi_text *text, const struct thi_analysis *analysis)
{
    const struct thi_record *record = analysis->record;
    struct thi_graph graph;
    struct picture picture = {
        .text = text,
        .analysis = analysis,
        .record = record,
        .left = calloc(record->thread_count + 1, sizeof *picture.left),
        .top = calloc(record->event_count + 1, sizeof *picture.top),
        .height = calloc(record->event_count + 1, sizeof *picture.height),
    };
    if (picture.left == NULL || picture.top == NULL || picture.height == NULL ||
        !thi_graph_init(&graph, analysis)) {
        text->failed = true;
    } else {
        boxes_measure(&picture);
        boxes_place(&picture);
        picture_put(&picture, &graph);
        thi_graph_fini(&graph);
    }
    free(picture.left);
    free(picture.top);
    free(picture.height);
}
