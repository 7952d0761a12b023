#include "app/pages/compare-page.h"

#include "app/draw/curves.h"
#include "app/session/fields.h"
#include "app/widgets/theme.h"

#include <math.h>
#include <string.h>

/* A metric is a column of the series, or one of the newest evaluations of an encoder. */
static const struct
{
  const char *title;
  const char *column;  /* of the series, or NULL */
  const char *encoder; /* whose R@10 */
  DrawUnit unit;
} metrics[] = {
  { "Loss", "loss", NULL, DRAW_NUMBER },
  { "Contrastive loss", "contrastive", NULL, DRAW_NUMBER },
  { "Distillation loss", "distillation", NULL, DRAW_NUMBER },
  { "R@10, student", NULL, "student", DRAW_PERCENT },
  { "R@10, teacher", NULL, "teacher", DRAW_PERCENT },
  { "Pairs/s", "pairs_per_s", NULL, DRAW_NUMBER },
  { "Learning rate", "lr", NULL, DRAW_NUMBER },
  { "Gradient norm", "grad_norm", NULL, DRAW_NUMBER },
};

static const char *const metric_names[] = {
  "Loss",          "Contrastive loss", "Distillation loss",
  "R@10, student", "R@10, teacher",    "Pairs/s",
  "Learning rate", "Gradient norm",    NULL
};
static const char *const axis_names[] = { "by step", "by time", "by epoch", NULL };

#define SMOOTH_SPAN 20 /* steps, for what is noisy from step to step */

typedef struct
{
  WbRun *run;
  DrawSeries *series;
} Entry;

struct _WbComparePage
{
  AdwBin parent;
  GListModel *runs;
  GArray *entries;
  guint tick; /* a frame is asked for */
  gboolean has_cursor;
  double cursor;

  GtkStack *stack;
  GtkDropDown *metric, *axis;
  GtkToggleButton *log;
  GtkDrawingArea *chart;
  GtkGrid *results, *differences;
  GtkWidget *differences_title;
};

G_DEFINE_FINAL_TYPE (WbComparePage, wb_compare_page, ADW_TYPE_BIN)

static void
append_column (DrawSeries *series, WbRun *run, const char *column)
{
  const WbSeries *rows = wb_run_get_series (run);
  const double *values = wb_series_get (rows, column), *step = wb_series_get (rows, "step");
  const double *wall = wb_series_get (rows, "wall"), *epoch = wb_series_get (rows, "epoch");
  if (!values || !step || !wall || !epoch)
    return;
  for (guint i = 0; i < wb_series_get_length (rows); i++)
    draw_series_append (series, (const double[]){ step[i], wall[i], epoch[i] }, values[i]);
}

/* The time and epoch of an evaluation are those of the step before it. */
static void
append_evals (DrawSeries *series, WbRun *run, const char *encoder)
{
  const WbSeries *rows = wb_run_get_series (run);
  const double *wall = wb_series_get (rows, "wall"), *epoch = wb_series_get (rows, "epoch");
  guint n = 0;
  const WbEval *evals = wb_run_get_evals (run, &n);
  for (guint i = 0; i < n; i++)
    {
      const guint row = wb_series_find_step (rows, evals[i].step);
      const gboolean known = wall && epoch && row < wb_series_get_length (rows);
      if (g_strcmp0 (evals[i].encoder, encoder) == 0)
        draw_series_append (series,
                            (const double[]){ (double) evals[i].step, known ? wall[row] : 0,
                                              known ? epoch[row] : 0 },
                            evals[i].t2i_r10);
    }
}

static void
rebuild_series (WbComparePage *page, Entry *entry)
{
  const guint metric = gtk_drop_down_get_selected (page->metric);
  g_clear_pointer (&entry->series, draw_series_free);
  entry->series = draw_series_new ();
  if (metric >= G_N_ELEMENTS (metrics))
    return;
  if (!metrics[metric].column)
    {
      append_evals (entry->series, entry->run, metrics[metric].encoder);
      return;
    }
  append_column (entry->series, entry->run, metrics[metric].column);
  if (strcmp (metrics[metric].column, "lr") != 0)
    draw_series_set_smoothing (entry->series, DRAW_SMOOTH_EMA, SMOOTH_SPAN);
}

