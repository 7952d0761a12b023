#include "app/draw/curves.h"

#include "app/draw/frame.h"
#include "app/draw/text.h"

#include <math.h>

/* px; a chart too small for its margins is nothing but lines. */
static const struct
{
  double left, right, top, bottom;
} margins[] = { { 50, 16, 32, 36 }, { 50, 12, 24, 20 } };

#define LEAST_WIDTH 110
#define LEAST_HEIGHT 70
#define PX_PER_X_TICK 90
#define PX_PER_Y_TICK 38

static DrawUnit
unit_of_x (DrawXAxis axis)
{
  return axis == DRAW_X_WALL ? DRAW_TIME : axis == DRAW_X_STEP ? DRAW_COUNT : DRAW_NUMBER;
}

DrawRange
draw_curves_fit_x (const DrawCurves *curves)
{
  DrawRange all = { INFINITY, -INFINITY };
  for (unsigned c = 0; c < curves->n_curves; c++)
    {
      const DrawCurve *curve = &curves->curves[c];
      const size_t n = draw_series_length (curve->series);
      if (n > 0 && !curve->hidden)
        all = draw_range_union (all,
                                (DrawRange){ draw_series_x (curve->series, curves->axis, 0),
                                             draw_series_x (curve->series, curves->axis, n - 1) });
    }
  return draw_range_extend (all, unit_of_x (curves->axis));
}

static DrawRange
data_of_y (const DrawCurves *curves, DrawRange x)
{
  DrawRange all = { INFINITY, -INFINITY };
  for (unsigned c = 0; c < curves->n_curves; c++)
    {
      const DrawCurve *curve = &curves->curves[c];
      if (curve->hidden)
        continue;
      const size_t from = draw_series_search (curve->series, curves->axis, x.min);
      const size_t to = draw_series_search (curve->series, curves->axis, x.max) + 1;
      const DrawSummary s = draw_series_summary (curve->series, DRAW_RAW, from, to);
      if (s.n > 0)
        all = draw_range_union (all, (DrawRange){ s.min, s.max });
    }
  for (unsigned r = 0; r < curves->n_references; r++)
    all = draw_range_union (all, (DrawRange){ curves->references[r].y, curves->references[r].y });
  if (curves->unit == DRAW_PERCENT && !curves->log && all.min > 0 && all.min < all.max)
    all.min = fmin (all.min, fmax (0, all.min - (all.max - all.min) * 0.5));
  return all;
}

#define Y_TICKS(curves) ((curves)->compact ? 2 : 5)

DrawRange
draw_curves_fit_y (const DrawCurves *curves, DrawRange x)
{
  return draw_range_fit (data_of_y (curves, x), Y_TICKS (curves), curves->unit, curves->log);
}

DrawRange
draw_curves_follow_y (const DrawCurves *curves, DrawRange x, DrawRange shown)
{
  return draw_range_follow (shown, data_of_y (curves, x), Y_TICKS (curves), curves->unit,
                            curves->log);
}

DrawPlot
draw_curves_plot (const DrawCurves *curves, double width, double height)
{
  const int kind = curves->compact ? 1 : 0;
  const double left = width >= LEAST_WIDTH ? margins[kind].left : 0;
  const double right = width >= LEAST_WIDTH ? margins[kind].right : 0;
  const double legend = draw_frame_legend_rows (curves, width) * DRAW_LEGEND_ROW;
  const double top = height >= LEAST_HEIGHT ? margins[kind].top + legend : 0;
  const double bottom = height >= LEAST_HEIGHT ? margins[kind].bottom : 0;
  DrawPlot plot = { .rect = { left, top, fmax (width - left - right, 0),
                              fmax (height - top - bottom, 0) } };
  const DrawRect *r = &plot.rect;
  plot.x = (DrawScale){ curves->x, r->x, r->x + r->width, 0 };
  if (draw_range_is_empty (plot.x.range))
    plot.x.range = draw_curves_fit_x (curves);
  plot.y = (DrawScale){ curves->y, r->y + r->height, r->y, curves->log };
  if (draw_range_is_empty (plot.y.range) || (curves->log && plot.y.range.min <= 0))
    plot.y.range = draw_curves_fit_y (curves, plot.x.range);
  return plot;
}

