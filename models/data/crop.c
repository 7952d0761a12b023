#include "models/data/crop.h"

#include "models/data/random.h"
#include "models/data/resize.h"

#include <math.h>

#define TRIES 10
#define CHANNELS 3

DataCrop
data_crop_draw (guint size, double scale, guint64 seed, guint64 epoch, guint32 item)
{
  const double ratio = log (4.0 / 3.0);
  for (guint try = 0; try < TRIES; try++)
    {
      guint32 words[4];
      data_random_words (words, seed, DATA_RANDOM_CROP, epoch * TRIES + try, item);
      double area = (scale + (1 - scale) * data_random_unit (words[0])) * size * size;
      double aspect = exp (ratio * (2 * data_random_unit (words[1]) - 1));
      guint w = (guint) lrint (sqrt (area * aspect)), h = (guint) lrint (sqrt (area / aspect));
      if (w >= 1 && h >= 1 && w <= size && h <= size)
        return (DataCrop){ .x = data_random_below (words[2], size - w + 1),
                           .y = data_random_below (words[3], size - h + 1),
                           .w = w,
                           .h = h };
    }
  return (DataCrop){ .w = size, .h = size };
}

void
data_crop_apply (guint8 *out, const guint8 *rgb, guint size, const DataCrop *crop)
{
  const DataFitPlan plan = { .w = crop->w,
                             .h = crop->h,
                             .canvas_w = crop->w,
                             .canvas_h = crop->h,
                             .full_w = size,
                             .full_h = size,
                             .size = size };
  g_autoptr (DataResize) resize = data_resize_new (&plan);
  for (guint y = 0; y < crop->h; y++)
    data_resize_push (resize, rgb + ((gsize) (crop->y + y) * size + crop->x) * CHANNELS);
  data_resize_finish (resize, out);
}
