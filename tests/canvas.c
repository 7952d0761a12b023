#include "tests/canvas.h"

#include <math.h>

Canvas *
canvas_new (DrawMode mode, int width, int height)
{
  Canvas *canvas = g_new0 (Canvas, 1);
  canvas->surface = cairo_image_surface_create (CAIRO_FORMAT_RGB24, width, height);
  canvas->cr = cairo_create (canvas->surface);
  canvas->width = width;
  canvas->height = height;
  draw_theme_init (&canvas->theme, mode);
  draw_ground (canvas->cr, &canvas->theme, width, height);
  return canvas;
}

void
canvas_free (Canvas *canvas)
{
  if (!canvas)
    return;
  g_assert_cmpstr (cairo_status_to_string (cairo_status (canvas->cr)), ==, "no error has occurred");
  cairo_destroy (canvas->cr);
  cairo_surface_destroy (canvas->surface);
  g_free (canvas);
}

DrawColor
canvas_get (Canvas *canvas, int x, int y)
{
  g_assert_true (x >= 0 && y >= 0 && x < canvas->width && y < canvas->height);
  cairo_surface_flush (canvas->surface);
  const guint8 *data = cairo_image_surface_get_data (canvas->surface);
  const guint32 pixel =
      *(const guint32 *) (const void *) (data
                                         + (gsize) y
                                               * (gsize) cairo_image_surface_get_stride (
                                                   canvas->surface)
                                         + (gsize) x * 4);
  return (DrawColor){ (pixel >> 16 & 255) / 255.0, (pixel >> 8 & 255) / 255.0,
                      (pixel & 255) / 255.0 };
}

double
color_distance (DrawColor a, DrawColor b)
{
  return fmax (fabs (a.r - b.r), fmax (fabs (a.g - b.g), fabs (a.b - b.b)));
}

gboolean
canvas_is_blank (Canvas *canvas, int x, int y)
{
  return color_distance (canvas_get (canvas, x, y), canvas->theme.ground) < 0.01;
}

gboolean
canvas_find_in_column (Canvas *canvas, int x, int from, int to, DrawColor color, double within,
                       int *first, int *last)
{
  gboolean found = FALSE;
  for (int y = from; y < to; y++)
    if (color_distance (canvas_get (canvas, x, y), color) < within)
      {
        *first = found ? *first : y;
        *last = y;
        found = TRUE;
      }
  return found;
}

int
canvas_count (Canvas *canvas, const DrawRect *rect, DrawColor color, double within)
{
  int n = 0;
  for (int y = (int) rect->y; y < (int) (rect->y + rect->height); y++)
    for (int x = (int) rect->x; x < (int) (rect->x + rect->width); x++)
      n += color_distance (canvas_get (canvas, x, y), color) < within;
  return n;
}

int
canvas_count_painted (Canvas *canvas, const DrawRect *rect)
{
  int n = 0;
  for (int y = (int) rect->y; y < (int) (rect->y + rect->height); y++)
    for (int x = (int) rect->x; x < (int) (rect->x + rect->width); x++)
      n += !canvas_is_blank (canvas, x, y);
  return n;
}
