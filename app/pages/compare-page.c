#include "app/pages/compare-page.h"

#include "app/pages/compare-table.h"
#include "app/pages/run-points.h"
#include "app/widgets/chart-tools.h"

#include <math.h>

#define ROWS_A_FRAME 8192

/* A metric is a column of the series, or a recall of both encoders. */
static const struct
{
  const char *title, *column;
  WbRecall recall;
  WbDirection direction;
  DrawUnit unit;
  gboolean noisy; /* from step to step */
} metrics[] = {
  { "Loss", .column = "loss", .noisy = TRUE },
  { "Contrastive loss", .column = "contrastive", .noisy = TRUE },
  { "Distillation loss", .column = "distillation", .noisy = TRUE },
  { "R@10, text to image", NULL, WB_RECALL_AT_10, WB_TEXT_TO_IMAGE, DRAW_PERCENT, FALSE },
  { "R@5, text to image", NULL, WB_RECALL_AT_5, WB_TEXT_TO_IMAGE, DRAW_PERCENT, FALSE },
  { "R@1, text to image", NULL, WB_RECALL_AT_1, WB_TEXT_TO_IMAGE, DRAW_PERCENT, FALSE },
  { "R@10, image to text", NULL, WB_RECALL_AT_10, WB_IMAGE_TO_TEXT, DRAW_PERCENT, FALSE },
  { "R@5, image to text", NULL, WB_RECALL_AT_5, WB_IMAGE_TO_TEXT, DRAW_PERCENT, FALSE },
  { "R@1, image to text", NULL, WB_RECALL_AT_1, WB_IMAGE_TO_TEXT, DRAW_PERCENT, FALSE },
  { "Learning rate", .column = "lr" },
  { "Logit scale", .column = "logit_scale" },
  { "Gradient norm", .column = "grad_norm", .noisy = TRUE },
  { "Pairs/s", .column = "pairs_per_s", .noisy = TRUE },
  { "Device memory", .column = "device_bytes", .unit = DRAW_BYTES },
};

#define CURVES_A_RUN 2 /* the second is the teacher's, of recall only */

struct _WbComparePage
{
  AdwBin parent_instance;

  GListModel *runs;
  GPtrArray *compared; /* of WbRun: those listened to */
  GArray *filled;      /* guint by run: rows that are in the chart */
  gboolean stale;      /* curves are to be made anew */
  guint tick;          /* a frame is asked for */

  GtkStack *stack;
  GtkDropDown *metric;
  WbChartTools *tools;
  WbChart *chart;
  GtkGrid *table;
};

G_DEFINE_FINAL_TYPE (WbComparePage, wb_compare_page, ADW_TYPE_BIN)

static WbRun *
run_at (WbComparePage *page, guint i)
{
  return page->compared->pdata[i];
}

static guint *
filled_at (WbComparePage *page, guint i)
{
  return &g_array_index (page->filled, guint, i);
}

/* A run without a colour of its own takes one by its place. */
static void
add_curves (WbComparePage *page)
{
  wb_chart_remove_curves (page->chart);
  for (guint i = 0; i < page->compared->len; i++)
    {
      const WbSummary *summary = wb_run_get_summary (run_at (page, i));
      const guint colour = summary->colour == WB_NO_COLOUR ? i : summary->colour;
      g_autofree char *teacher = g_strdup_printf ("%s, teacher", summary->name);

      wb_chart_add_curve (page->chart, &(WbChartCurve){ .label = summary->name, .colour = colour });
      wb_chart_add_curve (page->chart,
                          &(WbChartCurve){ .label = teacher, .colour = colour, .dashed = TRUE });
      *filled_at (page, i) = 0;
    }
}

static void
take_evals (WbComparePage *page, guint i, guint metric)
{
  static const char *const encoders[CURVES_A_RUN] = { "student", "teacher" };

  for (guint c = 0; c < CURVES_A_RUN; c++)
    wb_chart_set_hidden (
        page->chart, CURVES_A_RUN * i + c,
        wb_run_points_append_evals (page->chart, CURVES_A_RUN * i + c, run_at (page, i),
                                    encoders[c], metrics[metric].recall, metrics[metric].direction)
            == 0);
}

