/* SPDX-License-Identifier: MIT
 * result.c - filling a result: tables, verdicts, notes, plots.
 */
#include "lab/lab.h"

#include <assert.h>
#include <stdarg.h>

const char *const thi_lab_outcome_names[TH_LAB_OUTCOMES] = {
    [TH_LAB_SEEN] = "seen",         [TH_LAB_NOT_SEEN] = "not seen", [TH_LAB_NEVER] = "never",
    [TH_LAB_VIOLATED] = "violated", [TH_LAB_EMULATOR] = "emulator", [TH_LAB_MEASURED] = "measured",
    [TH_LAB_CANNOT] = "cannot"};

struct thi_lab_table *thi_lab_table_add(struct thi_lab_result *result, const char *title,
                                        const char *const *columns)
{
    assert(result->table_count < TH_LAB_TABLES_MAX);
    struct thi_lab_table *table = &result->tables[result->table_count++];
    table->title = title;
    for (; columns[table->column_count] != NULL; table->column_count++) {
        assert(table->column_count < TH_LAB_COLUMNS_MAX);
        table->columns[table->column_count] = columns[table->column_count];
    }
    return table;
}

struct thi_lab_row *thi_lab_row_add(struct thi_lab_table *table)
{
    assert(table->row_count < TH_LAB_ROWS_MAX);
    return &table->rows[table->row_count++];
}

static struct thi_lab_cell *cell_add(struct thi_lab_row *row, enum thi_lab_cell_kind kind)
{
    assert(row->cell_count < TH_LAB_COLUMNS_MAX);
    struct thi_lab_cell *cell = &row->cells[row->cell_count++];
    cell->kind = kind;
    return cell;
}

void thi_lab_cell_text(struct thi_lab_row *row, const char *format, ...)
{
    struct thi_lab_cell *cell = cell_add(row, TH_LAB_TEXT);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(cell->text, sizeof cell->text, format, arguments);
    va_end(arguments);
}

void thi_lab_cell_count(struct thi_lab_row *row, uint64_t count)
{
    cell_add(row, TH_LAB_COUNT)->count = count;
}

void thi_lab_cell_number(struct thi_lab_row *row, double number)
{
    cell_add(row, TH_LAB_NUMBER)->number = number;
}

void thi_lab_cell_empty(struct thi_lab_row *row)
{
    (void)cell_add(row, TH_LAB_EMPTY);
}

void thi_lab_verdict_add(struct thi_lab_result *result, enum thi_lab_outcome outcome,
                         const char *format, ...)
{
    assert(result->verdict_count < TH_LAB_VERDICTS_MAX);
    struct thi_lab_verdict *verdict = &result->verdicts[result->verdict_count++];
    verdict->outcome = outcome;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(verdict->text, sizeof verdict->text, format, arguments);
    va_end(arguments);
}

void thi_lab_note_add(struct thi_lab_result *result, const char *format, ...)
{
    assert(result->note_count < TH_LAB_NOTES_MAX);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(result->notes[result->note_count++], TH_LAB_NOTE_BYTES, format, arguments);
    va_end(arguments);
}

struct thi_lab_plot *thi_lab_plot_add(struct thi_lab_result *result, enum thi_lab_plot_kind kind,
                                      const char *name, const char *title)
{
    assert(result->plot_count < TH_LAB_PLOTS_MAX);
    struct thi_lab_plot *plot = &result->plots[result->plot_count++];
    plot->kind = kind;
    plot->name = name;
    plot->title = title;
    return plot;
}

struct thi_lab_series *thi_lab_series_add(struct thi_lab_plot *plot, const char *name)
{
    assert(plot->series_count < TH_LAB_SERIES_MAX);
    struct thi_lab_series *series = &plot->series[plot->series_count++];
    series->name = name;
    return series;
}

void thi_lab_point_add(struct thi_lab_series *series, double x, double y)
{
    assert(series->count < TH_LAB_POINTS_MAX);
    series->x[series->count] = x;
    series->y[series->count++] = y;
}

void thi_lab_bar_add(struct thi_lab_series *series, double length, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(series->labels[series->count], TH_LAB_CELL_BYTES, format, arguments);
    va_end(arguments);
    thi_lab_point_add(series, (double)series->count, length);
}
