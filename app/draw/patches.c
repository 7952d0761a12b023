#include "app/draw/patches.h"

static void
look_at_block (DrawPatch *patches, size_t n_patches, const DrawBlock *block)
{
  for (size_t p = 0; p < n_patches; p++)
    {
      patches[p].rank = -1;
      patches[p].attention = block->attention ? block->attention[p] : -1;
    }
  for (size_t r = 0; r < block->n_kept; r++)
    if (block->kept[r] >= 0 && (size_t) block->kept[r] < n_patches)
      patches[block->kept[r]].rank = (int) r;
}

static int
count_fused_kept (const DrawBlock *block)
{
  int n = 0;
  for (size_t r = 0; r < block->n_kept; r++)
    n += block->kept[r] < 0;
  return n;
}

/* A fused token bears the number of the block that made it. A later block that drops it fuses it
 * anew, and its patches go over to the new one. */
static void
drop (DrawPatch *patch, int block, int oldest_alive)
{
  if (patch->dropped_at < 0 && patch->rank < 0)
    patch->dropped_at = patch->fused_at = block;
  else if (patch->dropped_at >= 0 && patch->fused_at < oldest_alive)
    patch->fused_at = block;
  if (patch->dropped_at >= 0)
    patch->rank = -1;
}

static DrawPatchState
state_of (const DrawPatch *patch, int block, int fuses)
{
  if (patch->dropped_at < 0)
    return DRAW_PATCH_KEPT;
  if (!fuses)
    return DRAW_PATCH_DROPPED;
  return patch->fused_at == block ? DRAW_PATCH_FUSED : DRAW_PATCH_FUSED_EARLIER;
}

void
draw_patches_map (DrawPatch *patches, size_t n_patches, const DrawBlock *blocks, int index,
                  int fuses)
{
  for (size_t p = 0; p < n_patches; p++)
    patches[p] = (DrawPatch){ DRAW_PATCH_KEPT, -1, -1, -1, -1 };
  for (int b = 0; b <= index; b++)
    {
      const int oldest_alive = b - count_fused_kept (&blocks[b]);
      look_at_block (patches, n_patches, &blocks[b]);
      for (size_t p = 0; p < n_patches; p++)
        drop (&patches[p], b, oldest_alive);
    }
  for (size_t p = 0; p < n_patches; p++)
    {
      patches[p].state = state_of (&patches[p], index, fuses);
      if (!fuses)
        patches[p].fused_at = -1;
    }
}

size_t
draw_patches_count_kept (const DrawPatch *patches, size_t n_patches)
{
  size_t n = 0;
  for (size_t p = 0; p < n_patches; p++)
    n += patches[p].state == DRAW_PATCH_KEPT;
  return n;
}
