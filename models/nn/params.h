/* The parameters of a model, each declared once: name, shape, initial values, decay.
 *
 * The table drives allocation, initialisation, AdamW, the teacher, checkpoints and lists. Names and
 * shapes are open_clip's state dict. Parameters lie in slabs of equal layout (weights, gradients,
 * moments), ordered in four regions, so that an optimiser step is one kernel a region and the
 * teacher, which is visual.*, is the slab's beginning:
 *
 *   | visual, decayed | visual, not decayed | text, decayed | text and logit_scale, not decayed |
 */
#pragma once

#include "compute/tensor.h"
#include "models/nn/config.h"

G_BEGIN_DECLS

typedef enum
{
  NN_INIT_NORMAL,  /* N (0, scale^2) */
  NN_INIT_UNIFORM, /* U (-scale, scale) */
  NN_INIT_CONSTANT,
} NnInit;

typedef struct
{
  char name[96];
  int rank;
  gint64 shape[4];
  guint rows, cols; /* the matrix that kernels see: rank 4 as [shape[0], the rest] */
  NnInit init;
  double scale;
  gboolean visual;
  gboolean decay;
  guint64 offset; /* bytes into a slab */
} NnParam;

typedef enum
{
  NN_REGION_VISUAL_DECAY,
  NN_REGION_VISUAL,
  NN_REGION_TEXT_DECAY,
  NN_REGION_TEXT,
  NN_N_REGIONS,
} NnRegion;

/* Indices into the table. */
typedef struct
{
  guint weight, bias;
} NnAffine;

typedef struct
{
  NnAffine ln_1, in_proj, out_proj, ln_2, c_fc, c_proj;
} NnBlockParams;

typedef struct
{
  guint class_embedding, positional_embedding, conv1, proj;
  NnAffine ln_pre, ln_post;
  NnBlockParams blocks[NN_MAX_LAYERS];
} NnVisionParams;

typedef struct
{
  guint token_embedding, positional_embedding, text_projection;
  NnAffine ln_final;
  NnBlockParams blocks[NN_MAX_LAYERS];
} NnTextParams;

typedef struct
{
  GArray *table; /* of NnParam, in state-dict order */
  NnVisionParams vision;
  NnTextParams text;
  guint logit_scale;
  guint64 region_offset[NN_N_REGIONS + 1]; /* bytes; the last is the slab's size */
} NnParams;

NnParams *nn_params_new (const NnConfig *config);
void nn_params_free (NnParams *params);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (NnParams, nn_params_free)

const NnParam *nn_params_get (const NnParams *params, guint index);

/* Bytes of a slab, and of the teacher's. */
guint64 nn_params_bytes (const NnParams *params);
guint64 nn_params_visual_bytes (const NnParams *params);

/* Scalars that are learnt: padding is not counted. */
guint64 nn_params_count (const NnParams *params);

/* The parameter's matrix, and a region as one long row, in a slab (NULL for a dry run). */
GpuTensor nn_params_tensor (const NnParams *params, guint index, GpuBuffer *slab);
GpuTensor nn_params_region (const NnParams *params, NnRegion region, GpuBuffer *slab);

/* The initial values of a parameter, rows * cols floats: a function of seed and index alone. */
void nn_param_fill (const NnParam *param, guint index, guint64 seed, float *values);

G_END_DECLS
