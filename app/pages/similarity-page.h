/* The page on what student and teacher think of each pair of the probe batch, at any snapshot of
 * the run: matrices, and the picture, captions and values of the cell pointed at. */
#pragma once

#include "app/pages/reel-page.h"

G_BEGIN_DECLS

#define WB_TYPE_SIMILARITY_PAGE (wb_similarity_page_get_type ())
G_DECLARE_FINAL_TYPE (WbSimilarityPage, wb_similarity_page, WB, SIMILARITY_PAGE, WbReelPage)

GtkWidget *wb_similarity_page_new (void);

/* NULL: none. The page holds on to the run, has it open while it is shown, and remembers cell and
 * step of each. */
void wb_similarity_page_set_run (WbSimilarityPage *page, WbRun *run);

G_END_DECLS
