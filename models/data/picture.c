/* Decoding with libvips, a strip at a time.
 *
 * Facts: libvips streams baseline JPEG and plain PNG; other formats it decodes whole. Loaders its
 * authors do not trust with foreign files (ImageMagick, raw formats, ...) are blocked. Its
 * operation cache and threads are switched off: pictures are seen once, and the callers bring the
 * threads.
 */
#include "models/data/picture.h"

#include "models/data/picture_file.h"

#include <string.h>
#include <vips/vips.h>

#define STREAMED_PIXELS_MAX (G_GUINT64_CONSTANT (1000) * 1000 * 1000)
#define WHOLE_BYTES_MAX (G_GUINT64_CONSTANT (192) << 20)
#define RESIZE_BYTES_MAX (G_GUINT64_CONSTANT (150) << 20)
#define STRIP_ROWS 16

G_DEFINE_QUARK (data_picture_error, data_picture_error)

static void
ignore_log (const char *domain, GLogLevelFlags level, const char *message, gpointer data)
{
  (void) domain;
  (void) level;
  (void) message;
  (void) data;
}

static void
start_vips (void)
{
  static gsize started;

  if (!g_once_init_enter (&started))
    return;
  /* What it warns of is either harmless or comes back as an error. */
  g_log_set_handler ("VIPS", G_LOG_LEVEL_WARNING | G_LOG_LEVEL_MESSAGE | G_LOG_LEVEL_INFO,
                     ignore_log, NULL);
  if (VIPS_INIT ("penumbra") != 0)
    g_error ("libvips does not start: %s", vips_error_buffer ());
  vips_concurrency_set (1);
  vips_cache_set_max (0);
  vips_block_untrusted_set (TRUE);
  vips_operation_block_set ("VipsForeignLoadPpm", FALSE);
  g_once_init_leave (&started, 1);
}

void
data_picture_thread_done (void)
{
  start_vips ();
  vips_thread_shutdown ();
}

/* libvips says several lines, the first of which is the cause. */
static void
set_vips_error (GError **error, int code, const char *what, const char *path)
{
  g_autofree char *reason = vips_error_buffer_copy ();

  reason[strcspn (reason, "\n")] = '\0';
  g_set_error (error, DATA_PICTURE_ERROR, code, "%s '%s': %s", what, path,
               *reason != '\0' ? reason : "libvips gives no reason");
}

static gboolean
is_streamed (VipsImage *image)
{
  const char *loader = NULL;

  if (vips_image_get_typeof (image, VIPS_META_LOADER) == 0
      || vips_image_get_string (image, VIPS_META_LOADER, &loader) != 0)
    return FALSE;
  return (g_str_has_prefix (loader, "pngload") || g_str_has_prefix (loader, "jpegload")
          || g_str_has_prefix (loader, "ppmload"))
         && vips_image_get_typeof (image, "interlaced") == 0
         && vips_image_get_typeof (image, "jpeg-multiscan") == 0;
}

static gboolean
check_limits (VipsImage *image, const char *path, GError **error)
{
  guint64 w = (guint64) vips_image_get_width (image), h = (guint64) vips_image_get_height (image);
  gboolean streamed = is_streamed (image);
  guint64 pixel = VIPS_IMAGE_SIZEOF_PEL (image) + 4;
  guint64 most = streamed ? STREAMED_PIXELS_MAX : WHOLE_BYTES_MAX / pixel;

  if (w <= DATA_RESIZE_SIDE_MAX && h <= DATA_RESIZE_SIDE_MAX && w * h <= most)
    return TRUE;
  g_set_error (error, DATA_PICTURE_ERROR, DATA_PICTURE_ERROR_LIMIT,
               "picture '%s' has %" G_GUINT64_FORMAT " x %" G_GUINT64_FORMAT
               " pixels, over the limit of %" G_GUINT64_FORMAT " million for %s",
               path, w, h, most / 1000000,
               streamed
                   ? "any picture"
                   : "a format that is decoded whole: save it as a plain PNG or baseline JPEG");
  return FALSE;
}

