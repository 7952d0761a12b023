/* Resizing against Pillow's results, decoding of odd and broken files. */
#include "models/data/picture.h"
#include "tests/temporary.h"

#include <math.h>
#include <string.h>
#include <vips/vips.h>

/* Decodes a PNG of ours as it is: a picture of its own size needs no resampling. */
static guint8 *
read_square (const char *path, guint *size)
{
  g_autoptr (GError) error = NULL;
  DataPictureInfo info;
  guint8 *rgb;

  g_assert_true (data_picture_probe (&info, path, &error));
  g_assert_cmpuint (info.width, ==, info.height);
  *size = info.width;
  rgb = g_malloc ((gsize) *size * *size * 3);
  g_assert_true (data_picture_load (rgb, path, *size, DATA_FIT_CROP, &error));
  g_assert_no_error (error);
  return rgb;
}

static void
test_reference (void)
{
  static const struct
  {
    const char *in, *expected;
  } cases[] = {
    { "0_100x80.png", "0_100x80_to32.expected.png" },
    { "1_37x61.png", "1_37x61_to48.expected.png" },
    { "2_64x64.png", "2_64x64_to64.expected.png" },
    { "3_300x200.png", "3_300x200_to64.expected.png" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *in =
          g_test_build_filename (G_TEST_DIST, "fixtures", "resize", cases[i].in, NULL);
      g_autofree char *path =
          g_test_build_filename (G_TEST_DIST, "fixtures", "resize", cases[i].expected, NULL);
      g_autoptr (GError) error = NULL;
      guint size = 0;
      g_autofree guint8 *expected = read_square (path, &size);
      g_autofree guint8 *got = g_malloc ((gsize) size * size * 3);

      g_assert_true (data_picture_load (got, in, size, DATA_FIT_CROP, &error));
      g_assert_no_error (error);
      g_assert_cmpmem (got, (gsize) size * size * 3, expected, (gsize) size * size * 3);
    }
}

/* The size and place of every step, by hand. */
static void
test_plan (void)
{
  DataFitPlan plan = data_fit_plan (DATA_FIT_CROP, 100, 80, 32);

  g_assert_cmpuint (plan.full_w, ==, 40);
  g_assert_cmpuint (plan.full_h, ==, 32);
  g_assert_cmpuint (plan.left, ==, 4);
  plan = data_fit_plan (DATA_FIT_CROP, 37, 61, 48);
  g_assert_cmpuint (plan.full_h, ==, 79); /* int (48 * 61 / 37) = 79.1 */
  g_assert_cmpuint (plan.top, ==, 16);    /* 15.5 to even */
  plan = data_fit_plan (DATA_FIT_CROP, 11, 7, 7);
  g_assert_cmpuint (plan.left, ==, 2);
  plan = data_fit_plan (DATA_FIT_CROP, 12, 7, 7);
  g_assert_cmpuint (plan.left, ==, 2); /* 2.5 to even */
  plan = data_fit_plan (DATA_FIT_PAD, 5, 10, 4);
  g_assert_cmpuint (plan.canvas_w, ==, 10);
  g_assert_cmpuint (plan.x, ==, 2);
  g_assert_cmpuint (plan.full_h, ==, 4);
}

/* The same padding done by hand on a larger picture must resize to the same bytes. */
static void
test_pad (void)
{
  static const guint sides[][2] = { { 7, 3 }, { 3, 8 }, { 1, 40 }, { 40, 1 }, { 5, 5 } };

  for (gsize i = 0; i < G_N_ELEMENTS (sides); i++)
    for (guint size = 1; size <= 16; size += 5)
      {
        guint w = sides[i][0], h = sides[i][1], side = MAX (w, h);
        DataFitPlan pad = data_fit_plan (DATA_FIT_PAD, w, h, size);
        DataFitPlan square = data_fit_plan (DATA_FIT_CROP, side, side, size);
        g_autoptr (DataResize) padded = data_resize_new (&pad);
        g_autoptr (DataResize) whole = data_resize_new (&square);
        guint8 row[40 * 3], canvas[40 * 40 * 3], one[16 * 16 * 3], other[16 * 16 * 3];

        memset (canvas, 255, sizeof canvas);
        for (guint y = 0; y < h; y++)
          {
            for (guint x = 0; x < 3 * w; x++)
              row[x] = (guint8) (x * 37 + y * 101);
            data_resize_push (padded, row);
            memcpy (canvas + 3 * ((gsize) (y + (side - h) / 2) * side + (side - w) / 2), row,
                    3 * w);
          }
        for (guint y = 0; y < side; y++)
          data_resize_push (whole, canvas + (gsize) 3 * y * side);
        data_resize_finish (padded, one);
        data_resize_finish (whole, other);
        g_assert_cmpmem (one, 3 * size * size, other, 3 * size * size);
      }
}

/* Writes bands of 8 or 16 bits, all pixels the same, as SUFFIX says. */
static char *
write_flat (const char *folder, const char *name, const guint16 *pixel, int bands, gboolean wide,
            VipsInterpretation interpretation)
{
  char *path = g_build_filename (folder, name, NULL);
  double values[5];
  VipsImage *one = NULL, *image = NULL, *flat = NULL, *typed = NULL;

  for (int i = 0; i < bands; i++)
    values[i] = pixel[i];
  g_assert_cmpint (vips_black (&one, 9, 6, "bands", bands, NULL), ==, 0);
  g_assert_cmpint (vips_linear (one, &image, (double[]){ 0, 0, 0, 0, 0 }, values, bands, NULL), ==,
                   0);
  g_assert_cmpint (vips_cast (image, &flat, wide ? VIPS_FORMAT_USHORT : VIPS_FORMAT_UCHAR, NULL),
                   ==, 0);
  g_assert_cmpint (vips_copy (flat, &typed, "interpretation", interpretation, NULL), ==, 0);
  g_assert_cmpint (vips_image_write_to_file (typed, path, NULL), ==, 0);
  g_object_unref (one);
  g_object_unref (image);
  g_object_unref (flat);
  g_object_unref (typed);
  return path;
}

static void
test_modes (void)
{
  static const struct
  {
    const char *name;
    guint16 pixel[5];
    int bands;
    gboolean wide;
    VipsInterpretation interpretation;
    guint8 rgb[3];
  } cases[] = {
    { "grey.png", { 70 }, 1, FALSE, VIPS_INTERPRETATION_B_W, { 70, 70, 70 } },
    { "grey-alpha.png", { 0, 51 }, 2, FALSE, VIPS_INTERPRETATION_B_W, { 204, 204, 204 } },
    { "rgb.png", { 10, 20, 30 }, 3, FALSE, VIPS_INTERPRETATION_sRGB, { 10, 20, 30 } },
    { "clear.png", { 10, 20, 30, 0 }, 4, FALSE, VIPS_INTERPRETATION_sRGB, { 255, 255, 255 } },
    { "rgba.png", { 100, 200, 0, 128 }, 4, FALSE, VIPS_INTERPRETATION_sRGB, { 177, 227, 127 } },
    { "wide.png",
      { 0x1234, 0xabff, 0xff00 },
      3,
      TRUE,
      VIPS_INTERPRETATION_RGB16,
      { 0x12, 0xab, 255 } },
    { "wide-grey.png", { 0x7f80 }, 1, TRUE, VIPS_INTERPRETATION_GREY16, { 0x7f, 0x7f, 0x7f } },
    { "cmyk.tif", { 255, 0, 51, 51 }, 4, FALSE, VIPS_INTERPRETATION_CMYK, { 0, 204, 163 } },
    { "odd[1,2].png", { 1, 2, 3 }, 3, FALSE, VIPS_INTERPRETATION_sRGB, { 1, 2, 3 } },
  };
  g_autofree char *folder = temporary_folder ();

  g_assert_cmpint (VIPS_INIT ("test"), ==, 0);
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      gboolean bracket = strchr (cases[i].name, '[') != NULL;
      g_autofree char *path =
          write_flat (folder, bracket ? "plain.png" : cases[i].name, cases[i].pixel, cases[i].bands,
                      cases[i].wide, cases[i].interpretation);
      g_autoptr (GError) error = NULL;
      guint8 rgb[4 * 4 * 3];

      if (bracket)
        {
          g_autofree char *odd = g_build_filename (folder, cases[i].name, NULL);

          g_assert_cmpint (rename (path, odd), ==, 0);
          g_free (g_steal_pointer (&path));
          path = g_steal_pointer (&odd);
        }
      g_assert_true (data_picture_load (rgb, path, 4, DATA_FIT_CROP, &error));
      g_assert_no_error (error);
      for (guint x = 0; x < 4 * 4 * 3; x++)
        g_assert_cmpuint (rgb[x], ==, cases[i].rgb[x % 3]);
    }
  temporary_remove (folder);
}

