#include "models/nn/block.h"

#include "compute/ops/embed.h"
#include "compute/ops/layernorm.h"

static gboolean
shrinks (const NnBlock *block)
{
  return block->kept && !block->last;
}

static GpuEvit
evit_shape (const NnBlock *block)
{
  return (GpuEvit){ .batch = block->attention.batch,
                    .tokens = block->attention.tokens,
                    .kept = block->kept,
                    .fuse = block->fuse };
}

static GpuTensor
read_rows (NnContext *nn, const NnBlock *block, GpuTensor x)
{
  GpuTensor y = nn_take (nn, block->attention.batch, x.cols);
  gpu_take_token (nn->stream, y, x, block->position);
  return y;
}

/* x1 = x + o W_out^T + b_out, in the last block of the rows that are read. */
static void
out_proj_forward (NnContext *nn, NnBlock *block, GpuTensor x)
{
  const NnBlockParams *p = block->params;
  GpuTensor o = block->o, residual = x;
  if (block->last)
    {
      o = block->o_read = read_rows (nn, block, block->o);
      residual = read_rows (nn, block, x);
    }
  block->x_1 = nn_take (nn, residual.rows, block->width);
  gpu_gemm (nn->stream, GPU_NT, block->x_1, o, nn_weight (nn, p->out_proj.weight),
            &(GpuGemmOptions){ .bias = nn_weight (nn, p->out_proj.bias), .residual = residual });
  if (!block->last)
    return;
  nn_give (nn, residual);
  nn_give_unless_training (nn, block->o_read);
}

/* x1 = x + attention (ln_1 (x)) W_out^T + b_out */
static GpuTensor
attention_forward (NnContext *nn, NnBlock *block, GpuTensor x)
{
  const NnBlockParams *p = block->params;
  const guint rows = x.rows, width = block->width;
  block->x = x;
  block->stats_1 = nn_take (nn, rows, 2);
  block->h_1 = nn_take (nn, rows, width);
  gpu_layernorm (nn->stream, block->h_1, block->stats_1, x, nn_weight (nn, p->ln_1.weight),
                 nn_weight (nn, p->ln_1.bias));

  block->qkv = nn_take (nn, rows, 3 * width);
  gpu_gemm (nn->stream, GPU_NT, block->qkv, block->h_1, nn_weight (nn, p->in_proj.weight),
            &(GpuGemmOptions){ .bias = nn_weight (nn, p->in_proj.bias) });
  nn_give_unless_training (nn, block->h_1);
  nn_give_unless_training (nn, block->stats_1);

  block->o = nn_take (nn, rows, width);
  block->lse =
      nn_take (nn, block->attention.batch * block->attention.heads, block->attention.tokens);
  gpu_attention (nn->stream, block->o, block->lse, block->qkv, &block->attention);

  out_proj_forward (nn, block, x);
  nn_give_unless_training (nn, block->o);
  nn_give_unless_training (nn, x);
  return block->x_1;
}

static void
watch (NnContext *nn, const NnBlock *block, GpuTensor order)
{
  if (!block->watch_attention.rows)
    return;
  gpu_stream_copy (nn->stream, block->watch_attention, block->a);
  gpu_stream_copy (nn->stream, block->watch_order, order);
}

/* a, rank and, to be given, order */
static GpuTensor
select_tokens (NnContext *nn, NnBlock *block, const GpuEvit *shape)
{
  block->a = nn_take (nn, shape->batch, shape->tokens - 1);
  block->rank = nn_take (nn, shape->batch, shape->tokens - 1);
  GpuTensor order = nn_take (nn, shape->batch, shape->tokens - 1);
  gpu_attention_cls (nn->stream, block->a, block->qkv, block->lse, &block->attention);
  gpu_evit_select (nn->stream, order, block->rank, block->a, shape);
  watch (nn, block, order);
  return order;
}

/* Whom the last block would keep: nobody computes with it. */
static void
select_for_viewers (NnContext *nn, NnBlock *block)
{
  const GpuEvit shape = evit_shape (block);
  if (!block->watch_attention.rows)
    return;
  nn_give (nn, select_tokens (nn, block, &shape));
  nn_give (nn, block->a);
  nn_give (nn, block->rank);
}

