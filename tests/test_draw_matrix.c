/* Colours, colour maps, text and matrices. */
#include "app/draw/histogram.h"
#include "app/draw/matrix.h"
#include "app/draw/text.h"
#include "tests/canvas.h"

#include <math.h>

static double
linear (double v)
{
  return v <= 0.04045 ? v / 12.92 : pow ((v + 0.055) / 1.055, 2.4);
}

/* L of Oklab. */
static double
lightness (DrawColor c)
{
  const double r = linear (c.r), g = linear (c.g), b = linear (c.b);
  return 0.2104542553 * cbrt (0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b)
         + 0.7936177850 * cbrt (0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b)
         - 0.0040720468 * cbrt (0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b);
}

static void
test_maps_are_even (void)
{
  DrawColorMap map;
  draw_color_map_init (&map, DRAW_SEQUENTIAL, DRAW_LIGHT);
  for (int i = 0; i < DRAW_MAP_COLORS; i++)
    g_assert_cmpfloat_with_epsilon (lightness (map.colors[i]), 0.20 + 0.74 * i / 255.0, 1e-3);
  for (DrawMode mode = DRAW_LIGHT; mode <= DRAW_DARK; mode++)
    {
      draw_color_map_init (&map, DRAW_DIVERGING, mode);
      for (int i = 0; i < DRAW_MAP_COLORS; i++)
        {
          const double a = fabs (2 * i / 255.0 - 1);
          const double wanted = mode == DRAW_DARK ? 0.22 + 0.55 * a : 0.97 - 0.47 * a;
          g_assert_cmpfloat_with_epsilon (lightness (map.colors[i]), wanted, 1e-3);
        }
      const DrawColor low = draw_color_map_get (&map, (DrawRange){ -1, 1 }, -1);
      const DrawColor high = draw_color_map_get (&map, (DrawRange){ -1, 1 }, 1);
      const DrawColor zero = draw_color_map_get (&map, (DrawRange){ -1, 1 }, 0);
      g_assert_true (low.b > low.r + 0.2 && high.r > high.b + 0.2);
      g_assert_cmpfloat (fabs (zero.r - zero.b), <, 0.01);
    }
}

static void
test_values_beyond_a_range (void)
{
  DrawColorMap map;
  draw_color_map_init (&map, DRAW_SEQUENTIAL, DRAW_LIGHT);
  const DrawRange range = { 0, 1 };
  g_assert_cmpfloat (color_distance (draw_color_map_get (&map, range, -INFINITY), map.colors[0]),
                     ==, 0);
  g_assert_cmpfloat (color_distance (draw_color_map_get (&map, range, 7), map.colors[255]), ==, 0);
  draw_color_map_get (&map, (DrawRange){ 1, 1 }, 1);
}

static void
test_colors_stand_out (void)
{
  for (DrawMode mode = DRAW_LIGHT; mode <= DRAW_DARK; mode++)
    {
      DrawTheme theme;
      draw_theme_init (&theme, mode);
      g_assert_cmpfloat (theme.text, >=, DRAW_TEXT_MIN);
      g_assert_cmpfloat (draw_color_contrast (theme.ink, theme.ground), >, 7);
      g_assert_cmpfloat (draw_color_contrast (theme.muted, theme.ground), >, 4.5);
      g_assert_cmpfloat (draw_color_contrast (theme.accent, theme.ground), >, 3);
      for (guint i = 0; i < DRAW_RUN_COLORS; i++)
        {
          const DrawColor color = draw_theme_run_color (&theme, i, DRAW_SHADE_BASE);
          g_assert_cmpfloat (draw_color_contrast (color, theme.ground), >=, 3);
          g_assert_cmpfloat (
              color_distance (color, draw_theme_run_color (&theme, i + 8, DRAW_SHADE_BASE)), ==, 0);
          for (guint j = 0; j < i; j++)
            g_assert_cmpfloat (
                color_distance (color, draw_theme_run_color (&theme, j, DRAW_SHADE_BASE)), >, 0.15);
          const double strong = draw_color_contrast (
              draw_theme_run_color (&theme, i, DRAW_SHADE_STRONG), theme.ground);
          const double soft =
              draw_color_contrast (draw_theme_run_color (&theme, i, DRAW_SHADE_SOFT), theme.ground);
          const double base = draw_color_contrast (color, theme.ground);
          g_assert_true (strong > base && base > soft && soft > 1.3);
        }
    }
}

