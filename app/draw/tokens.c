#include "app/draw/tokens.h"

#include "app/draw/hatch.h"
#include "app/draw/text.h"

#include <math.h>
#include <stdio.h>

#define MARGIN 1.0   /* for the border */
#define GAP 16.0     /* between panels */
#define CAPTION 24.0 /* below each */
#define LEGEND 52.0  /* below all, for heat */
#define LEAST_LEGENDED (3 * LEGEND)
#define LEGEND_WIDTH 260.0
#define HEAT_STRENGTH 0.72
#define BORDER_STRENGTH 0.15
#define LEAST_LABELLED 56.0 /* px of a panel with caption */
#define LEAST_OF_TWO 72.0   /* px of a panel with heat below it */

typedef struct
{
  unsigned across, down;
  int two;                        /* heat in a second row; `down` counts one */
  double cell_width, cell_height; /* of a panel with what belongs to it */
  double caption;                 /* height of its caption */
  double side_width, side_height; /* of its picture */
} Layout;

const char *
draw_tokens_caption (char out[DRAW_CAPTION_SIZE], const DrawPatch *patches, size_t n_patches,
                     const DrawBlock *blocks, int index)
{
  const size_t kept = draw_patches_count_kept (patches, n_patches);
  if (index < 0)
    snprintf (out, DRAW_CAPTION_SIZE, "before: %zu of %zu", kept, n_patches);
  else
    snprintf (out, DRAW_CAPTION_SIZE, "block %u: %zu of %zu", blocks[index].layer, kept, n_patches);
  return out;
}

DrawRange
draw_tokens_attention (const DrawTokens *tokens)
{
  if (!draw_range_is_empty (tokens->attention))
    return tokens->attention;
  DrawRange range = { 0, 0 };
  const size_t n = (size_t) tokens->columns * tokens->rows;
  for (unsigned i = 0; i < tokens->n_panels; i++)
    for (size_t p = 0; p < n; p++)
      {
        const double attention = tokens->panels[i].patches[p].attention;
        if (isfinite (attention) && attention > range.max)
          range.max = attention;
      }
  return range.max > 0 ? range : (DrawRange){ 0, 1 };
}

double
draw_tokens_attention_kept (const DrawPatch *patches, size_t n_patches)
{
  double all = 0, kept = 0;
  for (size_t p = 0; p < n_patches; p++)
    if (patches[p].attention >= 0)
      {
        all += patches[p].attention;
        kept += patches[p].state == DRAW_PATCH_KEPT ? patches[p].attention : 0;
      }
  return all > 0 ? kept / all : NAN;
}

static int
has_attention (const DrawTokens *tokens, const DrawTokensPanel *panel)
{
  const unsigned n = tokens->columns * tokens->rows;
  for (unsigned p = 0; p < n; p++)
    if (panel->patches[p].attention >= 0)
      return 1;
  return 0;
}

/* The greatest panels for one choice of how many stand in a row, of how many rows. */
static Layout
try_layout (const DrawTokens *tokens, double width, double height, unsigned across, unsigned down)
{
  Layout layout = { .across = across, .down = down };
  layout.cell_width = (width - 2 * MARGIN - GAP * (across - 1)) / across;
  layout.cell_height = (height - 2 * MARGIN) / down;
  layout.caption =
      layout.cell_height > LEAST_LABELLED && layout.cell_width > LEAST_LABELLED ? CAPTION : 0;
  const double room = layout.cell_height - layout.caption - (down > 1 ? GAP / 2 : 0);
  double patch = fmin (layout.cell_width / tokens->columns, room / tokens->rows);
  if (patch >= 3)
    patch = floor (patch);
  layout.side_width = fmax (patch * tokens->columns, 0);
  layout.side_height = fmax (patch * tokens->rows, 0);
  return layout;
}

/* Of a legend below all; with two rows it stands where the first panel has no heat. */
static double
legend_height (const DrawTokens *tokens, int two, double height)
{
  if (two && tokens->n_panels > 0 && !has_attention (tokens, &tokens->panels[0]))
    return 0;
  return tokens->show != DRAW_TOKENS_KEPT && height >= LEAST_LEGENDED ? LEGEND : 0;
}

