/* penumbra-cli step: one optimiser step per batch, everything written out, to hold against a
 * reference. Constant learning rate and momentum, no schedule, no clipping. */
#include "models/cli/commands.h"
#include "models/cli/device_choice.h"
#include "models/cli/report.h"
#include "models/nn/step.h"

#include <string.h>

typedef struct
{
  NnModel *model;
  NnStep *step;
  guint batch; /* of the step's plan */
  NnTensorFile *batches;
  NnTensorWriter *out;
  GPtrArray *values;  /* what the writer borrows */
  GArray *trajectory; /* float[3] a batch */
} Session;

static float *
add (Session *session, const char *name, int rank, const gint64 *shape)
{
  gsize elements = 1;
  for (int i = 0; i < rank; i++)
    elements *= (gsize) shape[i];
  float *values = g_new (float, MAX (elements, 1));
  g_ptr_array_add (session->values, values);
  nn_tensor_writer_add (session->out, name, NN_DTYPE_F32, rank, shape, values);
  return values;
}

static void
add_scalar (Session *session, const char *name, double value)
{
  *add (session, name, 1, (const gint64[]){ 1 }) = (float) value;
}

static gboolean
add_output (Session *session, const char *name, NnStepOutput output, GError **error)
{
  const gint64 width =
      output >= NN_STEP_LOGITS ? (gint64) session->batch : session->model->config.embed_dim;
  float *values = add (session, name, 2, (const gint64[]){ session->batch, width });
  return nn_step_read (session->step, output, values, error);
}

static gboolean
add_slab (Session *session, NnSlab slab, const char *prefix, GError **error)
{
  const NnParams *params = session->model->params;
  for (guint i = 0; i < params->table->len; i++)
    {
      const NnParam *param = nn_params_get (params, i);
      g_autofree char *name = g_strconcat (prefix, param->name, NULL);
      if (slab == NN_SLAB_TEACHER && !param->visual)
        continue;
      if (!nn_model_download (session->model, slab, i,
                              add (session, name, param->rank, param->shape), error))
        return FALSE;
    }
  return TRUE;
}

static gboolean
add_kept (Session *session, GError **error)
{
  const NnWatch *watch = nn_step_get_watch (session->step);
  NnWatchTokens tokens[NN_MAX_LAYERS];
  if (!nn_watch_read (watch, tokens, error))
    return FALSE;
  for (guint i = 0; i < watch->n_blocks; i++)
    {
      g_autofree char *name = g_strdup_printf ("kept.%u", tokens[i].layer);
      nn_tensor_writer_add (session->out, name, NN_DTYPE_I32, 2,
                            (const gint64[]){ session->batch, tokens[i].kept },
                            tokens[i].kept_patches);
      g_ptr_array_add (session->values, g_steal_pointer (&tokens[i].kept_patches));
      nn_watch_tokens_clear (&tokens[i]);
    }
  return TRUE;
}

/* What the fixtures show of batch 0. */
static gboolean
add_first (Session *session, const NnStepResult *result, GError **error)
{
  const gboolean teacher = nn_model_has_teacher (session->model);
  add_scalar (session, "loss", result->loss);
  add_scalar (session, "contrastive_loss", result->contrastive);
  add_scalar (session, "distillation_loss", result->distillation);
  if (!add_output (session, "image_features", NN_STEP_IMAGE_FEATURES, error)
      || !add_output (session, "text_features", NN_STEP_TEXT_FEATURES, error)
      || !add_output (session, "logits", NN_STEP_LOGITS, error) || !add_kept (session, error)
      || !add_slab (session, NN_SLAB_GRADIENT, "grad.", error)
      || !add_slab (session, NN_SLAB_WEIGHTS, "after1.", error))
    return FALSE;
  return !teacher
         || (add_output (session, "teacher_image_features", NN_STEP_TEACHER_FEATURES, error)
             && add_output (session, "teacher_logits", NN_STEP_TEACHER_LOGITS, error)
             && add_slab (session, NN_SLAB_TEACHER, "teacher1.", error));
}

