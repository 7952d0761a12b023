/* The curves of a chart with their points, as an array of WbChartLine. Used by chart.c only. */
#pragma once

#include "app/draw/curves.h"

#include <glib.h>

G_BEGIN_DECLS

typedef struct
{
  DrawSeries *series;
  char *label;
  guint colour; /* a run's */
  DrawShade shade;
  gboolean dashed, hidden;
} WbChartLine;

/* Owns what its lines point to (g_array_unref). */
GArray *wb_chart_lines_new (void);

/* Points of the longest. */
gsize wb_chart_lines_get_length (GArray *lines);

/* Fills in what painters need of those that are not hidden, and returns how many; theme NULL: no
 * colours. */
guint wb_chart_lines_show (GArray *lines, const DrawTheme *theme, DrawCurve *shown, guint most);

/* The x of another axis at the point that has the x of this one; NAN: there are no points. */
double wb_chart_lines_convert (GArray *lines, DrawXAxis from, DrawXAxis to, double x);

/* Where the cursor comes to by so many points that are shown, from the newest if it is NAN;
 * G_MAXINT: to the end. NAN: there is no point. */
double wb_chart_lines_step (GArray *lines, DrawXAxis axis, DrawRange shown, double cursor,
                            int points);

/* The values at the cursor, or the newest if it is NAN, in words (g_free). */
char *wb_chart_lines_tell (GArray *lines, DrawXAxis axis, double cursor, DrawUnit unit);

G_END_DECLS
