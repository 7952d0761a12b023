#include "app/pages/compare-table.h"

#include "app/draw/format.h"
#include "app/pages/run-points.h"
#include "app/session/fields.h"
#include "app/widgets/run-dot.h"

#include <math.h>

/* A row is the mean of a column's newest values, or a recall of the newest evaluation. */
static const struct
{
  const char *title, *column;
  guint newest; /* values of the column */
  const char *encoder;
  WbRecall recall;
  DrawUnit unit;
  gboolean more_is_better;
} rows[] = {
  { "Steps", .column = "step", 1, .unit = DRAW_INTEGER },
  { "Training time", .column = "wall", 1, .unit = DRAW_TIME },
  { "Pairs/s, last 100 steps", .column = "pairs_per_s", 100, .more_is_better = TRUE },
  { "Loss, last 20 steps", .column = "loss", 20 },
  { "R@1, student", .encoder = "student", WB_RECALL_AT_1, DRAW_PERCENT, TRUE },
  { "R@5, student", .encoder = "student", WB_RECALL_AT_5, DRAW_PERCENT, TRUE },
  { "R@10, student", .encoder = "student", WB_RECALL_AT_10, DRAW_PERCENT, TRUE },
  { "R@1, teacher", .encoder = "teacher", WB_RECALL_AT_1, DRAW_PERCENT, TRUE },
  { "R@5, teacher", .encoder = "teacher", WB_RECALL_AT_5, DRAW_PERCENT, TRUE },
  { "R@10, teacher", .encoder = "teacher", WB_RECALL_AT_10, DRAW_PERCENT, TRUE },
};

enum
{
  ROW_NAMES,
  ROW_STATE,
  ROW_FIRST,
  ROW_HEADING = ROW_FIRST + G_N_ELEMENTS (rows), /* of what differs */
  ROW_DIFFERENCES,
};

#define HEADING_SPAN 2 /* columns */

static GtkLabel *
label_at (GtkGrid *grid, int column, int row)
{
  GtkWidget *label = gtk_grid_get_child_at (grid, column, row);

  if (!label)
    {
      label = gtk_label_new (NULL);
      gtk_label_set_xalign (GTK_LABEL (label), column == 0 ? 0 : 1);
      gtk_label_set_selectable (GTK_LABEL (label), column > 0);
      gtk_widget_set_focusable (label, FALSE);
      gtk_widget_add_css_class (label, column == 0 ? "dim-label" : "figures");
      gtk_grid_attach (grid, label, column, row, row == ROW_HEADING ? HEADING_SPAN : 1, 1);
    }
  return GTK_LABEL (label);
}

static void
put (GtkGrid *grid, int column, int row, const char *text)
{
  GtkLabel *label = label_at (grid, column, row);

  if (g_strcmp0 (gtk_label_get_text (label), text) != 0)
    gtk_label_set_text (label, text);
}

/* Above each column the run's colour and name. */
static void
put_name (GtkGrid *grid, int column, const WbSummary *summary)
{
  GtkWidget *box = gtk_grid_get_child_at (grid, column, ROW_NAMES);

  if (!box)
    {
      GtkWidget *name = gtk_label_new (NULL);

      box = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 6);
      gtk_widget_set_halign (box, GTK_ALIGN_END);
      gtk_widget_add_css_class (name, "best");
      gtk_label_set_ellipsize (GTK_LABEL (name), PANGO_ELLIPSIZE_MIDDLE);
      gtk_label_set_width_chars (GTK_LABEL (name), 8);
      gtk_label_set_max_width_chars (GTK_LABEL (name), 20);
      gtk_label_set_xalign (GTK_LABEL (name), 1);
      gtk_box_append (GTK_BOX (box), name);
      gtk_box_append (GTK_BOX (box), wb_run_dot_new ());
      gtk_grid_attach (grid, box, column, ROW_NAMES, 1, 1);
    }
  gtk_label_set_text (GTK_LABEL (gtk_widget_get_first_child (box)), summary->name);
  gtk_widget_set_tooltip_text (box, summary->id);
  wb_run_dot_set_summary (WB_RUN_DOT (gtk_widget_get_last_child (box)), summary);
}

