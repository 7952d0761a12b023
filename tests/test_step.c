/* The training step against reference steps, whatever the config, and against its own forecast. */
#include "tests/fixture.h"

#include <math.h>
#include <string.h>

static const struct
{
  const char *name;
  GpuRead read;
} reads[] = { { "texel", GPU_READ_TEXEL }, { "storage", GPU_READ_STORAGE } };

/* tiny-*: open_clip's model and EViT's algorithm. odd-patch: widths and patches that are no
 * multiples of 4, quick_gelu, all blocks shrink, no fused token, gradient through the text;
 * odd-shrink: one head of 22, an MLP of 28, few tokens kept. */
static const char *const names[] = { "tiny-full", "tiny-evit", "odd-patch", "odd-shrink" };

static GpuDevice *devices[G_N_ELEMENTS (reads)]; /* NULL where the driver cannot read so */

static GpuDevice *
any_device (void)
{
  return devices[0] ? devices[0] : devices[1];
}

typedef struct
{
  guint name, read;
} Case;

static NnStep *
new_step (NnModel *model, guint batch)
{
  g_autoptr (GError) error = NULL;
  NnStep *step = nn_step_new (model, &(NnStepOptions){ .batch = batch, .watch = TRUE }, &error);

  g_assert_no_error (error);
  return step;
}

static void
test_fixture (gconstpointer data)
{
  const Case *c = data;
  g_autoptr (Fixture) fixture = fixture_new (devices[c->read], names[c->name]);
  g_autoptr (NnStep) step = new_step (fixture->model, fixture_batch (fixture));

  fixture_check_step (fixture, step);
  g_assert_cmpstr (gpu_device_get_validation_text (devices[c->read]), ==, NULL);
}

/* The same step on the same state gives the same bits: what one run leaves behind in memory does
 * not reach the next. */
static void
test_replay (void)
{
  g_autofree float *before = NULL, *after = NULL;
  for (guint times = 1; times <= 2; times++)
    {
      g_autoptr (Fixture) fixture = fixture_new (any_device (), "tiny-evit");
      g_autoptr (NnStep) step = new_step (fixture->model, fixture_batch (fixture));
      const NnParam *param = nn_params_get (fixture->model->params, 0);
      const gsize n = (gsize) param->rows * param->cols;
      NnStepResult result;

      fixture_fill (fixture, step, 0);
      for (guint i = 0; i < times; i++)
        g_assert_true (
            nn_step_run (step, &(NnStepSchedule){ .update = 1, .momentum = 1 }, &result, NULL));
      float *gradient = g_new (float, n);
      g_assert_true (nn_model_download (fixture->model, NN_SLAB_GRADIENT, 0, gradient, NULL));
      *(times == 1 ? &before : &after) = gradient;
      if (times == 2)
        g_assert_cmpmem (before, n * 4, after, n * 4);
    }
}

/* Timing kernels changes no bit, and their profile counts the whole step. */
static void
test_profiled (void)
{
  g_autofree float *plain = NULL, *timed = NULL;
  for (guint profiling = 0; profiling <= 1; profiling++)
    {
      g_autoptr (Fixture) fixture = fixture_new (any_device (), "tiny-evit");
      g_autoptr (NnStep) step = new_step (fixture->model, fixture_batch (fixture));
      const NnParam *param = nn_params_get (fixture->model->params, 0);
      const gsize n = (gsize) param->rows * param->cols;
      float *weights = g_new (float, n);
      NnStepResult result;

      for (guint i = 0; i < 3; i++)
        {
          if (profiling && i > 0)
            nn_step_set_profiling (step, i == 1);
          fixture_fill (fixture, step, i % fixture_count (fixture));
          g_assert_true (
              nn_step_run (step, &(NnStepSchedule){ .update = i + 1, .lr = 1e-3, .momentum = 0.9 },
                           &result, NULL));
          g_autoptr (GArray) rows = nn_step_get_profile (step, GPU_PROFILE_KERNELS, NULL);
          guint64 flops = 0;
          for (guint row = 0; row < rows->len; row++)
            flops += g_array_index (rows, GpuProfileRow, row).flops;
          g_assert_true (profiling && i == 1 ? gpu_profile_total (rows) > 0 : rows->len == 0);
          if (rows->len > 0)
            g_assert_cmpuint (flops, ==, gpu_stream_get_flops (nn_step_get_stream (step)));
        }
      g_assert_true (nn_model_download (fixture->model, NN_SLAB_WEIGHTS, 0, weights, NULL));
      *(profiling ? &timed : &plain) = weights;
      if (profiling)
        g_assert_cmpmem (plain, n * 4, timed, n * 4);
    }
}

