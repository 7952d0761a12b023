#include "models/train/forecast.h"

#include "models/nn/encoder.h"

/* A text encoder, the student at its keep rate and the teacher at all tokens. */
static guint64
encoders_bytes (NnModel *model, guint batch)
{
  guint64 bytes =
      nn_encoder_forecast (model, NN_ENCODER_TEXT, batch, 1)
      + nn_encoder_forecast (model, NN_ENCODER_IMAGE, batch, model->config.expedition.keep_rate);
  if (nn_model_has_teacher (model))
    bytes += nn_encoder_forecast (model, NN_ENCODER_IMAGE, batch, 1);
  return bytes;
}

void
train_forecast (NnForecast *forecast, const NnConfig *config, gboolean evaluates)
{
  g_autoptr (NnModel) model = nn_model_new (NULL, config, NN_USE_TRAINING, NULL);
  nn_step_forecast (forecast, config, (guint) config->schedule.batch_size);
  forecast->device_bytes += encoders_bytes (model, (guint) config->run.probes);
  if (evaluates)
    forecast->device_bytes += encoders_bytes (model, (guint) config->eval.batch_size);
}
