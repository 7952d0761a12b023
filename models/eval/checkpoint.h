/* Opening weights to look at them: what the commands call CKPT.
 *
 * That is a run folder (its newest whole checkpoint) or a safetensors file: ours, which carries its
 * config in the metadata key "config", or open_clip's, which needs a config beside it.
 */
#pragma once

#include "models/nn/model.h"

G_BEGIN_DECLS

#define EVAL_CHECKPOINT_ERROR (eval_checkpoint_error_quark ())
GQuark eval_checkpoint_error_quark (void);

typedef enum
{
  EVAL_CHECKPOINT_ERROR_CONFIG, /* there is none, or it does not fit the weights */
} EvalCheckpointError;

typedef struct
{
  NnModel *model; /* for inference; with a teacher if the file has one */
  char *path;     /* of the file */
  gint64 step;    /* updates made, -1 where the file does not say */
} EvalCheckpoint;

/* config: a file to use in place of the checkpoint's own, or NULL. A model trained without
 * expedition can be run with it: its default blocks shrink then, at keep rates below 1. Errors name
 * the file, and the tensor with both shapes where weights and config differ. */
EvalCheckpoint *eval_checkpoint_open (GpuDevice *device, const char *path, const char *config,
                                      GError **error);
void eval_checkpoint_free (EvalCheckpoint *checkpoint);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EvalCheckpoint, eval_checkpoint_free)

G_END_DECLS
