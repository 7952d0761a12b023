/* What a person sets about charts: what x is, a logarithmic y, how smooth, and back to all of it.
 * Main thread.
 */
#pragma once

#include "app/draw/series.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define WB_TYPE_CHART_TOOLS (wb_chart_tools_get_type ())
G_DECLARE_FINAL_TYPE (WbChartTools, wb_chart_tools, WB, CHART_TOOLS, GtkBox)

/* Signals:
 *   changed  axis, log or span is another
 *   whole    all of x and y is asked for */

DrawXAxis wb_chart_tools_get_axis (WbChartTools *tools);
void wb_chart_tools_set_axis (WbChartTools *tools, DrawXAxis axis);
gboolean wb_chart_tools_get_log (WbChartTools *tools);

/* Steps of exponential smoothing; 0: none. */
double wb_chart_tools_get_span (WbChartTools *tools);

/* Wherever the focus is in the page, L switches the logarithmic axis and 0 shows all. */
void wb_chart_tools_add_keys (WbChartTools *tools, GtkWidget *page);

/* The button in a drop-down takes the focus, but GTK gives it no name. */
void wb_drop_down_set_name (GtkDropDown *drop_down, const char *name);

G_END_DECLS
