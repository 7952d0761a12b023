#include "app/draw/colormap.h"

#include "app/draw/text.h"

#include <math.h>

#define BAR 9.0

typedef struct
{
  double t, c;
} Chroma;

static double
chroma_at (const Chroma *points, double t)
{
  while (t > points[1].t)
    points++;
  const double share = (t - points[0].t) / (points[1].t - points[0].t);
  return points[0].c + (points[1].c - points[0].c) * share;
}

static double
encoded (double v)
{
  v = fmin (fmax (v, 0), 1);
  return v <= 0.0031308 ? 12.92 * v : 1.055 * pow (v, 1 / 2.4) - 0.055;
}

static double
cube (double v)
{
  return v * v * v;
}

/* Oklab to sRGB, with Ottosson's matrices. */
static DrawColor
from_oklch (double lightness, double chroma, double hue)
{
  const double a = chroma * cos (hue * M_PI / 180), b = chroma * sin (hue * M_PI / 180);
  const double l = cube (lightness + 0.3963377774 * a + 0.2158037573 * b);
  const double m = cube (lightness - 0.1055613458 * a - 0.0638541728 * b);
  const double s = cube (lightness - 0.0894841775 * a - 1.2914855480 * b);
  return (DrawColor){ encoded (4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s),
                      encoded (-1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s),
                      encoded (-0.0041960863 * l - 0.7034186147 * m + 1.7076147010 * s) };
}

static DrawColor
sequential (double t)
{
  static const Chroma chroma[] = { { 0, 0.105 },  { 0.3, 0.085 }, { 0.42, 0.085 }, { 0.5, 0.093 },
                                   { 0.7, 0.14 }, { 0.9, 0.165 }, { 1, 0.125 } };
  return from_oklch (0.20 + 0.74 * t, chroma_at (chroma, t), 290 - 190 * t);
}

static DrawColor
diverging (double t, DrawMode mode)
{
  static const Chroma light[] = { { 0, 0 }, { 0.6, 0.13 }, { 1, 0.12 } };
  static const Chroma dark[] = { { 0, 0 }, { 0.6, 0.11 }, { 1, 0.12 } };
  const double a = fabs (t), hue = t < 0 ? 250 : 55;
  if (mode == DRAW_DARK)
    return from_oklch (0.22 + 0.55 * a, chroma_at (dark, a), hue);
  return from_oklch (0.97 - 0.47 * a, chroma_at (light, a), hue);
}

void
draw_color_map_init (DrawColorMap *map, DrawMapKind kind, DrawMode mode)
{
  map->kind = kind;
  for (int i = 0; i < DRAW_MAP_COLORS; i++)
    {
      const double t = i / (DRAW_MAP_COLORS - 1.0);
      map->colors[i] = kind == DRAW_DIVERGING ? diverging (2 * t - 1, mode) : sequential (t);
    }
}

DrawColor
draw_color_map_get (const DrawColorMap *map, DrawRange range, double value)
{
  double t = draw_range_is_empty (range) ? 0.5 : (value - range.min) / (range.max - range.min);
  t = t > 0 ? fmin (t, 1) : 0;
  return map->colors[(int) round (t * (DRAW_MAP_COLORS - 1))];
}

static void
fill_bar (cairo_t *cr, const DrawColorMap *map, const DrawRect *bar)
{
  cairo_pattern_t *gradient = cairo_pattern_create_linear (bar->x, 0, bar->x + bar->width, 0);
  for (int i = 0; i < DRAW_MAP_COLORS; i += 5)
    cairo_pattern_add_color_stop_rgb (gradient, i / (DRAW_MAP_COLORS - 1.0), map->colors[i].r,
                                      map->colors[i].g, map->colors[i].b);
  cairo_set_source (cr, gradient);
  cairo_rectangle (cr, bar->x, bar->y, bar->width, bar->height);
  cairo_fill (cr);
  cairo_pattern_destroy (gradient);
}

static void
draw_bar_ticks (cairo_t *cr, const DrawTheme *theme, DrawRange range, DrawUnit unit,
                const DrawRect *bar)
{
  const DrawScale scale = { range, bar->x, bar->x + bar->width, 0 };
  DrawTick ticks[DRAW_MAX_TICKS];
  double step, free_from = bar->x - 20;
  const unsigned n =
      draw_scale_ticks (&scale, (unsigned) fmax (bar->width / 48, 2), unit, ticks, &step);
  for (unsigned i = 0; i < n; i++)
    {
      const double x = draw_scale_map (&scale, ticks[i].value);
      char text[DRAW_FORMAT_SIZE];
      const DrawText label = { .text = draw_format_tick (text, ticks[i].value, step, unit),
                               .x = x,
                               .y = bar->y + bar->height + 5,
                               .align = 0.5,
                               .at = DRAW_AT_TOP,
                               .color = &theme->muted };
      const double half = draw_text_width (cr, theme, &label) / 2;
      cairo_rectangle (cr, fmin (round (x), bar->x + bar->width - 1), bar->y + bar->height, 1, 3);
      draw_set_color (cr, theme->muted, 1);
      cairo_fill (cr);
      if (x - half < free_from)
        continue;
      draw_text (cr, theme, &label);
      free_from = x + half + 6;
    }
}

void
draw_color_bar (cairo_t *cr, const DrawTheme *theme, const DrawColorMap *map, DrawRange range,
                DrawUnit unit, const char *label, const DrawRect *rect)
{
  if (rect->width < 2 || draw_range_is_empty (range))
    return;
  const DrawRect bar = { rect->x, rect->y, rect->width, BAR };
  cairo_save (cr);
  fill_bar (cr, map, &bar);
  draw_bar_ticks (cr, theme, range, unit, &bar);
  draw_text (cr, theme,
             &(DrawText){ .text = label,
                          .x = rect->x + rect->width / 2,
                          .y = rect->y + DRAW_COLOR_BAR_HEIGHT - 3,
                          .align = 0.5,
                          .color = &theme->muted });
  cairo_restore (cr);
}
