#include "models/run/steps.h"

#include "models/nn/safetensors.h"
#include "models/run/folder.h"
#include "models/run/lines.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>

#define SUFFIX ".safetensors"

char *
run_step_path (const char *run, const char *kind, gint64 step)
{
  return g_strdup_printf ("%s/%s/%" G_GINT64_FORMAT SUFFIX, run, kind, step);
}

static int
compare_steps (gconstpointer a, gconstpointer b)
{
  gint64 left = *(const gint64 *) a, right = *(const gint64 *) b;

  return (left > right) - (left < right);
}

/* Only names that run_step_path makes: no sign, no leading zero. */
static gboolean
parse_step (const char *name, gint64 *step)
{
  gsize length = strlen (name);
  gsize digits = strspn (name, "0123456789");

  if (digits == 0 || digits > 18 || length != digits + strlen (SUFFIX)
      || strcmp (name + digits, SUFFIX) != 0 || (name[0] == '0' && digits > 1))
    return FALSE;
  *step = g_ascii_strtoll (name, NULL, 10);
  return TRUE;
}

GArray *
run_steps (const char *run, const char *kind)
{
  GArray *steps = g_array_new (FALSE, FALSE, sizeof (gint64));
  g_autofree char *path = g_build_filename (run, kind, NULL);
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  const char *name;
  gint64 step;

  while (dir && (name = g_dir_read_name (dir)))
    if (parse_step (name, &step))
      g_array_append_val (steps, step);
  g_array_sort (steps, compare_steps);
  return steps;
}

char *
run_newest_checkpoint (const char *run, gint64 *step, GError **error)
{
  g_autoptr (GArray) steps = run_steps (run, RUN_CHECKPOINTS);

  for (guint i = steps->len; i > 0; i--)
    {
      gint64 found = g_array_index (steps, gint64, i - 1);
      g_autofree char *path = run_step_path (run, RUN_CHECKPOINTS, found);
      g_autoptr (NnTensorFile) file = nn_tensor_file_open (path, NULL);

      if (file == NULL)
        continue;
      if (step)
        *step = found;
      return g_steal_pointer (&path);
    }
  g_set_error (error, RUN_ERROR, RUN_ERROR_NO_CHECKPOINT,
               "%s has no whole checkpoint%s: train it further first", run,
               steps->len > 0 ? " (those there are cut short)" : "");
  return NULL;
}

char *
run_resolve_checkpoint (const char *run_or_file, GError **error)
{
  g_autofree char *config = g_build_filename (run_or_file, "config.json", NULL);

  if (!g_file_test (run_or_file, G_FILE_TEST_EXISTS))
    {
      run_fail (error, "read", run_or_file, ENOENT);
      return NULL;
    }
  if (!g_file_test (run_or_file, G_FILE_TEST_IS_DIR))
    return g_strdup (run_or_file);
  if (g_file_test (config, G_FILE_TEST_EXISTS))
    return run_newest_checkpoint (run_or_file, NULL, error);
  g_set_error (error, RUN_ERROR, RUN_ERROR_NOT_A_RUN,
               "%s is not a run: name a folder that holds config.json, or a safetensors file",
               run_or_file);
  return NULL;
}

static gboolean
remove_step (const char *run, const char *kind, gint64 step, GError **error)
{
  g_autofree char *path = run_step_path (run, kind, step);

  if (g_unlink (path) < 0 && errno != ENOENT)
    return run_fail (error, "remove", path, errno);
  return TRUE;
}

gboolean
run_remove_later (const char *run, const char *kind, gint64 step, GError **error)
{
  g_autoptr (GArray) steps = run_steps (run, kind);

  for (guint i = 0; i < steps->len; i++)
    if (g_array_index (steps, gint64, i) > step
        && !remove_step (run, kind, g_array_index (steps, gint64, i), error))
      return FALSE;
  return TRUE;
}

static gint64
size_of (const char *run, gint64 step)
{
  g_autofree char *path = run_step_path (run, RUN_SNAPSHOTS, step);
  GStatBuf info;

  return g_stat (path, &info) == 0 ? info.st_size : 0;
}

/* The one between first and newest whose removal leaves the narrowest gap; the earlier of equals.
 */
static guint
most_crowded (GArray *steps)
{
  guint best = 1;

  for (guint i = 2; i + 1 < steps->len; i++)
    {
      gint64 gap = g_array_index (steps, gint64, i + 1) - g_array_index (steps, gint64, i - 1);
      gint64 least =
          g_array_index (steps, gint64, best + 1) - g_array_index (steps, gint64, best - 1);

      if (gap < least)
        best = i;
    }
  return best;
}

gboolean
run_thin_snapshots (const char *run, gint64 budget, GError **error)
{
  g_autoptr (GArray) steps = run_steps (run, RUN_SNAPSHOTS);
  gint64 total = 0;

  for (guint i = 0; i < steps->len; i++)
    total += size_of (run, g_array_index (steps, gint64, i));
  while (budget > 0 && total > budget && steps->len > 2)
    {
      guint crowded = most_crowded (steps);
      gint64 step = g_array_index (steps, gint64, crowded);

      total -= size_of (run, step);
      if (!remove_step (run, RUN_SNAPSHOTS, step, error))
        return FALSE;
      g_array_remove_index (steps, crowded);
    }
  return TRUE;
}
