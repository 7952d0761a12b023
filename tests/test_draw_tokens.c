/* What becomes of patches over several shrinks, and how it looks. */
#include "app/draw/tokens.h"
#include "tests/canvas.h"

#include <math.h>

#define WIDTH 400
#define HEIGHT 200

typedef DrawPicture Picture;
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Picture, draw_picture_free)

/* 4 by 4 patches. Block 1 drops 12..15; block 3 drops 8..11 and keeps the fused token; block 4
 * drops 4..7 and one of the fused tokens; block 5 drops nothing but the fused. */
static const gint32 kept1[] = { 3, 2, 1, 0, 4, 5, 6, 7, 8, 9, 10, 11 };
static const gint32 kept3[] = { 0, 1, -1, 2, 3, 4, 5, 6, 7 };
static const gint32 kept4[] = { 0, 1, 2, 3, -1 };
static const gint32 kept5[] = { 0, 1, 2, 3 };
static const float attention1[16] = { 0.05f, 0.1f, 0.2f, 0.3f };
static const float attention3[16] = { 0.4f, 0.3f, 0.1f, 0, 0, 0, 0, 0, 0, 0, 0, 0, -1, -1, -1, -1 };
static const DrawBlock blocks[] = {
  { 1, kept1, G_N_ELEMENTS (kept1), attention1, -1 },
  { 3, kept3, G_N_ELEMENTS (kept3), attention3, 0.2f },
  { 4, kept4, G_N_ELEMENTS (kept4), NULL, 0.2f },
  { 5, kept5, G_N_ELEMENTS (kept5), NULL, 0.2f },
};

static void
map (DrawPatch patches[16], int index, int fuses)
{
  draw_patches_map (patches, 16, blocks, index, fuses);
}

static void
test_map (void)
{
  DrawPatch p[16];
  map (p, DRAW_NO_BLOCK, 1);
  g_assert_cmpuint (draw_patches_count_kept (p, 16), ==, 16);
  map (p, 0, 1);
  g_assert_cmpuint (draw_patches_count_kept (p, 16), ==, 12);
  g_assert_cmpint (p[3].rank, ==, 0);
  g_assert_cmpint (p[12].rank, ==, -1);
  g_assert_cmpint (p[12].state, ==, DRAW_PATCH_FUSED);
  g_assert_cmpint (p[12].dropped_at, ==, 0);
  g_assert_cmpfloat (p[3].attention, ==, 0.3f);

  map (p, 1, 1);
  g_assert_cmpuint (draw_patches_count_kept (p, 16), ==, 8);
  g_assert_cmpint (p[12].state, ==, DRAW_PATCH_FUSED_EARLIER);
  g_assert_cmpfloat (p[12].attention, ==, -1);
  g_assert_cmpint (p[8].state, ==, DRAW_PATCH_FUSED);
  g_assert_cmpint (p[2].rank, ==, 3);

  /* Of two fused tokens one lives on, the newer; the older's patches go over to the newest. */
  map (p, 2, 1);
  g_assert_cmpint (p[12].state, ==, DRAW_PATCH_FUSED);
  g_assert_cmpint (p[12].dropped_at, ==, 0);
  g_assert_cmpint (p[12].fused_at, ==, 2);
  g_assert_cmpint (p[8].state, ==, DRAW_PATCH_FUSED_EARLIER);
  g_assert_cmpint (p[4].state, ==, DRAW_PATCH_FUSED);

  map (p, 3, 1);
  for (int i = 4; i < 16; i++)
    {
      g_assert_cmpint (p[i].state, ==, DRAW_PATCH_FUSED);
      g_assert_cmpint (p[i].fused_at, ==, 3);
    }
  map (p, 3, 0);
  g_assert_cmpint (p[15].state, ==, DRAW_PATCH_DROPPED);
  g_assert_cmpint (p[15].fused_at, ==, -1);
}

