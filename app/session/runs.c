#include "app/session/runs.h"

#include "app/session/index.h"
#include "app/session/look.h"
#include "app/session/work.h"
#include "models/run/folder.h"

#include <string.h>

#define LOOK_MS 1000
#define SAVE_MS 1000

struct _WbRuns
{
  GObject parent_instance;

  char *root, *index, *problem;
  gboolean loaded;
  GPtrArray *runs;      /* WbRun, newest first */
  GHashTable *by_id;    /* borrows id and WbRun */
  GHashTable *dirty;    /* ids to be written to the index */
  GPtrArray *removed;   /* ids to be removed from it */
  GCancellable *search; /* the newest question's */
  guint look_timer, save_timer;
  gboolean looking, look_again, saving;
};

enum
{
  PROP_0,
  PROP_ROOT,
  PROP_LOADED,
  PROP_PROBLEM,
  N_PROPS
};

static GParamSpec *props[N_PROPS];

static void list_model_init (GListModelInterface *iface);
static void mark_dirty (WbRuns *self, WbRun *run);
static void save_later (WbRuns *self);

G_DEFINE_FINAL_TYPE_WITH_CODE (WbRuns, wb_runs, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (G_TYPE_LIST_MODEL, list_model_init))

static GType
get_item_type (GListModel *model)
{
  (void) model;
  return WB_TYPE_RUN;
}

static guint
get_n_items (GListModel *model)
{
  return WB_RUNS (model)->runs->len;
}

static gpointer
get_item (GListModel *model, guint position)
{
  GPtrArray *runs = WB_RUNS (model)->runs;

  return position < runs->len ? g_object_ref (runs->pdata[position]) : NULL;
}

static void
list_model_init (GListModelInterface *iface)
{
  iface->get_item_type = get_item_type;
  iface->get_n_items = get_n_items;
  iface->get_item = get_item;
}

static void
wb_runs_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  WbRuns *self = WB_RUNS (object);

  switch (id)
    {
    case PROP_ROOT:
      g_value_set_string (value, self->root);
      break;
    case PROP_LOADED:
      g_value_set_boolean (value, self->loaded);
      break;
    case PROP_PROBLEM:
      g_value_set_string (value, self->problem);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
wb_runs_dispose (GObject *object)
{
  WbRuns *self = WB_RUNS (object);

  g_clear_handle_id (&self->look_timer, g_source_remove);
  g_clear_handle_id (&self->save_timer, g_source_remove);
  g_cancellable_cancel (self->search);
  g_clear_object (&self->search);
  for (guint i = 0; i < self->runs->len; i++)
    g_signal_handlers_disconnect_by_data (self->runs->pdata[i], self);
  g_hash_table_remove_all (self->by_id);
  g_ptr_array_set_size (self->runs, 0);
  G_OBJECT_CLASS (wb_runs_parent_class)->dispose (object);
}

static void
wb_runs_finalize (GObject *object)
{
  WbRuns *self = WB_RUNS (object);

  g_ptr_array_unref (self->runs);
  g_ptr_array_unref (self->removed);
  g_hash_table_unref (self->by_id);
  g_hash_table_unref (self->dirty);
  g_free (self->root);
  g_free (self->index);
  g_free (self->problem);
  G_OBJECT_CLASS (wb_runs_parent_class)->finalize (object);
}

static void
wb_runs_class_init (WbRunsClass *class)
{
  GObjectClass *object_class = G_OBJECT_CLASS (class);
  const GParamFlags flags = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS;

  object_class->get_property = wb_runs_get_property;
  object_class->dispose = wb_runs_dispose;
  object_class->finalize = wb_runs_finalize;
  props[PROP_ROOT] = g_param_spec_string ("root", NULL, NULL, NULL, flags);
  props[PROP_LOADED] = g_param_spec_boolean ("loaded", NULL, NULL, FALSE, flags);
  props[PROP_PROBLEM] = g_param_spec_string ("problem", NULL, NULL, NULL, flags);
  g_object_class_install_properties (object_class, N_PROPS, props);
}

static void
wb_runs_init (WbRuns *self)
{
  self->runs = g_ptr_array_new_with_free_func (g_object_unref);
  self->by_id = g_hash_table_new (g_str_hash, g_str_equal);
  self->dirty = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->removed = g_ptr_array_new_with_free_func (g_free);
}

static void
set_problem (WbRuns *self, const char *problem)
{
  if (g_strcmp0 (self->problem, problem) == 0)
    return;
  g_free (self->problem);
  self->problem = g_strdup (problem);
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_PROBLEM]);
}

