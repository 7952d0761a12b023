#include "models/bench/case.h"

#include "models/bench/clock.h"
#include "models/data/random.h"

#define SECONDS 0.5

GpuTensor
bench_case_take (BenchCase *c, guint rows, guint cols)
{
  GpuTensor tensor = gpu_arena_take (c->arena, rows, cols);
  g_array_append_val (c->tensors, tensor);
  return tensor;
}

/* Random numbers, since zeros would flatter some kernels, and what lies in memory might be NaN. */
static gboolean
fill (BenchCase *c, GError **error)
{
  for (guint t = 0; t < c->tensors->len; t++)
    {
      const GpuTensor tensor = g_array_index (c->tensors, GpuTensor, t);
      const gsize n = (gsize) tensor.rows * tensor.cols;
      g_autofree float *values = g_new (float, n + 3);
      for (gsize i = 0; i < n; i += 4)
        {
          guint32 words[4];
          data_random_words (words, 0, DATA_RANDOM_INIT, t, (guint32) (i / 4));
          for (guint j = 0; j < 4; j++)
            values[i + j] = data_random_unit (words[j]);
        }
      if (!gpu_tensor_upload (tensor, values, error))
        return FALSE;
    }
  return TRUE;
}

static void
place (BenchCase *c, const BenchCaseOps *ops, gpointer data)
{
  g_array_set_size (c->tensors, 0);
  ops->place (c, data);
}

/* Learns dry what memory the case takes, and what one call counts. */
static gboolean
plan (BenchCase *c, BenchCaseResult *result, const BenchCaseOps *ops, gpointer data, GError **error)
{
  c->stream = gpu_stream_new (NULL);
  place (c, ops, data);
  if (ops->prepare)
    ops->prepare (c, data);
  gpu_stream_reset (c->stream);
  ops->record (c, data);
  result->flops = gpu_stream_get_flops (c->stream);
  result->bytes = gpu_stream_get_bytes (c->stream);
  gpu_stream_free (c->stream);
  c->stream = gpu_stream_new (c->bench->device);
  return gpu_arena_commit (c->arena, c->bench->device, error);
}

static gboolean
measure (BenchCase *c, BenchCaseResult *result, const BenchCaseOps *ops, gpointer data,
         GError **error)
{
  g_auto (BenchClock) clock = { 0 };
  for (guint i = 0; i < ops->calls; i++)
    ops->record (c, data);
  if (!gpu_stream_run (c->stream, error) || !gpu_stream_run (c->stream, error))
    return FALSE;
  bench_clock_init (&clock, c->bench, SECONDS);
  while (bench_clock_is_on (&clock))
    {
      const double begun = bench_now ();
      if (!gpu_stream_run (c->stream, error))
        return FALSE;
      bench_clock_add (&clock, bench_now () - begun);
    }
  result->seconds = bench_clock_median (&clock) / ops->calls;
  return TRUE;
}

static gboolean
prepare (BenchCase *c, const BenchCaseOps *ops, gpointer data, GError **error)
{
  if (!ops->prepare)
    return TRUE;
  ops->prepare (c, data);
  if (!gpu_stream_run (c->stream, error))
    return FALSE;
  gpu_stream_reset (c->stream);
  return TRUE;
}

gboolean
bench_case_run (BenchCaseResult *result, const Bench *bench, const BenchCaseOps *ops, gpointer data,
                GError **error)
{
  g_autoptr (GpuArena) arena =
      gpu_arena_new (gpu_device_get_info (bench->device)->max_allocation_bytes);
  g_autoptr (GArray) tensors = g_array_new (FALSE, FALSE, sizeof (GpuTensor));
  BenchCase c = { .bench = bench, .arena = arena, .tensors = tensors };
  gboolean done = plan (&c, result, ops, data, error);
  if (done)
    place (&c, ops, data);
  done = done && fill (&c, error) && prepare (&c, ops, data, error)
         && measure (&c, result, ops, data, error);
  gpu_stream_free (c.stream);
  return done;
}
