#include "app/pages/train-page.h"

#include "app/pages/kernels.h"
#include "app/pages/train-curves.h"
#include "app/pages/train-status.h"
#include "app/widgets/chart-board.h"
#include "app/widgets/chart-tools.h"

#include <math.h>

/* What is remembered of a run. */
typedef struct
{
  DrawXAxis axis;
  DrawRange zoom;
  char *dismissed; /* the text of a strip that was closed */
} RunView;

struct _WbTrainPage
{
  AdwBin parent_instance;

  GtkStack *stack;
  AdwStatusPage *status;
  GtkSpinner *spinner;
  GtkProgressBar *counted;
  GtkButton *remedy, *folder, *strip_remedy;
  GtkInfoBar *strip;
  GtkLabel *strip_text;
  WbChartTools *tools;
  GtkDropDown *direction;
  WbChart *losses, *recall, *rate, *scale, *gradient, *speed, *memory;

  WbKernels *kernels; /* while it is open */
  WbTrainCurves curves;
  WbChartGroup *group;
  WbRun *run;
  gboolean open;     /* the run was opened by us */
  gboolean gone;     /* its folder */
  gboolean restored; /* its zoom, once its points are there */
  guint tick;
  GHashTable *views; /* path: RunView */
};

G_DEFINE_FINAL_TYPE (WbTrainPage, wb_train_page, ADW_TYPE_BIN)

static void
view_free (gpointer data)
{
  RunView *view = data;

  g_free (view->dismissed);
  g_free (view);
}

/* NULL without a run. */
static RunView *
get_view (WbTrainPage *self)
{
  if (!self->run)
    return NULL;
  RunView *view = g_hash_table_lookup (self->views, wb_run_get_path (self->run));
  if (!view)
    {
      view = g_new0 (RunView, 1);
      g_hash_table_insert (self->views, g_strdup (wb_run_get_path (self->run)), view);
    }
  return view;
}

static void
save_view (WbTrainPage *self)
{
  RunView *view = get_view (self);

  if (!view || !self->restored)
    return;
  view->axis = wb_chart_group_get_axis (self->group);
  view->zoom = wb_chart_group_get_zoom (self->group);
}

/* Once all points are there, for a zoom lies within what there is. */
static void
restore_view (WbTrainPage *self)
{
  const RunView *view = get_view (self);

  if (self->restored || self->curves.filled == 0)
    return;
  wb_chart_tools_set_axis (self->tools, view->axis);
  wb_chart_group_set_zoom (self->group, view->zoom);
  self->restored = TRUE;
}

static void
set_remedy (GtkButton *button, const WbTrainStatus *status)
{
  gtk_widget_set_visible (GTK_WIDGET (button), status->remedy != NULL);
  if (!status->remedy)
    return;
  gtk_button_set_label (button, status->remedy);
  gtk_actionable_set_action_name (GTK_ACTIONABLE (button), status->action);
}

static void
show_work (WbTrainPage *self, const WbTrainStatus *status)
{
  const gboolean counted = status->total > 0, spinning = status->working && !counted;
  g_autofree char *text = g_strdup_printf ("%u of %u", status->done, status->total);

  gtk_spinner_set_spinning (self->spinner, spinning);
  gtk_widget_set_visible (GTK_WIDGET (self->spinner), spinning);
  gtk_widget_set_visible (GTK_WIDGET (self->counted), counted);
  if (!counted)
    return;
  gtk_progress_bar_set_text (self->counted, text);
  gtk_progress_bar_set_fraction (self->counted, (double) status->done / status->total);
}

static void
show_status (WbTrainPage *self)
{
  g_auto (WbTrainStatus) status = { 0 };
  g_autofree char *text = NULL;

  wb_train_status_init_empty (&status, self->run, self->gone);
  text = status.text ? g_markup_escape_text (status.text, -1) : NULL;
  adw_status_page_set_icon_name (self->status, status.working ? NULL : status.icon);
  adw_status_page_set_title (self->status, status.title);
  adw_status_page_set_description (self->status, text);
  show_work (self, &status);
  gtk_widget_set_visible (GTK_WIDGET (self->folder), status.folder);
  set_remedy (self->remedy, &status);
  gtk_stack_set_visible_child_name (self->stack, "status");
}

