/* The kernels of a training step, by device timestamps. */
#include "models/bench/clock.h"
#include "models/bench/trial.h"

#define SECONDS 3.0

/* Adds up the profiles of all repeats; their number is that of the clock's samples. */
static gboolean
measure (GArray *profile, BenchClock *clock, const Bench *bench, const NnConfig *config,
         GError **error)
{
  g_auto (BenchTrial) trial = { 0 };
  bench_trial_init (&trial, config);
  if (!bench_trial_plan (&trial, bench->device, config, error) || !bench_trial_step (&trial, error))
    return FALSE;
  nn_step_set_profiling (trial.step, TRUE);
  if (!bench_trial_step (&trial, error))
    return FALSE;
  bench_clock_init (clock, bench, SECONDS);
  while (bench_clock_is_on (clock))
    {
      const double begun = bench_now ();
      if (!bench_trial_step (&trial, error))
        return FALSE;
      bench_clock_add (clock, bench_now () - begun);
      g_autoptr (GArray) rows = nn_step_get_profile (trial.step, GPU_PROFILE_SHAPES, error);
      if (!rows)
        return FALSE;
      for (guint i = 0; i < rows->len; i++)
        gpu_profile_add (profile, &g_array_index (rows, GpuProfileRow, i), GPU_PROFILE_SHAPES);
    }
  gpu_profile_sort (profile);
  return TRUE;
}

static BenchRow *
new_row (const char *bench, const char *preset, double keep_rate)
{
  BenchRow *row = bench_row_new (bench);
  bench_row_add_text (row, "preset", preset);
  bench_row_add_number (row, "keep_rate", keep_rate);
  return row;
}

static void
emit_kernel (const Bench *bench, BenchRow *row, const GpuProfileRow *kernel, guint64 total,
             guint steps)
{
  const guint *shape = kernel->shape;
  const double seconds = (double) MAX (kernel->nanoseconds, 1) / 1e9;
  g_autofree char *label =
      shape[0] ? g_strdup_printf ("%ux%ux%u", shape[0], shape[1], shape[2]) : g_strdup ("");
  bench_row_add_text (row, "kernel", kernel->kernel);
  bench_row_add_text (row, "shape", label);
  bench_row_add_whole (row, "calls", kernel->calls / steps);
  bench_row_add_number (row, "ms", seconds * 1e3 / steps);
  bench_row_add_number (row, "share", (double) kernel->nanoseconds / (double) MAX (total, 1));
  bench_row_add_number (row, "gflops", (double) kernel->flops / seconds / 1e9);
  bench_row_add_number (row, "gb_per_s", (double) kernel->bytes / seconds / 1e9);
  bench->emit (row, bench->data);
}

static void
emit (const Bench *bench, const char *preset, double keep_rate, const GArray *profile,
      const BenchClock *clock)
{
  const guint64 total = gpu_profile_total (profile);
  const guint steps = clock->samples->len;
  guint dispatches = 0;
  for (guint i = 0; i < profile->len; i++)
    {
      const GpuProfileRow *kernel = &g_array_index (profile, GpuProfileRow, i);
      dispatches += kernel->calls / steps;
      emit_kernel (bench, new_row ("profile", preset, keep_rate), kernel, total, steps);
    }
  BenchRow *row = new_row ("profile-step", preset, keep_rate);
  bench_row_add_whole (row, "dispatches", dispatches);
  bench_row_add_number (row, "kernels_ms", (double) total / 1e6 / steps);
  bench_row_add_number (row, "ms", bench_clock_mean (clock) * 1e3);
  bench->emit (row, bench->data);
}

gboolean
bench_profile (const Bench *bench, const BenchPreset *preset, GError **error)
{
  for (guint i = 0; i < preset->n_keep_rates; i++)
    {
      g_autoptr (GArray) profile = gpu_profile_new ();
      g_auto (BenchClock) clock = { 0 };
      NnConfig config = *preset->config;
      config.expedition.keep_rate = preset->keep_rates[i];
      if (!measure (profile, &clock, bench, &config, error))
        return FALSE;
      if (profile->len > 0)
        emit (bench, preset->name, preset->keep_rates[i], profile, &clock);
    }
  return TRUE;
}
