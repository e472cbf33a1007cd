/* SPDX-License-Identifier: MIT
 * svg.c - charts of the results: throughput by threads, insert latency while growing, memory.
 */
#include "bench.h"

#include <errno.h>
#include <math.h>
#include <string.h>
#include <sys/stat.h>

#define PANEL_WIDTH 300.0
#define PANEL_HEIGHT 200.0
#define MARGIN_LEFT 62.0
#define MARGIN_TOP 34.0
#define MARGIN_BOTTOM 46.0
#define LEGEND_HEIGHT 26.0
#define TITLE_HEIGHT 30.0

/* Colours that stay apart for most colour-blind readers (after Okabe and Ito). */
static const char *const palette[] = {"#0072b2", "#d55e00", "#009e73", "#cc79a7",
                                      "#e69f00", "#56b4e9", "#8c6d31", "#000000"};

static const char *map_colour(const char *map)
{
    for (size_t i = 0; bench_all_peers[i] != NULL; i++) {
        if (strcmp(bench_all_peers[i]->name, map) == 0) {
            return palette[i % (sizeof palette / sizeof *palette)];
        }
    }
    return "#888888";
}

struct panel {
    FILE *out;
    double left; /* of the plot area */
    double top;
    double width;
    double height;
    double x_min;
    double x_max;
    double y_min;
    double y_max;
    bool y_log;
};

static double panel_x(const struct panel *panel, double x)
{
    double share = (x - panel->x_min) / (panel->x_max - panel->x_min);
    return panel->left + share * panel->width;
}

static double panel_y(const struct panel *panel, double y)
{
    double share;
    if (panel->y_log) {
        y = y < panel->y_min ? panel->y_min : y;
        share = log10(y / panel->y_min) / log10(panel->y_max / panel->y_min);
    } else {
        share = (y - panel->y_min) / (panel->y_max - panel->y_min);
    }
    return panel->top + panel->height * (1 - share);
}

static void text_write(FILE *out, double x, double y, const char *anchor, const char *text)
{
    fprintf(out, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">%s</text>\n", x, y, anchor, text);
}

static void y_tick(const struct panel *panel, double value, const char *label)
{
    double y = panel_y(panel, value);
    fprintf(panel->out,
            "<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" stroke=\"#dddddd\"/>\n",
            panel->left, y, panel->left + panel->width, y);
    text_write(panel->out, panel->left - 6, y + 4, "end", label);
}

/* A round step that gives four to eight lines. */
static double tick_step(double range)
{
    double step = pow(10, floor(log10(range / 4)));
    if (range / step > 20) {
        return step * 5;
    }
    return range / step > 8 ? step * 2 : step;
}

static void time_text(double ns, char text[24])
{
    if (ns >= 1e6) {
        snprintf(text, 24, "%g ms", ns / 1e6);
    } else if (ns >= 1e3) {
        snprintf(text, 24, "%g us", ns / 1e3);
    } else {
        snprintf(text, 24, "%g ns", ns);
    }
}

static void panel_frame(const struct panel *panel, const char *title, const char *x_title)
{
    char text[24];
    text_write(panel->out, panel->left + panel->width / 2, panel->top - 8, "middle", title);
    text_write(panel->out, panel->left + panel->width / 2, panel->top + panel->height + 34,
               "middle", x_title);
    if (panel->y_log) {
        for (double y = panel->y_min; y <= panel->y_max * 1.001; y *= 10) {
            time_text(y, text);
            y_tick(panel, y, text);
        }
    } else {
        double step = tick_step(panel->y_max - panel->y_min);
        for (double y = panel->y_min; y <= panel->y_max * 1.001; y += step) {
            snprintf(text, sizeof text, "%g", y);
            y_tick(panel, y, text);
        }
    }
    fprintf(panel->out,
            "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" fill=\"none\" "
            "stroke=\"#444444\"/>\n",
            panel->left, panel->top, panel->width, panel->height);
}

static void x_tick(const struct panel *panel, double value, const char *label)
{
    text_write(panel->out, panel_x(panel, value), panel->top + panel->height + 16, "middle", label);
}

/* `dots`: the points themselves are marked. */
static void panel_line(const struct panel *panel, const char *map, const double *x, const double *y,
                       size_t count, bool dots)
{
    fprintf(panel->out, "<polyline fill=\"none\" stroke=\"%s\" stroke-width=\"%s\"%s points=\"",
            map_colour(map), strcmp(map, "tophash") == 0 ? "2.6" : "1.3",
            strcmp(map, "limit") == 0 ? " stroke-dasharray=\"5 4\"" : "");
    for (size_t i = 0; i < count; i++) {
        fprintf(panel->out, "%.1f,%.1f ", panel_x(panel, x[i]), panel_y(panel, y[i]));
    }
    fputs("\"/>\n", panel->out);
    for (size_t i = 0; dots && i < count; i++) {
        fprintf(panel->out, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"2.6\" fill=\"%s\"/>\n",
                panel_x(panel, x[i]), panel_y(panel, y[i]), map_colour(map));
    }
}

