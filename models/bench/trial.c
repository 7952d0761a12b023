#include "models/bench/trial.h"

#include "models/bench/synthetic.h"

#include <string.h>

#define LEARNING_RATE 1e-4

void
bench_trial_init (BenchTrial *trial, const NnConfig *config)
{
  const guint batch = (guint) config->schedule.batch_size;
  const guint size = (guint) config->vision.image_size;
  const guint context = (guint) config->text.context_length;
  const guint pixels = 3 * size * size;
  *trial = (BenchTrial){ .n_images = (gsize) batch * gpu_stride (pixels),
                         .n_tokens = (gsize) batch * context };
  trial->images = g_new0 (float, trial->n_images);
  trial->tokens = g_new0 (gint32, trial->n_tokens);
  bench_fill_images (trial->images, batch, pixels, gpu_stride (pixels));
  bench_fill_tokens (trial->tokens, batch, context, (guint) config->text.vocab_size);
}

gboolean
bench_trial_plan (BenchTrial *trial, GpuDevice *device, const NnConfig *config, GError **error)
{
  const NnStepOptions options = { .batch = (guint) config->schedule.batch_size,
                                  .keep_rate = config->expedition.keep_rate };
  trial->model = nn_model_new (device, config, NN_USE_TRAINING, error);
  if (!trial->model || !nn_model_init (trial->model, 0, error))
    return FALSE;
  trial->step = nn_step_new (trial->model, &options, error);
  return trial->step && gpu_device_warm (device, NULL, NULL, error);
}

gboolean
bench_trial_step (BenchTrial *trial, GError **error)
{
  const NnStepSchedule schedule = { .update = ++trial->updates,
                                    .lr = LEARNING_RATE,
                                    .momentum = trial->model->config.distill.momentum };
  gsize stride = 0;
  NnStepResult result;
  memcpy (nn_step_images (trial->step, &stride), trial->images, trial->n_images * sizeof (float));
  memcpy (nn_step_tokens (trial->step), trial->tokens, trial->n_tokens * sizeof (gint32));
  return nn_step_run (trial->step, &schedule, &result, error);
}

void
bench_trial_clear (BenchTrial *trial)
{
  g_clear_pointer (&trial->step, nn_step_free);
  g_clear_pointer (&trial->model, nn_model_free);
  g_clear_pointer (&trial->images, g_free);
  g_clear_pointer (&trial->tokens, g_free);
}
