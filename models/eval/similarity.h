/* Dot products of feature rows with feature rows, on the device, a block at a time.
 *
 * One block is planned and replayed, so memory does not grow with the number of features and equal
 * blocks give equal bits. Used on the device's thread.
 */
#pragma once

#include "compute/device.h"

G_BEGIN_DECLS

typedef struct _EvalSimilarity EvalSimilarity;

/* Blocks of at most rows x cols products of features of `width` numbers. */
EvalSimilarity *eval_similarity_new (GpuDevice *device, guint rows, guint cols, guint width,
                                     GError **error);
void eval_similarity_free (EvalSimilarity *similarity);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EvalSimilarity, eval_similarity_free)

/* Copies features [n][width] for the next runs; n is at most the block's. */
gboolean eval_similarity_set_rows (EvalSimilarity *similarity, const float *features, guint n,
                                   GError **error);
gboolean eval_similarity_set_cols (EvalSimilarity *similarity, const float *features, guint n,
                                   GError **error);

/* Row r, column c at [r * stride + c]; borrowed until the next run. NULL on failure. */
const float *eval_similarity_run (EvalSimilarity *similarity, gsize *stride, GError **error);

G_END_DECLS
