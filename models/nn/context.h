/* What every layer needs while it records: where to, in which memory, with which weights.
 *
 * Layers come in forward/backward pairs. Forward takes over its input and returns its output; in
 * training it keeps what backward needs in a state struct, else it gives memory back as it goes.
 * Backward takes over the gradient of the output, returns the gradient of the input, and gives all
 * that forward kept. Gradients of parameters accumulate, those of activations are written.
 */
#pragma once

#include "models/nn/model.h"

G_BEGIN_DECLS

typedef struct
{
  GpuStream *stream;
  GpuArena *arena;
  const NnModel *model;
  NnSlab weights;    /* NN_SLAB_WEIGHTS or NN_SLAB_TEACHER */
  gboolean training; /* forward keeps what backward needs */
} NnContext;

static inline GpuTensor
nn_weight (const NnContext *nn, guint index)
{
  return nn_params_tensor (nn->model->params, index, nn->model->slabs[nn->weights]);
}

static inline GpuTensor
nn_gradient (const NnContext *nn, guint index)
{
  return nn_params_tensor (nn->model->params, index, nn->model->slabs[NN_SLAB_GRADIENT]);
}

static inline GpuTensor
nn_take (const NnContext *nn, guint rows, guint cols)
{
  return gpu_arena_take (nn->arena, rows, cols);
}

static inline void
nn_give (const NnContext *nn, GpuTensor tensor)
{
  gpu_arena_give (nn->arena, tensor);
}

/* For what only a backward pass would need. */
static inline void
nn_give_unless_training (const NnContext *nn, GpuTensor tensor)
{
  if (!nn->training)
    gpu_arena_give (nn->arena, tensor);
}

G_END_DECLS
