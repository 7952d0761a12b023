/* A chart of curves that is read, zoomed and moved with pointer, fingers and keys; see
 * app/draw/curves.h for how it looks.
 *
 * It owns its points, and draws them at most once a frame. Charts of one group share the x axis,
 * its zoom and the cursor:
 *
 *   pointer over it          reads the values of all charts of the group
 *   wheel, pinch             zooms x about the pointer; with Ctrl, or over the y axis, zooms y
 *   wheel sideways, Shift    moves along x
 *   drag                     moves along x, and along y when that is zoomed
 *   double click, 0          shows all of it
 *   Left, Right              moves the cursor by a point; with Ctrl by twenty; with Shift moves x
 *   Home, End, Escape        cursor to the first, to the newest point, away
 *   plus, minus              zooms about the cursor
 *
 * Main thread.
 */
#pragma once

#include "app/widgets/chart-group.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define WB_TYPE_CHART (wb_chart_get_type ())
G_DECLARE_FINAL_TYPE (WbChart, wb_chart, WB, CHART, GtkWidget)

/* Properties:
 *   title    string: what y is, with its unit; also the accessible label
 *   hint     string: shown in place of points while there are none
 *   compact  boolean: a small multiple
 *   log      boolean: logarithmic y */

typedef struct
{
  const char *label;
  guint colour; /* a run's */
  DrawShade shade;
  gboolean dashed;
} WbChartCurve;

GtkWidget *wb_chart_new (void);

void wb_chart_set_title (WbChart *chart, const char *title);
void wb_chart_set_unit (WbChart *chart, DrawUnit unit);
void wb_chart_set_log (WbChart *chart, gboolean log);

/* A chart without a group has one of its own. */
void wb_chart_set_group (WbChart *chart, WbChartGroup *group);
WbChartGroup *wb_chart_get_group (WbChart *chart);

/* A level like that of chance, with its label; y NAN: none. */
void wb_chart_set_reference (WbChart *chart, double y, const char *label);

/* A curve without points, by whose number, counted from 0, the others know it. */
guint wb_chart_add_curve (WbChart *chart, const WbChartCurve *curve);
void wb_chart_remove_curves (WbChart *chart);
void wb_chart_set_hidden (WbChart *chart, guint curve, gboolean hidden);
void wb_chart_set_colour (WbChart *chart, guint colour); /* of all curves */

/* Points: of x by axis (draw_series_append), one curve or all from the n-th on. */
void wb_chart_append (WbChart *chart, guint curve, const double x[DRAW_X_AXES], double y);
void wb_chart_truncate (WbChart *chart, guint n);

/* Of all curves, those that will be added, too. */
void wb_chart_set_smoothing (WbChart *chart, DrawSmoothing smoothing, double span);

/* For groups and for the chart's controllers. */
gboolean wb_chart_is_empty (WbChart *chart);
gsize wb_chart_get_length (WbChart *chart); /* of its longest curve */
DrawRange wb_chart_fit_x (WbChart *chart);
DrawPlot wb_chart_get_plot (WbChart *chart);
double wb_chart_convert (WbChart *chart, DrawXAxis from, DrawXAxis to, double x);

/* What was zoomed to of y; empty: as the points ask for. */
DrawRange wb_chart_get_zoom_y (WbChart *chart);
void wb_chart_set_zoom_y (WbChart *chart, DrawRange zoom);
gboolean wb_chart_get_log (WbChart *chart);

/* All of x and y. */
void wb_chart_reset (WbChart *chart);

/* Moves the cursor by points that are shown; from none it starts at the newest. */
void wb_chart_step_cursor (WbChart *chart, int points);

G_END_DECLS
