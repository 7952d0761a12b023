/* Series: the pyramid against plain loops, smoothing, search. */
#include "app/draw/series.h"

#include <glib.h>
#include <math.h>

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DrawSeries, draw_series_free)

static void
append (DrawSeries *series, double x, double y)
{
  draw_series_append (series, (double[DRAW_X_AXES]){ x, x * 2, x / 10 }, y);
}

static float
noise (GRand *random)
{
  return g_rand_int_range (random, 0, 10) == 0 ? NAN : (float) g_rand_double_range (random, -1, 1);
}

static void
assert_summary (const DrawSeries *series, DrawChannel channel, gsize from, gsize to)
{
  const DrawSummary summary = draw_series_summary (series, channel, from, to);
  double min = INFINITY, max = -INFINITY, sum = 0;
  gsize n = 0;
  for (gsize i = from; i < to; i++)
    {
      const double y = draw_series_y (series, channel, i);
      if (!isfinite (y))
        continue;
      min = MIN (min, y);
      max = MAX (max, y);
      sum += y;
      n++;
    }
  g_assert_cmpuint (summary.n, ==, n);
  if (n == 0)
    {
      g_assert_true (isnan (summary.min) && isnan (summary.max) && isnan (summary.mean));
      return;
    }
  g_assert_cmpfloat (summary.min, ==, min);
  g_assert_cmpfloat (summary.max, ==, max);
  g_assert_cmpfloat_with_epsilon (summary.mean, sum / (double) n, 1e-12);
}

static void
test_summary (void)
{
  g_autoptr (DrawSeries) series = draw_series_new ();
  g_autoptr (GRand) random = g_rand_new_with_seed (1);
  for (int i = 0; i < 5000; i++)
    append (series, i, noise (random));
  draw_series_set_smoothing (series, DRAW_SMOOTH_EMA, 9);
  for (int i = 0; i < 400; i++)
    {
      const gsize from = (gsize) g_rand_int_range (random, 0, 5000);
      const gsize to = (gsize) g_rand_int_range (random, (gint32) from, 5001);
      assert_summary (series, DRAW_RAW, from, to);
      assert_summary (series, DRAW_SMOOTH, from, to);
    }
  assert_summary (series, DRAW_RAW, 0, 5000);
  assert_summary (series, DRAW_RAW, 256, 4096);

  draw_series_truncate (series, 1001);
  append (series, 1001, 7);
  g_assert_cmpuint (draw_series_length (series), ==, 1002);
  assert_summary (series, DRAW_RAW, 0, 1002);
  assert_summary (series, DRAW_SMOOTH, 0, 1002);
  g_assert_cmpfloat (draw_series_summary (series, DRAW_RAW, 0, 9999).max, ==, 7);
}

static void
test_empty (void)
{
  g_autoptr (DrawSeries) series = draw_series_new ();
  draw_series_set_smoothing (series, DRAW_SMOOTH_WINDOW, 5);
  draw_series_truncate (series, 0);
  g_assert_cmpuint (draw_series_search (series, DRAW_X_STEP, 1), ==, 0);
  g_assert_cmpuint (draw_series_nearest (series, DRAW_X_STEP, 1), ==, 0);
  g_assert_cmpuint (draw_series_summary (series, DRAW_SMOOTH, 0, 10).n, ==, 0);
  append (series, 1, 3);
  g_assert_cmpfloat (draw_series_y (series, DRAW_SMOOTH, 0), ==, 3);
}

