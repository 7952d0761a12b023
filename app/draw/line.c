#include "app/draw/line.h"

#include <math.h>
#include <stdlib.h>

#define COLUMN 2.0 /* px; a line is hardly finer */
#define MOST_COLUMNS 16384
#define POINTS_PER_COLUMN 1 /* more are an envelope */
#define MARKS_APART 20.0    /* px between points that get marks */
#define ENVELOPE_STRENGTH 0.2
#define RAW_STRENGTH 0.4

/* In px. Not finite: a gap. */
typedef struct
{
  double x, top, bottom, mean;
} Column;

/* Joins points, and makes a dot of one between two gaps: a line without length has round ends. */
typedef struct
{
  cairo_t *cr;
  int down;
} Pen;

static void
pen_to (Pen *pen, double x, double y)
{
  if (!isfinite (x) || !isfinite (y))
    {
      pen->down = 0;
      return;
    }
  if (!pen->down)
    cairo_move_to (pen->cr, x, y);
  cairo_line_to (pen->cr, x, y);
  pen->down = 1;
}

/* px far outside wrap around in Cairo's fixed-point numbers: keep them near. */
static double
map_y (const DrawScale *scale, double value)
{
  const double y = draw_scale_map (scale, value);
  return isfinite (y) ? fmin (fmax (y, -4000), 12000) : y;
}

static double
map_x (const DrawLineStyle *line, size_t i)
{
  const double x = draw_scale_map (line->x, draw_series_x (line->series, line->axis, i));
  return fmin (fmax (x, line->x->from - 4000), line->x->to + 4000);
}

static void
stroke (cairo_t *cr, const DrawLineStyle *line, double width, double alpha)
{
  static const double dashes[] = { 4.5, 4.0 };
  cairo_set_line_width (cr, width);
  cairo_set_line_cap (cr, CAIRO_LINE_CAP_ROUND);
  cairo_set_line_join (cr, CAIRO_LINE_JOIN_ROUND);
  if (line->dashed)
    cairo_set_dash (cr, dashes, 2, 0);
  draw_set_color (cr, line->color, alpha);
  cairo_stroke (cr);
  cairo_set_dash (cr, NULL, 0, 0);
}

static void
trace_points (cairo_t *cr, const DrawLineStyle *line, DrawChannel channel, size_t from, size_t to)
{
  Pen pen = { cr, 0 };
  for (size_t i = from; i < to; i++)
    pen_to (&pen, map_x (line, i), map_y (line->y, draw_series_y (line->series, channel, i)));
}

static void
mark_points (cairo_t *cr, const DrawLineStyle *line, size_t from, size_t to)
{
  draw_set_color (cr, line->color, 1);
  for (size_t i = from; i < to; i++)
    {
      const double y = map_y (line->y, draw_series_y (line->series, DRAW_SMOOTH, i));
      if (!isfinite (y))
        continue;
      cairo_new_sub_path (cr);
      cairo_arc (cr, map_x (line, i), y, 2.25, 0, 2 * M_PI);
    }
  cairo_fill (cr);
}

/* Returns how many columns have points, be they gaps; the others are left out, so that the line
 * runs on over them. */
static unsigned
fill_columns (Column *columns, unsigned n, const DrawLineStyle *line, DrawChannel channel,
              size_t from, size_t to)
{
  const double width = (line->x->to - line->x->from) / n;
  unsigned filled = 0;
  for (unsigned c = 0; c < n; c++)
    {
      const double edge = draw_scale_unmap (line->x, line->x->from + (c + 1) * width);
      size_t end = c + 1 < n ? draw_series_search (line->series, line->axis, edge) : to;
      end = end < from ? from : end > to ? to : end;
      if (end == from)
        continue;
      const DrawSummary summary = draw_series_summary (line->series, channel, from, end);
      double bottom = map_y (line->y, summary.min);
      if (isnan (bottom) && summary.n > 0)
        bottom = line->y->from;
      columns[filled++] = (Column){ line->x->from + (c + 0.5) * width, map_y (line->y, summary.max),
                                    bottom, map_y (line->y, summary.mean) };
      from = end;
    }
  return filled;
}