static void
expect_failure (const char *path, const char *part)
{
  g_autoptr (GError) error = NULL;
  guint8 rgb[8 * 8 * 3];

  g_assert_false (data_picture_load (rgb, path, 8, DATA_FIT_PAD, &error));
  g_assert_nonnull (error);
  if (strstr (error->message, part) == NULL || strstr (error->message, path) == NULL
      || strchr (error->message, '\n') != NULL)
    g_error ("expected \"%s\" and the path in: %s", part, error->message);
}

static void
put_32 (guint8 *to, guint32 value)
{
  for (guint i = 0; i < 4; i++)
    to[i] = (guint8) (value >> (24 - 8 * i));
}

/* A PNG that claims W x H, with right checksums and hardly any data. */
static void
write_claim (const char *path, guint32 w, guint32 h, gboolean interlaced)
{
  guint8 png[57] = "\x89PNG\r\n\x1a\n\0\0\0\rIHDR";
  guint32 crc = 0xffffffff;

  put_32 (png + 16, w);
  put_32 (png + 20, h);
  png[24] = 8;
  png[25] = 6;
  png[28] = interlaced;
  for (guint i = 12; i < 29; i++)
    {
      crc ^= png[i];
      for (guint bit = 0; bit < 8; bit++)
        crc = (crc >> 1) ^ (crc & 1 ? 0xedb88320 : 0);
    }
  put_32 (png + 29, ~crc);
  memcpy (png + 33, "\0\0\0\0IDAT\x35\xaf\x06\x1e\0\0\0\0IEND\xae\x42\x60\x82", 24);
  g_assert_true (g_file_set_contents (path, (const char *) png, sizeof png, NULL));
}

