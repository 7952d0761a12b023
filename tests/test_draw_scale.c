/* Axes, ticks, ranges and numbers. */
#include "app/draw/scale.h"

#include <glib.h>
#include <locale.h>
#include <math.h>

static void
test_formats (void)
{
  static const struct
  {
    double value;
    DrawUnit unit;
    const char *text;
  } cases[] = {
    { 4.158883, DRAW_NUMBER, "4.16" },
    { 0.03123, DRAW_NUMBER, "0.0312" },
    { 13.2949, DRAW_NUMBER, "13.3" },
    { 9.996, DRAW_NUMBER, "10.0" },
    { 0, DRAW_NUMBER, "0" },
    { 5e-4, DRAW_NUMBER, "5.00×10⁻⁴" },
    { -2.5, DRAW_NUMBER, "−2.50" },
    { 2.98e-9, DRAW_NUMBER, "2.98×10⁻⁹" },
    { 1.5e7, DRAW_NUMBER, "1.50×10⁷" },
    { 1e-12, DRAW_NUMBER, "1.00×10⁻¹²" },
    { NAN, DRAW_NUMBER, "–" },
    { INFINITY, DRAW_TIME, "–" },
    { 602, DRAW_COUNT, "602" },
    { 1204, DRAW_COUNT, "1.20k" },
    { 27306000, DRAW_COUNT, "27.3M" },
    { 999.9, DRAW_COUNT, "1.00k" },
    { 999999, DRAW_COUNT, "1.00M" },
    { 64.81, DRAW_COUNT, "64.8" },
    { 1204, DRAW_INTEGER, "1,204" },
    { 999, DRAW_INTEGER, "999" },
    { 1234567, DRAW_INTEGER, "1,234,567" },
    { -1204, DRAW_INTEGER, "−1,204" },
    { 0.483, DRAW_PERCENT, "48.3\u202f%" },
    { 1, DRAW_PERCENT, "100\u202f%" },
    { 0.0021, DRAW_PERCENT, "0.2\u202f%" },
    { 7, DRAW_TIME, "0:07" },
    { 342, DRAW_TIME, "5:42" },
    { 3723, DRAW_TIME, "1:02:03" },
    { 59.6, DRAW_TIME, "1:00" },
    { 536870912, DRAW_BYTES, "512\u202fMiB" },
    { 100, DRAW_BYTES, "100\u202fB" },
  };
  char out[DRAW_FORMAT_SIZE];
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    g_assert_cmpstr (draw_format (out, cases[i].value, cases[i].unit), ==, cases[i].text);
}

static void
test_formats_of_any_size (void)
{
  static const double values[] = { 0, 1e-320, -1e-320, 1e300, -1e300, 1e15, 123456789, -0.0 };
  char out[DRAW_FORMAT_SIZE];
  for (gsize i = 0; i < G_N_ELEMENTS (values); i++)
    for (DrawUnit unit = DRAW_NUMBER; unit <= DRAW_BYTES; unit++)
      {
        g_assert_cmpuint (strlen (draw_format (out, values[i], unit)), <, DRAW_FORMAT_SIZE);
        g_assert_cmpuint (strlen (draw_format_tick (out, values[i], fabs (values[i]), unit)), <,
                          DRAW_FORMAT_SIZE);
        g_assert_true (g_utf8_validate (out, -1, NULL));
      }
}

static void
assert_tick (double value, double step, DrawUnit unit, const char *text)
{
  char out[DRAW_FORMAT_SIZE];
  g_assert_cmpstr (draw_format_tick (out, value, step, unit), ==, text);
}

static void
test_tick_formats (void)
{
  assert_tick (2, 0.5, DRAW_NUMBER, "2.0");
  assert_tick (0, 0.5, DRAW_NUMBER, "0");
  assert_tick (0.0005, 0.0005, DRAW_NUMBER, "0.0005");
  assert_tick (-0.1, 0.05, DRAW_NUMBER, "−0.10");
  assert_tick (4, 1, DRAW_NUMBER, "4");
  assert_tick (0.1, 0, DRAW_NUMBER, "0.1");
  assert_tick (1e-5, 0, DRAW_NUMBER, "10⁻⁵");
  assert_tick (2e-5, 0, DRAW_NUMBER, "2×10⁻⁵");
  assert_tick (800, 200, DRAW_COUNT, "800");
  assert_tick (1000, 200, DRAW_COUNT, "1k");
  assert_tick (1200, 200, DRAW_COUNT, "1.2k");
  assert_tick (2000000, 500000, DRAW_COUNT, "2M");
  assert_tick (0.25, 0.05, DRAW_PERCENT, "25\u202f%");
  assert_tick (0.005, 0.005, DRAW_PERCENT, "0.5\u202f%");
  assert_tick (300, 300, DRAW_TIME, "5:00");
}