typedef struct
{
  guint calls, done, total;
} Compiled;

static void
count_compiled (guint done, guint total, gpointer data)
{
  Compiled *compiled = data;
  g_assert_cmpuint (done, >=, compiled->done);
  g_assert_cmpuint (done, <=, total);
  *compiled = (Compiled){ compiled->calls + 1, done, total };
}

/* Compiling ahead tells how far it is, is silent where nothing is new, and changes no result. */
static void
test_warm (gconstpointer read)
{
  const GpuDeviceOptions options = { .read = GPOINTER_TO_INT (read), .validate = TRUE };
  g_autoptr (GError) error = NULL;
  g_autoptr (GpuDevice) device = gpu_device_open (&options, &error);
  g_autoptr (Fixture) fixture = fixture_new (device, "tiny-evit");
  g_autoptr (NnStep) step = new_step (fixture->model, fixture_batch (fixture));
  Compiled first = { 0 }, second = { 0 };
  NnStepResult result;

  g_assert_true (gpu_device_warm (device, count_compiled, &first, &error));
  g_assert_cmpuint (first.total, >, 20);
  g_assert_cmpuint (first.done, ==, first.total);
  g_assert_cmpuint (first.calls, >, 2);
  g_assert_true (gpu_device_warm (device, count_compiled, &second, &error));
  g_assert_cmpuint (second.calls, ==, 0);

  fixture_fill (fixture, step, 0);
  g_assert_true (
      nn_step_run (step, &(NnStepSchedule){ .update = 1, .momentum = 1 }, &result, NULL));
  const float loss = (float) result.loss;
  fixture_agree (fixture, "loss", &loss);
  fixture_agree_slab (fixture, NN_SLAB_GRADIENT, "grad.");
  g_assert_cmpstr (gpu_device_get_validation_text (device), ==, NULL);
}

/* Numbers that are not finite are an error with a remedy, not a result. */
static void
test_diverged (void)
{
  g_autoptr (Fixture) fixture = fixture_new (any_device (), "odd-shrink");
  g_autoptr (NnStep) step = new_step (fixture->model, fixture_batch (fixture));
  g_autoptr (GError) error = NULL;
  NnStepResult result;
  gsize stride;

  fixture_fill (fixture, step, 0);
  nn_step_images (step, &stride)[5] = INFINITY;
  g_assert_false (
      nn_step_run (step, &(NnStepSchedule){ .update = 7, .momentum = 1 }, &result, &error));
  g_assert_error (error, NN_MODEL_ERROR, NN_MODEL_ERROR_DIVERGED);
  g_assert_nonnull (strstr (error->message, "update 7"));
  g_assert_nonnull (strstr (error->message, "optimizer.lr"));
}

/* Clipping bounds the norm of what the optimiser sees and leaves the reported norm alone: with
 * betas of 0 and a huge eps an update is lr times the clipped gradient over eps. */
static void
test_clipping (void)
{
  const double eps = 1, lr = 1, clip = 0.25;
  g_autoptr (Fixture) fixture = fixture_new (any_device (), "tiny-full");
  NnModel *model = fixture->model;
  NnOptimizerConfig *optimizer = &model->config.optimizer;
  double moved = 0, norm = 0;
  NnStepResult result;

  *optimizer = (NnOptimizerConfig){ .eps = eps, .grad_clip_norm = clip };
  optimizer->betas[1] = 0.9999;
  g_autoptr (NnStep) step = new_step (model, fixture_batch (fixture));
  fixture_fill (fixture, step, 0);
  /* A late update: 1 / (1 - beta2^t) is 1, so that v is a ten-thousandth of the gradient's square.
   */
  const NnStepSchedule late = { .update = 1000000, .lr = lr, .momentum = 1 };
  g_autofree float *before = g_new (float, nn_params_bytes (model->params) / 4);
  gsize at = 0;
  for (guint i = 0; i < model->params->table->len; i++)
    {
      const NnParam *param = nn_params_get (model->params, i);
      g_assert_true (nn_model_download (model, NN_SLAB_WEIGHTS, i, before + at, NULL));
      at += (gsize) param->rows * param->cols;
    }
  g_assert_true (nn_step_run (step, &late, &result, NULL));
  at = 0;
  for (guint i = 0; i < model->params->table->len; i++)
    {
      const NnParam *param = nn_params_get (model->params, i);
      const gsize n = (gsize) param->rows * param->cols;
      g_autofree float *values = g_new (float, n), *gradient = g_new (float, n);
      g_assert_true (nn_model_download (model, NN_SLAB_WEIGHTS, i, values, NULL));
      g_assert_true (nn_model_download (model, NN_SLAB_GRADIENT, i, gradient, NULL));
      for (gsize j = 0; j < n; j++)
        {
          moved += pow ((double) values[j] - (double) before[at + j], 2);
          norm += pow ((double) gradient[j], 2);
        }
      at += n;
    }
  g_assert_cmpfloat_with_epsilon (sqrt (norm), result.grad_norm, 1e-4 * result.grad_norm);
  g_assert_cmpfloat (result.grad_norm, >, 4 * clip);
  g_assert_cmpfloat_with_epsilon (sqrt (moved), clip * lr / eps, 0.01 * clip);
}

