/* Every change goes into a WbDraft, which checks it at once; what it says of a field stands below the
 * field. What the config will take is told beside it by a WbForecaster. */
#include "app/pages/new-run.h"

#include "app/draw/format.h"
#include "app/session/draft.h"
#include "app/session/forecast.h"

#include <math.h>

static const struct
{
  const char *path, *title, *hint;
} fields[] = {
  { "expedition_cfg.keep_rate", "Keep rate", "share of tokens kept in each shrinking block" },
  { "distill_cfg.weight", "Distillation weight", "of the teacher's term in the loss" },
  { "distill_cfg.momentum", "Momentum", "of the teacher's moving average" },
  { "schedule.batch_size", "Batch", "pairs a step" },
  { "schedule.micro_batch", "Micro-batch", "pairs encoded at a time, to save memory; 0: all" },
  { "schedule.epochs", "Epochs", "passes over the training pairs" },
  { "optimizer.lr", "Learning rate", "the highest of the schedule" },
  { "run.seed", "Seed", "same seed and device, same numbers" },
};

enum
{
  ROW_PARAMETERS,
  ROW_PAIR,
  ROW_IMAGE,
  ROW_TOKENS,
  ROW_MEMORY,
  ROW_STEPS,
  N_ROWS,
};

static const char *const row_titles[N_ROWS] = { "Parameters",           "Operations a pair",
                                                "Operations a picture", "Tokens by block",
                                                "Device memory",        "Steps" };

struct _WbNewRun
{
  AdwWindow parent;
  WbRuns *runs;
  WbDraft *draft;
  WbForecaster *forecaster;
  GPtrArray *folders; /* of data sets, as in the combo */
  gboolean filling;   /* rows are being set from the draft */

  GtkButton *start;
  AdwComboRow *preset, *data, *method;
  AdwPreferencesGroup *fields;
  AdwActionRow *rows[G_N_ELEMENTS (fields)];
  GtkEditable *entries[G_N_ELEMENTS (fields)];
  GtkGrid *forecast;
  GtkLabel *values[N_ROWS];
  GtkLabel *problem;
};

G_DEFINE_FINAL_TYPE (WbNewRun, wb_new_run, ADW_TYPE_WINDOW)

enum
{
  LAUNCHED,
  N_SIGNALS,
};
static guint signals[N_SIGNALS];

static void
show_field (WbNewRun *dialog, guint i)
{
  const char *problem = wb_draft_get_problem (dialog->draft, fields[i].path);
  g_autofree char *text = wb_draft_dup_text (dialog->draft, fields[i].path);
  adw_action_row_set_subtitle (dialog->rows[i], problem ? problem : fields[i].hint);
  if (problem)
    gtk_widget_add_css_class (GTK_WIDGET (dialog->rows[i]), "error");
  else
    gtk_widget_remove_css_class (GTK_WIDGET (dialog->rows[i]), "error");
  if (text && !gtk_widget_has_focus (GTK_WIDGET (dialog->entries[i]))
      && g_strcmp0 (text, gtk_editable_get_text (dialog->entries[i])) != 0
      && gtk_editable_get_delegate (dialog->entries[i])
      && !gtk_widget_has_focus (GTK_WIDGET (gtk_editable_get_delegate (dialog->entries[i]))))
    gtk_editable_set_text (dialog->entries[i], text);
}

static void
draft_changed (WbNewRun *dialog)
{
  const gboolean valid = wb_draft_is_valid (dialog->draft);
  dialog->filling = TRUE;
  for (guint i = 0; i < G_N_ELEMENTS (fields); i++)
    show_field (dialog, i);
  dialog->filling = FALSE;
  gtk_widget_set_sensitive (GTK_WIDGET (dialog->start), valid);
  gtk_label_set_text (dialog->problem, valid ? "" : wb_draft_get_first_problem (dialog->draft));
  wb_forecaster_set_config (dialog->forecaster, wb_draft_get_config (dialog->draft));
}