static void
test_map_of_odd_numbers (void)
{
  static const gint32 odd[] = { 99, -7, 16, 3, 3, G_MAXINT32, G_MININT32 };
  const DrawBlock bad[] = { { 1, odd, G_N_ELEMENTS (odd), NULL, NAN },
                            { 2, kept1, G_N_ELEMENTS (kept1), NULL, NAN } };
  DrawPatch p[16];
  draw_patches_map (p, 16, bad, 1, 1);
  g_assert_cmpuint (draw_patches_count_kept (p, 16), ==, 1);
  g_assert_cmpint (p[3].rank, ==, 0);
}

static void
test_captions (void)
{
  char text[DRAW_CAPTION_SIZE];
  DrawPatch p[16];
  map (p, DRAW_NO_BLOCK, 1);
  g_assert_cmpstr (draw_tokens_caption (text, p, 16, blocks, DRAW_NO_BLOCK), ==,
                   "before: 16 of 16");
  map (p, 1, 1);
  g_assert_cmpstr (draw_tokens_caption (text, p, 16, blocks, 1), ==, "block 3: 8 of 16");
}

static const guint8 orange[] = { 240, 120, 20 };
#define LUMA ((54 * 240 + 183 * 120 + 19 * 20 + 128) / 256 / 255.0)

static DrawPicture *
make_picture (int size)
{
  g_autofree guint8 *rgb = g_malloc ((gsize) (size * size * 3));
  for (int i = 0; i < size * size; i++)
    memcpy (rgb + (gsize) i * 3, orange, 3);
  return draw_picture_new (rgb, size, size, (gsize) size * 3);
}

static DrawColor
middle_of (Canvas *canvas, const DrawTokens *tokens, guint panel, guint patch)
{
  const DrawRect r = draw_tokens_patch_rect (tokens, canvas->width, canvas->height, panel, patch);
  return canvas_get (canvas, (int) (r.x + r.width / 2), (int) (r.y + r.height / 2));
}

static DrawTokens
tokens_of (const DrawPicture *picture, const DrawTokensPanel *panels, guint n)
{
  return (DrawTokens){
    .picture = picture, .columns = 4, .rows = 4, .panels = panels, .n_panels = n, .fade = 1
  };
}

static void
test_veil (void)
{
  const DrawColor full = { orange[0] / 255.0, orange[1] / 255.0, orange[2] / 255.0 };
  for (DrawMode mode = DRAW_LIGHT; mode <= DRAW_DARK; mode++)
    {
      g_autoptr (Canvas) canvas = canvas_new (mode, WIDTH, HEIGHT);
      g_autoptr (Picture) picture = make_picture (32);
      DrawPatch before[16], after[16];
      map (before, 0, 0);
      map (after, 1, 0);
      const DrawTokensPanel panels[] = { { NULL, before, NULL }, { "block", after, NULL } };
      const DrawTokens tokens = tokens_of (picture, panels, 2);
      draw_tokens (canvas->cr, &canvas->theme, &tokens, WIDTH, HEIGHT);
      const DrawColor gray = { LUMA, LUMA, LUMA };
      const DrawColor veiled = draw_color_mix (canvas->theme.ground, gray, DRAW_VEIL);
      for (guint p = 0; p < 16; p++)
        {
          g_assert_cmpfloat (
              color_distance (middle_of (canvas, &tokens, 0, p), p < 12 ? full : veiled), <, 0.015);
          g_assert_cmpfloat (
              color_distance (middle_of (canvas, &tokens, 1, p), p < 8 ? full : veiled), <, 0.015);
        }
    }
}

