#include "app/session/draft.h"

#include "app/session/fields.h"
#include "app/session/work.h"

#include <glib/gstdio.h>
#include <string.h>

#define CHOICE "choice"
#define FIELDS "fields"

struct _WbDraft
{
  GObject parent_instance;

  char *preset;
  WbMethod method;
  GHashTable *texts;    /* path -> what was typed */
  GHashTable *problems; /* path -> what is wrong */
  char *first_problem;
  gboolean usable; /* config is one */
  NnConfig config;
};

static guint changed_signal;

G_DEFINE_FINAL_TYPE (WbDraft, wb_draft, G_TYPE_OBJECT)

static void
wb_draft_finalize (GObject *object)
{
  WbDraft *self = WB_DRAFT (object);

  g_hash_table_unref (self->texts);
  g_hash_table_unref (self->problems);
  g_free (self->preset);
  g_free (self->first_problem);
  G_OBJECT_CLASS (wb_draft_parent_class)->finalize (object);
}

static void
wb_draft_class_init (WbDraftClass *class)
{
  G_OBJECT_CLASS (class)->finalize = wb_draft_finalize;
  changed_signal = g_signal_new ("changed", WB_TYPE_DRAFT, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                 G_TYPE_NONE, 0);
}

static void
add_problem (WbDraft *self, const char *path, const char *problem)
{
  g_hash_table_insert (self->problems, g_strdup (path), g_strdup (problem));
  if (!self->first_problem)
    self->first_problem = g_strdup_printf ("%s %s", path, problem);
}

/* `path` is the field being set, in case the error names none. */
static void
take_error (WbDraft *self, const char *path, GError *error)
{
  g_autofree char *named = NULL;
  g_autofree char *problem = NULL;

  if (wb_fields_split_error (error, &named, &problem))
    add_problem (self, named, problem);
  else
    add_problem (self, path, error->message);
  g_error_free (error);
}

/* The order in which fields were typed does not matter: they are set in that of their names. */
static void
set_fields (WbDraft *self)
{
  g_autoptr (GList) paths =
      g_list_sort (g_hash_table_get_keys (self->texts), (GCompareFunc) strcmp);

  for (GList *link = paths; link; link = link->next)
    {
      const char *path = link->data;
      const char *text = g_hash_table_lookup (self->texts, path);
      g_autofree char *assignment = g_strdup_printf ("%s=%s", path, text);
      GError *error = NULL;

      if (!nn_config_set (&self->config, assignment, &error))
        take_error (self, path, error);
    }
}

static void
rebuild (WbDraft *self)
{
  GError *error = NULL;

  g_hash_table_remove_all (self->problems);
  g_clear_pointer (&self->first_problem, g_free);
  nn_config_preset (&self->config, self->preset, NULL);
  wb_method_apply (self->method, &self->config);
  set_fields (self);
  if (!self->first_problem && !nn_config_check (&self->config, &error))
    take_error (self, "", error);
  self->usable = self->first_problem == NULL;
  if (*self->config.data.path == '\0' && !g_hash_table_contains (self->problems, "data.path"))
    add_problem (self, "data.path", "is missing: choose a data set");
  g_signal_emit (self, changed_signal, 0);
}

static void
wb_draft_init (WbDraft *self)
{
  self->texts = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  self->problems = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  self->preset = g_strdup ("demo");
  self->method = WB_METHOD_ECLIPSE;
  rebuild (self);
}

WbDraft *
wb_draft_new (void)
{
  return g_object_new (WB_TYPE_DRAFT, NULL);
}

const char *
wb_draft_get_preset (WbDraft *self)
{
  return self->preset;
}

gboolean
wb_draft_set_preset (WbDraft *self, const char *preset)
{
  g_auto (GStrv) names = nn_config_preset_names ();

  if (!g_strv_contains ((const char *const *) names, preset))
    return FALSE;
  if (strcmp (self->preset, preset) == 0)
    return TRUE;
  g_free (self->preset);
  self->preset = g_strdup (preset);
  rebuild (self);
  return TRUE;
}

WbMethod
wb_draft_get_method (WbDraft *self)
{
  return self->method;
}

void
wb_draft_set_method (WbDraft *self, WbMethod method)
{
  if (self->method == method)
    return;
  self->method = method;
  rebuild (self);
}

