/* The objective in three steps: statistics of rows and columns, gradients with the rows' parts of
 * the losses, and the sum of those; see shaders/loss_*.comp. */
#include "compute/ops/loss.h"

#include "compute/ops/grid.h"
#include "loss_gradients.spv.h"
#include "loss_stats.spv.h"
#include "loss_total.spv.h"
#include "shaders/abi/loss.h"

#define LOSS_KERNEL(shader, letters, specs)                                                        \
  {                                                                                                \
    GPU_KERNEL_CODE (shader), .bindings = letters, .push_bytes = sizeof (LossPush),                \
                              .n_spec = specs                                                      \
  }

static const GpuKernel loss_stats = LOSS_KERNEL (loss_stats, "rrw", 1);
static const GpuKernel loss_gradients = LOSS_KERNEL (loss_gradients, "rrrrrwww", 3);
static const GpuKernel loss_total = LOSS_KERNEL (loss_total, "rrwu", 1);

static void
find_stats (GpuStream *stream, GpuTensor stats, GpuTensor cosines, GpuTensor logit_scale)
{
  const LossPush push = { .batch = cosines.rows };
  gboolean lane_owns_row = gpu_grid_lane_owns_row (stream);
  guint batch = cosines.rows;
  guint lanes = lane_owns_row ? gpu_grid_lanes (stream) : gpu_grid_row_lanes (batch);
  guint rows = lane_owns_row ? (batch + lanes - 1) / lanes : batch; /* workgroups */
  guint columns = (gpu_width (batch) / 4 + lanes - 1) / lanes;
  GpuDispatch dispatch = { .tensors = { cosines, logit_scale, stats },
                           .push = &push,
                           .flops = 8ull * batch * batch };
  gpu_grid_groups (stream, &dispatch, (guint64) rows + columns, lanes);
  gpu_stream_dispatch (stream, &loss_stats, &dispatch);
}

static void
sum_rows (GpuStream *stream, GpuTensor losses, GpuTensor dscale, GpuTensor partial,
          GpuTensor logit_scale, float weight)
{
  const LossPush push = { .batch = partial.rows, .weight = weight };
  guint lanes = gpu_grid_lanes (stream);
  g_assert (lanes <= 64); /* the shader's shared sums */
  const GpuDispatch dispatch = { .tensors = { partial, logit_scale, losses, dscale },
                                 .push = &push,
                                 .spec = { lanes },
                                 .groups = { 1 } };
  gpu_stream_dispatch (stream, &loss_total, &dispatch);
}

static void
check_shapes (GpuTensor losses, GpuTensor dimage, GpuTensor dtext, GpuTensor cosines,
              GpuTensor teacher, gboolean distill)
{
  guint batch = cosines.rows;
  g_assert (cosines.cols == batch && losses.cols == 4);
  g_assert (dimage.rows == batch && dimage.cols == batch);
  g_assert (dtext.rows == batch && dtext.cols == batch);
  g_assert (!distill || (teacher.rows == batch && teacher.cols == batch));
}

void
gpu_eclipse_loss (GpuStream *stream, GpuArena *arena, GpuTensor losses, GpuTensor dimage,
                  GpuTensor dtext, GpuTensor dscale, GpuTensor cosines, GpuTensor teacher,
                  GpuTensor logit_scale, const GpuLossOptions *options)
{
  guint batch = cosines.rows;
  gboolean distill = teacher.rows > 0;
  check_shapes (losses, dimage, dtext, cosines, teacher, distill);

  GpuTensor stats = gpu_arena_take (arena, LOSS_STATS, batch);
  GpuTensor teacher_stats = distill ? gpu_arena_take (arena, LOSS_STATS, batch) : stats;
  GpuTensor partial = gpu_arena_take (arena, batch, 4);
  find_stats (stream, stats, cosines, logit_scale);
  if (distill)
    find_stats (stream, teacher_stats, teacher, logit_scale);

  const LossPush push = { .batch = batch, .weight = options->weight };
  GpuDispatch dispatch = { .tensors = { cosines, distill ? teacher : cosines, stats, teacher_stats,
                                        logit_scale, dimage, dtext, partial },
                           .push = &push,
                           .spec = { 0, distill, options->stop_grad_text },
                           .flops = (distill ? 40ull : 20ull) * batch * batch };
  gpu_grid_rows (stream, &dispatch, batch, batch);
  gpu_stream_dispatch (stream, &loss_gradients, &dispatch);
  sum_rows (stream, losses, dscale, partial, logit_scale, distill ? options->weight : 0);

  gpu_arena_give (arena, stats);
  if (distill)
    gpu_arena_give (arena, teacher_stats);
  gpu_arena_give (arena, partial);
}
