/* A chart's curves: where its cursor goes by key, and what it says. */
#include "app/widgets/chart-lines.h"

#include <math.h>

/* Steps 1..10, two seconds each; every third value is missing in the second line. */
static GArray *
make_lines (void)
{
  GArray *lines = wb_chart_lines_new ();

  for (int l = 0; l < 2; l++)
    {
      const WbChartLine line = { .series = draw_series_new (),
                                 .label = g_strdup (l ? "gappy" : "whole"),
                                 .dashed = l };

      for (int i = 1; i <= (l ? 8 : 10); i++)
        draw_series_append (line.series, (const double[DRAW_X_AXES]){ i, 2.0 * i, i / 5.0 },
                            l && i % 3 == 0 ? NAN : i * 0.5);
      g_array_append_val (lines, line);
    }
  return lines;
}

static void
test_cursor_steps (void)
{
  g_autoptr (GArray) lines = make_lines ();
  const DrawRange all = { 0, 10 }, part = { 2.5, 6.5 };

  g_assert_cmpfloat (wb_chart_lines_step (lines, DRAW_X_STEP, all, NAN, -1), ==, 10);
  g_assert_cmpfloat (wb_chart_lines_step (lines, DRAW_X_STEP, all, 10, -1), ==, 9);
  g_assert_cmpfloat (wb_chart_lines_step (lines, DRAW_X_STEP, all, 4.4, 1), ==, 5);
  g_assert_cmpfloat (wb_chart_lines_step (lines, DRAW_X_STEP, all, 5, 20), ==, 10);
  g_assert_cmpfloat (wb_chart_lines_step (lines, DRAW_X_WALL, (DrawRange){ 0, 20 }, 8, 1), ==, 10);

  /* Never off the stretch that is shown. */
  g_assert_cmpfloat (wb_chart_lines_step (lines, DRAW_X_STEP, part, NAN, 1), ==, 6);
  g_assert_cmpfloat (wb_chart_lines_step (lines, DRAW_X_STEP, part, 3, -1), ==, 3);
  g_assert_true (isnan (wb_chart_lines_step (lines, DRAW_X_STEP, (DrawRange){ 4.2, 4.8 }, NAN, 1)));
}

static void
test_cursor_ends (void)
{
  g_autoptr (GArray) lines = make_lines ();
  const DrawRange all = { 0, 10 };

  g_assert_cmpfloat (wb_chart_lines_step (lines, DRAW_X_STEP, all, NAN, -G_MAXINT), ==, 1);
  g_assert_cmpfloat (wb_chart_lines_step (lines, DRAW_X_STEP, all, 7, -G_MAXINT), ==, 1);
  g_assert_cmpfloat (wb_chart_lines_step (lines, DRAW_X_STEP, all, 7, G_MAXINT), ==, 10);
}

static void
test_axes_convert (void)
{
  g_autoptr (GArray) lines = make_lines ();

  g_assert_cmpfloat (wb_chart_lines_convert (lines, DRAW_X_STEP, DRAW_X_WALL, 4), ==, 8);
  g_assert_cmpfloat (wb_chart_lines_convert (lines, DRAW_X_WALL, DRAW_X_EPOCH, 7), ==, 0.8);
  g_assert_cmpfloat (wb_chart_lines_convert (lines, DRAW_X_STEP, DRAW_X_WALL, 99), ==, 20);
}

static void
test_shown (void)
{
  g_autoptr (GArray) lines = make_lines ();
  DrawCurve shown[4];

  g_assert_cmpuint (wb_chart_lines_show (lines, NULL, shown, 4), ==, 2);
  g_assert_true (shown[1].dashed);
  g_assert_cmpuint (wb_chart_lines_show (lines, NULL, shown, 1), ==, 1);
  g_array_index (lines, WbChartLine, 0).hidden = TRUE;
  g_assert_cmpuint (wb_chart_lines_show (lines, NULL, shown, 4), ==, 1);
  g_assert_cmpstr (shown[0].label, ==, "gappy");

  /* The cursor goes by what is seen. */
  g_assert_cmpfloat (wb_chart_lines_step (lines, DRAW_X_STEP, (DrawRange){ 0, 10 }, NAN, 1), ==, 8);
}

static void
test_words (void)
{
  g_autoptr (GArray) lines = make_lines ();
  g_autofree char *newest = wb_chart_lines_tell (lines, DRAW_X_STEP, NAN, DRAW_NUMBER);
  g_autofree char *there = wb_chart_lines_tell (lines, DRAW_X_STEP, 3.2, DRAW_NUMBER);

  g_assert_cmpstr (newest, ==, "whole 5.00 at step 10, gappy 4.00 at step 8");
  g_assert_cmpstr (there, ==, "whole 1.50 at step 3, gappy 2.00 at step 4");
}

static void
test_nothing (void)
{
  g_autoptr (GArray) lines = wb_chart_lines_new ();
  g_autofree char *words = wb_chart_lines_tell (lines, DRAW_X_STEP, 3, DRAW_NUMBER);

  g_assert_cmpuint (wb_chart_lines_get_length (lines), ==, 0);
  g_assert_true (isnan (wb_chart_lines_convert (lines, DRAW_X_STEP, DRAW_X_WALL, 1)));
  g_assert_true (isnan (wb_chart_lines_step (lines, DRAW_X_STEP, (DrawRange){ 0, 1 }, NAN, 1)));
  g_assert_cmpstr (words, ==, "No points yet");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/chart-lines/cursor-steps", test_cursor_steps);
  g_test_add_func ("/chart-lines/cursor-ends", test_cursor_ends);
  g_test_add_func ("/chart-lines/axes", test_axes_convert);
  g_test_add_func ("/chart-lines/shown", test_shown);
  g_test_add_func ("/chart-lines/words", test_words);
  g_test_add_func ("/chart-lines/nothing", test_nothing);
  return g_test_run ();
}
