#include "app/widgets/status-bar.h"

#include "app/draw/format.h"

struct _WbStatusBar
{
  AdwBin parent;
  WbRun *run;
  GtkRevealer *revealer;
  GtkLabel *name, *text;
  GtkProgressBar *progress;
  GtkButton *pause, *stop;
};

G_DEFINE_FINAL_TYPE (WbStatusBar, wb_status_bar, ADW_TYPE_BIN)

static double
get_double (WbRun *run, const char *property)
{
  double value = 0;
  g_object_get (run, property, &value, NULL);
  return value;
}

static void
add_pace (GString *text, WbRun *run)
{
  char number[DRAW_FORMAT_SIZE];
  const double rate = get_double (run, "rate"), left = get_double (run, "time-left");
  if (rate > 0)
    g_string_append_printf (text, " · %s pairs/s", draw_format (number, rate, DRAW_NUMBER));
  if (left >= 0)
    g_string_append_printf (text, " · %s left", draw_format (number, left, DRAW_TIME));
}

char *
wb_status_text (WbRun *run)
{
  const WbSummary *summary = wb_run_get_summary (run);
  const WbRunState state = wb_run_get_state (run);
  char step[DRAW_FORMAT_SIZE], total[DRAW_FORMAT_SIZE];
  GString *text = g_string_new (NULL);
  if (state == WB_RUN_STARTING)
    g_string_append (text, summary->reason ? summary->reason : "starting");
  else if (summary->to_compile > 0)
    g_string_append_printf (text, "compiling kernels: %u of %u", summary->compiled,
                            summary->to_compile);
  else
    g_string_append_printf (text, "%s%sstep %s of %s",
                            state == WB_RUN_RUNNING ? "" : wb_run_state_name (state),
                            state == WB_RUN_RUNNING ? "" : " at ",
                            draw_format (step, (double) summary->step, DRAW_INTEGER),
                            draw_format (total, (double) summary->total, DRAW_INTEGER));
  if (state == WB_RUN_RUNNING && summary->to_compile == 0)
    add_pace (text, run);
  if (state == WB_RUN_FAILED && summary->reason)
    g_string_append_printf (text, " · %s", summary->reason);
  return g_string_free (text, FALSE);
}

/* Of what the text counts: kernels, else steps. */
static double
get_fraction (WbRun *run)
{
  const WbSummary *summary = wb_run_get_summary (run);
  return summary->to_compile > 0 ? (double) summary->compiled / summary->to_compile
                                 : get_double (run, "progress");
}

/* Running: pause and stop; paused: go on and stop; at rest short of its end: go on. */
static void
update_buttons (WbStatusBar *bar)
{
  const WbSummary *summary = wb_run_get_summary (bar->run);
  const WbRunState state = wb_run_get_state (bar->run);
  const gboolean running = state == WB_RUN_RUNNING || state == WB_RUN_STARTING;
  gtk_button_set_label (bar->pause, running ? "Pause" : "Resume");
  gtk_widget_set_tooltip_text (GTK_WIDGET (bar->pause),
                               running ? "Pause (Ctrl+P)" : "Resume (Ctrl+P)");
  gtk_widget_set_visible (GTK_WIDGET (bar->pause),
                          wb_run_state_is_live (state) || summary->step < summary->total);
  gtk_widget_set_visible (GTK_WIDGET (bar->stop), wb_run_state_is_live (state));
}

static void
update (WbStatusBar *bar)
{
  if (!bar->revealer)
    return;
  gtk_revealer_set_reveal_child (bar->revealer, bar->run != NULL);
  if (!bar->run)
    return;
  g_autofree char *text = wb_status_text (bar->run);
  gtk_label_set_text (bar->name, wb_run_get_summary (bar->run)->name);
  gtk_label_set_text (bar->text, text);
  gtk_widget_set_tooltip_text (GTK_WIDGET (bar->text), text);
  gtk_progress_bar_set_fraction (bar->progress, get_fraction (bar->run));
  update_buttons (bar);
}

void
wb_status_bar_set_run (WbStatusBar *bar, WbRun *run)
{
  if (bar->run)
    g_signal_handlers_disconnect_by_data (bar->run, bar);
  g_set_object (&bar->run, run);
  if (run)
    {
      g_signal_connect_swapped (run, "changed", G_CALLBACK (update), bar);
      g_signal_connect_swapped (run, "notify", G_CALLBACK (update), bar);
    }
  update (bar);
}

static void
dispose (GObject *object)
{
  wb_status_bar_set_run (WB_STATUS_BAR (object), NULL);
  adw_bin_set_child (ADW_BIN (object), NULL);
  G_OBJECT_CLASS (wb_status_bar_parent_class)->dispose (object);
}

static void
wb_status_bar_class_init (WbStatusBarClass *class)
{
  GtkWidgetClass *widget = GTK_WIDGET_CLASS (class);
  G_OBJECT_CLASS (class)->dispose = dispose;
  gtk_widget_class_set_template_from_resource (widget, "/org/penumbra/Workbench/ui/status-bar.ui");
  gtk_widget_class_bind_template_child (widget, WbStatusBar, revealer);
  gtk_widget_class_bind_template_child (widget, WbStatusBar, name);
  gtk_widget_class_bind_template_child (widget, WbStatusBar, text);
  gtk_widget_class_bind_template_child (widget, WbStatusBar, progress);
  gtk_widget_class_bind_template_child (widget, WbStatusBar, pause);
  gtk_widget_class_bind_template_child (widget, WbStatusBar, stop);
}

static void
wb_status_bar_init (WbStatusBar *bar)
{
  gtk_widget_init_template (GTK_WIDGET (bar));
}
