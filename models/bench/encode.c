/* Encoding pictures at several keep rates. */
#include "models/bench/clock.h"
#include "models/bench/synthetic.h"
#include "models/nn/encoder.h"
#include "models/nn/step.h"

#define SECONDS 3.0
#define MOST_RATES 16

typedef struct
{
  double keep_rate;
  guint64 flops; /* a picture */
  NnEncoder *encoder;
  BenchClock clock;
} Rate;

typedef struct
{
  Rate rates[MOST_RATES]; /* the first is 1, what others are compared with */
  guint n;
} Rates;

static void
rates_clear (Rates *rates)
{
  for (guint i = 0; i < rates->n; i++)
    {
      nn_encoder_free (rates->rates[i].encoder);
      bench_clock_clear (&rates->rates[i].clock);
    }
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Rates, rates_clear)

static gboolean
add (Rates *rates, const Bench *bench, NnModel *model, double keep_rate, GError **error)
{
  const guint batch = (guint) model->config.schedule.batch_size;
  Rate *rate = &rates->rates[rates->n++];
  NnConfig config = model->config;
  NnForecast forecast;
  gsize stride = 0;
  config.expedition.keep_rate = rate->keep_rate = keep_rate;
  nn_step_forecast (&forecast, &config, 1);
  rate->flops = forecast.encode_flops;
  bench_clock_init (&rate->clock, bench, SECONDS);
  rate->encoder = nn_encoder_new_image (
      model,
      &(NnEncoderOptions){ .batch = batch, .weights = NN_SLAB_WEIGHTS, .keep_rate = keep_rate },
      error);
  if (!rate->encoder)
    return FALSE;
  float *images = nn_encoder_images (rate->encoder, &stride);
  bench_fill_images (images, batch, nn_encoder_get_input (rate->encoder), stride);
  return TRUE;
}

static const Rate *
find (const Rates *rates, double keep_rate)
{
  for (guint i = 0; i < rates->n; i++)
    if (rates->rates[i].keep_rate == keep_rate)
      return &rates->rates[i];
  return NULL;
}

static gboolean
run (Rate *rate, double *seconds, GError **error)
{
  const double begun = bench_now ();
  const gboolean done =
      nn_encoder_run (rate->encoder, NULL, NULL, nn_encoder_get_batch (rate->encoder), error);
  *seconds = bench_now () - begun;
  return done;
}

static gboolean
measure (Rates *rates, GError **error)
{
  double seconds;
  for (guint i = 0; i < rates->n; i++)
    for (guint warm = 0; warm < 2; warm++)
      if (!run (&rates->rates[i], &seconds, error))
        return FALSE;
  for (guint i = 0; i < rates->n; i++)
    {
      rates->rates[i].clock.begun = g_get_monotonic_time ();
      rates->rates[i].clock.seconds *= rates->n; /* as they take turns */
    }
  while (bench_clock_is_on (&rates->rates[0].clock))
    for (guint i = 0; i < rates->n; i++)
      {
        if (!run (&rates->rates[i], &seconds, error))
          return FALSE;
        bench_clock_add (&rates->rates[i].clock, seconds);
      }
  return TRUE;
}

static void
emit (const Bench *bench, const char *preset, const Rate *rate, const Rate *full)
{
  const guint batch = nn_encoder_get_batch (rate->encoder);
  const double seconds = bench_clock_median (&rate->clock);
  const double speedup = bench_clock_median (&full->clock) / seconds;
  const double ideal = (double) full->flops / (double) rate->flops;
  BenchRow *row = bench_row_new ("encode");
  bench_row_add_text (row, "preset", preset);
  bench_row_add_number (row, "keep_rate", rate->keep_rate);
  bench_row_add_whole (row, "batch", batch);
  bench_row_add_number (row, "images_per_s", batch / seconds);
  bench_row_add_speed (row, seconds, rate->flops * batch, 0);
  bench_row_add_number (row, "speedup", speedup);
  bench_row_add_number (row, "ideal_speedup", ideal);
  bench_row_add_number (row, "ideal_share", speedup / ideal);
  bench->emit (row, bench->data);
}

gboolean
bench_encode (const Bench *bench, const BenchPreset *preset, GError **error)
{
  g_auto (Rates) rates = { 0 };
  g_autoptr (NnModel) model = nn_model_new (bench->device, preset->config, NN_USE_INFERENCE, error);
  if (!model || !nn_model_init (model, 0, error) || !add (&rates, bench, model, 1, error))
    return FALSE;
  for (guint i = 0; i < preset->n_keep_rates; i++)
    if (!find (&rates, preset->keep_rates[i]) && rates.n < MOST_RATES
        && !add (&rates, bench, model, preset->keep_rates[i], error))
      return FALSE;
  if (!measure (&rates, error))
    return FALSE;
  for (guint i = 0; i < preset->n_keep_rates; i++)
    {
      const Rate *rate = find (&rates, preset->keep_rates[i]);
      if (rate)
        emit (bench, preset->name, rate, &rates.rates[0]);
    }
  return TRUE;
}