static void legend_write(FILE *out, const struct bench_options *options, double y, bool with_limit)
{
    double x = MARGIN_LEFT;
    for (size_t i = 0; i < options->peer_count; i++) {
        const struct bench_peer *peer = options->peers[i];
        if (peer->is_limit && !with_limit) {
            continue;
        }
        fprintf(out,
                "<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" stroke=\"%s\" "
                "stroke-width=\"3\"/>\n",
                x, y - 4, x + 18, y - 4, map_colour(peer->name));
        text_write(out, x + 24, y, "start", peer->name);
        x += 44 + 7.0 * (double)strlen(peer->name);
    }
}

static FILE *svg_open(const struct bench_options *options, const char *name, double width,
                      double height)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s.svg", options->svg, name);
    FILE *out = fopen(path, "w");
    if (out == NULL) {
        fprintf(stderr, "cannot write %s: %s\n", path, strerror(errno));
        return NULL;
    }
    fprintf(out,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%.0f\" height=\"%.0f\" "
            "viewBox=\"0 0 %.0f %.0f\" font-family=\"sans-serif\" font-size=\"12\" "
            "fill=\"#222222\">\n<rect width=\"100%%\" height=\"100%%\" fill=\"#ffffff\"/>\n",
            width, height, width, height);
    return out;
}

static bool svg_close(FILE *out)
{
    fputs("</svg>\n", out);
    return fclose(out) == 0;
}

/* ---------------------------------------------------------------- throughput by threads */

struct chart {
    const struct bench_options *options;
    const struct bench_results *results;
    bool huge_pages;
    uint64_t keys;
};

static size_t points_of(const struct chart *chart, const char *map, unsigned workload,
                        double x[BENCH_LIST_MAX], double y[BENCH_LIST_MAX])
{
    size_t count = 0;
    for (size_t t = 0; t < chart->options->threads_count; t++) {
        unsigned threads = chart->options->threads[t];
        const struct bench_record *record =
            bench_find_cell(chart->results, map, chart->huge_pages, chart->keys, threads, workload);
        if (record != NULL) {
            x[count] = threads;
            y[count++] = bench_cell_mops(record);
        }
    }
    return count;
}

/* The limit is far above all maps where the table fits a cache: it is drawn where it fits in. */
static void throughput_panel(const struct chart *chart, struct panel *panel, unsigned workload)
{
    const struct bench_options *options = chart->options;
    double x[BENCH_LIST_MAX];
    double y[BENCH_LIST_MAX];
    panel->x_min = 0;
    panel->y_max = 1;
    for (size_t i = 0; i < options->peer_count; i++) {
        size_t count = points_of(chart, options->peers[i]->name, workload, x, y);
        for (size_t p = 0; p < count; p++) {
            panel->x_max = x[p] + 0.5 > panel->x_max ? x[p] + 0.5 : panel->x_max;
            if (!options->peers[i]->is_limit && y[p] * 1.1 > panel->y_max) {
                panel->y_max = y[p] * 1.1;
            }
        }
    }
    panel_frame(panel, bench_workload_names[workload], "threads");
    for (size_t t = 0; t < options->threads_count; t++) {
        char label[24];
        snprintf(label, sizeof label, "%u", options->threads[t]);
        x_tick(panel, options->threads[t], label);
    }
    for (size_t i = 0; i < options->peer_count; i++) {
        size_t count = points_of(chart, options->peers[i]->name, workload, x, y);
        while (count > 0 && y[count - 1] > panel->y_max) {
            count--;
        }
        if (count > 0) {
            panel_line(panel, options->peers[i]->name, x, y, count, true);
        }
    }
}

static bool throughput_chart(const struct chart *chart)
{
    unsigned count = 0;
    for (unsigned w = 0; w < BENCH_WORKLOADS; w++) {
        count += chart->options->workloads[w];
    }
    unsigned columns = count < 4 ? count : 4;
    unsigned lines = (count + 3) / 4;
    if (count == 0) {
        return true;
    }
    double cell_width = PANEL_WIDTH + MARGIN_LEFT;
    double cell_height = PANEL_HEIGHT + MARGIN_TOP + MARGIN_BOTTOM;
    char name[96];
    char title[160];
    char text[24];
    snprintf(name, sizeof name, "throughput-%lluk-%s", (unsigned long long)chart->keys / 1000,
             chart->huge_pages ? "huge" : "4k");
    FILE *out = svg_open(chart->options, name, columns * cell_width + 20,
                         lines * cell_height + TITLE_HEIGHT + LEGEND_HEIGHT);
    if (out == NULL) {
        return false;
    }
    snprintf(title, sizeof title,
             "Million operations per CPU-second, all threads: %s entries, %s pages",
             bench_keys_text(chart->keys, text), chart->huge_pages ? "huge" : "4 KiB");
    text_write(out, MARGIN_LEFT, 20, "start", title);
    legend_write(out, chart->options, 42, true);
    unsigned place = 0;
    for (unsigned w = 0; w < BENCH_WORKLOADS; w++) {
        if (!chart->options->workloads[w]) {
            continue;
        }
        struct panel panel = {
            .out = out,
            .left = MARGIN_LEFT + (place % 4) * cell_width,
            .top = TITLE_HEIGHT + LEGEND_HEIGHT + MARGIN_TOP + (place / 4) * cell_height - 6,
            .width = PANEL_WIDTH,
            .height = PANEL_HEIGHT,
        };
        throughput_panel(chart, &panel, w);
        place++;
    }
    return svg_close(out);
}