static void
test_fade (void)
{
  g_autoptr (Canvas) canvas = canvas_new (DRAW_LIGHT, WIDTH, HEIGHT);
  g_autoptr (Picture) picture = make_picture (32);
  DrawPatch before[16], after[16];
  map (before, 0, 0);
  map (after, 1, 0);
  const DrawTokensPanel panel = { NULL, after, before };
  DrawTokens tokens = tokens_of (picture, &panel, 1);
  const double ground = 1, full = orange[0] / 255.0;
  for (int i = 0; i <= 4; i++)
    {
      tokens.fade = i / 4.0;
      draw_ground (canvas->cr, &canvas->theme, WIDTH, HEIGHT);
      draw_tokens (canvas->cr, &canvas->theme, &tokens, WIDTH, HEIGHT);
      const double gray = full + (LUMA - full) * tokens.fade;
      const double wanted = gray + (ground - gray) * tokens.fade * (1 - DRAW_VEIL);
      g_assert_cmpfloat_with_epsilon (middle_of (canvas, &tokens, 0, 9).r, wanted, 0.02);
      g_assert_cmpfloat_with_epsilon (middle_of (canvas, &tokens, 0, 1).r, full, 0.01);
    }
}

/* Pixels of a patch that are not of its one colour. */
static int
count_hatched (Canvas *canvas, const DrawTokens *tokens, guint panel, guint patch)
{
  DrawRect r = draw_tokens_patch_rect (tokens, canvas->width, canvas->height, panel, patch);
  r = (DrawRect){ r.x + 3, r.y + 3, r.width - 6, r.height - 6 };
  DrawColor brightest = { 0, 0, 0 };
  for (int y = (int) r.y; y < (int) (r.y + r.height); y++)
    for (int x = (int) r.x; x < (int) (r.x + r.width); x++)
      {
        const DrawColor c = canvas_get (canvas, x, y);
        brightest = c.r + c.g + c.b > brightest.r + brightest.g + brightest.b ? c : brightest;
      }
  return (int) (r.width * r.height) - canvas_count (canvas, &r, brightest, 0.02);
}

static void
test_hatch_only_over_fused (void)
{
  g_autoptr (Canvas) canvas = canvas_new (DRAW_LIGHT, WIDTH, HEIGHT);
  g_autoptr (Picture) picture = make_picture (32);
  DrawPatch fused[16], dropped[16];
  map (fused, 1, 1);
  map (dropped, 1, 0);
  const DrawTokensPanel panels[] = { { NULL, fused, NULL }, { NULL, dropped, NULL } };
  const DrawTokens tokens = tokens_of (picture, panels, 2);
  draw_tokens (canvas->cr, &canvas->theme, &tokens, WIDTH, HEIGHT);
  for (guint p = 0; p < 16; p++)
    {
      if (p < 8)
        g_assert_cmpint (count_hatched (canvas, &tokens, 0, p), ==, 0);
      else
        g_assert_cmpint (count_hatched (canvas, &tokens, 0, p), >, 50);
      g_assert_cmpint (count_hatched (canvas, &tokens, 1, p), ==, 0);
    }
}

static void
test_heat (void)
{
  g_autoptr (Canvas) canvas = canvas_new (DRAW_LIGHT, WIDTH, 300);
  g_autoptr (Picture) picture = make_picture (32);
  DrawPatch p[16];
  map (p, 1, 1);
  const DrawTokensPanel panel = { NULL, p, NULL };
  DrawTokens tokens = tokens_of (picture, &panel, 1);
  tokens.show = DRAW_TOKENS_HEAT;
  g_assert_cmpfloat (draw_tokens_attention (&tokens).max, ==, 0.4f);
  draw_tokens (canvas->cr, &canvas->theme, &tokens, WIDTH, 300);
  const DrawColor most = middle_of (canvas, &tokens, 0, 0),
                  less = middle_of (canvas, &tokens, 0, 2);
  g_assert_cmpfloat (most.r + most.g, >, less.r + less.g + 0.3);
  const DrawColor gone = middle_of (canvas, &tokens, 0, 15);
  g_assert_cmpfloat (fabs (gone.r - gone.b), <, 0.01);
  /* The legend stands below. */
  const DrawRect legend = { 0, 300 - DRAW_COLOR_BAR_HEIGHT, WIDTH, 9 };
  g_assert_cmpint (canvas_count_painted (canvas, &legend), >, 1500);
}

