/* The rasteriser: each shape is a test of whether a point of the square [-1, 1]^2 is in it; a
 * pixel's cover is the part of 4 x 4 points in it that pass.  No curves are flattened and no libm
 * function is asked for, so pictures are the same on every machine. */

#include "models/data/scene.h"

#define GRID 4 /* points a pixel, each way */

typedef struct
{
  float x, y;
} Point;

/* Corners on the unit circle: at 90, 210, 330 degrees, and for the star every 36 with an inner
 * radius of 0.42; y down. */
static const Point triangle[] = { { 0.0f, -1.0f }, { 0.8660f, 0.5f }, { -0.8660f, 0.5f } };
static const Point star[] = { { 0.0f, -1.0f },       { 0.2469f, -0.3398f }, { 0.9511f, -0.3090f },
                              { 0.3994f, 0.1298f },  { 0.5878f, 0.8090f },  { 0.0f, 0.4200f },
                              { -0.5878f, 0.8090f }, { -0.3994f, 0.1298f }, { -0.9511f, -0.3090f },
                              { -0.2469f, -0.3398f } };

/* Even-odd rule. */
static gboolean
in_polygon (const Point *corners, guint n, float x, float y)
{
  gboolean inside = FALSE;
  for (guint i = 0, j = n - 1; i < n; j = i++)
    {
      Point a = corners[i], b = corners[j];
      if ((a.y > y) != (b.y > y) && x < (b.x - a.x) * (y - a.y) / (b.y - a.y) + a.x)
        inside = !inside;
    }
  return inside;
}

/* (x^2 + y^2 - 1)^3 < x^2 y^3, scaled into the square. */
static gboolean
in_heart (float x, float y)
{
  float u = 1.17f * x, v = 0.1f - 1.17f * y;
  float q = u * u + v * v - 1.0f;
  return q * q * q < u * u * v * v * v;
}

static gboolean
in_shape (DataShape shape, float x, float y)
{
  const float ax = ABS (x), ay = ABS (y), r2 = x * x + y * y;
  switch (shape)
    {
    case DATA_SHAPE_CIRCLE:
      return r2 < 1.0f;
    case DATA_SHAPE_SQUARE:
      return ax < 0.86f && ay < 0.86f;
    case DATA_SHAPE_TRIANGLE:
      return in_polygon (triangle, G_N_ELEMENTS (triangle), x, y);
    case DATA_SHAPE_DIAMOND:
      return ax / 0.75f + ay < 1.0f;
    case DATA_SHAPE_STAR:
      return in_polygon (star, G_N_ELEMENTS (star), x, y);
    case DATA_SHAPE_RING:
      return r2 < 1.0f && r2 > 0.36f;
    case DATA_SHAPE_CROSS:
      return (ax < 0.32f && ay < 0.95f) || (ay < 0.32f && ax < 0.95f);
    case DATA_SHAPE_HEART:
      return in_heart (x, y);
    }
  g_assert_not_reached ();
}

/* Points of the pixel's grid in the shape, of GRID * GRID. */
static guint
cover (const DataSceneGroup *group, guint i, guint column, guint row, float side)
{
  guint n = 0;
  for (guint v = 0; v < GRID; v++)
    for (guint u = 0; u < GRID; u++)
      {
        float x = ((float) column + ((float) u + 0.5f) / GRID) / side - group->x[i];
        float y = ((float) row + ((float) v + 0.5f) / GRID) / side - group->y[i];
        n += in_shape (group->shape, x / group->radius, y / group->radius);
      }
  return n;
}

static void
paint_shape (const DataSceneGroup *group, guint i, guint8 *rgb, guint size)
{
  const float side = (float) size, reach = group->radius;
  const float last = (float) (size - 1);
  guint left = (guint) CLAMP ((group->x[i] - reach) * side, 0.0f, last);
  guint right = (guint) CLAMP ((group->x[i] + reach) * side, 0.0f, last);
  guint top = (guint) CLAMP ((group->y[i] - reach) * side, 0.0f, last);
  guint bottom = (guint) CLAMP ((group->y[i] + reach) * side, 0.0f, last);

  for (guint row = top; row <= bottom; row++)
    for (guint column = left; column <= right; column++)
      {
        const guint n = cover (group, i, column, row, side), all = GRID * GRID;
        guint8 *pixel = rgb + ((gsize) row * size + column) * 3;
        for (int c = 0; c < 3; c++)
          pixel[c] = (guint8) ((pixel[c] * (all - n) + group->rgb[c] * n + all / 2) / all);
      }
}

void
data_scene_paint (const DataScene *scene, guint8 *rgb, guint size)
{
  g_assert (size > 0);
  for (gsize i = 0; i < (gsize) size * size * 3; i++)
    rgb[i] = scene->ground[i % 3];
  for (guint g = 0; g < scene->n_groups; g++)
    for (guint i = 0; i < scene->groups[g].count; i++)
      paint_shape (&scene->groups[g], i, rgb, size);
}
