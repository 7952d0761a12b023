#include "models/eval/checkpoint.h"

#include "models/run/steps.h"

G_DEFINE_QUARK (eval_checkpoint_error, eval_checkpoint_error)

#define TEACHER "teacher."

static gboolean
read_config (NnConfig *config, const NnTensorFile *file, const char *path, GError **error)
{
  const char *json = nn_tensor_file_metadata (file, "config");

  if (path)
    return nn_config_load (config, path, error);
  if (!json)
    {
      g_set_error (error, EVAL_CHECKPOINT_ERROR, EVAL_CHECKPOINT_ERROR_CONFIG,
                   "checkpoint '%s' carries no config: pass --config with its open_clip config",
                   nn_tensor_file_path (file));
      return FALSE;
    }
  if (nn_config_from_json (config, json, error))
    return TRUE;
  g_prefix_error (error, "checkpoint '%s', the config in it: ", nn_tensor_file_path (file));
  return FALSE;
}

/* What the model must have to answer any question about these weights. */
static void
adapt_config (NnConfig *config, const NnTensorFile *file)
{
  const gboolean has_teacher = nn_tensor_file_find (file, TEACHER "visual.proj") != NULL;

  config->distill.teacher = has_teacher ? NN_TEACHER_MOMENTUM : NN_TEACHER_NONE;
  if (config->expedition.method == NN_EXPEDITION_NONE
      && nn_config_patches (config) <= NN_MAX_EVIT_TOKENS)
    {
      config->expedition.method = NN_EXPEDITION_EVIT;
      config->expedition.keep_rate = 1;
    }
}

/* The reader's own message names tensor and shapes; this says what to do about it. */
static gboolean
explain (const NnTensorFile *file, const char *config, GError *failure, GError **error)
{
  if (failure->domain != NN_TENSOR_FILE_ERROR
      || (failure->code != NN_TENSOR_FILE_ERROR_MISMATCH
          && failure->code != NN_TENSOR_FILE_ERROR_MISSING))
    {
      g_propagate_error (error, failure);
      return FALSE;
    }
  g_autofree char *remedy =
      config ? g_strdup_printf ("the config '%s' is of another model: pass --config with the one "
                                "these weights were made with",
                                config)
      : nn_tensor_file_metadata (file, "config")
          ? g_strdup ("its own config does not fit it: pass --config with the right one")
          : g_strdup ("pass --config with the config of these weights");
  g_set_error (error, EVAL_CHECKPOINT_ERROR, EVAL_CHECKPOINT_ERROR_CONFIG, "%s; %s",
               failure->message, remedy);
  g_error_free (failure);
  return FALSE;
}

static gboolean
load (NnModel *model, const NnTensorFile *file, const char *config, GError **error)
{
  GError *failure = NULL;

  if (nn_model_load (model, NN_SLAB_WEIGHTS, file, "", &failure)
      && (!nn_model_has_teacher (model)
          || nn_model_load (model, NN_SLAB_TEACHER, file, TEACHER, &failure)))
    return TRUE;
  return explain (file, config, failure, error);
}

static gint64
read_step (const NnTensorFile *file)
{
  const char *text = nn_tensor_file_metadata (file, "step");
  gint64 step;

  if (text && g_ascii_string_to_signed (text, 10, 0, G_MAXINT64, &step, NULL))
    return step;
  return -1;
}

EvalCheckpoint *
eval_checkpoint_open (GpuDevice *device, const char *path, const char *config, GError **error)
{
  g_autoptr (EvalCheckpoint) checkpoint = g_new0 (EvalCheckpoint, 1);
  g_autoptr (NnTensorFile) file = NULL;
  NnConfig parsed;

  checkpoint->path = run_resolve_checkpoint (path, error);
  if (!checkpoint->path)
    return NULL;
  file = nn_tensor_file_open (checkpoint->path, error);
  if (!file || !read_config (&parsed, file, config, error))
    return NULL;
  adapt_config (&parsed, file);
  checkpoint->step = read_step (file);
  checkpoint->model = nn_model_new (device, &parsed, NN_USE_INFERENCE, error);
  if (!checkpoint->model || !load (checkpoint->model, file, config, error))
    return NULL;
  return g_steal_pointer (&checkpoint);
}

void
eval_checkpoint_free (EvalCheckpoint *checkpoint)
{
  if (!checkpoint)
    return;
  nn_model_free (checkpoint->model);
  g_free (checkpoint->path);
  g_free (checkpoint);
}