static void
test_search (void)
{
  g_autoptr (DrawSeries) series = draw_series_new ();
  static const double y[] = { 1, NAN, NAN, 4, 5 };
  for (int i = 0; i < 5; i++)
    append (series, 10 * i, y[i]);
  g_assert_cmpuint (draw_series_search (series, DRAW_X_STEP, -5), ==, 0);
  g_assert_cmpuint (draw_series_search (series, DRAW_X_STEP, 10), ==, 1);
  g_assert_cmpuint (draw_series_search (series, DRAW_X_WALL, 21), ==, 2);
  g_assert_cmpuint (draw_series_search (series, DRAW_X_STEP, 41), ==, 5);
  g_assert_cmpuint (draw_series_nearest (series, DRAW_X_STEP, 11), ==, 0);
  g_assert_cmpuint (draw_series_nearest (series, DRAW_X_STEP, 19), ==, 3);
  g_assert_cmpuint (draw_series_nearest (series, DRAW_X_STEP, 34), ==, 3);
  g_assert_cmpuint (draw_series_nearest (series, DRAW_X_STEP, 36), ==, 4);
  g_assert_cmpuint (draw_series_nearest (series, DRAW_X_STEP, 1e9), ==, 4);
  append (series, 5, 6);
  g_assert_cmpfloat (draw_series_x (series, DRAW_X_STEP, 5), ==, 40);
}

static void
test_smoothing (void)
{
  g_autoptr (DrawSeries) series = draw_series_new ();
  draw_series_set_smoothing (series, DRAW_SMOOTH_EMA, 3);
  append (series, 0, 4);
  append (series, 1, 8);
  append (series, 2, NAN);
  append (series, 3, 0);
  /* Weight 1/2: unbiased, so the first is itself. */
  g_assert_cmpfloat (draw_series_y (series, DRAW_SMOOTH, 0), ==, 4);
  g_assert_cmpfloat_with_epsilon (draw_series_y (series, DRAW_SMOOTH, 1), 5 / 0.75, 1e-6);
  g_assert_true (isnan (draw_series_y (series, DRAW_SMOOTH, 2)));
  g_assert_cmpfloat_with_epsilon (draw_series_y (series, DRAW_SMOOTH, 3), 2.5 / 0.875, 1e-6);
  g_assert_cmpfloat (draw_series_y (series, DRAW_RAW, 1), ==, 8);

  draw_series_set_smoothing (series, DRAW_SMOOTH_WINDOW, 2);
  g_assert_cmpfloat (draw_series_y (series, DRAW_SMOOTH, 0), ==, 4);
  g_assert_cmpfloat (draw_series_y (series, DRAW_SMOOTH, 1), ==, 6);
  g_assert_cmpfloat (draw_series_y (series, DRAW_SMOOTH, 3), ==, 0);
  draw_series_set_smoothing (series, DRAW_SMOOTH_NONE, 0);
  g_assert_cmpfloat (draw_series_y (series, DRAW_SMOOTH, 1), ==, 8);
}

static void
test_smoothing_as_points_come (void)
{
  g_autoptr (DrawSeries) live = draw_series_new ();
  g_autoptr (DrawSeries) later = draw_series_new ();
  g_autoptr (GRand) random = g_rand_new_with_seed (2);
  draw_series_set_smoothing (live, DRAW_SMOOTH_EMA, 20);
  for (int i = 0; i < 1000; i++)
    {
      const double y = noise (random);
      append (live, i, y);
      append (later, i, y);
    }
  draw_series_set_smoothing (later, DRAW_SMOOTH_EMA, 20);
  for (gsize i = 0; i < 1000; i++)
    {
      const double a = draw_series_y (live, DRAW_SMOOTH, i);
      const double b = draw_series_y (later, DRAW_SMOOTH, i);
      g_assert_true (a == b || (isnan (a) && isnan (b)));
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/draw/series/summary-is-that-of-a-loop", test_summary);
  g_test_add_func ("/draw/series/empty-is-no-error", test_empty);
  g_test_add_func ("/draw/series/search-and-nearest", test_search);
  g_test_add_func ("/draw/series/smoothing", test_smoothing);
  g_test_add_func ("/draw/series/smoothing-live-is-smoothing-later", test_smoothing_as_points_come);
  return g_test_run ();
}
