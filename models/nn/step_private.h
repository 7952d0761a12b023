/* What the sources of the training step share. */
#pragma once

#include "models/nn/step.h"

/* A step of one part is one stream. With micro-batches it is four: the first and the third are
 * replayed for each part of the batch. */
typedef enum
{
  NN_PHASE_ENCODE,   /* features of a part, nothing kept */
  NN_PHASE_LOSS,     /* losses and the gradient by all features */
  NN_PHASE_BACKWARD, /* a part once more, and its gradient by the weights */
  NN_PHASE_UPDATE,
  NN_N_PHASES,
} NnPhase;

typedef struct
{
  GpuTensor image, text, teacher; /* not normalised; the teacher's only with a teacher */
} NnPairs;

struct _NnStep
{
  NnModel *model;
  guint batch; /* B */
  guint part;  /* b pairs are encoded at a time; b divides B and is B without micro-batches */
  double keep_rate;
  NnVision student, teacher;
  NnText text;
  NnWatch watch;

  float *pictures;       /* [B][stride], the host's own; NULL without micro-batches */
  gint32 *tokens, *ends; /* the host's own, [B][context] and [b] */

  GpuBuffer *inputs;  /* mapped, written by the host; on a card reading it back crosses the bus */
  GpuBuffer *results; /* mapped, read by the host */
  GpuBuffer *outputs; /* the device's alone */
  GpuTensor images, scalars;
  NnTextInput captions;
  GpuTensor losses, norm, cosines, teacher_cosines;
  /* [B,D] of the batch and [b,D] of the part at work, the same without micro-batches. With them the
   * host carries rows from one to the other, since what is recorded once always means one place. */
  NnPairs features, gradients, part_features, part_gradients;

  GpuArena *arena;
  GpuStream *streams[NN_N_PHASES];
  guint n_streams; /* 1, or a stream for each phase */
};

static inline gboolean
nn_step_is_whole (const NnStep *step)
{
  return step->part == step->batch;
}

/* How often a phase runs in a step. */
static inline guint
nn_step_phase_runs (const NnStep *step, NnPhase phase)
{
  return phase == NN_PHASE_ENCODE || phase == NN_PHASE_BACKWARD ? step->batch / step->part : 1;
}

/* step_plan.c: shapes without memory, for a config and batch of the model. */
NnStep *nn_step_new_unplanned (NnModel *model, guint batch, double keep_rate);
/* Bytes of the three buffers; they are made with a device. */
guint64 nn_step_buffer_bytes (NnStep *step);
gboolean nn_step_make_buffers (NnStep *step, GError **error);
/* Records every phase into its stream (one for all without micro-batches) and the step's arena. */
void nn_step_record (NnStep *step, GpuStream *const *streams);
