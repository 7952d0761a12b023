#include "app/session/snapshot.h"

#include "models/nn/safetensors.h"

#include <math.h>
#include <string.h>

#define MAX_PROBES 1024
#define MAX_PATCHES (256 * 256)
#define MAX_WIDTH 65536
#define MAX_BLOCKS 64

G_DEFINE_QUARK (wb_snapshot_error, wb_snapshot_error)

static void
block_clear (WbSnapshotBlock *block)
{
  g_free (block->fate);
  g_free (block->attention);
  g_free (block->rank);
  g_free (block->fused);
  g_free (block->fused_kept);
}

static void
snapshot_clear (gpointer data)
{
  WbSnapshot *snapshot = data;

  for (guint i = 0; i < snapshot->n_blocks; i++)
    block_clear (&snapshot->blocks[i]);
  g_free (snapshot->blocks);
  g_free (snapshot->student);
  g_free (snapshot->teacher);
  g_free (snapshot->text);
  g_free (snapshot->student_similarity);
  g_free (snapshot->teacher_similarity);
}

WbSnapshot *
wb_snapshot_ref (WbSnapshot *snapshot)
{
  return g_atomic_rc_box_acquire (snapshot);
}

void
wb_snapshot_unref (WbSnapshot *snapshot)
{
  if (snapshot)
    g_atomic_rc_box_release_full (snapshot, snapshot_clear);
}

G_GNUC_PRINTF (3, 4)
static gboolean
refuse (GError **error, const NnTensorFile *file, const char *format, ...)
{
  va_list args;

  va_start (args, format);
  g_autofree char *what = g_strdup_vprintf (format, args);
  va_end (args);
  g_set_error (error, WB_SNAPSHOT_ERROR, WB_SNAPSHOT_ERROR_FORMAT,
               "snapshot %s is not one of ours: %s", nn_tensor_file_path (file), what);
  return FALSE;
}

/* [n][width] of floats, n and width as of the snapshot unless they are 0 so far. */
static gboolean
read_features (WbSnapshot *snapshot, float **out, const NnTensorFile *file, const char *name,
               GError **error)
{
  const NnFileTensor *tensor = nn_tensor_file_expect (file, name, -1, NULL, error);

  if (!tensor)
    return FALSE;
  if (tensor->rank != 2 || tensor->shape[0] < 1 || tensor->shape[0] > MAX_PROBES
      || tensor->shape[1] < 1 || tensor->shape[1] > MAX_WIDTH
      || (snapshot->n && (tensor->shape[0] != snapshot->n || tensor->shape[1] != snapshot->width)))
    return refuse (error, file, "its %s has another shape", name);
  snapshot->n = (guint) tensor->shape[0];
  snapshot->width = (guint) tensor->shape[1];
  *out = g_new (float, tensor->elements);
  return nn_tensor_file_read_f32 (file, name, *out, tensor->elements, error);
}

/* Row: picture, column: text. */
static float *
compare (const WbSnapshot *snapshot, const float *pictures)
{
  const guint n = snapshot->n, width = snapshot->width;
  float *similarity = g_new (float, (gsize) n *n);

  for (guint i = 0; i < n; i++)
    for (guint j = 0; j < n; j++)
      {
        const float *a = pictures + (gsize) i * width, *b = snapshot->text + (gsize) j * width;
        float sum = 0;

        for (guint d = 0; d < width; d++)
          sum += a[d] * b[d];
        similarity[(gsize) i * n + j] = sum;
      }
  return similarity;
}

static gboolean
read_pairs (WbSnapshot *snapshot, const NnTensorFile *file, GError **error)
{
  if (!read_features (snapshot, &snapshot->text, file, "text", error)
      || !read_features (snapshot, &snapshot->student, file, "student", error)
      || !nn_tensor_file_read_f32 (file, "logit_scale", &snapshot->logit_scale, 1, error))
    return FALSE;
  if (nn_tensor_file_find (file, "teacher")
      && !read_features (snapshot, &snapshot->teacher, file, "teacher", error))
    return FALSE;
  snapshot->student_similarity = compare (snapshot, snapshot->student);
  if (snapshot->teacher)
    snapshot->teacher_similarity = compare (snapshot, snapshot->teacher);
  return TRUE;
}

/* The shape [n][cols] of a block's tensor. */
static const NnFileTensor *
expect_grid (const WbSnapshot *snapshot, const NnTensorFile *file, const char *name, gint64 most,
             GError **error)
{
  const NnFileTensor *tensor = nn_tensor_file_expect (file, name, -1, NULL, error);

  if (!tensor
      || (tensor->rank == 2 && tensor->shape[0] == snapshot->n && tensor->shape[1] >= 1
          && tensor->shape[1] <= most))
    return tensor;
  refuse (error, file, "its %s has another shape", name);
  return NULL;
}

static gboolean
set_grid (WbSnapshot *snapshot, const NnTensorFile *file, gint64 patches, GError **error)
{
  const guint side = (guint) lrint (sqrt ((double) patches));

  if ((gint64) side * side != patches || (snapshot->patches && snapshot->patches != patches))
    return refuse (error, file, "its attention is not that of a square of patches");
  snapshot->side = side;
  snapshot->patches = (guint) patches;
  return TRUE;
}

/* Attention is -1 where a token is no more; the order is that of the attention, and among equals
 * the earlier patch is first, as the choice is made. */
