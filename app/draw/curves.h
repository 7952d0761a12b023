/* A chart of curves: many series over one axis with reference lines, legend and cross-hair.
 *
 * Two sizes of the same thing: a large chart, and a small multiple (`compact`) whose head shows the
 * newest value, or the one under the cross-hair. The margins depend on nothing but that, so that
 * charts above one another share their columns and nothing moves while values change.
 */
#pragma once

#include "app/draw/line.h"

typedef struct
{
  const DrawSeries *series;
  const char *label;
  DrawColor color;
  int dashed; /* the teacher's */
  int hidden;
} DrawCurve;

/* A dashed level, like the loss of chance, ln B. */
typedef struct
{
  double y;
  const char *label;
} DrawReference;

typedef struct
{
  const char *title; /* what y is, with its unit */
  const DrawCurve *curves;
  unsigned n_curves;
  const DrawReference *references;
  unsigned n_references;
  DrawXAxis axis;
  DrawRange x, y; /* shown; empty: as draw_curves_fit_x, _fit_y choose */
  DrawUnit unit;  /* of y */
  int log;        /* of y */
  int compact;
  int has_cursor;
  double cursor; /* x in data */
} DrawCurves;

/* Where data stand in a chart of this size. */
typedef struct
{
  DrawRect rect; /* between the axes; may be empty */
  DrawScale x, y;
} DrawPlot;

/* The point of a curve nearest to an x. */
typedef struct
{
  unsigned curve;
  size_t point;
  double x, y;   /* data; y as smoothed */
  double px, py; /* where it is drawn; py not finite on a logarithmic axis if y is not positive */
} DrawSample;

/* The ranges of all that is not hidden: x from the start to a round end; y, of the points within x
 * and the reference lines, to whole ticks. */
DrawRange draw_curves_fit_x (const DrawCurves *curves);
DrawRange draw_curves_fit_y (const DrawCurves *curves, DrawRange x);

/* The same for live data: ranges that stay as shown while they fit (draw_range_follow). */
DrawRange draw_curves_follow_y (const DrawCurves *curves, DrawRange x, DrawRange shown);

DrawPlot draw_curves_plot (const DrawCurves *curves, double width, double height);

/* Finds what lies under a position: the x, and for each curve that is not hidden its nearest sample
 * within the shown range; a curve that ends before x is left out where another has points around
 * it. `samples` has room for n_curves. Returns 0 outside of the plot. */
int draw_curves_hit (const DrawCurves *curves, double width, double height, double px, double py,
                     double *x, DrawSample *samples, unsigned *n_samples);

void draw_curves (cairo_t *cr, const DrawTheme *theme, const DrawCurves *curves, double width,
                  double height);
