/* Inference: an image or a text encoder planned once for a batch, run any number of times. */
#pragma once

#include "models/nn/text.h"
#include "models/nn/watch.h"

G_BEGIN_DECLS

typedef struct _NnEncoder NnEncoder;

typedef struct
{
  guint batch;
  NnSlab weights;   /* of an image encoder: NN_SLAB_WEIGHTS (student) or NN_SLAB_TEACHER */
  double keep_rate; /* of an image encoder: 0 is the config's for the student, 1 for the teacher */
  gboolean watch;   /* keep the tokens' fate for nn_encoder_get_watch */
} NnEncoderOptions;

/* How many of `batch` pictures or texts an encoder can take at once: the device's bindings are
 * limited. At least 1. */
guint nn_encoder_fit (NnModel *model, guint batch);

typedef enum
{
  NN_ENCODER_IMAGE,
  NN_ENCODER_TEXT, /* the keep rate means nothing */
} NnEncoderKind;

/* Bytes on the device that such an encoder takes beside the model, which may be one for dry runs. What a
 * watch copies is not counted. */
guint64 nn_encoder_forecast (NnModel *model, NnEncoderKind kind, guint batch, double keep_rate);

/* The model outlives the encoder. */
NnEncoder *nn_encoder_new_image (NnModel *model, const NnEncoderOptions *options, GError **error);
NnEncoder *nn_encoder_new_text (NnModel *model, guint batch, GError **error);
void nn_encoder_free (NnEncoder *encoder);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (NnEncoder, nn_encoder_free)

guint nn_encoder_get_batch (const NnEncoder *encoder);
/* D, and the elements of one input: 3 * S * S pixels or the ids of a context. */
guint nn_encoder_get_width (const NnEncoder *encoder);
gsize nn_encoder_get_input (const NnEncoder *encoder);
double nn_encoder_get_keep_rate (const NnEncoder *encoder);

/* Where the next batch's input goes: normalised pixels [batch][stride] of which [3][S][S], or ids
 * [batch][context] in [0, V). Rows beyond those asked of run may hold anything finite. */
float *nn_encoder_images (NnEncoder *encoder, gsize *row_stride);
gint32 *nn_encoder_tokens (NnEncoder *encoder);

/* Encodes the first n of the batch. features [n][D] as they leave the projection, normalised [n][D]
 * of length one; either may be NULL. */
gboolean nn_encoder_run (NnEncoder *encoder, float *features, float *normalised, guint n,
                         GError **error);

const NnWatch *nn_encoder_get_watch (const NnEncoder *encoder);

G_END_DECLS
