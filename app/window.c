#include "app/window.h"

#include "app/pages/compare-page.h"
#include "app/pages/new-run.h"
#include "app/pages/retrieve-page.h"
#include "app/pages/similarity-page.h"
#include "app/pages/tokens-page.h"
#include "app/pages/train-page.h"
#include "app/pages/welcome.h"
#include "app/session/chosen.h"
#include "app/session/launch.h"
#include "app/session/work.h"
#include "app/widgets/run-row.h"
#include "app/widgets/status-bar.h"
#include "models/cli/device_choice.h"

#include <string.h>

struct _WbWindow
{
  AdwApplicationWindow parent;
  WbRuns *runs;
  GListStore *checked; /* runs to compare */
  GtkSingleSelection *selection;
  WbRun *run; /* the one that is followed: the selected */
  GtkCustomFilter *found;
  GHashTable *matches; /* ids that the search found, or NULL: all */
  char *first_page;

  AdwToastOverlay *toasts;
  AdwFlap *flap;
  GtkSearchEntry *filter;
  GtkListView *list;
  GtkLabel *device;
  AdwViewSwitcherTitle *switcher;
  AdwViewSwitcherBar *bar;
  GtkStack *start;
  AdwViewStack *stack;
  WbStatusBar *status;

  WbTrainPage *train;
  WbTokensPage *tokens;
  WbSimilarityPage *similarity;
  WbComparePage *compare;
  WbRetrievePage *retrieve;
};

G_DEFINE_FINAL_TYPE (WbWindow, wb_window, ADW_TYPE_APPLICATION_WINDOW)

static const struct
{
  const char *name, *title, *icon;
} pages[] = {
  { "train", "Train", "org.penumbra.curves-symbolic" },
  { "tokens", "Tokens", "view-grid-symbolic" },
  { "similarity", "Similarity", "org.penumbra.matrix-symbolic" },
  { "compare", "Compare", "view-dual-symbolic" },
  { "retrieve", "Retrieve", "system-search-symbolic" },
};

gboolean
wb_window_has_page (const char *name)
{
  if (strcmp (name, "runs") == 0)
    return TRUE;
  for (guint i = 0; i < G_N_ELEMENTS (pages); i++)
    if (strcmp (name, pages[i].name) == 0)
      return TRUE;
  return FALSE;
}

const char *
wb_window_get_page (WbWindow *window)
{
  if (!window->start)
    return "closing";
  const char *start = gtk_stack_get_visible_child_name (window->start);
  return g_strcmp0 (start, "runs") == 0 ? adw_view_stack_get_visible_child_name (window->stack)
                                        : start;
}

static void
say (WbWindow *window, const char *text)
{
  if (!window->toasts)
    return; /* the window has been closed */
  AdwToast *toast = adw_toast_new (text);
  adw_toast_set_timeout (toast, 5);
  adw_toast_overlay_add_toast (window->toasts, toast);
}

static WbRun *
selected (WbWindow *window)
{
  return gtk_single_selection_get_selected_item (window->selection);
}

static void
update_actions (WbWindow *window)
{
  WbRun *run = selected (window);
  const WbRunState state = run ? wb_run_get_state (run) : WB_RUN_FINISHED;
  const gboolean live = run && wb_run_state_is_live (state);
  const WbSummary *summary = run ? wb_run_get_summary (run) : NULL;
  gtk_widget_action_set_enabled (GTK_WIDGET (window), "win.pause",
                                 live || (summary && summary->step < summary->total));
  gtk_widget_action_set_enabled (GTK_WIDGET (window), "win.stop", live);
  gtk_widget_action_set_enabled (GTK_WIDGET (window), "win.trash", run && !live);
}

/* A run that has just been launched gets its name later than its place in the list. */
static void
update_run (WbWindow *window)
{
  const char *name = window->run ? wb_run_get_summary (window->run)->name : NULL;
  adw_view_switcher_title_set_subtitle (window->switcher, name);
  update_actions (window);
}

static void
follow_run (WbWindow *window, WbRun *run)
{
  if (window->run)
    g_signal_handlers_disconnect_by_data (window->run, window);
  g_set_object (&window->run, run);
  if (!run)
    return;
  g_signal_connect_swapped (run, "notify::state", G_CALLBACK (update_run), window);
  g_signal_connect_swapped (run, "notify::name", G_CALLBACK (update_run), window);
}

