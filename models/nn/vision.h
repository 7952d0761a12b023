/* The image encoder: a ViT whose listed blocks shrink at a keep rate below 1 (EViT).
 *
 *   x = ln_pre ([class, conv1 (image)] + positional);  blocks;  f = ln_post (x[CLS]) proj
 */
#pragma once

#include "models/nn/block.h"
#include "models/nn/head.h"

G_BEGIN_DECLS

typedef struct
{
  guint batch;
  NnBlock blocks[NN_MAX_LAYERS];
  NnHead head;

  /* What forward keeps for backward. */
  GpuTensor x, stats_pre;
} NnVision;

void nn_vision_init (NnVision *vision, const NnModel *model, guint batch, double keep_rate);

/* The picture as rows of patches [B*P, 3 p p], shared by encoders of the same batch; the caller's to
 * give. image [B, 3 S S] is not taken over. */
GpuTensor nn_vision_patchify (NnContext *nn, GpuTensor image);

/* Features [B,D], not normalised, into `features`. patches is not taken over. */
void nn_vision_forward (NnContext *nn, NnVision *vision, GpuTensor features, GpuTensor patches);
void nn_vision_backward (NnContext *nn, NnVision *vision, GpuTensor dfeatures, GpuTensor patches);

/* Tokens entering a block, and leaving the last where layer is the number of blocks. */
guint nn_vision_tokens (const NnModel *model, double keep_rate, guint layer);

G_END_DECLS
