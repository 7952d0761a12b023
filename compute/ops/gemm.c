/* Matrix products: see shaders/gemm.glsl for the two forms. */
#include "compute/ops/gemm.h"

#include "gemm_nn.spv.h"
#include "gemm_nt.spv.h"
#include "gemm_tn.spv.h"
#include "shaders/abi/gemm.h"

#define GEMM_KERNEL(shader)                                                                        \
  {                                                                                                \
    GPU_KERNEL_CODE (shader), .bindings = "rrrruw", .push_bytes = sizeof (GemmPush), .n_spec = 3   \
  }

/* Some CPU drivers cut a loop after 65,535 rounds; a round advances k by at least 8. */
#define MAX_K_OF_CPU (8 * 65000u)

static const GpuKernel kernels[] = {
  [GPU_NT] = GEMM_KERNEL (gemm_nt),
  [GPU_NN] = GEMM_KERNEL (gemm_nn),
  [GPU_TN] = GEMM_KERNEL (gemm_tn),
};

static GemmPush
sizes (GpuLayout layout, GpuTensor c, GpuTensor a, GpuTensor b)
{
  GemmPush push = { .m = layout == GPU_TN ? a.cols : a.rows,
                    .n = layout == GPU_NT ? b.rows : b.cols,
                    .k = layout == GPU_TN ? a.rows : a.cols };
  g_assert (push.k == (layout == GPU_NT ? b.cols : b.rows));
  g_assert (c.rows == push.m && c.cols == push.n);
  return push;
}

static guint32
epilogue (const GpuGemmOptions *options)
{
  const guint32 activations[] = { 0, GEMM_GELU, GEMM_QUICK_GELU };
  const guint32 gradients[] = { 0, GEMM_GELU_GRAD, GEMM_QUICK_GRAD };
  return (options->bias.rows ? GEMM_BIAS : 0) | (options->save.rows ? GEMM_SAVE : 0)
         | activations[options->activation] | (options->residual.rows ? GEMM_RESIDUAL : 0)
         | gradients[options->gradient] | (options->accumulate ? GEMM_ACCUMULATE : 0);
}

/* The texel form gives a subgroup 32 / vecs rows x 4 vecs columns a lane; the tiled form 64 x 64 to
 * 256 invocations. */
static void
tile (GpuStream *stream, GpuDispatch *dispatch, const GemmPush *push, GpuLayout layout)
{
  GpuDevice *device = gpu_stream_get_device (stream);
  gboolean registers = device && gpu_device_get_read (device) == GPU_READ_TEXEL;
  guint lanes = registers ? gpu_device_get_info (device)->subgroup_size : 256;
  guint vecs = layout == GPU_TN ? GEMM_VECS_TN : GEMM_VECS;
  guint rows = registers ? 32 / vecs : 64, cols = registers ? 4 * vecs * lanes : 64;
  dispatch->spec[0] = lanes;
  dispatch->spec[2] = registers && vecs == 2 && gpu_stride (push->n) % 8 == 0;
  dispatch->groups[0] = (push->n + cols - 1) / cols;
  dispatch->groups[1] = (push->m + rows - 1) / rows;
}

static void
check_limits (GpuStream *stream, const GpuDispatch *dispatch, const GemmPush *push)
{
  GpuDevice *device = gpu_stream_get_device (stream);
  if (dispatch->groups[1] > 65535)
    gpu_stream_fail (stream, GPU_ERROR_LIMIT,
                     "a matrix product of %u rows is too tall: use a smaller batch", push->m);
  if (device && gpu_device_get_info (device)->type == GPU_TYPE_CPU && push->k > MAX_K_OF_CPU)
    gpu_stream_fail (stream, GPU_ERROR_LIMIT,
                     "a matrix product over %u terms is too long for this device, which counts to "
                     "%u: use a smaller batch or model",
                     push->k, MAX_K_OF_CPU);
}

void
gpu_gemm (GpuStream *stream, GpuLayout layout, GpuTensor c, GpuTensor a, GpuTensor b,
          const GpuGemmOptions *options)
{
  const GpuGemmOptions none = { 0 };
  if (!options)
    options = &none;
  g_assert (!options->gradient || !options->residual.rows);

  GemmPush push = sizes (layout, c, a, b);
  push.alpha = options->alpha != 0 ? options->alpha : 1;
  GpuTensor residual = options->gradient ? options->gradient_at : options->residual;
  GpuDispatch dispatch = {
    .tensors = { a, b, options->bias.rows ? options->bias : a, residual.rows ? residual : a, c,
                 options->save.rows ? options->save : c },
    .push = &push,
    .spec = { 0, epilogue (options) },
    .flops = 2ull * push.m * push.n * push.k,
    .shape = { push.m, push.n, push.k },
  };
  tile (stream, &dispatch, &push, layout);
  check_limits (stream, &dispatch, &push);
  gpu_stream_dispatch (stream, &kernels[layout], &dispatch);
}
