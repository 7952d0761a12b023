#include "models/cli/device_choice.h"

#include <string.h>

#define UUID_LENGTH 32

static char *
choice_path (void)
{
  return g_build_filename (g_get_user_config_dir (), "penumbra", "device", NULL);
}

/* The remembered UUID; NULL if there is none. Whatever else stands in the file counts as none. */
static char *
read_choice (void)
{
  g_autofree char *path = choice_path ();
  g_autofree char *text = NULL;
  if (!g_file_get_contents (path, &text, NULL, NULL))
    return NULL;
  g_strstrip (text);
  if (strlen (text) != UUID_LENGTH || strspn (text, "0123456789abcdefABCDEF") != UUID_LENGTH)
    return NULL;
  return g_steal_pointer (&text);
}

/* A choice that cannot be kept, say on a read-only system, does no harm to this command. */
static void
write_choice (const char *uuid)
{
  g_autofree char *remembered = read_choice ();
  g_autofree char *path = choice_path ();
  g_autofree char *folder = g_path_get_dirname (path);
  g_autofree char *line = g_strconcat (uuid, "\n", NULL);
  if (g_strcmp0 (remembered, uuid) != 0 && g_mkdir_with_parents (folder, 0700) == 0)
    g_file_set_contents (path, line, -1, NULL);
}

int
cli_default_device (GPtrArray *infos, char **forgotten)
{
  g_autofree char *remembered = read_choice ();
  int best = -1;

  if (forgotten)
    *forgotten = NULL;
  for (guint i = infos->len; i-- > 0;)
    {
      const GpuDeviceInfo *info = g_ptr_array_index (infos, i);
      if (*info->unfit)
        continue;
      if (remembered && g_ascii_strcasecmp (info->uuid, remembered) == 0)
        return (int) i;
      best = (int) i;
    }
  if (forgotten)
    *forgotten = g_steal_pointer (&remembered);
  return best;
}

static GpuDevice *
open_default (GPtrArray *infos, GError **error)
{
  g_autofree char *forgotten = NULL;
  g_autofree char *select = NULL;
  int index = cli_default_device (infos, &forgotten);

  if (index >= 0)
    {
      const GpuDeviceInfo *info = g_ptr_array_index (infos, index);
      select = g_strdup_printf ("%d", index);
      if (forgotten)
        g_printerr ("%s: the device chosen before (%s) is gone, using \"%s\"\n", g_get_prgname (),
                    forgotten, info->name);
    }
  return gpu_device_open (&(GpuDeviceOptions){ .select = select }, error);
}

GpuDevice *
cli_open_device (const char *option, GError **error)
{
  g_autoptr (GPtrArray) infos = gpu_device_list (error);
  g_autoptr (GpuDevice) device = NULL;
  GError *failure = NULL;

  if (!infos)
    return NULL;
  if (!option)
    return open_default (infos, error);
  device = gpu_device_open (&(GpuDeviceOptions){ .select = option }, &failure);
  if (device)
    {
      write_choice (gpu_device_get_info (device)->uuid);
      return g_steal_pointer (&device);
    }
  if (infos->len > 0 && g_error_matches (failure, GPU_ERROR, GPU_ERROR_NO_DEVICE))
    {
      g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "--device: %s",
                   failure->message);
      g_clear_error (&failure);
    }
  else
    g_propagate_error (error, failure);
  return NULL;
}
