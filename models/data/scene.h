#pragma once

/* Scenes: one or two groups of coloured shapes on a plain ground, drawn by chance, painted by our
 * own small rasteriser, and told in words that are exactly true of the picture. */

#include <glib.h>

G_BEGIN_DECLS

typedef enum
{
  DATA_SHAPE_CIRCLE,
  DATA_SHAPE_SQUARE,
  DATA_SHAPE_TRIANGLE,
  DATA_SHAPE_DIAMOND,
  DATA_SHAPE_STAR,
  DATA_SHAPE_RING,
  DATA_SHAPE_CROSS,
  DATA_SHAPE_HEART,
} DataShape;

#define DATA_N_SHAPES 8
#define DATA_SCENE_MAX_COUNT 4

/* Alike shapes.  Lengths are fractions of the picture's side, y grows downwards. */
typedef struct
{
  DataShape shape;
  guint8 rgb[3];
  guint count;
  float radius;
  float x[DATA_SCENE_MAX_COUNT]; /* centres */
  float y[DATA_SCENE_MAX_COUNT];
} DataSceneGroup;

typedef struct
{
  guint8 ground[3];
  guint n_groups; /* 1 or 2 */
  DataSceneGroup groups[2];
  char caption[128];
} DataScene;

/* The scene number `index` of a seed; `attempt` gives others in its place, for a caller who has
 * that one already.  */
void data_scene_draw_up (DataScene *scene, guint64 seed, guint64 index, guint attempt);

/* Paints rgb[size * size * 3], antialiased; any size from 1. */
void data_scene_paint (const DataScene *scene, guint8 *rgb, guint size);

const char *data_shape_to_string (DataShape shape);

G_END_DECLS
