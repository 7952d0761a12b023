/* The training step, as the trainer makes it: a batch copied in, one run, the losses read. */
#include "models/bench/clock.h"
#include "models/bench/synthetic.h"
#include "models/nn/step.h"

#include <string.h>

#define SECONDS 5.0
#define LEARNING_RATE 1e-4

/* A batch as the data threads would have it ready. */
typedef struct
{
  float *images;
  gint32 *tokens;
  gsize n_images, n_tokens;
} Batch;

static void
batch_clear (Batch *batch)
{
  g_free (batch->images);
  g_free (batch->tokens);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Batch, batch_clear)

static void
batch_init (Batch *batch, const NnConfig *config)
{
  const guint n = (guint) config->schedule.batch_size;
  const guint size = (guint) config->vision.image_size;
  const guint context = (guint) config->text.context_length;
  const gsize pixels = (gsize) 3 * size * size, stride = gpu_stride ((guint) pixels);
  *batch = (Batch){ .images = g_new0 (float, n *stride),
                    .tokens = g_new (gint32, (gsize) n * context),
                    .n_images = n * stride,
                    .n_tokens = (gsize) n * context };
  bench_fill_images (batch->images, n, pixels, stride);
  bench_fill_tokens (batch->tokens, n, context, (guint) config->text.vocab_size);
}

/* Of the repeats, and of the first step. */
typedef struct
{
  BenchClock steps, host;
  double first;
  guint64 device_bytes, grown_bytes;
} Times;

static void
times_clear (Times *times)
{
  bench_clock_clear (&times->steps);
  bench_clock_clear (&times->host);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Times, times_clear)

static gboolean
run_step (NnStep *step, const Batch *batch, guint64 update, const NnConfig *config, GError **error)
{
  gsize stride = 0;
  NnStepResult result;
  memcpy (nn_step_images (step, &stride), batch->images, batch->n_images * sizeof (float));
  memcpy (nn_step_tokens (step), batch->tokens, batch->n_tokens * sizeof (gint32));
  return nn_step_run (step,
                      &(NnStepSchedule){ .update = update,
                                         .lr = LEARNING_RATE,
                                         .momentum = config->distill.momentum },
                      &result, error);
}

static gboolean
repeat (Times *times, const Bench *bench, NnStep *step, const Batch *batch, const NnConfig *config,
        GError **error)
{
  const guint64 before = gpu_device_get_allocated (bench->device);
  bench_clock_init (&times->steps, bench, SECONDS);
  bench_clock_init (&times->host, bench, SECONDS);
  for (guint64 update = 3; bench_clock_is_on (&times->steps); update++)
    {
      const double begun = bench_now ();
      const gint64 waited = gpu_device_get_waited (bench->device);
      if (!run_step (step, batch, update, config, error))
        return FALSE;
      const double seconds = bench_now () - begun;
      const double device =
          (double) (gpu_device_get_waited (bench->device) - waited) / G_USEC_PER_SEC;
      bench_clock_add (&times->steps, seconds);
      bench_clock_add (&times->host, seconds - device);
    }
  times->grown_bytes = gpu_device_get_allocated (bench->device) - before;
  return TRUE;
}

static gboolean
measure (Times *times, const Bench *bench, const NnConfig *config, double keep_rate, GError **error)
{
  const NnStepOptions options = { .batch = (guint) config->schedule.batch_size,
                                  .keep_rate = keep_rate };
  const guint64 before = gpu_device_get_allocated (bench->device);
  g_auto (Batch) batch = { 0 };
  batch_init (&batch, config);

  const double begun = bench_now ();
  g_autoptr (NnModel) model = nn_model_new (bench->device, config, NN_USE_TRAINING, error);
  if (!model || !nn_model_init (model, 0, error))
    return FALSE;
  g_autoptr (NnStep) step = nn_step_new (model, &options, error);
  if (!step || !run_step (step, &batch, 1, config, error))
    return FALSE;
  times->first = bench_now () - begun;
  times->device_bytes = gpu_device_get_allocated (bench->device) - before;
  return run_step (step, &batch, 2, config, error)
         && repeat (times, bench, step, &batch, config, error);
}

static void
emit (const Bench *bench, const BenchPreset *preset, const NnConfig *config, const Times *times)
{
  const guint batch = (guint) config->schedule.batch_size;
  const double seconds = bench_clock_median (&times->steps);
  NnForecast forecast;
  nn_step_forecast (&forecast, config, batch);
  BenchRow *row = bench_row_new ("train");
  bench_row_add_text (row, "preset", preset->name);
  bench_row_add_number (row, "keep_rate", config->expedition.keep_rate);
  bench_row_add_whole (row, "batch", batch);
  bench_row_add_number (row, "pairs_per_s", batch / seconds);
  bench_row_add_speed (row, seconds, forecast.step_flops, 0);
  bench_row_add_number (row, "host_share", bench_clock_median (&times->host) / seconds);
  bench_row_add_whole (row, "device_bytes", times->device_bytes);
  bench_row_add_whole (row, "planned_bytes", forecast.device_bytes);
  bench_row_add_whole (row, "grown_bytes", times->grown_bytes);
  bench_row_add_number (row, "first_step_s", times->first);
  bench->emit (row, bench->data);
}

gboolean
bench_train (const Bench *bench, const BenchPreset *preset, GError **error)
{
  for (guint i = 0; i < preset->n_keep_rates; i++)
    {
      g_auto (Times) times = { 0 };
      NnConfig config = *preset->config;
      config.expedition.keep_rate = preset->keep_rates[i];
      if (!measure (&times, bench, &config, preset->keep_rates[i], error))
        return FALSE;
      emit (bench, preset, &config, &times);
    }
  return TRUE;
}