static int
reaches (const DrawCurve *curve, DrawXAxis axis, double x)
{
  const size_t n = draw_series_length (curve->series);

  return !curve->hidden && n > 0 && x >= draw_series_x (curve->series, axis, 0)
         && x <= draw_series_x (curve->series, axis, n - 1);
}

/* Curves of runs of different length: where some have points around x, the others have nothing to
 * say there; where none has, each has its nearest end. */
static int
is_out_of_reach (const DrawCurves *curves, unsigned curve, double x)
{
  if (reaches (&curves->curves[curve], curves->axis, x))
    return 0;
  for (unsigned c = 0; c < curves->n_curves; c++)
    if (reaches (&curves->curves[c], curves->axis, x))
      return 1;
  return 0;
}

static unsigned
find_samples (const DrawCurves *curves, const DrawPlot *plot, double x, DrawSample *samples,
              unsigned first, unsigned most)
{
  unsigned n = 0;
  for (unsigned c = first; c < curves->n_curves && n < most; c++)
    {
      const DrawCurve *curve = &curves->curves[c];
      const size_t i = draw_series_nearest (curve->series, curves->axis, x);
      if (curve->hidden || i >= draw_series_length (curve->series)
          || is_out_of_reach (curves, c, x))
        continue;
      DrawSample s = { .curve = c,
                       .point = i,
                       .x = draw_series_x (curve->series, curves->axis, i),
                       .y = draw_series_y (curve->series, DRAW_SMOOTH, i) };
      if (s.x < plot->x.range.min || s.x > plot->x.range.max)
        continue;
      s.px = draw_scale_map (&plot->x, s.x);
      s.py = draw_scale_map (&plot->y, s.y);
      samples[n++] = s;
    }
  return n;
}

int
draw_curves_hit (const DrawCurves *curves, double width, double height, double px, double py,
                 double *x, DrawSample *samples, unsigned *n_samples)
{
  const DrawPlot plot = draw_curves_plot (curves, width, height);
  *n_samples = 0;
  if (!draw_rect_contains (&plot.rect, px, py))
    return 0;
  *x = draw_scale_unmap (&plot.x, px);
  *n_samples = find_samples (curves, &plot, *x, samples, 0, curves->n_curves);
  return 1;
}

static void
draw_references (cairo_t *cr, const DrawTheme *theme, const DrawCurves *curves,
                 const DrawPlot *plot)
{
  static const double dots[] = { 1.5, 3 };
  const double right = plot->rect.x + plot->rect.width;
  for (unsigned i = 0; i < curves->n_references; i++)
    {
      const double y = draw_scale_map (&plot->y, curves->references[i].y);
      if (!(y >= plot->rect.y && y <= plot->rect.y + plot->rect.height))
        continue;
      cairo_move_to (cr, plot->rect.x, round (y) + 0.5);
      cairo_line_to (cr, right, round (y) + 0.5);
      cairo_set_line_width (cr, 1);
      cairo_set_dash (cr, dots, 2, 0);
      draw_set_color (cr, theme->muted, 1);
      cairo_stroke (cr);
      cairo_set_dash (cr, NULL, 0, 0);
      const int below = y - plot->rect.y < theme->text + 4;
      if (plot->rect.height >= 3 * theme->text)
        draw_text (cr, theme,
                   &(DrawText){ .text = curves->references[i].label,
                                .x = right - 2,
                                .y = below ? y + 5 : y - 5,
                                .align = 1,
                                .at = below ? DRAW_AT_TOP : DRAW_AT_BASELINE,
                                .color = &theme->muted,
                                .max_width = plot->rect.width - 4 });
    }
}

