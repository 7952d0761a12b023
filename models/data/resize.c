/* Bicubic resampling as Pillow's Resample.c does it for 8 bits a channel.
 *
 * Facts: the weight of input x for output X is k ((x + 1/2 - c) / s) / sum, c = (X + 1/2) in / out,
 * s = max (in / out, 1), over |x - c| < 2 s; k (t) = (3 |t|^3 - 5 |t|^2 + 2) / 2 for |t| < 1,
 * (-|t|^3 + 5 |t|^2 - 8 |t| + 4) / 2 for |t| < 2. Weights are rounded to 22 bits, sums to 8 bits by
 * adding one half and shifting. At equal sizes the weights are 1 and 0, so skipping a pass, as
 * Pillow does then, gives the same.
 */
#include "models/data/resize.h"

#include <math.h>
#include <string.h>

#define PRECISION_BITS (32 - 8 - 2)
#define SUPPORT 2.0
#define CHANNELS 3

/* The weights of SIZE outputs, each over n_inputs[i] inputs from first[i]. */
typedef struct
{
  guint width; /* weights kept for an output */
  guint *first, *n_inputs;
  gint32 *weights; /* [size][width] */
} Filter;

struct _DataResize
{
  DataFitPlan plan;
  Filter across, down;
  guint8 *canvas; /* [canvas_w][3], a row with its white margins; NULL without margins */
  guint8 *white;  /* [size][3], what a row of margin becomes */
  guint8 *rows;   /* [h][size][3], the picture after the pass across */
  guint n_rows;   /* pushed so far */
};

static guint64
long_side (guint size, guint longer, guint shorter)
{
  return (guint64) size * longer / shorter;
}

/* Half of the excess, a half rounded to even. */
static guint64
crop_offset (guint64 full, guint size)
{
  guint64 excess = full - size, half = excess / 2;

  return excess % 2 == 0 ? half : half + half % 2;
}

DataFitPlan
data_fit_plan (DataFit fit, guint w, guint h, guint size)
{
  guint shorter = MIN (w, h), longer = MAX (w, h);
  DataFitPlan plan = { .w = w, .h = h, .canvas_w = w, .canvas_h = h, .size = size };

  g_assert (shorter >= 1 && longer <= DATA_RESIZE_SIDE_MAX);
  g_assert (size >= 1 && size <= DATA_RESIZE_SIZE_MAX);
  if (fit == DATA_FIT_PAD)
    {
      plan.canvas_w = plan.canvas_h = longer;
      plan.x = (longer - w) / 2;
      plan.y = (longer - h) / 2;
      plan.full_w = plan.full_h = size;
      return plan;
    }
  plan.full_w = w <= h ? size : long_side (size, longer, shorter);
  plan.full_h = w <= h ? long_side (size, longer, shorter) : size;
  plan.left = crop_offset (plan.full_w, size);
  plan.top = crop_offset (plan.full_h, size);
  return plan;
}

static double
filter_scale (guint in, guint64 out)
{
  return MAX ((double) in / (double) out, 1.0);
}

static guint
filter_width (guint in, guint64 out)
{
  return (guint) ceil (SUPPORT * filter_scale (in, out)) * 2 + 1;
}

static gsize
filter_memory (guint in, guint64 out, guint size)
{
  return (gsize) size * (filter_width (in, out) * sizeof (gint32) + 2 * sizeof (guint));
}

gsize
data_resize_memory (const DataFitPlan *plan)
{
  return (gsize) plan->h * plan->size * CHANNELS + (gsize) plan->canvas_w * CHANNELS
         + filter_memory (plan->canvas_w, plan->full_w, plan->size)
         + filter_memory (plan->canvas_h, plan->full_h, plan->size);
}

static double
bicubic (double x)
{
  const double a = -0.5;

  x = fabs (x);
  if (x < 1.0)
    return ((a + 2.0) * x - (a + 3.0)) * x * x + 1.0;
  if (x < 2.0)
    return (((x - 5.0) * x + 8.0) * x - 4.0) * a;
  return 0.0;
}

/* The weights of output OFFSET + i of OUT, for i < size; SCRATCH holds width doubles. */
static void
filter_fill (Filter *filter, double *scratch, guint i, guint in, guint64 out, guint64 offset)
{
  double scale = (double) in / (double) out, filter_scaled = filter_scale (in, out);
  double support = SUPPORT * filter_scaled, inverse = 1.0 / filter_scaled, sum = 0.0;
  double center = ((double) (offset + i) + 0.5) * scale;
  gint64 first = MAX ((gint64) (center - support + 0.5), 0);
  gint64 end = MIN ((gint64) (center + support + 0.5), (gint64) in);
  gint32 *weights = filter->weights + (gsize) i * filter->width;

  g_assert (end > first && end - first <= filter->width);
  for (gint64 x = 0; x < end - first; x++)
    {
      scratch[x] = bicubic (((double) (x + first) - center + 0.5) * inverse);
      sum += scratch[x];
    }
  for (gint64 x = 0; x < end - first; x++)
    {
      double weight = sum != 0.0 ? scratch[x] / sum : scratch[x];

      weights[x] = (gint32) ((weight < 0 ? -0.5 : 0.5) + weight * (1 << PRECISION_BITS));
    }
  filter->first[i] = (guint) first;
  filter->n_inputs[i] = (guint) (end - first);
}