/* (Re)plans where a batch has another size than the one before. */
static gboolean
plan (Session *session, guint batch, GError **error)
{
  if (session->step && session->batch == batch)
    return TRUE;
  g_clear_pointer (&session->step, nn_step_free);
  session->batch = batch;
  session->step =
      nn_step_new (session->model, &(NnStepOptions){ .batch = batch, .watch = TRUE }, error);
  return session->step != NULL;
}

static gboolean
check_ids (const gint32 *tokens, gsize n, int vocab_size, const char *name, GError **error)
{
  for (gsize i = 0; i < n; i++)
    if (tokens[i] < 0 || tokens[i] >= vocab_size)
      {
        g_set_error (error, NN_TENSOR_FILE_ERROR, NN_TENSOR_FILE_ERROR_MISMATCH,
                     "%s holds the id %d: ids are 0 to text_cfg.vocab_size - 1 = %d", name,
                     tokens[i], vocab_size - 1);
        return FALSE;
      }
  return TRUE;
}

static gboolean
read_images (Session *session, const char *name, GError **error)
{
  const gint64 size = session->model->config.vision.image_size, b = session->batch;
  const gsize pixels = (gsize) (3 * size * size);
  const gint64 shape[] = { b, 3, size, size };
  g_autofree float *values = g_new (float, (gsize) b *pixels);
  gsize stride = 0;
  float *images = nn_step_images (session->step, &stride);
  if (!nn_tensor_file_expect (session->batches, name, 4, shape, error)
      || !nn_tensor_file_read_f32 (session->batches, name, values, (gsize) b * pixels, error))
    return FALSE;
  for (gsize i = 0; i < (gsize) b; i++)
    memcpy (images + i * stride, values + i * pixels, pixels * sizeof *images);
  return TRUE;
}

static gboolean
read_tokens (Session *session, const char *name, GError **error)
{
  const NnTextConfig *text = &session->model->config.text;
  const gint64 shape[] = { session->batch, text->context_length };
  const gsize n = session->batch * (gsize) text->context_length;
  g_autofree gint32 *tokens = g_new (gint32, n);
  if (!nn_tensor_file_expect (session->batches, name, 2, shape, error)
      || !nn_tensor_file_read_i32 (session->batches, name, tokens, n, error)
      || !check_ids (tokens, n, text->vocab_size, name, error))
    return FALSE;
  memcpy (nn_step_tokens (session->step), tokens, n * sizeof *tokens);
  return TRUE;
}

static gboolean
run_batch (Session *session, guint index, const NnFileTensor *first, GError **error)
{
  const NnConfig *config = &session->model->config;
  g_autofree char *image = g_strdup_printf ("image.%u", index);
  g_autofree char *tokens = g_strdup_printf ("tokens.%u", index);
  if (first->rank != 4 || first->shape[0] < 1 || first->shape[0] > 65536)
    {
      g_set_error (error, NN_TENSOR_FILE_ERROR, NN_TENSOR_FILE_ERROR_MISMATCH,
                   "%s: %s is not a batch of pictures [B,3,H,W]",
                   nn_tensor_file_path (session->batches), image);
      return FALSE;
    }
  if (!plan (session, (guint) first->shape[0], error) || !read_images (session, image, error)
      || !read_tokens (session, tokens, error))
    return FALSE;

  const NnStepSchedule schedule = { .update = index + 1,
                                    .lr = config->optimizer.lr,
                                    .momentum = config->distill.momentum };
  NnStepResult result;
  if (!nn_step_run (session->step, &schedule, &result, error))
    return FALSE;
  const float row[] = { (float) result.loss, (float) result.contrastive,
                        (float) result.distillation };
  g_array_append_vals (session->trajectory, row, 3);
  return index > 0 || add_first (session, &result, error);
}