static void
select_run (WbWindow *window)
{
  WbRun *run = selected (window);
  follow_run (window, run);
  wb_train_page_set_run (window->train, run);
  wb_tokens_page_set_run (window->tokens, run);
  wb_similarity_page_set_run (window->similarity, run);
  wb_retrieve_page_set_run (window->retrieve, run);
  wb_status_bar_set_run (window->status, run);
  update_run (window);
}

/* Welcome while there is no run, the pages from then on; their names move below where the window is
 * too narrow for them above. */
static void
update_start (WbWindow *window)
{
  if (!window->runs || !window->bar)
    return;
  const gboolean any = g_list_model_get_n_items (G_LIST_MODEL (window->runs)) > 0;
  const char *child = any ? "runs" : wb_runs_is_loaded (window->runs) ? "welcome" : "loading";
  gtk_stack_set_visible_child_name (window->start, child);
  adw_view_switcher_title_set_view_switcher_enabled (window->switcher, any);
  adw_view_switcher_bar_set_reveal (
      window->bar, any && adw_view_switcher_title_get_title_visible (window->switcher));
}

static void
focus_run (WbWindow *window, WbRun *run)
{
  GListModel *model = G_LIST_MODEL (window->selection);
  for (guint i = 0; i < g_list_model_get_n_items (model); i++)
    {
      g_autoptr (WbRun) item = g_list_model_get_item (model, i);
      if (item == run)
        gtk_single_selection_set_selected (window->selection, i);
    }
}

static void
launch_changed (WbLaunch *launch, gpointer data)
{
  WbWindow *window = data;
  const GError *error = wb_launch_get_error (launch);
  WbRun *run = wb_launch_get_run (launch);
  if (!window->toasts)
    return; /* the window has been closed */
  update_start (window);
  if (run && wb_launch_get_state (launch) == WB_LAUNCH_STARTED)
    focus_run (window, run);
  if (error)
    say (window, error->message);
}

static void
launched (WbWindow *window, WbLaunch *launch)
{
  g_signal_connect_object (launch, "changed", G_CALLBACK (launch_changed), window, 0);
  launch_changed (launch, window);
}

static void
new_run (GtkWidget *widget, const char *action, GVariant *parameter)
{
  WbWindow *window = WB_WINDOW (widget);
  (void) action;
  (void) parameter;
  GtkWindow *dialog = wb_new_run_new (GTK_WINDOW (window), window->runs);
  g_signal_connect_object (dialog, "launched", G_CALLBACK (launched), window, G_CONNECT_SWAPPED);
  gtk_window_present (dialog);
}

static void
sent (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (WbWindow) window = data;
  g_autoptr (GError) error = NULL;
  if (wb_control_send_finish (WB_RUN (source), result, &error) < 0)
    say (window, error->message);
}

/* Pause what runs, go on with what is paused, resume what has ended early. */
static void
pause_or_resume (GtkWidget *widget, const char *action, GVariant *parameter)
{
  WbWindow *window = WB_WINDOW (widget);
  WbRun *run = selected (window);
  (void) action;
  (void) parameter;
  if (!run)
    return;
  const WbRunState state = wb_run_get_state (run);
  if (state == WB_RUN_RUNNING || state == WB_RUN_PAUSED)
    wb_control_send_async (run, state == WB_RUN_RUNNING ? RUN_COMMAND_PAUSE : RUN_COMMAND_RESUME,
                           NULL, sent, g_object_ref (window));
  else if (!wb_run_state_is_live (state))
    {
      g_autoptr (WbLaunch) launch = wb_launch_resume (run, 0);
      launched (window, launch);
    }
}

static void
stop (GtkWidget *widget, const char *action, GVariant *parameter)
{
  WbWindow *window = WB_WINDOW (widget);
  WbRun *run = selected (window);
  (void) action;
  (void) parameter;
  if (run)
    wb_control_send_async (run, RUN_COMMAND_STOP, NULL, sent, g_object_ref (window));
}

