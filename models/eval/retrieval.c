/* The first walk over all blocks finds the best right score of every question, the second counts
 * what is not below it. A wrong answer is counted with all others first and right ones are taken
 * out again, so that the inner loops have no branches. */
#include "models/eval/retrieval.h"

#include "models/eval/similarity.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK 1024

typedef struct
{
  const EvalTruth *truth;
  float *text_best, *image_best;      /* score of the best right answer */
  gint64 *text_before, *image_before; /* wrong answers not below it */
} Ranks;

/* A block of scores: texts first_text.. in rows, pictures first_image.. in columns. */
typedef struct
{
  const float *scores;
  gsize stride;
  guint first_text, texts;
  guint first_image, images;
} Block;

typedef void (*Visit) (Ranks *ranks, const Block *block);

typedef struct
{
  const gint32 *ids;
  guint context;
} Sequence;

static guint
hash_sequence (gconstpointer key)
{
  const Sequence *sequence = key;
  guint hash = 2166136261u;
  for (guint i = 0; i < sequence->context; i++)
    hash = (hash ^ (guint) sequence->ids[i]) * 16777619u;
  return hash;
}

static gboolean
same_sequence (gconstpointer a, gconstpointer b)
{
  const Sequence *x = a, *y = b;
  return memcmp (x->ids, y->ids, x->context * sizeof *x->ids) == 0;
}

static void
find_kinds (EvalTruth *truth, const gint32 *const *tokens, guint context)
{
  g_autoptr (GHashTable) known = g_hash_table_new (hash_sequence, same_sequence);
  g_autofree Sequence *sequences = g_new (Sequence, truth->texts);

  for (guint i = 0; i < truth->texts; i++)
    {
      gpointer kind;
      sequences[i] = (Sequence){ tokens[i], context };
      if (!g_hash_table_lookup_extended (known, &sequences[i], NULL, &kind))
        {
          kind = GUINT_TO_POINTER (truth->kinds++);
          g_hash_table_insert (known, &sequences[i], kind);
        }
      truth->kind[i] = GPOINTER_TO_UINT (kind);
    }
}

static int
compare_ids (gconstpointer a, gconstpointer b)
{
  const guint32 x = *(const guint32 *) a, y = *(const guint32 *) b;
  return (x > y) - (x < y);
}

/* Sorts each kind's pictures and leaves out repeats, closing the gaps. */
static void
make_unique (EvalTruth *truth)
{
  guint32 end = 0, begin = 0;

  for (guint k = 0; k < truth->kinds; k++)
    {
      const guint32 stop = truth->first[k + 1];
      qsort (truth->members + begin, stop - begin, sizeof *truth->members, compare_ids);
      truth->first[k] = end;
      for (guint32 i = begin; i < stop; i++)
        if (i == begin || truth->members[i] != truth->members[i - 1])
          truth->members[end++] = truth->members[i];
      begin = stop;
    }
  truth->first[truth->kinds] = end;
}

static void
find_members (EvalTruth *truth)
{
  truth->first = g_new0 (guint32, truth->kinds + 1);
  truth->members = g_new (guint32, MAX (truth->texts, 1));
  for (guint i = 0; i < truth->texts; i++)
    truth->first[truth->kind[i] + 1]++;
  for (guint k = 0; k < truth->kinds; k++)
    truth->first[k + 1] += truth->first[k];

  g_autofree guint32 *next = g_memdup2 (truth->first, sizeof *next * (truth->kinds + 1));
  for (guint i = 0; i < truth->texts; i++)
    truth->members[next[truth->kind[i]]++] = truth->owner[i];
  make_unique (truth);
}

EvalTruth *
eval_truth_new (const guint32 *owner, const gint32 *const *tokens, guint texts, guint pictures,
                guint context)
{
  EvalTruth *truth = g_new0 (EvalTruth, 1);
  truth->pictures = pictures;
  truth->texts = texts;
  truth->owner = g_new (guint32, MAX (texts, 1));
  truth->kind = g_new (guint32, MAX (texts, 1));
  for (guint i = 0; i < texts; i++)
    {
      g_assert (owner[i] < pictures);
      truth->owner[i] = owner[i];
    }
  find_kinds (truth, tokens, context);
  find_members (truth);
  return truth;
}

void
eval_truth_free (EvalTruth *truth)
{
  if (!truth)
    return;
  g_free (truth->owner);
  g_free (truth->kind);
  g_free (truth->first);
  g_free (truth->members);
  g_free (truth);
}

static void
find_best (Ranks *ranks, const Block *block)
{
  const EvalTruth *truth = ranks->truth;

  for (guint t = block->first_text; t < block->first_text + block->texts; t++)
    {
      const float *row = block->scores + (t - block->first_text) * block->stride;
      for (guint32 m = truth->first[truth->kind[t]]; m < truth->first[truth->kind[t] + 1]; m++)
        {
          const guint32 i = truth->members[m];
          if (i < block->first_image || i >= block->first_image + block->images)
            continue;
          const float score = row[i - block->first_image];
          if (score > ranks->text_best[t])
            ranks->text_best[t] = score;
          if (score > ranks->image_best[i])
            ranks->image_best[i] = score;
        }
    }
}

