/* What became of each patch of a picture at each shrinking block, from the arrays of a snapshot
 * (kept.L, attention.L, fused.L). No drawing here.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

typedef enum
{
  DRAW_PATCH_KEPT,
  DRAW_PATCH_FUSED,         /* taken into the fused token made at this block */
  DRAW_PATCH_FUSED_EARLIER, /* part of an earlier fused token that lives on */
  DRAW_PATCH_DROPPED,       /* gone: the model fuses nothing */
} DrawPatchState;

/* One shrinking block as a snapshot has it, of one picture. */
typedef struct
{
  unsigned layer;      /* its number, L */
  const int32_t *kept; /* [n_kept] patches, attention descending; -1: an earlier fused token */
  size_t n_kept;
  const float *attention; /* [P]; -1: was not there any more */
  float fused;            /* attention of the earlier fused token; -1: there was none */
} DrawBlock;

typedef struct
{
  DrawPatchState state;
  int dropped_at;  /* index of the block that dropped it; -1: none so far */
  int fused_at;    /* index of the block whose fused token holds it now; -1: none */
  int rank;        /* among what was kept at this block, 0 first; -1: not kept */
  float attention; /* at this block; -1: was not there any more */
} DrawPatch;

#define DRAW_NO_BLOCK (-1)

/* Fills in [n_patches] as they are after block `index` (DRAW_NO_BLOCK: before all), from all blocks
 * up to it. Numbers out of range are passed over. When of several earlier fused tokens some live
 * on, a snapshot does not say which: the newest are taken. */
void draw_patches_map (DrawPatch *patches, size_t n_patches, const DrawBlock *blocks, int index,
                       int fuses);

/* How many are kept. */
size_t draw_patches_count_kept (const DrawPatch *patches, size_t n_patches);
