/* Axes: from data to px and back, where ticks stand, and how ranges grow.
 *
 * A logarithmic scale shows positive values only; others map to NaN, which painters treat as gaps.
 */
#pragma once

#include "app/draw/format.h"

typedef struct
{
  double min, max; /* min >= max: empty, or to be chosen */
} DrawRange;

typedef struct
{
  DrawRange range;
  double from, to; /* px where range.min and range.max stand; from > to for an axis that goes up */
  int log;
} DrawScale;

typedef struct
{
  double value;
  int major; /* has a label */
} DrawTick;

#define DRAW_MAX_TICKS 64

/* px of a value, value at a px: inverse to one another. */
double draw_scale_map (const DrawScale *scale, double value);
double draw_scale_unmap (const DrawScale *scale, double px);

/* The step of nice ticks (1, 2 or 5 times a power of ten; for DRAW_TIME 1, 2, 5, 10, 15 or 30
 * seconds or minutes, or hours; for DRAW_BYTES powers of two), at most about `wanted` of them. */
double draw_range_tick_step (DrawRange range, unsigned wanted, DrawUnit unit);

/* Fills in ascending ticks within the range and returns how many. `step` gets their distance, 0 for
 * a logarithmic scale: what draw_format_tick wants. */
unsigned draw_scale_ticks (const DrawScale *scale, unsigned wanted, DrawUnit unit,
                           DrawTick ticks[DRAW_MAX_TICKS], double *step);

int draw_range_is_empty (DrawRange range);
DrawRange draw_range_union (DrawRange a, DrawRange b);

/* The smallest range of whole ticks around the data; never empty. */
DrawRange draw_range_fit (DrawRange data, unsigned wanted, DrawUnit unit, int log);

/* The range to show now: as before while the data lie in it and fill a third of it, otherwise
 * fitted anew. So axes grow in steps and do not creep. */
DrawRange draw_range_follow (DrawRange shown, DrawRange data, unsigned wanted, DrawUnit unit,
                             int log);

/* From 0 (or data.min, if that is less or past half of data.max) to the next of about four whole
 * ticks: for steps, times and epochs of a run that goes on. */
DrawRange draw_range_extend (DrawRange data, DrawUnit unit);

/* Zooms about a value that stays where it is (factor < 1: nearer), and moves by a share of the
 * range. */
DrawRange draw_range_zoom (DrawRange range, double about, double factor, int log);
DrawRange draw_range_pan (DrawRange range, double share, int log);
