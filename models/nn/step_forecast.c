/* What a step will take and do, told without a device by recording it dry. */
#include "models/nn/step_private.h"

static guint64
vision_flops (NnModel *model, double keep_rate)
{
  g_autoptr (GpuStream) dry = gpu_stream_new (NULL);
  g_autoptr (GpuArena) arena = gpu_arena_new (0);
  NnContext nn = { .stream = dry, .arena = arena, .model = model, .weights = NN_SLAB_WEIGHTS };
  const guint size = (guint) model->config.vision.image_size;
  const GpuTensor image = { .rows = 1, .cols = 3 * size * size };
  const GpuTensor features = { .rows = 1, .cols = (guint) model->config.embed_dim };
  NnVision vision;
  nn_vision_init (&vision, model, 1, keep_rate);
  GpuTensor patches = nn_vision_patchify (&nn, image);
  nn_vision_forward (&nn, &vision, features, patches);
  return gpu_stream_get_flops (dry);
}

/* Encoding and going back is done for each part of the batch, the rest once. */
static void
count_work (NnForecast *forecast, const NnStep *step, GpuStream *const *streams)
{
  for (NnPhase phase = 0; phase < step->n_streams; phase++)
    {
      const guint times = nn_step_phase_runs (step, phase);
      forecast->step_flops += times * gpu_stream_get_flops (streams[phase]);
      forecast->dispatches += times * gpu_stream_get_dispatches (streams[phase]);
    }
}

void
nn_step_forecast (NnForecast *forecast, const NnConfig *config, guint batch)
{
  g_autoptr (NnModel) model = nn_model_new (NULL, config, NN_USE_TRAINING, NULL);
  g_autoptr (NnStep) step = nn_step_new_unplanned (model, batch, 0);
  const guint64 slabs =
      4 * nn_params_bytes (model->params)
      + (nn_model_has_teacher (model) ? nn_params_visual_bytes (model->params) : 0);
  step->arena = gpu_arena_new (0);
  for (guint i = 0; i < step->n_streams; i++)
    step->streams[i] = gpu_stream_new (NULL);
  *forecast = (NnForecast){ .parameters = nn_params_count (model->params),
                            .device_bytes = slabs + nn_step_buffer_bytes (step),
                            .encode_flops = vision_flops (model, step->keep_rate),
                            .full_flops = vision_flops (model, 1) };
  nn_step_record (step, step->streams);
  forecast->device_bytes += gpu_arena_get_bytes (step->arena);
  count_work (forecast, step, step->streams);
}