/* Opens a file for one reading from top to bottom. Its name is not parsed for loader options, as
 * vips_image_new_from_file would do. */
static VipsImage *
open_image (const char *path, GError **error)
{
  g_autoptr (GError) local = NULL;
  VipsSource *source;
  VipsImage *image = NULL;

  start_vips ();
  if (!data_picture_file_check (path, &local))
    {
      g_set_error (error, DATA_PICTURE_ERROR, DATA_PICTURE_ERROR_DECODE, "picture '%s': %s", path,
                   local->message);
      return NULL;
    }
  source = vips_source_new_from_file (path);
  if (source != NULL)
    {
      image = vips_image_new_from_source (source, "", "access", VIPS_ACCESS_SEQUENTIAL, "fail_on",
                                          VIPS_FAIL_ON_ERROR, NULL);
      g_object_unref (source);
    }
  if (image == NULL)
    set_vips_error (error, DATA_PICTURE_ERROR_DECODE, "cannot decode picture", path);
  else if (!check_limits (image, path, error))
    g_clear_object (&image);
  return image;
}

/* Replaces *image by *out, which an operation of this status has set. */
static gboolean
replace_image (VipsImage **image, VipsImage **out, int status)
{
  if (status != 0)
    return FALSE;
  g_object_unref (*image);
  *image = g_steal_pointer (out);
  return TRUE;
}

/* Brings *image to 8 bits and to grey, RGB or CMYK. */
static gboolean
to_bytes (VipsImage **image)
{
  VipsInterpretation interpretation = vips_image_get_interpretation (*image);
  gboolean plain =
      interpretation == VIPS_INTERPRETATION_sRGB || interpretation == VIPS_INTERPRETATION_RGB
      || interpretation == VIPS_INTERPRETATION_RGB16 || interpretation == VIPS_INTERPRETATION_GREY16
      || interpretation == VIPS_INTERPRETATION_B_W || interpretation == VIPS_INTERPRETATION_CMYK
      || interpretation == VIPS_INTERPRETATION_MULTIBAND;
  VipsImage *out = NULL;

  if ((!plain || vips_image_get_coding (*image) != VIPS_CODING_NONE)
      && !replace_image (image, &out,
                         vips_colourspace (*image, &out, VIPS_INTERPRETATION_sRGB, NULL)))
    return FALSE;
  if (vips_image_get_format (*image) == VIPS_FORMAT_UCHAR)
    return TRUE;
  return replace_image (image, &out,
                        vips_cast (*image, &out, VIPS_FORMAT_UCHAR, "shift",
                                   vips_image_get_format (*image) == VIPS_FORMAT_USHORT, NULL));
}

static inline guint8
over_white (guint value, guint alpha)
{
  return (guint8) ((value * alpha + 255 * (255 - alpha) + 127) / 255);
}

/* One row of W pixels of COLOURS bands, and alpha if BANDS is one more, to RGB over white. */
static void
convert_row (guint8 *rgb, const guint8 *in, guint w, guint bands, guint colours)
{
  for (guint x = 0; x < w; x++, in += bands, rgb += 3)
    {
      guint alpha = bands > colours ? in[colours] : 255;

      for (guint c = 0; c < 3; c++)
        {
          guint value = colours == 1 ? in[0] : in[c];

          if (colours == 4)
            value = ((255u - in[c]) * (255u - in[3]) + 127) / 255;
          rgb[c] = alpha == 255 ? (guint8) value : over_white (value, alpha);
        }
    }
}

static gboolean
push_rows (DataResize *resize, VipsImage *image, guint colours)
{
  guint w = (guint) vips_image_get_width (image), h = (guint) vips_image_get_height (image);
  guint bands = (guint) vips_image_get_bands (image);
  g_autofree guint8 *rgb = g_malloc ((gsize) w * 3);
  VipsRegion *region = vips_region_new (image);
  gboolean ok = TRUE;

  for (guint top = 0; ok && top < h; top += STRIP_ROWS)
    {
      VipsRect strip = { 0, (int) top, (int) w, (int) MIN (STRIP_ROWS, h - top) };

      ok = vips_region_prepare (region, &strip) == 0;
      for (int y = strip.top; ok && y < VIPS_RECT_BOTTOM (&strip); y++)
        {
          convert_row (rgb, VIPS_REGION_ADDR (region, 0, y), w, bands, colours);
          data_resize_push (resize, rgb);
        }
    }
  g_object_unref (region);
  return ok;
}

