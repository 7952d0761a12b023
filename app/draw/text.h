/* One line of text. Figures stand in columns of one width (tabular), so that live values do not
 * dance; text that does not fit ends in an ellipsis; bytes that are no UTF-8 become U+FFFD.
 */
#pragma once

#include "app/draw/theme.h"

typedef enum
{
  DRAW_AT_BASELINE,
  DRAW_AT_MIDDLE, /* of a figure's height */
  DRAW_AT_TOP,    /* of a figure's height */
} DrawVertical;

typedef struct
{
  const char *text;
  double x, y;
  double align;    /* which part of the text stands at x: 0 start, 0.5 centre, 1 end */
  DrawVertical at; /* which part of the text stands at y */
  double size;     /* px; 0: the theme's text size; never less than DRAW_TEXT_MIN */
  int bold;
  const DrawColor *color; /* NULL: ink */
  double max_width;       /* 0: as long as it is */
} DrawText;

/* Draws the text and returns how wide it came out. */
double draw_text (cairo_t *cr, const DrawTheme *theme, const DrawText *text);

/* How wide draw_text would be. */
double draw_text_width (cairo_t *cr, const DrawTheme *theme, const DrawText *text);
