#include "app/widgets/chart-group.h"

#include "app/widgets/chart.h"

#include <math.h>

#define CLOSEST 1e-4 /* share of all that a zoom shows at least */

struct _WbChartGroup
{
  GObject parent_instance;

  GPtrArray *charts; /* borrowed: they leave when they go */
  DrawXAxis axis;
  DrawRange zoom;
  double cursor;
};

static guint changed_signal;

G_DEFINE_FINAL_TYPE (WbChartGroup, wb_chart_group, G_TYPE_OBJECT)

static void
wb_chart_group_finalize (GObject *object)
{
  WbChartGroup *self = WB_CHART_GROUP (object);

  g_ptr_array_unref (self->charts);
  G_OBJECT_CLASS (wb_chart_group_parent_class)->finalize (object);
}

static void
wb_chart_group_class_init (WbChartGroupClass *class)
{
  G_OBJECT_CLASS (class)->finalize = wb_chart_group_finalize;
  changed_signal = g_signal_new ("changed", WB_TYPE_CHART_GROUP, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                                 NULL, G_TYPE_NONE, 0);
}

static void
wb_chart_group_init (WbChartGroup *self)
{
  self->charts = g_ptr_array_new ();
  self->cursor = NAN;
}

WbChartGroup *
wb_chart_group_new (void)
{
  return g_object_new (WB_TYPE_CHART_GROUP, NULL);
}

void
wb_chart_group_add (WbChartGroup *self, WbChart *chart)
{
  g_ptr_array_add (self->charts, chart);
}

void
wb_chart_group_remove (WbChartGroup *self, WbChart *chart)
{
  g_ptr_array_remove (self->charts, chart);
}

static DrawRange
get_all (WbChartGroup *self)
{
  DrawRange all = { INFINITY, -INFINITY };

  for (guint i = 0; i < self->charts->len; i++)
    if (!wb_chart_is_empty (self->charts->pdata[i]))
      all = draw_range_union (all, wb_chart_fit_x (self->charts->pdata[i]));
  return draw_range_is_empty (all) ? (DrawRange){ 0, 1 } : all;
}

DrawXAxis
wb_chart_group_get_axis (WbChartGroup *self)
{
  return self->axis;
}

/* By the chart that knows most points. */
static double
convert (WbChartGroup *self, DrawXAxis axis, double x)
{
  WbChart *best = NULL;

  for (guint i = 0; i < self->charts->len; i++)
    if (!best || wb_chart_get_length (self->charts->pdata[i]) > wb_chart_get_length (best))
      best = self->charts->pdata[i];
  return best ? wb_chart_convert (best, self->axis, axis, x) : NAN;
}

void
wb_chart_group_set_axis (WbChartGroup *self, DrawXAxis axis)
{
  if (self->axis == axis)
    return;
  DrawRange zoom = { 0, 0 };
  if (!draw_range_is_empty (self->zoom))
    zoom =
        (DrawRange){ convert (self, axis, self->zoom.min), convert (self, axis, self->zoom.max) };
  if (isfinite (self->cursor))
    self->cursor = convert (self, axis, self->cursor);
  self->axis = axis;
  self->zoom = (DrawRange){ 0, 0 };
  wb_chart_group_set_zoom (self, zoom);
  g_signal_emit (self, changed_signal, 0);
}

DrawRange
wb_chart_group_get_zoom (WbChartGroup *self)
{
  return self->zoom;
}

void
wb_chart_group_set_zoom (WbChartGroup *self, DrawRange zoom)
{
  const DrawRange all = get_all (self), before = self->zoom;
  const double whole = all.max - all.min;
  double width = zoom.max - zoom.min;

  if (draw_range_is_empty (zoom) || !isfinite (width) || width >= whole)
    self->zoom = (DrawRange){ 0, 0 };
  else
    {
      const double middle = (zoom.min + zoom.max) / 2;

      width = fmax (width, whole * CLOSEST);
      self->zoom.min = CLAMP (middle - width / 2, all.min, all.max - width);
      self->zoom.max = self->zoom.min + width;
    }
  if (self->zoom.min != before.min || self->zoom.max != before.max)
    g_signal_emit (self, changed_signal, 0);
}

DrawRange
wb_chart_group_get_shown (WbChartGroup *self)
{
  return draw_range_is_empty (self->zoom) ? get_all (self) : self->zoom;
}

double
wb_chart_group_get_cursor (WbChartGroup *self)
{
  return self->cursor;
}

void
wb_chart_group_set_cursor (WbChartGroup *self, double x)
{
  if (self->cursor == x || (isnan (self->cursor) && isnan (x)))
    return;
  self->cursor = x;
  g_signal_emit (self, changed_signal, 0);
}