/* A score that is not a number is not below any, and so counts against the model. */
static inline gboolean
not_below (float score, float best)
{
  return !(score < best);
}

static void
count_before (Ranks *ranks, const Block *block)
{
  const EvalTruth *truth = ranks->truth;
  const float *image_best = ranks->image_best + block->first_image;
  gint64 *image_before = ranks->image_before + block->first_image;

  for (guint t = block->first_text; t < block->first_text + block->texts; t++)
    {
      const float *row = block->scores + (t - block->first_text) * block->stride;
      const float best = ranks->text_best[t];
      gint64 before = 0;
      for (guint i = 0; i < block->images; i++)
        before += not_below (row[i], best);
      for (guint i = 0; i < block->images; i++)
        image_before[i] += not_below (row[i], image_best[i]);

      for (guint32 m = truth->first[truth->kind[t]]; m < truth->first[truth->kind[t] + 1]; m++)
        {
          const guint32 i = truth->members[m] - block->first_image;
          if (truth->members[m] < block->first_image || i >= block->images)
            continue;
          before -= not_below (row[i], best);
          image_before[i] -= not_below (row[i], image_best[i]);
        }
      ranks->text_before[t] += before;
    }
}

static gboolean
walk (Ranks *ranks, EvalSimilarity *similarity, const float *image, const float *text, guint width,
      Visit visit, GError **error)
{
  const EvalTruth *truth = ranks->truth;
  Block block = { 0 };

  for (guint t = 0; t < truth->texts; t += BLOCK)
    {
      block.first_text = t;
      block.texts = MIN (BLOCK, truth->texts - t);
      if (!eval_similarity_set_rows (similarity, text + (gsize) t * width, block.texts, error))
        return FALSE;
      for (guint i = 0; i < truth->pictures; i += BLOCK)
        {
          block.first_image = i;
          block.images = MIN (BLOCK, truth->pictures - i);
          if (!eval_similarity_set_cols (similarity, image + (gsize) i * width, block.images,
                                         error))
            return FALSE;
          block.scores = eval_similarity_run (similarity, &block.stride, error);
          if (!block.scores)
            return FALSE;
          visit (ranks, &block);
        }
    }
  return TRUE;
}

static int
compare_counts (gconstpointer a, gconstpointer b)
{
  const gint64 x = *(const gint64 *) a, y = *(const gint64 *) b;
  return (x > y) - (x < y);
}

/* Sorts the counts. */
static void
summarise (double *r1, double *r5, double *r10, double *median, gint64 *before, guint n)
{
  guint within[3] = { 0 };
  static const gint64 limits[3] = { 1, 5, 10 };

  qsort (before, n, sizeof *before, compare_counts);
  for (guint k = 0; k < 3; k++)
    while (within[k] < n && before[within[k]] < limits[k])
      within[k]++;
  *r1 = (double) within[0] / n;
  *r5 = (double) within[1] / n;
  *r10 = (double) within[2] / n;
  *median = 1 + ((double) before[(n - 1) / 2] + (double) before[n / 2]) / 2;
}

gboolean
eval_recall (EvalRecall *recall, GpuDevice *device, const float *image, const float *text,
             const EvalTruth *truth, guint width, GError **error)
{
  const guint texts = truth->texts, pictures = truth->pictures;
  g_autoptr (EvalSimilarity) similarity = NULL;
  g_autofree float *text_best = g_new (float, texts);
  g_autofree float *image_best = g_new (float, pictures);
  g_autofree gint64 *text_before = g_new0 (gint64, texts);
  g_autofree gint64 *image_before = g_new0 (gint64, pictures);
  Ranks ranks = { truth, text_best, image_best, text_before, image_before };

  g_assert (texts > 0 && pictures > 0);
  for (guint i = 0; i < texts; i++)
    text_best[i] = -INFINITY;
  for (guint i = 0; i < pictures; i++)
    image_best[i] = -INFINITY;

  similarity =
      eval_similarity_new (device, MIN (BLOCK, texts), MIN (BLOCK, pictures), width, error);
  if (!similarity || !walk (&ranks, similarity, image, text, width, find_best, error)
      || !walk (&ranks, similarity, image, text, width, count_before, error))
    return FALSE;
  *recall = (EvalRecall){ .pictures = pictures, .texts = texts };
  summarise (&recall->t2i_r1, &recall->t2i_r5, &recall->t2i_r10, &recall->t2i_median, text_before,
             texts);
  summarise (&recall->i2t_r1, &recall->i2t_r5, &recall->i2t_r10, &recall->i2t_median, image_before,
             pictures);
  return TRUE;
}