/* As many rows as fit into a frame; FALSE: there are more. */
static gboolean
take_rows (WbComparePage *page, guint i, guint metric)
{
  const WbSeries *series = wb_run_get_series (run_at (page, i));
  const guint length = wb_series_get_length (series), from = *filled_at (page, i);
  const guint to = MIN (length, from + ROWS_A_FRAME);

  wb_run_points_append_rows (page->chart, CURVES_A_RUN * i, series, metrics[metric].column, from,
                             to);
  *filled_at (page, i) = to;
  wb_chart_set_hidden (page->chart, CURVES_A_RUN * i,
                       !wb_series_get (series, metrics[metric].column));
  wb_chart_set_hidden (page->chart, CURVES_A_RUN * i + 1, TRUE);
  return to == length;
}

static void
dress_chart (WbComparePage *page, guint metric)
{
  const double span = metrics[metric].noisy ? wb_chart_tools_get_span (page->tools) : 0;

  wb_chart_group_set_axis (wb_chart_get_group (page->chart), wb_chart_tools_get_axis (page->tools));
  wb_chart_set_log (page->chart, wb_chart_tools_get_log (page->tools));
  wb_chart_set_title (page->chart, metrics[metric].title);
  wb_chart_set_unit (page->chart, metrics[metric].unit);
  wb_chart_set_smoothing (page->chart, span > 0 ? DRAW_SMOOTH_EMA : DRAW_SMOOTH_NONE, span);
}

/* FALSE: there is more to take over. */
static gboolean
fill_chart (WbComparePage *page)
{
  const guint metric = MIN (gtk_drop_down_get_selected (page->metric), G_N_ELEMENTS (metrics) - 1);
  const gboolean made = page->stale;
  gboolean all = TRUE;

  if (page->stale)
    add_curves (page);
  page->stale = FALSE;
  dress_chart (page, metric);
  for (guint i = 0; i < page->compared->len; i++)
    if (metrics[metric].column)
      all &= take_rows (page, i, metric);
    else if (made)
      take_evals (page, i, metric);
  return all;
}

static gboolean
update (GtkWidget *widget, GdkFrameClock *clock, gpointer data)
{
  WbComparePage *page = WB_COMPARE_PAGE (widget);

  (void) clock;
  (void) data;
  if (!fill_chart (page))
    return G_SOURCE_CONTINUE;
  page->tick = 0;
  wb_compare_table_fill (page->table, (WbRun *const *) page->compared->pdata, page->compared->len);
  return G_SOURCE_REMOVE;
}

/* Whatever has changed is shown with the next frame; off the screen, when the page comes back. */
static void
queue_update (WbComparePage *page)
{
  if (page->tick == 0 && page->compared->len > 0 && gtk_widget_get_mapped (GTK_WIDGET (page)))
    page->tick = gtk_widget_add_tick_callback (GTK_WIDGET (page), update, NULL, NULL);
}

static void
run_changed (WbRun *run, guint changes, guint first_row, WbComparePage *page)
{
  guint i = 0;

  if (!g_ptr_array_find (page->compared, run, &i))
    return;
  if (changes & WB_CHANGED_EVALS
      || (changes & WB_CHANGED_SERIES && first_row < *filled_at (page, i)))
    page->stale = TRUE;
  queue_update (page);
}

/* A name or colour that comes late. */
static void
run_renamed (WbComparePage *page)
{
  page->stale = TRUE;
  queue_update (page);
}

static void
let_go (WbComparePage *page)
{
  for (guint i = 0; i < page->compared->len; i++)
    {
      g_signal_handlers_disconnect_by_data (run_at (page, i), page);
      wb_run_close (run_at (page, i));
    }
  g_ptr_array_set_size (page->compared, 0);
  page->stale = TRUE;
}

