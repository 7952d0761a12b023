#include "app/draw/scale.h"

#include <math.h>

/* Binary64 has 53 bits: closer ticks would fall together. */
#define NARROWEST 1e-12

double
draw_scale_map (const DrawScale *scale, double value)
{
  const DrawRange r = scale->range;
  const double t = scale->log ? (value > 0 ? log (value / r.min) / log (r.max / r.min) : NAN)
                              : (value - r.min) / (r.max - r.min);
  return scale->from + t * (scale->to - scale->from);
}

double
draw_scale_unmap (const DrawScale *scale, double px)
{
  const DrawRange r = scale->range;
  const double t = (px - scale->from) / (scale->to - scale->from);
  return scale->log ? r.min * pow (r.max / r.min, t) : r.min + t * (r.max - r.min);
}

int
draw_range_is_empty (DrawRange range)
{
  return !(range.min < range.max);
}

DrawRange
draw_range_union (DrawRange a, DrawRange b)
{
  if (!(a.min <= a.max))
    return b;
  if (!(b.min <= b.max))
    return a;
  return (DrawRange){ fmin (a.min, b.min), fmax (a.max, b.max) };
}

static double
next_of (const double *steps, unsigned n, double least)
{
  for (unsigned i = 0; i < n; i++)
    if (steps[i] >= least * (1 - 1e-9))
      return steps[i];
  return 0;
}

static double
next_decimal (double least)
{
  static const double steps[] = { 1, 2, 5, 10 };
  const double power = pow (10, floor (log10 (least)));
  return next_of (steps, 4, least / power) * power;
}

double
draw_range_tick_step (DrawRange range, unsigned wanted, DrawUnit unit)
{
  static const double times[] = { 1,   2,   5,    10,   15,   30,    60,    120,   300,
                                  600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400 };
  const double least = (range.max - range.min) / (wanted > 0 ? wanted : 1);
  if (!(least > 0) || !isfinite (least))
    return 1;
  if (unit == DRAW_BYTES && least >= 1)
    return exp2 (ceil (log2 (least) - 1e-9));
  if (unit == DRAW_TIME)
    {
      const double step = next_of (times, sizeof times / sizeof *times, least);
      return step > 0 ? step : next_decimal (least / 86400) * 86400;
    }
  const double step = next_decimal (least);
  return (unit == DRAW_INTEGER || unit == DRAW_COUNT) && step < 1 ? 1 : step;
}

static unsigned
linear_ticks (DrawRange range, double step, DrawTick *ticks)
{
  unsigned n = 0;
  const double slack = step * 1e-6;
  for (double i = ceil ((range.min - slack) / step); n < DRAW_MAX_TICKS; i++)
    {
      if (i * step > range.max + slack)
        break;
      ticks[n++] = (DrawTick){ i * step, 1 };
    }
  return n;
}

/* Decades; with less than three of them 2 and 5 as well, the others of 1..9 without label. */
static unsigned
log_ticks (DrawRange range, unsigned wanted, DrawTick *ticks)
{
  unsigned n = 0;
  const double lowest = floor (log10 (range.min) + 1e-9), decades = log10 (range.max / range.min);
  const double every = fmax (1, ceil (decades / (wanted > 0 ? wanted : 1)));
  const int dense = decades < 6, labelled = decades * 3 <= wanted + 1;
  for (double e = lowest; pow (10, e) <= range.max * (1 + 1e-9); e++)
    for (int m = 1; m <= (dense ? 9 : 1) && n < DRAW_MAX_TICKS; m++)
      {
        const double value = m * pow (10, e);
        const int shown = m == 1 ? fmod (e, every) == 0 : labelled && (m == 2 || m == 5);
        if (value >= range.min * (1 - 1e-9) && value <= range.max * (1 + 1e-9))
          ticks[n++] = (DrawTick){ value, shown };
      }
  return n;
}

