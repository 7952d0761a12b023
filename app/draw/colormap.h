/* Two colour maps, computed, perceptually even and safe for colour-blind eyes: order is carried by
 * lightness alone. Both are paths in Oklab's cylinder (B. Ottosson, "A perceptual color space for
 * image processing", 2020), with lightness L, chroma C and hue h in degrees:
 *
 *   sequential, t in 0..1    L = 0.20 + 0.74 t,  h = 290 - 190 t: night blue, sea green, pale
 * yellow; C through (0, .105) (.3, .085) (.42, .085) (.5, .093) (.7, .14) (.9, .165) (1, .125),
 * linear in between diverging, t in -1..1    h = 250 (blue) below zero, 55 (orange) above; of a =
 * |t|, on light ground        L = 0.97 - 0.47 a,  C through (0, 0) (.6, .13) (1, .12) on dark
 * ground         L = 0.22 + 0.55 a,  C through (0, 0) (.6, .11) (1, .12) so that zero recedes into
 * the ground
 *
 * Every colour of them lies within sRGB; nothing is clipped.
 */
#pragma once

#include "app/draw/scale.h"
#include "app/draw/theme.h"

typedef enum
{
  DRAW_SEQUENTIAL,
  DRAW_DIVERGING, /* range symmetrical about zero */
} DrawMapKind;

#define DRAW_MAP_COLORS 256

/* A map as a table. Making one takes some tens of microseconds. */
typedef struct
{
  DrawMapKind kind;
  DrawColor colors[DRAW_MAP_COLORS];
} DrawColorMap;

void draw_color_map_init (DrawColorMap *map, DrawMapKind kind, DrawMode mode);

/* The colour of a value within a range; values beyond it have the colour of its end. Not for NaN.
 */
DrawColor draw_color_map_get (const DrawColorMap *map, DrawRange range, double value);

/* A scale of colours with its label and ticks, in a rectangle at least DRAW_COLOR_BAR_HEIGHT high:
 * a bar, the numbers below it and the label below them. */
#define DRAW_COLOR_BAR_HEIGHT 40.0
void draw_color_bar (cairo_t *cr, const DrawTheme *theme, const DrawColorMap *map, DrawRange range,
                     DrawUnit unit, const char *label, const DrawRect *rect);
