/* penumbra-cli eval: how well a checkpoint finds the pictures of texts and the texts of pictures.
 */
#include "models/cli/commands.h"
#include "models/cli/device_choice.h"
#include "models/cli/inference.h"
#include "models/cli/report.h"
#include "models/eval/evaluate.h"

#include <stdio.h>
#include <string.h>

typedef struct
{
  char *data, *task, *encoder, *config, *device;
  char **keep_rates;
  gboolean json;
} Options;

static void
clear_options (Options *options)
{
  g_free (options->data);
  g_free (options->task);
  g_free (options->encoder);
  g_free (options->config);
  g_free (options->device);
  g_strfreev (options->keep_rates);
}

/* The encoders asked for: by default the student as trained, and the teacher if there is one.
 * Keep rates are the student's unless the teacher is asked for by name. */
static gboolean
parse_encoders (GArray *encoders, const Options *options, GError **error)
{
  EvalEncoder encoder = { .which = NN_SLAB_WEIGHTS };

  if (options->encoder && !cli_parse_encoder (&encoder.which, options->encoder, error))
    return FALSE;
  for (guint i = 0; options->keep_rates && options->keep_rates[i]; i++)
    {
      if (!cli_parse_keep_rate (&encoder.keep_rate, options->keep_rates[i], error))
        return FALSE;
      g_array_append_val (encoders, encoder);
    }
  if (encoders->len == 0)
    g_array_append_val (encoders, encoder);
  return TRUE;
}

static double
effective_rate (const EvalEncoder *encoder, const NnConfig *config)
{
  if (encoder->keep_rate > 0)
    return encoder->keep_rate;
  return encoder->which == NN_SLAB_TEACHER ? 1 : config->expedition.keep_rate;
}

static gboolean
print_object (const EvalRecall *recall, const EvalEncoder *encoder,
              const EvalCheckpoint *checkpoint)
{
  cJSON *object = cJSON_CreateObject ();

  cJSON_AddStringToObject (object, "type", "eval");
  cJSON_AddStringToObject (object, "task", "retrieval");
  cJSON_AddStringToObject (object, "checkpoint", checkpoint->path);
  if (checkpoint->step >= 0)
    cJSON_AddNumberToObject (object, "step", (double) checkpoint->step);
  cJSON_AddStringToObject (object, "split", data_split_to_string (DATA_SPLIT_VAL));
  cJSON_AddStringToObject (object, "encoder", eval_encoder_name (encoder->which));
  cJSON_AddNumberToObject (object, "keep_rate",
                           effective_rate (encoder, &checkpoint->model->config));
  cJSON_AddNumberToObject (object, "pictures", recall->pictures);
  cJSON_AddNumberToObject (object, "texts", recall->texts);
  cJSON_AddNumberToObject (object, "t2i_r1", recall->t2i_r1);
  cJSON_AddNumberToObject (object, "t2i_r5", recall->t2i_r5);
  cJSON_AddNumberToObject (object, "t2i_r10", recall->t2i_r10);
  cJSON_AddNumberToObject (object, "t2i_median_rank", recall->t2i_median);
  cJSON_AddNumberToObject (object, "i2t_r1", recall->i2t_r1);
  cJSON_AddNumberToObject (object, "i2t_r5", recall->i2t_r5);
  cJSON_AddNumberToObject (object, "i2t_r10", recall->i2t_r10);
  cJSON_AddNumberToObject (object, "i2t_median_rank", recall->i2t_median);
  gboolean ok = cli_print_json (object);
  cJSON_Delete (object);
  return ok;
}

static void
print_row (const EvalRecall *recall, const EvalEncoder *encoder, const NnConfig *config)
{
  printf ("%-8s %9g  %5.1f %5.1f %5.1f %7g  %5.1f %5.1f %5.1f %7g\n",
          eval_encoder_name (encoder->which), effective_rate (encoder, config),
          100 * recall->t2i_r1, 100 * recall->t2i_r5, 100 * recall->t2i_r10, recall->t2i_median,
          100 * recall->i2t_r1, 100 * recall->i2t_r5, 100 * recall->i2t_r10, recall->i2t_median);
}

static gboolean
print_results (const EvalRecall *recalls, const GArray *encoders, const EvalCheckpoint *checkpoint,
               gboolean json)
{
  gboolean ok = TRUE;

  if (!json)
    printf ("%s: %u held-out pictures, %u texts; R@k in %%\n"
            "%-8s %9s  %-26s%s\n%-8s %9s  %5s %5s %5s %7s  %5s %5s %5s %7s\n",
            checkpoint->path, recalls->pictures, recalls->texts, "", "", "text to image",
            "image to text", "encoder", "keep rate", "R@1", "R@5", "R@10", "median", "R@1", "R@5",
            "R@10", "median");
  for (guint i = 0; i < encoders->len && ok; i++)
    {
      const EvalEncoder *encoder = &g_array_index (encoders, EvalEncoder, i);
      if (json)
        ok = print_object (&recalls[i], encoder, checkpoint);
      else
        print_row (&recalls[i], encoder, &checkpoint->model->config);
    }
  return ok;
}

