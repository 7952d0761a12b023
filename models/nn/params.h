/* The parameters of a model, each declared once: name, shape, initial values, decay.
 *
 * The table drives allocation, initialisation, AdamW, the teacher, checkpoints and lists. Names and
 * shapes are open_clip's state dict. Parameters lie in slabs of equal layout (weights, gradients,
 * moments), ordered in four regions, so that an optimiser step is one kernel a region and the
 * teacher, which is visual.*, is the slab's beginning:
 *
 *   | visual, decayed | visual, not decayed | text, decayed | text and logit_scale, not decayed |
 *
 * A slab is a list of blocks, since devices limit an allocation (1 GiB and up); nearly always one.
 * No parameter lies across two blocks; what a region has in one block is a span.
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
  guint block;    /* of a slab */
  guint64 offset; /* bytes into the block */
} NnParam;

typedef enum
{
  NN_REGION_VISUAL_DECAY,
  NN_REGION_VISUAL,
  NN_REGION_TEXT_DECAY,
  NN_REGION_TEXT,
  NN_N_REGIONS,
} NnRegion;

typedef struct
{
  NnRegion region;
  guint block;
  guint64 begin, end; /* bytes into the block */
} NnSpan;

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
  GArray *spans; /* of NnSpan, in the order of regions and blocks */
  guint n_blocks;
} NnParams;

/* block_bytes: the most a block may have; 0: all in one. A parameter larger than that has a block of
 * its own, which the device will refuse. */
NnParams *nn_params_new (const NnConfig *config, guint64 block_bytes);
void nn_params_free (NnParams *params);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (NnParams, nn_params_free)

const NnParam *nn_params_get (const NnParams *params, guint index);

/* Bytes of a slab, and of the teacher's. */
guint64 nn_params_bytes (const NnParams *params);
guint64 nn_params_visual_bytes (const NnParams *params);

/* Bytes of one block; with `visual`, of the teacher's, which may be 0. */
guint64 nn_params_block_bytes (const NnParams *params, guint block, gboolean visual);

/* Scalars that are learnt: padding is not counted. */
guint64 nn_params_count (const NnParams *params);

/* In a slab, which is an array of the blocks' buffers (NULL for a dry run): the parameter's matrix,
 * and a span or a whole block as one long row. */
GpuTensor nn_params_tensor (const NnParams *params, guint index, GPtrArray *slab);
GpuTensor nn_params_span (const NnSpan *span, GPtrArray *slab);
GpuTensor nn_params_block (const NnParams *params, guint block, GPtrArray *slab);

/* The initial values of a parameter, rows * cols floats: a function of seed and index alone. */
void nn_param_fill (const NnParam *param, guint index, guint64 seed, float *values);

G_END_DECLS
