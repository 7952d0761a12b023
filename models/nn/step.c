#include "models/nn/step.h"

#include "compute/ops/layernorm.h"
#include "compute/ops/loss.h"
#include "compute/ops/normalize.h"
#include "compute/ops/optim.h"

#include <math.h>
#include <string.h>

/* exp of it is at most 100. */
#define MAX_LOGIT_SCALE 4.605170185988092f

struct _NnStep
{
  NnModel *model;
  guint batch;
  double keep_rate;
  NnVision student, teacher;
  NnText text;
  NnWatch watch;

  GpuBuffer *inputs; /* mapped, written by the host; on a card reading it back crosses the bus */
  GpuTensor images, scalars;
  NnTextInput captions;
  gint32 *tokens, *ends; /* the host's own, [B][context] and [B] */

  GpuBuffer *results; /* mapped, read by the host */
  GpuTensor losses, norm;

  GpuBuffer *outputs; /* kept from the forward pass */
  GpuTensor image_features, text_features, teacher_features, cosines, teacher_cosines;

  GpuArena *arena;
  GpuStream *stream;
};

/* Places tensors one behind the other; the first pass, without a buffer, only adds up. */
typedef struct
{
  GpuBuffer *buffer;
  guint64 bytes;
} Placer;

static GpuTensor
place (Placer *placer, guint rows, guint cols)
{
  GpuTensor tensor = { placer->buffer, placer->bytes, rows, cols };
  placer->bytes += gpu_tensor_footprint (rows, cols);
  return tensor;
}

static void
place_inputs (NnStep *step, Placer *placer)
{
  const NnConfig *config = &step->model->config;
  const guint size = (guint) config->vision.image_size, b = step->batch;
  const guint n = b * (guint) config->text.context_length;
  step->images = place (placer, b, 3 * size * size);
  step->captions.tokens = place (placer, 1, n);
  step->captions.ends = place (placer, 1, b);
  step->captions.index.ids = place (placer, 1, n + 1);
  step->captions.index.starts = place (placer, 1, n + 1);
  step->captions.index.rows = place (placer, 1, n);
  step->scalars = place (placer, 1, OPTIM_SCALARS);
}

static void
place_results (NnStep *step, Placer *placer)
{
  step->losses = place (placer, 1, 4);
  step->norm = place (placer, 1, 1);
}

static void
place_outputs (NnStep *step, Placer *placer)
{
  const guint b = step->batch, d = (guint) step->model->config.embed_dim;
  step->image_features = place (placer, b, d);
  step->text_features = place (placer, b, d);
  step->cosines = place (placer, b, b);
  if (!nn_model_has_teacher (step->model))
    return;
  step->teacher_features = place (placer, b, d);
  step->teacher_cosines = place (placer, b, b);
}

static guint64
place_all (NnStep *step, void (*place_some) (NnStep *, Placer *), GpuBuffer *buffer)
{
  Placer placer = { .buffer = buffer };
  place_some (step, &placer);
  return placer.bytes;
}

static gboolean
make_buffer (NnStep *step, GpuBuffer **buffer, void (*place_some) (NnStep *, Placer *),
             GpuMemory memory, GError **error)
{
  *buffer = gpu_buffer_new (step->model->device, place_all (step, place_some, NULL), memory, error);
  if (!*buffer)
    return FALSE;
  place_all (step, place_some, *buffer);
  return TRUE;
}

/* z = norm (features); gives memory for both outputs that backward needs. */
typedef struct
{
  GpuTensor z, inverse;
} Unit;

static Unit
normalise (NnContext *nn, GpuTensor features)
{
  Unit unit = { nn_take (nn, features.rows, features.cols), nn_take (nn, features.rows, 1) };
  gpu_normalize (nn->stream, unit.z, unit.inverse, features);
  return unit;
}

static void
give_unit (NnContext *nn, Unit unit)
{
  nn_give (nn, unit.z);
  nn_give (nn, unit.inverse);
}

static GpuTensor
normalise_backward (NnContext *nn, GpuTensor dz, Unit unit)
{
  GpuTensor dx = nn_take (nn, dz.rows, dz.cols);
  gpu_normalize_backward (nn->stream, dx, dz, unit.z, unit.inverse);
  nn_give (nn, dz);
  return dx;
}