static void
show_strip (WbTrainPage *self)
{
  g_auto (WbTrainStatus) status = { 0 };
  const RunView *view = get_view (self);

  wb_train_status_init_strip (&status, self->run);
  const gboolean shown = status.text && g_strcmp0 (status.text, view->dismissed) != 0;
  gtk_info_bar_set_revealed (self->strip, shown);
  if (!shown)
    return;
  gtk_info_bar_set_message_type (self->strip,
                                 status.grave ? GTK_MESSAGE_ERROR : GTK_MESSAGE_WARNING);
  gtk_label_set_label (self->strip_text, status.text);
  gtk_widget_set_tooltip_text (GTK_WIDGET (self->strip_text), status.text);
  set_remedy (self->strip_remedy, &status);
}

/* Charts stay while a run that was shown is read anew. */
static void
show_state (WbTrainPage *self)
{
  if (!self->run || self->gone || self->curves.filled == 0)
    {
      show_status (self);
      return;
    }
  gtk_spinner_stop (self->spinner);
  show_strip (self);
  gtk_stack_set_visible_child_name (self->stack, "charts");
}

static gboolean
is_loaded (WbRun *run)
{
  gboolean loaded;

  g_object_get (run, "loaded", &loaded, NULL);
  return loaded;
}

static gboolean
on_tick (GtkWidget *widget, GdkFrameClock *clock, gpointer data)
{
  WbTrainPage *self = WB_TRAIN_PAGE (widget);

  (void) clock;
  (void) data;
  if (self->run && is_loaded (self->run))
    {
      wb_train_curves_dress (&self->curves, self->run);
      if (!wb_train_curves_take (&self->curves, self->run))
        return G_SOURCE_CONTINUE;
      restore_view (self);
    }
  self->tick = 0;
  show_state (self);
  return G_SOURCE_REMOVE;
}

/* Whatever changed is looked at once, with the next frame; off the screen, when it comes back. */
static void
queue_update (WbTrainPage *self)
{
  if (self->tick == 0 && gtk_widget_get_mapped (GTK_WIDGET (self)))
    self->tick = gtk_widget_add_tick_callback (GTK_WIDGET (self), on_tick, NULL, NULL);
}

static void
on_changed (WbTrainPage *self, guint changes, guint first_row)
{
  if (changes & WB_CHANGED_SERIES)
    wb_train_curves_cut (&self->curves, first_row);
  if (changes & (WB_CHANGED_GONE | WB_CHANGED_SERIES))
    self->gone = (changes & WB_CHANGED_GONE) != 0;
  if (changes & WB_CHANGED_EVALS)
    self->curves.evals_stale = TRUE;
  queue_update (self);
}

static void
on_notify (WbTrainPage *self)
{
  queue_update (self);
}

static void
set_open (WbTrainPage *self, gboolean open)
{
  if (!self->run || self->open == open)
    return;
  self->open = open;
  if (open)
    wb_run_open (self->run);
  else
    wb_run_close (self->run);
}

static void
wb_train_page_map (GtkWidget *widget)
{
  WbTrainPage *self = WB_TRAIN_PAGE (widget);

  GTK_WIDGET_CLASS (wb_train_page_parent_class)->map (widget);
  set_open (self, TRUE);
  queue_update (self);
}

static void
wb_train_page_unmap (GtkWidget *widget)
{
  WbTrainPage *self = WB_TRAIN_PAGE (widget);

  if (self->tick)
    gtk_widget_remove_tick_callback (widget, self->tick);
  self->tick = 0;
  set_open (self, FALSE);
  GTK_WIDGET_CLASS (wb_train_page_parent_class)->unmap (widget);
}

static void
tools_changed (WbTrainPage *self)
{
  wb_chart_group_set_axis (self->group, wb_chart_tools_get_axis (self->tools));
  wb_train_curves_set_log (&self->curves, wb_chart_tools_get_log (self->tools));
  wb_train_curves_smooth (&self->curves, wb_chart_tools_get_span (self->tools));
}

static void
direction_changed (WbTrainPage *self)
{
  wb_train_curves_set_direction (&self->curves,
                                 (WbDirection) gtk_drop_down_get_selected (self->direction));
  queue_update (self);
}

