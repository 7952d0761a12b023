/* Charts that stand over one x axis: what x is, which stretch of it is shown, and one cursor for
 * all of them. Main thread.
 */
#pragma once

#include "app/draw/curves.h"

#include <glib-object.h>

G_BEGIN_DECLS

typedef struct _WbChart WbChart;

#define WB_TYPE_CHART_GROUP (wb_chart_group_get_type ())
G_DECLARE_FINAL_TYPE (WbChartGroup, wb_chart_group, WB, CHART_GROUP, GObject)

/* Signal "changed": axis, stretch or cursor is another. */

WbChartGroup *wb_chart_group_new (void);

/* Charts enter and leave by wb_chart_set_group(), which calls these. */
void wb_chart_group_add (WbChartGroup *group, WbChart *chart);
void wb_chart_group_remove (WbChartGroup *group, WbChart *chart);

/* Another axis keeps the points that are shown and the one under the cursor. */
DrawXAxis wb_chart_group_get_axis (WbChartGroup *group);
void wb_chart_group_set_axis (WbChartGroup *group, DrawXAxis axis);

/* The stretch that was zoomed to, in x of the axis; empty: all of it, and what will come. A stretch
 * is moved into what there is; one as wide as all is none. */
DrawRange wb_chart_group_get_zoom (WbChartGroup *group);
void wb_chart_group_set_zoom (WbChartGroup *group, DrawRange zoom);

/* What is shown: the zoom, or all of it. */
DrawRange wb_chart_group_get_shown (WbChartGroup *group);

/* In x of the axis; NAN: there is none. */
double wb_chart_group_get_cursor (WbChartGroup *group);
void wb_chart_group_set_cursor (WbChartGroup *group, double x);

G_END_DECLS