/* Gt = zb t^T, before anything of the student takes memory; zb is kept until t is known. */
static Unit
teacher_forward (NnStep *step, NnContext *nn, GpuTensor patches)
{
  NnContext inference = *nn;
  inference.weights = NN_SLAB_TEACHER;
  inference.training = FALSE;
  nn_vision_forward (&inference, &step->teacher, step->teacher_features, patches);
  return normalise (nn, step->teacher_features);
}

typedef struct
{
  GpuTensor dimage, dtext; /* [B,B] by the cosines, along either path */
} LossGradient;

static LossGradient
loss (NnStep *step, NnContext *nn, Unit z, Unit t)
{
  const NnConfig *config = &step->model->config;
  const guint b = step->batch;
  LossGradient gradient = { nn_take (nn, b, b), nn_take (nn, b, b) };
  gpu_gemm (nn->stream, GPU_NT, step->cosines, z.z, t.z, NULL);
  gpu_eclipse_loss (nn->stream, nn->arena, step->losses, gradient.dimage, gradient.dtext,
                    nn_gradient (nn, step->model->params->logit_scale), step->cosines,
                    step->teacher_cosines, nn_weight (nn, step->model->params->logit_scale),
                    &(GpuLossOptions){ .weight = (float) config->distill.weight,
                                       .stop_grad_text = config->distill.stop_grad_text });
  return gradient;
}

/* dz = dimage t, dt = dtext^T z, and on through the encoders. */
static void
backward (NnStep *step, NnContext *nn, LossGradient gradient, Unit z, Unit t, GpuTensor patches)
{
  GpuTensor dz = nn_take (nn, z.z.rows, z.z.cols), dt = nn_take (nn, t.z.rows, t.z.cols);
  gpu_gemm (nn->stream, GPU_NN, dz, gradient.dimage, t.z, NULL);
  gpu_gemm (nn->stream, GPU_TN, dt, gradient.dtext, z.z, NULL);
  nn_give (nn, gradient.dimage);
  nn_give (nn, gradient.dtext);

  GpuTensor dimage = normalise_backward (nn, dz, z);
  GpuTensor dtext = normalise_backward (nn, dt, t);
  nn_text_backward (nn, &step->text, dtext, &step->captions);
  nn_vision_backward (nn, &step->student, dimage, patches);
  nn_give (nn, dtext);
  nn_give (nn, dimage);
}

static GpuTensor
whole_slab (NnStep *step, NnSlab slab)
{
  return (GpuTensor){ step->model->slabs[slab], 0, 1,
                      (guint) (nn_params_bytes (step->model->params) / 4) };
}

static void
update (NnStep *step, NnContext *nn)
{
  const NnOptimizerConfig *optimizer = &step->model->config.optimizer;
  const NnParams *params = step->model->params;
  GpuBuffer **slabs = step->model->slabs;
  gpu_gradient_norm (nn->stream, nn->arena, step->norm, whole_slab (step, NN_SLAB_GRADIENT));
  for (NnRegion region = 0; region < NN_N_REGIONS; region++)
    {
      gboolean decays = region == NN_REGION_VISUAL_DECAY || region == NN_REGION_TEXT_DECAY;
      gpu_adamw (nn->stream, nn_params_region (params, region, slabs[NN_SLAB_WEIGHTS]),
                 nn_params_region (params, region, slabs[NN_SLAB_MOMENT1]),
                 nn_params_region (params, region, slabs[NN_SLAB_MOMENT2]),
                 nn_params_region (params, region, slabs[NN_SLAB_GRADIENT]), step->norm,
                 step->scalars,
                 &(GpuAdamw){ .beta1 = (float) optimizer->betas[0],
                              .beta2 = (float) optimizer->betas[1],
                              .eps = (float) optimizer->eps,
                              .decay = decays ? (float) optimizer->weight_decay : 0,
                              .clip = (float) optimizer->grad_clip_norm });
    }
  gpu_clamp (nn->stream, nn_weight (nn, params->logit_scale), 0, MAX_LOGIT_SCALE);
  if (!nn_model_has_teacher (step->model))
    return;
  for (NnRegion region = NN_REGION_VISUAL_DECAY; region <= NN_REGION_VISUAL; region++)
    gpu_ema (nn->stream, nn_params_region (params, region, slabs[NN_SLAB_TEACHER]),
             nn_params_region (params, region, slabs[NN_SLAB_WEIGHTS]), step->scalars);
}

