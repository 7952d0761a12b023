/* Layer normalisation over the columns, eps 1e-5.
 *
 *   xhat = (x - mean) rstd,  y = gamma xhat + beta
 *   dx   = dresidual + rstd (g - mean(g) - xhat mean(g xhat)),  g = gamma dy
 *   dgamma += sum over rows of dy xhat,  dbeta += sum over rows of dy
 */
#pragma once

#include "compute/stream.h"

G_BEGIN_DECLS

/* y, x [R,C]; stats [R,2]: mean and reciprocal standard deviation; gamma, beta [1,C]. */
void gpu_layernorm (GpuStream *stream, GpuTensor y, GpuTensor stats, GpuTensor x, GpuTensor gamma,
                    GpuTensor beta);

/* dresidual [R,C] is the gradient that reaches x by another way, or has no rows. dx may be the same
 * tensor as dresidual. Scratch memory comes from the arena and is given back. */
void gpu_layernorm_backward (GpuStream *stream, GpuArena *arena, GpuTensor dx, GpuTensor dgamma,
                             GpuTensor dbeta, GpuTensor dy, GpuTensor x, GpuTensor stats,
                             GpuTensor gamma, GpuTensor dresidual);

/* sum [1,C] += sum over rows of x [R,C]: the gradient of a bias. */
void gpu_column_sum (GpuStream *stream, GpuArena *arena, GpuTensor sum, GpuTensor x);

G_END_DECLS
