/* Where a training step's tensors lie and what its streams do. */
#include "models/nn/step_private.h"

#include "compute/ops/gemm.h"
#include "compute/ops/loss.h"
#include "compute/ops/normalize.h"
#include "compute/ops/optim.h"

/* exp of it is at most 100. */
#define MAX_LOGIT_SCALE 4.605170185988092f

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

static NnPairs
place_pairs (const NnStep *step, Placer *placer, guint rows, gboolean teacher)
{
  const guint d = (guint) step->model->config.embed_dim;
  NnPairs pairs = { .image = place (placer, rows, d), .text = place (placer, rows, d) };
  if (teacher)
    pairs.teacher = place (placer, rows, d);
  return pairs;
}

static void
place_inputs (NnStep *step, Placer *placer)
{
  const NnConfig *config = &step->model->config;
  const guint size = (guint) config->vision.image_size, b = step->part;
  const guint n = b * (guint) config->text.context_length;
  step->images = place (placer, b, 3 * size * size);
  step->captions.tokens = place (placer, 1, n);
  step->captions.ends = place (placer, 1, b);
  step->captions.index.ids = place (placer, 1, n + 1);
  step->captions.index.starts = place (placer, 1, n + 1);
  step->captions.index.rows = place (placer, 1, n);
  step->scalars = place (placer, 1, OPTIM_SCALARS);
  if (nn_step_is_whole (step))
    return;
  step->features = place_pairs (step, placer, step->batch, nn_model_has_teacher (step->model));
  step->part_gradients = place_pairs (step, placer, b, FALSE);
}

static void
place_results (NnStep *step, Placer *placer)
{
  step->losses = place (placer, 1, 4);
  step->norm = place (placer, 1, 1);
  if (nn_step_is_whole (step))
    return;
  step->part_features = place_pairs (step, placer, step->part, nn_model_has_teacher (step->model));
  step->gradients = place_pairs (step, placer, step->batch, FALSE);
}

static void
place_outputs (NnStep *step, Placer *placer)
{
  const gboolean teacher = nn_model_has_teacher (step->model);
  const guint b = step->batch;
  step->cosines = place (placer, b, b);
  if (teacher)
    step->teacher_cosines = place (placer, b, b);
  if (!nn_step_is_whole (step))
    return;
  step->features = step->part_features = place_pairs (step, placer, b, teacher);
  step->gradients = step->part_gradients = place_pairs (step, placer, b, FALSE);
}

static guint64
place_all (NnStep *step, void (*place_some) (NnStep *, Placer *), GpuBuffer *buffer)
{
  Placer placer = { .buffer = buffer };
  place_some (step, &placer);
  return placer.bytes;
}

