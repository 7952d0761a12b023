/* A picture in full colour and in grey, ready for painting: made once, drawn often. */
#pragma once

#include "app/draw/theme.h"

#include <stddef.h>

typedef struct _DrawPicture DrawPicture;

/* Copies RGB of 8 bits a channel, `stride` bytes a row. NULL if a side is 0 or beyond 16,384. */
DrawPicture *draw_picture_new (const unsigned char *rgb, int width, int height, size_t stride);
void draw_picture_free (DrawPicture *picture);

/* Surfaces of the picture's own size, RGB24; grey has the luma of Rec. 709. Borrowed. */
cairo_surface_t *draw_picture_get_color (const DrawPicture *picture);
cairo_surface_t *draw_picture_get_gray (const DrawPicture *picture);

/* Makes one of the two, stretched to a rectangle, the source. */
void draw_set_picture (cairo_t *cr, cairo_surface_t *surface, const DrawRect *rect);