unsigned
draw_scale_ticks (const DrawScale *scale, unsigned wanted, DrawUnit unit,
                  DrawTick ticks[DRAW_MAX_TICKS], double *step)
{
  const DrawRange range = scale->range;
  *step = 0;
  if (draw_range_is_empty (range) || !isfinite (range.max - range.min)
      || (scale->log && range.min <= 0))
    return 0;
  if (scale->log && range.max / range.min >= 4)
    return log_ticks (range, wanted, ticks);
  if (wanted > DRAW_MAX_TICKS / 2)
    wanted = DRAW_MAX_TICKS / 2;
  *step = draw_range_tick_step (range, wanted, unit);
  return linear_ticks (range, *step, ticks);
}

static DrawRange
widen (DrawRange data)
{
  if (!isfinite (data.min) || !isfinite (data.max) || data.min > data.max)
    return (DrawRange){ 0, 1 };
  const double size = fmax (fabs (data.min), fabs (data.max));
  if (data.max - data.min > size * NARROWEST)
    return data;
  const double half = size > 0 ? size * 0.1 : 0.5;
  return (DrawRange){ data.min - half, data.max + half };
}

/* To 1, 2 or 5 times a power of ten, down or up. */
static double
round_log (double value, int up)
{
  static const double steps[] = { 1, 2, 5, 10 };
  const double power = pow (10, floor (log10 (value) + 1e-9)), m = value / power;
  if (up)
    return next_of (steps, 4, m) * power;
  return (m >= 5 * (1 - 1e-9) ? 5 : m >= 2 * (1 - 1e-9) ? 2 : 1) * power;
}

DrawRange
draw_range_fit (DrawRange data, unsigned wanted, DrawUnit unit, int log)
{
  if (log)
    {
      if (!(data.max > 0) || !isfinite (data.max))
        return (DrawRange){ 0.1, 1 };
      const double least = data.min > 0 ? data.min : data.max * 1e-4;
      const DrawRange range = { round_log (least, 0), round_log (data.max, 1) };
      return range.min < range.max ? range : (DrawRange){ range.min / 2, range.max * 2 };
    }
  data = widen (data);
  const double step = draw_range_tick_step (data, wanted, unit);
  return (DrawRange){ floor (data.min / step + 1e-6) * step, ceil (data.max / step - 1e-6) * step };
}

DrawRange
draw_range_follow (DrawRange shown, DrawRange data, unsigned wanted, DrawUnit unit, int logarithmic)
{
  const DrawRange fitted = draw_range_fit (data, wanted, unit, logarithmic);
  const int usable = !draw_range_is_empty (shown) && (!logarithmic || shown.min > 0);
  if (!usable || data.min < shown.min || data.max > shown.max)
    return fitted;
  const double filled = logarithmic ? log (fitted.max / fitted.min) / log (shown.max / shown.min)
                                    : (fitted.max - fitted.min) / (shown.max - shown.min);
  return filled >= 1.0 / 3 ? shown : fitted;
}

DrawRange
draw_range_extend (DrawRange data, DrawUnit unit)
{
  if (!isfinite (data.min) || !isfinite (data.max) || !(data.max > 0))
    return (DrawRange){ 0, 1 };
  const double step = draw_range_tick_step ((DrawRange){ 0, data.max }, 4, unit);
  const int late = data.min > data.max / 2 && data.min < data.max;
  return (DrawRange){ late || data.min < 0 ? data.min : 0, ceil (data.max / step - 1e-6) * step };
}

DrawRange
draw_range_zoom (DrawRange range, double about, double factor, int logarithmic)
{
  if (logarithmic)
    return (DrawRange){ about * pow (range.min / about, factor),
                        about * pow (range.max / about, factor) };
  const DrawRange zoomed = { about + (range.min - about) * factor,
                             about + (range.max - about) * factor };
  const double size = fmax (fabs (zoomed.min), fabs (zoomed.max));
  return zoomed.max - zoomed.min > size * NARROWEST && isfinite (size) ? zoomed : range;
}

DrawRange
draw_range_pan (DrawRange range, double share, int logarithmic)
{
  if (logarithmic)
    {
      const double factor = pow (range.max / range.min, share);
      return (DrawRange){ range.min * factor, range.max * factor };
    }
  const double by = (range.max - range.min) * share;
  return (DrawRange){ range.min + by, range.max + by };
}