static Entry *
entry_at (WbComparePage *page, guint i)
{
  return &g_array_index (page->entries, Entry, i);
}

static void
describe_chart (WbComparePage *page, const DrawTheme *theme, DrawCurves *curves, DrawCurve *list)
{
  const guint metric = gtk_drop_down_get_selected (page->metric);
  for (guint i = 0; i < page->entries->len; i++)
    {
      const WbSummary *summary = wb_run_get_summary (entry_at (page, i)->run);
      const guint colour = summary->colour == WB_NO_COLOUR ? i : summary->colour;
      list[i] = (DrawCurve){ .series = entry_at (page, i)->series,
                             .label = summary->name,
                             .color = draw_theme_run_color (theme, colour, DRAW_SHADE_BASE) };
    }
  *curves = (DrawCurves){ .title = metrics[metric].title,
                          .curves = list,
                          .n_curves = page->entries->len,
                          .axis = (DrawXAxis) gtk_drop_down_get_selected (page->axis),
                          .unit = metrics[metric].unit,
                          .log = gtk_toggle_button_get_active (page->log),
                          .has_cursor = page->has_cursor,
                          .cursor = page->cursor };
}

static void
draw (GtkDrawingArea *area, cairo_t *cr, int width, int height, gpointer data)
{
  WbComparePage *page = data;
  DrawTheme theme;
  DrawCurves curves;
  g_autofree DrawCurve *list = g_new0 (DrawCurve, page->entries->len + 1);
  wb_theme_init (&theme, GTK_WIDGET (area));
  describe_chart (page, &theme, &curves, list);
  draw_curves (cr, &theme, &curves, width, height);
}

static void
hovered (WbComparePage *page, double px, double py)
{
  DrawTheme theme;
  DrawCurves curves;
  guint n = 0;
  g_autofree DrawCurve *list = g_new0 (DrawCurve, page->entries->len + 1);
  g_autofree DrawSample *samples = g_new0 (DrawSample, page->entries->len + 1);
  GtkWidget *area = GTK_WIDGET (page->chart);
  wb_theme_init (&theme, area);
  describe_chart (page, &theme, &curves, list);
  page->has_cursor =
      draw_curves_hit (&curves, gtk_widget_get_width (area), gtk_widget_get_height (area), px, py,
                       &page->cursor, samples, &n);
  gtk_widget_queue_draw (area);
}

static void
left (WbComparePage *page)
{
  page->has_cursor = FALSE;
  gtk_widget_queue_draw (GTK_WIDGET (page->chart));
}

static void
clear_grid (GtkGrid *grid)
{
  GtkWidget *child;
  while ((child = gtk_widget_get_first_child (GTK_WIDGET (grid))))
    gtk_grid_remove (grid, child);
}

static void
put (GtkGrid *grid, int column, int row, const char *text, const char *class)
{
  GtkWidget *label = gtk_label_new (text);
  gtk_label_set_xalign (GTK_LABEL (label), column == 0 ? 0 : 1);
  gtk_label_set_selectable (GTK_LABEL (label), TRUE);
  gtk_widget_add_css_class (label, "figures");
  if (class)
    gtk_widget_add_css_class (label, class);
  gtk_grid_attach (grid, label, column, row, 1, 1);
}

static void
put_number (GtkGrid *grid, int column, int row, double value, DrawUnit unit)
{
  char text[DRAW_FORMAT_SIZE];
  put (grid, column, row, draw_format (text, value, unit), NULL);
}

static void
put_recalls (GtkGrid *grid, int column, int row, const WbEval *eval)
{
  const double values[] = { eval ? eval->t2i_r1 : NAN, eval ? eval->t2i_r5 : NAN,
                            eval ? eval->t2i_r10 : NAN };
  for (int i = 0; i < 3; i++)
    put_number (grid, column + i, row, values[i], DRAW_PERCENT);
}

