/* A run's colour as a dot: filled while a process is at work on it, else a ring. Main thread. */
#pragma once

#include "app/session/summary.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define WB_TYPE_RUN_DOT (wb_run_dot_get_type ())
G_DECLARE_FINAL_TYPE (WbRunDot, wb_run_dot, WB, RUN_DOT, GtkWidget)

GtkWidget *wb_run_dot_new (void);

/* Copies colour and state. NULL: nothing is drawn. */
void wb_run_dot_set_summary (WbRunDot *dot, const WbSummary *summary);

G_END_DECLS