static void
runs_changed (WbComparePage *page)
{
  const guint n = page->runs ? g_list_model_get_n_items (page->runs) : 0;

  let_go (page);
  g_array_set_size (page->filled, n);
  for (guint i = 0; i < n; i++)
    {
      WbRun *run = g_list_model_get_item (page->runs, i);

      g_ptr_array_add (page->compared, run);
      wb_run_open (run);
      g_signal_connect (run, "changed", G_CALLBACK (run_changed), page);
      g_signal_connect_swapped (run, "notify::name", G_CALLBACK (run_renamed), page);
      g_signal_connect_swapped (run, "notify::colour", G_CALLBACK (run_renamed), page);
    }
  if (page->stack)
    gtk_stack_set_visible_child_name (page->stack, n > 0 ? "runs" : "empty");
  queue_update (page);
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
  if (!page->compared)
    return; /* the page is being made */
  page->stale = TRUE;
  wb_chart_set_zoom_y (page->chart, (DrawRange){ 0, 0 });
  queue_update (page);
}

static void
tools_changed (WbComparePage *page)
{
  queue_update (page);
}

static void
show_whole (WbComparePage *page)
{
  wb_chart_reset (page->chart);
}

static void
wb_compare_page_map (GtkWidget *widget)
{
  GTK_WIDGET_CLASS (wb_compare_page_parent_class)->map (widget);
  queue_update (WB_COMPARE_PAGE (widget));
}

static void
wb_compare_page_unmap (GtkWidget *widget)
{
  WbComparePage *page = WB_COMPARE_PAGE (widget);

  if (page->tick)
    gtk_widget_remove_tick_callback (widget, page->tick);
  page->tick = 0;
  GTK_WIDGET_CLASS (wb_compare_page_parent_class)->unmap (widget);
}

static void
wb_compare_page_dispose (GObject *object)
{
  WbComparePage *page = WB_COMPARE_PAGE (object);

  page->stack = NULL;
  wb_compare_page_set_runs (page, NULL);
  adw_bin_set_child (ADW_BIN (object), NULL);
  G_OBJECT_CLASS (wb_compare_page_parent_class)->dispose (object);
}

static void
wb_compare_page_finalize (GObject *object)
{
  g_ptr_array_unref (WB_COMPARE_PAGE (object)->compared);
  g_array_unref (WB_COMPARE_PAGE (object)->filled);
  G_OBJECT_CLASS (wb_compare_page_parent_class)->finalize (object);
}

static void
wb_compare_page_class_init (WbComparePageClass *class)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (class);

  G_OBJECT_CLASS (class)->dispose = wb_compare_page_dispose;
  G_OBJECT_CLASS (class)->finalize = wb_compare_page_finalize;
  widget_class->map = wb_compare_page_map;
  widget_class->unmap = wb_compare_page_unmap;
  g_type_ensure (WB_TYPE_CHART);
  g_type_ensure (WB_TYPE_CHART_TOOLS);
  gtk_widget_class_set_template_from_resource (widget_class,
                                               "/org/penumbra/Workbench/ui/compare-page.ui");
  gtk_widget_class_bind_template_child (widget_class, WbComparePage, stack);
  gtk_widget_class_bind_template_child (widget_class, WbComparePage, metric);
  gtk_widget_class_bind_template_child (widget_class, WbComparePage, tools);
  gtk_widget_class_bind_template_child (widget_class, WbComparePage, chart);
  gtk_widget_class_bind_template_child (widget_class, WbComparePage, table);
  gtk_widget_class_bind_template_callback (widget_class, metric_chosen);
  gtk_widget_class_bind_template_callback (widget_class, tools_changed);
  gtk_widget_class_bind_template_callback (widget_class, show_whole);
}

static void
wb_compare_page_init (WbComparePage *page)
{
  g_autoptr (GtkStringList) titles = gtk_string_list_new (NULL);

  for (guint i = 0; i < G_N_ELEMENTS (metrics); i++)
    gtk_string_list_append (titles, metrics[i].title);
  gtk_widget_init_template (GTK_WIDGET (page));
  gtk_drop_down_set_model (page->metric, G_LIST_MODEL (titles));
  wb_drop_down_set_name (page->metric, "What to compare");
  wb_chart_tools_add_keys (page->tools, GTK_WIDGET (page));
  page->compared = g_ptr_array_new_with_free_func (g_object_unref);
  page->filled = g_array_new (FALSE, TRUE, sizeof (guint));
  page->stale = TRUE;
}

GtkWidget *
wb_compare_page_new (void)
{
  return g_object_new (WB_TYPE_COMPARE_PAGE, NULL);
}