static void
fill_results (WbComparePage *page)
{
  static const char *const heads[] = {
    "Run",  "State",       "Step", "Loss", "Student R@1", "R@5",
    "R@10", "Teacher R@1", "R@5",  "R@10", "Pairs/s",     "Time"
  };
  clear_grid (page->results);
  for (int i = 0; i < (int) G_N_ELEMENTS (heads); i++)
    put (page->results, i, 0, heads[i], "dim-label");
  for (guint i = 0; i < page->entries->len; i++)
    {
      WbRun *run = entry_at (page, i)->run;
      const WbSummary *summary = wb_run_get_summary (run);
      const WbSeries *rows = wb_run_get_series (run);
      const int row = (int) i + 1;
      put (page->results, 0, row, summary->name, NULL);
      put (page->results, 1, row, wb_run_state_name (summary->state), NULL);
      put_number (page->results, 2, row, (double) summary->step, DRAW_INTEGER);
      put_number (page->results, 3, row, wb_series_get_last (rows, "loss"), DRAW_NUMBER);
      put_recalls (page->results, 4, row, wb_run_get_newest_eval (run, "student"));
      put_recalls (page->results, 7, row, wb_run_get_newest_eval (run, "teacher"));
      put_number (page->results, 10, row, wb_series_get_last (rows, "pairs_per_s"), DRAW_NUMBER);
      put_number (page->results, 11, row, wb_series_get_last (rows, "wall"), DRAW_TIME);
    }
}

static void
fill_differences (WbComparePage *page)
{
  const guint n = page->entries->len;
  g_autofree const NnConfig **configs = g_new0 (const NnConfig *, n + 1);
  g_autoptr (GPtrArray) fields =
      g_ptr_array_new_with_free_func ((GDestroyNotify) g_ptr_array_unref);
  clear_grid (page->differences);
  for (guint i = 0; i < n; i++)
    {
      configs[i] = wb_run_get_config (entry_at (page, i)->run);
      if (!configs[i])
        return;
      g_ptr_array_add (fields, wb_fields_new (configs[i]));
      put (page->differences, (int) i + 1, 0, wb_run_get_summary (entry_at (page, i)->run)->name,
           "dim-label");
    }
  g_autoptr (GPtrArray) paths = wb_fields_differing (configs, n);
  gtk_widget_set_visible (page->differences_title, paths->len > 0);
  gtk_widget_set_visible (GTK_WIDGET (page->differences), paths->len > 0);
  for (guint row = 0; row < paths->len; row++)
    {
      const char *path = g_ptr_array_index (paths, row);
      put (page->differences, 0, (int) row + 1, path, NULL);
      for (guint i = 0; i < n; i++)
        {
          const char *text = wb_fields_get (g_ptr_array_index (fields, i), path);
          put (page->differences, (int) i + 1, (int) row + 1, text ? text : "–", NULL);
        }
    }
}

static gboolean
refresh (GtkWidget *widget, GdkFrameClock *clock, gpointer data)
{
  WbComparePage *page = WB_COMPARE_PAGE (widget);
  (void) clock;
  (void) data;
  page->tick = 0;
  for (guint i = 0; i < page->entries->len; i++)
    rebuild_series (page, entry_at (page, i));
  fill_results (page);
  fill_differences (page);
  gtk_widget_queue_draw (GTK_WIDGET (page->chart));
  return G_SOURCE_REMOVE;
}

/* Whatever has changed, it is shown with the next frame. */
static void
queue_refresh (WbComparePage *page)
{
  if (!page->tick && page->chart)
    page->tick = gtk_widget_add_tick_callback (GTK_WIDGET (page), refresh, NULL, NULL);
}

static void
clear_entries (WbComparePage *page)
{
  for (guint i = 0; i < page->entries->len; i++)
    {
      Entry *entry = entry_at (page, i);
      g_signal_handlers_disconnect_by_data (entry->run, page);
      wb_run_close (entry->run);
      g_object_unref (entry->run);
      draw_series_free (entry->series);
    }
  g_array_set_size (page->entries, 0);
}