/* ---------------------------------------------------------------- growth and memory */

static bool is_first_timed(const struct chart *chart, const struct bench_record *record)
{
    return record->kind == BENCH_GROWTH && record->threads == 1 &&
           record->huge_pages == chart->huge_pages && record->as.growth.timed != 0 &&
           record->as.growth.run == 1;
}

static bool is_memory(const struct chart *chart, const struct bench_record *record)
{
    return record->kind == BENCH_MEMORY && record->huge_pages == chart->huge_pages;
}

static void entries_ticks(const struct panel *panel)
{
    double step = tick_step(panel->x_max - panel->x_min);
    for (double x = panel->x_min; x <= panel->x_max * 1.001; x += step) {
        char label[24];
        snprintf(label, sizeof label, "%g M", x / 1e6);
        x_tick(panel, x, label);
    }
}

static bool growth_chart(const struct chart *chart)
{
    char name[96];
    snprintf(name, sizeof name, "growth-%s", chart->huge_pages ? "huge" : "4k");
    FILE *out = svg_open(chart->options, name, 960, 470);
    if (out == NULL) {
        return false;
    }
    struct panel panel = {.out = out,
                          .left = 80,
                          .top = 80,
                          .width = 850,
                          .height = 330,
                          .x_max = (double)chart->options->grow_keys,
                          .y_min = 10,
                          .y_max = 1e9,
                          .y_log = true};
    text_write(
        out, MARGIN_LEFT, 20, "start",
        "Worst insert while growing from empty, one thread, own CPU time, by 1/200 of the run");
    legend_write(out, chart->options, 42, false);
    panel_frame(&panel, "", "entries");
    entries_ticks(&panel);
    double x[BENCH_WINDOWS];
    for (size_t i = 0; i < BENCH_WINDOWS; i++) {
        x[i] = ((double)i + 0.5) / BENCH_WINDOWS * panel.x_max;
    }
    for (size_t i = chart->results->count; i-- > 0;) {
        const struct bench_record *record = &chart->results->records[i];
        if (is_first_timed(chart, record)) {
            panel_line(&panel, record->map, x, record->as.growth.window_max_ns, BENCH_WINDOWS,
                       false);
        }
    }
    return svg_close(out);
}

static bool memory_chart(const struct chart *chart)
{
    char name[96];
    snprintf(name, sizeof name, "memory-%s", chart->huge_pages ? "huge" : "4k");
    FILE *out = svg_open(chart->options, name, 960, 470);
    if (out == NULL) {
        return false;
    }
    struct panel panel = {.out = out,
                          .left = 80,
                          .top = 80,
                          .width = 850,
                          .height = 330,
                          .x_max = (double)chart->options->memory_keys,
                          .y_max = 60};
    text_write(out, MARGIN_LEFT, 20, "start", "Resident bytes an entry, by number of entries");
    legend_write(out, chart->options, 42, false);
    for (size_t i = 0; i < chart->results->count; i++) {
        const struct bench_record *record = &chart->results->records[i];
        for (size_t s = 0; is_memory(chart, record) && s < record->as.memory.sizes; s++) {
            double bytes = record->as.memory.bytes_per_entry[s] * 1.05;
            panel.y_max = bytes > panel.y_max ? bytes : panel.y_max;
        }
    }
    panel_frame(&panel, "", "entries");
    entries_ticks(&panel);
    for (size_t i = chart->results->count; i-- > 0;) {
        const struct bench_record *record = &chart->results->records[i];
        if (is_memory(chart, record)) {
            double x[BENCH_SIZES_MAX];
            for (size_t s = 0; s < record->as.memory.sizes; s++) {
                x[s] = (double)record->as.memory.entries[s];
            }
            panel_line(&panel, record->map, x, record->as.memory.bytes_per_entry,
                       record->as.memory.sizes, true);
        }
    }
    return svg_close(out);
}

bool bench_write_svg(const struct bench_options *options, const struct bench_results *results)
{
    if (mkdir(options->svg, 0777) != 0 && errno != EEXIST) {
        fprintf(stderr, "cannot make %s: %s\n", options->svg, strerror(errno));
        return false;
    }
    bool good = true;
    for (int huge = 0; huge < 2; huge++) {
        struct chart chart = {.options = options, .results = results, .huge_pages = huge == 1};
        if (!options->pages[huge]) {
            continue;
        }
        for (size_t k = 0; k < options->keys_count; k++) {
            chart.keys = options->keys[k];
            good = throughput_chart(&chart) && good;
        }
        if (options->parts[BENCH_PART_GROWTH]) {
            good = growth_chart(&chart) && good;
        }
        if (options->parts[BENCH_PART_MEMORY]) {
            good = memory_chart(&chart) && good;
        }
    }
    return good;
}
