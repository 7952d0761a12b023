/* Charts and sparklines, probed pixel by pixel. */
#include "app/draw/curves.h"
#include "app/draw/frame.h"
#include "app/draw/sparkline.h"
#include "tests/canvas.h"

#include <math.h>

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DrawSeries, draw_series_free)

#define WIDTH 640
#define HEIGHT 320

static const DrawColor red = { 0.8, 0.1, 0.1 };

static void
append (DrawSeries *series, double x, double y)
{
  draw_series_append (series, (double[DRAW_X_AXES]){ x, x * 2, x / 10 }, y);
}

static DrawSeries *
make_series (guint n, double (*f) (guint))
{
  DrawSeries *series = draw_series_new ();
  for (guint i = 0; i < n; i++)
    append (series, i, f (i));
  return series;
}

static double
saw (guint i)
{
  return i % 10;
}

static double
half_gone (guint i)
{
  return i >= 40 && i < 60 ? NAN : 5;
}

static double
halving (guint i)
{
  return pow (10, 1 - (double) i / 50);
}

static double
million (guint i)
{
  return i >= 400000 && i < 500000 ? NAN : i == 700000 ? 9 : 4 + i % 2;
}

/* y from 0 to 10, x over all points. */
static DrawCurves
chart_of (const DrawCurve *curve, double last)
{
  return (DrawCurves){
    .title = "Loss", .curves = curve, .n_curves = 1, .x = { 0, last }, .y = { 0, 10 }
  };
}

static void
test_points_lie_where_scales_say (void)
{
  for (DrawMode mode = DRAW_LIGHT; mode <= DRAW_DARK; mode++)
    {
      g_autoptr (Canvas) canvas = canvas_new (mode, WIDTH, HEIGHT);
      g_autoptr (DrawSeries) series = make_series (101, half_gone);
      const DrawCurve curve = { .series = series, .label = "total", .color = red };
      const DrawCurves chart = chart_of (&curve, 100);
      const DrawPlot plot = draw_curves_plot (&chart, WIDTH, HEIGHT);
      const int top = (int) plot.rect.y, bottom = (int) (plot.rect.y + plot.rect.height);
      draw_curves (canvas->cr, &canvas->theme, &chart, WIDTH, HEIGHT);

      int first, last;
      const int x = (int) draw_scale_map (&plot.x, 20.5), y = (int) draw_scale_map (&plot.y, 5);
      g_assert_true (canvas_find_in_column (canvas, x, top, bottom, red, 0.3, &first, &last));
      g_assert_cmpint (first, >=, y - 2);
      g_assert_cmpint (last, <=, y + 1);
      /* The gap is a gap, and the line goes on behind it. */
      const int gap = (int) draw_scale_map (&plot.x, 50.5);
      g_assert_false (canvas_find_in_column (canvas, gap, top, bottom, red, 0.5, &first, &last));
      const int after = (int) draw_scale_map (&plot.x, 80.5);
      g_assert_true (canvas_find_in_column (canvas, after, top, bottom, red, 0.3, &first, &last));
    }
}

static void
test_lone_points_are_dots (void)
{
  g_autoptr (Canvas) canvas = canvas_new (DRAW_LIGHT, WIDTH, HEIGHT);
  g_autoptr (DrawSeries) series = draw_series_new ();
  append (series, 0, NAN);
  append (series, 1, 5);
  append (series, 2, NAN);
  const DrawCurve curve = { .series = series, .color = red };
  const DrawCurves chart = chart_of (&curve, 2);
  const DrawPlot plot = draw_curves_plot (&chart, WIDTH, HEIGHT);
  draw_curves (canvas->cr, &canvas->theme, &chart, WIDTH, HEIGHT);
  const double x = draw_scale_map (&plot.x, 1), y = draw_scale_map (&plot.y, 5);
  g_assert_cmpfloat (color_distance (canvas_get (canvas, (int) x, (int) y), red), <, 0.1);
}