static void
test_broken (void)
{
  g_autofree char *folder = temporary_folder ();
  g_autofree char *whole =
      g_test_build_filename (G_TEST_DIST, "fixtures", "resize", "3_300x200.png", NULL);
  g_autofree char *path = g_build_filename (folder, "broken.png", NULL);
  g_autofree char *absent = g_build_filename (folder, "absent.png", NULL);
  g_autofree char *bytes = NULL;
  gsize length;

  g_assert_true (g_file_get_contents (whole, &bytes, &length, NULL));
  for (gsize cut = 0; cut < length; cut += 1 + length / 20)
    {
      g_assert_true (g_file_set_contents (path, bytes, (gssize) cut, NULL));
      expect_failure (path, "");
    }
  for (gsize at = 50; at < length; at += 1 + length / 20)
    {
      guint8 rgb[8 * 8 * 3];
      char kept = bytes[at];

      /* A flipped byte is either noticed or harmless, never a crash. */
      bytes[at] ^= 0x55;
      g_assert_true (g_file_set_contents (path, bytes, (gssize) length, NULL));
      data_picture_load (rgb, path, 8, DATA_FIT_PAD, NULL);
      bytes[at] = kept;
    }
  g_assert_true (g_file_set_contents (path, "no picture at all", -1, NULL));
  expect_failure (path, "");
  expect_failure (absent, "No such file");
  expect_failure (folder, "not a regular file");

  write_claim (path, 60000, 60000, FALSE);
  expect_failure (path, "60000 x 60000");
  write_claim (path, 8000, 8000, TRUE);
  expect_failure (path, "decoded whole");
  write_claim (path, 1, 900000000, FALSE);
  expect_failure (path, "");
  write_claim (path, 20000, 20000, FALSE);
  expect_failure (path, "cannot decode");
  temporary_remove (folder);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  /* libvips warns of broken files, which is what is tested here. */
  g_log_set_always_fatal (G_LOG_LEVEL_ERROR | G_LOG_LEVEL_CRITICAL);
  g_test_add_func ("/picture/plan", test_plan);
  g_test_add_func ("/picture/pad", test_pad);
  g_test_add_func ("/picture/reference", test_reference);
  g_test_add_func ("/picture/modes", test_modes);
  g_test_add_func ("/picture/broken", test_broken);
  return g_test_run ();
}