/* x2 = [CLS, kept, fused] of x1 */
static GpuTensor
shrink_forward (NnContext *nn, NnBlock *block)
{
  const GpuEvit shape = evit_shape (block);
  GpuTensor order = select_tokens (nn, block, &shape);
  GpuTensor x_2 = nn_take (nn, shape.batch * (1 + shape.kept + (shape.fuse ? 1 : 0)), block->width);
  gpu_evit_gather (nn->stream, x_2, block->x_1, block->a, order, &shape);
  nn_give (nn, order);
  nn_give_unless_training (nn, block->a);
  nn_give_unless_training (nn, block->rank);
  nn_give_unless_training (nn, block->x_1);
  return x_2;
}

/* y = x2 + gelu (ln_2 (x2) W_fc^T + b_fc) W_proj^T + b_proj */
static GpuTensor
mlp_forward (NnContext *nn, NnBlock *block, GpuTensor x)
{
  const NnBlockParams *p = block->params;
  const guint rows = x.rows;
  block->x_2 = x;
  block->stats_2 = nn_take (nn, rows, 2);
  block->h_2 = nn_take (nn, rows, block->width);
  gpu_layernorm (nn->stream, block->h_2, block->stats_2, x, nn_weight (nn, p->ln_2.weight),
                 nn_weight (nn, p->ln_2.bias));

  GpuGemmOptions up = { .bias = nn_weight (nn, p->c_fc.bias), .activation = block->activation };
  if (nn->training)
    up.slope = block->slope = nn_take (nn, rows, block->hidden);
  block->g = nn_take (nn, rows, block->hidden);
  gpu_gemm (nn->stream, GPU_NT, block->g, block->h_2, nn_weight (nn, p->c_fc.weight), &up);
  nn_give_unless_training (nn, block->h_2);
  nn_give_unless_training (nn, block->stats_2);

  GpuTensor y = nn_take (nn, rows, block->width);
  gpu_gemm (nn->stream, GPU_NT, y, block->g, nn_weight (nn, p->c_proj.weight),
            &(GpuGemmOptions){ .bias = nn_weight (nn, p->c_proj.bias), .residual = x });
  nn_give_unless_training (nn, block->g);
  nn_give_unless_training (nn, x);
  return y;
}

GpuTensor
nn_block_forward (NnContext *nn, NnBlock *block, GpuTensor x)
{
  GpuTensor x_2 = attention_forward (nn, block, x);
  if (shrinks (block))
    x_2 = shrink_forward (nn, block);
  else if (block->kept)
    select_for_viewers (nn, block);
  nn_give_unless_training (nn, block->qkv);
  nn_give_unless_training (nn, block->lse);
  return mlp_forward (nn, block, x_2);
}

/* Of y = x W^T + b: dW += dy^T x, db += sum of dy, dx = dy W (times the slope of the activation
 * that made x). Gives x. */
static GpuTensor
linear_backward (NnContext *nn, NnAffine affine, GpuTensor dy, GpuTensor x,
                 const GpuGemmOptions *options)
{
  GpuTensor dx = nn_take (nn, x.rows, x.cols);
  gpu_gemm (nn->stream, GPU_NN, dx, dy, nn_weight (nn, affine.weight), options);
  gpu_gemm (nn->stream, GPU_TN, nn_gradient (nn, affine.weight), dy, x,
            &(GpuGemmOptions){ .accumulate = TRUE });
  gpu_column_sum (nn->stream, nn->arena, nn_gradient (nn, affine.bias), dy);
  nn_give (nn, x);
  return dx;
}

/* dx = dresidual + layernorm's gradient, in place of dresidual. Gives dh, x and stats. */
static void
norm_backward (NnContext *nn, NnAffine affine, GpuTensor dresidual, GpuTensor dh, GpuTensor x,
               GpuTensor stats)
{
  gpu_layernorm_backward (nn->stream, nn->arena, dresidual, nn_gradient (nn, affine.weight),
                          nn_gradient (nn, affine.bias), dh, x, stats,
                          nn_weight (nn, affine.weight), dresidual);
  nn_give (nn, dh);
  nn_give (nn, stats);
}

