/* A surface to paint on and to look at, pixel by pixel. */
#pragma once

#include "app/draw/theme.h"

#include <glib.h>

typedef struct
{
  cairo_surface_t *surface;
  cairo_t *cr;
  DrawTheme theme;
  int width, height;
} Canvas;

/* Filled with the theme's ground. */
Canvas *canvas_new (DrawMode mode, int width, int height);

/* Asserts that Cairo is in good state, too. */
void canvas_free (Canvas *canvas);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Canvas, canvas_free)

DrawColor canvas_get (Canvas *canvas, int x, int y);

/* The greatest difference of a channel, 0..1. */
double color_distance (DrawColor a, DrawColor b);

/* Whether a pixel is the ground still. */
gboolean canvas_is_blank (Canvas *canvas, int x, int y);

/* The first and last row of a column, between two rows, that is nearer to a colour than `within`.
 * FALSE: there is none. */
gboolean canvas_find_in_column (Canvas *canvas, int x, int from, int to, DrawColor color,
                                double within, int *first, int *last);

/* How many pixels of a rectangle are nearer to a colour than `within`. */
int canvas_count (Canvas *canvas, const DrawRect *rect, DrawColor color, double within);

/* How many pixels are not the ground. */
int canvas_count_painted (Canvas *canvas, const DrawRect *rect);
