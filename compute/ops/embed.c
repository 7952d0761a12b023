/* Patches and tokens as rows, and the way back; see shaders/embed_*.comp. */
#include "compute/ops/embed.h"

#include <stdlib.h>

#include "compute/ops/grid.h"
#include "embed_patches.spv.h"
#include "embed_patches_backward.spv.h"
#include "embed_patchify.spv.h"
#include "embed_take.spv.h"
#include "embed_take_backward.spv.h"
#include "embed_tokens.spv.h"
#include "embed_tokens_backward.spv.h"
#include "shaders/abi/embed.h"

/* Groups that take turns at the distinct ids of a batch. */
#define ID_GROUPS 256
/* Some CPU drivers cut a loop after 65,535 rounds; a round adds four rows. */
#define MAX_ROWS_AN_ID (4 * 65000u)

#define EMBED_KERNEL(shader, letters, specs)                                                       \
  {                                                                                                \
    GPU_KERNEL_CODE (shader), .bindings = letters, .push_bytes = sizeof (EmbedPush),               \
                              .n_spec = specs                                                      \
  }

static const GpuKernel patchify = EMBED_KERNEL (embed_patchify, "rw", 2);
static const GpuKernel patches_forward = EMBED_KERNEL (embed_patches, "rrrw", 1);
static const GpuKernel patches_backward = EMBED_KERNEL (embed_patches_backward, "ruuw", 2);
static const GpuKernel tokens_forward = EMBED_KERNEL (embed_tokens, "rrsw", 1);
static const GpuKernel tokens_backward = EMBED_KERNEL (embed_tokens_backward, "rsssu", 1);
static const GpuKernel take_forward = EMBED_KERNEL (embed_take, "rsw", 2);
static const GpuKernel take_backward = EMBED_KERNEL (embed_take_backward, "rsw", 2);

void
gpu_patchify (GpuStream *stream, GpuTensor patches, GpuTensor image, guint size, guint patch)
{
  guint side = size / patch;
  g_assert (image.cols == 3 * size * size && patches.cols == 3 * patch * patch);
  g_assert (patches.rows == image.rows * side * side);

  const EmbedPush push = { .rows = patches.rows,
                           .size = size,
                           .patch_size = patch,
                           .last = (guint) (gpu_tensor_bytes (image) / 4 - 1) };
  GpuDispatch dispatch = { .tensors = { image, patches },
                           .push = &push,
                           .spec = { 0, size % 4 == 0 && patch % 4 == 0 } };
  guint64 runs = (gpu_width (patches.cols) / 4 + PATCHIFY_RUN - 1) / PATCHIFY_RUN;
  gpu_grid_items (stream, &dispatch, patches.rows * runs);
  gpu_stream_dispatch (stream, &patchify, &dispatch);
}

void
gpu_embed_patches (GpuStream *stream, GpuTensor x, GpuTensor patches, GpuTensor class_embedding,
                   GpuTensor positional)
{
  const EmbedPush push = { .rows = x.rows, .columns = x.cols, .tokens = positional.rows };
  guint batch = x.rows / push.tokens;
  g_assert (x.rows == batch * push.tokens && patches.rows == batch * (push.tokens - 1));
  g_assert (patches.cols == x.cols && class_embedding.cols == x.cols && positional.cols == x.cols);

  GpuDispatch dispatch = { .tensors = { patches, class_embedding, positional, x }, .push = &push };
  gpu_grid_items (stream, &dispatch, x.rows);
  gpu_stream_dispatch (stream, &patches_forward, &dispatch);
}

/* dpatches and dclass without rows: only the positional embedding, as texts have it. */
static void
embed_positional_backward (GpuStream *stream, GpuTensor dpatches, GpuTensor dclass,
                           GpuTensor dpositional, GpuTensor dx)
{
  const EmbedPush push = { .columns = dx.cols,
                           .batch = dx.rows / dpositional.rows,
                           .tokens = dpositional.rows };
  g_assert (dx.rows == push.batch * push.tokens && dpositional.cols == dx.cols);

  GpuDispatch dispatch = { .tensors = { dx, dpositional, dclass.rows ? dclass : dpositional,
                                        dpatches.rows ? dpatches : dpositional },
                           .push = &push,
                           .spec = { 0, dpatches.rows > 0 } };
  gpu_grid_items (stream, &dispatch, (guint64) push.tokens * (gpu_width (dx.cols) / 4));
  gpu_stream_dispatch (stream, &patches_backward, &dispatch);
}

void
gpu_embed_patches_backward (GpuStream *stream, GpuTensor dpatches, GpuTensor dclass,
                            GpuTensor dpositional, GpuTensor dx)
{
  g_assert (dpatches.rows == dx.rows - dx.rows / dpositional.rows);
  g_assert (dpatches.cols == dx.cols && dclass.cols == dx.cols);
  embed_positional_backward (stream, dpatches, dclass, dpositional, dx);
}

static int
compare_keys (const void *a, const void *b)
{
  guint64 x = *(const guint64 *) a, y = *(const guint64 *) b;
  return (x > y) - (x < y);
}