/* Rows are no farther apart than their captions want. */
static Layout
lay_out_two (const DrawTokens *tokens, double width, double height)
{
  Layout layout =
      try_layout (tokens, width, height - legend_height (tokens, 1, height), tokens->n_panels, 2);
  layout.down = 1;
  layout.two = 1;
  layout.cell_height = layout.side_height + layout.caption + GAP / 2;
  return layout;
}

static Layout
find_layout (const DrawTokens *tokens, double width, double height)
{
  if (tokens->show == DRAW_TOKENS_BOTH && tokens->n_panels > 0)
    {
      const Layout two = lay_out_two (tokens, width, height);
      if (two.side_width >= LEAST_OF_TWO)
        return two;
    }
  Layout best = { 0 };
  for (unsigned across = tokens->n_panels; across > 0; across--)
    {
      const unsigned down = (tokens->n_panels + across - 1) / across;
      const Layout layout =
          try_layout (tokens, width, height - legend_height (tokens, 0, height), across, down);
      if (layout.side_width > best.side_width * 1.01)
        best = layout;
    }
  return best;
}

int
draw_tokens_has_two_rows (const DrawTokens *tokens, double width, double height)
{
  return find_layout (tokens, width, height).two;
}

static DrawRect
panel_rect (const Layout *layout, double width, unsigned panel)
{
  if (layout->across == 0)
    return (DrawRect){ 0 };
  const unsigned column = panel % layout->across, row = panel / layout->across;
  const double used = layout->across * layout->side_width + (layout->across - 1) * GAP;
  return (DrawRect){ floor ((width - used) / 2 + column * (layout->side_width + GAP)),
                     floor (row * layout->cell_height) + MARGIN, layout->side_width,
                     layout->side_height };
}

/* Of the heat below a panel. */
static DrawRect
heat_rect (const Layout *layout, double width, unsigned panel)
{
  DrawRect rect = panel_rect (layout, width, panel);
  rect.y += floor (layout->cell_height);
  return rect;
}

double
draw_tokens_height (const DrawTokens *tokens, double width, double height)
{
  const Layout layout = find_layout (tokens, width, height);
  const double legend = legend_height (tokens, layout.two, height);
  const unsigned rows = layout.two ? 2 : 1;
  if (layout.down != 1)
    return height;
  const double row = layout.side_height + layout.caption + (layout.two ? GAP / 2 : 0);
  const double used = ceil (rows * row + legend + 2 * MARGIN);
  const double least = legend > 0           ? LEAST_LEGENDED
                       : layout.caption > 0 ? LEAST_LABELLED + 2 * MARGIN + 1
                                            : 0;
  return fmin (height, fmax (used, least));
}

DrawRect
draw_tokens_panel_rect (const DrawTokens *tokens, double width, double height, unsigned panel)
{
  const Layout layout = find_layout (tokens, width, height);
  return panel_rect (&layout, width, panel);
}

static DrawRect
patch_rect (const DrawTokens *tokens, const DrawRect *panel, unsigned patch)
{
  const double width = panel->width / tokens->columns, height = panel->height / tokens->rows;
  return (DrawRect){ panel->x + patch % tokens->columns * width,
                     panel->y + patch / tokens->columns * height, width, height };
}

DrawRect
draw_tokens_patch_rect (const DrawTokens *tokens, double width, double height, unsigned panel,
                        unsigned patch)
{
  const DrawRect rect = draw_tokens_panel_rect (tokens, width, height, panel);
  return patch_rect (tokens, &rect, patch);
}

