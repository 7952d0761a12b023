#include "models/cli/inference.h"

#include "models/cli/device_choice.h"
#include "models/eval/evaluate.h"

#include <string.h>

gboolean
cli_parse_encoder (NnSlab *which, const char *name, GError **error)
{
  static const NnSlab slabs[] = { NN_SLAB_WEIGHTS, NN_SLAB_TEACHER };

  for (guint i = 0; i < G_N_ELEMENTS (slabs); i++)
    if (strcmp (name, eval_encoder_name (slabs[i])) == 0)
      {
        *which = slabs[i];
        return TRUE;
      }
  g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
               "--encoder is \"%s\", must be student or teacher", name);
  return FALSE;
}

gboolean
cli_parse_keep_rate (double *keep_rate, const char *text, GError **error)
{
  char *end = NULL;

  *keep_rate = g_ascii_strtod (text, &end);
  if (end != text && *end == '\0' && *keep_rate > 0 && *keep_rate <= 1)
    return TRUE;
  g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
               "--keep-rate is \"%s\", must be a number above 0 and at most 1", text);
  return FALSE;
}

EvalCheckpoint *
cli_open_checkpoint (const char *path, const char *config, const char *device_option,
                     GError **error)
{
  g_autoptr (GpuDevice) device = cli_open_device (device_option, error);

  return device ? eval_checkpoint_open (device, path, config, error) : NULL;
}

gboolean
cli_check_encoder (const EvalCheckpoint *checkpoint, NnSlab which, double keep_rate, GError **error)
{
  const NnConfig *config = &checkpoint->model->config;

  if (!checkpoint->model->slabs[which])
    {
      g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                   "checkpoint '%s' has no teacher: use --encoder student", checkpoint->path);
      return FALSE;
    }
  if (keep_rate > 0 && keep_rate < 1 && config->expedition.method == NN_EXPEDITION_NONE)
    {
      g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                   "--keep-rate is %g, must be 1: the model's %d patches are more than the %d that "
                   "tokens can be chosen among",
                   keep_rate, nn_config_patches (config), NN_MAX_EVIT_TOKENS);
      return FALSE;
    }
  return TRUE;
}

typedef struct
{
  CliProgress *bar;
} Decoding;

static void
on_decoded (gsize done, gsize total, gpointer data)
{
  Decoding *decoding = data;
  if (!decoding->bar)
    decoding->bar = cli_progress_new ("decoding", "pictures", 0, (gint64) total);
  cli_progress_update (decoding->bar, (gint64) done, NULL);
}

static void
on_undecodable (gsize item, const char *reason, gpointer data)
{
  Decoding *decoding = data;
  (void) item;
  if (!decoding->bar)
    decoding->bar = cli_progress_new ("decoding", "pictures", 0, 0);
  cli_progress_say (decoding->bar, "left out: %s", reason);
}

DataPairs *
cli_open_pairs (const char *folder, const NnConfig *config, GError **error)
{
  Decoding decoding = { 0 };
  const char *path = folder ? folder : config->data.path;

  if (!*path)
    {
      g_set_error_literal (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                           "no data set: pass --data DATASET");
      return NULL;
    }
  DataPairs *pairs =
      data_pairs_open (&(DataPairsOptions){ .folder = path,
                                            .size = (guint) config->vision.image_size,
                                            .context = (guint) config->text.context_length,
                                            .vocab_size = (guint) config->text.vocab_size,
                                            .progress = on_decoded,
                                            .report = on_undecodable,
                                            .data = &decoding },
                       error);
  cli_progress_free (decoding.bar);
  return pairs;
}

static void
on_encoded (gsize done, gsize total, gpointer data)
{
  CliWatch *watch = data;
  if (!watch->bar)
    watch->bar = cli_progress_new (watch->label, watch->unit, 0, (gint64) total);
  cli_progress_update (watch->bar, (gint64) done, NULL);
}

EvalWatch
cli_watch (CliWatch *watch)
{
  return (EvalWatch){ .progress = on_encoded, .data = watch };
}
