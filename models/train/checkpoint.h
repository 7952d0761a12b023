/* Checkpoints: everything a run needs to go on bit for bit.
 *
 * checkpoints/N.safetensors holds the weights under open_clip's keys, the teacher under
 * `teacher.visual.*`, AdamW's moments under `optimizer.moment1.*` and `optimizer.moment2.*`, and as
 * metadata `format` = "penumbra", `config` (the resolved JSON), `step` (updates made) and `wall`
 * (seconds trained). Batches, captions and augmentations are functions of seed and step, so there
 * is no sampler or random state beside them.
 */
#pragma once

#include "models/nn/model.h"

G_BEGIN_DECLS

typedef struct
{
  gint64 step;
  double wall; /* seconds of training up to here */
} TrainProgress;

/* Writes model (made for training) and progress; an existing file stays until the new is whole. */
gboolean train_checkpoint_save (const char *path, const NnModel *model,
                                const TrainProgress *progress, GError **error);

gboolean train_checkpoint_load (const char *path, NnModel *model, TrainProgress *progress,
                                GError **error);

G_END_DECLS