int
draw_tokens_hit (const DrawTokens *tokens, double width, double height, double px, double py,
                 unsigned *panel, unsigned *patch)
{
  const Layout layout = find_layout (tokens, width, height);
  for (unsigned i = 0; i < tokens->n_panels; i++)
    {
      DrawRect rect = panel_rect (&layout, width, i);
      if (layout.two && py >= rect.y + layout.cell_height
          && has_attention (tokens, &tokens->panels[i]))
        rect = heat_rect (&layout, width, i);
      if (!draw_rect_contains (&rect, px, py))
        continue;
      const unsigned column = (unsigned) ((px - rect.x) / rect.width * tokens->columns);
      const unsigned row = (unsigned) ((py - rect.y) / rect.height * tokens->rows);
      if (column >= tokens->columns || row >= tokens->rows)
        return 0;
      *panel = i;
      *patch = row * tokens->columns + column;
      return 1;
    }
  return 0;
}

/* How much of a patch is gone, 0..1. */
static double
dropped (const DrawTokens *tokens, const DrawTokensPanel *panel, size_t patch)
{
  const double now = panel->patches[patch].state != DRAW_PATCH_KEPT;
  const double before = panel->before ? panel->before[patch].state != DRAW_PATCH_KEPT : now;
  return before + (now - before) * fmin (fmax (tokens->fade, 0), 1);
}

/* Patches that are gone to the same degree are one path, so that no seams show between them. */
static void
veil (cairo_t *cr, const DrawTheme *theme, const DrawTokens *tokens, const DrawTokensPanel *panel,
      const DrawRect *rect, double degree)
{
  const unsigned n = tokens->columns * tokens->rows;
  cairo_save (cr);
  for (unsigned p = 0; p < n; p++)
    if (dropped (tokens, panel, p) == degree)
      {
        const DrawRect r = patch_rect (tokens, rect, p);
        cairo_rectangle (cr, r.x, r.y, r.width, r.height);
      }
  cairo_clip (cr);
  draw_set_picture (cr, draw_picture_get_gray (tokens->picture), rect);
  cairo_paint_with_alpha (cr, degree);
  draw_set_color (cr, theme->ground, 1);
  cairo_paint_with_alpha (cr, degree * (1 - DRAW_VEIL));
  cairo_restore (cr);
}

static void
paint_picture (cairo_t *cr, cairo_surface_t *surface, const DrawRect *rect)
{
  cairo_save (cr);
  draw_set_picture (cr, surface, rect);
  cairo_rectangle (cr, rect->x, rect->y, rect->width, rect->height);
  cairo_fill (cr);
  cairo_restore (cr);
}

static void
draw_kept (cairo_t *cr, const DrawTheme *theme, const DrawTokens *tokens,
           const DrawTokensPanel *panel, const DrawRect *rect)
{
  const double fade = fmin (fmax (tokens->fade, 0), 1);
  paint_picture (cr, draw_picture_get_color (tokens->picture), rect);
  veil (cr, theme, tokens, panel, rect, 1);
  if (panel->before && fade > 0 && fade < 1)
    {
      veil (cr, theme, tokens, panel, rect, fade);
      if (fade != 0.5)
        veil (cr, theme, tokens, panel, rect, 1 - fade);
    }
}

/* Over the grey picture, so that colour says attention and nothing else. What had been dropped
 * before has none, and is veiled; a panel without any shows the picture as it is. */
static void
draw_heat (cairo_t *cr, const DrawTheme *theme, const DrawTokens *tokens,
           const DrawTokensPanel *panel, const DrawColorMap *map, const DrawRect *rect)
{
  const DrawRange range = draw_tokens_attention (tokens);
  const unsigned n = tokens->columns * tokens->rows;
  if (!has_attention (tokens, panel))
    {
      paint_picture (cr, draw_picture_get_color (tokens->picture), rect);
      return;
    }
  paint_picture (cr, draw_picture_get_gray (tokens->picture), rect);
  cairo_save (cr);
  cairo_set_antialias (cr, CAIRO_ANTIALIAS_NONE);
  for (unsigned p = 0; p < n; p++)
    {
      const double attention = panel->patches[p].attention;
      const DrawRect r = patch_rect (tokens, rect, p);
      cairo_rectangle (cr, r.x, r.y, r.width, r.height);
      if (attention >= 0)
        draw_set_color (cr, draw_color_map_get (map, range, attention), HEAT_STRENGTH);
      else
        draw_set_color (cr, theme->ground, 1 - DRAW_VEIL);
      cairo_fill (cr);
    }
  cairo_restore (cr);
}

