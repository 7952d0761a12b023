#include "models/run/folder.h"

#include "models/run/lines.h"
#include "models/run/lock.h"
#include "models/run/steps.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

struct RunFolder
{
  char *path;
  int lock;
};

static const char *const subfolders[] = { "probes", RUN_SNAPSHOTS, RUN_CHECKPOINTS };

G_DEFINE_QUARK (run_error, run_error)

char *
run_default_root (void)
{
  return g_build_filename (g_get_user_data_dir (), "penumbra", "runs", NULL);
}

void
run_folder_free (RunFolder *folder)
{
  if (folder == NULL)
    return;
  if (folder->lock >= 0)
    close (folder->lock);
  g_free (folder->path);
  g_free (folder);
}

const char *
run_folder_path (const RunFolder *folder)
{
  return folder->path;
}

char *
run_folder_file (const RunFolder *folder, const char *name)
{
  return g_build_filename (folder->path, name, NULL);
}

gboolean
run_folder_write_config (RunFolder *folder, const NnConfig *config, GError **error)
{
  g_autofree char *path = run_folder_file (folder, "config.json");
  g_autofree char *json = nn_config_to_json (config);
  g_autoptr (GError) local = NULL;
  static const int known[] = { ENOSPC, EACCES, EPERM, EROFS, EIO };

  if (g_file_set_contents_full (path, json, -1,
                                G_FILE_SET_CONTENTS_CONSISTENT | G_FILE_SET_CONTENTS_DURABLE, 0666,
                                &local))
    return TRUE;
  for (gsize i = 0; i < G_N_ELEMENTS (known); i++)
    if (g_file_error_from_errno (known[i]) == (GFileError) local->code)
      return run_fail (error, "write", path, known[i]);
  g_set_error (error, RUN_ERROR, RUN_ERROR_IO, "cannot write %s: %s", path, local->message);
  return FALSE;
}

/* A new folder in the default place, named by the time; a number tells runs of one second apart. */
static char *
make_named (GError **error)
{
  g_autofree char *root = run_default_root ();
  g_autoptr (GDateTime) now = g_date_time_new_now_local ();
  g_autofree char *name = g_date_time_format (now, "%Y%m%d-%H%M%S");

  if (g_mkdir_with_parents (root, 0777) < 0)
    {
      run_fail (error, "make the folder", root, errno);
      return NULL;
    }
  for (int i = 1;; i++)
    {
      g_autofree char *unique = i == 1 ? g_strdup (name) : g_strdup_printf ("%s-%d", name, i);
      char *path = g_build_filename (root, unique, NULL);

      if (g_mkdir (path, 0777) == 0)
        return path;
      if (errno != EEXIST)
        {
          run_fail (error, "make the folder", path, errno);
          g_free (path);
          return NULL;
        }
      g_free (path);
    }
}

/* `made` says whether the folder is new. */
static char *
make_given (const char *path, gboolean *made, GError **error)
{
  g_autofree char *canonical = g_canonicalize_filename (path, NULL);
  g_autofree char *parent = g_path_get_dirname (canonical);

  if (g_mkdir_with_parents (parent, 0777) < 0)
    {
      run_fail (error, "make the folder", parent, errno);
      return NULL;
    }
  *made = g_mkdir (canonical, 0777) == 0;
  if (!*made && (errno != EEXIST || !g_file_test (canonical, G_FILE_TEST_IS_DIR)))
    {
      run_fail (error, "make the run folder", canonical, errno);
      return NULL;
    }
  return g_steal_pointer (&canonical);
}

static gboolean
holds_run (const RunFolder *folder)
{
  g_autofree char *config = run_folder_file (folder, "config.json");

  return g_file_test (config, G_FILE_TEST_EXISTS);
}

static gboolean
take_lock (RunFolder *folder, GError **error)
{
  g_autofree char *path = run_folder_file (folder, "lock");

  folder->lock = run_lock_take (path, error);
  return folder->lock >= 0;
}

static gboolean
make_subfolders (RunFolder *folder, GError **error)
{
  for (gsize i = 0; i < G_N_ELEMENTS (subfolders); i++)
    {
      g_autofree char *path = run_folder_file (folder, subfolders[i]);

      if (g_mkdir (path, 0777) < 0 && errno != EEXIST)
        return run_fail (error, "make the folder", path, errno);
    }
  return TRUE;
}

/* rmdir spares folders that hold something, so nothing of anybody else's is lost. */
static void
unmake (RunFolder *folder, gboolean made)
{
  static const char *const files[] = { "config.json", "lock" };

  for (gsize i = 0; i < G_N_ELEMENTS (files); i++)
    {
      g_autofree char *path = run_folder_file (folder, files[i]);
      g_unlink (path);
    }
  for (gsize i = 0; i < G_N_ELEMENTS (subfolders); i++)
    {
      g_autofree char *path = run_folder_file (folder, subfolders[i]);
      g_rmdir (path);
    }
  if (made)
    g_rmdir (folder->path);
}

RunFolder *
run_folder_create (const char *path, const NnConfig *config, GError **error)
{
  g_autoptr (RunFolder) folder = g_new0 (RunFolder, 1);
  gboolean made = path == NULL;

  folder->lock = -1;
  folder->path = path ? make_given (path, &made, error) : make_named (error);
  if (folder->path == NULL)
    return NULL;
  if (!holds_run (folder) && !take_lock (folder, error))
    {
      if (made)
        g_rmdir (folder->path);
      return NULL;
    }
  if (holds_run (folder))
    {
      g_set_error (error, RUN_ERROR, RUN_ERROR_EXISTS,
                   "%s holds a run already: resume it, or choose another folder with --run",
                   folder->path);
      return NULL;
    }
  if (!make_subfolders (folder, error) || !run_folder_write_config (folder, config, error))
    {
      unmake (folder, made);
      return NULL;
    }
  return g_steal_pointer (&folder);
}

gboolean
run_load_config (const char *path, NnConfig *config, GError **error)
{
  g_autofree char *file = g_build_filename (path, "config.json", NULL);

  if (g_file_test (file, G_FILE_TEST_IS_REGULAR))
    return nn_config_load (config, file, error);
  g_set_error (error, RUN_ERROR, RUN_ERROR_NOT_A_RUN,
               "%s is not a run: name a folder that holds config.json", path);
  return FALSE;
}

static void
remove_unfinished (RunFolder *folder)
{
  static const char *const places[] = { RUN_SNAPSHOTS, RUN_CHECKPOINTS };

  for (gsize i = 0; i < G_N_ELEMENTS (places); i++)
    {
      g_autofree char *path = run_folder_file (folder, places[i]);
      g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
      const char *name;

      while (dir && (name = g_dir_read_name (dir)))
        if (g_str_has_suffix (name, ".safetensors.tmp"))
          {
            g_autofree char *file = g_build_filename (path, name, NULL);
            g_unlink (file);
          }
    }
}

RunFolder *
run_folder_open (const char *path, NnConfig *config, GError **error)
{
  g_autoptr (RunFolder) folder = g_new0 (RunFolder, 1);

  folder->lock = -1;
  folder->path = g_canonicalize_filename (path, NULL);
  if (!run_load_config (folder->path, config, error) || !take_lock (folder, error)
      || !make_subfolders (folder, error))
    return NULL;
  remove_unfinished (folder);
  return g_steal_pointer (&folder);
}
