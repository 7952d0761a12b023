#include "app/draw/picture.h"

#include <stdint.h>
#include <stdlib.h>

#define MOST 16384

struct _DrawPicture
{
  cairo_surface_t *color, *gray;
};

static void
convert_row (uint32_t *color, uint32_t *gray, const unsigned char *rgb, int width)
{
  for (int x = 0; x < width; x++, rgb += 3)
    {
      const uint32_t r = rgb[0], g = rgb[1], b = rgb[2];
      const uint32_t luma = (54 * r + 183 * g + 19 * b + 128) >> 8;
      color[x] = r << 16 | g << 8 | b;
      gray[x] = luma * 0x010101;
    }
}

DrawPicture *
draw_picture_new (const unsigned char *rgb, int width, int height, size_t stride)
{
  if (width < 1 || height < 1 || width > MOST || height > MOST)
    return NULL;
  DrawPicture *picture = calloc (1, sizeof *picture);
  if (!picture)
    abort ();
  picture->color = cairo_image_surface_create (CAIRO_FORMAT_RGB24, width, height);
  picture->gray = cairo_image_surface_create (CAIRO_FORMAT_RGB24, width, height);
  unsigned char *color = cairo_image_surface_get_data (picture->color);
  unsigned char *gray = cairo_image_surface_get_data (picture->gray);
  if (!color || !gray)
    abort ();
  const size_t row = (size_t) cairo_image_surface_get_stride (picture->color);
  for (int y = 0; y < height; y++)
    convert_row ((uint32_t *) (void *) (color + (size_t) y * row),
                 (uint32_t *) (void *) (gray + (size_t) y * row), rgb + (size_t) y * stride, width);
  cairo_surface_mark_dirty (picture->color);
  cairo_surface_mark_dirty (picture->gray);
  return picture;
}

void
draw_picture_free (DrawPicture *picture)
{
  if (!picture)
    return;
  cairo_surface_destroy (picture->color);
  cairo_surface_destroy (picture->gray);
  free (picture);
}

cairo_surface_t *
draw_picture_get_color (const DrawPicture *picture)
{
  return picture->color;
}

cairo_surface_t *
draw_picture_get_gray (const DrawPicture *picture)
{
  return picture->gray;
}

void
draw_set_picture (cairo_t *cr, cairo_surface_t *surface, const DrawRect *rect)
{
  const double width = cairo_image_surface_get_width (surface);
  const double height = cairo_image_surface_get_height (surface);
  cairo_matrix_t matrix;
  cairo_matrix_init_scale (&matrix, width / rect->width, height / rect->height);
  cairo_matrix_translate (&matrix, -rect->x, -rect->y);
  cairo_pattern_t *pattern = cairo_pattern_create_for_surface (surface);
  cairo_pattern_set_matrix (pattern, &matrix);
  cairo_pattern_set_extend (pattern, CAIRO_EXTEND_PAD);
  cairo_pattern_set_filter (pattern, CAIRO_FILTER_GOOD);
  cairo_set_source (cr, pattern);
  cairo_pattern_destroy (pattern);
}
