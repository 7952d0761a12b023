/* Layer normalisation and sums over rows. */
#include "compute/ops/layernorm.h"

#include "compute/ops/grid.h"

#include "column_chunks.spv.h"
#include "column_finish.spv.h"
#include "layernorm.spv.h"
#include "layernorm_backward.spv.h"
#include "shaders/abi/layernorm.h"

static const GpuKernel forward = {
  GPU_KERNEL_CODE (layernorm),
  .bindings = "rrrww",
  .push_bytes = sizeof (LayernormPush),
  .n_spec = 1,
};

static const GpuKernel backward = {
  GPU_KERNEL_CODE (layernorm_backward),
  .bindings = "rrrrrww",
  .push_bytes = sizeof (LayernormPush),
  .n_spec = 2,
};

static const GpuKernel chunks_kernel = {
  GPU_KERNEL_CODE (column_chunks),
  .bindings = "rw",
  .push_bytes = sizeof (LayernormPush),
  .n_spec = 1,
};

static const GpuKernel finish_kernel = {
  GPU_KERNEL_CODE (column_finish),
  .bindings = "ruu",
  .push_bytes = sizeof (LayernormPush),
  .n_spec = 1,
};

static guint64
elements (GpuTensor tensor)
{
  return (guint64) tensor.rows * tensor.cols;
}

static gboolean
same_shape (GpuTensor a, GpuTensor b)
{
  return a.rows == b.rows && a.cols == b.cols;
}

static gboolean
is_vector (GpuTensor tensor, guint cols)
{
  return tensor.rows == 1 && tensor.cols == cols;
}

static guint
chunks_of (guint rows)
{
  return (rows + CHUNK_ROWS - 1) / CHUNK_ROWS;
}

void
gpu_layernorm (GpuStream *stream, GpuTensor y, GpuTensor stats, GpuTensor x, GpuTensor gamma,
               GpuTensor beta)
{
  g_assert (same_shape (y, x) && stats.rows == x.rows && stats.cols == 2);
  g_assert (is_vector (gamma, x.cols) && is_vector (beta, x.cols));
  const LayernormPush push = { x.rows, x.cols, 1 };
  GpuDispatch dispatch = {
    .tensors = { x, gamma, beta, y, stats },
    .push = &push,
    .flops = 8 * elements (x),
  };
  gpu_grid_rows (stream, &dispatch, x.rows, x.cols);
  gpu_stream_dispatch (stream, &forward, &dispatch);
}

/* The second pass: second may be the first again where there is one sum. */
static void
finish (GpuStream *stream, GpuTensor partial, guint sums, GpuTensor first, GpuTensor second)
{
  const LayernormPush push = { partial.rows / sums, partial.cols, sums };
  GpuDispatch dispatch = {
    .tensors = { partial, first, second },
    .push = &push,
    .flops = elements (partial),
  };
  gpu_grid_items (stream, &dispatch, (guint64) sums * gpu_width (partial.cols) / 4);
  gpu_stream_dispatch (stream, &finish_kernel, &dispatch);
}

void
gpu_layernorm_backward (GpuStream *stream, GpuArena *arena, GpuTensor dx, GpuTensor dgamma,
                        GpuTensor dbeta, GpuTensor dy, GpuTensor x, GpuTensor stats,
                        GpuTensor gamma, GpuTensor dresidual)
{
  g_assert (same_shape (dx, x) && same_shape (dy, x) && stats.rows == x.rows && stats.cols == 2);
  g_assert (is_vector (gamma, x.cols) && is_vector (dgamma, x.cols) && is_vector (dbeta, x.cols));
  g_assert (!dresidual.rows || same_shape (dresidual, x));
  const LayernormPush push = { x.rows, x.cols, 1 };
  guint chunks = chunks_of (x.rows), lanes = gpu_grid_row_lanes (x.cols);
  guint parts = (gpu_width (x.cols) / 4 + lanes - 1) / lanes;
  GpuTensor partial = gpu_arena_take (arena, 2 * chunks, x.cols);
  GpuDispatch dispatch = {
    .tensors = { dy, x, stats, gamma, dresidual.rows ? dresidual : dy, dx, partial },
    .push = &push,
    .spec = { 0, dresidual.rows > 0 },
    .flops = 20 * elements (x),
  };
  if (gpu_grid_lane_owns_row (stream))
    gpu_grid_items (stream, &dispatch, (guint64) chunks * gpu_grid_lanes (stream));
  else
    gpu_grid_groups (stream, &dispatch, x.rows + (guint64) chunks * parts, lanes);
  gpu_stream_dispatch (stream, &backward, &dispatch);
  finish (stream, partial, 2, dgamma, dbeta);
  gpu_arena_give (arena, partial);
}

void
gpu_column_sum (GpuStream *stream, GpuArena *arena, GpuTensor sum, GpuTensor x)
{
  g_assert (is_vector (sum, x.cols));
  const LayernormPush push = { x.rows, x.cols, 1 };
  guint lanes = gpu_grid_lanes (stream), chunks = chunks_of (x.rows);
  GpuTensor partial = gpu_arena_take (arena, chunks, x.cols);
  const GpuDispatch dispatch = {
    .tensors = { x, partial },
    .push = &push,
    .spec = { lanes },
    .groups = { (gpu_width (x.cols) / 4 + lanes - 1) / lanes, chunks },
    .flops = elements (x),
  };
  if (chunks > 65535)
    gpu_stream_fail (stream, GPU_ERROR_LIMIT, "a sum over %u rows is too tall: use a smaller batch",
                     x.rows);
  gpu_stream_dispatch (stream, &chunks_kernel, &dispatch);
  finish (stream, partial, 1, sum, sum);
  gpu_arena_give (arena, partial);
}
