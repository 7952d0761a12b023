/* One series drawn between two scales: points joined while there is room for them, else for each
 * column of 2 px the envelope from least to greatest and the mean as a line. Where values are
 * missing (or not positive on a logarithmic scale) the line has a gap; a lone point is a dot.
 */
#pragma once

#include "app/draw/scale.h"
#include "app/draw/series.h"
#include "app/draw/theme.h"

#define DRAW_LINE_WIDTH 1.5
#define DRAW_HAIRLINE_WIDTH 0.75

typedef struct
{
  const DrawSeries *series;
  DrawXAxis axis;
  const DrawScale *x, *y; /* px of x ascend */
  DrawColor color;
  int dashed;
  double width; /* 0: DRAW_LINE_WIDTH */
  int no_marks; /* few points are not marked with dots */
} DrawLineStyle;

/* The caller clips. A smoothed series has its raw line as a hairline behind. */
void draw_line (cairo_t *cr, const DrawLineStyle *line);
