/* Exact search among features that stay on the device.
 *
 * Built once, asked any number of times. Used on the device's thread.
 */
#pragma once

#include "compute/device.h"

G_BEGIN_DECLS

typedef struct _EvalIndex EvalIndex;

typedef struct
{
  guint32 item; /* row of the features */
  float score;  /* dot product with the query */
} EvalHit;

/* Copies features [n][width], n > 0. */
EvalIndex *eval_index_new (GpuDevice *device, const float *features, guint n, guint width,
                           GError **error);
void eval_index_free (EvalIndex *index);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EvalIndex, eval_index_free)

/* The k best of all n rows for query [width], best first, the earlier row first among equals, as
 * EvalHit (g_array_unref). Fewer when n is less. */
GArray *eval_index_search (EvalIndex *index, const float *query, guint k, GError **error);

G_END_DECLS