static void
record (NnStep *step, GpuStream *stream)
{
  NnContext nn = { .stream = stream,
                   .arena = step->arena,
                   .model = step->model,
                   .weights = NN_SLAB_WEIGHTS,
                   .training = TRUE };
  gboolean has_teacher = nn_model_has_teacher (step->model);
  Unit zb = { 0 };
  gpu_stream_zero (stream, whole_slab (step, NN_SLAB_GRADIENT));
  GpuTensor patches = nn_vision_patchify (&nn, step->images);
  if (has_teacher)
    zb = teacher_forward (step, &nn, patches);
  nn_vision_forward (&nn, &step->student, step->image_features, patches);
  nn_text_forward (&nn, &step->text, step->text_features, &step->captions);

  Unit z = normalise (&nn, step->image_features), t = normalise (&nn, step->text_features);
  if (has_teacher)
    {
      gpu_gemm (stream, GPU_NT, step->teacher_cosines, zb.z, t.z, NULL);
      give_unit (&nn, zb);
    }
  LossGradient gradient = loss (step, &nn, z, t);
  backward (step, &nn, gradient, z, t, patches);
  give_unit (&nn, z);
  give_unit (&nn, t);
  nn_give (&nn, patches);
  update (step, &nn);
}

static void
init_encoders (NnStep *step)
{
  nn_vision_init (&step->student, step->model, step->batch, step->keep_rate);
  nn_vision_init (&step->teacher, step->model, step->batch, 1);
  nn_text_init (&step->text, step->model, step->batch);
}

static NnStep *
new_unplanned (NnModel *model, const NnStepOptions *options)
{
  NnStep *step = g_new0 (NnStep, 1);
  step->model = model;
  step->batch = options->batch;
  step->keep_rate = options->keep_rate ? options->keep_rate : model->config.expedition.keep_rate;
  init_encoders (step);
  return step;
}

/* Records twice: dry, to learn what memory it takes, and for the device. */
static gboolean
plan (NnStep *step, GError **error)
{
  g_autoptr (GpuStream) dry = gpu_stream_new (NULL);
  step->arena = gpu_arena_new (gpu_device_get_info (step->model->device)->max_allocation_bytes);
  record (step, dry);
  if (!gpu_arena_commit (step->arena, step->model->device, error))
    return FALSE;
  step->stream = gpu_stream_new (step->model->device);
  record (step, step->stream);
  return TRUE;
}

void
nn_step_set_profiling (NnStep *step, gboolean profiling)
{
  gpu_stream_reset (step->stream);
  gpu_stream_set_profiling (step->stream, profiling);
  record (step, step->stream);
}

NnStep *
nn_step_new (NnModel *model, const NnStepOptions *options, GError **error)
{
  g_autoptr (NnStep) step = new_unplanned (model, options);
  if (options->watch && !nn_watch_init (&step->watch, &step->student, model, error))
    return NULL;
  step->tokens = g_new0 (gint32, (gsize) step->batch * (gsize) model->config.text.context_length);
  step->ends = g_new0 (gint32, step->batch);
  if (!make_buffer (step, &step->inputs, place_inputs, GPU_MEMORY_UPLOAD, error)
      || !make_buffer (step, &step->results, place_results, GPU_MEMORY_READBACK, error)
      || !make_buffer (step, &step->outputs, place_outputs, GPU_MEMORY_DEVICE, error)
      || !plan (step, error))
    return NULL;
  return g_steal_pointer (&step);
}

void
nn_step_free (NnStep *step)
{
  if (!step)
    return;
  gpu_stream_free (step->stream);
  gpu_arena_free (step->arena);
  nn_watch_clear (&step->watch);
  gpu_buffer_unref (step->inputs);
  gpu_buffer_unref (step->results);
  gpu_buffer_unref (step->outputs);
  g_free (step->tokens);
  g_free (step->ends);
  g_free (step);
}

float *
nn_step_images (NnStep *step, gsize *row_stride)
{
  *row_stride = gpu_tensor_stride (step->images);
  return gpu_tensor_map (step->images);
}

gint32 *
nn_step_tokens (NnStep *step)
{
  return step->tokens;
}

