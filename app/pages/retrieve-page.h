/* Asking a run's newest checkpoint for pictures: a line to type into, and what student and teacher
 * find among the held-out pictures. */
#pragma once

#include "app/session/run.h"

#include <adwaita.h>

G_BEGIN_DECLS

#define WB_TYPE_RETRIEVE_PAGE (wb_retrieve_page_get_type ())
G_DECLARE_FINAL_TYPE (WbRetrievePage, wb_retrieve_page, WB, RETRIEVE_PAGE, AdwBin)

GtkWidget *wb_retrieve_page_new (void);

/* NULL: none. Each run's question is remembered as long as the page lives. */
void wb_retrieve_page_set_run (WbRetrievePage *page, WbRun *run);

/* Puts the cursor into the query, all of it selected. */
void wb_retrieve_page_focus (WbRetrievePage *page);

G_END_DECLS