/* A forecast without a device is what a device then takes and does. */
static void
test_forecast (gconstpointer data)
{
  g_autofree char *path = fixture_file (data, "config.json");
  g_autoptr (GError) error = NULL;
  NnConfig config;
  NnForecast forecast;

  g_assert_true (nn_config_load (&config, path, &error));
  for (guint batch = 1; batch <= 6; batch += 5)
    {
      const guint64 before = gpu_device_get_allocated (any_device ());
      g_autoptr (NnModel) model = nn_model_new (any_device (), &config, NN_USE_TRAINING, &error);
      g_autoptr (NnStep) step = nn_step_new (model, &(NnStepOptions){ .batch = batch }, &error);
      g_assert_no_error (error);

      nn_step_forecast (&forecast, &config, batch);
      g_assert_cmpuint (forecast.device_bytes, ==,
                        gpu_device_get_allocated (any_device ()) - before);
      g_assert_cmpuint (forecast.step_flops, ==, gpu_stream_get_flops (nn_step_get_stream (step)));
      g_assert_cmpuint (forecast.dispatches, ==,
                        gpu_stream_get_dispatches (nn_step_get_stream (step)));
      g_assert_cmpuint (forecast.parameters, ==, nn_params_count (model->params));
      if (config.expedition.n_layers > 0)
        g_assert_cmpuint (forecast.encode_flops, <, forecast.full_flops);
      else
        g_assert_cmpuint (forecast.encode_flops, ==, forecast.full_flops);
    }
}

/* Drivers without large texel buffers have one way of reading. */
static gboolean
reads_texels (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) infos = gpu_device_list (&error);
  g_assert_no_error (error);
  g_assert_cmpuint (infos->len, >, 0);
  return ((const GpuDeviceInfo *) g_ptr_array_index (infos, 0))->texel_reads;
}

int
main (int argc, char **argv)
{
  static Case cases[G_N_ELEMENTS (reads) * G_N_ELEMENTS (names)];
  g_autoptr (GError) error = NULL;
  int status;

  g_test_init (&argc, &argv, NULL);
  for (guint r = 0; r < G_N_ELEMENTS (reads); r++)
    {
      const GpuDeviceOptions options = { .read = reads[r].read, .validate = TRUE };
      if (reads[r].read == GPU_READ_TEXEL && !reads_texels ())
        continue;
      devices[r] = gpu_device_open (&options, &error);
      g_assert_no_error (error);
      g_autofree char *warm = g_strconcat ("/step/warm/", reads[r].name, NULL);
      g_test_add_data_func (warm, GINT_TO_POINTER (reads[r].read), test_warm);
      for (guint i = 0; i < G_N_ELEMENTS (names); i++)
        {
          g_autofree char *path = g_strdup_printf ("/step/%s/%s", reads[r].name, names[i]);
          Case *c = &cases[r * G_N_ELEMENTS (names) + i];
          *c = (Case){ i, r };
          g_test_add_data_func (path, c, test_fixture);
        }
    }
  g_test_add_func ("/step/replay", test_replay);
  g_test_add_func ("/step/profiled", test_profiled);
  g_test_add_func ("/step/diverged", test_diverged);
  g_test_add_func ("/step/clipping", test_clipping);
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *path = g_strdup_printf ("/step/forecast/%s", names[i]);
      g_test_add_data_func (path, names[i], test_forecast);
    }
  status = g_test_run ();
  for (guint r = 0; r < G_N_ELEMENTS (reads); r++)
    gpu_device_unref (devices[r]);
  return status;
}
