/* Updates of whole slabs, cut into pieces that a binding can hold; see shaders/optim_*.comp. */
#include "compute/ops/optim.h"

#include "compute/ops/grid.h"
#include "optim_adamw.spv.h"
#include "optim_clamp.spv.h"
#include "optim_ema.spv.h"
#include "optim_norm.spv.h"
#include "optim_norm_total.spv.h"

/* vec4s of partial sums, the same on every device, so that a dry run forecasts their memory; a
 * multiple of every workgroup's size. */
#define MAX_PARTIALS 16384

#define OPTIM_KERNEL(shader, letters, specs)                                                       \
  {                                                                                                \
    GPU_KERNEL_CODE (shader), .bindings = letters, .push_bytes = sizeof (OptimPush),               \
                              .n_spec = specs                                                      \
  }

static const GpuKernel norm_partial = OPTIM_KERNEL (optim_norm, "ru", 2);
static const GpuKernel norm_total = OPTIM_KERNEL (optim_norm_total, "rw", 1);
static const GpuKernel adamw = OPTIM_KERNEL (optim_adamw, "rrrrrwwu", 1);
static const GpuKernel clamp_elements = OPTIM_KERNEL (optim_clamp, "u", 1);
static const GpuKernel ema = OPTIM_KERNEL (optim_ema, "rrrw", 1);

/* Floats a piece: what a binding of either kind can hold, from one aligned offset to another. */
static guint64
piece_length (GpuStream *stream)
{
  GpuDevice *device = gpu_stream_get_device (stream);
  if (!device)
    return G_MAXUINT32;
  const GpuDeviceInfo *info = gpu_device_get_info (device);
  guint64 bytes = MIN (info->max_binding_bytes, info->max_texels * 16);
  return bytes / GPU_TENSOR_ALIGN * (GPU_TENSOR_ALIGN / 4);
}

static GpuTensor
piece (GpuTensor slab, guint64 first, guint64 length)
{
  slab.offset += 4 * first;
  slab.cols = (guint) MIN (length, slab.cols - first);
  return slab;
}

/* One invocation per OPTIM_ROUNDS vec4s, in whole workgroups. */
static void
slab_grid (GpuStream *stream, GpuDispatch *dispatch, GpuTensor slab)
{
  guint64 lanes = gpu_grid_lanes (stream), run = lanes * OPTIM_ROUNDS;
  guint64 vectors = ((guint64) slab.cols + 3) / 4;
  gpu_grid_items (stream, dispatch, (vectors + run - 1) / run * lanes);
}

/* Adds the squares of one slab to the partial sums, or begins them. */
static void
add_squares (GpuStream *stream, GpuTensor partial, GpuTensor gradients, gboolean begin)
{
  guint64 length = piece_length (stream);
  for (guint64 first = 0; first < gradients.cols; first += length)
    {
      GpuTensor part = piece (gradients, first, length);
      guint64 vectors = ((guint64) part.cols + 3) / 4, sums = partial.cols / 4;
      const OptimPush push = { .n = part.cols,
                               .partials = (guint) sums,
                               .rounds = (guint) ((vectors + sums - 1) / sums) };
      GpuDispatch dispatch = { .tensors = { part, partial },
                               .push = &push,
                               .spec = { 0, begin && first == 0 },
                               .flops = 2ull * part.cols };
      gpu_grid_items (stream, &dispatch, sums);
      gpu_stream_dispatch (stream, &norm_partial, &dispatch);
    }
}

void
gpu_gradient_norm (GpuStream *stream, GpuArena *arena, GpuTensor norm, const GpuTensor *gradients,
                   guint n)
{
  guint lanes = gpu_grid_lanes (stream);
  OptimPush push = { 0 };
  g_assert (norm.cols == 1 && n > 0);
  g_assert (lanes <= 64 && MAX_PARTIALS % lanes == 0); /* the shader's shared sums */
  for (guint i = 0; i < n; i++)
    {
      guint64 vectors = ((guint64) gradients[i].cols + 3) / 4;
      g_assert (gradients[i].rows == 1);
      push.partials = MAX (push.partials, (guint) MIN (vectors, MAX_PARTIALS));
    }

  GpuTensor partial = gpu_arena_take (arena, 1, 4 * push.partials);
  for (guint i = 0; i < n; i++)
    add_squares (stream, partial, gradients[i], i == 0);
  const GpuDispatch total = {
    .tensors = { partial, norm }, .push = &push, .spec = { lanes }, .groups = { 1 }
  };
  gpu_stream_dispatch (stream, &norm_total, &total);
  gpu_arena_give (arena, partial);
}

void
gpu_adamw (GpuStream *stream, GpuTensor theta, GpuTensor m, GpuTensor v, GpuTensor gradient,
           GpuTensor norm, GpuTensor scalars, const GpuAdamw *options)
{
  guint64 length = piece_length (stream);
  g_assert (theta.rows == 1 && m.rows == 1 && v.rows == 1 && gradient.rows == 1);
  g_assert (m.cols == theta.cols && v.cols == theta.cols && gradient.cols == theta.cols);
  g_assert (scalars.cols == OPTIM_SCALARS);

  for (guint64 first = 0; first < theta.cols; first += length)
    {
      GpuTensor t = piece (theta, first, length), m1 = piece (m, first, length);
      const OptimPush push = { .n = t.cols,
                               .beta1 = options->beta1,
                               .beta2 = options->beta2,
                               .eps = options->eps,
                               .decay = options->decay,
                               .clip = options->clip };
      GpuDispatch dispatch = { .tensors = { piece (gradient, first, length), norm, scalars, t, m1,
                                            t, m1, piece (v, first, length) },
                               .push = &push,
                               .flops = 15ull * t.cols };
      slab_grid (stream, &dispatch, t);
      gpu_stream_dispatch (stream, &adamw, &dispatch);
    }
}

void
gpu_clamp (GpuStream *stream, GpuTensor x, float low, float high)
{
  guint64 length = piece_length (stream);
  g_assert (x.rows == 1);
  for (guint64 first = 0; first < x.cols; first += length)
    {
      GpuTensor part = piece (x, first, length);
      const OptimPush push = { .n = part.cols, .low = low, .high = high };
      GpuDispatch dispatch = { .tensors = { part }, .push = &push };
      gpu_grid_items (stream, &dispatch, ((guint64) part.cols + 3) / 4);
      gpu_stream_dispatch (stream, &clamp_elements, &dispatch);
    }
}

void
gpu_ema (GpuStream *stream, GpuTensor teacher, GpuTensor student, GpuTensor scalars)
{
  guint64 length = piece_length (stream);
  g_assert (teacher.rows == 1 && student.rows == 1 && student.cols == teacher.cols);
  g_assert (scalars.cols == OPTIM_SCALARS);

  for (guint64 first = 0; first < teacher.cols; first += length)
    {
      GpuTensor t = piece (teacher, first, length);
      const OptimPush push = { .n = t.cols };
      GpuDispatch dispatch = { .tensors = { piece (student, first, length), scalars, t, t },
                               .push = &push,
                               .flops = 3ull * t.cols };
      slab_grid (stream, &dispatch, t);
      gpu_stream_dispatch (stream, &ema, &dispatch);
    }
}
