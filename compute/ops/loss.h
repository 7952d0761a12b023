/* The ECLIPSE objective on B x B matrices of cosines (Kim et al., AAAI 2024).
 *
 *   s = exp (logit_scale);  G = z t^T [B,B], Gt = zb t^T [B,B];  A = s G, A_t = s Gt
 *   contrastive  = 1/2 [CE (A, diag) + CE (A^T, diag)]
 *   distillation = 1/2 [mean over rows of KL (softmax A_t || softmax A) + the same of the transposes]
 *   total = contrastive + weight distillation
 *
 * A_t carries no gradient. With stop_grad_text the distillation term's gradient does not reach t.
 */
#pragma once

#include "compute/stream.h"

G_BEGIN_DECLS

typedef struct
{
  float weight; /* of the distillation term; 0 still reports it */
  gboolean stop_grad_text;
} GpuLossOptions;

/* losses [1,4]: total, contrastive, distillation, s. cosines [B,B], teacher [B,B] or no rows (no
 * distillation), logit_scale [1,1].
 * dimage [B,B]: gradient of total by G along the image path (dz = dimage t), dtext [B,B]: along the
 * text path (dt = dtext^T z); dscale [1,1] accumulates the gradient by logit_scale. */
void gpu_eclipse_loss (GpuStream *stream, GpuArena *arena, GpuTensor losses, GpuTensor dimage,
                       GpuTensor dtext, GpuTensor dscale, GpuTensor cosines, GpuTensor teacher,
                       GpuTensor logit_scale, const GpuLossOptions *options);

G_END_DECLS
