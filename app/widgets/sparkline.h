/* The loss of a run as a curve the size of a word, as far along as the run is. Main thread. */
#pragma once

#include "app/session/summary.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define WB_TYPE_SPARKLINE (wb_sparkline_get_type ())
G_DECLARE_FINAL_TYPE (WbSparkline, wb_sparkline, WB, SPARKLINE, GtkWidget)

GtkWidget *wb_sparkline_new (void);

/* Copies what it needs: spark, step, total and colour. NULL: nothing is drawn. */
void wb_sparkline_set_summary (WbSparkline *sparkline, const WbSummary *summary);

G_END_DECLS