guint64
nn_step_buffer_bytes (NnStep *step)
{
  return place_all (step, place_inputs, NULL) + place_all (step, place_results, NULL)
         + place_all (step, place_outputs, NULL);
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

gboolean
nn_step_make_buffers (NnStep *step, GError **error)
{
  return make_buffer (step, &step->inputs, place_inputs, GPU_MEMORY_UPLOAD, error)
         && make_buffer (step, &step->results, place_results, GPU_MEMORY_READBACK, error)
         && make_buffer (step, &step->outputs, place_outputs, GPU_MEMORY_DEVICE, error);
}

NnStep *
nn_step_new_unplanned (NnModel *model, guint batch, double keep_rate)
{
  NnStep *step = g_new0 (NnStep, 1);
  step->model = model;
  step->batch = batch;
  step->part = nn_config_micro_batch (&model->config, batch);
  step->n_streams = nn_step_is_whole (step) ? 1 : NN_N_PHASES;
  step->keep_rate = keep_rate ? keep_rate : model->config.expedition.keep_rate;
  nn_vision_init (&step->student, model, step->part, step->keep_rate);
  nn_vision_init (&step->teacher, model, step->part, 1);
  nn_text_init (&step->text, model, step->part);
  return step;
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

static void
teacher_cosines (NnStep *step, NnContext *nn, Unit t)
{
  Unit zb = normalise (nn, step->features.teacher);
  gpu_gemm (nn->stream, GPU_NT, step->teacher_cosines, zb.z, t.z, NULL);
  give_unit (nn, zb);
}

/* Of a product of unit vectors: dfeatures through z = norm (features), dz = dcosines other. Gradients of
 * weights add up what TN yields; where it adds to zeros here, no second TN is compiled. */
static void
unit_backward (NnContext *nn, GpuTensor dfeatures, Unit z, GpuLayout layout, GpuTensor dcosines,
               Unit other)
{
  GpuTensor dz = nn_take (nn, z.z.rows, z.z.cols);
  const GpuGemmOptions options = { .accumulate = layout == GPU_TN };
  if (options.accumulate)
    gpu_stream_zero (nn->stream, dz);
  gpu_gemm (nn->stream, layout, dz, dcosines, other.z, &options);
  gpu_normalize_backward (nn->stream, dfeatures, dz, z.z, z.inverse);
  nn_give (nn, dz);
}

/* The losses of all features and their gradients: dz = dimage t, dt = dtext^T z. */
static void
record_loss (NnStep *step, NnContext *nn)
{
  const NnDistillConfig *distill = &step->model->config.distill;
  const guint scale = step->model->params->logit_scale, b = step->batch;
  Unit z = normalise (nn, step->features.image), t = normalise (nn, step->features.text);
  if (nn_model_has_teacher (step->model))
    teacher_cosines (step, nn, t);

  GpuTensor dimage = nn_take (nn, b, b), dtext = nn_take (nn, b, b);
  gpu_gemm (nn->stream, GPU_NT, step->cosines, z.z, t.z, NULL);
  gpu_eclipse_loss (nn->stream, nn->arena, step->losses, dimage, dtext, nn_gradient (nn, scale),
                    step->cosines, step->teacher_cosines, nn_weight (nn, scale),
                    &(GpuLossOptions){ .weight = (float) distill->weight,
                                       .stop_grad_text = distill->stop_grad_text });
  unit_backward (nn, step->gradients.image, z, GPU_NN, dimage, t);
  unit_backward (nn, step->gradients.text, t, GPU_TN, dtext, z);
  nn_give (nn, dimage);
  nn_give (nn, dtext);
  give_unit (nn, z);
  give_unit (nn, t);
}

static void
record_student (NnStep *step, NnContext *nn, GpuTensor patches)
{
  nn_vision_forward (nn, &step->student, step->part_features.image, patches);
  nn_text_forward (nn, &step->text, step->part_features.text, &step->captions);
}

/* Returns the patches where the backward pass will want them. */
static GpuTensor
record_encode (NnStep *step, NnContext *nn)
{
  NnContext inference = *nn;
  GpuTensor patches = nn_vision_patchify (nn, step->images);
  inference.weights = NN_SLAB_TEACHER;
  inference.training = FALSE;
  if (nn_model_has_teacher (step->model))
    nn_vision_forward (&inference, &step->teacher, step->part_features.teacher, patches);
  record_student (step, nn, patches);
  nn_give_unless_training (nn, patches);
  return patches;
}

/* With micro-batches the part is encoded once more, to have what its backward pass needs. */
static void
record_backward (NnStep *step, NnContext *nn, GpuTensor patches)
{
  if (!nn_step_is_whole (step))
    {
      patches = nn_vision_patchify (nn, step->images);
      record_student (step, nn, patches);
    }
  nn_text_backward (nn, &step->text, step->part_gradients.text, &step->captions);
  nn_vision_backward (nn, &step->student, step->part_gradients.image, patches);
  nn_give (nn, patches);
}

static GpuTensor
gradient_block (NnStep *step, guint block)
{
  return nn_params_block (step->model->params, block, step->model->slabs[NN_SLAB_GRADIENT]);
}

static void
zero_gradients (NnStep *step, NnContext *nn)
{
  for (guint block = 0; block < step->model->params->n_blocks; block++)
    gpu_stream_zero (nn->stream, gradient_block (step, block));
}

static void
record_norm (NnStep *step, NnContext *nn)
{
  const guint n = step->model->params->n_blocks;
  g_autofree GpuTensor *gradients = g_new (GpuTensor, n);
  for (guint block = 0; block < n; block++)
    gradients[block] = gradient_block (step, block);
  gpu_gradient_norm (nn->stream, nn->arena, step->norm, gradients, n);
}

static void
update_span (NnStep *step, NnContext *nn, const NnSpan *span)
{
  const NnOptimizerConfig *optimizer = &step->model->config.optimizer;
  GPtrArray **slabs = step->model->slabs;
  gboolean decays = span->region == NN_REGION_VISUAL_DECAY || span->region == NN_REGION_TEXT_DECAY;
  gpu_adamw (nn->stream, nn_params_span (span, slabs[NN_SLAB_WEIGHTS]),
             nn_params_span (span, slabs[NN_SLAB_MOMENT1]),
             nn_params_span (span, slabs[NN_SLAB_MOMENT2]),
             nn_params_span (span, slabs[NN_SLAB_GRADIENT]), step->norm, step->scalars,
             &(GpuAdamw){ .beta1 = (float) optimizer->betas[0],
                          .beta2 = (float) optimizer->betas[1],
                          .eps = (float) optimizer->eps,
                          .decay = decays ? (float) optimizer->weight_decay : 0,
                          .clip = (float) optimizer->grad_clip_norm });
}

static void
record_update (NnStep *step, NnContext *nn)
{
  const NnParams *params = step->model->params;
  GPtrArray **slabs = step->model->slabs;
  record_norm (step, nn);
  for (guint i = 0; i < params->spans->len; i++)
    update_span (step, nn, &g_array_index (params->spans, NnSpan, i));
  gpu_clamp (nn->stream, nn_weight (nn, params->logit_scale), 0, MAX_LOGIT_SCALE);
  for (guint i = 0; nn_model_has_teacher (step->model) && i < params->spans->len; i++)
    {
      const NnSpan *span = &g_array_index (params->spans, NnSpan, i);
      if (span->region <= NN_REGION_VISUAL)
        gpu_ema (nn->stream, nn_params_span (span, slabs[NN_SLAB_TEACHER]),
                 nn_params_span (span, slabs[NN_SLAB_WEIGHTS]), step->scalars);
    }
}

void
nn_step_record (NnStep *step, GpuStream *const *streams)
{
  const guint last = step->n_streams - 1;
  NnContext nn = { .arena = step->arena, .model = step->model, .weights = NN_SLAB_WEIGHTS };
  nn.stream = streams[NN_PHASE_ENCODE];
  nn.training = nn_step_is_whole (step);
  GpuTensor patches = record_encode (step, &nn);
  nn.training = TRUE;
  nn.stream = streams[MIN (NN_PHASE_LOSS, last)];
  zero_gradients (step, &nn);
  record_loss (step, &nn);
  nn.stream = streams[MIN (NN_PHASE_BACKWARD, last)];
  record_backward (step, &nn, patches);
  nn.stream = streams[MIN (NN_PHASE_UPDATE, last)];
  record_update (step, &nn);
}