/* 2,000 points in 574 px: values 0..9 in every column. */
static void
test_envelope (void)
{
  g_autoptr (Canvas) canvas = canvas_new (DRAW_LIGHT, WIDTH, HEIGHT);
  g_autoptr (DrawSeries) series = make_series (20001, saw);
  const DrawCurve curve = { .series = series, .color = red };
  const DrawCurves chart = chart_of (&curve, 20000);
  const DrawPlot plot = draw_curves_plot (&chart, WIDTH, HEIGHT);
  draw_curves (canvas->cr, &canvas->theme, &chart, WIDTH, HEIGHT);
  int first, last;
  const int top = (int) plot.rect.y, bottom = (int) (plot.rect.y + plot.rect.height);
  const DrawColor veil = draw_color_mix (canvas->theme.ground, red, 0.2);
  for (int x = 101; x < 600; x += 83)
    {
      g_assert_true (canvas_find_in_column (canvas, x, top, bottom, veil, 0.06, &first, &last));
      g_assert_cmpfloat_with_epsilon (first, draw_scale_map (&plot.y, 9), 1.5);
      g_assert_cmpfloat_with_epsilon (last, draw_scale_map (&plot.y, 0), 1.5);
      g_assert_true (canvas_find_in_column (canvas, x, top, bottom, red, 0.3, &first, &last));
      g_assert_cmpfloat_with_epsilon ((first + last) / 2.0, draw_scale_map (&plot.y, 4.5), 2);
    }
}

static void
test_a_million_points (void)
{
  g_autoptr (Canvas) canvas = canvas_new (DRAW_DARK, WIDTH, HEIGHT);
  g_autoptr (DrawSeries) series = make_series (1000000, million);
  const DrawCurve curve = { .series = series, .color = red };
  const DrawCurves chart = chart_of (&curve, 1e6);
  const DrawPlot plot = draw_curves_plot (&chart, WIDTH, HEIGHT);
  const gint64 start = g_get_monotonic_time ();
  draw_curves (canvas->cr, &canvas->theme, &chart, WIDTH, HEIGHT);
  g_assert_cmpint (g_get_monotonic_time () - start, <, 2000000);
  /* One point in a million shows; the gap, too. */
  const DrawColor veil = draw_color_mix (canvas->theme.ground, red, 0.1);
  const double spike = draw_scale_map (&plot.x, 700000), y = draw_scale_map (&plot.y, 8);
  g_assert_cmpint (canvas_count (canvas, &(DrawRect){ spike - 2, y, 4, 10 }, veil, 0.1), >, 0);
  int first, last;
  const int gap = (int) draw_scale_map (&plot.x, 450000);
  g_assert_false (
      canvas_find_in_column (canvas, gap, (int) plot.rect.y, HEIGHT - 40, red, 0.5, &first, &last));
}

/* Where steps are apart in time, the line runs on: only what is missing is a gap. */
static void
test_sparse_stretches_are_no_gaps (void)
{
  g_autoptr (Canvas) canvas = canvas_new (DRAW_LIGHT, WIDTH, HEIGHT);
  g_autoptr (DrawSeries) series = draw_series_new ();
  for (int i = 0; i < 3000; i++)
    append (series, i, 5);
  append (series, 10000, 5);
  const DrawCurve curve = { .series = series, .color = red };
  const DrawCurves chart = chart_of (&curve, 10000);
  const DrawPlot plot = draw_curves_plot (&chart, WIDTH, HEIGHT);
  draw_curves (canvas->cr, &canvas->theme, &chart, WIDTH, HEIGHT);
  int first, last;
  const int x = (int) draw_scale_map (&plot.x, 6600);
  g_assert_true (
      canvas_find_in_column (canvas, x, (int) plot.rect.y, HEIGHT - 40, red, 0.3, &first, &last));
}

