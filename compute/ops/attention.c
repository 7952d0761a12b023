/* Attention: shapes checked, forms chosen, grids laid out. See shaders/attention.glsl. */
#include "compute/ops/attention.h"

#include <math.h>

#include "attention.spv.h"
#include "attention_cls.spv.h"
#include "attention_delta.spv.h"
#include "attention_dkv.spv.h"
#include "attention_dq.spv.h"
#include "compute/ops/grid.h"
#include "compute/ops/tiles.h"
#include "shaders/abi/attention.h"

#define MAX_GROUPS 65535
/* Texel form: the widest head whose rows are held in registers (or on a CPU's stack) as a whole, and
 * vec4s of wider ones, and of those that are not aligned. */
#define TEXEL_HEAD 128
#define SLICE4 8
/* Tiled form: vec4s of a row that a workgroup writes; dkv holds twice that in registers. */
#define TILED_SLICE4 16

#define ATTENTION_KERNEL(shader, letters)                                                          \
  {                                                                                                \
    GPU_KERNEL_CODE (shader), .bindings = letters, .push_bytes = sizeof (AttentionPush),           \
                              .n_spec = 4                                                          \
  }

static const GpuKernel forward = ATTENTION_KERNEL (attention, "rww");
static const GpuKernel cls = ATTENTION_KERNEL (attention_cls, "rrw");
static const GpuKernel delta_kernel = ATTENTION_KERNEL (attention_delta, "rrrrrw");
static const GpuKernel dq_kernel = ATTENTION_KERNEL (attention_dq, "rrrrrww");
static const GpuKernel dkv_kernel = ATTENTION_KERNEL (attention_dkv, "rrrrrw");

typedef struct
{
  AttentionPush push;
  guint head4;
  guint32 flags;
} Form;

static gboolean
is_texel (GpuStream *stream)
{
  GpuDevice *device = gpu_stream_get_device (stream);
  return device && gpu_device_get_read (device) == GPU_READ_TEXEL;
}

/* The tiled form works on whole slices: widths in between would only cost compiles. */
static guint
whole_tiles (guint head4)
{
  const guint tile4 = ATTENTION_TILE / 4;
  return (head4 + tile4 - 1) / tile4 * tile4;
}

static Form
form_of (GpuStream *stream, const GpuAttention *shape, GpuTensor qkv)
{
  guint width = qkv.cols / 3;
  g_assert (shape->batch > 0 && shape->tokens > 0 && shape->heads > 0);
  g_assert (width * 3 == qkv.cols && width % shape->heads == 0);
  g_assert (qkv.rows == shape->batch * shape->tokens);
  guint head = width / shape->heads, head4 = gpu_width (head) / 4;
  gboolean texel = is_texel (stream), unaligned = head % 4 != 0;
  gboolean sliced = texel && (unaligned || head > TEXEL_HEAD);
  Form form = {
    .push = { .tokens = shape->tokens,
              .heads = shape->heads,
              .head_width = head,
              .batch_heads = shape->batch * shape->heads,
              .blocks = 1,
              .slices = 1,
              .scale = (float) (1 / sqrt (head)) },
    .head4 = !texel   ? MIN (whole_tiles (head4), TILED_SLICE4)
             : sliced ? MIN (head4, SLICE4)
                      : head4,
    .flags = (shape->causal ? ATTENTION_CAUSAL : 0) | (sliced ? ATTENTION_SLICED : 0)
             | (unaligned ? ATTENTION_UNALIGNED : 0),
  };
  form.push.slices = (head4 + form.head4 - 1) / form.head4;
  return form;
}

