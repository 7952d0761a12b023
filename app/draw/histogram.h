/* How values of pairs that belong together (a square matrix's diagonal) and of all others are
 * spread: two histograms over one axis, each of shares of its own kind, so that sixteen pairs can
 * be compared with the 240 others.
 */
#pragma once

#include "app/draw/scale.h"
#include "app/draw/theme.h"

#define DRAW_HISTOGRAM_BINS 24

typedef struct
{
  double own[DRAW_HISTOGRAM_BINS], others[DRAW_HISTOGRAM_BINS]; /* each sums to 1, or 0: no value */
} DrawHistogram;

/* values [n][n]; beyond the range they count in its end bins, NaN not at all. */
void draw_histogram_init (DrawHistogram *histogram, const float *values, unsigned n,
                          DrawRange range);

/* The greatest share there is. */
double draw_histogram_most (const DrawHistogram *histogram);

/* Fills the rectangle, whose width is the range and whose height is `most`: those of others as an
 * area in muted, own as an outlined one in accent. */
void draw_histogram (cairo_t *cr, const DrawTheme *theme, const DrawHistogram *histogram,
                     double most, const DrawRect *rect);