static void
test_logarithmic (void)
{
  g_autoptr (Canvas) canvas = canvas_new (DRAW_LIGHT, WIDTH, HEIGHT);
  g_autoptr (DrawSeries) series = make_series (101, halving);
  append (series, 101, 0);
  const DrawCurve curve = { .series = series, .color = red };
  DrawCurves chart = chart_of (&curve, 101);
  chart.log = 1;
  chart.y = (DrawRange){ 0, 0 };
  const DrawPlot plot = draw_curves_plot (&chart, WIDTH, HEIGHT);
  g_assert_cmpfloat (plot.y.range.min, >, 0);
  draw_curves (canvas->cr, &canvas->theme, &chart, WIDTH, HEIGHT);
  int first, last;
  for (int i = 15; i < 100; i += 20)
    {
      const int x = (int) draw_scale_map (&plot.x, i);
      g_assert_true (canvas_find_in_column (canvas, x, (int) plot.rect.y, HEIGHT - 36, red, 0.3,
                                            &first, &last));
      g_assert_cmpfloat_with_epsilon ((first + last) / 2.0, draw_scale_map (&plot.y, halving (i)),
                                      3);
    }
}

static void
test_smoothed_and_raw (void)
{
  g_autoptr (Canvas) canvas = canvas_new (DRAW_LIGHT, WIDTH, HEIGHT);
  g_autoptr (DrawSeries) series = make_series (101, saw);
  draw_series_set_smoothing (series, DRAW_SMOOTH_WINDOW, 10);
  const DrawCurve curve = { .series = series, .color = red };
  const DrawCurves chart = chart_of (&curve, 100);
  const DrawPlot plot = draw_curves_plot (&chart, WIDTH, HEIGHT);
  draw_curves (canvas->cr, &canvas->theme, &chart, WIDTH, HEIGHT);
  int first, last;
  const int x = (int) draw_scale_map (&plot.x, 55), y = (int) draw_scale_map (&plot.y, 4.5);
  g_assert_true (canvas_find_in_column (canvas, x, y - 6, y + 6, red, 0.3, &first, &last));
  const DrawRect peaks = { plot.rect.x + 20, draw_scale_map (&plot.y, 9) - 1, 400, 8 };
  g_assert_cmpint (canvas_count_painted (canvas, &peaks), >, 20);
  g_assert_cmpint (canvas_count (canvas, &peaks, red, 0.2), ==, 0);
}

static void
test_hit_inverts_drawing (void)
{
  g_autoptr (DrawSeries) a = make_series (101, saw);
  g_autoptr (DrawSeries) b = make_series (101, half_gone);
  const DrawCurve curves[] = { { .series = a, .hidden = 1 }, { .series = a }, { .series = b } };
  DrawCurves chart = chart_of (curves, 100);
  chart.n_curves = 3;
  const DrawPlot plot = draw_curves_plot (&chart, WIDTH, HEIGHT);
  for (guint i = 0; i < 100; i += 7)
    {
      DrawSample samples[3];
      guint n;
      double x;
      const double px = draw_scale_map (&plot.x, i), py = plot.rect.y + 10;
      g_assert_true (draw_curves_hit (&chart, WIDTH, HEIGHT, px, py, &x, samples, &n));
      g_assert_cmpfloat_with_epsilon (x, i, 1e-9);
      g_assert_cmpuint (n, ==, 2);
      g_assert_cmpuint (samples[0].curve, ==, 1);
      g_assert_cmpuint (samples[0].point, ==, i);
      g_assert_cmpfloat (samples[0].y, ==, saw (i));
      g_assert_cmpfloat_with_epsilon (samples[0].px, px, 1e-6);
      g_assert_true (isfinite (samples[1].y));
    }
  DrawSample samples[3];
  guint n;
  double x;
  g_assert_false (draw_curves_hit (&chart, WIDTH, HEIGHT, 1, 100, &x, samples, &n));
  g_assert_cmpuint (n, ==, 0);
}

/* A run that has ended says nothing of later steps of another; where no curve has points, each is
 * read at its nearest end. */
static void
test_hit_leaves_out_what_has_ended (void)
{
  g_autoptr (DrawSeries) longer = make_series (101, saw);
  g_autoptr (DrawSeries) shorter = make_series (51, saw);
  const DrawCurve curves[] = { { .series = shorter }, { .series = longer } };
  DrawCurves chart = chart_of (curves, 120);
  chart.n_curves = 2;
  const DrawPlot plot = draw_curves_plot (&chart, WIDTH, HEIGHT);
  static const struct
  {
    double x;
    guint n;
  } cases[] = { { 30, 2 }, { 49, 2 }, { 51, 1 }, { 99, 1 }, { 110, 2 } };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      DrawSample samples[2];
      guint n;
      double x;

      g_assert_true (draw_curves_hit (&chart, WIDTH, HEIGHT, draw_scale_map (&plot.x, cases[i].x),
                                      plot.rect.y + 10, &x, samples, &n));
      g_assert_cmpuint (n, ==, cases[i].n);
      g_assert_cmpuint (samples[n - 1].curve, ==, 1);
    }
}

