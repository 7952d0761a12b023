/* Token ids of all captions, in one block. */
#include "models/data/captions.h"

DataCaptions *
data_captions_new (const DataBpe *bpe, const char *const *const *texts, gsize n_items,
                   guint context)
{
  DataCaptions *captions = g_new0 (DataCaptions, 1);
  gsize at = 0;

  captions->n_items = n_items;
  captions->context = context;
  captions->first = g_new (guint32, n_items + 1);
  captions->first[0] = 0;
  for (gsize i = 0; i < n_items; i++)
    {
      captions->n_captions += texts[i] != NULL ? g_strv_length ((char **) texts[i]) : 0;
      g_assert (captions->n_captions < G_MAXUINT32);
      captions->first[i + 1] = (guint32) captions->n_captions;
    }

  captions->tokens = g_new (gint32, MAX (captions->n_captions, 1) * context);
  captions->ends = g_new (gint32, MAX (captions->n_captions, 1));
  for (gsize i = 0; i < n_items; i++)
    for (gsize k = 0; k < captions->first[i + 1] - captions->first[i]; k++, at++)
      captions->ends[at] =
          (gint32) data_bpe_encode (bpe, captions->tokens + at * context, texts[i][k], -1, context);
  return captions;
}

void
data_captions_free (DataCaptions *captions)
{
  if (captions == NULL)
    return;
  g_free (captions->first);
  g_free (captions->tokens);
  g_free (captions->ends);
  g_free (captions);
}

const gint32 *
data_captions_get (const DataCaptions *captions, gsize caption)
{
  g_assert (caption < captions->n_captions);
  return captions->tokens + caption * captions->context;
}
