#include "models/nn/step_private.h"

#include "compute/ops/embed.h"
#include "compute/ops/optim.h"

#include <math.h>
#include <string.h>

/* Records twice: dry, to learn what memory and which kernels it takes, and for the device. */
static gboolean
plan (NnStep *step, GError **error)
{
  g_autoptr (GpuStream) dry = gpu_stream_new_rehearsal (step->model->device);
  GpuStream *const all_dry[NN_N_PHASES] = { dry, dry, dry, dry };
  step->arena = gpu_arena_new (gpu_device_get_info (step->model->device)->max_allocation_bytes);
  nn_step_record (step, all_dry);
  if (!gpu_arena_commit (step->arena, step->model->device, error)
      || !gpu_stream_prepare (dry, error))
    return FALSE;
  for (guint i = 0; i < step->n_streams; i++)
    step->streams[i] = gpu_stream_new (step->model->device);
  nn_step_record (step, step->streams);
  return TRUE;
}

static void
make_host_memory (NnStep *step)
{
  const gsize b = step->batch, context = (gsize) step->model->config.text.context_length;
  step->tokens = g_new0 (gint32, b * context);
  step->ends = g_new0 (gint32, step->part);
  if (!nn_step_is_whole (step))
    step->pictures = g_new0 (float, b *gpu_tensor_stride (step->images));
}

NnStep *
nn_step_new (NnModel *model, const NnStepOptions *options, GError **error)
{
  g_autoptr (NnStep) step = nn_step_new_unplanned (model, options->batch, options->keep_rate);
  if (options->watch && !nn_watch_init (&step->watch, &step->student, model, options->batch, error))
    return NULL;
  if (!nn_step_make_buffers (step, error) || !plan (step, error))
    return NULL;
  make_host_memory (step);
  return g_steal_pointer (&step);
}

void
nn_step_free (NnStep *step)
{
  if (!step)
    return;
  for (guint i = 0; i < step->n_streams; i++)
    gpu_stream_free (step->streams[i]);
  gpu_arena_free (step->arena);
  nn_watch_clear (&step->watch);
  gpu_buffer_unref (step->inputs);
  gpu_buffer_unref (step->results);
  gpu_buffer_unref (step->outputs);
  g_free (step->pictures);
  g_free (step->tokens);
  g_free (step->ends);
  g_free (step);
}

float *
nn_step_images (NnStep *step, gsize *row_stride)
{
  *row_stride = gpu_tensor_stride (step->images);
  return step->pictures ? step->pictures : gpu_tensor_map (step->images);
}

gint32 *
nn_step_tokens (NnStep *step)
{
  return step->tokens;
}

/* The pictures and texts from pair `first` on, as many as a part has. */
static void
write_part (NnStep *step, guint first)
{
  const guint context = (guint) step->model->config.text.context_length;
  const gint32 *tokens = step->tokens + (gsize) first * context;
  const GpuTokenIndex *index = &step->captions.index;
  if (step->pictures)
    memcpy (gpu_tensor_map (step->images),
            step->pictures + (gsize) first * gpu_tensor_stride (step->images),
            gpu_tensor_bytes (step->images));
  nn_text_find_ends (step->ends, tokens, step->part, context);
  memcpy (gpu_tensor_map (step->captions.tokens), tokens,
          (gsize) step->part * context * sizeof *tokens);
  memcpy (gpu_tensor_map (step->captions.ends), step->ends, step->part * sizeof *step->ends);
  gpu_token_index_fill (gpu_tensor_map (index->ids), gpu_tensor_map (index->starts),
                        gpu_tensor_map (index->rows), tokens, step->ends, step->part, context);
}

static void
write_scalars (NnStep *step, const NnStepSchedule *schedule)
{
  const NnOptimizerConfig *optimizer = &step->model->config.optimizer;
  const double t = (double) schedule->update;
  float *scalars = gpu_tensor_map (step->scalars);
  scalars[OPTIM_LR] = (float) schedule->lr;
  scalars[OPTIM_C1] = (float) (1 / (1 - pow (optimizer->betas[0], t)));
  scalars[OPTIM_C2] = (float) (1 / (1 - pow (optimizer->betas[1], t)));
  scalars[OPTIM_MOMENTUM] = (float) schedule->momentum;
}