static char *
format_tokens (const WbForecast *forecast)
{
  GString *text = g_string_new (NULL);
  int last = 0;
  for (guint i = 0; i < forecast->n_tokens; i++)
    if (i == 0 || forecast->tokens[i] != last)
      {
        last = forecast->tokens[i];
        g_string_append_printf (text, "%s%d", i ? ", " : "", last);
      }
  return g_string_free (text, FALSE);
}

static void
set_number (WbNewRun *dialog, int row, double value, DrawUnit unit)
{
  char text[DRAW_FORMAT_SIZE];
  gtk_label_set_text (dialog->values[row], draw_format (text, value, unit));
}

static void
forecast_changed (WbNewRun *dialog)
{
  const WbForecast *forecast = wb_forecaster_get (dialog->forecaster);
  if (!forecast)
    {
      for (guint i = 0; i < N_ROWS && !wb_forecaster_is_busy (dialog->forecaster); i++)
        gtk_label_set_text (dialog->values[i], "–");
      return;
    }
  g_autofree char *tokens = format_tokens (forecast);
  set_number (dialog, ROW_PARAMETERS, (double) forecast->numbers.parameters, DRAW_COUNT);
  set_number (dialog, ROW_PAIR, forecast->pair_flops, DRAW_COUNT);
  set_number (dialog, ROW_IMAGE, (double) forecast->numbers.encode_flops, DRAW_COUNT);
  set_number (dialog, ROW_MEMORY, (double) forecast->numbers.device_bytes, DRAW_BYTES);
  set_number (dialog, ROW_STEPS, forecast->steps > 0 ? (double) forecast->steps : NAN,
              DRAW_INTEGER);
  gtk_label_set_text (dialog->values[ROW_TOKENS], tokens);
  wb_draft_set_outer_problem (dialog->draft, forecast->problem_path, forecast->problem);
}

static void
typed (GtkEditable *entry, gpointer data)
{
  WbNewRun *dialog = data;
  if (dialog->filling)
    return;
  for (guint i = 0; i < G_N_ELEMENTS (fields); i++)
    if (dialog->entries[i] == entry)
      wb_draft_set (dialog->draft, fields[i].path, gtk_editable_get_text (entry));
}

static void
preset_chosen (WbNewRun *dialog)
{
  GtkStringObject *name = adw_combo_row_get_selected_item (dialog->preset);
  if (name && !dialog->filling)
    wb_draft_set_preset (dialog->draft, gtk_string_object_get_string (name));
}

static void
method_chosen (WbNewRun *dialog)
{
  if (!dialog->filling)
    wb_draft_set_method (dialog->draft, (WbMethod) adw_combo_row_get_selected (dialog->method));
}

static void
data_chosen (WbNewRun *dialog)
{
  const guint i = adw_combo_row_get_selected (dialog->data);
  if (!dialog->filling && i < dialog->folders->len)
    wb_draft_set (dialog->draft, "data.path", g_ptr_array_index (dialog->folders, i));
}

static void
add_folder (WbNewRun *dialog, const char *folder)
{
  g_autofree char *name = g_path_get_basename (folder);
  GtkStringList *model = GTK_STRING_LIST (adw_combo_row_get_model (dialog->data));
  g_ptr_array_add (dialog->folders, g_strdup (folder));
  gtk_string_list_append (model, name);
}

static void
folder_chosen (GtkNativeDialog *chooser, int response, gpointer data)
{
  WbNewRun *dialog = data;
  if (response == GTK_RESPONSE_ACCEPT)
    {
      g_autoptr (GFile) file = gtk_file_chooser_get_file (GTK_FILE_CHOOSER (chooser));
      g_autofree char *path = g_file_get_path (file);
      add_folder (dialog, path);
      adw_combo_row_set_selected (dialog->data, dialog->folders->len - 1);
    }
  g_object_unref (chooser);
}

static void
choose_folder (WbNewRun *dialog)
{
  GtkFileChooserNative *chooser =
      gtk_file_chooser_native_new ("A data set's folder", GTK_WINDOW (dialog),
                                   GTK_FILE_CHOOSER_ACTION_SELECT_FOLDER, "_Choose", "_Cancel");
  g_signal_connect_object (chooser, "response", G_CALLBACK (folder_chosen), dialog, 0);
  gtk_native_dialog_show (GTK_NATIVE_DIALOG (chooser));
}

