/* One training step of ECLIPSE, planned once and replayed.
 *
 *   zb = norm (teacher (x)), all tokens;  z = norm (student (x; keep rate));  t = norm (text (y))
 *   L = contrastive (s z t^T) + weight distillation (s z sg(t)^T, s zb t^T);  AdamW;  clamp s;  EMA
 *
 * (Kim et al., AAAI 2024; shared conventions in models/README.md.) Between runs only the inputs and
 * a few scalars change. With schedule.micro_batch only so many pairs are encoded at a time: the same
 * step with less memory, a second time through the encoders and rounding in another order. The model
 * outlives the step; both belong to the device's thread.
 */
#pragma once

#include "models/nn/text.h"
#include "models/nn/watch.h"

G_BEGIN_DECLS

typedef struct _NnStep NnStep;

typedef struct
{
  guint batch;
  double keep_rate; /* 0: the config's */
  gboolean watch;   /* keep the tokens' fate for nn_step_get_watch */
} NnStepOptions;

NnStep *nn_step_new (NnModel *model, const NnStepOptions *options, GError **error);
void nn_step_free (NnStep *step);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (NnStep, nn_step_free)

/* Where the next batch goes: normalised pixels [B][row_stride] of which [3][S][S], ids [B][context]
 * in [0, V). */
float *nn_step_images (NnStep *step, gsize *row_stride);
gint32 *nn_step_tokens (NnStep *step);

typedef struct
{
  guint64 update; /* t of AdamW, from 1 */
  double lr;
  double momentum; /* of the teacher */
} NnStepSchedule;

typedef struct
{
  double loss, contrastive, distillation;
  double logit_scale; /* s = exp of the parameter, before this update */
  double grad_norm;
} NnStepResult;

/* Runs one update on the batch. NN_MODEL_ERROR_DIVERGED when loss or norm is not finite: the weights
 * are spoilt then. */
gboolean nn_step_run (NnStep *step, const NnStepSchedule *schedule, NnStepResult *result,
                      GError **error);

/* What the last run saw before its update. [B,D] not normalised; [B,B] multiplied by s; the teacher's
 * only with a teacher. values [rows*cols] of the tensor. */
typedef enum
{
  NN_STEP_IMAGE_FEATURES,
  NN_STEP_TEXT_FEATURES,
  NN_STEP_TEACHER_FEATURES,
  NN_STEP_LOGITS,
  NN_STEP_TEACHER_LOGITS,
  NN_N_STEP_OUTPUTS,
} NnStepOutput;
gboolean nn_step_read (NnStep *step, NnStepOutput output, float *values, GError **error);

const NnWatch *nn_step_get_watch (const NnStep *step);
GpuStream *nn_step_get_stream (NnStep *step);

/* Records the step anew, with a timestamp around each kernel or without. Nothing else changes, no bit
 * of any result; on lavapipe the timestamps of a kernel cost some 20 microseconds. */
void nn_step_set_profiling (NnStep *step, gboolean profiling);
/* While profiling: where the last run's time went, as gpu_stream_get_profile. */
GArray *nn_step_get_profile (NnStep *step, GpuProfileDetail detail, GError **error);

typedef struct
{
  guint64 parameters;   /* learnt scalars, the teacher not counted */
  guint64 device_bytes; /* all buffers of model and step */
  guint64 step_flops;
  guint64 encode_flops; /* of the student's image encoder, a picture */
  guint64 full_flops;   /* the same at keep rate 1 */
  guint dispatches;     /* kernels a step */
} NnForecast;

/* Without any device: what training this config with this batch will take. */
void nn_step_forecast (NnForecast *forecast, const NnConfig *config, guint batch);

G_END_DECLS
