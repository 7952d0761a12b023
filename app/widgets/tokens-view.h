/* A probe picture large, as it enters and after each shrinking block: what was kept, dropped and
 * fused, or the attention of CLS as heat.
 *
 * Pointing at a patch, or going there by keyboard (arrows; Page Up and Page Down change the block,
 * Escape leaves), outlines it at every block and tells about it in `hint`. When another snapshot of
 * the same picture is shown, patches that flip fade within 150 ms, unless animations are off.
 */
#pragma once

#include "app/session/snapshot.h"
#include "app/widgets/pointing.h"

G_BEGIN_DECLS

#define WB_TYPE_TOKENS_VIEW (wb_tokens_view_get_type ())
G_DECLARE_FINAL_TYPE (WbTokensView, wb_tokens_view, WB, TOKENS_VIEW, WbPointing)

/* Properties:
 *   heat  boolean: attention, too, below what was kept or, without room, instead
 *   hint  string, read only: about the patch pointed at, or NULL */

GtkWidget *wb_tokens_view_new (void);

/* Shows probe number `probe` of a snapshot with its picture; fuses: what a block drops goes into
 * one token. Both are held on to; either NULL: shows nothing. */
void wb_tokens_view_show (WbTokensView *view, WbSnapshot *snapshot, WbProbes *probes, guint probe,
                          gboolean fuses);

gboolean wb_tokens_view_get_heat (WbTokensView *view);
void wb_tokens_view_set_heat (WbTokensView *view, gboolean heat);

G_END_DECLS
