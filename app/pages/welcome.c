#include "app/pages/welcome.h"

#include "app/session/importer.h"

#include <math.h>

struct _WbWelcome
{
  AdwBin parent;
  WbRuns *runs;
  WbImport *import; /* under way, or NULL */
  GtkButton *start, *other, *cancel;
  GtkWidget *work;
  GtkProgressBar *progress;
  GtkLabel *problem;
};

G_DEFINE_FINAL_TYPE (WbWelcome, wb_welcome, ADW_TYPE_BIN)

enum
{
  LAUNCHED,
  N_SIGNALS,
};
static guint signals[N_SIGNALS];

static void
show_problem (WbWelcome *welcome, const char *text)
{
  gtk_label_set_text (welcome->problem, text ? text : "");
  gtk_widget_set_visible (GTK_WIDGET (welcome->problem), text != NULL);
}

static void
show_work (WbWelcome *welcome, gboolean working)
{
  gtk_widget_set_visible (welcome->work, working);
  gtk_widget_set_visible (GTK_WIDGET (welcome->start), !working);
  gtk_widget_set_visible (GTK_WIDGET (welcome->other), !working);
}

static void
train (WbWelcome *welcome, const char *data)
{
  NnConfig config;
  g_autoptr (GError) error = NULL;
  if (!nn_config_preset (&config, "demo", &error))
    {
      show_problem (welcome, error->message);
      return;
    }
  g_strlcpy (config.data.path, data, sizeof config.data.path);
  g_autoptr (WbLaunch) launch = wb_launch_train (welcome->runs, &config);
  g_signal_emit (welcome, signals[LAUNCHED], 0, launch);
}

static void
import_changed (WbWelcome *welcome)
{
  const WbImportState state = wb_import_get_state (welcome->import);
  const double fraction = wb_import_get_fraction (welcome->import);
  gtk_progress_bar_set_text (welcome->progress, wb_import_get_stage (welcome->import));
  if (isfinite (fraction))
    gtk_progress_bar_set_fraction (welcome->progress, fraction);
  else
    gtk_progress_bar_pulse (welcome->progress);
  if (state == WB_IMPORT_RUNNING)
    return;

  g_autoptr (WbImport) import = g_steal_pointer (&welcome->import);
  g_signal_handlers_disconnect_by_data (import, welcome);
  show_work (welcome, FALSE);
  if (state == WB_IMPORT_FAILED)
    show_problem (welcome, wb_import_get_error (import)->message);
  else if (state == WB_IMPORT_DONE)
    train (welcome, wb_import_get_folder (import));
}

static void
start_clicked (WbWelcome *welcome)
{
  g_autofree char *folder = wb_import_default_folder ("openclipart");
  g_autofree char *mark = g_build_filename (folder, "dataset.json", NULL);
  show_problem (welcome, NULL);
  if (g_file_test (mark, G_FILE_TEST_EXISTS))
    {
      train (welcome, folder);
      return;
    }
  welcome->import = wb_import_openclipart (folder, NULL);
  g_signal_connect_object (welcome->import, "changed", G_CALLBACK (import_changed), welcome,
                           G_CONNECT_SWAPPED);
  show_work (welcome, TRUE);
  import_changed (welcome);
}

static void
cancel_clicked (WbWelcome *welcome)
{
  if (welcome->import)
    wb_import_cancel (welcome->import);
}

static void
dispose (GObject *object)
{
  WbWelcome *welcome = WB_WELCOME (object);
  g_clear_object (&welcome->import);
  g_clear_object (&welcome->runs);
  adw_bin_set_child (ADW_BIN (object), NULL);
  G_OBJECT_CLASS (wb_welcome_parent_class)->dispose (object);
}

static void
wb_welcome_class_init (WbWelcomeClass *class)
{
  GtkWidgetClass *widget = GTK_WIDGET_CLASS (class);
  G_OBJECT_CLASS (class)->dispose = dispose;
  signals[LAUNCHED] = g_signal_new ("launched", WB_TYPE_WELCOME, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                                    NULL, G_TYPE_NONE, 1, WB_TYPE_LAUNCH);
  gtk_widget_class_set_template_from_resource (widget, "/org/penumbra/Workbench/ui/welcome.ui");
  gtk_widget_class_bind_template_child (widget, WbWelcome, start);
  gtk_widget_class_bind_template_child (widget, WbWelcome, other);
  gtk_widget_class_bind_template_child (widget, WbWelcome, cancel);
  gtk_widget_class_bind_template_child (widget, WbWelcome, work);
  gtk_widget_class_bind_template_child (widget, WbWelcome, progress);
  gtk_widget_class_bind_template_child (widget, WbWelcome, problem);
  gtk_widget_class_bind_template_callback (widget, start_clicked);
  gtk_widget_class_bind_template_callback (widget, cancel_clicked);
}

static void
wb_welcome_init (WbWelcome *welcome)
{
  gtk_widget_init_template (GTK_WIDGET (welcome));
}

GtkWidget *
wb_welcome_new (WbRuns *runs)
{
  WbWelcome *welcome = g_object_new (WB_TYPE_WELCOME, NULL);
  welcome->runs = g_object_ref (runs);
  return GTK_WIDGET (welcome);
}
