/* What the image encoder's shrinking blocks did with the tokens of a batch, for those who look.
 *
 * Device tensors are filled while an encoder runs; nn_watch_read turns them into patches of the
 * input grid, through all earlier shrinks.
 */
#pragma once

#include "models/nn/vision.h"

G_BEGIN_DECLS

typedef struct
{
  guint layer;                /* the block, counted from 0 */
  guint tokens;               /* N entering it, CLS included */
  guint kept;                 /* K */
  GpuTensor attention, order; /* [B,N-1], and behind them what a part of the batch leaves */
} NnWatchedBlock;

typedef struct
{
  guint batch, patches;
  guint part; /* pictures the encoder takes at once; `batch` if it takes all */
  gboolean fuse;
  guint n_blocks;
  NnWatchedBlock blocks[NN_MAX_LAYERS];
  GpuBuffer *buffer;
} NnWatch;

/* Of one shrinking block; arrays are the caller's (nn_watch_tokens_clear). */
typedef struct
{
  guint layer, kept;
  gint32
      *kept_patches; /* [B][K] patch numbers, attention descending; -1: the earlier fused token */
  float *attention;  /* [B][P] of each patch; -1: dropped in an earlier block */
  float *fused;      /* [B] attention of the earlier fused token; -1: there is none */
} NnWatchTokens;

/* Makes memory for the shrinking blocks of `vision` and has them filled. Where the batch is larger
 * than what `vision` takes at once, each part is kept by nn_watch_keep() before the next runs. */
gboolean nn_watch_init (NnWatch *watch, NnVision *vision, const NnModel *model, guint batch,
                        GError **error);
void nn_watch_keep (NnWatch *watch, guint first);
void nn_watch_clear (NnWatch *watch);

/* After a run: one NnWatchTokens for each of watch->n_blocks. */
gboolean nn_watch_read (const NnWatch *watch, NnWatchTokens *tokens, GError **error);
void nn_watch_tokens_clear (NnWatchTokens *tokens);

/* The mapping alone, for one block of one picture: candidates[N-1] are patch numbers (or -1) of the
 * tokens entering, order[N-1] the block's ranking; next[K + fuse] are those that leave. */
void nn_watch_map (gint32 *next, const gint32 *candidates, const gint32 *order, guint kept,
                   gboolean fuse);

G_END_DECLS
