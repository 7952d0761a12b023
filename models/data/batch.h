/* Training batches, addressed by step number alone.
 *
 * Epoch e = step / floor (n / B); its items are a permutation drawn from (seed, e), the last
 * incomplete batch is dropped; each sample's caption, shift and flip are drawn from (seed, e,
 * item). So batch (step) is the same whenever and in whatever order it is asked for, and a resumed
 * run has no sampler state to restore. A thread prepares the steps that follow the one last asked
 * for.
 *
 * A DataBatches is used by one thread at a time; its own thread is hidden.
 */
#pragma once

#include "models/data/cache.h"
#include "models/data/captions.h"

G_BEGIN_DECLS

/* CLIP's normalisation: (x / 255 - mean) / std, by channel. */
extern const float data_batch_mean[3];
extern const float data_batch_std[3];

#define DATA_BATCH_ERROR (data_batch_error_quark ())
GQuark data_batch_error_quark (void);

typedef enum
{
  DATA_BATCH_ERROR_TOO_FEW, /* fewer usable items than the batch size */
  DATA_BATCH_ERROR_MEMORY,  /* batches larger than the system's memory */
} DataBatchError;

typedef struct _DataBatches DataBatches;

typedef struct
{
  DataCache *cache;             /* a reference is taken */
  const DataCaptions *captions; /* outlives the batches; n_items is the cache's count */
  const guint32 *items;         /* [n_items] the items to train on; copied. Those without picture or
                                 * caption are left out. NULL: all */
  gsize n_items;
  guint batch_size;
  guint64 seed;
  guint shift;       /* pictures move by up to this many pixels each way, white comes in; 0: off */
  double crop_scale; /* least area of a random resized crop; 0 or 1: off */
  gboolean flip;     /* half of the pictures are mirrored */
  gsize row_stride;  /* floats from one image to the next, >= 3 * S * S; 0: just that */
  guint ahead;       /* batches prepared ahead, 0: 2 */
} DataBatchesOptions;

typedef struct
{
  guint64 step;
  guint64 epoch;
  guint batch_size;
  gsize row_stride;
  guint context;
  float *images;     /* [B][row_stride], of which [3][S][S]; the rest of a row is 0 */
  gint32 *tokens;    /* [B][context] */
  gint32 *ends;      /* [B] position of the end of text */
  guint32 *items;    /* [B] item numbers, as in the cache */
  guint32 *captions; /* [B] caption numbers, as in DataCaptions */
} DataBatch;

/* Errors: DATA_BATCH_ERROR_TOO_FEW, naming the number of usable items and the batch size;
 * DATA_BATCH_ERROR_MEMORY. */
DataBatches *data_batches_new (const DataBatchesOptions *options, GError **error);
void data_batches_free (DataBatches *batches);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DataBatches, data_batches_free)

/* The usable items, and full batches of them: an epoch's length. */
gsize data_batches_get_n_items (const DataBatches *batches);
guint64 data_batches_get_steps_per_epoch (const DataBatches *batches);

/* The batch of any step; asking for consecutive steps is what is fast. Valid until the next call
 * or the end of BATCHES. */
const DataBatch *data_batches_get (DataBatches *batches, guint64 step);

/* image[3][size][size], normalised, of rgb[size][size][3]. Any thread. */
void data_batches_fill_picture (float *image, const guint8 *rgb, guint size);

/* For evaluation: the normalised pictures of items[n], unchanged otherwise, into
 * images[n][row_stride] (the rest of a row is set to 0). An item that could not be decoded is
 * white. Needs no DataBatches and may be called from any thread. */
void data_batches_fill_eval (float *images, const DataCache *cache, const guint32 *items, gsize n,
                             gsize row_stride);

G_END_DECLS
