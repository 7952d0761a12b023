/* The page on which tokens the student keeps: the probe pictures, and one of them at each shrinking
 * block, at any snapshot of the run. */
#pragma once

#include "app/pages/reel-page.h"

G_BEGIN_DECLS

#define WB_TYPE_TOKENS_PAGE (wb_tokens_page_get_type ())
G_DECLARE_FINAL_TYPE (WbTokensPage, wb_tokens_page, WB, TOKENS_PAGE, WbReelPage)

GtkWidget *wb_tokens_page_new (void);

/* NULL: none. The page holds on to the run, has it open while it is shown, and remembers picture,
 * step and view of each. */
void wb_tokens_page_set_run (WbTokensPage *page, WbRun *run);

G_END_DECLS
