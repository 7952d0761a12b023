/* The end of an encoder: the token that stands for the sequence, normalised, projected into the joint
 * space.
 *
 *   f = layernorm (x) projection;  x [B,C], projection [C,D], f [B,D] not normalised
 */
#pragma once

#include "models/nn/context.h"

G_BEGIN_DECLS

typedef struct
{
  /* What it is. */
  NnAffine norm;
  guint projection;

  /* What forward keeps for backward. */
  GpuTensor x, stats, h;
} NnHead;

void nn_head_forward (NnContext *nn, NnHead *head, GpuTensor features, GpuTensor x);
GpuTensor nn_head_backward (NnContext *nn, NnHead *head, GpuTensor dfeatures);

G_END_DECLS