static unsigned
end_of_stretch (const Column *columns, unsigned n, unsigned from)
{
  unsigned end = from;
  while (end < n && isfinite (columns[end].top))
    end++;
  return end;
}

static void
fill_envelope (cairo_t *cr, const DrawLineStyle *line, const Column *columns, unsigned n)
{
  for (unsigned from = 0; from < n; from++)
    {
      const unsigned end = end_of_stretch (columns, n, from);
      if (end == from)
        continue;
      cairo_move_to (cr, columns[from].x - COLUMN / 2, columns[from].top);
      for (unsigned c = from; c < end; c++)
        cairo_line_to (cr, columns[c].x, columns[c].top);
      cairo_line_to (cr, columns[end - 1].x + COLUMN / 2, columns[end - 1].top);
      cairo_line_to (cr, columns[end - 1].x + COLUMN / 2, columns[end - 1].bottom);
      for (unsigned c = end; c-- > from;)
        cairo_line_to (cr, columns[c].x, columns[c].bottom);
      cairo_line_to (cr, columns[from].x - COLUMN / 2, columns[from].bottom);
      cairo_close_path (cr);
      from = end;
    }
  draw_set_color (cr, line->color, ENVELOPE_STRENGTH);
  cairo_fill (cr);
}

static void
trace_means (cairo_t *cr, const Column *columns, unsigned n)
{
  Pen pen = { cr, 0 };
  for (unsigned c = 0; c < n; c++)
    pen_to (&pen, columns[c].x, columns[c].mean);
}

static void
draw_columns (cairo_t *cr, const DrawLineStyle *line, unsigned n, size_t from, size_t to)
{
  const int smooth = draw_series_is_smooth (line->series);
  const double width = line->width > 0 ? line->width : DRAW_LINE_WIDTH;
  Column *columns = malloc (n * sizeof *columns);
  if (!columns)
    abort ();
  unsigned filled = fill_columns (columns, n, line, DRAW_RAW, from, to);
  fill_envelope (cr, line, columns, filled);
  trace_means (cr, columns, filled);
  if (smooth)
    {
      stroke (cr, line, DRAW_HAIRLINE_WIDTH, RAW_STRENGTH);
      filled = fill_columns (columns, n, line, DRAW_SMOOTH, from, to);
      trace_means (cr, columns, filled);
    }
  stroke (cr, line, width, 1);
  free (columns);
}

static void
draw_points (cairo_t *cr, const DrawLineStyle *line, size_t from, size_t to)
{
  const double width = line->width > 0 ? line->width : DRAW_LINE_WIDTH;
  if (draw_series_is_smooth (line->series))
    {
      trace_points (cr, line, DRAW_RAW, from, to);
      stroke (cr, line, DRAW_HAIRLINE_WIDTH, RAW_STRENGTH);
    }
  trace_points (cr, line, DRAW_SMOOTH, from, to);
  stroke (cr, line, width, 1);
  if (!line->no_marks && (double) (to - from) * MARKS_APART < line->x->to - line->x->from)
    mark_points (cr, line, from, to);
}

void
draw_line (cairo_t *cr, const DrawLineStyle *line)
{
  const double width = line->x->to - line->x->from;
  const size_t length = draw_series_length (line->series);
  if (!(width >= 1) || draw_range_is_empty (line->x->range) || draw_range_is_empty (line->y->range)
      || (line->y->log && line->y->range.min <= 0))
    return;
  size_t from = draw_series_search (line->series, line->axis, line->x->range.min);
  size_t to = draw_series_search (line->series, line->axis, line->x->range.max);
  const unsigned columns = (unsigned) fmin (ceil (width / COLUMN), MOST_COLUMNS);
  cairo_save (cr);
  if (to - from > (size_t) columns * POINTS_PER_COLUMN)
    {
      while (to < length && draw_series_x (line->series, line->axis, to) <= line->x->range.max)
        to++;
      draw_columns (cr, line, columns, from, to);
    }
  else
    {
      from = from > 0 ? from - 1 : 0;
      to = to < length ? to + 1 : length;
      draw_points (cr, line, from, to);
    }
  cairo_restore (cr);
}
