/* One step of AdamW over slabs of parameters, the global gradient norm, and the momentum teacher.
 *
 *   norm  = sqrt (sum of squares of all gradients)
 *   g     = grad min (1, clip / norm) where clip > 0
 *   theta = theta (1 - lr decay);  m = b1 m + (1-b1) g;  v = b2 v + (1-b2) g^2
 *   theta = theta - lr (m c1) / (sqrt (v c2) + eps),  c = 1 / (1 - b^t), t from 1
 *   teacher = momentum teacher + (1 - momentum) theta
 *
 * Slabs are tensors of one row of any length; larger than a binding, they are split.
 */
#pragma once

#include "compute/stream.h"
#include "shaders/abi/optim.h" /* OptimScalars: what changes from step to step, [1,8] floats */

G_BEGIN_DECLS

typedef struct
{
  float beta1, beta2, eps;
  float decay; /* 0 for tensors that do not decay */
  float clip;  /* 0: off */
} GpuAdamw;

/* norm [1,1], written; n slabs of gradients, any lengths. */
void gpu_gradient_norm (GpuStream *stream, GpuArena *arena, GpuTensor norm,
                        const GpuTensor *gradients, guint n);

/* theta, m, v [1,n] updated; gradient [1,n]; norm [1,1]; scalars [1,8]. */
void gpu_adamw (GpuStream *stream, GpuTensor theta, GpuTensor m, GpuTensor v, GpuTensor gradient,
                GpuTensor norm, GpuTensor scalars, const GpuAdamw *options);

/* x [1,n] into [low, high]. */
void gpu_clamp (GpuStream *stream, GpuTensor x, float low, float high);

/* teacher, student [1,n]; momentum from the scalars. */
void gpu_ema (GpuStream *stream, GpuTensor teacher, GpuTensor student, GpuTensor scalars);

G_END_DECLS