void
gpu_token_index_fill (gint32 *ids, gint32 *starts, gint32 *rows, const gint32 *tokens,
                      const gint32 *last, guint batch, guint context)
{
  g_autofree guint64 *keys = g_new (guint64, (gsize) batch * context);
  guint n = 0, distinct = 0;
  for (guint b = 0; b < batch; b++)
    for (guint t = 0; t < context && (gint64) t <= last[b]; t++)
      {
        guint row = b * context + t;
        keys[n++] = (guint64) (guint32) tokens[row] << 32 | row;
      }
  qsort (keys, n, sizeof *keys, compare_keys);

  for (guint k = 0; k < n; k++)
    {
      rows[k] = (gint32) (guint32) keys[k];
      if (k == 0 || keys[k] >> 32 != keys[k - 1] >> 32)
        {
          starts[distinct++] = (gint32) k;
          ids[distinct] = (gint32) (keys[k] >> 32);
        }
    }
  ids[0] = (gint32) distinct;
  starts[distinct] = (gint32) n;
}

/* Rows of the table in one binding: a multiple of 16, so that each piece begins on 256 bytes. */
static guint
rows_a_binding (GpuStream *stream, GpuTensor table)
{
  GpuDevice *device = gpu_stream_get_device (stream);
  const GpuDeviceInfo *info = device ? gpu_device_get_info (device) : NULL;
  guint64 bytes = info ? MIN (info->max_binding_bytes, info->max_texels * 16) : G_MAXUINT64;
  guint64 rows = bytes / (4 * gpu_tensor_stride (table)) & ~15ull;
  return (guint) CLAMP (rows, 16, MAX (table.rows, 16));
}

static GpuTensor
rows_from (GpuTensor table, guint first, guint rows)
{
  table.offset += (guint64) first * gpu_tensor_stride (table) * 4;
  table.rows = MIN (rows, table.rows - first);
  return table;
}

void
gpu_embed_tokens (GpuStream *stream, GpuTensor x, GpuTensor tokens, GpuTensor table,
                  GpuTensor positional)
{
  guint step = rows_a_binding (stream, table);
  g_assert (x.rows % positional.rows == 0 && tokens.cols == x.rows);
  g_assert (table.cols == x.cols && positional.cols == x.cols);

  for (guint first = 0; first < table.rows; first += MIN (step, table.rows - first))
    {
      GpuTensor piece = rows_from (table, first, step);
      const EmbedPush push = { .rows = x.rows,
                               .columns = x.cols,
                               .tokens = positional.rows,
                               .vocabulary = table.rows,
                               .first = first,
                               .count = piece.rows };
      GpuDispatch dispatch = { .tensors = { piece, positional, tokens, x },
                               .push = &push,
                               .bytes = 2 * gpu_tensor_bytes (x) };
      gpu_grid_items (stream, &dispatch, x.rows);
      gpu_stream_dispatch (stream, &tokens_forward, &dispatch);
    }
}

static void
check_rows_an_id (GpuStream *stream, guint rows)
{
  GpuDevice *device = gpu_stream_get_device (stream);
  if (device && gpu_device_get_info (device)->type == GPU_TYPE_CPU && rows > MAX_ROWS_AN_ID)
    gpu_stream_fail (stream, GPU_ERROR_LIMIT,
                     "a batch of %u tokens is too large for this device, which counts to %u: use a "
                     "smaller batch",
                     rows, MAX_ROWS_AN_ID);
}

void
gpu_embed_tokens_backward (GpuStream *stream, GpuTensor dtable, GpuTensor dpositional, GpuTensor dx,
                           const GpuTokenIndex *index)
{
  guint step = rows_a_binding (stream, dtable), lanes = gpu_grid_lanes (stream);
  g_assert (dtable.cols == dx.cols && index->rows.cols == dx.rows);
  g_assert (index->ids.cols == dx.rows + 1 && index->starts.cols == dx.rows + 1);
  check_rows_an_id (stream, dx.rows);

  for (guint first = 0; first < dtable.rows; first += MIN (step, dtable.rows - first))
    {
      GpuTensor piece = rows_from (dtable, first, step);
      const EmbedPush push = { .rows = dx.rows,
                               .columns = dx.cols,
                               .vocabulary = dtable.rows,
                               .first = first,
                               .count = piece.rows };
      const GpuDispatch dispatch = {
        .tensors = { dx, index->ids, index->starts, index->rows, piece },
        .push = &push,
        .spec = { lanes },
        .groups = { (gpu_width (dx.cols) / 4 + lanes - 1) / lanes, MIN (dx.rows, ID_GROUPS) },
        .bytes = 3 * gpu_tensor_bytes (dx)
      };
      gpu_stream_dispatch (stream, &tokens_backward, &dispatch);
    }
  embed_positional_backward (stream, (GpuTensor){ 0 }, (GpuTensor){ 0 }, dpositional, dx);
}

static void
take (GpuStream *stream, const GpuKernel *kernel, GpuTensor to, GpuTensor from, GpuTensor position,
      guint batch, guint tokens)
{
  const EmbedPush push = { .rows = to.rows, .columns = to.cols, .tokens = tokens };
  g_assert (from.cols == to.cols && (!position.rows || position.cols == batch));
  GpuDispatch dispatch = { .tensors = { from, position.rows ? position : from, to },
                           .push = &push,
                           .spec = { 0, position.rows > 0 } };
  gpu_grid_items (stream, &dispatch, to.rows);
  gpu_stream_dispatch (stream, kernel, &dispatch);
}

void
gpu_take_token (GpuStream *stream, GpuTensor y, GpuTensor x, GpuTensor position)
{
  g_assert (x.rows % y.rows == 0);
  take (stream, &take_forward, y, x, position, y.rows, x.rows / y.rows);
}

void
gpu_take_token_backward (GpuStream *stream, GpuTensor dx, GpuTensor dy, GpuTensor position)
{
  g_assert (dx.rows % dy.rows == 0);
  take (stream, &take_backward, dx, dy, position, dy.rows, dx.rows / dy.rows);
}
