/* Features of many pictures or captions, a batch at a time. */
#pragma once

#include "models/data/batch.h"
#include "models/nn/encoder.h"

#include <gio/gio.h>

G_BEGIN_DECLS

/* What a long evaluation tells and asks while it works; zero is the default. */
typedef struct
{
  void (*progress) (gsize done, gsize total, gpointer data); /* on the calling thread */
  gpointer data;
  GCancellable *cancellable;
} EvalWatch;

/* Features as the projection gives them, or of length one. */
typedef enum
{
  EVAL_RAW,
  EVAL_NORMALISED,
} EvalScale;

/* features [n][D] of the pictures of items[n] of a cache, unchanged otherwise; one that could not
 * be decoded is white. watch may be NULL. Errors: the device's, or G_IO_ERROR_CANCELLED. */
gboolean eval_encode_pictures (float *features, NnEncoder *encoder, const DataCache *cache,
                               const guint32 *items, gsize n, EvalScale scale,
                               const EvalWatch *watch, GError **error);

/* features [n][D] of normalised pixels [n][3 * S * S]. */
gboolean eval_encode_pixels (float *features, NnEncoder *encoder, const float *pixels, gsize n,
                             EvalScale scale, const EvalWatch *watch, GError **error);

/* features [n][D] of ids[n], each [context] with values in [0, V). */
gboolean eval_encode_texts (float *features, NnEncoder *encoder, const gint32 *const *ids, gsize n,
                            EvalScale scale, const EvalWatch *watch, GError **error);

G_END_DECLS