static void
start_clicked (WbNewRun *dialog)
{
  const NnConfig *config = wb_draft_get_config (dialog->draft);
  if (!wb_draft_is_valid (dialog->draft) || !config)
    return;
  wb_draft_save (dialog->draft, NULL);
  g_autoptr (WbLaunch) launch = wb_launch_train (dialog->runs, config);
  g_signal_emit (dialog, signals[LAUNCHED], 0, launch);
  gtk_window_close (GTK_WINDOW (dialog));
}

static void
dispose (GObject *object)
{
  WbNewRun *dialog = WB_NEW_RUN (object);
  g_clear_object (&dialog->draft);
  g_clear_object (&dialog->forecaster);
  g_clear_object (&dialog->runs);
  g_clear_pointer (&dialog->folders, g_ptr_array_unref);
  G_OBJECT_CLASS (wb_new_run_parent_class)->dispose (object);
}

static void
wb_new_run_class_init (WbNewRunClass *class)
{
  GtkWidgetClass *widget = GTK_WIDGET_CLASS (class);
  G_OBJECT_CLASS (class)->dispose = dispose;
  signals[LAUNCHED] = g_signal_new ("launched", WB_TYPE_NEW_RUN, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                                    NULL, G_TYPE_NONE, 1, WB_TYPE_LAUNCH);
  gtk_widget_class_set_template_from_resource (widget, "/org/penumbra/Workbench/ui/new-run.ui");
  gtk_widget_class_bind_template_child (widget, WbNewRun, start);
  gtk_widget_class_bind_template_child (widget, WbNewRun, preset);
  gtk_widget_class_bind_template_child (widget, WbNewRun, data);
  gtk_widget_class_bind_template_child (widget, WbNewRun, method);
  gtk_widget_class_bind_template_child (widget, WbNewRun, fields);
  gtk_widget_class_bind_template_child (widget, WbNewRun, forecast);
  gtk_widget_class_bind_template_child (widget, WbNewRun, problem);
  gtk_widget_class_bind_template_callback (widget, start_clicked);
  gtk_widget_class_bind_template_callback (widget, preset_chosen);
  gtk_widget_class_bind_template_callback (widget, data_chosen);
  gtk_widget_class_bind_template_callback (widget, method_chosen);
  gtk_widget_class_bind_template_callback (widget, choose_folder);
  gtk_widget_class_add_binding_action (widget, GDK_KEY_Escape, 0, "window.close", NULL);
}

static void
add_field (WbNewRun *dialog, guint i)
{
  GtkWidget *row = adw_action_row_new (), *entry = gtk_entry_new ();
  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (row), fields[i].title);
  gtk_widget_set_valign (entry, GTK_ALIGN_CENTER);
  gtk_widget_set_hexpand (entry, FALSE);
  gtk_editable_set_width_chars (GTK_EDITABLE (entry), 9);
  gtk_editable_set_max_width_chars (GTK_EDITABLE (entry), 9);
  gtk_entry_set_alignment (GTK_ENTRY (entry), 1);
  gtk_widget_add_css_class (entry, "figures");
  gtk_entry_set_activates_default (GTK_ENTRY (entry), TRUE);
  g_signal_connect (entry, "changed", G_CALLBACK (typed), dialog);
  adw_action_row_add_suffix (ADW_ACTION_ROW (row), entry);
  adw_action_row_set_activatable_widget (ADW_ACTION_ROW (row), entry);
  adw_preferences_group_add (dialog->fields, row);
  dialog->rows[i] = ADW_ACTION_ROW (row);
  dialog->entries[i] = GTK_EDITABLE (entry);
}

static void
add_forecast_row (WbNewRun *dialog, int i)
{
  GtkWidget *title = gtk_label_new (row_titles[i]), *value = gtk_label_new ("–");
  gtk_label_set_xalign (GTK_LABEL (title), 0);
  gtk_label_set_xalign (GTK_LABEL (value), 1);
  gtk_widget_set_hexpand (value, TRUE);
  gtk_widget_add_css_class (title, "dim-label");
  gtk_widget_add_css_class (value, "figures");
  gtk_grid_attach (dialog->forecast, title, 0, i, 1, 1);
  gtk_grid_attach (dialog->forecast, value, 1, i, 1, 1);
  dialog->values[i] = GTK_LABEL (value);
}