static double
width_of (Canvas *canvas, const char *text, double max_width)
{
  return draw_text_width (canvas->cr, &canvas->theme,
                          &(DrawText){ .text = text, .max_width = max_width });
}

static void
test_text (void)
{
  g_autoptr (Canvas) canvas = canvas_new (DRAW_LIGHT, 200, 40);
  /* Figures are of one width. */
  g_assert_cmpfloat_with_epsilon (width_of (canvas, "1.11", 0), width_of (canvas, "4.08", 0), 1e-6);
  g_assert_cmpfloat (width_of (canvas, "a caption that is too long", 60), <=, 60);
  g_assert_cmpfloat (width_of (canvas, "a caption that is too long", 60), >, 30);
  g_assert_cmpfloat (width_of (canvas, "word", 1), ==, 0);
  g_assert_cmpfloat (width_of (canvas, NULL, 0), ==, 0);

  static const char *const odd[] = {
    "\xff\xfe", "\xc3", "\xed\xa0\x80", "\xf0\x80\x80\x80", "a\nb\tc", "\xe2\x82", ""
  };
  for (gsize i = 0; i < G_N_ELEMENTS (odd); i++)
    draw_text (canvas->cr, &canvas->theme, &(DrawText){ .text = odd[i], .x = 5, .y = 20 });
  g_autofree char *longest = g_strnfill (5000, '8');
  draw_text (canvas->cr, &canvas->theme, &(DrawText){ .text = longest, .max_width = 50 });

  draw_ground (canvas->cr, &canvas->theme, 200, 40);
  draw_text (canvas->cr, &canvas->theme,
             &(DrawText){ .text = "8", .x = 100, .y = 20, .align = 1, .at = DRAW_AT_MIDDLE });
  g_assert_cmpint (canvas_count_painted (canvas, &(DrawRect){ 90, 10, 10, 20 }), >, 15);
  g_assert_cmpint (canvas_count_painted (canvas, &(DrawRect){ 101, 0, 99, 40 }), ==, 0);
}

typedef struct
{
  guint measured, shown;
} Calls;

static double
count_measure (void *data, cairo_t *cr, const char *text, double size, int bold)
{
  (void) cr;
  (void) bold;
  ((Calls *) data)->measured++;
  g_assert_cmpfloat (size, >=, DRAW_TEXT_MIN);
  return (double) g_utf8_strlen (text, -1) * 10;
}

static void
count_show (void *data, cairo_t *cr, const char *text, double size, int bold)
{
  (void) text;
  (void) size;
  (void) bold;
  double x, y;
  cairo_get_current_point (cr, &x, &y);
  g_assert_cmpfloat (y, ==, 30);
  ((Calls *) data)->shown++;
}

static void
test_fonts_can_be_lent (void)
{
  g_autoptr (Canvas) canvas = canvas_new (DRAW_LIGHT, 200, 40);
  Calls calls = { 0 };
  canvas->theme.font = (DrawFont){ count_measure, count_show, &calls };
  const DrawText text = { .text = "ab12", .x = 5, .y = 30, .size = 4 };
  g_assert_cmpfloat (draw_text (canvas->cr, &canvas->theme, &text), ==, 40);
  g_assert_cmpuint (calls.shown, ==, 3);
  g_assert_cmpuint (calls.measured, >, 3);
}

#define WIDTH 960
#define HEIGHT 400

static const float student[] = { 0.8f, 0.1f, -0.2f, 0.2f, 0.9f, 0, 0.1f, NAN, 0.7f };
static const float difference[] = { 0.2f, 0, -0.05f, 0, 0.1f, 0, 0, 0, -0.2f };
static const DrawMatrix three[] = { { "Student", student, DRAW_SEQUENTIAL },
                                    { "Teacher", student, DRAW_SEQUENTIAL },
                                    { "Student − teacher", difference, DRAW_DIVERGING } };
