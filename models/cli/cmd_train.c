/* penumbra-cli train and resume. */
#include "models/cli/commands.h"
#include "models/cli/device_choice.h"
#include "models/cli/report.h"
#include "models/cli/training.h"

#include <string.h>

#define MAX_STEPS ((gint64) 1 << 53) /* a number of JSON holds no more exactly */

typedef struct
{
  char **sets;
  char *run, *device;
  gint64 steps;
  gboolean json;
} Options;

static void
clear_options (Options *options)
{
  g_strfreev (options->sets);
  g_free (options->run);
  g_free (options->device);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Options, clear_options)

/* A file, or the name of a preset that comes with Penumbra. */
static gboolean
load_config (NnConfig *config, const char *name, char **sets, GError **error)
{
  const gboolean preset = !strpbrk (name, "/.") && !g_file_test (name, G_FILE_TEST_IS_REGULAR);
  if (!(preset ? nn_config_preset (config, name, error) : nn_config_load (config, name, error)))
    return FALSE;
  for (char **set = sets; set && *set; set++)
    if (!nn_config_set (config, *set, error))
      return FALSE;
  return nn_config_check (config, error);
}

/* A data set is named relative to where the command is given; a run is resumed from anywhere. */
static void
make_path_absolute (NnConfig *config)
{
  if (!*config->data.path)
    return;
  g_autofree char *path = g_canonicalize_filename (config->data.path, NULL);
  g_strlcpy (config->data.path, path, sizeof config->data.path);
}

static Trainer *
begin (const char *name, const Options *options, GpuDevice **device, GError **error)
{
  NnConfig config;
  TrainOptions train = { .run = options->run, .steps = options->steps };
  cli_training_observe (&train.observer, options->json);
  if (!load_config (&config, name, options->sets, error))
    return NULL;
  make_path_absolute (&config);
  *device = train.device = cli_open_device (options->device, error);
  return train.device ? train_new (&config, &train, error) : NULL;
}

static gboolean
parse (int *argc, char ***argv, Options *options, gboolean fresh, int *status)
{
  const GOptionEntry entries[] = {
    { "steps", 0, 0, G_OPTION_ARG_INT64, &options->steps, "updates to make in all", "N" },
    { "device", 0, 0, G_OPTION_ARG_STRING, &options->device, CLI_DEVICE_HELP, "DEVICE" },
    { "json", 0, 0, G_OPTION_ARG_NONE, &options->json, "one JSON object a line", NULL },
    { fresh ? "set" : NULL, 0, 0, G_OPTION_ARG_STRING_ARRAY, &options->sets,
      "change a field of the config, e.g. schedule.epochs=3", "PATH=VALUE" },
    { "run", 0, 0, G_OPTION_ARG_FILENAME, &options->run,
      "the run's folder; default: a new one named by time", "DIR" },
    { NULL }
  };
  if (!cli_parse_options (argc, argv, entries, fresh ? "CONFIG" : "RUN",
                          fresh ? "Trains a config file or preset on the data set data.path."
                                : "Goes on with a run from its newest checkpoint.",
                          status))
    return FALSE;
  const gboolean wrong = options->steps < 0 || options->steps > MAX_STEPS;
  if (*argc != 2 || wrong)
    {
      *status = wrong ? cli_report_usage ("--steps is %" G_GINT64_FORMAT
                                          ": must be from 1 to %" G_GINT64_FORMAT,
                                          options->steps, MAX_STEPS)
                      : cli_report_usage (fresh ? "train takes one CONFIG: a file or a preset"
                                                : "resume takes one RUN: a run's folder");
      return FALSE;
    }
  return TRUE;
}

int
cli_train (int argc, char **argv)
{
  g_auto (Options) options = { 0 };
  g_autoptr (GpuDevice) device = NULL;
  GError *error = NULL;
  int status = CLI_OK;
  if (!parse (&argc, &argv, &options, TRUE, &status))
    return status;
  Trainer *trainer = begin (argv[1], &options, &device, &error);
  return cli_training_run (trainer, error);
}

int
cli_resume (int argc, char **argv)
{
  g_auto (Options) options = { 0 };
  g_autoptr (GpuDevice) device = NULL;
  GError *error = NULL;
  int status = CLI_OK;
  if (!parse (&argc, &argv, &options, FALSE, &status))
    return status;
  TrainOptions train = { .run = argv[1], .steps = options.steps };
  cli_training_observe (&train.observer, options.json);
  device = train.device = cli_open_device (options.device, &error);
  Trainer *trainer = device ? train_resume (&train, &error) : NULL;
  return cli_training_run (trainer, error);
}