/* Carries the rows of a part between its own tensor and the batch's. */
static void
copy_rows (GpuTensor to, guint to_row, GpuTensor from, guint from_row, guint rows)
{
  const gsize stride = gpu_tensor_stride (to);
  if (to.rows == 0)
    return;
  memcpy ((float *) gpu_tensor_map (to) + to_row * stride,
          (const float *) gpu_tensor_map (from) + from_row * stride,
          ((rows - 1) * stride + gpu_width (to.cols)) * sizeof (float));
}

static void
keep_features (NnStep *step, guint first)
{
  copy_rows (step->features.image, first, step->part_features.image, 0, step->part);
  copy_rows (step->features.text, first, step->part_features.text, 0, step->part);
  copy_rows (step->features.teacher, first, step->part_features.teacher, 0, step->part);
}

static void
give_gradients (NnStep *step, guint first)
{
  copy_rows (step->part_gradients.image, 0, step->gradients.image, first, step->part);
  copy_rows (step->part_gradients.text, 0, step->gradients.text, first, step->part);
}

/* The exact gradient of the whole batch's loss with the memory of a part (Gao et al., "Scaling Deep
 * Contrastive Learning Batch Size under Memory Limited Setup", 2021): features of all parts, the
 * loss and its gradient by them, then each part again, with its rows of that gradient. */
static gboolean
run_parts (NnStep *step, GError **error)
{
  for (guint first = 0; first < step->batch; first += step->part)
    {
      write_part (step, first);
      if (!gpu_stream_run (step->streams[NN_PHASE_ENCODE], error))
        return FALSE;
      keep_features (step, first);
    }
  if (!gpu_stream_run (step->streams[NN_PHASE_LOSS], error))
    return FALSE;
  for (guint first = 0; first < step->batch; first += step->part)
    {
      write_part (step, first);
      give_gradients (step, first);
      if (!gpu_stream_run (step->streams[NN_PHASE_BACKWARD], error))
        return FALSE;
      nn_watch_keep (&step->watch, first);
    }
  return gpu_stream_run (step->streams[NN_PHASE_UPDATE], error);
}

static gboolean
run_whole (NnStep *step, GError **error)
{
  write_part (step, 0);
  return gpu_stream_run (step->streams[0], error);
}

gboolean
nn_step_run (NnStep *step, const NnStepSchedule *schedule, NnStepResult *result, GError **error)
{
  write_scalars (step, schedule);
  if (!(nn_step_is_whole (step) ? run_whole (step, error) : run_parts (step, error)))
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
  const GpuTensor tensors[] = { [NN_STEP_IMAGE_FEATURES] = step->features.image,
                                [NN_STEP_TEXT_FEATURES] = step->features.text,
                                [NN_STEP_TEACHER_FEATURES] = step->features.teacher,
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
  return step->streams[0];
}

void
nn_step_set_profiling (NnStep *step, gboolean profiling)
{
  for (guint i = 0; i < step->n_streams; i++)
    {
      gpu_stream_reset (step->streams[i]);
      gpu_stream_set_profiling (step->streams[i], profiling);
    }
  nn_step_record (step, step->streams);
}

/* Timestamps are those of the last part: it stands for all. */
static void
add_rows (GArray *profile, const GArray *rows, guint times, GpuProfileDetail detail)
{
  for (guint i = 0; i < rows->len; i++)
    {
      GpuProfileRow row = g_array_index (rows, GpuProfileRow, i);
      row.calls *= times;
      row.nanoseconds *= times;
      row.flops *= times;
      row.bytes *= times;
      gpu_profile_add (profile, &row, detail);
    }
}

GArray *
nn_step_get_profile (NnStep *step, GpuProfileDetail detail, GError **error)
{
  g_autoptr (GArray) profile = gpu_profile_new ();
  for (NnPhase phase = 0; phase < step->n_streams; phase++)
    {
      g_autoptr (GArray) rows = gpu_stream_get_profile (step->streams[phase], detail, error);
      if (!rows)
        return NULL;
      add_rows (profile, rows, nn_step_phase_runs (step, phase), detail);
    }
  gpu_profile_sort (profile);
  return g_steal_pointer (&profile);
}
