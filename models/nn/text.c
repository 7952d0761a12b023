#include "models/nn/text.h"

#include "compute/ops/layernorm.h"

void
nn_text_init (NnText *text, const NnModel *model, guint batch)
{
  const NnConfig *config = &model->config;
  *text = (NnText) { .batch = batch };
  for (int i = 0; i < config->text.layers; i++)
    text->blocks[i] = (NnBlock) {
      .params = &model->params->text.blocks[i],
      .attention = { .batch = batch,
                     .tokens = (guint) config->text.context_length,
                     .heads = (guint) config->text.heads,
                     .causal = TRUE },
      .width = (guint) config->text.width,
      .hidden = (guint) nn_config_text_hidden (config),
      .activation = config->quick_gelu ? GPU_QUICK_GELU : GPU_GELU,
    };
}

void
nn_text_find_ends (gint32 *ends, const gint32 *tokens, guint batch, guint context)
{
  for (guint b = 0; b < batch; b++)
    {
      const gint32 *text = tokens + (gsize) b * context;
      ends[b] = 0;
      for (guint t = 1; t < context; t++)
        if (text[t] > text[ends[b]])
          ends[b] = (gint32) t;
    }
}

/* f = ln_final (x[EOT]) text_projection */
static void
head_forward (NnContext *nn, NnText *text, GpuTensor features, GpuTensor x, GpuTensor ends)
{
  const NnTextParams *p = &nn->model->params->text;
  text->eot = nn_take (nn, text->batch, x.cols);
  gpu_take_token (nn->stream, text->eot, x, ends);
  nn_give (nn, x);

  text->h = nn_take (nn, text->batch, x.cols);
  text->stats_final = nn_take (nn, text->batch, 2);
  gpu_layernorm (nn->stream, text->h, text->stats_final, text->eot,
                 nn_weight (nn, p->ln_final.weight), nn_weight (nn, p->ln_final.bias));
  gpu_gemm (nn->stream, GPU_NN, features, text->h, nn_weight (nn, p->text_projection), NULL);
  nn_give_unless_training (nn, text->stats_final);
  nn_give_unless_training (nn, text->h);
  nn_give_unless_training (nn, text->eot);
}

void
nn_text_forward (NnContext *nn, NnText *text, GpuTensor features, const NnTextInput *input)
{
  const NnTextParams *p = &nn->model->params->text;
  const NnTextConfig *config = &nn->model->config.text;
  GpuTensor x = nn_take (nn, text->batch * (guint) config->context_length, (guint) config->width);
  gpu_embed_tokens (nn->stream, x, input->tokens, nn_weight (nn, p->token_embedding),
                    nn_weight (nn, p->positional_embedding));
  for (int i = 0; i < config->layers; i++)
    x = nn_block_forward (nn, &text->blocks[i], x);
  head_forward (nn, text, features, x, input->ends);
}

static GpuTensor
head_backward (NnContext *nn, NnText *text, GpuTensor dfeatures, GpuTensor ends)
{
  const NnTextParams *p = &nn->model->params->text;
  const guint tokens = (guint) nn->model->config.text.context_length;
  GpuTensor dh = nn_take (nn, text->h.rows, text->h.cols);
  gpu_gemm (nn->stream, GPU_NT, dh, dfeatures, nn_weight (nn, p->text_projection), NULL);
  gpu_gemm (nn->stream, GPU_TN, nn_gradient (nn, p->text_projection), text->h, dfeatures,
            &(GpuGemmOptions) { .accumulate = TRUE });

  GpuTensor deot = nn_take (nn, text->eot.rows, text->eot.cols);
  gpu_layernorm_backward (nn->stream, nn->arena, deot, nn_gradient (nn, p->ln_final.weight),
                          nn_gradient (nn, p->ln_final.bias), dh, text->eot, text->stats_final,
                          nn_weight (nn, p->ln_final.weight), (GpuTensor) { 0 });
  nn_give (nn, dh);
  nn_give (nn, text->h);
  nn_give (nn, text->stats_final);
  nn_give (nn, text->eot);

  GpuTensor dx = nn_take (nn, text->batch * tokens, deot.cols);
  gpu_take_token_backward (nn->stream, dx, deot, ends);
  nn_give (nn, deot);
  return dx;
}

void
nn_text_backward (NnContext *nn, NnText *text, GpuTensor dfeatures, const NnTextInput *input)
{
  const NnTextParams *p = &nn->model->params->text;
  GpuTensor dx = head_backward (nn, text, dfeatures, input->ends);
  for (int i = nn->model->config.text.layers - 1; i >= 0; i--)
    dx = nn_block_backward (nn, &text->blocks[i], dx);
  gpu_embed_tokens_backward (nn->stream, nn_gradient (nn, p->token_embedding),
                             nn_gradient (nn, p->positional_embedding), dx, &input->index);
  nn_give (nn, dx);
}