/* The picture as it enters has met no block, and is neither grey nor veiled. */
static void
test_heat_without_attention (void)
{
  g_autoptr (Canvas) heat = canvas_new (DRAW_LIGHT, WIDTH, 300);
  g_autoptr (Canvas) plain = canvas_new (DRAW_LIGHT, WIDTH, 300);
  g_autoptr (Picture) picture = make_picture (32);
  DrawPatch p[16];
  for (guint i = 0; i < 16; i++)
    p[i] = (DrawPatch){ .state = DRAW_PATCH_KEPT, .attention = NAN };
  const DrawTokensPanel panel = { NULL, p, NULL };
  DrawTokens tokens = tokens_of (picture, &panel, 1);
  tokens.show = DRAW_TOKENS_HEAT;
  draw_tokens (heat->cr, &heat->theme, &tokens, WIDTH, 300);
  const DrawRect rect = draw_tokens_panel_rect (&tokens, WIDTH, 300, 0);
  draw_set_picture (plain->cr, draw_picture_get_color (tokens.picture), &rect);
  cairo_paint (plain->cr);
  for (int y = 8; y < (int) rect.height - 8; y += 5)
    for (int x = 8; x < (int) rect.width - 8; x += 5)
      {
        const DrawColor shown = canvas_get (heat, (int) rect.x + x, (int) rect.y + y);
        const DrawColor meant = canvas_get (plain, (int) rect.x + x, (int) rect.y + y);

        g_assert_cmpfloat_with_epsilon (shown.r, meant.r, 0.01);
        g_assert_cmpfloat_with_epsilon (shown.g, meant.g, 0.01);
        g_assert_cmpfloat_with_epsilon (shown.b, meant.b, 0.01);
      }
}

/* Kept above, heat below; the picture as it enters has no heat, and the legend stands there. */
static void
test_two_rows (void)
{
  enum
  {
    ACROSS = 400,
    DOWN = 480
  };
  g_autoptr (Canvas) canvas = canvas_new (DRAW_LIGHT, ACROSS, DOWN);
  g_autoptr (Picture) picture = make_picture (32);
  DrawPatch before[16], after[16];
  guint panel, patch;
  map (before, DRAW_NO_BLOCK, 0);
  map (after, 1, 0);
  const DrawTokensPanel panels[] = { { NULL, before, NULL }, { NULL, after, NULL } };
  DrawTokens tokens = tokens_of (picture, panels, 2);
  tokens.show = DRAW_TOKENS_BOTH;
  g_assert_true (draw_tokens_has_two_rows (&tokens, ACROSS, DOWN));
  g_assert_false (draw_tokens_has_two_rows (&tokens, ACROSS, 200));
  draw_tokens (canvas->cr, &canvas->theme, &tokens, ACROSS, DOWN);
  const DrawRect kept = draw_tokens_patch_rect (&tokens, ACROSS, DOWN, 1, 0);
  const DrawRect entering = draw_tokens_panel_rect (&tokens, ACROSS, DOWN, 0);
  const double row = entering.height + 32; /* and its caption */
  const int x = (int) (kept.x + kept.width / 2), y = (int) (kept.y + kept.height / 2);
  const DrawColor full = { orange[0] / 255.0, orange[1] / 255.0, orange[2] / 255.0 };
  const DrawRect legend = { entering.x, entering.y + row, entering.width, entering.height };
  g_assert_cmpfloat (color_distance (canvas_get (canvas, x, y), full), <, 0.02);
  g_assert_cmpfloat (color_distance (canvas_get (canvas, x, y + (int) row), full), >, 0.2);
  g_assert_false (canvas_is_blank (canvas, x, y + (int) row));
  g_assert_cmpint (canvas_count (canvas, &legend, full, 0.02), ==, 0);
  g_assert_cmpint (canvas_count_painted (canvas, &legend), >, 500);
  g_assert_true (draw_tokens_hit (&tokens, ACROSS, DOWN, x, y + row, &panel, &patch));
  g_assert_cmpuint (panel, ==, 1);
  g_assert_cmpuint (patch, ==, 0);
  g_assert_false (
      draw_tokens_hit (&tokens, ACROSS, DOWN, entering.x + 20, y + row, &panel, &patch));
  const double height = draw_tokens_height (&tokens, ACROSS, DOWN);
  g_assert_cmpint (canvas_count_painted (canvas, &(DrawRect){ 0, height, ACROSS, DOWN - height }),
                   ==, 0);
  g_assert_cmpfloat (height, >, 2 * entering.height);
}