static void
draw_hatches (cairo_t *cr, const DrawTheme *theme, const DrawTokens *tokens,
              const DrawTokensPanel *panel, const DrawRect *rect)
{
  const double strength = panel->before ? fmin (fmax (tokens->fade, 0), 1) : 1;
  const DrawHatch hatch = {
    .rect = *rect, .columns = tokens->columns, .rows = tokens->rows, .strength = strength
  };
  draw_hatch (cr, theme, &hatch, panel->patches, DRAW_PATCH_FUSED);
  draw_hatch (cr, theme, &hatch, panel->patches, DRAW_PATCH_FUSED_EARLIER);
  if (panel->before && strength < 1)
    {
      const DrawHatch old = {
        .rect = *rect, .columns = tokens->columns, .rows = tokens->rows, .strength = 1 - strength
      };
      draw_hatch (cr, theme, &old, panel->before, DRAW_PATCH_FUSED);
      draw_hatch (cr, theme, &old, panel->before, DRAW_PATCH_FUSED_EARLIER);
    }
}

/* So that a white picture ends somewhere. */
static void
draw_border (cairo_t *cr, const DrawTheme *theme, const DrawRect *rect)
{
  cairo_rectangle (cr, rect->x - 0.5, rect->y - 0.5, rect->width + 1, rect->height + 1);
  cairo_set_line_width (cr, 1);
  draw_set_color (cr, theme->ink, BORDER_STRENGTH);
  cairo_stroke (cr);
}

static void
draw_patch_border (cairo_t *cr, const DrawTheme *theme, const DrawTokens *tokens,
                   const DrawRect *panel, double line)
{
  const DrawRect r = patch_rect (tokens, panel, tokens->hover_patch);
  cairo_set_line_join (cr, CAIRO_LINE_JOIN_MITER);
  cairo_rectangle (cr, r.x, r.y, r.width, r.height);
  cairo_set_line_width (cr, line + 2);
  draw_set_color (cr, theme->ground, 0.9);
  cairo_stroke_preserve (cr);
  cairo_set_line_width (cr, line);
  draw_set_color (cr, theme->accent, 1);
  cairo_stroke (cr);
}

/* The patch under the pointer has a strong border, its likes at other blocks a thin one. */
static void
draw_hover (cairo_t *cr, const DrawTheme *theme, const DrawTokens *tokens, const Layout *layout,
            double width)
{
  if (tokens->hover_patch >= tokens->columns * tokens->rows)
    return;
  for (unsigned i = 0; i < tokens->n_panels; i++)
    {
      const double line = i == tokens->hover_panel ? 2 : 1;
      const DrawRect panel = panel_rect (layout, width, i), heat = heat_rect (layout, width, i);
      draw_patch_border (cr, theme, tokens, &panel, line);
      if (layout->two && has_attention (tokens, &tokens->panels[i]))
        draw_patch_border (cr, theme, tokens, &heat, line);
    }
}

static void
draw_below (cairo_t *cr, const DrawTheme *theme, const char *text, const DrawRect *rect)
{
  draw_text (cr, theme,
             &(DrawText){ .text = text,
                          .x = rect->x + rect->width / 2,
                          .y = rect->y + rect->height + 8,
                          .align = 0.5,
                          .at = DRAW_AT_TOP,
                          .color = &theme->muted,
                          .max_width = rect->width + GAP - 4 });
}

static void
draw_caption (cairo_t *cr, const DrawTheme *theme, const DrawTokensPanel *panel, size_t n_patches,
              const DrawRect *rect)
{
  char kept[DRAW_CAPTION_SIZE];
  const char *caption = panel->caption;
  if (!caption)
    {
      snprintf (kept, sizeof kept, "%zu of %zu",
                draw_patches_count_kept (panel->patches, n_patches), n_patches);
      caption = kept;
    }
  draw_below (cr, theme, caption, rect);
}

