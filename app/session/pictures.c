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

static void
load_in_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  const Kept *wanted = data;
  const gsize bytes = (gsize) wanted->size * wanted->size * 3;
  guint8 *rgb = g_malloc (bytes);
  GError *error = NULL;

  (void) source;
  (void) cancellable;
  if (g_task_return_error_if_cancelled (task))
    {
      g_free (rgb);
      return;
    }
  if (data_picture_load (rgb, wanted->path, wanted->size, DATA_FIT_PAD, &error))
    g_task_return_pointer (task, g_bytes_new_take (rgb, bytes), (GDestroyNotify) g_bytes_unref);
  else
    {
      g_free (rgb);
      g_task_return_error (task, error);
    }
  data_picture_thread_done ();
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
    wb_work_run (task, load_in_thread);
}

GBytes *
wb_picture_load_finish (GAsyncResult *result, GError **error)
{
  GBytes *rgb = g_task_propagate_pointer (G_TASK (result), error);

  if (rgb)
    keep (g_task_get_task_data (G_TASK (result)), rgb);
  return rgb;
}
