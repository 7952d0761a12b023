/* What became of one probe picture's patches in a snapshot, block by block: the panels that
 * draw_tokens() shows and the words about a patch. Plain data, no widget. */
#pragma once

#include "app/draw/patches.h"
#include "app/session/snapshot.h"

G_BEGIN_DECLS

typedef struct
{
  WbSnapshot *snapshot;
  guint probe;
  gboolean fuses;
  guint n_panels;        /* one before all blocks, and one a block */
  DrawPatch **patches;   /* [n_panels][patches of the snapshot] */
  char **captions;       /* [n_panels] */
  double most_attention; /* of any patch at any block */
} WbShrinks;

/* The snapshot, which has `probe` and a grid of patches, is held on to. */
WbShrinks *wb_shrinks_new (WbSnapshot *snapshot, guint probe, gboolean fuses);
void wb_shrinks_free (WbShrinks *shrinks);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (WbShrinks, wb_shrinks_free)

/* In words: where a patch is, its attention, rank and fate in a panel (g_free). */
char *wb_shrinks_tell (const WbShrinks *shrinks, guint panel, guint patch);

G_END_DECLS
