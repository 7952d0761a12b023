#include "models/data/pairs.h"

static DataCache *
open_cache (const DataSet *set, const DataPairsOptions *options, GError **error)
{
  const guint n = data_set_get_n_items (set);
  g_autofree const char **files = g_new (const char *, n);
  g_autofree const char **keys = g_new (const char *, n);
  for (guint i = 0; i < n; i++)
    {
      files[i] = data_set_get_item (set, i)->path;
      keys[i] = data_set_get_item (set, i)->id;
    }
  return data_cache_open (&(DataCacheOptions){ .dir = data_set_get_folder (set),
                                               .files = files,
                                               .keys = keys,
                                               .count = n,
                                               .size = options->size,
                                               .fit = DATA_PAIRS_FIT,
                                               .progress = options->progress,
                                               .report = options->report,
                                               .data = options->data,
                                               .cancellable = options->cancellable },
                          error);
}

static DataCaptions *
encode_captions (const DataSet *set, const DataBpe *bpe, guint context)
{
  const guint n = data_set_get_n_items (set);
  g_autofree const char *const **texts = g_new (const char *const *, n);
  for (guint i = 0; i < n; i++)
    texts[i] = (const char *const *) data_set_get_item (set, i)->captions;
  return data_captions_new (bpe, texts, n, context);
}

DataPairs *
data_pairs_open (const DataPairsOptions *options, GError **error)
{
  g_autoptr (DataPairs) pairs = g_new0 (DataPairs, 1);
  g_autofree char *folder = g_canonicalize_filename (options->folder, NULL);
  pairs->set = data_set_open (folder, error);
  if (!pairs->set)
    return NULL;
  pairs->bpe = data_bpe_new_from_path (folder, error);
  if (!pairs->bpe || !data_bpe_check_vocab (pairs->bpe, options->vocab_size, error))
    return NULL;
  pairs->cache = open_cache (pairs->set, options, error);
  if (!pairs->cache)
    return NULL;
  pairs->captions = encode_captions (pairs->set, pairs->bpe, options->context);
  return g_steal_pointer (&pairs);
}

void
data_pairs_free (DataPairs *pairs)
{
  if (!pairs)
    return;
  g_clear_pointer (&pairs->captions, data_captions_free);
  g_clear_pointer (&pairs->cache, data_cache_unref);
  g_clear_pointer (&pairs->bpe, data_bpe_free);
  g_clear_pointer (&pairs->set, data_set_free);
  g_free (pairs);
}

guint32 *
data_pairs_dup_split (const DataPairs *pairs, DataSplit split, gsize *n)
{
  guint count = 0;
  const guint *items = data_set_get_split (pairs->set, split, &count);
  guint32 *usable = g_new (guint32, MAX (count, 1));
  *n = 0;
  for (guint i = 0; i < count; i++)
    if (data_cache_get_picture (pairs->cache, items[i]))
      usable[(*n)++] = items[i];
  return usable;
}
