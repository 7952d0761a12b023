/* The kernels of a profile as a table that is sorted by any of its columns. Main thread. */
#pragma once

#include "app/session/profile.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

typedef struct
{
  GtkGrid *grid; /* in which nothing else stands */
  guint column;  /* sorted by */
  gboolean ascending;
  void (*sort_changed) (gpointer data); /* wants the table filled again */
  gpointer data;
} WbKernelTable;

/* Longest first. Makes the row of headings, a button a column. */
void wb_kernel_table_init (WbKernelTable *table, GtkGrid *grid,
                           void (*sort_changed) (gpointer data), gpointer data);

/* Cells that are there already only get another text. */
void wb_kernel_table_fill (WbKernelTable *table, const WbProfile *profile);

G_END_DECLS
