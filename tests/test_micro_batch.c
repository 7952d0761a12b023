/* A step in micro-batches is the step of the whole batch: the reference agrees with both. */
#include "tests/fixture.h"

#include <math.h>
#include <string.h>

static const char *const names[] = { "tiny-full", "tiny-evit", "odd-patch", "odd-shrink" };

static GpuDevice *device;

static guint
batch_of (const char *name)
{
  g_autoptr (Fixture) fixture = fixture_new (device, name);

  return fixture_batch (fixture);
}

/* The fixture with micro-batches of 1/parts of its batch. */
static Fixture *
open_fixture (const char *name, guint parts)
{
  Fixture *fixture = fixture_new (device, name);
  const guint batch = fixture_batch (fixture);

  g_assert_cmpuint (batch % parts, ==, 0);
  fixture->model->config.schedule.micro_batch = (int) (batch / parts);
  g_assert_cmpuint (nn_config_micro_batch (&fixture->model->config, batch), ==, batch / parts);
  return fixture;
}

static NnStep *
new_step (const Fixture *fixture)
{
  const NnStepOptions options = { .batch = fixture_batch (fixture), .watch = TRUE };
  g_autoptr (GError) error = NULL;
  NnStep *step = nn_step_new (fixture->model, &options, &error);

  g_assert_no_error (error);
  return step;
}

/* Against the reference: features, losses, gradients, weights, and the losses of all its batches. */
static void
test_reference (gconstpointer name)
{
  const guint batch = batch_of (name);

  for (guint parts = 2; parts <= batch; parts++)
    {
      if (batch % parts != 0)
        continue;
      g_autoptr (Fixture) fixture = open_fixture (name, parts);
      g_autoptr (NnStep) step = new_step (fixture);

      fixture_check_step (fixture, step);
      g_assert_cmpstr (gpu_device_get_validation_text (device), ==, NULL);
    }
}

/* All gradients of a step on batch 0 after `times` runs of it without learning. */
static float *
gradients_after (const char *name, guint parts, guint times, gsize *n)
{
  g_autoptr (Fixture) fixture = open_fixture (name, parts);
  g_autoptr (NnStep) step = new_step (fixture);
  NnModel *model = fixture->model;
  NnStepResult result;
  float *values;
  gsize at = 0;

  fixture_fill (fixture, step, 0);
  for (guint i = 0; i < times; i++)
    g_assert_true (
        nn_step_run (step, &(NnStepSchedule){ .update = 1, .momentum = 1 }, &result, NULL));
  *n = nn_params_count (model->params);
  values = g_new (float, *n);
  for (guint i = 0; i < model->params->table->len; i++)
    {
      const NnParam *param = nn_params_get (model->params, i);
      g_assert_true (nn_model_download (model, NN_SLAB_GRADIENT, i, values + at, NULL));
      at += (gsize) param->rows * param->cols;
    }
  return values;
}

/* The gradient is the whole batch's but for rounding, and the same bits each time. */
static void
test_gradient (gconstpointer name)
{
  const guint b = batch_of (name);
  gsize n;
  g_autofree float *whole = gradients_after (name, 1, 1, &n);
  g_autofree float *parts = gradients_after (name, b, 1, &n);
  g_autofree float *again = gradients_after (name, b, 2, &n);
  double difference = 0, size = 0;

  for (gsize i = 0; i < n; i++)
    {
      difference += pow ((double) parts[i] - (double) whole[i], 2);
      size += pow ((double) whole[i], 2);
    }
  g_assert_cmpfloat (sqrt (difference), <=, 1e-5 * sqrt (size));
  g_assert_cmpmem (parts, n * sizeof *parts, again, n * sizeof *again);
}

/* A forecast of a step in parts is what it takes; less than the whole batch. */
static void
test_forecast (void)
{
  g_autofree char *path = fixture_file ("tiny-evit", "config.json");
  NnForecast whole, parts;
  NnConfig config;

  g_assert_true (nn_config_load (&config, path, NULL));
  nn_step_forecast (&whole, &config, 64);
  config.schedule.micro_batch = 4;
  nn_step_forecast (&parts, &config, 64);
  const guint64 before = gpu_device_get_allocated (device);
  g_autoptr (NnModel) model = nn_model_new (device, &config, NN_USE_TRAINING, NULL);
  g_autoptr (NnStep) step = nn_step_new (model, &(NnStepOptions){ .batch = 64 }, NULL);

  g_assert_nonnull (step);
  g_assert_cmpuint (parts.device_bytes, ==, gpu_device_get_allocated (device) - before);
  g_assert_cmpuint (2 * parts.device_bytes, <, whole.device_bytes);
  g_assert_cmpuint (parts.step_flops, >, whole.step_flops);
  g_assert_cmpuint (parts.step_flops, <, 3 * whole.step_flops / 2);
}

int
main (int argc, char **argv)
{
  const GpuDeviceOptions options = { .validate = TRUE };
  g_autoptr (GError) error = NULL;
  int status;

  g_test_init (&argc, &argv, NULL);
  device = gpu_device_open (&options, &error);
  g_assert_no_error (error);
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *reference = g_strconcat ("/micro-batch/reference/", names[i], NULL);
      g_autofree char *gradient = g_strconcat ("/micro-batch/gradient/", names[i], NULL);
      g_test_add_data_func (reference, names[i], test_reference);
      g_test_add_data_func (gradient, names[i], test_gradient);
    }
  g_test_add_func ("/micro-batch/forecast", test_forecast);
  status = g_test_run ();
  gpu_device_unref (device);
  return status;
}