static void
trashed (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (WbWindow) window = data;
  g_autoptr (GError) error = NULL;
  gboolean done = wb_runs_trash_finish (WB_RUNS (source), result, &error);
  say (window, done ? "The run is in the trash" : error->message);
}

static void
trash (GtkWidget *widget, const char *action, GVariant *parameter)
{
  WbWindow *window = WB_WINDOW (widget);
  WbRun *run = selected (window);
  (void) action;
  (void) parameter;
  if (run)
    wb_runs_trash_async (window->runs, run, trashed, g_object_ref (window));
}

static void
search (GtkWidget *widget, const char *action, GVariant *parameter)
{
  WbWindow *window = WB_WINDOW (widget);
  (void) action;
  (void) parameter;
  adw_view_stack_set_visible_child_name (window->stack, "retrieve");
  wb_retrieve_page_focus (window->retrieve);
}

static void
toggle_sidebar (GtkWidget *widget, const char *action, GVariant *parameter)
{
  WbWindow *window = WB_WINDOW (widget);
  (void) action;
  (void) parameter;
  adw_flap_set_reveal_flap (window->flap, !adw_flap_get_reveal_flap (window->flap));
}

static void
show_page (GtkWidget *widget, const char *action, GVariant *parameter)
{
  (void) action;
  adw_view_stack_set_visible_child_name (WB_WINDOW (widget)->stack,
                                         g_variant_get_string (parameter, NULL));
}

static gboolean
is_found (gpointer item, gpointer data)
{
  WbWindow *window = data;
  return !window->matches || g_hash_table_contains (window->matches, wb_run_get_id (item));
}

static void
search_answered (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (WbWindow) window = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) ids = wb_runs_search_finish (WB_RUNS (source), result, &error);
  if (!ids || !window->found)
    return; /* a newer question is on its way */
  g_clear_pointer (&window->matches, g_hash_table_unref);
  window->matches = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  for (guint i = 0; i < ids->len; i++)
    g_hash_table_add (window->matches, g_strdup (g_ptr_array_index (ids, i)));
  gtk_filter_changed (GTK_FILTER (window->found), GTK_FILTER_CHANGE_DIFFERENT);
}

static void
filter_changed (WbWindow *window)
{
  const char *query = gtk_editable_get_text (GTK_EDITABLE (window->filter));
  if (*query)
    {
      wb_runs_search_async (window->runs, query, search_answered, g_object_ref (window));
      return;
    }
  g_clear_pointer (&window->matches, g_hash_table_unref);
  gtk_filter_changed (GTK_FILTER (window->found), GTK_FILTER_CHANGE_DIFFERENT);
}

static void
setup_row (GtkListItemFactory *factory, GtkListItem *item, gpointer data)
{
  (void) factory;
  gtk_list_item_set_child (item, wb_run_row_new (WB_WINDOW (data)->checked));
}

static void
bind_row (GtkListItemFactory *factory, GtkListItem *item, gpointer data)
{
  (void) factory;
  (void) data;
  wb_run_row_set_run (WB_RUN_ROW (gtk_list_item_get_child (item)), gtk_list_item_get_item (item));
}

static void
unbind_row (GtkListItemFactory *factory, GtkListItem *item, gpointer data)
{
  (void) factory;
  (void) data;
  wb_run_row_set_run (WB_RUN_ROW (gtk_list_item_get_child (item)), NULL);
}

