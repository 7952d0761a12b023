#include "app/session/look.h"

#include "app/session/follower.h"
#include "app/session/index.h"

#include <string.h>

static void
seen_free (WbSeen *seen)
{
  g_free (seen->id);
  g_free (seen->path);
  g_free (seen);
}

void
wb_look_free (WbLook *look)
{
  if (look == NULL)
    return;
  g_ptr_array_unref (look->seen);
  g_clear_pointer (&look->indexed, g_ptr_array_unref);
  g_free (look->problem);
  g_free (look);
}

static void
see (WbLook *look, const char *id, const char *path)
{
  WbSeen seen = { 0 };

  if (!wb_folder_look (path, &seen.stamp, &seen.alive, &seen.created))
    return;
  seen.id = g_strdup (id);
  seen.path = g_strdup (path);
  g_ptr_array_add (look->seen, g_memdup2 (&seen, sizeof seen));
}

static void
see_all (WbLook *look, const char *root)
{
  g_autofree char *config = g_build_filename (root, "config.json", NULL);
  g_autofree char *base = g_path_get_basename (root);
  g_autoptr (GError) problem = NULL;
  const char *name;

  if (g_file_test (config, G_FILE_TEST_EXISTS))
    {
      see (look, base, root);
      return;
    }
  g_autoptr (GDir) dir = g_dir_open (root, 0, &problem);
  if (problem && !g_error_matches (problem, G_FILE_ERROR, G_FILE_ERROR_NOENT))
    look->problem = g_strdup (problem->message);
  while (dir && (name = g_dir_read_name (dir)))
    {
      g_autofree char *path = g_build_filename (root, name, NULL);
      if (g_utf8_validate (name, -1, NULL))
        see (look, name, path);
    }
}

static void
read_index (WbLook *look, const char *path, const char *root)
{
  g_autoptr (GError) problem = NULL;
  gboolean fresh;
  g_autoptr (WbIndex) index = wb_index_open (path, &fresh, &problem);

  if (index)
    look->indexed = wb_index_load (index, root, &problem);
  if (problem)
    look->problem = g_strdup (problem->message);
}

static int
compare_seen (gconstpointer a, gconstpointer b)
{
  const WbSeen *left = *(const WbSeen *const *) a, *right = *(const WbSeen *const *) b;

  if (left->created != right->created)
    return left->created < right->created ? -1 : 1;
  return strcmp (left->id, right->id);
}

WbLook *
wb_look_new (const char *root, const char *index)
{
  WbLook *look = g_new0 (WbLook, 1);

  look->seen = g_ptr_array_new_with_free_func ((GDestroyNotify) seen_free);
  if (index)
    read_index (look, index, root);
  see_all (look, root);
  g_ptr_array_sort (look->seen, compare_seen);
  return look;
}

WbSummary *
wb_look_steal_indexed (WbLook *look, const char *id)
{
  for (guint i = 0; look->indexed && i < look->indexed->len; i++)
    {
      WbSummary *summary = look->indexed->pdata[i];
      if (strcmp (summary->id, id) == 0)
        return g_ptr_array_steal_index_fast (look->indexed, i);
    }
  return NULL;
}
