/* EViT token reorganisation (Liang et al., ICLR 2022; shared conventions in models/README.md).
 *
 * Of N tokens, CLS first, the K with the largest CLS attention are kept, in descending order; the
 * rest are fused into one token by their attention as weights, not renormalised:
 *   y = [CLS, x[order[0]], .., x[order[K-1]], sum over dropped of a_i x_i]
 * Ties: the lower position first. No gradient flows through the choice; da_i = x_i . dy_fused for
 * dropped tokens and 0 for kept ones.
 */
#pragma once

#include "compute/stream.h"

G_BEGIN_DECLS

typedef struct
{
  guint batch;
  guint tokens;  /* N, CLS included; N - 1 <= 1024 */
  guint kept;    /* K <= N - 1 */
  gboolean fuse; /* append the fused token */
} GpuEvit;

/* order, rank [B,N-1] of int32, inverse permutations: order[r] is the position (0: first token after
 * CLS) of rank r. A permutation whatever a holds, NaN included. a [B,N-1], never negative. */
void gpu_evit_select (GpuStream *stream, GpuTensor order, GpuTensor rank, GpuTensor a,
                      const GpuEvit *shape);

/* y [B*(1+K+fuse), C], x [B*N, C]. */
void gpu_evit_gather (GpuStream *stream, GpuTensor y, GpuTensor x, GpuTensor a, GpuTensor order,
                      const GpuEvit *shape);

/* dx [B*N,C] and da [B,N-1], written. */
void gpu_evit_gather_backward (GpuStream *stream, GpuTensor dx, GpuTensor da, GpuTensor dy,
                               GpuTensor x, GpuTensor a, GpuTensor rank, const GpuEvit *shape);

G_END_DECLS
