/* A run in the list: its colour and a mark for comparing, name, how it stands, and its loss at a
 * glance. */
#pragma once

#include "app/session/run.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define WB_TYPE_RUN_ROW (wb_run_row_get_type ())
G_DECLARE_FINAL_TYPE (WbRunRow, wb_run_row, WB, RUN_ROW, GtkBox)

/* checked: a GListStore of the runs to compare, which the row's mark adds to and removes from. */
GtkWidget *wb_run_row_new (GListStore *checked);

/* NULL when the row is put aside. */
void wb_run_row_set_run (WbRunRow *row, WbRun *run);

G_END_DECLS
