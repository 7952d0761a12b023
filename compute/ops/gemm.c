/* Matrix products: see shaders/gemm.glsl for the two forms. */
#include "compute/ops/gemm.h"

#include "compute/ops/tiles.h"
#include "gemm_nn.spv.h"
#include "gemm_nt.spv.h"
#include "gemm_tn.spv.h"
#include "shaders/abi/gemm.h"

#define GEMM_KERNEL(shader)                                                                        \
  {                                                                                                \
    GPU_KERNEL_CODE (shader), .bindings = "rrrruwrr", .push_bytes = sizeof (GemmPush), .n_spec = 8 \
  }

/* Some CPU drivers cut loops after 65,535 rounds, nested ones together. A round of the texel form
 * advances k by 4, one of the tiled form by 3. */
#define MAX_K_IN_REGISTERS (4 * 65000u)
#define MAX_K_IN_TILES (3 * 65000u)

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
  return (options->bias.rows ? GEMM_BIAS : 0) | activations[options->activation]
         | (options->slope.rows ? GEMM_SLOPE : 0) | (options->residual.rows ? GEMM_RESIDUAL : 0)
         | (options->times.rows ? GEMM_TIMES : 0) | (options->accumulate ? GEMM_ACCUMULATE : 0);
}

static gboolean
uses_registers (GpuDevice *device)
{
  return device && gpu_device_get_read (device) == GPU_READ_TEXEL;
}

static void
lay_out (GpuDispatch *dispatch, const GemmPush *push, guint rows, guint cols)
{
  dispatch->groups[0] = (push->n + cols - 1) / cols;
  dispatch->groups[1] = (push->m + rows - 1) / rows;
}

static void
use_registers (GpuDispatch *dispatch, const GemmPush *push, guint subgroup)
{
  dispatch->spec[0] = subgroup;
  dispatch->spec[2] = gpu_stride (push->n) % 8 == 0;
  lay_out (dispatch, push, GEMM_ROWS, 4 * GEMM_VECS * subgroup);
}

static void
use_tile (GpuDispatch *dispatch, const GemmPush *push, const GpuGemmTile *tile)
{
  const guint32 constants[] = { tile->rows,     tile->cols,     tile->depth,
                                tile->own_rows, tile->own_cols, tile->groups };
  dispatch->spec[0] = gpu_gemm_tile_lanes (tile);
  for (guint i = 0; i < G_N_ELEMENTS (constants); i++)
    dispatch->spec[2 + i] = constants[i];
  lay_out (dispatch, push, tile->rows, tile->cols);
}

/* Terms of a sum that one dispatch may add up. */
static guint
most_terms (GpuStream *stream)
{
  GpuDevice *device = gpu_stream_get_device (stream);
  if (!device || gpu_device_get_info (device)->type != GPU_TYPE_CPU)
    return G_MAXUINT;
  return uses_registers (device) ? MAX_K_IN_REGISTERS : MAX_K_IN_TILES;
}

static void
check_limits (GpuStream *stream, const GpuDispatch *dispatch, const GemmPush *push)
{
  const guint most = most_terms (stream);
  if (dispatch->groups[1] > 65535)
    gpu_stream_fail (stream, GPU_ERROR_LIMIT,
                     "a matrix product of %u rows is too tall: use a smaller batch", push->m);
  if (push->k > most)
    gpu_stream_fail (stream, GPU_ERROR_LIMIT,
                     "a matrix product over %u terms is too long for this device, which counts to "
                     "%u: use a smaller batch or model",
                     push->k, most);
}

static void
multiply (GpuStream *stream, GpuLayout layout, GpuTensor c, GpuTensor a, GpuTensor b,
          const GpuGemmOptions *options)
{
  g_assert (!options->times.rows || !options->residual.rows);

  GemmPush push = sizes (layout, c, a, b);
  push.alpha = options->alpha != 0 ? options->alpha : 1;
  GpuTensor other = options->times.rows ? options->times : options->residual;
  GpuTensor slope = options->slope.rows ? options->slope : c;
  GpuDispatch dispatch = {
    .tensors = { a, b, options->bias.rows ? options->bias : a, other.rows ? other : a, c, slope, c,
                 slope },
    .push = &push,
    .spec = { 0, epilogue (options) },
    .flops = 2ull * push.m * push.n * push.k,
    .shape = { push.m, push.n, push.k },
  };
  GpuDevice *device = gpu_stream_get_device (stream);
  if (uses_registers (device))
    use_registers (&dispatch, &push, gpu_device_get_info (device)->subgroup_size);
  else
    use_tile (&dispatch, &push, gpu_gemm_tile (device, push.m, push.n));
  check_limits (stream, &dispatch, &push);
  gpu_stream_dispatch (stream, &kernels[layout], &dispatch);
}

static GpuTensor
rows_from (GpuTensor x, guint first, guint rows)
{
  x.offset += (guint64) first * gpu_tensor_stride (x) * 4;
  x.rows = MIN (rows, x.rows - first);
  return x;
}

/* The terms of TN are rows, of all pictures of a batch: too many are added up in turns. Turns of 16
 * rows begin on 256 bytes. */
void
gpu_gemm (GpuStream *stream, GpuLayout layout, GpuTensor c, GpuTensor a, GpuTensor b,
          const GpuGemmOptions *options)
{
  GpuGemmOptions turn = options ? *options : (GpuGemmOptions){ 0 };
  const guint most = layout == GPU_TN ? most_terms (stream) & ~15u : G_MAXUINT;
  if (layout != GPU_TN || a.rows <= most)
    {
      multiply (stream, layout, c, a, b, &turn);
      return;
    }
  g_assert (!(epilogue (&turn) & ~(guint32) GEMM_ACCUMULATE));
  for (guint first = 0; first < a.rows; first += MIN (most, a.rows - first))
    {
      multiply (stream, layout, c, rows_from (a, first, most), rows_from (b, first, most), &turn);
      turn.accumulate = TRUE;
    }
}