static gboolean
evaluate (EvalRecall *recalls, const EvalCheckpoint *checkpoint, const DataPairs *pairs,
          const GArray *encoders, GError **error)
{
  g_autoptr (EvalRetrieval) retrieval =
      eval_retrieval_new (checkpoint->model, pairs, DATA_SPLIT_VAL, error);
  if (!retrieval)
    return FALSE;

  CliWatch bar = { .label = "evaluating", .unit = "pictures and texts" };
  const EvalWatch watch = cli_watch (&bar);
  gboolean ok = eval_retrieval_run_all (retrieval, recalls, (const EvalEncoder *) encoders->data,
                                        encoders->len, &watch, error);
  cli_progress_free (bar.bar);
  return ok;
}

static int
run (const char *path, const Options *options, GArray *encoders)
{
  g_autoptr (EvalCheckpoint) checkpoint = NULL;
  g_autoptr (DataPairs) pairs = NULL;
  g_autofree EvalRecall *recalls = NULL;
  GError *error = NULL;

  checkpoint = cli_open_checkpoint (path, options->config, options->device, &error);
  if (!checkpoint)
    return cli_report_error (error);
  if (!options->encoder && nn_model_has_teacher (checkpoint->model))
    {
      const EvalEncoder teacher = { .which = NN_SLAB_TEACHER };
      g_array_append_val (encoders, teacher);
    }
  for (guint i = 0; i < encoders->len; i++)
    {
      const EvalEncoder *encoder = &g_array_index (encoders, EvalEncoder, i);
      if (!cli_check_encoder (checkpoint, encoder->which, encoder->keep_rate, &error))
        return cli_report_error (error);
    }
  recalls = g_new0 (EvalRecall, encoders->len);
  pairs = cli_open_pairs (options->data, &checkpoint->model->config, &error);
  if (!pairs || !evaluate (recalls, checkpoint, pairs, encoders, &error))
    return cli_report_error (error);
  return print_results (recalls, encoders, checkpoint, options->json) ? CLI_OK : CLI_FAILURE;
}

static int
check_and_run (int argc, char **argv, const Options *options)
{
  g_autoptr (GArray) encoders = g_array_new (FALSE, FALSE, sizeof (EvalEncoder));
  GError *error = NULL;

  if (argc != 2)
    return cli_report_usage ("expected one CKPT, a run folder or a .safetensors file, got %d",
                             argc - 1);
  if (options->task && strcmp (options->task, "retrieval") != 0)
    return cli_report_usage ("--task is \"%s\", must be retrieval", options->task);
  if (!parse_encoders (encoders, options, &error))
    return cli_report_error (error);
  return run (argv[1], options, encoders);
}

int
cli_eval (int argc, char **argv)
{
  Options options = { 0 };
  int status = CLI_OK;
  const GOptionEntry entries[] = {
    { "data", 0, 0, G_OPTION_ARG_FILENAME, &options.data,
      "the data set (default: the one of the checkpoint's training)", "DATASET" },
    { "task", 0, 0, G_OPTION_ARG_STRING, &options.task, "retrieval, the default", "TASK" },
    { "keep-rate", 0, 0, G_OPTION_ARG_STRING_ARRAY, &options.keep_rates,
      "keep rate of the encoder, may be repeated (default: the config's)", "K" },
    { "encoder", 0, 0, G_OPTION_ARG_STRING, &options.encoder, "student or teacher (default: both)",
      "WHICH" },
    { "config", 0, 0, G_OPTION_ARG_FILENAME, &options.config, "config of weights that carry none",
      "CONFIG" },
    { "device", 0, 0, G_OPTION_ARG_STRING, &options.device, CLI_DEVICE_HELP, "DEVICE" },
    { "json", 0, 0, G_OPTION_ARG_NONE, &options.json, "one JSON object a line", NULL },
    { NULL },
  };

  if (cli_parse_options (&argc, &argv, entries, "CKPT --data DATASET",
                         "Evaluates a run's newest checkpoint, or a safetensors file, on the "
                         "held-out pictures.",
                         &status))
    status = check_and_run (argc, argv, &options);
  clear_options (&options);
  return status;
}