static gboolean
run_batches (Session *session, GError **error)
{
  guint n = 0;
  for (;; n++)
    {
      g_autofree char *name = g_strdup_printf ("image.%u", n);
      const NnFileTensor *image = nn_tensor_file_find (session->batches, name);
      if (!image)
        break;
      if (!run_batch (session, n, image, error))
        return FALSE;
    }
  if (n == 0)
    {
      g_set_error (error, NN_TENSOR_FILE_ERROR, NN_TENSOR_FILE_ERROR_MISSING,
                   "%s has no tensor image.0: batches are image.N and tokens.N, N from 0",
                   nn_tensor_file_path (session->batches));
      return FALSE;
    }
  memcpy (add (session, "trajectory", 2, (const gint64[]){ n, 3 }), session->trajectory->data,
          n * 3 * sizeof (float));
  return TRUE;
}

static gboolean
load_slab (NnModel *model, NnSlab slab, const char *path, GError **error)
{
  g_autoptr (NnTensorFile) file = nn_tensor_file_open (path, error);
  return file && nn_model_load (model, slab, file, "", error);
}

typedef struct
{
  char *config, *weights, *teacher, *batches, *out, *device;
} Arguments;

static gboolean
run (const Arguments *arguments, GError **error)
{
  NnConfig config;
  if (!nn_config_load (&config, arguments->config, error))
    return FALSE;
  config.optimizer.grad_clip_norm = 0;
  g_autoptr (GpuDevice) device = cli_open_device (arguments->device, error);
  g_autoptr (NnModel) model =
      device ? nn_model_new (device, &config, NN_USE_TRAINING, error) : NULL;
  if (!model || !load_slab (model, NN_SLAB_WEIGHTS, arguments->weights, error))
    return FALSE;
  if (nn_model_has_teacher (model)
      && !(arguments->teacher ? load_slab (model, NN_SLAB_TEACHER, arguments->teacher, error)
                              : nn_model_copy_to_teacher (model, error)))
    return FALSE;

  g_autoptr (NnTensorFile) batches = nn_tensor_file_open (arguments->batches, error);
  g_autoptr (NnTensorWriter) out = nn_tensor_writer_new ();
  g_autoptr (GPtrArray) values = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GArray) trajectory = g_array_new (FALSE, FALSE, sizeof (float));
  Session session = {
    .model = model, .batches = batches, .out = out, .values = values, .trajectory = trajectory
  };
  gboolean done = batches && run_batches (&session, error)
                  && nn_tensor_writer_save (out, arguments->out, error);
  nn_step_free (session.step);
  return done;
}

int
cli_step (int argc, char **argv)
{
  g_autofree char *config = NULL, *weights = NULL, *teacher = NULL, *batches = NULL, *out = NULL,
                  *device = NULL;
  const GOptionEntry entries[] = {
    { "config", 0, 0, G_OPTION_ARG_FILENAME, &config, "the model's config", "FILE" },
    { "weights", 0, 0, G_OPTION_ARG_FILENAME, &weights, "initial weights", "FILE" },
    { "teacher", 0, 0, G_OPTION_ARG_FILENAME, &teacher,
      "the teacher's weights; default: a copy of the weights", "FILE" },
    { "batches", 0, 0, G_OPTION_ARG_FILENAME, &batches, "image.N and tokens.N", "FILE" },
    { "out", 0, 0, G_OPTION_ARG_FILENAME, &out, "what to write", "FILE" },
    { "device", 0, 0, G_OPTION_ARG_STRING, &device, CLI_DEVICE_HELP, "DEVICE" },
    { NULL }
  };
  int status = CLI_OK;
  if (!cli_parse_options (&argc, &argv, entries, "",
                          "Makes one optimiser step per batch and writes out losses, "
                          "features, gradients and weights.",
                          &status))
    return status;
  if (argc > 1)
    return cli_report_usage ("unexpected argument \"%s\"", argv[1]);
  if (!config || !weights || !batches || !out)
    return cli_report_usage ("step needs --config, --weights, --batches and --out");

  GError *error = NULL;
  const Arguments arguments = { config, weights, teacher, batches, out, device };
  return run (&arguments, &error) ? CLI_OK : cli_report_error (error);
}