/* What is drawn into no more than it wants looks the same. */
static void
test_height_is_enough (void)
{
  g_autoptr (Picture) picture = make_picture (8);
  DrawPatch p[16];
  map (p, 0, 1);
  const DrawTokensPanel panels[] = { { NULL, p, NULL }, { NULL, p, NULL }, { NULL, p, NULL } };
  DrawTokens tokens = tokens_of (picture, panels, 3);
  for (double height = 60; height < 900; height += 7)
    for (int show = DRAW_TOKENS_KEPT; show <= DRAW_TOKENS_BOTH; show++)
      {
        tokens.show = (DrawTokensShow) show;
        const double used = draw_tokens_height (&tokens, 700, height);
        const DrawRect in_all = draw_tokens_panel_rect (&tokens, 700, height, 2);
        const DrawRect in_less = draw_tokens_panel_rect (&tokens, 700, used, 2);
        g_assert_cmpfloat (used, <=, height);
        g_assert_cmpfloat (in_less.width, ==, in_all.width);
        g_assert_cmpfloat (in_less.y, ==, in_all.y);
        g_assert_cmpint (draw_tokens_has_two_rows (&tokens, 700, used), ==,
                         draw_tokens_has_two_rows (&tokens, 700, height));
      }
}

static void
test_attention_kept (void)
{
  DrawPatch p[] = { { .state = DRAW_PATCH_KEPT, .attention = 0.6f },
                    { .state = DRAW_PATCH_DROPPED, .attention = 0.2f },
                    { .state = DRAW_PATCH_DROPPED, .attention = NAN } };
  g_assert_cmpfloat_with_epsilon (draw_tokens_attention_kept (p, 3), 0.75, 1e-6);
  g_assert_true (isnan (draw_tokens_attention_kept (p + 2, 1)));
  g_assert_true (isnan (draw_tokens_attention_kept (p, 0)));
}

static void
test_hit_inverts_drawing (void)
{
  g_autoptr (Picture) picture = make_picture (8);
  DrawPatch p[16];
  map (p, 0, 1);
  const DrawTokensPanel panels[] = { { NULL, p, NULL }, { NULL, p, NULL }, { NULL, p, NULL } };
  const DrawTokens tokens = tokens_of (picture, panels, 3);
  static const int sizes[][2] = { { 700, 200 }, { 200, 700 }, { 333, 333 }, { 40, 20 } };
  for (gsize s = 0; s < G_N_ELEMENTS (sizes); s++)
    for (guint panel = 0; panel < 3; panel++)
      for (guint patch = 0; patch < 16; patch++)
        {
          guint hit_panel, hit_patch;
          const DrawRect r =
              draw_tokens_patch_rect (&tokens, sizes[s][0], sizes[s][1], panel, patch);
          g_assert_true (r.x >= 0 && r.y >= 0 && r.x + r.width <= sizes[s][0]
                         && r.y + r.height <= sizes[s][1]);
          g_assert_true (draw_tokens_hit (&tokens, sizes[s][0], sizes[s][1], r.x + r.width / 2,
                                          r.y + r.height / 2, &hit_panel, &hit_patch));
          g_assert_cmpuint (hit_panel, ==, panel);
          g_assert_cmpuint (hit_patch, ==, patch);
        }
  guint panel, patch;
  g_assert_false (draw_tokens_hit (&tokens, 700, 200, 699, 199, &panel, &patch));
}

