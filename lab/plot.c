/* SPDX-License-Identifier: MIT
 * plot.c - plots as SVG: bars that lie, and lines.
 */
#include "lab/lab.h"

#include <errno.h>
#include <math.h>
#include <string.h>
#include <sys/stat.h>

#define MARGIN 16.0
#define TITLE_HEIGHT 44.0
#define LEGEND_HEIGHT 24.0
#define AXIS_HEIGHT 46.0
#define BAR_HEIGHT 14.0
#define GROUP_GAP 8.0
#define CHARACTER_WIDTH 6.9
#define BARS_WIDTH 480.0
#define VALUE_WIDTH 90.0
#define LINES_WIDTH 760.0
#define LINES_HEIGHT 320.0
#define LINES_LEFT 84.0

/* Colours that stay apart for most colour-blind readers (after Okabe and Ito). */
static const char *const palette[TH_LAB_SERIES_MAX] = {"#0072b2", "#d55e00", "#009e73", "#cc79a7"};

struct axis {
    double low;
    double high;
    double from; /* where `low` and `high` are drawn */
    double to;
    bool log;
};

static double axis_at(const struct axis *axis, double value)
{
    double share;
    if (axis->log) {
        value = value < axis->low ? axis->low : value;
        share = log10(value / axis->low) / log10(axis->high / axis->low);
    } else {
        share = (value - axis->low) / (axis->high - axis->low);
    }
    return axis->from + share * (axis->to - axis->from);
}

/* Widens the range to whole decades, or to zero and a little more than the highest. */
static void axis_range(struct axis *axis, double low, double high)
{
    if (axis->log) {
        axis->low = pow(10, floor(log10(low)));
        axis->high = pow(10, ceil(log10(high)));
        if (axis->high <= axis->low * 1.001) {
            axis->high = axis->low * 10;
        }
    } else {
        axis->low = 0;
        axis->high = high > 0 ? high * 1.05 : 1;
    }
}

/* The step between two ticks of an axis that is not logarithmic: five to ten of them. */
static double axis_step(const struct axis *axis)
{
    double step = pow(10, floor(log10(axis->high / 5)));
    double count = axis->high / step;
    if (count > 20) {
        return step * 5;
    }
    return count > 10 ? step * 2 : step;
}

static void value_text(double value, char text[32])
{
    static const struct {
        double unit;
        const char *name;
    } units[] = {{1e9, " G"}, {1e6, " M"}, {1e3, " k"}};
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        if (value >= units[i].unit * 0.9995) {
            snprintf(text, 32, "%.3g%s", value / units[i].unit, units[i].name);
            return;
        }
    }
    snprintf(text, 32, "%.3g", value);
}

static void text_write(FILE *out, double x, double y, const char *anchor, const char *text)
{
    fprintf(out, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">", x, y, anchor);
    for (; *text != '\0'; text++) {
        switch (*text) {
        case '<': fputs("&lt;", out); break;
        case '>': fputs("&gt;", out); break;
        case '&': fputs("&amp;", out); break;
        default: fputc(*text, out); break;
        }
    }
    fputs("</text>\n", out);
}

static void line_write(FILE *out, double x1, double y1, double x2, double y2, const char *colour)
{
    fprintf(out, "<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" stroke=\"%s\"/>\n", x1, y1,
            x2, y2, colour);
}

static void opening_write(FILE *out, double width, double height, const char *title)
{
    fprintf(out,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%.0f\" height=\"%.0f\" "
            "viewBox=\"0 0 %.0f %.0f\" font-family=\"sans-serif\" font-size=\"12\" "
            "fill=\"#222222\">\n<rect width=\"100%%\" height=\"100%%\" fill=\"#ffffff\"/>\n"
            "<g font-size=\"15\">\n",
            width, height, width, height);
    text_write(out, MARGIN, 26, "start", title);
    fputs("</g>\n", out);
}

static void legend_write(FILE *out, const struct thi_lab_plot *plot, double x, double y)
{
    for (size_t i = 0; i < plot->series_count; i++) {
        fprintf(out, "<rect x=\"%.1f\" y=\"%.1f\" width=\"12\" height=\"12\" fill=\"%s\"/>\n", x,
                y - 10, palette[i]);
        text_write(out, x + 18, y, "start", plot->series[i].name);
        x += 44 + CHARACTER_WIDTH * (double)strlen(plot->series[i].name);
    }
}

