#include "models/nn/watch.h"

#include <string.h>

/* Rows of the batch, and behind them those of a part. */
static guint64
tensor_bytes (const NnWatch *watch, const NnWatchedBlock *block)
{
  const guint parts = watch->part < watch->batch ? watch->part : 0;
  return gpu_tensor_footprint (watch->batch + parts, block->tokens - 1);
}

static gsize
row_bytes (GpuTensor tensor)
{
  return (gsize) gpu_tensor_stride (tensor) * 4;
}

/* Where the encoder writes. */
static GpuTensor
part_of (const NnWatch *watch, GpuTensor tensor)
{
  if (watch->part < watch->batch)
    tensor.offset += watch->batch * row_bytes (tensor);
  tensor.rows = watch->part;
  return tensor;
}

gboolean
nn_watch_init (NnWatch *watch, NnVision *vision, const NnModel *model, guint batch, GError **error)
{
  guint64 bytes = 0;
  *watch = (NnWatch){ .batch = batch,
                      .part = vision->batch,
                      .patches = (guint) nn_config_patches (&model->config),
                      .fuse = model->config.expedition.fuse };
  for (int i = 0; i < model->config.vision.layers; i++)
    if (vision->blocks[i].kept)
      {
        NnWatchedBlock *block = &watch->blocks[watch->n_blocks++];
        block->layer = (guint) i;
        block->tokens = vision->blocks[i].attention.tokens;
        block->kept = vision->blocks[i].kept;
        bytes += 2 * tensor_bytes (watch, block);
      }
  if (!model->device || watch->n_blocks == 0)
    return TRUE;

  watch->buffer = gpu_buffer_new (model->device, bytes, GPU_MEMORY_READBACK, error);
  if (!watch->buffer)
    return FALSE;
  guint64 offset = 0;
  for (guint i = 0; i < watch->n_blocks; i++)
    {
      NnWatchedBlock *block = &watch->blocks[i];
      block->attention = (GpuTensor){ watch->buffer, offset, watch->batch, block->tokens - 1 };
      block->order = block->attention;
      block->order.offset += tensor_bytes (watch, block);
      offset += 2 * tensor_bytes (watch, block);
      vision->blocks[block->layer].watch_attention = part_of (watch, block->attention);
      vision->blocks[block->layer].watch_order = part_of (watch, block->order);
    }
  return TRUE;
}

static void
keep_rows (const NnWatch *watch, GpuTensor tensor, guint first)
{
  guint8 *rows = gpu_tensor_map (tensor);
  GpuTensor part = part_of (watch, tensor);
  memcpy (rows + first * row_bytes (tensor), gpu_tensor_map (part), gpu_tensor_bytes (part));
}

void
nn_watch_keep (NnWatch *watch, guint first)
{
  for (guint i = 0; i < watch->n_blocks && watch->part < watch->batch; i++)
    {
      keep_rows (watch, watch->blocks[i].attention, first);
      keep_rows (watch, watch->blocks[i].order, first);
    }
}

void
nn_watch_clear (NnWatch *watch)
{
  g_clear_pointer (&watch->buffer, gpu_buffer_unref);
  watch->n_blocks = 0;
}

void
nn_watch_map (gint32 *next, const gint32 *candidates, const gint32 *order, guint kept,
              gboolean fuse)
{
  for (guint r = 0; r < kept; r++)
    next[r] = candidates[order[r]];
  if (fuse)
    next[kept] = -1;
}

/* Puts one picture's ranking of one block into patch coordinates and steps its candidates on. */
static void
map_picture (const NnWatch *watch, const NnWatchedBlock *block, NnWatchTokens *tokens, guint b,
             gint32 *candidates, const gint32 *order, const float *attention)
{
  const guint n = block->tokens - 1;
  float *grid = tokens->attention + (gsize) b * watch->patches;
  gint32 *kept = tokens->kept_patches + (gsize) b * block->kept;
  g_autofree gint32 *next = g_new (gint32, block->kept + 1);
  tokens->fused[b] = -1;
  for (guint i = 0; i < watch->patches; i++)
    grid[i] = -1;
  for (guint i = 0; i < n; i++)
    if (candidates[i] >= 0)
      grid[candidates[i]] = attention[i];
    else
      tokens->fused[b] = attention[i];

  nn_watch_map (next, candidates, order, block->kept, watch->fuse);
  for (guint r = 0; r < block->kept + (watch->fuse ? 1 : 0); r++)
    candidates[r] = next[r];
  for (guint r = 0; r < block->kept; r++)
    kept[r] = next[r];
}

gboolean
nn_watch_read (const NnWatch *watch, NnWatchTokens *tokens, GError **error)
{
  const gsize batch = watch->batch, width = watch->patches + 1;
  g_autofree gint32 *candidates = g_new (gint32, batch * width);
  for (gsize i = 0; i < batch * width; i++)
    candidates[i] = (gint32) (i % width);

  for (guint i = 0; i < watch->n_blocks; i++)
    {
      const NnWatchedBlock *block = &watch->blocks[i];
      const gsize n = block->tokens - 1;
      g_autofree gint32 *order = g_new (gint32, batch * n);
      g_autofree float *attention = g_new (float, batch *n);
      if (!gpu_tensor_download (block->order, order, error)
          || !gpu_tensor_download (block->attention, attention, error))
        {
          for (guint j = 0; j < i; j++)
            nn_watch_tokens_clear (&tokens[j]);
          return FALSE;
        }
      tokens[i] = (NnWatchTokens){ .layer = block->layer,
                                   .kept = block->kept,
                                   .kept_patches = g_new (gint32, batch * block->kept),
                                   .attention = g_new (float, batch * watch->patches),
                                   .fused = g_new (float, batch) };
      for (guint b = 0; b < batch; b++)
        map_picture (watch, block, &tokens[i], b, candidates + b * width, order + b * n,
                     attention + b * n);
    }
  return TRUE;
}

void
nn_watch_tokens_clear (NnWatchTokens *tokens)
{
  g_clear_pointer (&tokens->kept_patches, g_free);
  g_clear_pointer (&tokens->attention, g_free);
  g_clear_pointer (&tokens->fused, g_free);
}