static void
mlp_backward (NnContext *nn, NnBlock *block, GpuTensor dy)
{
  const NnBlockParams *p = block->params;
  const GpuGemmOptions through_gelu = { .times = block->slope };
  GpuTensor du = linear_backward (nn, p->c_proj, dy, block->g, &through_gelu);
  nn_give (nn, block->slope);
  GpuTensor dh = linear_backward (nn, p->c_fc, du, block->h_2, NULL);
  nn_give (nn, du);
  norm_backward (nn, p->ln_2, dy, dh, block->x_2, block->stats_2);
}

static GpuTensor
shrink_backward (NnContext *nn, NnBlock *block, GpuTensor dx_2, GpuTensor *da)
{
  const GpuEvit shape = evit_shape (block);
  GpuTensor dx_1 = nn_take (nn, block->x_1.rows, block->width);
  *da = nn_take (nn, shape.batch, shape.tokens - 1);
  gpu_evit_gather_backward (nn->stream, dx_1, *da, dx_2, block->x_1, block->a, block->rank, &shape);
  nn_give (nn, dx_2);
  nn_give (nn, block->x_2);
  nn_give (nn, block->a);
  nn_give (nn, block->rank);
  return dx_1;
}

/* The gradient of all rows from that of those read. Gives dy. */
static GpuTensor
spread_rows (NnContext *nn, const NnBlock *block, GpuTensor dy)
{
  GpuTensor dx = nn_take (nn, block->attention.batch * block->attention.tokens, dy.cols);
  gpu_take_token_backward (nn->stream, dx, dy, block->position);
  nn_give (nn, dy);
  return dx;
}

static GpuTensor
out_proj_backward (NnContext *nn, NnBlock *block, GpuTensor dx_1)
{
  const NnBlockParams *p = block->params;
  GpuTensor d_o = nn_take (nn, dx_1.rows, block->width);
  gpu_gemm (nn->stream, GPU_NN, d_o, dx_1, nn_weight (nn, p->out_proj.weight), NULL);
  gpu_gemm (nn->stream, GPU_TN, nn_gradient (nn, p->out_proj.weight), dx_1,
            block->last ? block->o_read : block->o, &(GpuGemmOptions){ .accumulate = TRUE });
  gpu_column_sum (nn->stream, nn->arena, nn_gradient (nn, p->out_proj.bias), dx_1);
  if (!block->last)
    return d_o;
  nn_give (nn, block->o_read);
  return spread_rows (nn, block, d_o);
}

/* Gives dx_1 or makes it dx. */
static GpuTensor
attention_backward (NnContext *nn, NnBlock *block, GpuTensor dx_1, GpuTensor da)
{
  const NnBlockParams *p = block->params;
  GpuTensor d_o = out_proj_backward (nn, block, dx_1);
  GpuTensor dqkv = nn_take (nn, d_o.rows, 3 * block->width);
  gpu_attention_backward (nn->stream, nn->arena, dqkv, d_o, block->qkv, block->o, block->lse, da,
                          &block->attention);
  nn_give (nn, d_o);
  nn_give (nn, block->o);
  nn_give (nn, block->lse);
  nn_give (nn, block->qkv);

  GpuTensor dh = linear_backward (nn, p->in_proj, dqkv, block->h_1, NULL);
  nn_give (nn, dqkv);
  GpuTensor dx = block->last ? spread_rows (nn, block, dx_1) : dx_1;
  norm_backward (nn, p->ln_1, dx, dh, block->x, block->stats_1);
  return dx;
}

GpuTensor
nn_block_backward (NnContext *nn, NnBlock *block, GpuTensor dy)
{
  GpuTensor dx_1 = dy, da = { 0 };
  mlp_backward (nn, block, dy);
  if (shrinks (block))
    dx_1 = shrink_backward (nn, block, dy, &da);
  nn_give (nn, block->x_1); /* which is x_2 where the block does not shrink */
  GpuTensor dx = attention_backward (nn, block, dx_1, da);
  if (shrinks (block))
    nn_give (nn, da);
  nn_give (nn, block->x);
  return dx;
}