static void
draw_lines (cairo_t *cr, const DrawCurves *curves, const DrawPlot *plot)
{
  const DrawRect *r = &plot->rect;
  cairo_save (cr);
  cairo_rectangle (cr, r->x, r->y - 2, r->width, r->height + 4);
  cairo_clip (cr);
  for (unsigned c = 0; c < curves->n_curves; c++)
    if (!curves->curves[c].hidden)
      draw_line (cr, &(DrawLineStyle){ .series = curves->curves[c].series,
                                       .axis = curves->axis,
                                       .x = &plot->x,
                                       .y = &plot->y,
                                       .color = curves->curves[c].color,
                                       .dashed = curves->curves[c].dashed });
  cairo_restore (cr);
}

static void
draw_cursor (cairo_t *cr, const DrawTheme *theme, const DrawCurves *curves, const DrawPlot *plot)
{
  const DrawRect *r = &plot->rect;
  const double x = draw_scale_map (&plot->x, curves->cursor);
  if (!(x >= r->x && x <= r->x + r->width))
    return;
  cairo_rectangle (cr, round (x), r->y, 1, r->height);
  draw_set_color (cr, theme->ink, 0.35);
  cairo_fill (cr);
  for (unsigned c = 0; c < curves->n_curves; c++)
    {
      DrawSample s;
      if (find_samples (curves, plot, curves->cursor, &s, c, 1) == 0)
        continue;
      c = s.curve;
      if (!(s.py >= r->y - 1 && s.py <= r->y + r->height + 1))
        continue;
      cairo_arc (cr, s.px, s.py, 3.5, 0, 2 * M_PI);
      draw_set_color (cr, curves->curves[c].color, 1);
      cairo_fill_preserve (cr);
      cairo_set_line_width (cr, 1.5);
      draw_set_color (cr, theme->ground, 1);
      cairo_stroke (cr);
    }
}

/* What the cross-hair reads, or the newest; a large chart reads only under the cross-hair. */
static void
read_values (const DrawCurves *curves, const DrawPlot *plot, DrawReadout *readout)
{
  *readout = (DrawReadout){ .unit = curves->unit };
  readout->at = curves->has_cursor ? curves->cursor : plot->x.range.max;
  for (unsigned c = 0; c < curves->n_curves && readout->n < DRAW_READOUT_ROWS; c++)
    {
      DrawSample s;
      if (find_samples (curves, plot, readout->at, &s, c, 1) == 0)
        break;
      c = s.curve;
      if (readout->n == 0 || fabs (s.x - readout->at) < fabs (readout->x - readout->at))
        readout->x = s.x;
      const DrawCurve *curve = &curves->curves[c];
      readout->rows[readout->n++] =
          (DrawReadoutRow){ curve->label, curve->color, curve->dashed, s.y };
    }
}

void
draw_curves (cairo_t *cr, const DrawTheme *theme, const DrawCurves *curves, double width,
             double height)
{
  const DrawPlot plot = draw_curves_plot (curves, width, height);
  if (plot.rect.width < 1 || plot.rect.height < 1)
    return;
  const DrawFrame frame = { .width = width,
                            .height = height,
                            .rect = plot.rect,
                            .x = &plot.x,
                            .y = &plot.y,
                            .axis = curves->axis,
                            .x_unit = unit_of_x (curves->axis),
                            .y_unit = curves->unit,
                            .x_ticks = (unsigned) fmax (plot.rect.width / PX_PER_X_TICK, 2),
                            .y_ticks = (unsigned) fmax (plot.rect.height / PX_PER_Y_TICK, 2),
                            .compact = curves->compact };
  DrawReadout readout;
  cairo_save (cr);
  draw_frame (cr, theme, &frame);
  draw_references (cr, theme, curves, &plot);
  draw_lines (cr, curves, &plot);
  read_values (curves, &plot, &readout);
  draw_frame_head (cr, theme, &frame, curves,
                   curves->compact ? draw_frame_value (cr, theme, &frame, curves->title, &readout)
                                   : 0);
  if (curves->has_cursor)
    {
      draw_cursor (cr, theme, curves, &plot);
      if (!curves->compact && readout.n > 0)
        draw_frame_readout (cr, theme, &frame, &readout);
    }
  cairo_restore (cr);
}
