#include "tests/fixture.h"

#include <math.h>
#include <string.h>

char *
fixture_folder (const char *name)
{
  return g_test_build_filename (G_TEST_DIST, "fixtures", name, NULL);
}

char *
fixture_file (const char *name, const char *file)
{
  return g_test_build_filename (G_TEST_DIST, "fixtures", name, file, NULL);
}

static NnTensorFile *
open_file (const char *name, const char *file)
{
  g_autofree char *path = fixture_file (name, file);
  g_autoptr (GError) error = NULL;
  NnTensorFile *tensors = nn_tensor_file_open (path, &error);

  g_assert_no_error (error);
  return tensors;
}

static void
load (NnModel *model, NnSlab slab, const char *name, const char *file)
{
  g_autoptr (NnTensorFile) tensors = open_file (name, file);
  g_autoptr (GError) error = NULL;

  nn_model_load (model, slab, tensors, "", &error);
  g_assert_no_error (error);
}

Fixture *
fixture_new (GpuDevice *device, const char *name)
{
  Fixture *fixture = g_new0 (Fixture, 1);
  g_autofree char *config = fixture_file (name, "config.json");
  g_autoptr (GError) error = NULL;

  fixture->folder = fixture_folder (name);
  nn_config_load (&fixture->config, config, &error);
  g_assert_no_error (error);
  fixture->model = nn_model_new (device, &fixture->config, NN_USE_TRAINING, &error);
  g_assert_no_error (error);
  load (fixture->model, NN_SLAB_WEIGHTS, name, "weights.safetensors");
  load (fixture->model, NN_SLAB_TEACHER, name, "teacher.safetensors");
  fixture->batches = open_file (name, "batches.safetensors");
  fixture->expected = open_file (name, "expected.safetensors");
  return fixture;
}

void
fixture_free (Fixture *fixture)
{
  if (!fixture)
    return;
  nn_tensor_file_free (fixture->expected);
  nn_tensor_file_free (fixture->batches);
  nn_model_free (fixture->model);
  g_free (fixture->folder);
  g_free (fixture);
}

guint
fixture_count (const Fixture *fixture)
{
  return nn_tensor_file_count (fixture->batches) / 2;
}

guint
fixture_batch (const Fixture *fixture)
{
  return (guint) nn_tensor_file_find (fixture->batches, "image.0")->shape[0];
}

void
fixture_fill (const Fixture *fixture, NnStep *step, guint batch)
{
  g_autofree char *image = g_strdup_printf ("image.%u", batch);
  g_autofree char *tokens = g_strdup_printf ("tokens.%u", batch);
  const gsize n = fixture_batch (fixture), size = (gsize) fixture->config.vision.image_size;
  const gsize pixels = 3 * size * size;
  g_autofree float *values = g_new (float, n *pixels);
  gsize stride;
  float *images = nn_step_images (step, &stride);

  g_assert_true (nn_tensor_file_read_f32 (fixture->batches, image, values, n * pixels, NULL));
  for (gsize i = 0; i < n; i++)
    memcpy (images + i * stride, values + i * pixels, pixels * sizeof *images);
  g_assert_true (nn_tensor_file_read_i32 (fixture->batches, tokens, nn_step_tokens (step),
                                          n * (gsize) fixture->config.text.context_length, NULL));
}

static double
tolerance (const char *name)
{
  if (strcmp (name, "trajectory") == 0)
    return 1e-3;
  if (!g_str_has_prefix (name, "after1.") && !g_str_has_prefix (name, "teacher1."))
    return 1e-4;
  return g_str_has_suffix (name, "in_proj_bias") ? 3e-3 : 2e-4;
}

void
fixture_agree (const Fixture *fixture, const char *name, gconstpointer got)
{
  const NnFileTensor *tensor = nn_tensor_file_find (fixture->expected, name);

  g_assert_nonnull (tensor);
  if (tensor->dtype == NN_DTYPE_I32)
    {
      g_assert_cmpmem (got, tensor->bytes, tensor->data, tensor->bytes);
      return;
    }
  g_autofree float *want = g_new (float, tensor->elements);
  const float *values = got;
  double difference = 0, norm = 0;

  g_assert_true (nn_tensor_file_read_f32 (fixture->expected, name, want, tensor->elements, NULL));
  for (gsize i = 0; i < tensor->elements; i++)
    {
      difference += pow ((double) values[i] - (double) want[i], 2);
      norm += pow ((double) want[i], 2);
    }
  if (!(sqrt (difference) <= tolerance (name) * sqrt (norm)))
    g_error ("%s: %s is off by %.3g of its norm, allowed %.3g", fixture->folder, name,
             sqrt (difference / norm), tolerance (name));
}