static void
write_inputs (NnStep *step, const NnStepSchedule *schedule)
{
  const NnOptimizerConfig *optimizer = &step->model->config.optimizer;
  const guint context = (guint) step->model->config.text.context_length;
  const double t = (double) schedule->update;
  const GpuTokenIndex *index = &step->captions.index;
  float *scalars = gpu_tensor_map (step->scalars);
  nn_text_find_ends (step->ends, step->tokens, step->batch, context);
  memcpy (gpu_tensor_map (step->captions.tokens), step->tokens,
          (gsize) step->batch * context * sizeof *step->tokens);
  memcpy (gpu_tensor_map (step->captions.ends), step->ends, step->batch * sizeof *step->ends);
  gpu_token_index_fill (gpu_tensor_map (index->ids), gpu_tensor_map (index->starts),
                        gpu_tensor_map (index->rows), step->tokens, step->ends, step->batch,
                        context);
  scalars[OPTIM_LR] = (float) schedule->lr;
  scalars[OPTIM_C1] = (float) (1 / (1 - pow (optimizer->betas[0], t)));
  scalars[OPTIM_C2] = (float) (1 / (1 - pow (optimizer->betas[1], t)));
  scalars[OPTIM_MOMENTUM] = (float) schedule->momentum;
}

gboolean
nn_step_run (NnStep *step, const NnStepSchedule *schedule, NnStepResult *result, GError **error)
{
  write_inputs (step, schedule);
  if (!gpu_stream_run (step->stream, error))
    return FALSE;

  const float *losses = gpu_tensor_map (step->losses);
  const float *norm = gpu_tensor_map (step->norm);
  *result = (NnStepResult){ .loss = losses[0],
                            .contrastive = losses[1],
                            .distillation = losses[2],
                            .logit_scale = losses[3],
                            .grad_norm = norm[0] };
  if (isfinite (result->loss) && isfinite (result->grad_norm))
    return TRUE;
  g_set_error (error, NN_MODEL_ERROR, NN_MODEL_ERROR_DIVERGED,
               "the loss is %g and the gradient norm %g after update %" G_GUINT64_FORMAT
               ": lower optimizer.lr or set optimizer.grad_clip_norm",
               result->loss, result->grad_norm, schedule->update);
  return FALSE;
}

gboolean
nn_step_read (NnStep *step, NnStepOutput output, float *values, GError **error)
{
  const GpuTensor tensors[] = { [NN_STEP_IMAGE_FEATURES] = step->image_features,
                                [NN_STEP_TEXT_FEATURES] = step->text_features,
                                [NN_STEP_TEACHER_FEATURES] = step->teacher_features,
                                [NN_STEP_LOGITS] = step->cosines,
                                [NN_STEP_TEACHER_LOGITS] = step->teacher_cosines };
  const float *losses = gpu_tensor_map (step->losses);
  GpuTensor tensor = tensors[output];
  g_assert (tensor.rows);
  if (!gpu_tensor_download (tensor, values, error))
    return FALSE;
  if (output >= NN_STEP_LOGITS)
    for (gsize i = 0; i < (gsize) tensor.rows * tensor.cols; i++)
      values[i] *= losses[3];
  return TRUE;
}

const NnWatch *
nn_step_get_watch (const NnStep *step)
{
  return &step->watch;
}

GpuStream *
nn_step_get_stream (NnStep *step)
{
  return step->stream;
}

GArray *
nn_step_get_profile (NnStep *step, GpuProfileDetail detail, GError **error)
{
  return gpu_stream_get_profile (step->stream, detail, error);
}

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

void
nn_step_forecast (NnForecast *forecast, const NnConfig *config, guint batch)
{
  g_autoptr (NnModel) model = nn_model_new (NULL, config, NN_USE_TRAINING, NULL);
  g_autoptr (NnStep) step = new_unplanned (model, &(NnStepOptions){ .batch = batch });
  g_autoptr (GpuStream) dry = gpu_stream_new (NULL);
  const guint64 slabs =
      4 * nn_params_bytes (model->params)
      + (nn_model_has_teacher (model) ? nn_params_visual_bytes (model->params) : 0);
  guint64 own = place_all (step, place_inputs, NULL) + place_all (step, place_results, NULL)
                + place_all (step, place_outputs, NULL);
  step->arena = gpu_arena_new (0);
  record (step, dry);
  *forecast = (NnForecast){
    .parameters = nn_params_count (model->params),
    .device_bytes = slabs + own + gpu_arena_get_bytes (step->arena),
    .step_flops = gpu_stream_get_flops (dry),
    .encode_flops = vision_flops (model, step->keep_rate),
    .full_flops = vision_flops (model, 1),
    .dispatches = gpu_stream_get_dispatches (dry),
  };
}
