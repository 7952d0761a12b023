/* Several runs beside one another: one metric over one axis, their results, and what differs in
 * their settings. */
#pragma once

#include "app/session/run.h"

#include <adwaita.h>

G_BEGIN_DECLS

#define WB_TYPE_COMPARE_PAGE (wb_compare_page_get_type ())
G_DECLARE_FINAL_TYPE (WbComparePage, wb_compare_page, WB, COMPARE_PAGE, AdwBin)

GtkWidget *wb_compare_page_new (void);

/* A list of WbRun that may change. */
void wb_compare_page_set_runs (WbComparePage *page, GListModel *runs);

G_END_DECLS
