/* How a run trains: its losses, its recall, and what else moves, over one axis. Main thread. */
#pragma once

#include "app/session/run.h"

#include <adwaita.h>

G_BEGIN_DECLS

#define WB_TYPE_TRAIN_PAGE (wb_train_page_get_type ())
G_DECLARE_FINAL_TYPE (WbTrainPage, wb_train_page, WB, TRAIN_PAGE, AdwBin)

GtkWidget *wb_train_page_new (void);

/* NULL: none is selected. The page holds the run, and opens it while it is on screen. What was
 * zoomed to is remembered for each run. */
void wb_train_page_set_run (WbTrainPage *page, WbRun *run);

G_END_DECLS
