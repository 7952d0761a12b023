#include "app/widgets/chart-tools.h"

struct _WbChartTools
{
  GtkBox parent_instance;

  GtkDropDown *axis, *smoothing;
  GtkToggleButton *log;
};

G_DEFINE_FINAL_TYPE (WbChartTools, wb_chart_tools, GTK_TYPE_BOX)

enum
{
  CHANGED,
  WHOLE,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

static const double spans[] = { 0, 10, 30, 100 };

static void
changed (WbChartTools *self)
{
  g_signal_emit (self, signals[CHANGED], 0);
}

static void
whole (WbChartTools *self)
{
  g_signal_emit (self, signals[WHOLE], 0);
}

static gboolean
on_whole_key (GtkWidget *page, GVariant *args, gpointer data)
{
  (void) page;
  (void) args;
  whole (data);
  return TRUE;
}

static gboolean
on_log_key (GtkWidget *page, GVariant *args, gpointer data)
{
  WbChartTools *self = data;

  (void) page;
  (void) args;
  gtk_toggle_button_set_active (self->log, !gtk_toggle_button_get_active (self->log));
  return TRUE;
}

static void
wb_chart_tools_class_init (WbChartToolsClass *class)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (class);

  signals[CHANGED] = g_signal_new ("changed", WB_TYPE_CHART_TOOLS, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                                   NULL, G_TYPE_NONE, 0);
  signals[WHOLE] = g_signal_new ("whole", WB_TYPE_CHART_TOOLS, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                                 NULL, G_TYPE_NONE, 0);
  gtk_widget_class_set_template_from_resource (widget_class,
                                               "/org/penumbra/Workbench/ui/chart-tools.ui");
  gtk_widget_class_bind_template_child (widget_class, WbChartTools, axis);
  gtk_widget_class_bind_template_child (widget_class, WbChartTools, log);
  gtk_widget_class_bind_template_child (widget_class, WbChartTools, smoothing);
  gtk_widget_class_bind_template_callback (widget_class, changed);
  gtk_widget_class_bind_template_callback (widget_class, whole);
}

static void
wb_chart_tools_init (WbChartTools *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  gtk_drop_down_set_selected (self->smoothing, 1);
  wb_drop_down_set_name (self->axis, "Horizontal axis");
  wb_drop_down_set_name (self->smoothing, "Smoothing");
}

DrawXAxis
wb_chart_tools_get_axis (WbChartTools *self)
{
  return (DrawXAxis) gtk_drop_down_get_selected (self->axis);
}

void
wb_chart_tools_set_axis (WbChartTools *self, DrawXAxis axis)
{
  gtk_drop_down_set_selected (self->axis, axis);
}

gboolean
wb_chart_tools_get_log (WbChartTools *self)
{
  return gtk_toggle_button_get_active (self->log);
}

double
wb_chart_tools_get_span (WbChartTools *self)
{
  const guint chosen = gtk_drop_down_get_selected (self->smoothing);

  return spans[MIN (chosen, G_N_ELEMENTS (spans) - 1)];
}

static void
add_key (GtkEventController *keys, guint key, GtkShortcutFunc function, WbChartTools *self)
{
  gtk_shortcut_controller_add_shortcut (
      GTK_SHORTCUT_CONTROLLER (keys),
      gtk_shortcut_new (gtk_keyval_trigger_new (key, 0),
                        gtk_callback_action_new (function, self, NULL)));
}

void
wb_chart_tools_add_keys (WbChartTools *self, GtkWidget *page)
{
  GtkEventController *keys = gtk_shortcut_controller_new ();

  add_key (keys, GDK_KEY_0, on_whole_key, self);
  add_key (keys, GDK_KEY_l, on_log_key, self);
  gtk_widget_add_controller (page, keys);
}

void
wb_drop_down_set_name (GtkDropDown *drop_down, const char *name)
{
  GtkWidget *button = gtk_widget_get_first_child (GTK_WIDGET (drop_down));

  if (button)
    gtk_accessible_update_property (GTK_ACCESSIBLE (button), GTK_ACCESSIBLE_PROPERTY_LABEL, name,
                                    -1);
}
