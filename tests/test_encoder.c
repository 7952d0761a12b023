/* Encoders for inference against the training step, which the reference proves; and what is wrong
 * with files of weights. */
#include "models/nn/encoder.h"
#include "tests/fixture.h"
#include "tests/temporary.h"

#include <math.h>
#include <string.h>

static GpuDevice *device;

static void
assert_near (const float *got, const float *want, gsize n, double tolerance)
{
  double most = 0;

  for (gsize i = 0; i < n; i++)
    most = fmax (most, fabs ((double) want[i]));
  for (gsize i = 0; i < n; i++)
    g_assert_cmpfloat_with_epsilon ((double) got[i], (double) want[i], tolerance * most);
}

static void
copy_images (const NnEncoder *encoder, float *to, gsize to_stride, NnStep *step)
{
  gsize stride;
  const float *from = nn_step_images (step, &stride);

  for (guint i = 0; i < nn_encoder_get_batch (encoder); i++)
    memcpy (to + i * to_stride, from + i * stride, nn_encoder_get_input (encoder) * sizeof *to);
}

/* A step of no learning rate on batch 0, of a keep rate. */
static NnStep *
run_step (const Fixture *fixture, double keep_rate)
{
  NnStepResult result;
  NnStep *step = nn_step_new (
      fixture->model,
      &(NnStepOptions){ .batch = fixture_batch (fixture), .keep_rate = keep_rate, .watch = TRUE },
      NULL);

  fixture_fill (fixture, step, 0);
  g_assert_true (
      nn_step_run (step, &(NnStepSchedule){ .update = 1, .momentum = 1 }, &result, NULL));
  return step;
}

static void
check_image (const Fixture *fixture, NnStep *step, NnSlab weights, double keep_rate)
{
  const guint batch = fixture_batch (fixture);
  const gsize width = (gsize) fixture->config.embed_dim, n = batch * width;
  const NnEncoderOptions options = {
    .batch = batch, .weights = weights, .keep_rate = keep_rate, .watch = TRUE
  };
  g_autoptr (NnEncoder) encoder = nn_encoder_new_image (fixture->model, &options, NULL);
  g_autofree float *got = g_new (float, n), *unit = g_new (float, n), *want = g_new (float, n);
  gsize stride;
  float *images = nn_encoder_images (encoder, &stride);

  copy_images (encoder, images, stride, step);
  g_assert_cmpuint (nn_encoder_get_width (encoder), ==, width);
  g_assert_true (nn_encoder_run (encoder, got, unit, batch, NULL));
  g_assert_true (nn_step_read (
      step, weights == NN_SLAB_TEACHER ? NN_STEP_TEACHER_FEATURES : NN_STEP_IMAGE_FEATURES, want,
      NULL));
  assert_near (got, want, n, 1e-6);
  for (guint b = 0; b < batch; b++)
    {
      double length = 0;
      for (gsize i = 0; i < width; i++)
        length += pow ((double) got[b * width + i], 2);
      for (gsize i = 0; i < width; i++)
        g_assert_cmpfloat_with_epsilon ((double) unit[b * width + i],
                                        (double) got[b * width + i] / sqrt (length), 1e-6);
    }
}

static void
test_image (gconstpointer name)
{
  g_autoptr (Fixture) fixture = fixture_new (device, name);
  static const double rates[] = { 0, 0.35, 1 };

  for (guint i = 0; i < G_N_ELEMENTS (rates); i++)
    {
      g_autoptr (NnStep) step = run_step (fixture, rates[i]);
      check_image (fixture, step, NN_SLAB_WEIGHTS, rates[i]);
      check_image (fixture, step, NN_SLAB_TEACHER, 0);
    }
}

static void
test_text (gconstpointer name)
{
  g_autoptr (Fixture) fixture = fixture_new (device, name);
  g_autoptr (NnStep) step = run_step (fixture, 0);
  const guint batch = fixture_batch (fixture);
  g_autoptr (NnEncoder) encoder = nn_encoder_new_text (fixture->model, batch, NULL);
  const gsize n = batch * (gsize) fixture->config.embed_dim;
  g_autofree float *got = g_new (float, n), *want = g_new (float, n);

  memcpy (nn_encoder_tokens (encoder), nn_step_tokens (step),
          batch * nn_encoder_get_input (encoder) * 4);
  g_assert_true (nn_encoder_run (encoder, got, NULL, batch, NULL));
  g_assert_true (nn_step_read (step, NN_STEP_TEXT_FEATURES, want, NULL));
  assert_near (got, want, n, 1e-6);
}

/* A picture's features do not depend on its neighbours or its place. */
static void
test_alone (void)
{
  g_autoptr (Fixture) fixture = fixture_new (device, "odd-patch");
  g_autoptr (NnStep) step = run_step (fixture, 0);
  const guint batch = fixture_batch (fixture), width = (guint) fixture->config.embed_dim;
  g_autofree float *all = g_new (float, (gsize) batch *width), *one = g_new (float, width);
  g_autoptr (NnEncoder) encoder =
      nn_encoder_new_image (fixture->model, &(NnEncoderOptions){ .batch = 3 }, NULL);
  gsize stride, from_stride;
  float *images = nn_encoder_images (encoder, &stride);
  const float *from = nn_step_images (step, &from_stride);

  g_assert_true (nn_step_read (step, NN_STEP_IMAGE_FEATURES, all, NULL));
  for (guint i = 0; i < batch; i++)
    {
      memcpy (images, from + i * from_stride, nn_encoder_get_input (encoder) * sizeof *images);
      g_assert_true (nn_encoder_run (encoder, one, NULL, 1, NULL));
      assert_near (one, all + (gsize) i * width, width, 1e-5);
    }
}