static const DrawMatrices similarities = { .matrices = three,
                                           .n_matrices = 3,
                                           .rows = 3,
                                           .columns = 3,
                                           .legend = "cosine similarity",
                                           .legend_difference = "difference" };

static DrawColor
corner_of (Canvas *canvas, const DrawMatrices *m, guint matrix, guint row, guint column)
{
  const DrawRect r =
      draw_matrices_cell_rect (m, canvas->width, canvas->height, matrix, row, column);
  return canvas_get (canvas, (int) (r.x + 3), (int) (r.y + 3));
}

static void
test_cells (void)
{
  for (DrawMode mode = DRAW_LIGHT; mode <= DRAW_DARK; mode++)
    {
      g_autoptr (Canvas) canvas = canvas_new (mode, WIDTH, HEIGHT);
      DrawColorMap maps[2];
      draw_matrices (canvas->cr, &canvas->theme, &similarities, WIDTH, HEIGHT);
      const DrawColor empty =
          draw_color_mix (canvas->theme.ground, canvas->theme.ink, DRAW_GRID_STRENGTH);
      for (DrawMapKind kind = DRAW_SEQUENTIAL; kind <= DRAW_DIVERGING; kind++)
        draw_color_map_init (&maps[kind], kind, mode);
      for (guint i = 0; i < 3; i++)
        for (guint cell = 0; cell < 9; cell++)
          {
            const DrawMatrix *matrix = &three[i];
            const double value = matrix->values[cell];
            const DrawRange range = draw_matrices_range (&similarities, matrix->kind);
            const DrawColor wanted =
                isnan (value) ? empty : draw_color_map_get (&maps[matrix->kind], range, value);
            const DrawColor seen = corner_of (canvas, &similarities, i, cell / 3, cell % 3);
            g_assert_cmpfloat (color_distance (seen, wanted), <, 0.01);
          }
    }
}

static void
test_ranges (void)
{
  const DrawRange range = draw_matrices_range (&similarities, DRAW_SEQUENTIAL);
  g_assert_cmpfloat (range.min, <=, -0.2);
  g_assert_cmpfloat (range.max, >=, 0.9);
  const DrawRange difference_range = draw_matrices_range (&similarities, DRAW_DIVERGING);
  g_assert_cmpfloat (difference_range.min, ==, -difference_range.max);
  g_assert_cmpfloat (difference_range.max, >=, 0.2);
  DrawMatrices given = similarities;
  given.range = (DrawRange){ -1, 1 };
  given.range_difference = (DrawRange){ -0.1, 0.5 };
  g_assert_cmpfloat (draw_matrices_range (&given, DRAW_SEQUENTIAL).min, ==, -1);
  g_assert_cmpfloat (draw_matrices_range (&given, DRAW_DIVERGING).min, ==, -0.5);
}

static void
test_legends (void)
{
  g_autoptr (Canvas) canvas = canvas_new (DRAW_LIGHT, WIDTH, HEIGHT);
  draw_matrices (canvas->cr, &canvas->theme, &similarities, WIDTH, HEIGHT);
  const DrawRect first = draw_matrices_rect (&similarities, WIDTH, HEIGHT, 0);
  const DrawRect second = draw_matrices_rect (&similarities, WIDTH, HEIGHT, 1);
  const DrawRect third = draw_matrices_rect (&similarities, WIDTH, HEIGHT, 2);
  const double y = first.y + first.height + 28;
  /* One below the first two, across the gap between them, and one below the third. */
  const int between = (int) (first.x + first.width + second.x) / 2;
  g_assert_false (canvas_is_blank (canvas, between, (int) y + 4));
  g_assert_true (canvas_is_blank (canvas, (int) first.x + 5, (int) y + 4));
  const DrawRect under = { third.x, y, third.width, 9 };
  g_assert_cmpint (canvas_count_painted (canvas, &under), >, 1500);
}