static void
agree_output (const Fixture *fixture, NnStep *step, const char *name, NnStepOutput output)
{
  const gsize batch = fixture_batch (fixture);
  const gsize width = output >= NN_STEP_LOGITS ? batch : (gsize) fixture->config.embed_dim;
  g_autofree float *values = g_new (float, batch *width);

  g_assert_true (nn_step_read (step, output, values, NULL));
  fixture_agree (fixture, name, values);
}

void
fixture_agree_slab (const Fixture *fixture, NnSlab slab, const char *prefix)
{
  for (guint i = 0; i < fixture->model->params->table->len; i++)
    {
      const NnParam *param = nn_params_get (fixture->model->params, i);
      g_autofree char *name = g_strconcat (prefix, param->name, NULL);
      g_autofree float *values = g_new (float, (gsize) param->rows * param->cols);

      if (slab == NN_SLAB_TEACHER && !param->visual)
        continue;
      g_assert_true (nn_model_download (fixture->model, slab, i, values, NULL));
      fixture_agree (fixture, name, values);
    }
}

static void
agree_kept (const Fixture *fixture, NnStep *step)
{
  const NnWatch *watch = nn_step_get_watch (step);
  NnWatchTokens tokens[NN_MAX_LAYERS];

  g_assert_true (nn_watch_read (watch, tokens, NULL));
  for (guint i = 0; i < watch->n_blocks; i++)
    {
      g_autofree char *name = g_strdup_printf ("kept.%u", tokens[i].layer);
      fixture_agree (fixture, name, tokens[i].kept_patches);
      nn_watch_tokens_clear (&tokens[i]);
    }
  for (int layer = 0; layer < fixture->config.vision.layers; layer++)
    {
      g_autofree char *name = g_strdup_printf ("kept.%d", layer);
      gboolean shrinks =
          nn_config_kept (&fixture->config, fixture->config.expedition.keep_rate, layer) > 0;
      g_assert_cmpint (nn_tensor_file_find (fixture->expected, name) != NULL, ==, shrinks);
    }
}

static void
agree_first (const Fixture *fixture, NnStep *step, const float *losses)
{
  fixture_agree (fixture, "loss", &losses[0]);
  fixture_agree (fixture, "contrastive_loss", &losses[1]);
  fixture_agree (fixture, "distillation_loss", &losses[2]);
  agree_output (fixture, step, "image_features", NN_STEP_IMAGE_FEATURES);
  agree_output (fixture, step, "text_features", NN_STEP_TEXT_FEATURES);
  agree_output (fixture, step, "teacher_image_features", NN_STEP_TEACHER_FEATURES);
  agree_output (fixture, step, "logits", NN_STEP_LOGITS);
  agree_output (fixture, step, "teacher_logits", NN_STEP_TEACHER_LOGITS);
  agree_kept (fixture, step);
  fixture_agree_slab (fixture, NN_SLAB_GRADIENT, "grad.");
  fixture_agree_slab (fixture, NN_SLAB_WEIGHTS, "after1.");
  fixture_agree_slab (fixture, NN_SLAB_TEACHER, "teacher1.");
}

void
fixture_check_step (const Fixture *fixture, NnStep *step)
{
  const guint count = fixture_count (fixture);
  g_autofree float *trajectory = g_new (float, 3 * count);

  for (guint i = 0; i < count; i++)
    {
      const NnStepSchedule schedule = { .update = i + 1,
                                        .lr = fixture->config.optimizer.lr,
                                        .momentum = fixture->config.distill.momentum };
      g_autoptr (GError) error = NULL;
      NnStepResult result;

      fixture_fill (fixture, step, i);
      nn_step_run (step, &schedule, &result, &error);
      g_assert_no_error (error);
      trajectory[3 * i] = (float) result.loss;
      trajectory[3 * i + 1] = (float) result.contrastive;
      trajectory[3 * i + 2] = (float) result.distillation;
      if (i == 0)
        agree_first (fixture, step, trajectory);
    }
  fixture_agree (fixture, "trajectory", trajectory);
}