/* The least positive and the highest value of all series; false if there is no positive one. */
static bool range_find(const struct thi_lab_plot *plot, bool of_x, double *low, double *high)
{
    *low = 0;
    *high = 0;
    for (size_t s = 0; s < plot->series_count; s++) {
        const struct thi_lab_series *series = &plot->series[s];
        for (size_t i = 0; i < series->count; i++) {
            double value = of_x ? series->x[i] : series->y[i];
            if (value > 0) {
                *low = *low == 0 || value < *low ? value : *low;
                *high = value > *high ? value : *high;
            }
        }
    }
    return *high > 0;
}

/* Vertical lines of an axis that lies, with their values below. */
static void x_ticks_write(FILE *out, const struct axis *axis, double top, double bottom)
{
    char text[32];
    double step = axis_step(axis);
    double value = axis->log ? axis->low : 0;
    while (value <= axis->high * 1.0001) {
        double x = axis_at(axis, value);
        value_text(value, text);
        line_write(out, x, top, x, bottom, "#dddddd");
        text_write(out, x, bottom + 16, "middle", text);
        value = axis->log ? value * 10 : value + step;
    }
}

static void y_ticks_write(FILE *out, const struct axis *axis, double left, double right)
{
    char text[32];
    double step = axis_step(axis);
    double value = axis->log ? axis->low : 0;
    while (value <= axis->high * 1.0001) {
        double y = axis_at(axis, value);
        value_text(value, text);
        line_write(out, left, y, right, y, "#dddddd");
        text_write(out, left - 6, y + 4, "end", text);
        value = axis->log ? value * 10 : value + step;
    }
}

/* ------------------------------------------------------------------------- bars */

static double labels_width(const struct thi_lab_plot *plot)
{
    size_t longest = 0;
    const struct thi_lab_series *series = &plot->series[0];
    for (size_t i = 0; i < series->count; i++) {
        size_t size = strlen(series->labels[i]);
        longest = size > longest ? size : longest;
    }
    return CHARACTER_WIDTH * (double)longest;
}

/* One bar of each series that has one for this label. */
static void group_write(FILE *out, const struct thi_lab_plot *plot, size_t group, double top,
                        const struct axis *axis)
{
    char text[32];
    double middle = top + BAR_HEIGHT * (double)plot->series_count / 2;
    text_write(out, axis->from - 8, middle + 4, "end", plot->series[0].labels[group]);
    for (size_t s = 0; s < plot->series_count; s++) {
        const struct thi_lab_series *series = &plot->series[s];
        if (group >= series->count) {
            continue;
        }
        double value = series->y[group];
        double y = top + BAR_HEIGHT * (double)s;
        double length = value > 0 ? axis_at(axis, value) - axis->from : 0;
        /* The least value of a logarithmic axis is seen to be there. */
        length = value > 0 && length < 3 ? 3 : length;
        fprintf(out, "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" fill=\"%s\"/>\n",
                axis->from, y, length, BAR_HEIGHT - 2, palette[s]);
        value_text(value, text);
        text_write(out, axis->from + length + 5, y + 10, "start", text);
    }
}

static void bars_write(FILE *out, const struct thi_lab_plot *plot)
{
    double left = MARGIN + labels_width(plot) + 8;
    double legend = plot->series_count > 1 ? LEGEND_HEIGHT : 0;
    double top = TITLE_HEIGHT + legend;
    double group_height = BAR_HEIGHT * (double)plot->series_count + GROUP_GAP;
    double bottom = top + group_height * (double)plot->series[0].count + GROUP_GAP;
    double width = left + BARS_WIDTH + VALUE_WIDTH;
    double low, high;
    /* Of bars that are all empty, the axis says so in any range. */
    bool any = range_find(plot, false, &low, &high);
    struct axis axis = {
        .from = left, .to = left + BARS_WIDTH, .log = plot->y_log || plot->is_rates};
    axis_range(&axis, any ? low : 0.1, any ? high : 1);
    if (plot->is_rates) {
        axis.low = 0.1;
        axis.high = 1e6;
    }
    opening_write(out, width, bottom + AXIS_HEIGHT, plot->title);
    if (plot->series_count > 1) {
        legend_write(out, plot, left, TITLE_HEIGHT + 8);
    }
    x_ticks_write(out, &axis, top, bottom);
    for (size_t i = 0; i < plot->series[0].count; i++) {
        group_write(out, plot, i, top + GROUP_GAP + group_height * (double)i, &axis);
    }
    line_write(out, left, top, left, bottom, "#444444");
    text_write(out, left + BARS_WIDTH / 2, bottom + 36, "middle", plot->x_title);
}

/* ------------------------------------------------------------------------- lines */

