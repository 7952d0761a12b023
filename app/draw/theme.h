/* Colours, sizes and fonts that painters share, for light and for dark ground.
 *
 * A painter fills no background of its own unless it says so: the ground is needed to veil, to mix
 * lighter shades and to judge contrast. Whoever draws into a window may set `ground` to the view's
 * colour; exported pictures keep the defaults.
 *
 * Runs wear the colours of Okabe and Ito (Color Universal Design, 2008) in their order, begun at
 * blue, so that the dark half comes first and yellow last: blue, vermillion, reddish purple, (the
 * ink for black), orange, sky blue, bluish green, yellow. A colour with less contrast to the ground
 * than 3:1 (WCAG 2.1, 1.4.11; 4:1 on dark) is mixed with ink until it has that.
 *
 * Lengths are in the user units of the cairo_t, meant as px at 96 dpi. All of app/draw may be
 * called from any thread that owns its arguments, keeps no state between calls, and leaves the
 * cairo_t with the graphics state it came with, but without a current path.
 */
#pragma once

#include <cairo.h>

typedef struct
{
  double r, g, b; /* sRGB, 0..1 */
} DrawColor;

typedef struct
{
  double x, y, width, height;
} DrawRect;

typedef enum
{
  DRAW_LIGHT,
  DRAW_DARK,
} DrawMode;

/* A run's three losses, by lightness. */
typedef enum
{
  DRAW_SHADE_BASE,   /* the run's colour: total */
  DRAW_SHADE_STRONG, /* nearer to the ink: contrastive */
  DRAW_SHADE_SOFT,   /* nearer to the ground: distillation */
} DrawShade;

/* How texts are measured and shown; NULL functions mean Cairo's own fonts (sans-serif). `show` puts
 * the text's baseline start at the current point, in the current source. `text` is valid UTF-8. */
typedef struct
{
  double (*measure) (void *data, cairo_t *cr, const char *text, double size, int bold);
  void (*show) (void *data, cairo_t *cr, const char *text, double size, int bold);
  void *data; /* borrowed */
} DrawFont;

#define DRAW_TEXT_MIN 11.0 /* px; no text is smaller */

typedef struct
{
  DrawMode mode;
  DrawColor ground, ink, muted, accent;
  double text, title; /* sizes of type, px */
  DrawFont font;
} DrawTheme;

#define DRAW_RUN_COLORS 8

#define DRAW_GRID_STRENGTH 0.08 /* of the ink */

/* All fields; Cairo's own fonts. */
void draw_theme_init (DrawTheme *theme, DrawMode mode);

/* The colour of run `index` (any number; it repeats after DRAW_RUN_COLORS). */
DrawColor draw_theme_run_color (const DrawTheme *theme, unsigned index, DrawShade shade);

/* A shade of any colour, as runs' shades are made. */
DrawColor draw_theme_shade (const DrawTheme *theme, DrawColor color, DrawShade shade);

/* (1 - t) a + t b, in sRGB. */
DrawColor draw_color_mix (DrawColor a, DrawColor b, double t);

/* The contrast of WCAG 2.1, 1..21. */
double draw_color_contrast (DrawColor a, DrawColor b);

void draw_set_color (cairo_t *cr, DrawColor color, double alpha);

/* Fills the rectangle with the ground. */
void draw_ground (cairo_t *cr, const DrawTheme *theme, double width, double height);

/* Whether (x, y) lies in the rectangle: left and top edge included, right and bottom not. */
int draw_rect_contains (const DrawRect *rect, double x, double y);