/* What a worker is given: copies, for the object is the main thread's. */
typedef struct
{
  char *root, *index, *query;
  gboolean first;
  GPtrArray *summaries; /* WbSummary */
  GPtrArray *removed;   /* ids, ended by NULL */
} Work;

static Work *
work_new (WbRuns *self)
{
  Work *work = g_new0 (Work, 1);

  work->root = g_strdup (self->root);
  work->index = g_strdup (self->index);
  work->first = !self->loaded;
  return work;
}

static void
work_free (Work *work)
{
  g_free (work->root);
  g_free (work->index);
  g_free (work->query);
  g_clear_pointer (&work->summaries, g_ptr_array_unref);
  g_clear_pointer (&work->removed, g_ptr_array_unref);
  g_free (work);
}

static void
look_in_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  const Work *work = data;

  (void) source;
  (void) cancellable;
  g_task_return_pointer (task, wb_look_new (work->root, work->first ? work->index : NULL),
                         (GDestroyNotify) wb_look_free);
}

/* On the main thread. */

static int
compare_runs (WbRun *a, WbRun *b)
{
  const gint64 left = wb_run_get_summary (a)->created, right = wb_run_get_summary (b)->created;

  if (left != right)
    return left > right ? -1 : 1;
  return -strcmp (wb_run_get_id (a), wb_run_get_id (b));
}

/* The colour that the fewest runs have, the first of them. */
static guint
choose_colour (WbRuns *self)
{
  guint users[WB_N_COLOURS] = { 0 }, best = 0;

  for (guint i = 0; i < self->runs->len; i++)
    {
      const guint colour = wb_run_get_summary (self->runs->pdata[i])->colour;
      if (colour < WB_N_COLOURS)
        users[colour]++;
    }
  for (guint i = 1; i < WB_N_COLOURS; i++)
    if (users[i] < users[best])
      best = i;
  return best;
}

static void
on_run_changed (WbRun *run, guint changes, guint first_row, WbRuns *self)
{
  (void) first_row;
  if (changes & WB_CHANGED_SUMMARY)
    mark_dirty (self, run);
  if (changes & WB_CHANGED_GONE)
    wb_runs_look (self);
}

static WbRun *
add_run (WbRuns *self, const char *path, WbSummary *summary)
{
  WbRun *run = wb_run_new (path, summary);
  guint position = 0;

  if (summary->colour == WB_NO_COLOUR)
    wb_run_set_colour (run, choose_colour (self));
  while (position < self->runs->len && compare_runs (self->runs->pdata[position], run) < 0)
    position++;
  g_ptr_array_insert (self->runs, (int) position, run);
  g_hash_table_insert (self->by_id, (gpointer) wb_run_get_id (run), run);
  g_signal_connect (run, "changed", G_CALLBACK (on_run_changed), self);
  if (self->loaded)
    g_list_model_items_changed (G_LIST_MODEL (self), position, 0, 1);
  return run;
}

static void
remove_run (WbRuns *self, guint position)
{
  WbRun *run = self->runs->pdata[position];

  g_signal_handlers_disconnect_by_data (run, self);
  g_hash_table_remove (self->by_id, wb_run_get_id (run));
  g_hash_table_remove (self->dirty, wb_run_get_id (run));
  g_ptr_array_add (self->removed, g_strdup (wb_run_get_id (run)));
  g_ptr_array_remove_index (self->runs, position);
  if (self->loaded)
    g_list_model_items_changed (G_LIST_MODEL (self), position, 1, 0);
  save_later (self);
}

/* What the index knows of a run, or nothing yet. */
static WbSummary *
take_summary (WbLook *look, const WbSeen *seen)
{
  WbSummary *summary = wb_look_steal_indexed (look, seen->id);

  if (summary)
    return summary;
  summary = wb_summary_new (seen->id);
  summary->created = seen->created;
  summary->state = seen->alive ? WB_RUN_RUNNING : WB_RUN_STOPPED;
  summary->stamp.events_time = -1; /* not read yet */
  return summary;
}

/* Reads a run in which something happened since it was last read; a live one is then followed. */
static void
catch_up (WbRun *run, const WbSeen *seen)
{
  const WbSummary *summary = wb_run_get_summary (run);
  const gboolean live = wb_run_state_is_live (summary->state);

  if (!wb_stamp_equal (&summary->stamp, &seen->stamp) || live != seen->alive
      || (live && !wb_run_is_loaded (run)))
    wb_run_poke (run);
}

