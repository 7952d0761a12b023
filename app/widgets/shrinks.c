#include "app/widgets/shrinks.h"

#include "app/draw/format.h"
#include "app/draw/tokens.h"

#include <math.h>

/* A block of a snapshot as the mapping of patches wants it; kept and attention are g_free. */
static DrawBlock
make_block (const WbSnapshot *snapshot, guint index, guint probe)
{
  const WbSnapshotBlock *block = &snapshot->blocks[index];
  const gsize n = snapshot->patches, first = probe * n;
  g_autofree gint32 *by_rank = g_new (gint32, n);
  gint32 *kept = g_new (gint32, n + 1);
  float *attention = g_new (float, n);
  DrawBlock made = { .layer = block->layer, .kept = kept, .attention = attention };

  for (gsize p = 0; p < n; p++)
    by_rank[p] = -1;
  for (gsize p = 0; p < n; p++)
    {
      const gint32 rank = block->rank[first + p];
      attention[p] = isnan (block->attention[first + p]) ? -1 : block->attention[first + p];
      if (block->fate[first + p] == WB_PATCH_KEPT && rank >= 0 && (gsize) rank < n)
        by_rank[rank] = (gint32) p;
    }
  for (gsize r = 0; r < n; r++)
    if (by_rank[r] >= 0)
      kept[made.n_kept++] = by_rank[r];
  if (block->fused_kept[probe])
    kept[made.n_kept++] = -1;
  made.fused = isnan (block->fused[probe]) ? -1 : block->fused[probe];
  return made;
}

static void
fill_panels (WbShrinks *shrinks, const DrawBlock *blocks)
{
  const gsize n = shrinks->snapshot->patches;

  for (guint i = 0; i < shrinks->n_panels; i++)
    {
      const int block = (int) i - 1;
      char caption[DRAW_CAPTION_SIZE];
      shrinks->patches[i] = g_new (DrawPatch, n);
      draw_patches_map (shrinks->patches[i], n, blocks, block, shrinks->fuses);
      draw_tokens_caption (caption, shrinks->patches[i], n, blocks, block);
      shrinks->captions[i] = g_strdup (caption);
      for (gsize p = 0; p < n; p++)
        shrinks->most_attention = fmax (shrinks->most_attention, shrinks->patches[i][p].attention);
    }
}

WbShrinks *
wb_shrinks_new (WbSnapshot *snapshot, guint probe, gboolean fuses)
{
  WbShrinks *shrinks = g_new0 (WbShrinks, 1);
  g_autofree DrawBlock *blocks = g_new (DrawBlock, snapshot->n_blocks);

  shrinks->snapshot = wb_snapshot_ref (snapshot);
  shrinks->probe = probe;
  shrinks->fuses = fuses;
  shrinks->n_panels = snapshot->n_blocks + 1;
  shrinks->patches = g_new0 (DrawPatch *, shrinks->n_panels);
  shrinks->captions = g_new0 (char *, shrinks->n_panels);
  for (guint i = 0; i < snapshot->n_blocks; i++)
    blocks[i] = make_block (snapshot, i, probe);
  fill_panels (shrinks, blocks);
  for (guint i = 0; i < snapshot->n_blocks; i++)
    {
      g_free ((gpointer) blocks[i].kept);
      g_free ((gpointer) blocks[i].attention);
    }
  return shrinks;
}

void
wb_shrinks_free (WbShrinks *shrinks)
{
  if (!shrinks)
    return;
  for (guint i = 0; i < shrinks->n_panels; i++)
    {
      g_free (shrinks->patches[i]);
      g_free (shrinks->captions[i]);
    }
  g_free (shrinks->patches);
  g_free (shrinks->captions);
  wb_snapshot_unref (shrinks->snapshot);
  g_free (shrinks);
}

static guint
count_present (const WbShrinks *shrinks, guint block)
{
  const gsize n = shrinks->snapshot->patches;
  const gint32 *rank = shrinks->snapshot->blocks[block].rank + shrinks->probe * n;
  guint present = 0;

  for (gsize p = 0; p < n; p++)
    present += rank[p] >= 0;
  return present;
}

/* "attention 2.31 %, rank 7 of 45" */
static void
tell_attention (const WbShrinks *shrinks, GString *text, guint block, guint patch)
{
  const WbSnapshotBlock *b = &shrinks->snapshot->blocks[block];
  const gsize at = (gsize) shrinks->probe * shrinks->snapshot->patches + patch;
  char attention[DRAW_FORMAT_SIZE];

  draw_format (attention, b->attention[at], DRAW_PERCENT);
  g_string_append_printf (text, "attention %s, rank %d of %u", attention, b->rank[at] + 1,
                          count_present (shrinks, block));
}

/* Of a patch that has left before or at the block. */
static void
tell_drop (const WbShrinks *shrinks, GString *text, guint block, const DrawPatch *patch)
{
  const WbSnapshotBlock *blocks = shrinks->snapshot->blocks;

  if ((guint) patch->dropped_at == block)
    g_string_append_printf (text, " · dropped here%s",
                            patch->fused_at >= 0 ? ", into the fused token" : "");
  else
    g_string_append_printf (text, " · dropped at block %u", blocks[patch->dropped_at].layer);
  if ((guint) patch->dropped_at != block && patch->fused_at >= 0)
    g_string_append_printf (text, ", in the token fused at block %u",
                            blocks[patch->fused_at].layer);
}

char *
wb_shrinks_tell (const WbShrinks *shrinks, guint panel, guint patch)
{
  const WbSnapshot *snapshot = shrinks->snapshot;
  const DrawPatch *last = &shrinks->patches[shrinks->n_panels - 1][patch];
  const DrawPatch *here = &shrinks->patches[panel][patch];
  GString *text = g_string_new (NULL);

  g_string_append_printf (text, "Row %u, column %u", patch / snapshot->side + 1,
                          patch % snapshot->side + 1);
  if (panel == 0)
    g_string_append (text, " · before all blocks");
  else
    {
      const guint block = panel - 1;
      const guint seen = here->dropped_at >= 0 ? (guint) here->dropped_at : block;
      g_string_append_printf (text, " · block %u: ", snapshot->blocks[seen].layer);
      tell_attention (shrinks, text, seen, patch);
    }
  if (here->dropped_at >= 0)
    tell_drop (shrinks, text, panel - 1, here);
  else if (last->dropped_at >= 0)
    g_string_append_printf (text, " · dropped later, at block %u",
                            snapshot->blocks[last->dropped_at].layer);
  else
    g_string_append (text, " · kept to the end");
  return g_string_free (text, FALSE);
}
