/* Choosing, gathering and fusing tokens. */
#include "compute/ops/evit.h"

#include "compute/ops/grid.h"
#include "evit_gather.spv.h"
#include "evit_gather_backward.spv.h"
#include "evit_select.spv.h"
#include "shaders/abi/evit.h"

#define MAX_CANDIDATES 1024 /* ranking is quadratic */

#define EVIT_KERNEL(shader, letters)                                                               \
  {                                                                                                \
    GPU_KERNEL_CODE (shader), .bindings = letters, .push_bytes = sizeof (EvitPush), .n_spec = 1    \
  }

static const GpuKernel select_kernel = EVIT_KERNEL (evit_select, "rww");
static const GpuKernel gather = EVIT_KERNEL (evit_gather, "rrsw");
static const GpuKernel gather_backward = EVIT_KERNEL (evit_gather_backward, "rrrsww");

static EvitPush
sizes (const GpuEvit *shape, guint columns)
{
  g_assert (shape->batch > 0 && shape->tokens > 1 && shape->tokens - 1 <= MAX_CANDIDATES);
  g_assert (shape->kept <= shape->tokens - 1);
  return (EvitPush){ shape->batch, shape->tokens, shape->kept, shape->fuse ? 1 : 0, columns };
}

static gboolean
is_row_a_picture (GpuTensor tensor, const GpuEvit *shape)
{
  return tensor.rows == shape->batch && tensor.cols + 1 == shape->tokens;
}

void
gpu_evit_select (GpuStream *stream, GpuTensor order, GpuTensor rank, GpuTensor a,
                 const GpuEvit *shape)
{
  EvitPush push = sizes (shape, 0);
  g_assert (is_row_a_picture (order, shape) && is_row_a_picture (rank, shape)
            && is_row_a_picture (a, shape));
  GpuDispatch dispatch = { .tensors = { a, order, rank },
                           .push = &push,
                           .flops = 2ull * a.rows * a.cols * a.cols };
  gpu_grid_items (stream, &dispatch, (guint64) a.rows * gpu_width (a.cols) / 4);
  gpu_stream_dispatch (stream, &select_kernel, &dispatch);
}

void
gpu_evit_gather (GpuStream *stream, GpuTensor y, GpuTensor x, GpuTensor a, GpuTensor order,
                 const GpuEvit *shape)
{
  EvitPush push = sizes (shape, x.cols);
  g_assert (x.rows == shape->batch * shape->tokens && y.cols == x.cols);
  g_assert (y.rows == shape->batch * (1 + shape->kept + push.fuse));
  g_assert (is_row_a_picture (order, shape) && is_row_a_picture (a, shape));
  guint dropped = shape->tokens - 1 - shape->kept;
  GpuDispatch dispatch = { .tensors = { x, a, order, y },
                           .push = &push,
                           .flops = 2ull * push.fuse * shape->batch * dropped * x.cols };
  guint64 fused = (guint64) push.fuse * shape->batch * gpu_width (y.cols) / 4;
  gpu_grid_items (stream, &dispatch, fused + (guint64) shape->batch * (1 + shape->kept));
  gpu_stream_dispatch (stream, &gather, &dispatch);
}

void
gpu_evit_gather_backward (GpuStream *stream, GpuTensor dx, GpuTensor da, GpuTensor dy, GpuTensor x,
                          GpuTensor a, GpuTensor rank, const GpuEvit *shape)
{
  EvitPush push = sizes (shape, x.cols);
  g_assert (x.rows == shape->batch * shape->tokens && dx.rows == x.rows && dx.cols == x.cols);
  g_assert (dy.rows == shape->batch * (1 + shape->kept + push.fuse) && dy.cols == x.cols);
  g_assert (is_row_a_picture (rank, shape) && is_row_a_picture (a, shape)
            && is_row_a_picture (da, shape));
  GpuDispatch dispatch = { .tensors = { dy, x, a, rank, dx, da },
                           .push = &push,
                           .flops = 3ull * x.rows * x.cols };
  gpu_grid_items (stream, &dispatch, x.rows);
  gpu_stream_dispatch (stream, &gather_backward, &dispatch);
}