static void
take_seen (WbRuns *self, WbLook *look)
{
  for (guint i = 0; i < look->seen->len; i++)
    {
      const WbSeen *seen = look->seen->pdata[i];
      WbRun *run = wb_runs_find (self, seen->id);

      if (!run)
        {
          run = add_run (self, seen->path, take_summary (look, seen));
          mark_dirty (self, run);
        }
      catch_up (run, seen);
    }
}

static void
drop_unseen (WbRuns *self, const WbLook *look)
{
  g_autoptr (GHashTable) seen = g_hash_table_new (g_str_hash, g_str_equal);

  for (guint i = 0; i < look->seen->len; i++)
    g_hash_table_add (seen, ((const WbSeen *) look->seen->pdata[i])->id);
  for (guint i = self->runs->len; i > 0; i--)
    {
      WbRun *run = self->runs->pdata[i - 1];
      const WbRunState state = wb_run_get_state (run);

      /* The folder of a launched run may be yet to come. */
      if (state != WB_RUN_STARTING && !g_hash_table_contains (seen, wb_run_get_id (run)))
        remove_run (self, i - 1);
    }
  /* What the index still knows and nobody sees any more. */
  for (guint i = 0; look->indexed && i < look->indexed->len; i++)
    {
      const WbSummary *summary = look->indexed->pdata[i];
      g_ptr_array_add (self->removed, g_strdup (summary->id));
      save_later (self);
    }
}

static void
on_look_due (gpointer data)
{
  WbRuns *self = data;

  self->look_timer = 0;
  wb_runs_look (self);
}

static void
on_looked (GObject *source, GAsyncResult *result, gpointer data)
{
  WbRuns *self = WB_RUNS (source);
  g_autoptr (WbLook) look = g_task_propagate_pointer (G_TASK (result), NULL);

  (void) data;
  self->looking = FALSE;
  /* Oldest first: so colours are given in the same order when the index was lost. */
  take_seen (self, look);
  drop_unseen (self, look);
  set_problem (self, look->problem);
  if (!self->loaded)
    {
      self->loaded = TRUE;
      if (self->runs->len > 0)
        g_list_model_items_changed (G_LIST_MODEL (self), 0, 0, self->runs->len);
      g_object_notify_by_pspec (G_OBJECT (self), props[PROP_LOADED]);
    }
  if (!self->look_timer)
    self->look_timer = g_timeout_add_once (self->look_again ? 0 : LOOK_MS, on_look_due, self);
  self->look_again = FALSE;
}

void
wb_runs_look (WbRuns *self)
{
  g_return_if_fail (WB_IS_RUNS (self));
  g_clear_handle_id (&self->look_timer, g_source_remove);
  if (self->looking)
    {
      self->look_again = TRUE;
      return;
    }
  self->looking = TRUE;
  g_autoptr (GTask) task = g_task_new (self, NULL, on_looked, NULL);
  g_task_set_task_data (task, work_new (self), (GDestroyNotify) work_free);
  wb_work_run (task, look_in_thread);
}

/* The index follows a second behind. */

static void
save_in_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  const Work *work = data;
  GError *error = NULL;
  gboolean fresh = FALSE;
  g_autoptr (WbIndex) index = wb_index_open (work->index, &fresh, &error);

  (void) source;
  (void) cancellable;
  if (index)
    wb_index_save (index, work->root, (WbSummary *const *) work->summaries->pdata,
                   work->summaries->len, (const char *const *) work->removed->pdata, &error);
  if (error)
    g_task_return_error (task, error);
  else
    g_task_return_boolean (task, fresh);
}

static void
on_saved (GObject *source, GAsyncResult *result, gpointer data)
{
  WbRuns *self = WB_RUNS (source);
  g_autoptr (GError) error = NULL;
  const Work *work = g_task_get_task_data (G_TASK (result));
  /* An index that was lost is told everything. */
  const gboolean fresh = g_task_propagate_boolean (G_TASK (result), &error);

  (void) data;
  self->saving = FALSE;
  if (error)
    set_problem (self, error->message);
  if (fresh && work->summaries->len < self->runs->len)
    for (guint i = 0; i < self->runs->len; i++)
      mark_dirty (self, self->runs->pdata[i]);
  if (g_hash_table_size (self->dirty) > 0 || self->removed->len > 0)
    save_later (self);
}

