/* Pictures and captions ready for a model: data set, tokenizer, decoded cache and token ids.
 *
 * Opened once for a picture size and a context; items are numbered alike in all four. Immutable
 * once open: any thread may read it.
 */
#pragma once

#include "models/data/batch.h"
#include "models/data/cache.h"
#include "models/data/captions.h"
#include "models/data/dataset.h"

G_BEGIN_DECLS

/* Pictures of every shape must stay whole: clip art fills its frame, and a crop would cut it. */
#define DATA_PAIRS_FIT DATA_FIT_PAD

typedef struct
{
  DataSet *set;
  DataBpe *bpe;
  DataCache *cache;
  DataCaptions *captions;
} DataPairs;

typedef struct
{
  const char *folder;         /* the data set */
  guint size;                 /* side of the pictures, px */
  guint context;              /* ids a caption */
  guint vocab_size;           /* of the model: the tokenizer must not be larger */
  DataCacheProgress progress; /* while pictures are decoded for the first time; may be NULL */
  DataCacheReport report;     /* may be NULL */
  gpointer data;              /* for both */
  GCancellable *cancellable;  /* may be NULL */
} DataPairsOptions;

/* Decodes the pictures if there is no cache of this size yet. Errors name the file. */
DataPairs *data_pairs_open (const DataPairsOptions *options, GError **error);
void data_pairs_free (DataPairs *pairs);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DataPairs, data_pairs_free)

/* Items of a split whose picture could be decoded: *n of them, free with g_free. */
guint32 *data_pairs_dup_split (const DataPairs *pairs, DataSplit split, gsize *n);

G_END_DECLS
