#include "app/draw/theme.h"

#include <math.h>

/* Thin bright lines on dark ground look dimmer than their contrast says. */
#define LEAST_CONTRAST(theme) ((theme)->mode == DRAW_DARK ? 4.0 : 3.0)

#define RGB(hex)                                                                                   \
  {                                                                                                \
    ((hex) >> 16 & 255) / 255.0, ((hex) >> 8 & 255) / 255.0, ((hex) &255) / 255.0                  \
  }

/* Black is the ink, which differs by theme; its place is taken below. */
#define RUN_OF_INK 3
static const DrawColor run_colors[DRAW_RUN_COLORS] = { RGB (0x0072b2), RGB (0xd55e00),
                                                       RGB (0xcc79a7), RGB (0x000000),
                                                       RGB (0xe69f00), RGB (0x56b4e9),
                                                       RGB (0x009e73), RGB (0xf0e442) };

void
draw_theme_init (DrawTheme *theme, DrawMode mode)
{
  *theme = (DrawTheme){ .mode = mode, .text = 11.0, .title = 13.0 };
  if (mode == DRAW_DARK)
    {
      theme->ground = (DrawColor) RGB (0x1e1e1e);
      theme->ink = (DrawColor) RGB (0xf2f2f2);
      theme->accent = (DrawColor) RGB (0x78aeed);
    }
  else
    {
      theme->ground = (DrawColor) RGB (0xffffff);
      theme->ink = (DrawColor) RGB (0x2a2a2e);
      theme->accent = (DrawColor) RGB (0x1c71d8);
    }
  theme->muted = draw_color_mix (theme->ground, theme->ink, 0.68);
}

static double
linear (double v)
{
  return v <= 0.04045 ? v / 12.92 : pow ((v + 0.055) / 1.055, 2.4);
}

static double
luminance (DrawColor c)
{
  return 0.2126 * linear (c.r) + 0.7152 * linear (c.g) + 0.0722 * linear (c.b);
}

double
draw_color_contrast (DrawColor a, DrawColor b)
{
  const double la = luminance (a) + 0.05, lb = luminance (b) + 0.05;
  return la > lb ? la / lb : lb / la;
}

DrawColor
draw_color_mix (DrawColor a, DrawColor b, double t)
{
  return (DrawColor){ a.r + (b.r - a.r) * t, a.g + (b.g - a.g) * t, a.b + (b.b - a.b) * t };
}

DrawColor
draw_theme_shade (const DrawTheme *theme, DrawColor color, DrawShade shade)
{
  switch (shade)
    {
    case DRAW_SHADE_STRONG:
      return draw_color_mix (color, theme->ink, 0.55);
    case DRAW_SHADE_SOFT:
      return draw_color_mix (color, theme->ground, theme->mode == DRAW_DARK ? 0.35 : 0.45);
    case DRAW_SHADE_BASE:
    default:
      return color;
    }
}

DrawColor
draw_theme_run_color (const DrawTheme *theme, unsigned index, DrawShade shade)
{
  const unsigned place = index % DRAW_RUN_COLORS;
  const DrawColor pure = run_colors[place];
  DrawColor color = pure;
  if (place == RUN_OF_INK)
    color = draw_color_mix (theme->ink, theme->ground, 0.15);
  for (double t = 0.02;
       t < 1 && draw_color_contrast (color, theme->ground) < LEAST_CONTRAST (theme); t += 0.02)
    color = draw_color_mix (pure, theme->ink, t);
  return draw_theme_shade (theme, color, shade);
}

void
draw_set_color (cairo_t *cr, DrawColor color, double alpha)
{
  cairo_set_source_rgba (cr, color.r, color.g, color.b, alpha);
}

void
draw_ground (cairo_t *cr, const DrawTheme *theme, double width, double height)
{
  cairo_save (cr);
  cairo_rectangle (cr, 0, 0, width, height);
  draw_set_color (cr, theme->ground, 1);
  cairo_fill (cr);
  cairo_restore (cr);
}

int
draw_rect_contains (const DrawRect *rect, double x, double y)
{
  return x >= rect->x && y >= rect->y && x < rect->x + rect->width && y < rect->y + rect->height;
}
