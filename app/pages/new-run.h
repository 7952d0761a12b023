/* The dialog that puts a new run together and starts it. */
#pragma once

#include "app/session/launch.h"

#include <adwaita.h>

G_BEGIN_DECLS

#define WB_TYPE_NEW_RUN (wb_new_run_get_type ())
G_DECLARE_FINAL_TYPE (WbNewRun, wb_new_run, WB, NEW_RUN, AdwWindow)

/* Signal "launched" (WbLaunch *launch), after which it closes. */
GtkWindow *wb_new_run_new (GtkWindow *parent, WbRuns *runs);

G_END_DECLS