static void
filter_init (Filter *filter, guint in, guint64 out, guint64 offset, guint size)
{
  g_autofree double *scratch = NULL;

  filter->width = filter_width (in, out);
  filter->first = g_new (guint, size);
  filter->n_inputs = g_new (guint, size);
  filter->weights = g_new (gint32, (gsize) size * filter->width);
  scratch = g_new (double, filter->width);
  for (guint i = 0; i < size; i++)
    filter_fill (filter, scratch, i, in, out, offset);
}

static void
filter_clear (Filter *filter)
{
  g_free (filter->first);
  g_free (filter->n_inputs);
  g_free (filter->weights);
}

static inline guint8
to_byte (gint32 sum)
{
  gint32 value = sum >> PRECISION_BITS;

  return (guint8) CLAMP (value, 0, 255);
}

static void
resample_row (const Filter *filter, guint8 *out, const guint8 *row, guint size)
{
  const gint32 half = 1 << (PRECISION_BITS - 1);

  for (guint i = 0; i < size; i++)
    {
      const gint32 *weights = filter->weights + (gsize) i * filter->width;
      const guint8 *in = row + (gsize) filter->first[i] * CHANNELS;
      gint32 r = half, g = half, b = half;

      for (guint x = 0; x < filter->n_inputs[i]; x++, in += CHANNELS)
        {
          r += in[0] * weights[x];
          g += in[1] * weights[x];
          b += in[2] * weights[x];
        }
      *out++ = to_byte (r);
      *out++ = to_byte (g);
      *out++ = to_byte (b);
    }
}

DataResize *
data_resize_new (const DataFitPlan *plan)
{
  DataResize *resize = g_new0 (DataResize, 1);
  gsize row = (gsize) plan->size * CHANNELS;

  resize->plan = *plan;
  filter_init (&resize->across, plan->canvas_w, plan->full_w, plan->left, plan->size);
  filter_init (&resize->down, plan->canvas_h, plan->full_h, plan->top, plan->size);
  resize->rows = g_malloc (row * plan->h);
  if (plan->canvas_w > plan->w || plan->canvas_h > plan->h)
    {
      resize->canvas = g_malloc ((gsize) plan->canvas_w * CHANNELS);
      memset (resize->canvas, 255, (gsize) plan->canvas_w * CHANNELS);
      resize->white = g_malloc (row);
      resample_row (&resize->across, resize->white, resize->canvas, plan->size);
    }
  return resize;
}

void
data_resize_free (DataResize *resize)
{
  if (resize == NULL)
    return;
  filter_clear (&resize->across);
  filter_clear (&resize->down);
  g_free (resize->canvas);
  g_free (resize->white);
  g_free (resize->rows);
  g_free (resize);
}

void
data_resize_push (DataResize *resize, const guint8 *row)
{
  const DataFitPlan *plan = &resize->plan;

  g_assert (resize->n_rows < plan->h);
  if (resize->canvas != NULL)
    {
      memcpy (resize->canvas + (gsize) plan->x * CHANNELS, row, (gsize) plan->w * CHANNELS);
      row = resize->canvas;
    }
  resample_row (&resize->across, resize->rows + (gsize) resize->n_rows * plan->size * CHANNELS, row,
                plan->size);
  resize->n_rows++;
}

/* Row Y of the canvas after the pass across. */
static const guint8 *
canvas_row (const DataResize *resize, guint y)
{
  const DataFitPlan *plan = &resize->plan;

  if (y < plan->y || y - plan->y >= plan->h)
    return resize->white;
  return resize->rows + (gsize) (y - plan->y) * plan->size * CHANNELS;
}

void
data_resize_finish (DataResize *resize, guint8 *rgb)
{
  guint size = resize->plan.size, row = size * CHANNELS;
  g_autofree gint32 *sums = g_new (gint32, row);

  g_assert (resize->n_rows == resize->plan.h);
  for (guint i = 0; i < size; i++)
    {
      const gint32 *weights = resize->down.weights + (gsize) i * resize->down.width;

      for (guint x = 0; x < row; x++)
        sums[x] = 1 << (PRECISION_BITS - 1);
      for (guint y = 0; y < resize->down.n_inputs[i]; y++)
        {
          const guint8 *in = canvas_row (resize, resize->down.first[i] + y);

          for (guint x = 0; x < row; x++)
            sums[x] += in[x] * weights[y];
        }
      for (guint x = 0; x < row; x++)
        *rgb++ = to_byte (sums[x]);
    }
}
