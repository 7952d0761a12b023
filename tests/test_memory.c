/* Memory of a training run: what the forecast says, taken before the second step is over, and not a
 * byte more in a thousand steps. */
#include "tests/fixture.h"

enum
{
  STEPS = 1000,
};

static GpuDevice *device;

static void
run (NnStep *step, guint64 update)
{
  /* Too slow a rate to go anywhere: a thousand steps on one batch. */
  const NnStepSchedule schedule = { .update = update, .lr = 1e-6, .momentum = .99 };
  g_autoptr (GError) error = NULL;
  NnStepResult result;

  nn_step_run (step, &schedule, &result, &error);
  g_assert_no_error (error);
}

static void
test_flat (gconstpointer micro_batch)
{
  const guint64 before = gpu_device_get_allocated (device);
  g_autoptr (Fixture) fixture = fixture_new (device, "odd-shrink");
  const guint batch = fixture_batch (fixture);
  NnForecast forecast;

  fixture->model->config.schedule.micro_batch = GPOINTER_TO_INT (micro_batch);
  g_autoptr (NnStep) step = nn_step_new (fixture->model, &(NnStepOptions){ .batch = batch }, NULL);
  fixture_fill (fixture, step, 0);
  for (guint64 update = 1; update <= 2; update++)
    run (step, update);

  const guint64 bytes = gpu_device_get_allocated (device);
  const guint64 allocations = gpu_device_get_allocations (device);
  nn_step_forecast (&forecast, &fixture->model->config, batch);
  g_assert_cmpfloat ((double) (bytes - before), <=, 1.1 * (double) forecast.device_bytes);
  g_assert_cmpfloat ((double) (bytes - before), >=, 0.9 * (double) forecast.device_bytes);
  for (guint64 update = 3; update <= STEPS; update++)
    run (step, update);
  g_assert_cmpuint (gpu_device_get_allocated (device), ==, bytes);
  g_assert_cmpuint (gpu_device_get_allocations (device), ==, allocations);
}

/* The counters see what there is to see. */
static void
test_counters (void)
{
  const guint64 bytes = gpu_device_get_allocated (device);
  const guint64 allocations = gpu_device_get_allocations (device);
  g_autoptr (GpuBuffer) buffer = gpu_buffer_new (device, 1 << 20, GPU_MEMORY_DEVICE, NULL);

  g_assert_nonnull (buffer);
  g_assert_cmpuint (gpu_device_get_allocated (device), >=, bytes + (1 << 20));
  g_assert_cmpuint (gpu_device_get_allocations (device), ==, allocations + 1);
  g_clear_pointer (&buffer, gpu_buffer_unref);
  g_assert_cmpuint (gpu_device_get_allocated (device), ==, bytes);
}

int
main (int argc, char **argv)
{
  g_autoptr (GError) error = NULL;
  int status;

  g_test_init (&argc, &argv, NULL);
  device = gpu_device_open (NULL, &error);
  g_assert_no_error (error);
  g_test_add_func ("/memory/counters", test_counters);
  g_test_add_data_func ("/memory/flat/whole", GINT_TO_POINTER (0), test_flat);
  g_test_add_data_func ("/memory/flat/micro-batches", GINT_TO_POINTER (1), test_flat);
  status = g_test_run ();
  gpu_device_unref (device);
  return status;
}
