/* What the window shows while there is no run: one click imports OpenClipart and trains on it. */
#pragma once

#include "app/session/launch.h"

#include <adwaita.h>

G_BEGIN_DECLS

#define WB_TYPE_WELCOME (wb_welcome_get_type ())
G_DECLARE_FINAL_TYPE (WbWelcome, wb_welcome, WB, WELCOME, AdwBin)

/* Signal "launched" (WbLaunch *launch). */
GtkWidget *wb_welcome_new (WbRuns *runs);

G_END_DECLS
