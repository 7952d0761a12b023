#include "app/draw/series.h"

#include <assert.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>

#define LEVELS 5
#define SHIFT(level) (4 * ((unsigned) (level) + 1)) /* log2 of a node's points */

typedef struct
{
  float min, max;
  uint32_t n;
  double sum;
} Node;

typedef struct
{
  float *values;
  Node *levels[LEVELS];
} Channel;

struct _DrawSeries
{
  size_t length, capacity;
  double *x[DRAW_X_AXES];
  Channel channels[2];
  DrawSmoothing smoothing;
  double span;
  double average, weight; /* of the exponential smoothing */
};

static void *
grow (void *memory, size_t n, size_t size)
{
  if (n > SIZE_MAX / size)
    abort ();
  void *grown = realloc (memory, n * size);
  if (!grown)
    abort ();
  return grown;
}

static size_t
nodes_for (size_t points, int level)
{
  return (points >> SHIFT (level)) + 1;
}

static void
channel_reserve (Channel *channel, size_t capacity)
{
  channel->values = grow (channel->values, capacity, sizeof *channel->values);
  for (int level = 0; level < LEVELS; level++)
    channel->levels[level] =
        grow (channel->levels[level], nodes_for (capacity, level), sizeof (Node));
}

static void
channel_clear (Channel *channel)
{
  free (channel->values);
  for (int level = 0; level < LEVELS; level++)
    free (channel->levels[level]);
  *channel = (Channel){ 0 };
}

static void
node_add (Node *node, float value)
{
  if (!isfinite (value))
    return;
  node->min = node->n == 0 || value < node->min ? value : node->min;
  node->max = node->n == 0 || value > node->max ? value : node->max;
  node->sum += value;
  node->n++;
}

static void
channel_put (Channel *channel, size_t i, float value)
{
  channel->values[i] = value;
  for (int level = 0; level < LEVELS; level++)
    {
      Node *node = &channel->levels[level][i >> SHIFT (level)];
      if ((i & (((size_t) 1 << SHIFT (level)) - 1)) == 0)
        *node = (Node){ 0 };
      node_add (node, value);
    }
}

DrawSeries *
draw_series_new (void)
{
  DrawSeries *series = calloc (1, sizeof *series);
  if (!series)
    abort ();
  return series;
}

void
draw_series_free (DrawSeries *series)
{
  if (!series)
    return;
  for (int axis = 0; axis < DRAW_X_AXES; axis++)
    free (series->x[axis]);
  channel_clear (&series->channels[DRAW_RAW]);
  channel_clear (&series->channels[DRAW_SMOOTH]);
  free (series);
}

static void
reserve (DrawSeries *series)
{
  if (series->length < series->capacity)
    return;
  const size_t capacity = series->capacity ? series->capacity * 2 : 64;
  for (int axis = 0; axis < DRAW_X_AXES; axis++)
    series->x[axis] = grow (series->x[axis], capacity, sizeof (double));
  channel_reserve (&series->channels[DRAW_RAW], capacity);
  if (draw_series_is_smooth (series))
    channel_reserve (&series->channels[DRAW_SMOOTH], capacity);
  series->capacity = capacity;
}

/* The smoothed value of point i, whose raw value is in place. A gap stays one and leaves the
 * average as it is. */
static float
smoothed (DrawSeries *series, size_t i)
{
  const float value = series->channels[DRAW_RAW].values[i];
  if (!isfinite (value))
    return NAN;
  if (series->smoothing == DRAW_SMOOTH_WINDOW)
    {
      const size_t span = series->span < 1 ? 1 : (size_t) fmin (series->span, 1e9);
      const size_t from = i + 1 > span ? i + 1 - span : 0;
      return (float) draw_series_summary (series, DRAW_RAW, from, i + 1).mean;
    }
  const double share = 2 / (fmax (series->span, 1) + 1);
  series->average += share * (value - series->average);
  series->weight += share * (1 - series->weight);
  return (float) (series->average / series->weight);
}

void
draw_series_append (DrawSeries *series, const double x[DRAW_X_AXES], double y)
{
  reserve (series);
  const size_t i = series->length++;
  for (int axis = 0; axis < DRAW_X_AXES; axis++)
    {
      const double last = i > 0 ? series->x[axis][i - 1] : -INFINITY;
      series->x[axis][i] = x[axis] >= last ? x[axis] : i > 0 ? last : 0;
    }
  channel_put (&series->channels[DRAW_RAW], i, (float) y);
  if (draw_series_is_smooth (series))
    channel_put (&series->channels[DRAW_SMOOTH], i, smoothed (series, i));
}

