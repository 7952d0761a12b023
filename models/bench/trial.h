/* A training step to be measured: a model of random weights and a batch made up, repeated with all
 * that the trainer does around it: the batch copied in, one run, the losses read. */
#pragma once

#include "models/bench/bench.h"
#include "models/nn/step.h"

G_BEGIN_DECLS

typedef struct
{
  NnModel *model;
  NnStep *step;
  float *images; /* a batch as the data threads would have it ready */
  gint32 *tokens;
  gsize n_images, n_tokens;
  guint64 updates;
} BenchTrial;

/* Makes the batch, which is not measured. `trial` is cleared whatever comes. */
void bench_trial_init (BenchTrial *trial, const NnConfig *config);
/* Makes model and step. */
gboolean bench_trial_plan (BenchTrial *trial, GpuDevice *device, const NnConfig *config,
                           GError **error);
gboolean bench_trial_step (BenchTrial *trial, GError **error);
void bench_trial_clear (BenchTrial *trial);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (BenchTrial, bench_trial_clear)

G_END_DECLS