static void
on_save_due (gpointer data)
{
  WbRuns *self = data;
  Work *work = work_new (self);
  GHashTableIter iter;
  gpointer id;

  self->save_timer = 0;
  self->saving = TRUE;
  work->summaries = g_ptr_array_new_with_free_func ((GDestroyNotify) wb_summary_free);
  g_hash_table_iter_init (&iter, self->dirty);
  while (g_hash_table_iter_next (&iter, &id, NULL))
    g_ptr_array_add (work->summaries,
                     wb_summary_copy (wb_run_get_summary (wb_runs_find (self, id))));
  g_hash_table_remove_all (self->dirty);
  work->removed = g_steal_pointer (&self->removed);
  g_ptr_array_add (work->removed, NULL);
  self->removed = g_ptr_array_new_with_free_func (g_free);

  g_autoptr (GTask) task = g_task_new (self, NULL, on_saved, NULL);
  g_task_set_task_data (task, work, (GDestroyNotify) work_free);
  wb_work_run (task, save_in_thread);
}

static void
save_later (WbRuns *self)
{
  if (!self->save_timer && !self->saving)
    self->save_timer = g_timeout_add_once (SAVE_MS, on_save_due, self);
}

static void
mark_dirty (WbRuns *self, WbRun *run)
{
  g_hash_table_add (self->dirty, g_strdup (wb_run_get_id (run)));
  save_later (self);
}

WbRuns *
wb_runs_new (const char *root, const char *index)
{
  WbRuns *self = g_object_new (WB_TYPE_RUNS, NULL);
  g_autofree char *standard = run_default_root ();

  self->root = g_canonicalize_filename (root ? root : standard, NULL);
  self->index = index ? g_strdup (index) : wb_index_default_path ();
  wb_runs_look (self);
  return self;
}

const char *
wb_runs_get_root (WbRuns *self)
{
  return self->root;
}

gboolean
wb_runs_is_loaded (WbRuns *self)
{
  return self->loaded;
}

WbRun *
wb_runs_find (WbRuns *self, const char *id)
{
  return g_hash_table_lookup (self->by_id, id);
}

WbRun *
wb_runs_ensure (WbRuns *self, const char *path)
{
  g_autofree char *id = g_path_get_basename (path);
  WbRun *run = wb_runs_find (self, id);

  if (run)
    return run;
  WbSummary *summary = wb_summary_new (id);
  summary->created = g_get_real_time ();
  run = add_run (self, path, summary);
  mark_dirty (self, run);
  return run;
}

static void
search_in_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  const Work *work = data;
  GError *error = NULL;
  gboolean fresh;
  g_autoptr (WbIndex) index = wb_index_open (work->index, &fresh, &error);
  /* An index that was lost is told everything. */
  gboolean ok = index != NULL;
  if (ok && fresh)
    ok = wb_index_save (index, work->root, (WbSummary *const *) work->summaries->pdata,
                        work->summaries->len, NULL, &error);
  GPtrArray *ids = ok ? wb_index_find (index, work->root, work->query, &error) : NULL;

  (void) source;
  (void) cancellable;
  if (ids)
    g_task_return_pointer (task, ids, (GDestroyNotify) g_ptr_array_unref);
  else
    g_task_return_error (task, error);
}

void
wb_runs_search_async (WbRuns *self, const char *query, GAsyncReadyCallback callback, gpointer data)
{
  Work *work = work_new (self);

  work->query = g_strdup (query);
  work->summaries = g_ptr_array_new_with_free_func ((GDestroyNotify) wb_summary_free);
  for (guint i = 0; i < self->runs->len; i++)
    g_ptr_array_add (work->summaries, wb_summary_copy (wb_run_get_summary (self->runs->pdata[i])));
  g_cancellable_cancel (self->search);
  g_clear_object (&self->search);
  self->search = g_cancellable_new ();
  g_autoptr (GTask) task = g_task_new (self, self->search, callback, data);
  g_task_set_task_data (task, work, (GDestroyNotify) work_free);
  wb_work_run (task, search_in_thread);
}

GPtrArray *
wb_runs_search_finish (WbRuns *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);
  return g_task_propagate_pointer (G_TASK (result), error);
}

static void
on_trashed (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) task = data;
  GError *error = NULL;

  wb_runs_look (g_task_get_source_object (task));
  if (g_file_trash_finish (G_FILE (source), result, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

void
wb_runs_trash_async (WbRuns *self, WbRun *run, GAsyncReadyCallback callback, gpointer data)
{
  g_autoptr (GTask) task = g_task_new (self, NULL, callback, data);
  g_autoptr (GFile) folder = g_file_new_for_path (wb_run_get_path (run));

  if (wb_run_state_is_live (wb_run_get_state (run)))
    g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_BUSY,
                             "%s is being trained: stop it first", wb_run_get_summary (run)->name);
  else
    g_file_trash_async (folder, G_PRIORITY_DEFAULT, NULL, on_trashed, g_steal_pointer (&task));
}

gboolean
wb_runs_trash_finish (WbRuns *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);
  return g_task_propagate_boolean (G_TASK (result), error);
}