static void
test_hover (void)
{
  g_autoptr (Canvas) canvas = canvas_new (DRAW_DARK, WIDTH, HEIGHT);
  g_autoptr (Picture) picture = make_picture (8);
  DrawPatch p[16];
  map (p, 0, 1);
  const DrawTokensPanel panels[] = { { NULL, p, NULL }, { NULL, p, NULL } };
  DrawTokens tokens = tokens_of (picture, panels, 2);
  const DrawRect all = { 0, 0, WIDTH, HEIGHT };
  draw_tokens (canvas->cr, &canvas->theme, &tokens, WIDTH, HEIGHT);
  g_assert_cmpint (canvas_count (canvas, &all, canvas->theme.accent, 0.05), ==, 0);
  tokens.has_hover = 1;
  tokens.hover_patch = 5;
  draw_tokens (canvas->cr, &canvas->theme, &tokens, WIDTH, HEIGHT);
  const DrawRect r = draw_tokens_patch_rect (&tokens, WIDTH, HEIGHT, 0, 5);
  const DrawRect border = { r.x - 1, r.y, 2, r.height };
  g_assert_cmpint (canvas_count (canvas, &border, canvas->theme.accent, 0.05), >, (int) r.height);
  tokens.hover_patch = 999;
  draw_tokens (canvas->cr, &canvas->theme, &tokens, WIDTH, HEIGHT);
}

static void
test_any_size (void)
{
  static const int sizes[][2] = { { 1, 1 }, { 50, 30 }, { 1, 200 }, { 200, 1 }, { 120, 240 } };
  g_autoptr (Picture) picture = make_picture (1);
  DrawPatch p[16];
  map (p, 2, 1);
  const DrawTokensPanel panels[] = { { "\xff", p, p }, { NULL, p, NULL } };
  for (gsize i = 0; i < G_N_ELEMENTS (sizes); i++)
    for (guint n = 0; n < 3; n++)
      {
        g_autoptr (Canvas) canvas = canvas_new (DRAW_DARK, sizes[i][0], sizes[i][1]);
        DrawTokens tokens = tokens_of (picture, panels, n);
        tokens.show = (DrawTokensShow) (n % 3);
        tokens.fade = 0.3;
        draw_tokens (canvas->cr, &canvas->theme, &tokens, sizes[i][0], sizes[i][1]);
      }
  g_assert_null (draw_picture_new (NULL, 0, 5, 0));
  g_assert_null (draw_picture_new (NULL, 5, 100000, 0));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/draw/patches/map-over-several-shrinks", test_map);
  g_test_add_func ("/draw/patches/odd-numbers-are-passed-over", test_map_of_odd_numbers);
  g_test_add_func ("/draw/tokens/captions", test_captions);
  g_test_add_func ("/draw/tokens/dropped-are-gray-and-veiled-to-a-quarter", test_veil);
  g_test_add_func ("/draw/tokens/fade-goes-from-one-to-the-other", test_fade);
  g_test_add_func ("/draw/tokens/hatch-only-over-fused", test_hatch_only_over_fused);
  g_test_add_func ("/draw/tokens/heat-and-its-legend", test_heat);
  g_test_add_func ("/draw/tokens/heat-without-attention", test_heat_without_attention);
  g_test_add_func ("/draw/tokens/heat-in-a-second-row", test_two_rows);
  g_test_add_func ("/draw/tokens/height-is-enough", test_height_is_enough);
  g_test_add_func ("/draw/tokens/attention-of-the-kept", test_attention_kept);
  g_test_add_func ("/draw/tokens/hit-inverts-drawing", test_hit_inverts_drawing);
  g_test_add_func ("/draw/tokens/hover-draws-a-border", test_hover);
  g_test_add_func ("/draw/tokens/any-size", test_any_size);
  return g_test_run ();
}
