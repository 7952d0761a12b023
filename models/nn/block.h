/* A residual attention block, with EViT's token reorganisation between attention and MLP. Of the last
 * block's output one token a sequence is read, so that is all that is made from the attention on.
 *
 *   x1 = x + attention (ln_1 (x)) W_out^T + b_out
 *   x2 = [CLS, kept, fused] of x1 by the attention of CLS, in a shrinking block; else x1; in the last
 *        block x1[position], and what is no attention is computed for that row alone
 *   y  = x2 + gelu (ln_2 (x2) W_fc^T + b_fc) W_proj^T + b_proj
 *
 * x [B*T,C], y [B*T',C] with T' = 1 + K + fuse where the block shrinks, 1 in the last.
 */
#pragma once

#include "compute/ops/attention.h"
#include "compute/ops/evit.h"
#include "compute/ops/gemm.h"
#include "models/nn/context.h"

G_BEGIN_DECLS

typedef struct
{
  /* What it is. */
  const NnBlockParams *params;
  GpuAttention attention;
  guint width, hidden;
  guint kept; /* K, or 0: the block does not shrink; in the last block only viewers ask for it */
  gboolean fuse;
  gboolean last;
  GpuTensor position; /* in the last block, [1,B] int32, or no rows: the first token */
  GpuActivation activation;
  GpuTensor watch_attention; /* [B,T-1] and ... */
  GpuTensor watch_order;     /* ... [B,T-1] int32: copies for viewers, where they have rows */

  /* What forward keeps for backward. */
  GpuTensor x, stats_1, h_1, qkv, o, lse, o_read, x_1, a, rank, x_2, stats_2, h_2, slope, g;
} NnBlock;

GpuTensor nn_block_forward (NnContext *nn, NnBlock *block, GpuTensor x);
GpuTensor nn_block_backward (NnContext *nn, NnBlock *block, GpuTensor dy);

G_END_DECLS
