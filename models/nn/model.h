/* A model on a device: its parameters' values and, for training, all that goes with them.
 *
 * A model borrows nothing: it holds its device. It is used on the device's thread. A model without
 * a device has no memory and serves dry runs (nn_step_forecast).
 */
#pragma once

#include "compute/stream.h"
#include "models/nn/params.h"
#include "models/nn/safetensors.h"

G_BEGIN_DECLS

#define NN_MODEL_ERROR (nn_model_error_quark ())
GQuark nn_model_error_quark (void);

typedef enum
{
  NN_MODEL_ERROR_CHECKPOINT, /* a file that does not fit the config */
  NN_MODEL_ERROR_DIVERGED,   /* a loss or norm is not a finite number */
} NnModelError;

typedef enum
{
  NN_SLAB_WEIGHTS,
  NN_SLAB_TEACHER, /* visual.* alone */
  NN_SLAB_GRADIENT,
  NN_SLAB_MOMENT1,
  NN_SLAB_MOMENT2,
  NN_N_SLABS,
} NnSlab;

typedef struct
{
  GpuDevice *device;
  NnConfig config;
  NnParams *params;
  GPtrArray *slabs[NN_N_SLABS]; /* blocks of GpuBuffer; NULL where the model has none */
} NnModel;

typedef enum
{
  NN_USE_INFERENCE, /* weights, and the teacher if the config has one */
  NN_USE_TRAINING,  /* gradients and moments too */
} NnUse;

/* device NULL: a model for dry runs. All values are zero until filled or loaded. */
NnModel *nn_model_new (GpuDevice *device, const NnConfig *config, NnUse use, GError **error);
void nn_model_free (NnModel *model);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (NnModel, nn_model_free)

gboolean nn_model_has_teacher (const NnModel *model);

/* Draws the initial weights from the seed; the teacher becomes a copy. */
gboolean nn_model_init (NnModel *model, guint64 seed, GError **error);

/* teacher = weights of the image encoder. */
gboolean nn_model_copy_to_teacher (NnModel *model, GError **error);

/* Reads every parameter of a slab from `prefix` + name, of the expected shape. Missing names and
 * other shapes are errors that name the file, the tensor and the config's field to look at. */
gboolean nn_model_load (NnModel *model, NnSlab slab, const NnTensorFile *file, const char *prefix,
                        GError **error);

/* Declares every parameter of a slab under `prefix` + name, and then, once the writer has begun,
 * streams them in the same order. */
void nn_model_declare (const NnModel *model, NnSlab slab, NnTensorWriter *writer,
                       const char *prefix);
gboolean nn_model_write (const NnModel *model, NnSlab slab, NnTensorWriter *writer, GError **error);

/* One parameter's values, rows * cols floats. */
gboolean nn_model_download (const NnModel *model, NnSlab slab, guint index, float *values,
                            GError **error);

G_END_DECLS
