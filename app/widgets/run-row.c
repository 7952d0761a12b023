#include "app/widgets/run-row.h"

#include "app/draw/format.h"
#include "app/widgets/run-dot.h"
#include "app/widgets/sparkline.h"

#include <math.h>

struct _WbRunRow
{
  GtkBox parent;
  WbRun *run;
  GListStore *checked;
  gboolean updating;
  GtkCheckButton *check;
  WbRunDot *dot;
  WbSparkline *spark;
  GtkLabel *name, *text, *data;
};

G_DEFINE_FINAL_TYPE (WbRunRow, wb_run_row, GTK_TYPE_BOX)

static void
describe_live (GString *text, const WbSummary *summary)
{
  if (summary->to_compile > 0)
    g_string_printf (text, "compiling %u of %u", summary->compiled, summary->to_compile);
  else
    g_string_printf (text, "%s%.0f %%", summary->state == WB_RUN_PAUSED ? "paused at " : "",
                     summary->total > 0 ? 100.0 * (double) summary->step / (double) summary->total
                                        : 0.0);
}

static char *
describe (const WbSummary *summary)
{
  char step[DRAW_FORMAT_SIZE], recall[DRAW_FORMAT_SIZE];
  GString *text = g_string_new (NULL);
  switch (summary->state)
    {
    case WB_RUN_RUNNING:
    case WB_RUN_PAUSED:
      describe_live (text, summary);
      break;
    case WB_RUN_FINISHED:
      g_string_assign (text, "done");
      break;
    case WB_RUN_STARTING:
      g_string_assign (text, "starting");
      break;
    default:
      g_string_printf (text, "%s at %s", wb_run_state_name (summary->state),
                       draw_format (step, (double) summary->step, DRAW_INTEGER));
    }
  if (isfinite (summary->recall))
    g_string_append_printf (text, "  ·  R@10 %s",
                            draw_format (recall, summary->recall, DRAW_PERCENT));
  return g_string_free (text, FALSE);
}

static gboolean
find_checked (WbRunRow *row, guint *position)
{
  return row->run && g_list_store_find (row->checked, row->run, position);
}

/* To assistive technology the list's item around the row is what has the focus. */
static void
name_item (WbRunRow *row, const char *name, const char *text)
{
  GtkWidget *item = gtk_widget_get_parent (GTK_WIDGET (row));
  g_autofree char *label = g_strdup_printf ("%s, %s", name, text);
  g_autofree char *check = g_strdup_printf ("Compare %s", name);
  if (item)
    gtk_accessible_update_property (GTK_ACCESSIBLE (item), GTK_ACCESSIBLE_PROPERTY_LABEL, label,
                                    -1);
  gtk_accessible_update_property (GTK_ACCESSIBLE (row->check), GTK_ACCESSIBLE_PROPERTY_LABEL, check,
                                  -1);
}

static void
set_class (GtkWidget *widget, const char *class, gboolean set)
{
  if (set)
    gtk_widget_add_css_class (widget, class);
  else
    gtk_widget_remove_css_class (widget, class);
}

static void
update (WbRunRow *row)
{
  if (!row->run || !row->name)
    return;
  const WbSummary *summary = wb_run_get_summary (row->run);
  const gboolean trouble = summary->state == WB_RUN_FAILED || summary->state == WB_RUN_KILLED;
  g_autofree char *text = describe (summary);
  row->updating = TRUE;
  gtk_check_button_set_active (row->check, find_checked (row, NULL));
  row->updating = FALSE;
  gtk_label_set_text (row->name, summary->name);
  gtk_label_set_text (row->text, text);
  name_item (row, summary->name, text);
  gtk_widget_set_tooltip_text (GTK_WIDGET (row), summary->reason ? summary->reason : summary->id);
  gtk_label_set_text (row->data, summary->data ? summary->data : "");
  set_class (GTK_WIDGET (row->text), "error", trouble);
  set_class (GTK_WIDGET (row->text), "dim-label", !trouble);
  wb_run_dot_set_summary (row->dot, summary);
  wb_sparkline_set_summary (row->spark, summary);
}

