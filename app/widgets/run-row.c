#include "app/widgets/run-row.h"

#include "app/draw/format.h"
#include "app/widgets/theme.h"

#include <math.h>

#define DOT 10
#define SPARK_HEIGHT 22

struct _WbRunRow
{
  GtkBox parent;
  WbRun *run;
  GListStore *checked;
  gboolean updating;
  GtkCheckButton *check;
  GtkWidget *dot, *spark;
  GtkLabel *name, *text;
};

G_DEFINE_FINAL_TYPE (WbRunRow, wb_run_row, GTK_TYPE_BOX)

static DrawColor
run_color (WbRunRow *row, const DrawTheme *theme)
{
  const guint colour = wb_run_get_summary (row->run)->colour;
  return colour == WB_NO_COLOUR ? theme->muted
                                : draw_theme_run_color (theme, colour, DRAW_SHADE_BASE);
}

static void
draw_dot (GtkDrawingArea *area, cairo_t *cr, int width, int height, gpointer data)
{
  WbRunRow *row = data;
  DrawTheme theme;
  if (!row->run)
    return;
  wb_theme_init (&theme, GTK_WIDGET (area));
  draw_set_color (cr, run_color (row, &theme), 1);
  cairo_arc (cr, width / 2.0, height / 2.0, DOT / 2.0, 0, 2 * G_PI);
  if (wb_run_state_is_live (wb_run_get_state (row->run)))
    cairo_fill (cr);
  else
    {
      cairo_set_line_width (cr, 2);
      cairo_stroke (cr);
    }
}

/* The loss from the first to the newest step; as long as the run has come. */
static void
draw_spark (GtkDrawingArea *area, cairo_t *cr, int width, int height, gpointer data)
{
  WbRunRow *row = data;
  const WbSummary *summary = row->run ? wb_run_get_summary (row->run) : NULL;
  DrawTheme theme;
  if (!summary || summary->n_spark < 2)
    return;
  wb_theme_init (&theme, GTK_WIDGET (area));
  float least = summary->spark[0], most = least;
  for (guint i = 1; i < summary->n_spark; i++)
    {
      least = fminf (least, summary->spark[i]);
      most = fmaxf (most, summary->spark[i]);
    }
  const double share =
      summary->total > 0 ? CLAMP ((double) summary->step / (double) summary->total, 0, 1) : 1;
  const double span = MAX (most - least, 1e-6), reach = (width - 3) * share;
  draw_set_color (cr, run_color (row, &theme), 1);
  cairo_set_line_width (cr, 1.5);
  cairo_set_line_join (cr, CAIRO_LINE_JOIN_ROUND);
  for (guint i = 0; i < summary->n_spark; i++)
    cairo_line_to (cr, 1.5 + reach * i / (summary->n_spark - 1),
                   2 + (height - 4) * (most - summary->spark[i]) / span);
  cairo_stroke (cr);
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
      g_string_printf (text, "%s%.0f %%", summary->state == WB_RUN_PAUSED ? "paused at " : "",
                       summary->total > 0 ? 100.0 * (double) summary->step / (double) summary->total
                                          : 0.0);
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
  if (summary->data)
    g_string_append_printf (text, "  ·  %s", summary->data);
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
  if (trouble)
    gtk_widget_add_css_class (GTK_WIDGET (row->text), "error");
  else
    gtk_widget_remove_css_class (GTK_WIDGET (row->text), "error");
  gtk_widget_queue_draw (row->dot);
  gtk_widget_queue_draw (row->spark);
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

static GtkWidget *
new_area (int width, int height, GtkDrawingAreaDrawFunc draw, WbRunRow *row)
{
  GtkWidget *area = gtk_drawing_area_new ();
  gtk_drawing_area_set_content_width (GTK_DRAWING_AREA (area), width);
  gtk_drawing_area_set_content_height (GTK_DRAWING_AREA (area), height);
  gtk_drawing_area_set_draw_func (GTK_DRAWING_AREA (area), draw, row, NULL);
  return area;
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

static void
wb_run_row_init (WbRunRow *row)
{
  GtkWidget *texts = gtk_box_new (GTK_ORIENTATION_VERTICAL, 2);
  GtkWidget *head = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 8);
  gtk_box_set_spacing (GTK_BOX (row), 8);
  gtk_widget_set_margin_top (GTK_WIDGET (row), 6);
  gtk_widget_set_margin_bottom (GTK_WIDGET (row), 6);

  row->check = GTK_CHECK_BUTTON (gtk_check_button_new ());
  gtk_widget_set_tooltip_text (GTK_WIDGET (row->check), "Compare this run");
  g_signal_connect_swapped (row->check, "toggled", G_CALLBACK (toggled), row);
  row->dot = new_area (DOT + 2, DOT + 2, draw_dot, row);
  gtk_widget_set_valign (row->dot, GTK_ALIGN_CENTER);
  row->name = new_label (NULL);
  row->text = new_label ("caption");
  gtk_widget_add_css_class (GTK_WIDGET (row->text), "dim-label");
  row->spark = new_area (40, SPARK_HEIGHT, draw_spark, row);

  gtk_box_append (GTK_BOX (head), row->dot);
  gtk_box_append (GTK_BOX (head), GTK_WIDGET (row->name));
  gtk_box_append (GTK_BOX (texts), head);
  gtk_box_append (GTK_BOX (texts), GTK_WIDGET (row->text));
  gtk_box_append (GTK_BOX (texts), row->spark);
  gtk_widget_set_hexpand (texts, TRUE);
  gtk_box_append (GTK_BOX (row), texts);
  gtk_box_append (GTK_BOX (row), GTK_WIDGET (row->check));
}

GtkWidget *
wb_run_row_new (GListStore *checked)
{
  WbRunRow *row = g_object_new (WB_TYPE_RUN_ROW, "orientation", GTK_ORIENTATION_HORIZONTAL, NULL);
  row->checked = g_object_ref (checked);
  return GTK_WIDGET (row);
}
