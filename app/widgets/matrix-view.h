/* What student and teacher think of each pair of a probe batch, side by side, and where they
 * differ: one scale of colours for both, and one about zero for the difference.
 *
 * Pointing at a cell, or going there by keyboard (arrows; Home and End within the row, Page Up and
 * Page Down within the column, Escape leaves), outlines it in every matrix. The last cell pointed
 * at stays, so that it can be watched over snapshots.
 */
#pragma once

#include "app/session/snapshot.h"
#include "app/widgets/pointing.h"

G_BEGIN_DECLS

#define WB_TYPE_MATRIX_VIEW (wb_matrix_view_get_type ())
G_DECLARE_FINAL_TYPE (WbMatrixView, wb_matrix_view, WB, MATRIX_VIEW, WbPointing)

/* Signals:
 *   pointed               another cell is pointed at, or none
 *   resized (int width)   while it is being laid out */

GtkWidget *wb_matrix_view_new (void);

/* The snapshot is held on to; NULL: shows nothing, and the scales of colours begin anew. */
void wb_matrix_view_show (WbMatrixView *view, WbSnapshot *snapshot);

/* Shows a snapshot. */
gboolean wb_matrix_view_is_shown (WbMatrixView *view);

/* The cell pointed at; FALSE: none. Within the snapshot shown. */
gboolean wb_matrix_view_get_cell (WbMatrixView *view, guint *picture, guint *caption);

/* Points at a cell; beyond the matrices there is none to point at. */
void wb_matrix_view_set_cell (WbMatrixView *view, guint picture, guint caption);

G_END_DECLS