static void
test_hit_inverts_drawing (void)
{
  static const int sizes[][2] = { { WIDTH, HEIGHT }, { 300, 100 }, { 90, 50 } };
  for (gsize s = 0; s < G_N_ELEMENTS (sizes); s++)
    for (guint i = 0; i < 27; i++)
      {
        const int width = sizes[s][0], height = sizes[s][1];
        guint matrix, row, column;
        const DrawRect r =
            draw_matrices_cell_rect (&similarities, width, height, i / 9, i / 3 % 3, i % 3);
        g_assert_true (r.x >= 0 && r.x + r.width <= width && r.y + r.height <= height);
        g_assert_true (draw_matrices_hit (&similarities, width, height, r.x + r.width / 2,
                                          r.y + r.height / 2, &matrix, &row, &column));
        g_assert_cmpuint (matrix, ==, i / 9);
        g_assert_cmpuint (row, ==, i / 3 % 3);
        g_assert_cmpuint (column, ==, i % 3);
      }
  guint matrix, row, column;
  g_assert_false (draw_matrices_hit (&similarities, WIDTH, HEIGHT, 0, 0, &matrix, &row, &column));
}

static void
test_hover (void)
{
  g_autoptr (Canvas) canvas = canvas_new (DRAW_LIGHT, WIDTH, HEIGHT);
  DrawMatrices hovered = similarities;
  hovered.has_hover = 1;
  hovered.hover_row = 1;
  draw_matrices (canvas->cr, &canvas->theme, &hovered, WIDTH, HEIGHT);
  for (guint i = 0; i < 3; i++)
    {
      const DrawRect r = draw_matrices_cell_rect (&hovered, WIDTH, HEIGHT, i, 1, 0);
      const DrawRect edge = { r.x - 1, r.y, 1, r.height };
      g_assert_cmpint (canvas_count (canvas, &edge, canvas->theme.ink, 0.05), ==, (int) r.height);
    }
}

static void
test_any_size (void)
{
  static const int sizes[][2] = { { 1, 1 }, { 50, 30 }, { 1, 300 }, { 300, 1 }, { 400, 130 } };
  static const float all_nan[] = { NAN, NAN, INFINITY, NAN };
  const DrawMatrix empty[] = { { NULL, all_nan, DRAW_SEQUENTIAL },
                               { NULL, all_nan, DRAW_DIVERGING } };
  for (gsize i = 0; i < G_N_ELEMENTS (sizes); i++)
    {
      g_autoptr (Canvas) canvas = canvas_new (DRAW_DARK, sizes[i][0], sizes[i][1]);
      draw_matrices (canvas->cr, &canvas->theme, &similarities, sizes[i][0], sizes[i][1]);
      for (guint side = 0; side < 3; side++)
        draw_matrices (canvas->cr, &canvas->theme,
                       &(DrawMatrices){ .matrices = empty,
                                        .n_matrices = side,
                                        .rows = side,
                                        .columns = side,
                                        .has_hover = 1,
                                        .hover_row = 9 },
                       sizes[i][0], sizes[i][1]);
    }
}

static const float pairs[] = { 0.9f, 0.1f, 0.1f, 0.3f, 0.9f, 0.1f, NAN, 0.1f, 7 };

static void
test_histogram_shares (void)
{
  DrawHistogram histogram;
  double own = 0, others = 0;
  draw_histogram_init (&histogram, pairs, 3, (DrawRange){ 0, 1 });
  for (guint i = 0; i < DRAW_HISTOGRAM_BINS; i++)
    {
      own += histogram.own[i];
      others += histogram.others[i];
    }
  g_assert_cmpfloat_with_epsilon (own, 1, 1e-9);
  g_assert_cmpfloat_with_epsilon (others, 1, 1e-9);
  g_assert_cmpfloat_with_epsilon (histogram.own[DRAW_HISTOGRAM_BINS * 9 / 10], 2. / 3, 1e-9);
  g_assert_cmpfloat_with_epsilon (histogram.own[DRAW_HISTOGRAM_BINS - 1], 1. / 3, 1e-9);
  g_assert_cmpfloat_with_epsilon (histogram.others[DRAW_HISTOGRAM_BINS / 10], 0.8, 1e-9);
  g_assert_cmpfloat_with_epsilon (draw_histogram_most (&histogram), 0.8, 1e-9);
  draw_histogram_init (&histogram, pairs, 3, (DrawRange){ 1, 1 });
  g_assert_cmpfloat (draw_histogram_most (&histogram), ==, 0);
  draw_histogram_init (&histogram, pairs, 1, (DrawRange){ 0, 1 });
  g_assert_cmpfloat (draw_histogram_most (&histogram), ==, 1);
}

