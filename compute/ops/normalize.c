/* Rows of length one. */
#include "compute/ops/normalize.h"

#include "compute/ops/grid.h"

#include "normalize.spv.h"
#include "normalize_backward.spv.h"
#include "shaders/abi/normalize.h"

static const GpuKernel forward = {
  GPU_KERNEL_CODE (normalize),
  .bindings = "rww",
  .push_bytes = sizeof (NormalizePush),
  .n_spec = 1,
};

static const GpuKernel backward = {
  GPU_KERNEL_CODE (normalize_backward),
  .bindings = "rrrw",
  .push_bytes = sizeof (NormalizePush),
  .n_spec = 1,
};

void
gpu_normalize (GpuStream *stream, GpuTensor z, GpuTensor inverse, GpuTensor x)
{
  g_assert (z.rows == x.rows && z.cols == x.cols);
  g_assert (inverse.rows == x.rows && inverse.cols == 1);
  const NormalizePush push = { x.rows, x.cols };
  GpuDispatch dispatch = {
    .tensors = { x, z, inverse },
    .push = &push,
    .flops = 3ull * x.rows * x.cols,
  };
  gpu_grid_rows (stream, &dispatch, x.rows, x.cols);
  gpu_stream_dispatch (stream, &forward, &dispatch);
}

void
gpu_normalize_backward (GpuStream *stream, GpuTensor dx, GpuTensor dz, GpuTensor z,
                        GpuTensor inverse)
{
  g_assert (dx.rows == z.rows && dx.cols == z.cols && dz.rows == z.rows && dz.cols == z.cols);
  g_assert (inverse.rows == z.rows && inverse.cols == 1);
  const NormalizePush push = { z.rows, z.cols };
  GpuDispatch dispatch = {
    .tensors = { dz, z, inverse, dx },
    .push = &push,
    .flops = 5ull * z.rows * z.cols,
  };
  gpu_grid_rows (stream, &dispatch, z.rows, z.cols);
  gpu_stream_dispatch (stream, &backward, &dispatch);
}
