/* What stands around the curves of a chart: grid, labels, head with legend, readout of values. Used
 * by curves.c only.
 */
#pragma once

#include "app/draw/curves.h"

typedef struct
{
  double width, height; /* of the whole chart */
  DrawRect rect;        /* of the plot */
  const DrawScale *x, *y;
  DrawXAxis axis;
  DrawUnit x_unit, y_unit;
  unsigned x_ticks, y_ticks; /* at most */
  int compact;
} DrawFrame;

typedef struct
{
  const char *label;
  DrawColor color;
  int dashed;
  double value;
} DrawReadoutRow;

#define DRAW_READOUT_ROWS 12

typedef struct
{
  double at; /* the cross-hair */
  double x;  /* the nearest point's */
  DrawUnit unit;
  DrawReadoutRow rows[DRAW_READOUT_ROWS];
  unsigned n;
} DrawReadout;

/* How many rows of their own the names of the curves take below the title, 0 beside it: judged by
 * their letters, so that it needs no font. */
unsigned draw_frame_legend_rows (const DrawCurves *curves, double width);
#define DRAW_LEGEND_ROW 18.0

/* Grid and labels. */
void draw_frame (cairo_t *cr, const DrawTheme *theme, const DrawFrame *frame);

/* Title and, in a large chart, the legend; `taken` of the width at the right is another's. */
void draw_frame_head (cairo_t *cr, const DrawTheme *theme, const DrawFrame *frame,
                      const DrawCurves *curves, double taken);

/* The first value, in the head of a small multiple: whole, and large where the title then has room
 * beside it. Returns what it takes of the width. */
double draw_frame_value (cairo_t *cr, const DrawTheme *theme, const DrawFrame *frame,
                         const char *title, const DrawReadout *readout);

/* A box beside the cross-hair with x and a line a curve. */
void draw_frame_readout (cairo_t *cr, const DrawTheme *theme, const DrawFrame *frame,
                         const DrawReadout *readout);
