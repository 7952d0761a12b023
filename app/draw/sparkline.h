/* A curve the size of a word: no axes, its newest point a dot. */
#pragma once

#include "app/draw/line.h"

typedef struct
{
  const DrawSeries *series;
  DrawXAxis axis;
  double x_end; /* where the run will end, so that the line shows how far it is; 0: at the last
                   point */
  DrawColor color;
} DrawSparkline;

void draw_sparkline (cairo_t *cr, const DrawTheme *theme, const DrawSparkline *sparkline,
                     double width, double height);
