/* Random resized crops, as torchvision's RandomResizedCrop draws them: an area of scale..1 of the
 * picture, an aspect ratio of 3/4..4/3, resampled to the full size (bicubic, resize.h).
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct
{
  guint x, y, w, h; /* px of the cached picture */
} DataCrop;

/* The crop of (seed, epoch, item) of a picture of size x size; all of it when ten draws do not
 * fit. */
DataCrop data_crop_draw (guint size, double scale, guint64 seed, guint64 epoch, guint32 item);

/* out[size][size][3] from rgb[size][size][3]. Any thread. */
void data_crop_apply (guint8 *out, const guint8 *rgb, guint size, const DataCrop *crop);

G_END_DECLS
