#include "models/eval/features.h"

#include <string.h>

typedef struct _Source Source;

/* Fills the encoder's input with examples first .. first + n - 1. */
struct _Source
{
  void (*fill) (const Source *source, NnEncoder *encoder, gsize first, guint n);
  const DataCache *cache;
  const guint32 *items;
  const float *pixels;
  const gint32 *const *ids;
  gsize row; /* elements of one example of pixels or ids */
};

static void
fill_from_cache (const Source *source, NnEncoder *encoder, gsize first, guint n)
{
  gsize stride;
  float *images = nn_encoder_images (encoder, &stride);
  data_batches_fill_eval (images, source->cache, source->items + first, n, stride);
}

static void
fill_from_pixels (const Source *source, NnEncoder *encoder, gsize first, guint n)
{
  gsize stride;
  float *images = nn_encoder_images (encoder, &stride);
  for (guint i = 0; i < n; i++)
    memcpy (images + i * stride, source->pixels + (first + i) * source->row,
            source->row * sizeof *images);
}

static void
fill_from_ids (const Source *source, NnEncoder *encoder, gsize first, guint n)
{
  gint32 *tokens = nn_encoder_tokens (encoder);
  for (guint i = 0; i < n; i++)
    memcpy (tokens + i * source->row, source->ids[first + i], source->row * sizeof *tokens);
}

static gboolean
encode (float *features, NnEncoder *encoder, const Source *source, gsize n, EvalScale scale,
        const EvalWatch *watch, GError **error)
{
  const guint batch = nn_encoder_get_batch (encoder);
  const gsize width = nn_encoder_get_width (encoder);

  for (gsize first = 0; first < n; first += batch)
    {
      const guint count = (guint) MIN (batch, n - first);
      float *to = features + first * width;

      if (watch && g_cancellable_set_error_if_cancelled (watch->cancellable, error))
        return FALSE;
      source->fill (source, encoder, first, count);
      if (!nn_encoder_run (encoder, scale == EVAL_RAW ? to : NULL,
                           scale == EVAL_NORMALISED ? to : NULL, count, error))
        return FALSE;
      if (watch && watch->progress)
        watch->progress (first + count, n, watch->data);
    }
  return TRUE;
}

gboolean
eval_encode_pictures (float *features, NnEncoder *encoder, const DataCache *cache,
                      const guint32 *items, gsize n, EvalScale scale, const EvalWatch *watch,
                      GError **error)
{
  const Source source = { .fill = fill_from_cache, .cache = cache, .items = items };
  return encode (features, encoder, &source, n, scale, watch, error);
}

gboolean
eval_encode_pixels (float *features, NnEncoder *encoder, const float *pixels, gsize n,
                    EvalScale scale, const EvalWatch *watch, GError **error)
{
  const Source source = { .fill = fill_from_pixels,
                          .pixels = pixels,
                          .row = nn_encoder_get_input (encoder) };
  return encode (features, encoder, &source, n, scale, watch, error);
}

gboolean
eval_encode_texts (float *features, NnEncoder *encoder, const gint32 *const *ids, gsize n,
                   EvalScale scale, const EvalWatch *watch, GError **error)
{
  const Source source = { .fill = fill_from_ids,
                          .ids = ids,
                          .row = nn_encoder_get_input (encoder) };
  return encode (features, encoder, &source, n, scale, watch, error);
}