static void
test_reference_cursor_and_legend (void)
{
  g_autoptr (Canvas) canvas = canvas_new (DRAW_LIGHT, WIDTH, HEIGHT);
  g_autoptr (DrawSeries) series = make_series (101, half_gone);
  const DrawCurve curves[] = { { .series = series, .label = "total", .color = red },
                               { .series = series, .label = "again", .color = red, .hidden = 1 } };
  const DrawReference chance = { log (64), "chance: ln 64 = 4.16" };
  DrawCurves chart = chart_of (curves, 100);
  chart.n_curves = 2;
  chart.references = &chance;
  chart.n_references = 1;
  chart.has_cursor = 1;
  chart.cursor = 75;
  const DrawPlot plot = draw_curves_plot (&chart, WIDTH, HEIGHT);
  draw_curves (canvas->cr, &canvas->theme, &chart, WIDTH, HEIGHT);
  const double level = round (draw_scale_map (&plot.y, chance.y));
  const DrawRect line = { plot.rect.x, level, plot.rect.width, 1 };
  g_assert_cmpint (canvas_count (canvas, &line, canvas->theme.muted, 0.4), >, 80);
  const double x = round (draw_scale_map (&plot.x, 75));
  const DrawRect cursor = { x, plot.rect.y, 1, plot.rect.height };
  g_assert_cmpint (canvas_count_painted (canvas, &cursor), >=, (int) plot.rect.height - 2);
  const DrawRect legend = { WIDTH / 2.0, 0, WIDTH / 2.0, plot.rect.y - 2 };
  g_assert_cmpint (canvas_count (canvas, &legend, red, 0.2), >, 10);
  g_assert_cmpint (canvas_count (canvas, &legend, canvas->theme.ink, 0.3), >, 10);
}

static void
test_legends_take_rows (void)
{
  g_autoptr (DrawSeries) series = make_series (3, saw);
  DrawCurve curves[8];
  for (int i = 0; i < 8; i++)
    curves[i] = (DrawCurve){ .series = series, .label = "a run with a name", .color = red };
  DrawCurves chart = chart_of (curves, 3);
  chart.n_curves = 2;
  g_assert_cmpuint (draw_frame_legend_rows (&chart, WIDTH), ==, 0);
  g_assert_cmpuint (draw_frame_legend_rows (&chart, 330), ==, 1);
  chart.n_curves = 8;
  g_assert_cmpuint (draw_frame_legend_rows (&chart, WIDTH), ==, 2);
  g_assert_cmpuint (draw_frame_legend_rows (&chart, 40), ==, 3);
  const double wide = draw_curves_plot (&chart, 2000, HEIGHT).rect.y;
  g_assert_cmpfloat (draw_curves_plot (&chart, WIDTH, HEIGHT).rect.y, ==,
                     wide + 2 * DRAW_LEGEND_ROW);
}

static void
test_ranges_of_live_data (void)
{
  g_autoptr (DrawSeries) series = make_series (961, saw);
  const DrawCurve curve = { .series = series, .color = red };
  const DrawReference chance = { 12, "chance" };
  DrawCurves chart = { .curves = &curve, .n_curves = 1 };
  const DrawRange x = draw_curves_fit_x (&chart);
  g_assert_cmpfloat (x.min, ==, 0);
  g_assert_cmpfloat (x.max, ==, 1000);
  const DrawRange y = draw_curves_fit_y (&chart, x);
  g_assert_cmpfloat (y.min, ==, 0);
  g_assert_cmpfloat (y.max, ==, 10);
  append (series, 961, 9.7);
  g_assert_cmpfloat (draw_curves_follow_y (&chart, x, y).max, ==, 10);
  chart.references = &chance;
  chart.n_references = 1;
  g_assert_cmpfloat (draw_curves_fit_y (&chart, x).max, >=, 12);
  chart.axis = DRAW_X_WALL;
  g_assert_cmpfloat (draw_curves_fit_x (&chart).max, ==, 2400);
}