void
draw_series_set_smoothing (DrawSeries *series, DrawSmoothing smoothing, double span)
{
  channel_clear (&series->channels[DRAW_SMOOTH]);
  series->smoothing = smoothing;
  series->span = span;
  series->average = series->weight = 0;
  if (smoothing == DRAW_SMOOTH_NONE || series->capacity == 0)
    return;
  channel_reserve (&series->channels[DRAW_SMOOTH], series->capacity);
  for (size_t i = 0; i < series->length; i++)
    channel_put (&series->channels[DRAW_SMOOTH], i, smoothed (series, i));
}

void
draw_series_truncate (DrawSeries *series, size_t n)
{
  if (n >= series->length)
    return;
  series->length = n;
  for (size_t i = 0; i < n; i++)
    channel_put (&series->channels[DRAW_RAW], i, series->channels[DRAW_RAW].values[i]);
  draw_series_set_smoothing (series, series->smoothing, series->span);
}

int
draw_series_is_smooth (const DrawSeries *series)
{
  return series->smoothing != DRAW_SMOOTH_NONE;
}

size_t
draw_series_length (const DrawSeries *series)
{
  return series->length;
}

double
draw_series_x (const DrawSeries *series, DrawXAxis axis, size_t i)
{
  assert (i < series->length);
  return series->x[axis][i];
}

static const Channel *
get_channel (const DrawSeries *series, DrawChannel channel)
{
  return &series->channels[draw_series_is_smooth (series) ? channel : DRAW_RAW];
}

double
draw_series_y (const DrawSeries *series, DrawChannel channel, size_t i)
{
  assert (i < series->length);
  return get_channel (series, channel)->values[i];
}

size_t
draw_series_search (const DrawSeries *series, DrawXAxis axis, double x)
{
  size_t from = 0, to = series->length;
  while (from < to)
    {
      const size_t middle = from + (to - from) / 2;
      if (series->x[axis][middle] < x)
        from = middle + 1;
      else
        to = middle;
    }
  return from;
}

size_t
draw_series_nearest (const DrawSeries *series, DrawXAxis axis, double x)
{
  const float *values = series->channels[DRAW_RAW].values;
  const size_t length = series->length;
  size_t right = draw_series_search (series, axis, x), left = right;
  while (right < length && !isfinite (values[right]))
    right++;
  while (left > 0 && !isfinite (values[left - 1]))
    left--;
  if (left == 0)
    return right;
  if (right == length)
    return left - 1;
  return x - series->x[axis][left - 1] <= series->x[axis][right] - x ? left - 1 : right;
}

static void
node_merge (Node *into, const Node *node)
{
  if (node->n == 0)
    return;
  into->min = into->n == 0 || node->min < into->min ? node->min : into->min;
  into->max = into->n == 0 || node->max > into->max ? node->max : into->max;
  into->sum += node->sum;
  into->n += node->n;
}

/* The greatest node that starts at i and ends before `to`; -1: only the point itself. */
static int
level_at (size_t i, size_t to)
{
  int level = -1;
  while (level + 1 < LEVELS)
    {
      const size_t points = (size_t) 1 << SHIFT (level + 1);
      if ((i & (points - 1)) != 0 || to - i < points)
        break;
      level++;
    }
  return level;
}

DrawSummary
draw_series_summary (const DrawSeries *series, DrawChannel which, size_t from, size_t to)
{
  const Channel *channel = get_channel (series, which);
  Node all = { 0 };
  if (to > series->length)
    to = series->length;
  for (size_t i = from; i < to;)
    {
      const int level = level_at (i, to);
      if (level < 0)
        node_add (&all, channel->values[i++]);
      else
        {
          node_merge (&all, &channel->levels[level][i >> SHIFT (level)]);
          i += (size_t) 1 << SHIFT (level);
        }
    }
  if (all.n == 0)
    return (DrawSummary){ NAN, NAN, NAN, 0 };
  return (DrawSummary){ all.min, all.max, all.sum / all.n, all.n };
}