/* NAN: there is none. */
static double
mean_of_newest (const WbSeries *series, const char *column, guint newest)
{
  const double *values = wb_series_get (series, column);
  const guint length = values ? wb_series_get_length (series) : 0;
  double sum = 0;
  guint n = 0;

  for (guint i = length - MIN (newest, length); i < length; i++)
    if (isfinite (values[i]))
      {
        sum += values[i];
        n++;
      }
  return n > 0 ? sum / n : NAN;
}

static double
value_of (WbRun *run, guint row)
{
  if (rows[row].column)
    return mean_of_newest (wb_run_get_series (run), rows[row].column, rows[row].newest);
  const WbEval *eval = wb_run_get_newest_eval (run, rows[row].encoder);
  return eval ? wb_recall_get (eval, rows[row].recall, WB_TEXT_TO_IMAGE) : NAN;
}

/* The best of several stands out. A row of which no run has a value is left out. */
static void
put_values (GtkGrid *grid, WbRun *const *runs, guint n, guint row)
{
  double best = -INFINITY;
  guint known = 0;

  for (guint i = 0; i < n; i++)
    {
      const double value = value_of (runs[i], row);

      known += isfinite (value);
      best = isfinite (value) ? fmax (best, value) : best;
    }
  put (grid, 0, ROW_FIRST + (int) row, rows[row].title);
  gtk_widget_set_visible (gtk_grid_get_child_at (grid, 0, ROW_FIRST + (int) row), known > 0);
  for (guint i = 0; i < n; i++)
    {
      const double value = value_of (runs[i], row);
      char text[DRAW_FORMAT_SIZE];
      GtkWidget *label = GTK_WIDGET (label_at (grid, (int) i + 1, ROW_FIRST + (int) row));

      put (grid, (int) i + 1, ROW_FIRST + (int) row, draw_format (text, value, rows[row].unit));
      gtk_widget_set_visible (label, known > 0);
      if (rows[row].more_is_better && known > 1 && value == best)
        gtk_widget_add_css_class (label, "best");
      else
        gtk_widget_remove_css_class (label, "best");
    }
}

static void
remove_rows_from (GtkGrid *grid, int row)
{
  while (gtk_grid_get_child_at (grid, 0, row))
    gtk_grid_remove_row (grid, row);
}

/* Of the runs whose settings are known. */
static void
put_differences (GtkGrid *grid, WbRun *const *runs, guint n)
{
  g_autofree const NnConfig **configs = g_new0 (const NnConfig *, n + 1);
  g_autoptr (GPtrArray) all = g_ptr_array_new_with_free_func ((GDestroyNotify) g_ptr_array_unref);
  guint known = 0;

  for (guint i = 0; i < n; i++)
    {
      const NnConfig *config = wb_run_get_config (runs[i]);

      if (config)
        configs[known++] = config;
      g_ptr_array_add (all, config ? wb_fields_new (config) : g_ptr_array_new ());
    }
  g_autoptr (GPtrArray) paths = wb_fields_differing (configs, known);
  put (grid, 0, ROW_HEADING,
       n < 2             ? "Check another run to see what differs"
       : paths->len == 0 ? "Their settings are the same"
                         : "What differs in their settings");
  gtk_widget_set_margin_top (gtk_grid_get_child_at (grid, 0, ROW_HEADING), 10);
  for (guint row = 0; row < paths->len; row++)
    {
      put (grid, 0, ROW_DIFFERENCES + (int) row, paths->pdata[row]);
      for (guint i = 0; i < n; i++)
        {
          const char *text = wb_fields_get (all->pdata[i], paths->pdata[row]);

          put (grid, (int) i + 1, ROW_DIFFERENCES + (int) row, text ? text : "–");
        }
    }
  remove_rows_from (grid, ROW_DIFFERENCES + (int) paths->len);
}

void
wb_compare_table_fill (GtkGrid *grid, WbRun *const *runs, guint n)
{
  put (grid, 0, ROW_NAMES, "");
  put (grid, 0, ROW_STATE, "State");
  for (guint i = 0; i < n; i++)
    {
      const WbSummary *summary = wb_run_get_summary (runs[i]);

      put_name (grid, (int) i + 1, summary);
      put (grid, (int) i + 1, ROW_STATE, wb_run_state_name (summary->state));
    }
  for (guint row = 0; row < G_N_ELEMENTS (rows); row++)
    put_values (grid, runs, n, row);
  put_differences (grid, runs, n);
  while (gtk_grid_get_child_at (grid, (int) n + 1, ROW_NAMES))
    gtk_grid_remove_column (grid, (int) n + 1);
}
