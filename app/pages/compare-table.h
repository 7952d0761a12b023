/* Runs beside one another as a table, a column a run: how far each is, what it measures, and what
 * differs in their settings, which is all that is said of them. Main thread.
 */
#pragma once

#include "app/session/run.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

/* Fills the grid, in which nothing else stands. Cells that are there already only get another text,
 * so that live values change in place. */
void wb_compare_table_fill (GtkGrid *grid, WbRun *const *runs, guint n);

G_END_DECLS
