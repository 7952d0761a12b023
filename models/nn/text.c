#include "models/nn/text.h"

void
nn_text_init (NnText *text, const NnModel *model, guint batch)
{
  const NnConfig *config = &model->config;
  const NnTextParams *p = &model->params->text;
  *text =
      (NnText){ .batch = batch, .head = { .norm = p->ln_final, .projection = p->text_projection } };
  for (int i = 0; i < config->text.layers; i++)
    text->blocks[i] = (NnBlock){
      .params = &model->params->text.blocks[i],
      .attention = { .batch = batch,
                     .tokens = (guint) config->text.context_length,
                     .heads = (guint) config->text.heads,
                     .causal = TRUE },
      .width = (guint) config->text.width,
      .last = i == config->text.layers - 1,
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

void
nn_text_forward (NnContext *nn, NnText *text, GpuTensor features, const NnTextInput *input)
{
  const NnTextParams *p = &nn->model->params->text;
  const NnTextConfig *config = &nn->model->config.text;
  GpuTensor x = nn_take (nn, text->batch * (guint) config->context_length, (guint) config->width);
  gpu_embed_tokens (nn->stream, x, input->tokens, nn_weight (nn, p->token_embedding),
                    nn_weight (nn, p->positional_embedding));
  text->blocks[config->layers - 1].position = input->ends;
  for (int i = 0; i < config->layers; i++)
    x = nn_block_forward (nn, &text->blocks[i], x);
  nn_head_forward (nn, &text->head, features, x);
}

void
nn_text_backward (NnContext *nn, NnText *text, GpuTensor dfeatures, const NnTextInput *input)
{
  const NnTextParams *p = &nn->model->params->text;
  GpuTensor dx = nn_head_backward (nn, &text->head, dfeatures);
  for (int i = nn->model->config.text.layers - 1; i >= 0; i--)
    dx = nn_block_backward (nn, &text->blocks[i], dx);
  gpu_embed_tokens_backward (nn->stream, nn_gradient (nn, p->token_embedding),
                             nn_gradient (nn, p->positional_embedding), dx, &input->index);
  nn_give (nn, dx);
}