static void
paint_chart_of_any_size (DrawMode mode, int width, int height, guint points)
{
  g_autoptr (DrawSeries) series = make_series (points, saw);
  draw_series_set_smoothing (series, DRAW_SMOOTH_EMA, 5);
  const DrawCurve curves[] = {
    { .series = series, .label = "a \xff\xfe label that is no UTF-8", .color = red },
    { .series = series, .label = NULL, .color = red, .dashed = 1 }
  };
  const DrawReference chance = { 4, "chance" };
  for (int variant = 0; variant < 8; variant++)
    {
      g_autoptr (Canvas) canvas = canvas_new (mode, width, height);
      const DrawCurves chart = { .title = variant & 1 ? "Loss" : NULL,
                                 .curves = curves,
                                 .n_curves = 2,
                                 .references = &chance,
                                 .n_references = 1,
                                 .compact = variant & 1,
                                 .log = variant >> 1 & 1,
                                 .has_cursor = variant >> 2,
                                 .cursor = 2 };
      draw_curves (canvas->cr, &canvas->theme, &chart, width, height);
      draw_sparkline (canvas->cr, &canvas->theme,
                      &(DrawSparkline){ .series = series, .color = red }, width, height);
    }
}

static void
test_any_size (void)
{
  static const int sizes[][2] = { { 1, 1 },   { 50, 30 },  { 1, 300 },
                                  { 300, 1 }, { 110, 70 }, { 240, 130 } };
  for (gsize i = 0; i < G_N_ELEMENTS (sizes); i++)
    for (guint points = 0; points < 3; points++)
      paint_chart_of_any_size (i % 2 ? DRAW_DARK : DRAW_LIGHT, sizes[i][0], sizes[i][1],
                               points * points * 500);
}

static void
test_sparkline (void)
{
  g_autoptr (Canvas) canvas = canvas_new (DRAW_DARK, 100, 24);
  g_autoptr (DrawSeries) series = make_series (51, halving);
  const DrawSparkline sparkline = { .series = series, .x_end = 100, .color = red };
  draw_sparkline (canvas->cr, &canvas->theme, &sparkline, 100, 24);
  const DrawRect left = { 0, 0, 52, 20 }, right = { 56, 0, 44, 20 };
  g_assert_cmpint (canvas_count (canvas, &left, red, 0.3), >, 40);
  g_assert_cmpint (canvas_count_painted (canvas, &right), ==, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/draw/curves/points-lie-where-scales-say", test_points_lie_where_scales_say);
  g_test_add_func ("/draw/curves/lone-points-are-dots", test_lone_points_are_dots);
  g_test_add_func ("/draw/curves/envelope-and-mean", test_envelope);
  g_test_add_func ("/draw/curves/a-million-points", test_a_million_points);
  g_test_add_func ("/draw/curves/sparse-stretches-are-no-gaps", test_sparse_stretches_are_no_gaps);
  g_test_add_func ("/draw/curves/logarithmic", test_logarithmic);
  g_test_add_func ("/draw/curves/smoothed-before-raw", test_smoothed_and_raw);
  g_test_add_func ("/draw/curves/hit-inverts-drawing", test_hit_inverts_drawing);
  g_test_add_func ("/draw/curves/hit-leaves-out-what-has-ended",
                   test_hit_leaves_out_what_has_ended);
  g_test_add_func ("/draw/curves/reference-cursor-legend", test_reference_cursor_and_legend);
  g_test_add_func ("/draw/curves/legends-take-rows", test_legends_take_rows);
  g_test_add_func ("/draw/curves/ranges-of-live-data", test_ranges_of_live_data);
  g_test_add_func ("/draw/curves/any-size", test_any_size);
  g_test_add_func ("/draw/sparkline/shows-how-far", test_sparkline);
  return g_test_run ();
}
