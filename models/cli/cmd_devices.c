/* penumbra-cli devices: the Vulkan devices there are, best first. */
#include "models/cli/commands.h"
#include "models/cli/device_choice.h"
#include "models/cli/report.h"

#include <stdio.h>

static const char *
reads (const GpuDeviceInfo *info)
{
  return info->texel_reads ? "texel" : "storage";
}

static gboolean
print_object (const GpuDeviceInfo *info, gboolean chosen)
{
  cJSON *object = cJSON_CreateObject ();

  cJSON_AddNumberToObject (object, "index", info->index);
  cJSON_AddStringToObject (object, "name", info->name);
  cJSON_AddStringToObject (object, "type", gpu_type_name (info->type));
  cJSON_AddStringToObject (object, "uuid", info->uuid);
  cJSON_AddStringToObject (object, "driver", info->driver);
  cJSON_AddNumberToObject (object, "memory_bytes", (double) info->memory_bytes);
  cJSON_AddNumberToObject (object, "subgroup_size", info->subgroup_size);
  cJSON_AddStringToObject (object, "reads", reads (info));
  cJSON_AddBoolToObject (object, "chosen", chosen);
  if (*info->unfit)
    cJSON_AddStringToObject (object, "unfit", info->unfit);
  gboolean ok = cli_print_json (object);
  cJSON_Delete (object);
  return ok;
}

static void
print_row (const GpuDeviceInfo *info, gboolean chosen)
{
  g_autofree char *memory = g_format_size_full (info->memory_bytes, G_FORMAT_SIZE_IEC_UNITS);

  printf ("%c %u  %s\n", chosen ? '*' : ' ', info->index, info->name);
  printf ("     %s, %s of memory, subgroups of %u, %s reads\n", gpu_type_name (info->type), memory,
          info->subgroup_size, reads (info));
  printf ("     driver %s\n     UUID %s\n", info->driver, info->uuid);
  if (*info->unfit)
    printf ("     cannot be used: %s\n", info->unfit);
}

int
cli_devices (int argc, char **argv)
{
  gboolean json = FALSE;
  int status = CLI_OK;
  const GOptionEntry entries[] = {
    { "json", 0, 0, G_OPTION_ARG_NONE, &json, "one JSON object a line", NULL },
    { NULL },
  };
  g_autoptr (GPtrArray) infos = NULL;
  GError *error = NULL;

  if (!cli_parse_options (
          &argc, &argv, entries, "",
          "Lists the Vulkan devices, best first; * is the one that commands without "
          "--device use.",
          &status))
    return status;
  if (argc > 1)
    return cli_report_usage ("unexpected argument \"%s\"", argv[1]);
  infos = gpu_device_list (&error);
  if (infos && infos->len == 0)
    error = g_error_new_literal (GPU_ERROR, GPU_ERROR_NO_DEVICE,
                                 "no Vulkan device: install a driver (mesa-vulkan-drivers runs on "
                                 "any CPU)");
  if (error)
    return cli_report_error (error);

  int chosen = cli_default_device (infos, NULL);
  for (guint i = 0; i < infos->len; i++)
    if (!json)
      print_row (g_ptr_array_index (infos, i), (int) i == chosen);
    else if (!print_object (g_ptr_array_index (infos, i), (int) i == chosen))
      return CLI_FAILURE;
  return CLI_OK;
}