static void
test_map_and_back (void)
{
  const DrawScale linear = { { 10, 20 }, 50, 250, 0 };
  g_assert_cmpfloat (draw_scale_map (&linear, 10), ==, 50);
  g_assert_cmpfloat (draw_scale_map (&linear, 15), ==, 150);
  g_assert_cmpfloat (draw_scale_unmap (&linear, 250), ==, 20);
  const DrawScale log = { { 0.01, 100 }, 400, 0, 1 };
  g_assert_cmpfloat_with_epsilon (draw_scale_map (&log, 1), 200, 1e-9);
  g_assert_cmpfloat_with_epsilon (draw_scale_map (&log, 0.1), 300, 1e-9);
  g_assert_true (isnan (draw_scale_map (&log, 0)));
  g_assert_true (isnan (draw_scale_map (&log, -1)));
  for (double px = 0; px <= 400; px += 12.5)
    g_assert_cmpfloat_with_epsilon (draw_scale_map (&log, draw_scale_unmap (&log, px)), px, 1e-9);
}

static void
test_ticks (void)
{
  DrawTick ticks[DRAW_MAX_TICKS];
  double step;
  const DrawScale linear = { { 0, 1 }, 0, 100, 0 };
  g_assert_cmpuint (draw_scale_ticks (&linear, 5, DRAW_NUMBER, ticks, &step), ==, 6);
  g_assert_cmpfloat_with_epsilon (step, 0.2, 1e-12);
  g_assert_cmpfloat (ticks[0].value, ==, 0);
  g_assert_cmpfloat_with_epsilon (ticks[5].value, 1, 1e-12);

  const DrawScale log = { { 0.01, 10 }, 0, 100, 1 };
  const guint n = draw_scale_ticks (&log, 4, DRAW_NUMBER, ticks, &step);
  g_assert_cmpfloat (step, ==, 0);
  guint major = 0;
  for (guint i = 0; i < n; i++)
    {
      g_assert_true (i == 0 || ticks[i].value > ticks[i - 1].value);
      major += ticks[i].major ? 1 : 0;
    }
  g_assert_cmpuint (n, ==, 28);
  g_assert_cmpuint (major, ==, 4);

  const DrawScale time = { { 0, 1080 }, 0, 100, 0 };
  draw_scale_ticks (&time, 6, DRAW_TIME, ticks, &step);
  g_assert_cmpfloat (step, ==, 300);
  g_assert_cmpfloat (draw_range_tick_step ((DrawRange){ 0, 3 }, 10, DRAW_COUNT), ==, 1);
}

static void
test_ticks_of_odd_ranges (void)
{
  static const DrawRange ranges[] = { { 0, 0 },        { 1, 0 },       { NAN, 1 },
                                      { 0, INFINITY }, { 1e15, 1e15 }, { -1e300, 1e300 },
                                      { 1e-300, 1 },   { 0, 1e-300 },  { 1, 1 + 1e-15 } };
  DrawTick ticks[DRAW_MAX_TICKS];
  double step;
  for (gsize i = 0; i < G_N_ELEMENTS (ranges); i++)
    for (int log = 0; log < 2; log++)
      for (DrawUnit unit = DRAW_NUMBER; unit <= DRAW_BYTES; unit++)
        {
          const DrawScale scale = { ranges[i], 0, 100, log };
          g_assert_cmpuint (draw_scale_ticks (&scale, 1000, unit, ticks, &step), <=,
                            DRAW_MAX_TICKS);
        }
}

