/* The captions of a data set as token ids, made once and read by training and evaluation.
 *
 * Item i has the captions first[i] .. first[i + 1] - 1; an item may have none. Immutable, may be
 * read from any thread.
 */
#pragma once

#include "models/data/bpe.h"

G_BEGIN_DECLS

typedef struct
{
  gsize n_items;
  gsize n_captions;
  guint context;
  guint32 *first; /* [n_items + 1] */
  gint32 *tokens; /* [n_captions][context] */
  gint32 *ends;   /* [n_captions] position of the end of text */
} DataCaptions;

/* Tokenises texts[i], a NULL-terminated list for each of n_items items. */
DataCaptions *data_captions_new (const DataBpe *bpe, const char *const *const *texts, gsize n_items,
                                 guint context);
void data_captions_free (DataCaptions *captions);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DataCaptions, data_captions_free)

/* Borrowed ids [context] of a caption. */
const gint32 *data_captions_get (const DataCaptions *captions, gsize caption);

G_END_DECLS