static void
runs_changed (WbComparePage *page)
{
  const guint n = page->runs ? g_list_model_get_n_items (page->runs) : 0;
  clear_entries (page);
  for (guint i = 0; i < n; i++)
    {
      Entry entry = { g_list_model_get_item (page->runs, i), draw_series_new () };
      wb_run_open (entry.run);
      g_signal_connect_swapped (entry.run, "changed", G_CALLBACK (queue_refresh), page);
      g_array_append_val (page->entries, entry);
    }
  if (!page->stack)
    return;
  gtk_stack_set_visible_child_name (page->stack, n ? "runs" : "empty");
  queue_refresh (page);
}

void
wb_compare_page_set_runs (WbComparePage *page, GListModel *runs)
{
  if (page->runs)
    g_signal_handlers_disconnect_by_data (page->runs, page);
  g_set_object (&page->runs, runs);
  if (runs)
    g_signal_connect_swapped (runs, "items-changed", G_CALLBACK (runs_changed), page);
  runs_changed (page);
}

static void
metric_chosen (WbComparePage *page)
{
  queue_refresh (page);
}

static void
redraw (WbComparePage *page)
{
  gtk_widget_queue_draw (GTK_WIDGET (page->chart));
}

static void
dispose (GObject *object)
{
  WbComparePage *page = WB_COMPARE_PAGE (object);
  if (page->tick)
    gtk_widget_remove_tick_callback (GTK_WIDGET (page), page->tick);
  page->tick = 0;
  adw_bin_set_child (ADW_BIN (object), NULL);
  wb_compare_page_set_runs (page, NULL);
  G_OBJECT_CLASS (wb_compare_page_parent_class)->dispose (object);
}

static void
finalize (GObject *object)
{
  g_array_unref (WB_COMPARE_PAGE (object)->entries);
  G_OBJECT_CLASS (wb_compare_page_parent_class)->finalize (object);
}

static void
wb_compare_page_class_init (WbComparePageClass *class)
{
  GtkWidgetClass *widget = GTK_WIDGET_CLASS (class);
  G_OBJECT_CLASS (class)->dispose = dispose;
  G_OBJECT_CLASS (class)->finalize = finalize;
  gtk_widget_class_set_template_from_resource (widget,
                                               "/org/penumbra/Workbench/ui/compare-page.ui");
  gtk_widget_class_bind_template_child (widget, WbComparePage, stack);
  gtk_widget_class_bind_template_child (widget, WbComparePage, metric);
  gtk_widget_class_bind_template_child (widget, WbComparePage, axis);
  gtk_widget_class_bind_template_child (widget, WbComparePage, log);
  gtk_widget_class_bind_template_child (widget, WbComparePage, chart);
  gtk_widget_class_bind_template_child (widget, WbComparePage, results);
  gtk_widget_class_bind_template_child (widget, WbComparePage, differences);
  gtk_widget_class_bind_template_child_full (widget, "differences-title", FALSE,
                                             G_STRUCT_OFFSET (WbComparePage, differences_title));
  gtk_widget_class_bind_template_callback (widget, metric_chosen);
  gtk_widget_class_bind_template_callback (widget, redraw);
}

static void
wb_compare_page_init (WbComparePage *page)
{
  g_autoptr (GtkStringList) metric_list = gtk_string_list_new (metric_names);
  g_autoptr (GtkStringList) axis_list = gtk_string_list_new (axis_names);
  page->entries = g_array_new (FALSE, TRUE, sizeof (Entry));
  gtk_widget_init_template (GTK_WIDGET (page));
  gtk_drop_down_set_model (page->metric, G_LIST_MODEL (metric_list));
  gtk_drop_down_set_model (page->axis, G_LIST_MODEL (axis_list));
  gtk_drawing_area_set_draw_func (page->chart, draw, page, NULL);

  GtkEventController *motion = gtk_event_controller_motion_new ();
  g_signal_connect_swapped (motion, "motion", G_CALLBACK (hovered), page);
  g_signal_connect_swapped (motion, "leave", G_CALLBACK (left), page);
  gtk_widget_add_controller (GTK_WIDGET (page->chart), motion);
}

GtkWidget *
wb_compare_page_new (void)
{
  return g_object_new (WB_TYPE_COMPARE_PAGE, NULL);
}