static void curve_write(FILE *out, const struct thi_lab_series *series, const char *colour,
                        const struct axis *x_axis, const struct axis *y_axis)
{
    fprintf(out, "<polyline fill=\"none\" stroke=\"%s\" stroke-width=\"1.8\" points=\"", colour);
    for (size_t i = 0; i < series->count; i++) {
        fprintf(out, "%.1f,%.1f ", axis_at(x_axis, series->x[i]), axis_at(y_axis, series->y[i]));
    }
    fputs("\"/>\n", out);
    for (size_t i = 0; series->count <= 20 && i < series->count; i++) {
        fprintf(out, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"3\" fill=\"%s\"/>\n",
                axis_at(x_axis, series->x[i]), axis_at(y_axis, series->y[i]), colour);
    }
}

/* The values of the first series in place of decades: they are few, and are what was tried. */
static void x_values_write(FILE *out, const struct thi_lab_plot *plot, const struct axis *axis,
                           double top, double bottom)
{
    char text[32];
    for (size_t i = 0; i < plot->series[0].count; i++) {
        double x = axis_at(axis, plot->series[0].x[i]);
        snprintf(text, sizeof text, "%g", plot->series[0].x[i]);
        line_write(out, x, top, x, bottom, "#eeeeee");
        text_write(out, x, bottom + 16, "middle", text);
    }
}

static void lines_write(FILE *out, const struct thi_lab_plot *plot)
{
    double top = TITLE_HEIGHT + LEGEND_HEIGHT;
    double right = LINES_LEFT + LINES_WIDTH;
    double bottom = top + LINES_HEIGHT;
    double low, high;
    struct axis x_axis = {.from = LINES_LEFT, .to = right, .log = plot->x_log};
    struct axis y_axis = {.from = bottom, .to = top, .log = plot->y_log};
    bool any = range_find(plot, true, &low, &high);
    axis_range(&x_axis, any ? low : 0.1, any ? high : 1);
    if (any && plot->x_log) {
        x_axis.low = low;
        x_axis.high = high > low ? high : low * 10;
    } else if (any) {
        x_axis.high = high;
    }
    any = range_find(plot, false, &low, &high);
    axis_range(&y_axis, any ? low : 0.1, any ? high : 1);
    opening_write(out, right + MARGIN + 20, bottom + AXIS_HEIGHT, plot->title);
    legend_write(out, plot, LINES_LEFT, TITLE_HEIGHT + 8);
    y_ticks_write(out, &y_axis, LINES_LEFT, right);
    if (plot->x_log) {
        x_values_write(out, plot, &x_axis, top, bottom);
    } else {
        x_ticks_write(out, &x_axis, top, bottom);
    }
    for (size_t i = 0; i < plot->series_count; i++) {
        curve_write(out, &plot->series[i], palette[i], &x_axis, &y_axis);
    }
    fprintf(out,
            "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" fill=\"none\" "
            "stroke=\"#444444\"/>\n",
            LINES_LEFT, top, LINES_WIDTH, LINES_HEIGHT);
    text_write(out, LINES_LEFT + LINES_WIDTH / 2, bottom + 36, "middle", plot->x_title);
    fprintf(out, "<g transform=\"rotate(-90 20 %.1f)\">\n", top + LINES_HEIGHT / 2);
    text_write(out, 20, top + LINES_HEIGHT / 2, "middle", plot->y_title);
    fputs("</g>\n", out);
}

static bool plot_write(const char *folder, const struct thi_lab_plot *plot)
{
    char path[1024];
    int size = snprintf(path, sizeof path, "%s/%s.svg", folder, plot->name);
    FILE *out = size < 0 || (size_t)size >= sizeof path ? NULL : fopen(path, "w");
    if (out == NULL) {
        fprintf(stderr, "tophash lab: cannot write %s/%s.svg: %s\n", folder, plot->name,
                strerror(errno));
        return false;
    }
    if (plot->kind == TH_LAB_BARS) {
        bars_write(out, plot);
    } else {
        lines_write(out, plot);
    }
    fputs("</svg>\n", out);
    bool good = ferror(out) == 0;
    if (fclose(out) != 0 || !good) {
        fprintf(stderr, "tophash lab: cannot write %s: %s\n", path, strerror(errno));
        return false;
    }
    return true;
}

bool thi_lab_plots_write(const char *folder, const struct thi_lab_result *result)
{
    if (mkdir(folder, 0777) != 0 && errno != EEXIST) {
        fprintf(stderr, "tophash lab: cannot make the folder %s: %s\n", folder, strerror(errno));
        return false;
    }
    bool good = true;
    for (size_t i = 0; i < result->plot_count; i++) {
        if (result->plots[i].series_count != 0) {
            good = plot_write(folder, &result->plots[i]) && good;
        }
    }
    return good;
}
