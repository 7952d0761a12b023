#include "models/eval/index.h"

#include "models/eval/similarity.h"

#include <math.h>

#define BLOCK 16384

struct _EvalIndex
{
  GPtrArray *blocks; /* EvalSimilarity of one row and up to BLOCK columns */
  guint n;
};

EvalIndex *
eval_index_new (GpuDevice *device, const float *features, guint n, guint width, GError **error)
{
  g_autoptr (EvalIndex) index = g_new0 (EvalIndex, 1);

  g_assert (n > 0);
  index->n = n;
  index->blocks = g_ptr_array_new_with_free_func ((GDestroyNotify) eval_similarity_free);
  for (guint first = 0; first < n; first += BLOCK)
    {
      const guint count = MIN (BLOCK, n - first);
      EvalSimilarity *block = eval_similarity_new (device, 1, count, width, error);
      if (!block)
        return NULL;
      g_ptr_array_add (index->blocks, block);
      if (!eval_similarity_set_cols (block, features + (gsize) first * width, count, error))
        return NULL;
    }
  return g_steal_pointer (&index);
}

void
eval_index_free (EvalIndex *index)
{
  if (!index)
    return;
  g_ptr_array_unref (index->blocks);
  g_free (index);
}

/* Best first; what is no number comes last. */
static int
compare_hits (gconstpointer a, gconstpointer b)
{
  const EvalHit *x = a, *y = b;
  const float p = isnan (x->score) ? -INFINITY : x->score;
  const float q = isnan (y->score) ? -INFINITY : y->score;
  if (p != q)
    return p > q ? -1 : 1;
  return (x->item > y->item) - (x->item < y->item);
}

GArray *
eval_index_search (EvalIndex *index, const float *query, guint k, GError **error)
{
  g_autoptr (GArray) hits = g_array_sized_new (FALSE, FALSE, sizeof (EvalHit), index->n);

  for (guint b = 0; b < index->blocks->len; b++)
    {
      EvalSimilarity *block = g_ptr_array_index (index->blocks, b);
      const guint first = b * BLOCK, count = MIN (BLOCK, index->n - first);
      gsize stride;
      if (!eval_similarity_set_rows (block, query, 1, error))
        return NULL;
      const float *scores = eval_similarity_run (block, &stride, error);
      if (!scores)
        return NULL;
      for (guint i = 0; i < count; i++)
        {
          const EvalHit hit = { first + i, scores[i] };
          g_array_append_val (hits, hit);
        }
    }
  g_array_sort (hits, compare_hits);
  if (hits->len > k)
    g_array_set_size (hits, k);
  return g_steal_pointer (&hits);
}