static void
toggled (WbRunRow *row)
{
  guint position = 0;
  if (row->updating || !row->run)
    return;
  if (find_checked (row, &position))
    g_list_store_remove (row->checked, position);
  else
    g_list_store_append (row->checked, row->run);
}

void
wb_run_row_set_run (WbRunRow *row, WbRun *run)
{
  if (row->run)
    g_signal_handlers_disconnect_by_data (row->run, row);
  g_set_object (&row->run, run);
  if (run)
    {
      g_signal_connect_swapped (run, "changed", G_CALLBACK (update), row);
      g_signal_connect_swapped (run, "notify", G_CALLBACK (update), row);
    }
  update (row);
}

static void
dispose (GObject *object)
{
  WbRunRow *row = WB_RUN_ROW (object);
  row->name = NULL;
  wb_run_row_set_run (row, NULL);
  g_clear_object (&row->checked);
  G_OBJECT_CLASS (wb_run_row_parent_class)->dispose (object);
}

static void
wb_run_row_class_init (WbRunRowClass *class)
{
  G_OBJECT_CLASS (class)->dispose = dispose;
}

static GtkLabel *
new_label (const char *class)
{
  GtkWidget *label = gtk_label_new (NULL);
  gtk_label_set_xalign (GTK_LABEL (label), 0);
  gtk_label_set_ellipsize (GTK_LABEL (label), PANGO_ELLIPSIZE_END);
  if (class)
    gtk_widget_add_css_class (label, class);
  gtk_widget_add_css_class (label, "figures");
  return GTK_LABEL (label);
}

/* Three lines: what it is called, how it is, and its loss beside the data it learns from. */
static GtkWidget *
new_lines (WbRunRow *row)
{
  GtkWidget *lines = gtk_box_new (GTK_ORIENTATION_VERTICAL, 2);
  GtkWidget *head = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 8);
  GtkWidget *foot = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 8);

  row->dot = WB_RUN_DOT (wb_run_dot_new ());
  row->name = new_label (NULL);
  row->text = new_label ("caption");
  row->data = new_label ("caption");
  row->spark = WB_SPARKLINE (wb_sparkline_new ());
  gtk_widget_set_hexpand (GTK_WIDGET (row->spark), TRUE);
  gtk_widget_add_css_class (GTK_WIDGET (row->data), "dim-label");
  gtk_label_set_max_width_chars (row->data, 14);
  gtk_box_append (GTK_BOX (head), GTK_WIDGET (row->dot));
  gtk_box_append (GTK_BOX (head), GTK_WIDGET (row->name));
  gtk_box_append (GTK_BOX (foot), GTK_WIDGET (row->spark));
  gtk_box_append (GTK_BOX (foot), GTK_WIDGET (row->data));
  gtk_box_append (GTK_BOX (lines), head);
  gtk_box_append (GTK_BOX (lines), GTK_WIDGET (row->text));
  gtk_box_append (GTK_BOX (lines), foot);
  gtk_widget_set_hexpand (lines, TRUE);
  return lines;
}

static void
wb_run_row_init (WbRunRow *row)
{
  gtk_box_set_spacing (GTK_BOX (row), 8);
  gtk_widget_set_margin_top (GTK_WIDGET (row), 6);
  gtk_widget_set_margin_bottom (GTK_WIDGET (row), 6);
  row->check = GTK_CHECK_BUTTON (gtk_check_button_new ());
  gtk_widget_set_valign (GTK_WIDGET (row->check), GTK_ALIGN_START);
  gtk_widget_set_tooltip_text (GTK_WIDGET (row->check), "Compare this run");
  g_signal_connect_swapped (row->check, "toggled", G_CALLBACK (toggled), row);
  gtk_box_append (GTK_BOX (row), new_lines (row));
  gtk_box_append (GTK_BOX (row), GTK_WIDGET (row->check));
}

GtkWidget *
wb_run_row_new (GListStore *checked)
{
  WbRunRow *row = g_object_new (WB_TYPE_RUN_ROW, "orientation", GTK_ORIENTATION_HORIZONTAL, NULL);
  row->checked = g_object_ref (checked);
  return GTK_WIDGET (row);
}
