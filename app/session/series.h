/* Columns of numbers by name, a row a step: what curves are drawn from.
 *
 * Every point of a run is kept. A series belongs to one thread; a worker fills one of its own and
 * the main thread appends it. What a row does not say is NAN.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define WB_SERIES_MAX_COLUMNS 64

typedef struct _WbSeries WbSeries;

WbSeries *wb_series_new (void);
void wb_series_free (WbSeries *series);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (WbSeries, wb_series_free)

guint wb_series_get_length (const WbSeries *series);
guint wb_series_get_n_columns (const WbSeries *series);
const char *wb_series_get_name (const WbSeries *series, guint column);

/* [length], borrowed until the series changes; NULL when no row ever named it. */
const double *wb_series_get (const WbSeries *series, const char *name);

/* Of the last row; NAN when there is none. */
double wb_series_get_last (const WbSeries *series, const char *name);

/* The first row whose "step" is not below `step`; the length when there is none. */
guint wb_series_find_step (const WbSeries *series, gint64 step);

/* A row of NAN, and a value in the last row. A column beyond WB_SERIES_MAX_COLUMNS is ignored. */
void wb_series_add_row (WbSeries *series);
void wb_series_set (WbSeries *series, const char *name, double value);

/* Forgets rows from `length` on. */
void wb_series_truncate (WbSeries *series, guint length);

/* Appends all rows of another. */
void wb_series_append (WbSeries *series, const WbSeries *more);

G_END_DECLS
