/* The training step: pairs a second, the host's share, memory, and the first step. */
#include "models/bench/clock.h"
#include "models/bench/trial.h"

#define SECONDS 5.0

typedef struct
{
  BenchClock steps, host; /* of the repeats */
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
repeat (Times *times, const Bench *bench, BenchTrial *trial, GError **error)
{
  const guint64 before = gpu_device_get_allocated (bench->device);
  bench_clock_init (&times->steps, bench, SECONDS);
  bench_clock_init (&times->host, bench, SECONDS);
  while (bench_clock_is_on (&times->steps))
    {
      const double begun = bench_now ();
      const gint64 waited = gpu_device_get_waited (bench->device);
      if (!bench_trial_step (trial, error))
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
measure (Times *times, const Bench *bench, const NnConfig *config, GError **error)
{
  const guint64 before = gpu_device_get_allocated (bench->device);
  g_auto (BenchTrial) trial = { 0 };
  bench_trial_init (&trial, config);
  const double begun = bench_now ();
  if (!bench_trial_plan (&trial, bench->device, config, error) || !bench_trial_step (&trial, error))
    return FALSE;
  times->first = bench_now () - begun;
  times->device_bytes = gpu_device_get_allocated (bench->device) - before;
  return bench_trial_step (&trial, error) && repeat (times, bench, &trial, error);
}

static void
emit (const Bench *bench, const char *preset, const NnConfig *config, const Times *times)
{
  const guint batch = (guint) config->schedule.batch_size;
  const double seconds = bench_clock_median (&times->steps);
  NnForecast forecast;
  nn_step_forecast (&forecast, config, batch);
  BenchRow *row = bench_row_new ("train");
  bench_row_add_text (row, "preset", preset);
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
      if (!measure (&times, bench, &config, error))
        return FALSE;
      emit (bench, preset->name, &config, &times);
    }
  return TRUE;
}