/* Workgroups of `lanes` invocations, folded into y where x alone is too short. */
static void
lay_out (GpuStream *stream, GpuDispatch *dispatch, const Form *form, guint64 groups, guint lanes,
         guint own)
{
  guint64 folds = (groups + MAX_GROUPS - 1) / MAX_GROUPS;
  if (folds > MAX_GROUPS)
    gpu_stream_fail (stream, GPU_ERROR_LIMIT,
                     "attention over %u heads of %u tokens is too large for one kernel: use a "
                     "smaller batch",
                     form->push.batch_heads, form->push.tokens);
  dispatch->push = &form->push;
  dispatch->shape[0] = form->push.batch_heads;
  dispatch->shape[1] = form->push.tokens;
  dispatch->shape[2] = form->push.head_width;
  dispatch->spec[0] = lanes;
  dispatch->spec[1] = form->head4;
  dispatch->spec[2] = form->flags;
  dispatch->spec[3] = own;
  dispatch->groups[0] = (guint) ((groups + folds - 1) / folds);
  dispatch->groups[1] = (guint) folds;
}

static void
lay_out_rows (GpuStream *stream, GpuDispatch *dispatch, Form *form, guint rows, guint lanes,
              guint own)
{
  form->push.blocks = (form->push.tokens + rows - 1) / rows;
  guint64 groups = (guint64) form->push.batch_heads * form->push.blocks * form->push.slices;
  lay_out (stream, dispatch, form, groups, lanes, own);
}

/* What a workgroup of the texel form takes whose lanes own so many rows, times five: all rows share loads
 * and shuffles, which take four fifths of a row's arithmetic. Under a causal mask a workgroup meets only
 * the rows up to its own (or from its own on, which adds up to the same). */
static guint64
cost (const Form *form, guint lanes, guint own)
{
  const guint rows = lanes * own, tokens = form->push.tokens;
  guint64 met = 0;
  for (guint end = rows; end < tokens + rows; end += rows)
    met += form->flags & ATTENTION_CAUSAL ? MIN (end, tokens) : tokens;
  return met * (4 + 5 * own);
}

/* Rows a lane: the fewer workgroups the better, unless the last of a head is mostly empty, and as long as
 * the arrays stay near the registers: up to `most` rows. */
static guint
rows_a_lane (const Form *form, guint lanes, guint most)
{
  guint best = 1;
  for (guint own = 2; own <= most && !(form->flags & ATTENTION_SLICED); own++)
    if (cost (form, lanes, own) < cost (form, lanes, best))
      best = own;
  return best;
}

/* A workgroup for every block of rows of a head: a tile of them, or in the texel form, which shuffles
 * within a subgroup, up to `most` a lane. */
static void
lay_out_blocks (GpuStream *stream, GpuDispatch *dispatch, Form *form, guint most)
{
  GpuDevice *device = gpu_stream_get_device (stream);
  if (!is_texel (stream))
    {
      const GpuAttentionTile *tile =
          gpu_attention_tile (device, form->push.tokens, form->push.batch_heads);
      lay_out_rows (stream, dispatch, form, tile->rows, gpu_attention_tile_lanes (tile), 1);
      return;
    }
  guint lanes = gpu_device_get_info (device)->subgroup_size;
  guint own = rows_a_lane (form, lanes, most);
  lay_out_rows (stream, dispatch, form, lanes * own, lanes, own);
}

/* By what was measured (compute/README.md, "Attention"). dkv keeps twice as much of a row. */
static guint
most_queries (const Form *form)
{
  return form->head4 <= 8 ? 3 : form->head4 <= 16 ? 2 : 1;
}

static guint
most_keys (const Form *form)
{
  return form->head4 <= 16 ? 2 : 1;
}

/* Operations of `products` products of [T,D] by [D,T]; a causal mask leaves half of them. */
static guint64
operations (const Form *form, guint products)
{
  const AttentionPush *push = &form->push;
  guint64 pairs = (guint64) push->tokens
                  * (form->flags & ATTENTION_CAUSAL ? push->tokens + 1 : 2 * push->tokens) / 2;
  return 2 * products * pairs * push->head_width * push->batch_heads;
}

