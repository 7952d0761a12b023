/* Multi-head attention over [B*T, 3C] rows of q, k, v, without storing the probabilities.
 *
 *   S = scale q k^T,  scale = 1/sqrt(D), D = C/H;  P = softmax (S), causal: keys beyond the query out
 *   o = P v;  lse = log sum exp S, from which the backward pass computes P anew
 *   dP = do v^T [+ da/H in the CLS row],  dS = P (dP - rowsum (P dP))
 *   dq = scale dS k,  dk = scale dS^T q,  dv = P^T do
 *
 * The CLS row a is the mean over heads of P[:, 0, 1:], what EViT ranks tokens by; its gradient da
 * enters dP of query 0. Any head width, any number of tokens.
 */
#pragma once

#include "compute/stream.h"

G_BEGIN_DECLS

typedef struct
{
  guint batch;
  guint tokens;
  guint heads;
  gboolean causal;
} GpuAttention;

/* o [B*T,C], lse [B*H,T], qkv [B*T,3C]. */
void gpu_attention (GpuStream *stream, GpuTensor o, GpuTensor lse, GpuTensor qkv,
                    const GpuAttention *shape);

/* a [B,T-1]. */
void gpu_attention_cls (GpuStream *stream, GpuTensor a, GpuTensor qkv, GpuTensor lse,
                        const GpuAttention *shape);

/* dqkv [B*T,3C], written. da [B,T-1] or no rows. Scratch from the arena is given back. */
void gpu_attention_backward (GpuStream *stream, GpuArena *arena, GpuTensor dqkv, GpuTensor d_o,
                             GpuTensor qkv, GpuTensor o, GpuTensor lse, GpuTensor da,
                             const GpuAttention *shape);

G_END_DECLS
