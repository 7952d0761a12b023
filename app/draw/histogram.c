#include "app/draw/histogram.h"

#include <math.h>

#define OTHERS_STRENGTH 0.35
#define OWN_STRENGTH 0.25

static void
normalise (double bins[DRAW_HISTOGRAM_BINS])
{
  double sum = 0;
  for (unsigned i = 0; i < DRAW_HISTOGRAM_BINS; i++)
    sum += bins[i];
  for (unsigned i = 0; i < DRAW_HISTOGRAM_BINS && sum > 0; i++)
    bins[i] /= sum;
}

void
draw_histogram_init (DrawHistogram *histogram, const float *values, unsigned n, DrawRange range)
{
  const double width = range.max - range.min;
  *histogram = (DrawHistogram){ 0 };
  if (draw_range_is_empty (range))
    return;
  for (unsigned row = 0; row < n; row++)
    for (unsigned column = 0; column < n; column++)
      {
        const double value = values[(size_t) row * n + column];
        if (isnan (value))
          continue;
        const double at = (value - range.min) / width * DRAW_HISTOGRAM_BINS;
        const unsigned bin = (unsigned) fmin (fmax (at, 0), DRAW_HISTOGRAM_BINS - 1);
        (row == column ? histogram->own : histogram->others)[bin]++;
      }
  normalise (histogram->own);
  normalise (histogram->others);
}

double
draw_histogram_most (const DrawHistogram *histogram)
{
  double most = 0;
  for (unsigned i = 0; i < DRAW_HISTOGRAM_BINS; i++)
    most = fmax (most, fmax (histogram->own[i], histogram->others[i]));
  return most;
}

/* The outline of stairs, from the axis up and back to it. */
static void
trace (cairo_t *cr, const double bins[DRAW_HISTOGRAM_BINS], double most, const DrawRect *rect)
{
  const double bottom = rect->y + rect->height;
  cairo_move_to (cr, rect->x, bottom);
  for (unsigned i = 0; i < DRAW_HISTOGRAM_BINS; i++)
    {
      const double y = bottom - round (rect->height * fmin (bins[i] / most, 1));
      cairo_line_to (cr, rect->x + floor (rect->width * i / DRAW_HISTOGRAM_BINS), y);
      cairo_line_to (cr, rect->x + floor (rect->width * (i + 1) / DRAW_HISTOGRAM_BINS), y);
    }
  cairo_line_to (cr, rect->x + floor (rect->width), bottom);
}

void
draw_histogram (cairo_t *cr, const DrawTheme *theme, const DrawHistogram *histogram, double most,
                const DrawRect *rect)
{
  if (!(most > 0) || rect->width < 1 || rect->height < 1)
    return;
  cairo_save (cr);
  trace (cr, histogram->others, most, rect);
  draw_set_color (cr, theme->muted, OTHERS_STRENGTH);
  cairo_fill (cr);
  trace (cr, histogram->own, most, rect);
  draw_set_color (cr, theme->accent, OWN_STRENGTH);
  cairo_fill_preserve (cr);
  cairo_set_line_width (cr, 1.5);
  draw_set_color (cr, theme->accent, 1);
  cairo_stroke (cr);
  cairo_restore (cr);
}