/* The attention that is told of each patch is the one the choice was made by. */
static void
check_tokens (const NnWatch *watch, const NnWatchTokens *tokens, const NnWatchTokens *before)
{
  for (guint b = 0; b < watch->batch; b++)
    {
      const float *attention = tokens->attention + (gsize) b * watch->patches;
      const gint32 *kept = tokens->kept_patches + (gsize) b * tokens->kept;
      float last = INFINITY;
      guint alive = 0;

      for (guint r = 0; r < tokens->kept; r++)
        {
          const float a = kept[r] < 0 ? tokens->fused[b] : attention[kept[r]];
          g_assert_cmpfloat (a, >=, 0);
          g_assert_cmpfloat (a, <=, last);
          last = a;
        }
      for (guint p = 0; p < watch->patches; p++)
        {
          gboolean was = before == NULL, is = FALSE;
          for (guint r = 0; before && r < before->kept; r++)
            was = was || before->kept_patches[b * before->kept + r] == (gint32) p;
          for (guint r = 0; r < tokens->kept; r++)
            is = is || kept[r] == (gint32) p;
          g_assert_cmpint (attention[p] >= 0, ==, was);
          g_assert_true (was || !is);
          if (was && !is)
            g_assert_cmpfloat (attention[p], <=, last);
          alive += was;
        }
      g_assert_cmpint (tokens->fused[b] >= 0, ==, before && watch->fuse);
      g_assert_cmpuint (alive, >=, tokens->kept - 1);
    }
}

static void
test_watch (gconstpointer name)
{
  g_autoptr (Fixture) fixture = fixture_new (device, name);
  g_autoptr (NnStep) step = run_step (fixture, 0);
  const NnWatch *watch = nn_step_get_watch (step);
  NnWatchTokens tokens[NN_MAX_LAYERS];

  g_assert_true (nn_watch_read (watch, tokens, NULL));
  g_assert_cmpuint (watch->n_blocks, ==, 2);
  for (guint i = 0; i < watch->n_blocks; i++)
    check_tokens (watch, &tokens[i], i > 0 ? &tokens[i - 1] : NULL);
  for (guint i = 0; i < watch->n_blocks; i++)
    nn_watch_tokens_clear (&tokens[i]);
}

/* The fixture's weights without one tensor, or with one of a wrong shape. */
static void
write_spoilt (const char *path, const char *spoilt, gboolean without)
{
  g_autofree char *from = fixture_file ("tiny-full", "weights.safetensors");
  g_autoptr (NnTensorFile) file = nn_tensor_file_open (from, NULL);
  g_autoptr (NnTensorWriter) writer = nn_tensor_writer_new ();

  for (guint i = 0; i < nn_tensor_file_count (file); i++)
    {
      const NnFileTensor *tensor = nn_tensor_file_get (file, i);
      gint64 flat = (gint64) tensor->elements;
      gboolean it = strcmp (tensor->name, spoilt) == 0;
      if (!it)
        nn_tensor_writer_add (writer, tensor->name, tensor->dtype, tensor->rank, tensor->shape,
                              tensor->data);
      else if (!without)
        nn_tensor_writer_add (writer, tensor->name, tensor->dtype, 1, &flat, tensor->data);
    }
  g_assert_true (nn_tensor_writer_save (writer, path, NULL));
}

static void
test_spoilt_weights (void)
{
  g_autofree char *folder = temporary_folder ();
  g_autofree char *path = g_build_filename (folder, "w.safetensors", NULL);
  const char *const name = "visual.transformer.resblocks.1.mlp.c_fc.weight";
  g_autoptr (Fixture) fixture = fixture_new (device, "tiny-full");

  for (gboolean without = FALSE; without <= TRUE; without++)
    {
      const int code = without ? NN_TENSOR_FILE_ERROR_MISSING : NN_TENSOR_FILE_ERROR_MISMATCH;
      g_autoptr (GError) error = NULL;
      write_spoilt (path, name, without);
      g_autoptr (NnTensorFile) file = nn_tensor_file_open (path, NULL);
      g_assert_false (nn_model_load (fixture->model, NN_SLAB_WEIGHTS, file, "", &error));
      g_assert_true (g_error_matches (error, NN_TENSOR_FILE_ERROR, code));
      g_assert_nonnull (strstr (error->message, path));
      g_assert_nonnull (strstr (error->message, name));
      g_assert_null (strchr (error->message, '\n'));
    }
  temporary_remove (folder);
}

int
main (int argc, char **argv)
{
  static const char *const names[] = { "tiny-evit", "odd-patch", "odd-shrink" };
  static const struct
  {
    const char *name;
    GTestDataFunc run;
  } cases[] = { { "image", test_image }, { "text", test_text }, { "watch", test_watch } };
  g_autoptr (GError) error = NULL;
  int status;

  g_test_init (&argc, &argv, NULL);
  device = gpu_device_open (NULL, &error);
  g_assert_no_error (error);
  for (guint c = 0; c < G_N_ELEMENTS (cases); c++)
    for (guint i = 0; i < G_N_ELEMENTS (names); i++)
      {
        g_autofree char *path = g_strdup_printf ("/encoder/%s/%s", cases[c].name, names[i]);
        g_test_add_data_func (path, names[i], cases[c].run);
      }
  g_test_add_func ("/encoder/alone", test_alone);
  g_test_add_func ("/encoder/spoilt-weights", test_spoilt_weights);
  status = g_test_run ();
  gpu_device_unref (device);
  return status;
}
