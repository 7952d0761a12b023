/* What one encoder found, best first: cards in one row, or in two where there is little room. As
 * many are shown as fit; where there is much room, cards grow. */
#pragma once

#include "app/session/answer.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

/* The most that are ever shown. */
#define WB_HITS_MAX 12

#define WB_TYPE_HITS (wb_hits_get_type ())
G_DECLARE_FINAL_TYPE (WbHits, wb_hits, WB, HITS, GtkWidget)

/* Signals: "pointed" (const char *id of the picture under the pointer or with the focus, or NULL),
 * "opened" (WbHitCard *card). */

/* hits: one of the answer's lists. */
void wb_hits_set (WbHits *hits, WbAnswer *answer, const GArray *list);

/* Outlines the picture of this id, if it is here; NULL: none. */
void wb_hits_mark (WbHits *hits, const char *id);

G_END_DECLS