/* Bands that are colour: 1, 3 or 4 (CMYK); 0 if we cannot tell what they are. */
static guint
count_colours (VipsImage *image)
{
  guint bands = (guint) vips_image_get_bands (image);
  gboolean cmyk = vips_image_get_interpretation (image) == VIPS_INTERPRETATION_CMYK;

  if (cmyk)
    return bands == 4 || bands == 5 ? 4 : 0;
  return bands <= 2 ? 1 : bands <= 4 ? 3 : 0;
}

static gboolean
fit_image (guint8 *rgb, VipsImage *image, const char *path, guint size, DataFit fit, GError **error)
{
  DataFitPlan plan = data_fit_plan (fit, (guint) vips_image_get_width (image),
                                    (guint) vips_image_get_height (image), size);
  guint colours = count_colours (image);
  g_autoptr (DataResize) resize = NULL;

  if (colours == 0)
    g_set_error (error, DATA_PICTURE_ERROR, DATA_PICTURE_ERROR_DECODE,
                 "picture '%s' has %d bands: neither grey, RGB nor CMYK", path,
                 vips_image_get_bands (image));
  else if (data_resize_memory (&plan) > RESIZE_BYTES_MAX)
    g_set_error (error, DATA_PICTURE_ERROR, DATA_PICTURE_ERROR_LIMIT,
                 "picture '%s' has %u x %u pixels: too high to be resized to %u within %u MB", path,
                 plan.w, plan.h, size, (guint) (RESIZE_BYTES_MAX >> 20));
  else
    {
      resize = data_resize_new (&plan);
      if (push_rows (resize, image, colours))
        {
          data_resize_finish (resize, rgb);
          return TRUE;
        }
      set_vips_error (error, DATA_PICTURE_ERROR_DECODE, "cannot decode picture", path);
    }
  return FALSE;
}

gboolean
data_picture_probe (DataPictureInfo *info, const char *path, GError **error)
{
  VipsImage *image = open_image (path, error);

  if (image == NULL)
    return FALSE;
  *info = (DataPictureInfo){ .width = (guint) vips_image_get_width (image),
                             .height = (guint) vips_image_get_height (image),
                             .alpha = vips_image_hasalpha (image) };
  g_object_unref (image);
  return TRUE;
}

gboolean
data_picture_load (guint8 *rgb, const char *path, guint size, DataFit fit, GError **error)
{
  VipsImage *image = open_image (path, error);
  gboolean ok;

  if (image == NULL)
    return FALSE;
  if (to_bytes (&image))
    ok = fit_image (rgb, image, path, size, fit, error);
  else
    {
      set_vips_error (error, DATA_PICTURE_ERROR_DECODE, "cannot decode picture", path);
      ok = FALSE;
    }
  g_object_unref (image);
  return ok;
}

gboolean
data_picture_save_png (const char *path, const guint8 *rgb, guint w, guint h, GError **error)
{
  VipsImage *image;
  void *png = NULL;
  size_t length = 0;
  gboolean ok;

  start_vips ();
  image =
      vips_image_new_from_memory (rgb, (size_t) w * h * 3, (int) w, (int) h, 3, VIPS_FORMAT_UCHAR);
  if (image == NULL || vips_pngsave_buffer (image, &png, &length, NULL) != 0)
    {
      set_vips_error (error, DATA_PICTURE_ERROR_WRITE, "cannot encode picture", path);
      g_clear_object (&image);
      return FALSE;
    }
  ok = g_file_set_contents (path, png, (gssize) length, error);
  g_free (png);
  g_object_unref (image);
  return ok;
}