static void
fill_list (WbWindow *window)
{
  GtkListItemFactory *factory = gtk_signal_list_item_factory_new ();
  g_signal_connect (factory, "setup", G_CALLBACK (setup_row), window);
  g_signal_connect (factory, "bind", G_CALLBACK (bind_row), window);
  g_signal_connect (factory, "unbind", G_CALLBACK (unbind_row), window);
  gtk_list_view_set_factory (window->list, factory);
  g_object_unref (factory);

  window->found = gtk_custom_filter_new (is_found, window, NULL);
  GtkFilterListModel *filtered = gtk_filter_list_model_new (
      g_object_ref (G_LIST_MODEL (window->runs)), g_object_ref (GTK_FILTER (window->found)));
  window->selection = gtk_single_selection_new (G_LIST_MODEL (filtered));
  gtk_list_view_set_model (window->list, GTK_SELECTION_MODEL (window->selection));
  g_signal_connect_object (window->selection, "notify::selected-item", G_CALLBACK (select_run),
                           window, G_CONNECT_SWAPPED);
  g_signal_connect_object (window->runs, "items-changed", G_CALLBACK (update_start), window,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (window->runs, "notify::loaded", G_CALLBACK (update_start), window,
                           G_CONNECT_SWAPPED);
}

static void
add_page (WbWindow *window, guint index, GtkWidget *page)
{
  adw_view_stack_add_titled (window->stack, page, pages[index].name, pages[index].title);
  adw_view_stack_page_set_icon_name (adw_view_stack_get_page (window->stack, page),
                                     pages[index].icon);
}

static void
add_pages (WbWindow *window)
{
  GtkWidget *welcome = wb_welcome_new (window->runs);
  gtk_stack_add_named (window->start, welcome, "welcome");
  g_signal_connect_object (welcome, "launched", G_CALLBACK (launched), window, G_CONNECT_SWAPPED);

  GtkWidget *train = wb_train_page_new (), *tokens = wb_tokens_page_new ();
  GtkWidget *similarity = wb_similarity_page_new (), *compare = wb_compare_page_new ();
  GtkWidget *retrieve = wb_retrieve_page_new ();
  GtkWidget *const widgets[] = { train, tokens, similarity, compare, retrieve };
  for (guint i = 0; i < G_N_ELEMENTS (widgets); i++)
    add_page (window, i, widgets[i]);
  window->train = WB_TRAIN_PAGE (train);
  window->tokens = WB_TOKENS_PAGE (tokens);
  window->similarity = WB_SIMILARITY_PAGE (similarity);
  window->compare = WB_COMPARE_PAGE (compare);
  window->retrieve = WB_RETRIEVE_PAGE (retrieve);
  wb_compare_page_set_runs (window->compare, G_LIST_MODEL (window->checked));
}

/* The device that new runs and searches take. Asked on a worker: a driver may take its time. */
static void
find_device (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  (void) source;
  (void) data;
  (void) cancellable;
  g_autoptr (GPtrArray) infos = gpu_device_list (NULL);
  const int chosen = infos ? cli_default_device (infos, NULL) : -1;
  if (chosen < 0)
    {
      g_task_return_pointer (task, g_strdup ("no Vulkan device"), g_free);
      return;
    }
  const GpuDeviceInfo *info = g_ptr_array_index (infos, chosen);
  g_autofree char *memory = g_format_size (info->memory_bytes);
  g_task_return_pointer (task, g_strdup_printf ("%s, %s", info->name, memory), g_free);
}

static void
device_found (GObject *source, GAsyncResult *result, gpointer data)
{
  WbWindow *window = WB_WINDOW (source);
  g_autofree char *text = g_task_propagate_pointer (G_TASK (result), NULL);
  (void) data;
  if (!window->device || !text)
    return;
  gtk_label_set_text (window->device, text);
  gtk_widget_set_tooltip_text (GTK_WIDGET (window->device), text);
}

static char *
state_path (void)
{
  return g_build_filename (g_get_user_config_dir (), "penumbra", "window.ini", NULL);
}

static void
load_state (WbWindow *window)
{
  g_autoptr (GKeyFile) file = g_key_file_new ();
  g_autofree char *path = state_path ();
  g_autofree char *page = NULL;
  if (g_key_file_load_from_file (file, path, G_KEY_FILE_NONE, NULL))
    {
      const int width = g_key_file_get_integer (file, "window", "width", NULL);
      const int height = g_key_file_get_integer (file, "window", "height", NULL);
      if (width > 0 && height > 0)
        gtk_window_set_default_size (GTK_WINDOW (window), width, height);
      if (g_key_file_get_boolean (file, "window", "maximized", NULL))
        gtk_window_maximize (GTK_WINDOW (window));
      page = g_key_file_get_string (file, "window", "page", NULL);
    }
  const char *first = window->first_page ? window->first_page : page;
  if (first && adw_view_stack_get_child_by_name (window->stack, first))
    adw_view_stack_set_visible_child_name (window->stack, first);
}

static void
save_state (WbWindow *window)
{
  g_autoptr (GKeyFile) file = g_key_file_new ();
  g_autofree char *path = state_path (), *dir = g_path_get_dirname (path);
  int width = 0, height = 0;
  gtk_window_get_default_size (GTK_WINDOW (window), &width, &height);
  g_key_file_set_integer (file, "window", "width", width);
  g_key_file_set_integer (file, "window", "height", height);
  g_key_file_set_boolean (file, "window", "maximized",
                          gtk_window_is_maximized (GTK_WINDOW (window)));
  g_key_file_set_string (file, "window", "page",
                         adw_view_stack_get_visible_child_name (window->stack));
  if (g_mkdir_with_parents (dir, 0755) == 0)
    g_key_file_save_to_file (file, path, NULL);
}

static gboolean
close_request (GtkWindow *window)
{
  save_state (WB_WINDOW (window));
  return GTK_WINDOW_CLASS (wb_window_parent_class)->close_request (window);
}

static void
dispose (GObject *object)
{
  WbWindow *window = WB_WINDOW (object);
  follow_run (window, NULL);
  g_clear_pointer (&window->matches, g_hash_table_unref);
  g_clear_pointer (&window->first_page, g_free);
  g_clear_object (&window->found);
  gtk_widget_dispose_template (GTK_WIDGET (object), WB_TYPE_WINDOW);
  g_clear_object (&window->selection);
  g_clear_object (&window->checked);
  g_clear_object (&window->runs);
  G_OBJECT_CLASS (wb_window_parent_class)->dispose (object);
}

static void
install_actions (GtkWidgetClass *widget)
{
  gtk_widget_class_install_action (widget, "win.new-run", NULL, new_run);
  gtk_widget_class_install_action (widget, "win.pause", NULL, pause_or_resume);
  gtk_widget_class_install_action (widget, "win.stop", NULL, stop);
  gtk_widget_class_install_action (widget, "win.trash", NULL, trash);
  gtk_widget_class_install_action (widget, "win.search", NULL, search);
  gtk_widget_class_install_action (widget, "win.toggle-sidebar", NULL, toggle_sidebar);
  gtk_widget_class_install_action (widget, "win.page", "s", show_page);
}

static void
wb_window_class_init (WbWindowClass *class)
{
  GtkWidgetClass *widget = GTK_WIDGET_CLASS (class);
  G_OBJECT_CLASS (class)->dispose = dispose;
  GTK_WINDOW_CLASS (class)->close_request = close_request;
  g_type_ensure (WB_TYPE_STATUS_BAR);
  gtk_widget_class_set_template_from_resource (widget, "/org/penumbra/Workbench/ui/window.ui");
  gtk_widget_class_bind_template_child (widget, WbWindow, toasts);
  gtk_widget_class_bind_template_child (widget, WbWindow, flap);
  gtk_widget_class_bind_template_child (widget, WbWindow, filter);
  gtk_widget_class_bind_template_child (widget, WbWindow, list);
  gtk_widget_class_bind_template_child (widget, WbWindow, device);
  gtk_widget_class_bind_template_child (widget, WbWindow, switcher);
  gtk_widget_class_bind_template_child (widget, WbWindow, bar);
  gtk_widget_class_bind_template_child (widget, WbWindow, start);
  gtk_widget_class_bind_template_child (widget, WbWindow, stack);
  gtk_widget_class_bind_template_child (widget, WbWindow, status);
  gtk_widget_class_bind_template_callback (widget, filter_changed);
  gtk_widget_class_bind_template_callback (widget, update_start);
  install_actions (widget);
}

static void
wb_window_init (WbWindow *window)
{
  gtk_widget_init_template (GTK_WIDGET (window));
  window->checked = g_list_store_new (WB_TYPE_RUN);
}

WbWindow *
wb_window_new (GtkApplication *application, const char *root, const char *page)
{
  WbWindow *window = g_object_new (WB_TYPE_WINDOW, "application", application, NULL);
  window->first_page = g_strdup (page);
  window->runs = wb_runs_new (root, NULL);
  wb_chosen_follow (window->checked, G_LIST_MODEL (window->runs));
  add_pages (window);
  fill_list (window);
  load_state (window);
  update_start (window);
  select_run (window);

  g_autoptr (GTask) task = g_task_new (window, NULL, device_found, NULL);
  wb_work_run (task, find_device);
  return window;
}