/* What was closed stays closed until it says something else. */
static void
dismiss (GtkWidget *widget, const char *action, GVariant *parameter)
{
  WbTrainPage *self = WB_TRAIN_PAGE (widget);
  RunView *view = get_view (self);

  (void) action;
  (void) parameter;
  if (!view)
    return;
  g_free (view->dismissed);
  view->dismissed = g_strdup (gtk_label_get_label (self->strip_text));
  gtk_info_bar_set_revealed (self->strip, FALSE);
}

static void
show_whole (WbTrainPage *self)
{
  for (guint i = 0; i < WB_TRAIN_N_CHARTS; i++)
    wb_chart_reset (self->curves.charts[i]);
}

static void
retry (GtkWidget *widget, const char *action, GVariant *parameter)
{
  WbTrainPage *self = WB_TRAIN_PAGE (widget);

  (void) action;
  (void) parameter;
  if (!self->run)
    return;
  self->gone = FALSE;
  wb_run_poke (self->run);
}

static void
open_folder (GtkWidget *widget, const char *action, GVariant *parameter)
{
  WbTrainPage *self = WB_TRAIN_PAGE (widget);
  GtkRoot *root = gtk_widget_get_root (widget);

  (void) action;
  (void) parameter;
  if (!self->run)
    return;
  g_autofree char *uri = g_filename_to_uri (wb_run_get_path (self->run), NULL, NULL);
  gtk_show_uri (GTK_IS_WINDOW (root) ? GTK_WINDOW (root) : NULL, uri, GDK_CURRENT_TIME);
}

static void
forget_kernels (WbTrainPage *self)
{
  g_clear_weak_pointer (&self->kernels);
}

/* Opens the window of kernels, or brings it to the front. */
static void
show_kernels (GtkWidget *widget, const char *action, GVariant *parameter)
{
  WbTrainPage *self = WB_TRAIN_PAGE (widget);
  GtkRoot *root = gtk_widget_get_root (widget);

  (void) action;
  (void) parameter;
  if (!self->kernels)
    {
      g_set_weak_pointer (&self->kernels,
                          wb_kernels_new (GTK_IS_WINDOW (root) ? GTK_WINDOW (root) : NULL));
      g_signal_connect_object (self->kernels, "destroy", G_CALLBACK (forget_kernels), self,
                               G_CONNECT_SWAPPED);
    }
  wb_kernels_set_run (self->kernels, self->run);
  gtk_window_present (GTK_WINDOW (self->kernels));
}

/* Puts the cursor of all charts at the newest alert. */
static void
show_alert (GtkWidget *widget, const char *action, GVariant *parameter)
{
  WbTrainPage *self = WB_TRAIN_PAGE (widget);
  guint n = 0;
  const WbAlert *alerts = self->run ? wb_run_get_alerts (self->run, &n) : NULL;

  (void) action;
  (void) parameter;
  if (n == 0)
    return;
  gtk_widget_grab_focus (GTK_WIDGET (self->losses));
  show_whole (self);
  wb_chart_group_set_cursor (self->group, wb_chart_convert (self->losses, DRAW_X_STEP,
                                                            wb_chart_group_get_axis (self->group),
                                                            (double) alerts[n - 1].step));
}

static void
let_go (WbTrainPage *self)
{
  if (!self->run)
    return;
  save_view (self);
  set_open (self, FALSE);
  g_signal_handlers_disconnect_by_data (self->run, self);
  g_clear_object (&self->run);
}

static void
wb_train_page_dispose (GObject *object)
{
  WbTrainPage *self = WB_TRAIN_PAGE (object);

  let_go (self);
  g_clear_weak_pointer (&self->kernels);
  G_OBJECT_CLASS (wb_train_page_parent_class)->dispose (object);
}

static void
wb_train_page_finalize (GObject *object)
{
  WbTrainPage *self = WB_TRAIN_PAGE (object);

  g_hash_table_unref (self->views);
  g_object_unref (self->group);
  G_OBJECT_CLASS (wb_train_page_parent_class)->finalize (object);
}