void
wb_draft_set (WbDraft *self, const char *path, const char *text)
{
  if (g_strcmp0 (g_hash_table_lookup (self->texts, path), text && *text ? text : NULL) == 0)
    return;
  if (text && *text)
    g_hash_table_insert (self->texts, g_strdup (path), g_strdup (text));
  else
    g_hash_table_remove (self->texts, path);
  rebuild (self);
}

char *
wb_draft_dup_text (WbDraft *self, const char *path)
{
  const char *typed = g_hash_table_lookup (self->texts, path);

  if (typed)
    return g_strdup (typed);
  g_autoptr (GPtrArray) fields = wb_fields_new (&self->config);
  return g_strdup (wb_fields_get (fields, path));
}

const char *
wb_draft_get_problem (WbDraft *self, const char *path)
{
  return g_hash_table_lookup (self->problems, path);
}

const char *
wb_draft_get_first_problem (WbDraft *self)
{
  return self->first_problem;
}

void
wb_draft_set_outer_problem (WbDraft *self, const char *path, const char *problem)
{
  if (!path || g_strcmp0 (wb_draft_get_problem (self, path), problem) == 0)
    return;
  add_problem (self, path, problem);
  g_signal_emit (self, changed_signal, 0);
}

gboolean
wb_draft_is_valid (WbDraft *self)
{
  return self->first_problem == NULL;
}

const NnConfig *
wb_draft_get_config (WbDraft *self)
{
  return self->usable ? &self->config : NULL;
}

static char *
choose_path (const char *path)
{
  return path ? g_strdup (path)
              : g_build_filename (g_get_user_config_dir (), "penumbra", "new-run", NULL);
}

static void
take_saved (WbDraft *self, GKeyFile *file)
{
  g_autofree char *preset = g_key_file_get_string (file, CHOICE, "preset", NULL);
  g_autofree char *method = g_key_file_get_string (file, CHOICE, "method", NULL);
  g_auto (GStrv) paths = g_key_file_get_keys (file, FIELDS, NULL, NULL);
  g_auto (GStrv) presets = nn_config_preset_names ();

  if (preset && g_strv_contains ((const char *const *) presets, preset))
    {
      g_free (self->preset);
      self->preset = g_steal_pointer (&preset);
    }
  if (method)
    wb_method_parse (&self->method, method);
  for (char **path = paths; path && *path; path++)
    {
      char *text = g_key_file_get_string (file, FIELDS, *path, NULL);
      if (text)
        g_hash_table_insert (self->texts, g_strdup (*path), text);
    }
  rebuild (self);
}

static void
on_loaded (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (WbDraft) self = data;
  g_autoptr (GKeyFile) file = g_key_file_new ();
  g_autofree char *text = NULL;
  gsize length;

  if (g_file_load_contents_finish (G_FILE (source), result, &text, &length, NULL, NULL)
      && g_key_file_load_from_data (file, text, length, G_KEY_FILE_NONE, NULL))
    take_saved (self, file);
}

void
wb_draft_load (WbDraft *self, const char *path)
{
  g_autofree char *chosen = choose_path (path);
  g_autoptr (GFile) file = g_file_new_for_path (chosen);

  g_file_load_contents_async (file, NULL, on_loaded, g_object_ref (self));
}

static void
save_in_thread (GTask *task, gpointer source, gpointer text, GCancellable *cancellable)
{
  const char *path = g_object_get_data (G_OBJECT (task), "path");
  g_autofree char *folder = g_path_get_dirname (path);

  (void) source;
  (void) cancellable;
  g_mkdir_with_parents (folder, 0700);
  /* A choice that cannot be kept does no harm. */
  g_task_return_boolean (task, g_file_set_contents (path, text, -1, NULL));
}

void
wb_draft_save (WbDraft *self, const char *path)
{
  g_autoptr (GKeyFile) file = g_key_file_new ();
  g_autoptr (GTask) task = g_task_new (self, NULL, NULL, NULL);
  GHashTableIter iter;
  gpointer key, text;

  g_key_file_set_string (file, CHOICE, "preset", self->preset);
  g_key_file_set_string (file, CHOICE, "method", wb_method_name (self->method));
  g_hash_table_iter_init (&iter, self->texts);
  while (g_hash_table_iter_next (&iter, &key, &text))
    g_key_file_set_string (file, FIELDS, key, text);
  g_object_set_data_full (G_OBJECT (task), "path", choose_path (path), g_free);
  g_task_set_task_data (task, g_key_file_to_data (file, NULL, NULL), g_free);
  wb_work_run (task, save_in_thread);
}
