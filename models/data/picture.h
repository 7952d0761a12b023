/* Decoding pictures with libvips.
 *
 * A picture is read top to bottom, in strips, straight into the resize, so a file of hundreds of
 * millions of pixels needs a few megabytes. Formats that can only be decoded whole (interlaced
 * PNG, progressive JPEG, WebP, GIF, TIFF, ...) are limited to what takes 192 MB then (24 million
 * RGBA pixels), the others to 1,000 million pixels; over that the picture is refused with a reason.
 *
 * As PIL's Image.open().convert("RGB") does: no rotation by EXIF, no colour management, CMYK by
 * (255 - c) (255 - k) / 255; 16-bit samples keep their high byte. Alpha is composited over white.
 * All functions may be called from any thread. libvips keeps one error text for all threads, so
 * when pictures fail on several at once the reasons given may be each other's.
 */
#pragma once

#include "models/data/resize.h"

G_BEGIN_DECLS

#define DATA_PICTURE_ERROR (data_picture_error_quark ())
GQuark data_picture_error_quark (void);

typedef enum
{
  DATA_PICTURE_ERROR_DECODE, /* not a picture, truncated or damaged */
  DATA_PICTURE_ERROR_LIMIT,  /* too large to decode within bounded memory */
  DATA_PICTURE_ERROR_WRITE,
} DataPictureError;

typedef struct
{
  guint width, height;
  gboolean alpha; /* it has an alpha channel */
} DataPictureInfo;

/* Reads the header only. Also refuses what data_picture_load would refuse by size. */
gboolean data_picture_probe (DataPictureInfo *info, const char *path, GError **error);

/* Decodes PATH, fits it to size x size and writes rgb[size * size * 3]. */
gboolean data_picture_load (guint8 *rgb, const char *path, guint size, DataFit fit, GError **error);

/* Writes rgb[h][w][3] as a PNG, atomically. */
gboolean data_picture_save_png (const char *path, const guint8 *rgb, guint w, guint h,
                                GError **error);

/* To be called by a thread that decoded pictures before it ends: libvips keeps buffers a thread. */
void data_picture_thread_done (void);

G_END_DECLS