void
gpu_attention (GpuStream *stream, GpuTensor o, GpuTensor lse, GpuTensor qkv,
               const GpuAttention *shape)
{
  Form form = form_of (stream, shape, qkv);
  g_assert (o.rows == qkv.rows && o.cols * 3 == qkv.cols);
  g_assert (lse.rows == form.push.batch_heads && lse.cols == shape->tokens);
  GpuDispatch dispatch = { .tensors = { qkv, o, lse }, .flops = operations (&form, 2) };
  lay_out_blocks (stream, &dispatch, &form, most_queries (&form));
  gpu_stream_dispatch (stream, &forward, &dispatch);
}

void
gpu_attention_cls (GpuStream *stream, GpuTensor a, GpuTensor qkv, GpuTensor lse,
                   const GpuAttention *shape)
{
  Form form = form_of (stream, shape, qkv);
  g_assert (a.rows == shape->batch && a.cols + 1 == shape->tokens && !shape->causal);
  g_assert (lse.rows == form.push.batch_heads && lse.cols == shape->tokens);
  GpuDispatch dispatch = { .tensors = { qkv, lse, a },
                           .flops = 2ull * a.rows * a.cols * (qkv.cols / 3) };
  guint lanes = gpu_grid_lanes (stream);
  guint64 items = (guint64) a.rows * gpu_width (a.cols) / 4;
  lay_out (stream, &dispatch, &form, (items + lanes - 1) / lanes, lanes, 1);
  gpu_stream_dispatch (stream, &cls, &dispatch);
}

void
gpu_attention_backward (GpuStream *stream, GpuArena *arena, GpuTensor dqkv, GpuTensor d_o,
                        GpuTensor qkv, GpuTensor o, GpuTensor lse, GpuTensor da,
                        const GpuAttention *shape)
{
  Form form = form_of (stream, shape, qkv);
  gboolean with_cls = da.rows > 0 && da.cols > 0;
  g_assert (dqkv.rows == qkv.rows && dqkv.cols == qkv.cols);
  g_assert (o.rows == qkv.rows && o.cols * 3 == qkv.cols);
  g_assert (d_o.rows == o.rows && d_o.cols == o.cols);
  g_assert (lse.rows == form.push.batch_heads && lse.cols == shape->tokens);
  g_assert (!with_cls || (da.rows == shape->batch && da.cols + 1 == shape->tokens));
  g_assert (!with_cls || !shape->causal);
  form.flags |= with_cls ? ATTENTION_CLS : 0;
  if (!with_cls)
    da = lse;

  GpuTensor delta = gpu_arena_take (arena, lse.rows, lse.cols);
  GpuTensor refined = gpu_arena_take (arena, lse.rows, lse.cols);
  GpuDispatch dispatch = { .tensors = { d_o, o, qkv, lse, da, delta },
                           .flops = 2ull * o.rows * o.cols };
  guint lanes = gpu_grid_lanes (stream), tokens4 = gpu_width (lse.cols) / 4;
  guint64 blocks = (lse.rows + lanes - 1) / lanes;
  lay_out (stream, &dispatch, &form, blocks * tokens4, lanes, 1);
  gpu_stream_dispatch (stream, &delta_kernel, &dispatch);

  dispatch = (GpuDispatch){ .tensors = { qkv, d_o, lse, delta, da, dqkv, refined },
                            .flops = operations (&form, 3) };
  lay_out_blocks (stream, &dispatch, &form, most_queries (&form));
  gpu_stream_dispatch (stream, &dq_kernel, &dispatch);
  dispatch.tensors[3] = refined;
  dispatch.tensors[6] = (GpuTensor){ 0 };
  dispatch.flops = operations (&form, 4);
  lay_out_blocks (stream, &dispatch, &form, most_keys (&form));
  gpu_stream_dispatch (stream, &dkv_kernel, &dispatch);
  gpu_arena_give (arena, delta);
  gpu_arena_give (arena, refined);
}
