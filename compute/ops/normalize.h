/* Rows of length one: z = x / max (|x|, 1e-12), dx = (dz - z (z . dz)) / |x|. */
#pragma once

#include "compute/stream.h"

G_BEGIN_DECLS

/* z, x [R,D]; inverse [R,1]: 1 / |x|. */
void gpu_normalize (GpuStream *stream, GpuTensor z, GpuTensor inverse, GpuTensor x);
void gpu_normalize_backward (GpuStream *stream, GpuTensor dx, GpuTensor dz, GpuTensor z,
                             GpuTensor inverse);

G_END_DECLS