#define BIND(field) gtk_widget_class_bind_template_child (widget_class, WbTrainPage, field)

static void
bind_template (GtkWidgetClass *widget_class)
{
  gtk_widget_class_set_template_from_resource (widget_class,
                                               "/org/penumbra/Workbench/ui/train-page.ui");
  BIND (stack);
  BIND (status);
  BIND (spinner);
  BIND (counted);
  BIND (remedy);
  BIND (folder);
  BIND (strip);
  BIND (strip_text);
  BIND (strip_remedy);
  BIND (tools);
  BIND (direction);
  BIND (losses);
  BIND (recall);
  BIND (rate);
  BIND (scale);
  BIND (gradient);
  BIND (speed);
  BIND (memory);
  gtk_widget_class_bind_template_callback (widget_class, tools_changed);
  gtk_widget_class_bind_template_callback (widget_class, show_whole);
  gtk_widget_class_bind_template_callback (widget_class, direction_changed);
}

static void
wb_train_page_class_init (WbTrainPageClass *class)
{
  GObjectClass *object_class = G_OBJECT_CLASS (class);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (class);

  object_class->dispose = wb_train_page_dispose;
  object_class->finalize = wb_train_page_finalize;
  widget_class->map = wb_train_page_map;
  widget_class->unmap = wb_train_page_unmap;
  g_type_ensure (WB_TYPE_CHART);
  g_type_ensure (WB_TYPE_CHART_BOARD);
  g_type_ensure (WB_TYPE_CHART_TOOLS);
  bind_template (widget_class);
  gtk_widget_class_install_action (widget_class, "train.dismiss", NULL, dismiss);
  gtk_widget_class_install_action (widget_class, "train.retry", NULL, retry);
  gtk_widget_class_install_action (widget_class, "train.open-folder", NULL, open_folder);
  gtk_widget_class_install_action (widget_class, "train.show-alert", NULL, show_alert);
  gtk_widget_class_install_action (widget_class, "train.kernels", NULL, show_kernels);
}

static void
wb_train_page_init (WbTrainPage *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  self->views = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, view_free);
  self->group = wb_chart_group_new ();
  self->curves = (WbTrainCurves){ .charts = {
                                      [WB_TRAIN_LOSSES] = self->losses,
                                      [WB_TRAIN_RECALL] = self->recall,
                                      [WB_TRAIN_RATE] = self->rate,
                                      [WB_TRAIN_SCALE] = self->scale,
                                      [WB_TRAIN_GRADIENT] = self->gradient,
                                      [WB_TRAIN_SPEED] = self->speed,
                                      [WB_TRAIN_MEMORY] = self->memory,
                                  } };
  for (guint i = 0; i < WB_TRAIN_N_CHARTS; i++)
    wb_chart_set_group (self->curves.charts[i], self->group);
  wb_train_curves_init (&self->curves);
  wb_chart_tools_add_keys (self->tools, GTK_WIDGET (self));
  tools_changed (self);
  wb_drop_down_set_name (self->direction, "Direction of recall");
  show_state (self);
}

GtkWidget *
wb_train_page_new (void)
{
  return g_object_new (WB_TYPE_TRAIN_PAGE, NULL);
}

void
wb_train_page_set_run (WbTrainPage *self, WbRun *run)
{
  g_return_if_fail (WB_IS_TRAIN_PAGE (self));
  g_return_if_fail (run == NULL || WB_IS_RUN (run));
  if (self->run == run)
    return;
  let_go (self);
  wb_train_curves_clear (&self->curves);
  wb_chart_group_set_cursor (self->group, NAN);
  for (guint i = 0; i < WB_TRAIN_N_CHARTS; i++)
    wb_chart_reset (self->curves.charts[i]);
  self->restored = self->gone = FALSE;
  if (run)
    {
      self->run = g_object_ref (run);
      g_signal_connect_swapped (run, "changed", G_CALLBACK (on_changed), self);
      g_signal_connect_swapped (run, "notify", G_CALLBACK (on_notify), self);
      set_open (self, gtk_widget_get_mapped (GTK_WIDGET (self)));
    }
  if (self->kernels)
    wb_kernels_set_run (self->kernels, run);
  show_state (self);
  queue_update (self);
}
