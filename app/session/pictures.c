#include "app/session/pictures.h"

#include "app/session/work.h"
#include "models/data/picture.h"

#include <string.h>

typedef struct
{
  char *path;
  guint size;
  GBytes *rgb;
} Kept;

static GQueue kept = G_QUEUE_INIT; /* the one used last first; the main thread's */

static void
kept_free (Kept *entry)
{
  g_free (entry->path);
  g_clear_pointer (&entry->rgb, g_bytes_unref);
  g_free (entry);
}

static Kept *
kept_new (const char *path, guint size)
{
  Kept *entry = g_new0 (Kept, 1);

  entry->path = g_strdup (path);
  entry->size = size;
  return entry;
}

GBytes *
wb_picture_peek (const char *path, guint size)
{
  for (GList *link = kept.head; link; link = link->next)
    {
      const Kept *entry = link->data;

      if (entry->size != size || strcmp (entry->path, path) != 0)
        continue;
      g_queue_unlink (&kept, link);
      g_queue_push_head_link (&kept, link);
      return g_bytes_ref (entry->rgb);
    }
  return NULL;
}

static void
keep (const Kept *loaded, GBytes *rgb)
{
  g_autoptr (GBytes) known = wb_picture_peek (loaded->path, loaded->size);

  if (known)
    return;
  Kept *entry = kept_new (loaded->path, loaded->size);
  entry->rgb = g_bytes_ref (rgb);
  g_queue_push_head (&kept, entry);
  while (g_queue_get_length (&kept) > WB_PICTURES_KEPT)
    kept_free (g_queue_pop_tail (&kept));
}

/* A picture being decoded, for all who asked for it meanwhile. */
typedef struct
{
  char *path;
  guint size;
  GMutex mutex;
  GPtrArray *waiting; /* GTask; added to by the main thread, under the mutex */
} Load;

static GList *loads; /* the main thread's */

static void
load_free (Load *load)
{
  g_free (load->path);
  g_ptr_array_unref (load->waiting);
  g_mutex_clear (&load->mutex);
  g_free (load);
}

static gboolean
is_wanted (Load *load)
{
  gboolean wanted = FALSE;

  g_mutex_lock (&load->mutex);
  for (guint i = 0; i < load->waiting->len; i++)
    wanted =
        wanted || !g_cancellable_is_cancelled (g_task_get_cancellable (load->waiting->pdata[i]));
  g_mutex_unlock (&load->mutex);
  return wanted;
}

static void
load_in_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  Load *load = data;
  const gsize bytes = (gsize) load->size * load->size * 3;
  GError *error = NULL;

  (void) source;
  (void) cancellable;
  if (!is_wanted (load))
    {
      g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_CANCELLED, "not wanted any more");
      return;
    }
  guint8 *rgb = g_malloc (bytes);
  if (data_picture_load (rgb, load->path, load->size, DATA_FIT_PAD, &error))
    g_task_return_pointer (task, g_bytes_new_take (rgb, bytes), (GDestroyNotify) g_bytes_unref);
  else
    {
      g_free (rgb);
      g_task_return_error (task, error);
    }
  data_picture_thread_done ();
}

static void join_load (GTask *task);

/* Whoever joined after it was found that nobody waits any more has it loaded anew. */
static void
on_loaded (GObject *source, GAsyncResult *result, gpointer data)
{
  Load *load = g_task_get_task_data (G_TASK (result));
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) rgb = g_task_propagate_pointer (G_TASK (result), &error);

  (void) source;
  (void) data;
  loads = g_list_remove (loads, load);
  for (guint i = 0; i < load->waiting->len; i++)
    {
      GTask *task = load->waiting->pdata[i];

      if (g_task_return_error_if_cancelled (task))
        continue;
      if (rgb)
        g_task_return_pointer (task, g_bytes_ref (rgb), (GDestroyNotify) g_bytes_unref);
      else if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
        join_load (task);
      else
        g_task_return_error (task, g_error_copy (error));
    }
}

static Load *
find_load (const Kept *wanted)
{
  for (GList *link = loads; link; link = link->next)
    {
      Load *load = link->data;

      if (load->size == wanted->size && strcmp (load->path, wanted->path) == 0)
        return load;
    }
  return NULL;
}

static void
begin_load (GTask *waiting, const Kept *wanted)
{
  Load *load = g_new0 (Load, 1);
  g_autoptr (GTask) task = g_task_new (NULL, NULL, on_loaded, NULL);

  load->path = g_strdup (wanted->path);
  load->size = wanted->size;
  g_mutex_init (&load->mutex);
  load->waiting = g_ptr_array_new_with_free_func (g_object_unref);
  g_ptr_array_add (load->waiting, g_object_ref (waiting));
  loads = g_list_prepend (loads, load);
  g_task_set_task_data (task, load, (GDestroyNotify) load_free);
  wb_work_run (task, load_in_thread);
}

/* A picture is decoded once for all who want it at a time. */
static void
join_load (GTask *task)
{
  const Kept *wanted = g_task_get_task_data (task);
  Load *load = find_load (wanted);

  if (!load)
    {
      begin_load (task, wanted);
      return;
    }
  g_mutex_lock (&load->mutex);
  g_ptr_array_add (load->waiting, g_object_ref (task));
  g_mutex_unlock (&load->mutex);
}

void
wb_picture_load_async (const char *path, guint size, GCancellable *cancellable,
                       GAsyncReadyCallback callback, gpointer data)
{
  g_autoptr (GTask) task = g_task_new (NULL, cancellable, callback, data);
  GBytes *known = wb_picture_peek (path, size);

  g_return_if_fail (size > 0 && size <= 4096);
  g_task_set_task_data (task, kept_new (path, size), (GDestroyNotify) kept_free);
  if (known)
    g_task_return_pointer (task, known, (GDestroyNotify) g_bytes_unref);
  else
    join_load (task);
}

GBytes *
wb_picture_load_finish (GAsyncResult *result, GError **error)
{
  GBytes *rgb = g_task_propagate_pointer (G_TASK (result), error);

  if (rgb)
    keep (g_task_get_task_data (G_TASK (result)), rgb);
  return rgb;
}