static void
rank_patches (const WbSnapshot *snapshot, WbSnapshotBlock *block, guint probe)
{
  const guint patches = snapshot->patches;
  const float *attention = block->attention + (gsize) probe * patches;
  gint32 *rank = block->rank + (gsize) probe * patches;

  for (guint p = 0; p < patches; p++)
    {
      rank[p] = isnan (attention[p]) ? -1 : 0;
      for (guint q = 0; q < patches && rank[p] >= 0; q++)
        rank[p] += attention[q] > attention[p] || (attention[q] == attention[p] && q < p);
    }
}

static gboolean
tell_fates (const WbSnapshot *snapshot, WbSnapshotBlock *block, const gint32 *kept,
            const NnTensorFile *file, GError **error)
{
  for (guint i = 0; i < snapshot->n; i++)
    {
      guint8 *fate = block->fate + (gsize) i * snapshot->patches;

      for (guint p = 0; p < snapshot->patches; p++)
        {
          float *attention = &block->attention[(gsize) i * snapshot->patches + p];
          fate[p] = *attention < 0 ? WB_PATCH_GONE : WB_PATCH_DROPPED;
          if (*attention < 0)
            *attention = NAN;
        }
      for (guint k = 0; k < block->kept; k++)
        {
          const gint32 patch = kept[(gsize) i * block->kept + k];
          if (patch < -1 || patch >= (gint32) snapshot->patches)
            return refuse (error, file, "it keeps patch %d of %u", patch, snapshot->patches);
          if (patch >= 0)
            fate[patch] = WB_PATCH_KEPT;
          else
            block->fused_kept[i] = TRUE;
        }
      if (block->fused[i] < 0)
        block->fused[i] = NAN;
      rank_patches (snapshot, block, i);
    }
  return TRUE;
}

static gboolean
read_block (WbSnapshot *snapshot, WbSnapshotBlock *block, const NnTensorFile *file, GError **error)
{
  g_autofree char *kept_name = g_strdup_printf ("kept.%u", block->layer);
  g_autofree char *attention_name = g_strdup_printf ("attention.%u", block->layer);
  g_autofree char *fused_name = g_strdup_printf ("fused.%u", block->layer);
  const NnFileTensor *grid = expect_grid (snapshot, file, attention_name, MAX_PATCHES, error);
  const NnFileTensor *kept =
      grid ? expect_grid (snapshot, file, kept_name, grid->shape[1] + 1, error) : NULL;

  if (!kept || !set_grid (snapshot, file, grid->shape[1], error))
    return FALSE;
  g_autofree gint32 *indices = g_new (gint32, kept->elements);
  block->kept = (guint) kept->shape[1];
  block->fate = g_new (guint8, grid->elements);
  block->rank = g_new (gint32, grid->elements);
  block->attention = g_new (float, grid->elements);
  block->fused = g_new (float, snapshot->n);
  block->fused_kept = g_new0 (guint8, snapshot->n);
  return nn_tensor_file_read_i32 (file, kept_name, indices, kept->elements, error)
         && nn_tensor_file_read_f32 (file, attention_name, block->attention, grid->elements, error)
         && nn_tensor_file_read_f32 (file, fused_name, block->fused, snapshot->n, error)
         && tell_fates (snapshot, block, indices, file, error);
}

static int
compare_layers (gconstpointer a, gconstpointer b)
{
  const guint left = *(const guint *) a, right = *(const guint *) b;

  return (left > right) - (left < right);
}

/* The L of each tensor kept.L, ascending. */
static GArray *
find_layers (const NnTensorFile *file)
{
  GArray *layers = g_array_new (FALSE, FALSE, sizeof (guint));

  for (guint i = 0; i < nn_tensor_file_count (file) && layers->len < MAX_BLOCKS; i++)
    {
      const char *name = nn_tensor_file_get (file, i)->name;
      guint64 layer;

      if (!g_str_has_prefix (name, "kept.")
          || !g_ascii_string_to_unsigned (name + strlen ("kept."), 10, 0, G_MAXUINT, &layer, NULL))
        continue;
      const guint number = (guint) layer;
      g_array_append_val (layers, number);
    }
  g_array_sort (layers, compare_layers);
  return layers;
}

static gboolean
read_blocks (WbSnapshot *snapshot, const NnTensorFile *file, GError **error)
{
  g_autoptr (GArray) layers = find_layers (file);

  snapshot->blocks = g_new0 (WbSnapshotBlock, layers->len);
  for (guint i = 0; i < layers->len; i++)
    {
      WbSnapshotBlock *block = &snapshot->blocks[snapshot->n_blocks++];

      block->layer = g_array_index (layers, guint, i);
      if (!read_block (snapshot, block, file, error))
        return FALSE;
    }
  return TRUE;
}

WbSnapshot *
wb_snapshot_read (const char *path, gint64 step, GError **error)
{
  g_autoptr (NnTensorFile) file = nn_tensor_file_open (path, error);

  if (!file)
    return NULL;
  g_autoptr (WbSnapshot) snapshot = g_atomic_rc_box_new0 (WbSnapshot);
  snapshot->step = step;
  if (!read_pairs (snapshot, file, error) || !read_blocks (snapshot, file, error))
    return NULL;
  return g_steal_pointer (&snapshot);
}
