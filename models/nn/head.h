/* The end of an encoder: one token of each sequence, normalised, projected into the joint space.
 *
 *   f = layernorm (x[position]) projection;  x [B*T,C], projection [C,D], f [B,D] not normalised
 */
#pragma once

#include "models/nn/context.h"

G_BEGIN_DECLS

typedef struct
{
  /* What it is. */
  NnAffine norm;
  guint projection;
  guint batch, tokens; /* B, T */

  /* What forward keeps for backward. */
  GpuTensor token, stats, h;
} NnHead;

/* position [1,B] int32, or no rows: the first token. */
void nn_head_forward (NnContext *nn, NnHead *head, GpuTensor features, GpuTensor x,
                      GpuTensor position);
GpuTensor nn_head_backward (NnContext *nn, NnHead *head, GpuTensor dfeatures, GpuTensor position);

G_END_DECLS
