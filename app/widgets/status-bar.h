/* The bottom bar: how the selected run stands, and the buttons to steer it (actions win.pause and
 * win.stop). */
#pragma once

#include "app/session/run.h"

#include <adwaita.h>

G_BEGIN_DECLS

#define WB_TYPE_STATUS_BAR (wb_status_bar_get_type ())
G_DECLARE_FINAL_TYPE (WbStatusBar, wb_status_bar, WB, STATUS_BAR, AdwBin)

/* NULL hides it. */
void wb_status_bar_set_run (WbStatusBar *bar, WbRun *run);

/* What a run is doing, in a line: "step 602 of 970 · 64.8 pairs/s · 5:42 left", or before its first
 * step "compiling kernels: 12 of 61" (g_free). */
char *wb_status_text (WbRun *run);

G_END_DECLS
