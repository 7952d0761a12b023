/* One measured quantity over a run: every point kept, cheap to look at from any distance.
 *
 * Beside the points lies a pyramid of least, greatest, sum and count over 16, 16^2, .. 16^5 points,
 * so that the envelope of any stretch costs some dozens of look-ups, and drawing costs by the pixel
 * and not by the point. Values are kept as floats. NaN is a gap and counts for nothing.
 *
 * Not to be changed and read at the same time by different threads.
 */
#pragma once

#include <stddef.h>

/* What the points lie over. */
typedef enum
{
  DRAW_X_STEP,
  DRAW_X_WALL, /* seconds */
  DRAW_X_EPOCH,
} DrawXAxis;
#define DRAW_X_AXES 3

typedef enum
{
  DRAW_RAW,
  DRAW_SMOOTH, /* the same as raw as long as no smoothing is set */
} DrawChannel;

typedef enum
{
  DRAW_SMOOTH_NONE,
  DRAW_SMOOTH_EMA,    /* exponential, weight 2/(span + 1) on the newest, unbiased from the start */
  DRAW_SMOOTH_WINDOW, /* mean of the newest `span` points up to each */
} DrawSmoothing;

typedef struct _DrawSeries DrawSeries;

typedef struct
{
  double min, max, mean; /* NaN without points */
  size_t n;              /* points that are no gaps */
} DrawSummary;

/* Memory running out ends the program, as with GLib. */
DrawSeries *draw_series_new (void);
void draw_series_free (DrawSeries *series);

/* Appends a point. No x may lie before the last one's: such an x is taken as the last one's. */
void draw_series_append (DrawSeries *series, const double x[DRAW_X_AXES], double y);

/* Keeps the first n points (a run that resumes drops later ones). */
void draw_series_truncate (DrawSeries *series, size_t n);

/* Smooths what is there and what will come; the raw points stay. */
void draw_series_set_smoothing (DrawSeries *series, DrawSmoothing smoothing, double span);
int draw_series_is_smooth (const DrawSeries *series);

size_t draw_series_length (const DrawSeries *series);
double draw_series_x (const DrawSeries *series, DrawXAxis axis, size_t i);
double draw_series_y (const DrawSeries *series, DrawChannel channel, size_t i);

/* The first point whose x is not below the given; the length if there is none. */
size_t draw_series_search (const DrawSeries *series, DrawXAxis axis, double x);

/* The point that is no gap nearest to x; the length if there is none. */
size_t draw_series_nearest (const DrawSeries *series, DrawXAxis axis, double x);

/* Of the points from <= i < to. */
DrawSummary draw_series_summary (const DrawSeries *series, DrawChannel channel, size_t from,
                                 size_t to);