static void
test_ranges_grow_in_steps (void)
{
  DrawRange shown = draw_range_fit ((DrawRange){ 0.73, 4.3 }, 5, DRAW_NUMBER, 0);
  g_assert_cmpfloat (shown.min, ==, 0);
  g_assert_cmpfloat (shown.max, ==, 5);
  const DrawRange same = draw_range_follow (shown, (DrawRange){ 0.1, 4.9 }, 5, DRAW_NUMBER, 0);
  g_assert_cmpfloat (same.max, ==, 5);
  const DrawRange grown = draw_range_follow (shown, (DrawRange){ 0.1, 5.1 }, 5, DRAW_NUMBER, 0);
  g_assert_cmpfloat (grown.max, ==, 6);
  const DrawRange shrunk = draw_range_follow (shown, (DrawRange){ 0.1, 0.9 }, 5, DRAW_NUMBER, 0);
  g_assert_cmpfloat (shrunk.max, ==, 1);

  guint changes = 0;
  DrawRange before = { 0, 0 };
  for (int step = 1; step <= 1000; step++)
    {
      const DrawRange x = draw_range_extend ((DrawRange){ 1, step }, DRAW_COUNT);
      g_assert_true (x.min <= 1 && x.max >= step && x.max <= MAX (2.0 * step, 4));
      changes += x.max != before.max ? 1 : 0;
      before = x;
    }
  g_assert_cmpuint (changes, <, 25);
}

static void
test_fitted_ranges_hold_the_data (void)
{
  static const DrawRange data[] = { { 3, 3 },       { 0, 0 },         { -5, -5 },    { 1e-9, 2e-9 },
                                    { -0.2, 0.31 }, { 1e9, 1e9 + 1 }, { 0.002, 4.3 } };
  for (gsize i = 0; i < G_N_ELEMENTS (data); i++)
    for (int log = 0; log < 2; log++)
      {
        const DrawRange fitted = draw_range_fit (data[i], 5, DRAW_NUMBER, log);
        g_assert_false (draw_range_is_empty (fitted));
        g_assert_true (!log || fitted.min > 0);
        if (!log || data[i].min > 0)
          g_assert_true (fitted.min <= data[i].min && fitted.max >= data[i].max);
      }
  g_assert_false (draw_range_is_empty (draw_range_fit ((DrawRange){ NAN, 1 }, 5, 0, 0)));
  g_assert_false (draw_range_is_empty (draw_range_fit ((DrawRange){ 1, -1 }, 5, 0, 1)));
}

static void
test_zoom_and_pan (void)
{
  const DrawRange zoomed = draw_range_zoom ((DrawRange){ 0, 100 }, 25, 0.5, 0);
  g_assert_cmpfloat (zoomed.min, ==, 12.5);
  g_assert_cmpfloat (zoomed.max, ==, 62.5);
  const DrawRange panned = draw_range_pan (zoomed, 0.5, 0);
  g_assert_cmpfloat (panned.min, ==, 37.5);
  const DrawRange log = draw_range_zoom ((DrawRange){ 0.01, 100 }, 1, 0.5, 1);
  g_assert_cmpfloat_with_epsilon (log.min, 0.1, 1e-12);
  g_assert_cmpfloat_with_epsilon (log.max, 10, 1e-12);

  DrawRange deep = { 0, 100 };
  for (int i = 0; i < 1000; i++)
    deep = draw_range_zoom (deep, 33, 0.5, 0);
  g_assert_false (draw_range_is_empty (deep));
}

int
main (int argc, char **argv)
{
  setlocale (LC_ALL, "");
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/draw/format/reads-well", test_formats);
  g_test_add_func ("/draw/format/fits-whatever-the-value", test_formats_of_any_size);
  g_test_add_func ("/draw/format/ticks-are-short", test_tick_formats);
  g_test_add_func ("/draw/scale/unmap-inverts-map", test_map_and_back);
  g_test_add_func ("/draw/scale/ticks-are-nice", test_ticks);
  g_test_add_func ("/draw/scale/ticks-of-odd-ranges-end", test_ticks_of_odd_ranges);
  g_test_add_func ("/draw/scale/ranges-grow-in-steps", test_ranges_grow_in_steps);
  g_test_add_func ("/draw/scale/fitted-ranges-hold-the-data", test_fitted_ranges_hold_the_data);
  g_test_add_func ("/draw/scale/zoom-and-pan", test_zoom_and_pan);
  return g_test_run ();
}
