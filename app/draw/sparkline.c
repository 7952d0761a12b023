#include "app/draw/sparkline.h"

#include <math.h>

#define DOT 2.25
#define LINE 1.25

void
draw_sparkline (cairo_t *cr, const DrawTheme *theme, const DrawSparkline *sparkline, double width,
                double height)
{
  const DrawSeries *series = sparkline->series;
  const size_t n = draw_series_length (series);
  const DrawSummary all = draw_series_summary (series, DRAW_RAW, 0, n);
  if (all.n == 0 || width < 2 || height < 2)
    return;
  const double margin = fmin (DOT + 0.5, fmin (width, height) / 4);
  const double start = draw_series_x (series, sparkline->axis, 0);
  const double last = draw_series_x (series, sparkline->axis, n - 1);
  const double end = fmax (last, sparkline->x_end);
  const double half = all.max > all.min ? 0 : fmax (fabs (all.max) * 0.1, 0.5);
  const DrawScale x = { { start, end > start ? end : start + 1 }, margin, width - margin, 0 };
  const DrawScale y = { { all.min - half, all.max + half }, height - margin, margin, 0 };

  cairo_save (cr);
  cairo_rectangle (cr, 0, round (height - margin), width, 1);
  draw_set_color (cr, theme->ink, DRAW_GRID_STRENGTH);
  cairo_fill (cr);
  draw_line (cr, &(DrawLineStyle){ .series = series,
                                   .axis = sparkline->axis,
                                   .x = &x,
                                   .y = &y,
                                   .color = sparkline->color,
                                   .width = LINE,
                                   .no_marks = 1 });
  const size_t newest = draw_series_nearest (series, sparkline->axis, last);
  cairo_arc (cr, draw_scale_map (&x, draw_series_x (series, sparkline->axis, newest)),
             draw_scale_map (&y, draw_series_y (series, DRAW_SMOOTH, newest)), fmin (DOT, margin),
             0, 2 * M_PI);
  draw_set_color (cr, sparkline->color, 1);
  cairo_fill (cr);
  cairo_restore (cr);
}
