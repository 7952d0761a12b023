#include "models/nn/vision.h"

#include "compute/ops/embed.h"
#include "compute/ops/layernorm.h"

guint
nn_vision_tokens (const NnModel *model, double keep_rate, guint layer)
{
  return (guint) nn_config_tokens (&model->config, keep_rate, (int) layer);
}

void
nn_vision_init (NnVision *vision, const NnModel *model, guint batch, double keep_rate)
{
  const NnConfig *config = &model->config;
  const NnVisionParams *p = &model->params->vision;
  *vision = (NnVision){ .batch = batch, .head = { .norm = p->ln_post, .projection = p->proj } };
  for (int i = 0; i < config->vision.layers; i++)
    vision->blocks[i] = (NnBlock){
      .params = &model->params->vision.blocks[i],
      .attention = { .batch = batch,
                     .tokens = nn_vision_tokens (model, keep_rate, (guint) i),
                     .heads = (guint) nn_config_vision_heads (config) },
      .width = (guint) config->vision.width,
      .hidden = (guint) nn_config_vision_hidden (config),
      .kept = (guint) nn_config_kept (config, keep_rate, i),
      .fuse = config->expedition.fuse,
      .last = i == config->vision.layers - 1,
      .activation = config->quick_gelu ? GPU_QUICK_GELU : GPU_GELU,
    };
}

GpuTensor
nn_vision_patchify (NnContext *nn, GpuTensor image)
{
  const NnVisionConfig *vision = &nn->model->config.vision;
  const guint size = (guint) vision->image_size, patch = (guint) vision->patch_size;
  const guint count = (guint) nn_config_patches (&nn->model->config);
  GpuTensor patches = nn_take (nn, image.rows * count, 3 * patch * patch);
  gpu_patchify (nn->stream, patches, image, size, patch);
  return patches;
}

/* x = ln_pre ([class, patches conv1^T] + positional) */
static GpuTensor
embed_forward (NnContext *nn, NnVision *vision, GpuTensor patches)
{
  const NnVisionParams *p = &nn->model->params->vision;
  const guint width = (guint) nn->model->config.vision.width;
  GpuTensor embedded = nn_take (nn, patches.rows, width);
  gpu_gemm (nn->stream, GPU_NT, embedded, patches, nn_weight (nn, p->conv1), NULL);

  vision->x = nn_take (nn, patches.rows + vision->batch, width);
  gpu_embed_patches (nn->stream, vision->x, embedded, nn_weight (nn, p->class_embedding),
                     nn_weight (nn, p->positional_embedding));
  nn_give (nn, embedded);

  GpuTensor y = nn_take (nn, vision->x.rows, width);
  vision->stats_pre = nn_take (nn, vision->x.rows, 2);
  gpu_layernorm (nn->stream, y, vision->stats_pre, vision->x, nn_weight (nn, p->ln_pre.weight),
                 nn_weight (nn, p->ln_pre.bias));
  nn_give_unless_training (nn, vision->stats_pre);
  nn_give_unless_training (nn, vision->x);
  return y;
}

void
nn_vision_forward (NnContext *nn, NnVision *vision, GpuTensor features, GpuTensor patches)
{
  GpuTensor x = embed_forward (nn, vision, patches);
  for (int i = 0; i < nn->model->config.vision.layers; i++)
    x = nn_block_forward (nn, &vision->blocks[i], x);
  nn_head_forward (nn, &vision->head, features, x);
}

static void
embed_backward (NnContext *nn, NnVision *vision, GpuTensor dy, GpuTensor patches)
{
  const NnVisionParams *p = &nn->model->params->vision;
  GpuTensor dx = nn_take (nn, dy.rows, dy.cols);
  gpu_layernorm_backward (nn->stream, nn->arena, dx, nn_gradient (nn, p->ln_pre.weight),
                          nn_gradient (nn, p->ln_pre.bias), dy, vision->x, vision->stats_pre,
                          nn_weight (nn, p->ln_pre.weight), (GpuTensor){ 0 });
  nn_give (nn, dy);
  nn_give (nn, vision->x);
  nn_give (nn, vision->stats_pre);

  GpuTensor dembedded = nn_take (nn, patches.rows, dx.cols);
  gpu_embed_patches_backward (nn->stream, dembedded, nn_gradient (nn, p->class_embedding),
                              nn_gradient (nn, p->positional_embedding), dx);
  nn_give (nn, dx);
  gpu_gemm (nn->stream, GPU_TN, nn_gradient (nn, p->conv1), dembedded, patches,
            &(GpuGemmOptions){ .accumulate = TRUE });
  nn_give (nn, dembedded);
}

void
nn_vision_backward (NnContext *nn, NnVision *vision, GpuTensor dfeatures, GpuTensor patches)
{
  GpuTensor dx = nn_head_backward (nn, &vision->head, dfeatures);
  for (int i = nn->model->config.vision.layers - 1; i >= 0; i--)
    dx = nn_block_backward (nn, &vision->blocks[i], dx);
  embed_backward (nn, vision, dx, patches);
}
