/* The text encoder: a causal transformer read at the end of the text.
 *
 *   x = token_embedding[tokens] + positional;  blocks, causal;  f = ln_final (x[EOT]) text_projection
 */
#pragma once

#include "compute/ops/embed.h"
#include "models/nn/block.h"
#include "models/nn/head.h"

G_BEGIN_DECLS

typedef struct
{
  GpuTensor tokens;    /* [1,B*T] int32 */
  GpuTensor ends;      /* [1,B] int32: position of the largest id, EOT */
  GpuTokenIndex index; /* for backward alone */
} NnTextInput;

typedef struct
{
  guint batch;
  NnBlock blocks[NN_MAX_LAYERS];
  NnHead head;
} NnText;

void nn_text_init (NnText *text, const NnModel *model, guint batch);

/* Features [B,D], not normalised, into `features`. */
void nn_text_forward (NnContext *nn, NnText *text, GpuTensor features, const NnTextInput *input);
void nn_text_backward (NnContext *nn, NnText *text, GpuTensor dfeatures, const NnTextInput *input);

/* The position of the largest id of each text, the first where it stands more than once. tokens
 * [batch][context], ends [batch]. */
void nn_text_find_ends (gint32 *ends, const gint32 *tokens, guint batch, guint context);

G_END_DECLS
