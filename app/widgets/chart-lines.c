#include "app/widgets/chart-lines.h"

#include <math.h>

#define LINE(lines, i) (&g_array_index (lines, WbChartLine, i))

static void
line_clear (gpointer data)
{
  WbChartLine *line = data;

  draw_series_free (line->series);
  g_free (line->label);
}

GArray *
wb_chart_lines_new (void)
{
  GArray *lines = g_array_new (FALSE, TRUE, sizeof (WbChartLine));

  g_array_set_clear_func (lines, line_clear);
  return lines;
}

gsize
wb_chart_lines_get_length (GArray *lines)
{
  gsize most = 0;

  for (guint i = 0; i < lines->len; i++)
    most = MAX (most, draw_series_length (LINE (lines, i)->series));
  return most;
}

guint
wb_chart_lines_show (GArray *lines, const DrawTheme *theme, DrawCurve *shown, guint most)
{
  guint n = 0;

  for (guint i = 0; i < lines->len && n < most; i++)
    {
      const WbChartLine *line = LINE (lines, i);

      if (line->hidden)
        continue;
      shown[n] =
          (DrawCurve){ .series = line->series, .label = line->label, .dashed = line->dashed };
      if (theme)
        shown[n].color = draw_theme_run_color (theme, line->colour, line->shade);
      n++;
    }
  return n;
}

double
wb_chart_lines_convert (GArray *lines, DrawXAxis from, DrawXAxis to, double x)
{
  for (guint i = 0; i < lines->len; i++)
    {
      const DrawSeries *series = LINE (lines, i)->series;
      const size_t n = draw_series_length (series);

      if (n > 0)
        return draw_series_x (series, to, MIN (draw_series_search (series, from, x), n - 1));
    }
  return NAN;
}

/* The visible one with most points leads the cursor; NULL: there are no points. */
static const DrawSeries *
find_lead (GArray *lines)
{
  const DrawSeries *lead = NULL;
  size_t most = 0;

  for (guint i = 0; i < lines->len; i++)
    {
      const WbChartLine *line = LINE (lines, i);

      if (!line->hidden && draw_series_length (line->series) > most)
        {
          lead = line->series;
          most = draw_series_length (lead);
        }
    }
  return lead;
}

double
wb_chart_lines_step (GArray *lines, DrawXAxis axis, DrawRange shown, double cursor, int points)
{
  const DrawSeries *lead = find_lead (lines);
  if (!lead)
    return NAN;
  const gint64 n = (gint64) draw_series_length (lead);
  const gint64 first = (gint64) draw_series_search (lead, axis, shown.min);
  gint64 last = (gint64) draw_series_search (lead, axis, shown.max);

  if (last >= n || draw_series_x (lead, axis, (size_t) last) > shown.max)
    last--;
  if (first > last)
    return NAN;
  gint64 at = last;
  if (isfinite (cursor))
    at = (gint64) draw_series_nearest (lead, axis, cursor) + points;
  else if (points == -G_MAXINT)
    at = first;
  return draw_series_x (lead, axis, (size_t) CLAMP (at, first, last));
}

char *
wb_chart_lines_tell (GArray *lines, DrawXAxis axis, double cursor, DrawUnit unit)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < lines->len; i++)
    {
      const WbChartLine *line = LINE (lines, i);
      const size_t n = draw_series_length (line->series);
      const size_t at =
          draw_series_nearest (line->series, axis, isfinite (cursor) ? cursor : INFINITY);
      char number[DRAW_FORMAT_SIZE], step[DRAW_FORMAT_SIZE];

      if (line->hidden || at >= n)
        continue;
      draw_format (number, draw_series_y (line->series, DRAW_SMOOTH, at), unit);
      draw_format (step, draw_series_x (line->series, DRAW_X_STEP, at), DRAW_INTEGER);
      g_string_append_printf (text, "%s%s %s at step %s", text->len > 0 ? ", " : "",
                              line->label ? line->label : "", number, step);
    }
  if (text->len == 0)
    g_string_append (text, "No points yet");
  return g_string_free (text, FALSE);
}