static void
draw_share (cairo_t *cr, const DrawTheme *theme, const DrawTokensPanel *panel, size_t n_patches,
            const DrawRect *rect)
{
  char share[DRAW_FORMAT_SIZE], text[DRAW_CAPTION_SIZE + DRAW_FORMAT_SIZE];
  draw_format (share, draw_tokens_attention_kept (panel->patches, n_patches), DRAW_PERCENT);
  snprintf (text, sizeof text, "kept get %s", share);
  draw_below (cr, theme, text, rect);
}

/* Below all, or in the middle of the place where the first panel has no heat. */
static void
draw_legend (cairo_t *cr, const DrawTheme *theme, const DrawTokens *tokens, const Layout *layout,
             const DrawColorMap *map, double width, double height)
{
  const int below = legend_height (tokens, layout->two, height) > 0;
  const DrawRect room =
      below ? (DrawRect){ 0, height - LEGEND, width, LEGEND } : heat_rect (layout, width, 0);
  const double bar = floor (fmin (LEGEND_WIDTH, room.width * 0.8));
  const double top =
      below ? height - DRAW_COLOR_BAR_HEIGHT : room.y + (room.height - DRAW_COLOR_BAR_HEIGHT) / 2;
  const DrawRect rect = { floor (room.x + (room.width - bar) / 2), floor (top), bar,
                          DRAW_COLOR_BAR_HEIGHT };
  draw_color_bar (
      cr, theme, map, draw_tokens_attention (tokens), DRAW_PERCENT,
      room.width < LEGEND_WIDTH / 1.5 ? "attention of CLS" : "attention of CLS to a patch", &rect);
}

static void
draw_panel (cairo_t *cr, const DrawTheme *theme, const DrawTokens *tokens, const Layout *layout,
            const DrawTokensPanel *panel, const DrawRect *rect)
{
  draw_kept (cr, theme, tokens, panel, rect);
  draw_hatches (cr, theme, tokens, panel, rect);
  draw_border (cr, theme, rect);
  if (layout->caption > 0)
    draw_caption (cr, theme, panel, (size_t) tokens->columns * tokens->rows, rect);
}

static void
draw_heat_panel (cairo_t *cr, const DrawTheme *theme, const DrawTokens *tokens,
                 const Layout *layout, const DrawTokensPanel *panel, const DrawColorMap *map,
                 const DrawRect *rect)
{
  const size_t n = (size_t) tokens->columns * tokens->rows;
  draw_heat (cr, theme, tokens, panel, map, rect);
  draw_border (cr, theme, rect);
  if (layout->caption > 0 && layout->two)
    draw_share (cr, theme, panel, n, rect);
  else if (layout->caption > 0)
    draw_caption (cr, theme, panel, n, rect);
}

void
draw_tokens (cairo_t *cr, const DrawTheme *theme, const DrawTokens *tokens, double width,
             double height)
{
  const Layout layout = find_layout (tokens, width, height);
  if (layout.side_width < 1 || layout.side_height < 1 || !tokens->picture)
    return;
  DrawColorMap map;
  draw_color_map_init (&map, DRAW_SEQUENTIAL, theme->mode);
  cairo_save (cr);
  for (unsigned i = 0; i < tokens->n_panels; i++)
    {
      const DrawTokensPanel *panel = &tokens->panels[i];
      const DrawRect rect = panel_rect (&layout, width, i), heat = heat_rect (&layout, width, i);
      if (layout.two || tokens->show == DRAW_TOKENS_KEPT)
        draw_panel (cr, theme, tokens, &layout, panel, &rect);
      if (!layout.two && tokens->show != DRAW_TOKENS_KEPT)
        draw_heat_panel (cr, theme, tokens, &layout, panel, &map, &rect);
      if (layout.two && has_attention (tokens, panel))
        draw_heat_panel (cr, theme, tokens, &layout, panel, &map, &heat);
    }
  if (layout.two || legend_height (tokens, 0, height) > 0)
    draw_legend (cr, theme, tokens, &layout, &map, width, height);
  if (tokens->has_hover)
    draw_hover (cr, theme, tokens, &layout, width);
  cairo_restore (cr);
}
