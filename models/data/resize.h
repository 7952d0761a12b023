/* Pillow's bicubic resize with antialiasing (a = -0.5), bit for bit, one row at a time.
 *
 * Pillow resamples 8-bit pictures in two passes with 22-bit fixed-point weights, the horizontal
 * pass first, each rounded and clipped to 8 bits. As the horizontal pass needs one row only, rows
 * are pushed as a decoder yields them: memory is in_h * out_w * 3 bytes however wide the picture
 * is, and only the columns and rows that survive the crop are computed.
 *
 * Not thread-safe: one DataResize belongs to one thread at a time.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* How a picture comes to be square. */
typedef enum
{
  DATA_FIT_CROP, /* shortest side to size, centre crop: CLIP's preprocessing */
  DATA_FIT_PAD,  /* padded to square on white, then resized: the whole picture stays visible */
} DataFit;

/* A picture of W x H becomes the virtual CANVAS_W x CANVAS_H (the picture at (x, y), white around
 * it), is resized to FULL_W x FULL_H, of which SIZE x SIZE from (LEFT, TOP) is kept. */
typedef struct
{
  guint w, h;
  guint x, y;
  guint canvas_w, canvas_h;
  guint64 full_w, full_h;
  guint64 left, top;
  guint size;
} DataFitPlan;

#define DATA_RESIZE_SIZE_MAX 4096
#define DATA_RESIZE_SIDE_MAX (1 << 24)

typedef struct _DataResize DataResize;

/* The plan of a fit; w and h are in 1..2^24, size in 1..4096. Crop: the long side becomes
 * int (size * long / short), offsets are rounded half to even. Pad: offsets are rounded down. */
DataFitPlan data_fit_plan (DataFit fit, guint w, guint h, guint size);

/* Bytes data_resize_new will allocate for a plan. */
gsize data_resize_memory (const DataFitPlan *plan);

DataResize *data_resize_new (const DataFitPlan *plan);
void data_resize_free (DataResize *resize);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DataResize, data_resize_free)

/* Takes the next of the picture's h rows, w RGB pixels. */
void data_resize_push (DataResize *resize, const guint8 *row);

/* Writes rgb[size * size * 3]; all h rows have been pushed. */
void data_resize_finish (DataResize *resize, guint8 *rgb);

G_END_DECLS