static void
fill_combo (AdwComboRow *row, const char *const *names, guint selected)
{
  g_autoptr (GtkStringList) model = gtk_string_list_new (names);

  adw_combo_row_set_model (row, G_LIST_MODEL (model));
  adw_combo_row_set_selected (row, selected);
}

static void
fill_presets (WbNewRun *dialog)
{
  g_auto (GStrv) names = nn_config_preset_names ();
  guint selected = 0;

  for (guint i = 0; names[i]; i++)
    if (g_strcmp0 (names[i], wb_draft_get_preset (dialog->draft)) == 0)
      selected = i;
  fill_combo (dialog->preset, (const char *const *) names, selected);
}

static void
fill_methods (WbNewRun *dialog)
{
  const char *names[WB_N_METHODS + 1] = { NULL };

  for (int i = 0; i < WB_N_METHODS; i++)
    names[i] = wb_method_name ((WbMethod) i);
  fill_combo (dialog->method, names, wb_draft_get_method (dialog->draft));
}

/* The data sets in the default place, and the one chosen last. */
static void
fill_folders (WbNewRun *dialog)
{
  g_autofree char *root = g_build_filename (g_get_user_data_dir (), "penumbra", "data", NULL);
  g_autofree char *chosen = wb_draft_dup_text (dialog->draft, "data.path");
  g_autoptr (GDir) dir = g_dir_open (root, 0, NULL);
  const char *name;
  guint selected = GTK_INVALID_LIST_POSITION;
  fill_combo (dialog->data, NULL, GTK_INVALID_LIST_POSITION);
  while (dir && (name = g_dir_read_name (dir)))
    {
      g_autofree char *folder = g_build_filename (root, name, NULL);
      g_autofree char *mark = g_build_filename (folder, "dataset.json", NULL);
      if (!g_file_test (mark, G_FILE_TEST_EXISTS))
        continue;
      if (g_strcmp0 (folder, chosen) == 0)
        selected = dialog->folders->len;
      add_folder (dialog, folder);
    }
  if (selected == GTK_INVALID_LIST_POSITION && chosen && *chosen)
    {
      selected = dialog->folders->len;
      add_folder (dialog, chosen);
    }
  if (selected == GTK_INVALID_LIST_POSITION && dialog->folders->len > 0)
    selected = 0;
  adw_combo_row_set_selected (dialog->data, selected);
  if (selected < dialog->folders->len)
    wb_draft_set (dialog->draft, "data.path", g_ptr_array_index (dialog->folders, selected));
}

static void
wb_new_run_init (WbNewRun *dialog)
{
  dialog->filling = TRUE;
  gtk_widget_init_template (GTK_WIDGET (dialog));
  dialog->folders = g_ptr_array_new_with_free_func (g_free);
  dialog->draft = wb_draft_new ();
  dialog->forecaster = wb_forecaster_new ();
  wb_draft_load (dialog->draft, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (fields); i++)
    add_field (dialog, i);
  for (int i = 0; i < N_ROWS; i++)
    add_forecast_row (dialog, i);
  fill_presets (dialog);
  fill_methods (dialog);
  fill_folders (dialog);
  dialog->filling = FALSE;
  g_signal_connect_object (dialog->draft, "changed", G_CALLBACK (draft_changed), dialog,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (dialog->forecaster, "changed", G_CALLBACK (forecast_changed), dialog,
                           G_CONNECT_SWAPPED);
  draft_changed (dialog);
  gtk_window_set_default_widget (GTK_WINDOW (dialog), GTK_WIDGET (dialog->start));
}

GtkWindow *
wb_new_run_new (GtkWindow *parent, WbRuns *runs)
{
  WbNewRun *dialog = g_object_new (WB_TYPE_NEW_RUN, "transient-for", parent, NULL);
  dialog->runs = g_object_ref (runs);
  return GTK_WINDOW (dialog);
}