/* Half of the height is half of the greatest share, at the place of the value. */
static void
test_histogram_is_to_scale (void)
{
  g_autoptr (Canvas) canvas = canvas_new (DRAW_LIGHT, 240, 100);
  const DrawRect rect = { 0, 0, 240, 100 };
  DrawHistogram histogram = { .own[6] = 1, .others[12] = 0.5, .others[18] = 0.5 };
  draw_histogram (canvas->cr, &canvas->theme, &histogram, 1, &rect);
  g_assert_false (canvas_is_blank (canvas, 65, 5));
  g_assert_true (canvas_is_blank (canvas, 85, 5));
  g_assert_true (canvas_is_blank (canvas, 125, 48));
  g_assert_false (canvas_is_blank (canvas, 125, 52));
  draw_histogram (canvas->cr, &canvas->theme, &histogram, 0, &rect);
  draw_histogram (canvas->cr, &canvas->theme, &histogram, 1, &(DrawRect){ 0, 0, 0.5, 1 });
}

/* Where the matrices leave room; the scale of colours below is the axis. */
static void
test_histograms_below (void)
{
  enum
  {
    TALL = 560
  };
  g_autoptr (Canvas) canvas = canvas_new (DRAW_DARK, WIDTH, TALL);
  DrawMatrices m = similarities;
  g_assert_cmpfloat (draw_matrices_histogram_rect (&m, WIDTH, TALL, 0).height, ==, 0);
  const double without = draw_matrices_height (&m, WIDTH, TALL);
  m.pairs = 1;
  g_assert_cmpfloat (draw_matrices_histogram_rect (&m, WIDTH, HEIGHT, 0).height, ==, 0);
  draw_matrices (canvas->cr, &canvas->theme, &m, WIDTH, TALL);
  for (guint i = 0; i < 3; i++)
    {
      const DrawRect rect = draw_matrices_histogram_rect (&m, WIDTH, TALL, i);
      const DrawRect above = draw_matrices_rect (&m, WIDTH, TALL, i);
      g_assert_cmpfloat (rect.height, >, 40);
      g_assert_cmpfloat (rect.x, ==, above.x);
      g_assert_cmpfloat (rect.width, ==, above.width);
      g_assert_cmpfloat (rect.y, >, above.y + above.height);
      g_assert_cmpint (canvas_count (canvas, &rect, canvas->theme.accent, 0.3), >, 50);
    }
  const double height = draw_matrices_height (&m, WIDTH, TALL);
  g_assert_cmpfloat (height, >, without + 40);
  g_assert_cmpint (canvas_count_painted (canvas, &(DrawRect){ 0, height, WIDTH, TALL - height }),
                   ==, 0);
  m.columns = 1; /* not pairs then */
  g_assert_cmpfloat (draw_matrices_histogram_rect (&m, WIDTH, TALL, 0).height, ==, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/draw/colormap/lightness-is-even-and-nothing-clipped", test_maps_are_even);
  g_test_add_func ("/draw/colormap/values-beyond-have-the-ends-colors", test_values_beyond_a_range);
  g_test_add_func ("/draw/theme/colors-stand-out", test_colors_stand_out);
  g_test_add_func ("/draw/text/fits-and-survives", test_text);
  g_test_add_func ("/draw/text/fonts-can-be-lent", test_fonts_can_be_lent);
  g_test_add_func ("/draw/matrix/cells-have-their-values-colors", test_cells);
  g_test_add_func ("/draw/matrix/ranges", test_ranges);
  g_test_add_func ("/draw/matrix/neighbours-share-a-legend", test_legends);
  g_test_add_func ("/draw/matrix/hit-inverts-drawing", test_hit_inverts_drawing);
  g_test_add_func ("/draw/matrix/hover-outlines-in-each", test_hover);
  g_test_add_func ("/draw/matrix/any-size", test_any_size);
  g_test_add_func ("/draw/histogram/shares", test_histogram_shares);
  g_test_add_func ("/draw/histogram/is-to-scale", test_histogram_is_to_scale);
  g_test_add_func ("/draw/matrix/histograms-below", test_histograms_below);
  return g_test_run ();
}
