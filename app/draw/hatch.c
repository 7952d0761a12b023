#include "app/draw/hatch.h"

#include <math.h>

#define SPACING 7.0
#define LINE_STRENGTH 0.3
#define EDGE_STRENGTH 0.6

static int
is_in (const DrawHatch *hatch, const DrawPatch *patches, DrawPatchState state, int x, int y)
{
  if (x < 0 || y < 0 || x >= (int) hatch->columns || y >= (int) hatch->rows)
    return 0;
  return patches[(size_t) y * hatch->columns + (size_t) x].state == state;
}

static int
clip_to_patches (cairo_t *cr, const DrawHatch *hatch, const DrawPatch *patches,
                 DrawPatchState state)
{
  const double width = hatch->rect.width / hatch->columns;
  const double height = hatch->rect.height / hatch->rows;
  int any = 0;
  for (int y = 0; y < (int) hatch->rows; y++)
    for (int x = 0; x < (int) hatch->columns; x++)
      if (is_in (hatch, patches, state, x, y))
        {
          cairo_rectangle (cr, hatch->rect.x + x * width, hatch->rect.y + y * height, width,
                           height);
          any = 1;
        }
  cairo_clip (cr);
  return any;
}

/* Lines through the whole picture, so that they run on from patch to patch. */
static void
stroke_lines (cairo_t *cr, const DrawHatch *hatch, int leans_left)
{
  const DrawRect *r = &hatch->rect;
  const double reach = r->width + r->height;
  const double spacing = fmax (SPACING, reach / 2000);
  for (double d = spacing / 2; d < reach; d += spacing)
    {
      cairo_move_to (cr, leans_left ? r->x + r->width - d : r->x + d, r->y);
      cairo_line_to (cr, leans_left ? r->x + r->width - d + r->height : r->x + d - r->height,
                     r->y + r->height);
    }
  cairo_stroke (cr);
}

static void
stroke_edges (cairo_t *cr, const DrawHatch *hatch, const DrawPatch *patches, DrawPatchState state)
{
  const double width = hatch->rect.width / hatch->columns;
  const double height = hatch->rect.height / hatch->rows;
  for (int y = 0; y <= (int) hatch->rows; y++)
    for (int x = 0; x <= (int) hatch->columns; x++)
      {
        const int here = is_in (hatch, patches, state, x, y);
        const double left = hatch->rect.x + x * width, top = hatch->rect.y + y * height;
        if (here != is_in (hatch, patches, state, x - 1, y))
          {
            cairo_move_to (cr, left, top);
            cairo_line_to (cr, left, top + height);
          }
        if (here != is_in (hatch, patches, state, x, y - 1))
          {
            cairo_move_to (cr, left, top);
            cairo_line_to (cr, left + width, top);
          }
      }
  cairo_stroke (cr);
}

void
draw_hatch (cairo_t *cr, const DrawTheme *theme, const DrawHatch *hatch, const DrawPatch *patches,
            DrawPatchState state)
{
  cairo_save (cr);
  if (hatch->strength > 0 && clip_to_patches (cr, hatch, patches, state))
    {
      cairo_set_line_width (cr, 1);
      draw_set_color (cr, theme->ink, LINE_STRENGTH * hatch->strength);
      stroke_lines (cr, hatch, state == DRAW_PATCH_FUSED_EARLIER);
      cairo_set_line_width (cr, 2);
      cairo_set_line_cap (cr, CAIRO_LINE_CAP_SQUARE);
      draw_set_color (cr, theme->ink, EDGE_STRENGTH * hatch->strength);
      stroke_edges (cr, hatch, patches, state);
    }
  cairo_restore (cr);
}
