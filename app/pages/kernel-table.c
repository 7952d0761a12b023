#include "app/pages/kernel-table.h"

#include "app/draw/format.h"

#include <math.h>
#include <string.h>

/* A column is a member of WbKernel: the name, or a number. */
static const struct
{
  const char *title, *tip;
  gsize member;
  DrawUnit unit;
} columns[] = {
  { "Kernel", "Sort by name", G_STRUCT_OFFSET (WbKernel, name), DRAW_NUMBER },
  { "Calls", "Sort by calls a step", G_STRUCT_OFFSET (WbKernel, calls), DRAW_INTEGER },
  { "ms", "Sort by time", G_STRUCT_OFFSET (WbKernel, ms), DRAW_NUMBER },
  { "Share", "Sort by share of the time", G_STRUCT_OFFSET (WbKernel, share), DRAW_PERCENT },
  { "GFLOP/s", "Sort by operations a second", G_STRUCT_OFFSET (WbKernel, gflops), DRAW_NUMBER },
  { "GB/s", "Sort by memory traffic", G_STRUCT_OFFSET (WbKernel, gb_per_s), DRAW_NUMBER },
};

enum
{
  NAME = 0,
  TIME = 2,
};

static double
number_of (const WbKernel *kernel, guint column)
{
  return G_STRUCT_MEMBER (double, kernel, columns[column].member);
}

static int
compare (gconstpointer a, gconstpointer b, gpointer data)
{
  const WbKernelTable *table = data;
  const WbKernel *x = *(WbKernel *const *) a, *y = *(WbKernel *const *) b;
  const int way = table->ascending ? 1 : -1;

  if (table->column == NAME)
    return way * strcmp (x->name, y->name);
  const double p = number_of (x, table->column), q = number_of (y, table->column);
  /* What is not known stands last, either way. */
  if (isnan (p) || isnan (q))
    return isnan (p) - isnan (q);
  return way * ((p > q) - (p < q));
}

/* The sorted column's heading has an arrow. */
static void
show_order (const WbKernelTable *table)
{
  for (guint i = 0; i < G_N_ELEMENTS (columns); i++)
    {
      GtkWidget *button = gtk_grid_get_child_at (table->grid, (int) i, 0);
      const char *arrow = i != table->column ? "" : table->ascending ? " ↑" : " ↓";
      g_autofree char *label = g_strconcat (columns[i].title, arrow, NULL);

      gtk_button_set_label (GTK_BUTTON (button), label);
      gtk_accessible_update_property (GTK_ACCESSIBLE (button), GTK_ACCESSIBLE_PROPERTY_SORT,
                                      i != table->column ? GTK_ACCESSIBLE_SORT_NONE
                                      : table->ascending ? GTK_ACCESSIBLE_SORT_ASCENDING
                                                         : GTK_ACCESSIBLE_SORT_DESCENDING,
                                      -1);
    }
}

/* Names from A, numbers from the largest; once more turns it round. */
static void
heading_clicked (GtkButton *button, WbKernelTable *table)
{
  const guint column = GPOINTER_TO_UINT (g_object_get_data (G_OBJECT (button), "column"));

  table->ascending = column == table->column ? !table->ascending : column == NAME;
  table->column = column;
  show_order (table);
  table->sort_changed (table->data);
}

void
wb_kernel_table_init (WbKernelTable *table, GtkGrid *grid, void (*sort_changed) (gpointer data),
                      gpointer data)
{
  *table =
      (WbKernelTable){ .grid = grid, .column = TIME, .sort_changed = sort_changed, .data = data };
  for (guint i = 0; i < G_N_ELEMENTS (columns); i++)
    {
      GtkWidget *button = gtk_button_new ();

      g_object_set_data (G_OBJECT (button), "column", GUINT_TO_POINTER (i));
      gtk_widget_add_css_class (button, "flat");
      gtk_widget_set_halign (button, i == NAME ? GTK_ALIGN_START : GTK_ALIGN_END);
      gtk_widget_set_tooltip_text (button, columns[i].tip);
      g_signal_connect (button, "clicked", G_CALLBACK (heading_clicked), table);
      gtk_grid_attach (grid, button, (int) i, 0, 1, 1);
    }
  show_order (table);
}

static void
put (GtkGrid *grid, guint column, guint row, const char *text)
{
  GtkWidget *label = gtk_grid_get_child_at (grid, (int) column, (int) row);

  if (!label)
    {
      label = gtk_label_new (NULL);
      gtk_label_set_xalign (GTK_LABEL (label), column == NAME ? 0 : 1);
      gtk_label_set_selectable (GTK_LABEL (label), column == NAME);
      gtk_widget_set_focusable (label, FALSE);
      gtk_widget_set_hexpand (label, column == NAME);
      gtk_widget_set_margin_start (label, 10);
      gtk_widget_set_margin_end (label, 10);
      gtk_widget_add_css_class (label, "figures");
      gtk_grid_attach (grid, label, (int) column, (int) row, 1, 1);
    }
  if (strcmp (gtk_label_get_text (GTK_LABEL (label)), text) != 0)
    gtk_label_set_text (GTK_LABEL (label), text);
}

void
wb_kernel_table_fill (WbKernelTable *table, const WbProfile *profile)
{
  const guint n = profile->kernels->len;
  g_autoptr (GPtrArray) rows = g_ptr_array_new ();

  for (guint i = 0; i < n; i++)
    g_ptr_array_add (rows, &g_array_index (profile->kernels, WbKernel, i));
  g_ptr_array_sort_with_data (rows, compare, table);
  for (guint i = 0; i < n; i++)
    for (guint column = 0; column < G_N_ELEMENTS (columns); column++)
      {
        const WbKernel *kernel = rows->pdata[i];
        char text[DRAW_FORMAT_SIZE];

        put (table->grid, column, i + 1,
             column == NAME ? kernel->name
                            : draw_format (text, number_of (kernel, column), columns[column].unit));
      }
  while (gtk_grid_get_child_at (table->grid, NAME, (int) n + 1))
    gtk_grid_remove_row (table->grid, (int) n + 1);
}
