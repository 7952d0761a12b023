#pragma once

/* Looking a data set over: everything data_set_open() does not, because it costs a read of every
 * picture. */

#include "models/data/dataset.h"
#include "models/data/import.h"

G_BEGIN_DECLS

typedef struct
{
  guint n_items;
  guint n_split[DATA_N_SPLITS];
  guint n_captions;
  guint vocabulary_size;
  GPtrArray *problems; /* char *, one line each, naming the thing */
} DataCheck;

/* Checks that each picture is there, whole, and of the size and alpha items.jsonl says, and that
 * the vocabulary loads and has the size dataset.json says.  What is wrong with the data is in
 * `problems`; NULL with an error is only for a data set that cannot be opened at all, or for
 * cancelling.  `options` may be NULL.  */
DataCheck *data_set_check (const char *folder, const DataImportOptions *options, GError **error);
void data_check_free (DataCheck *check);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DataCheck, data_check_free)

G_END_DECLS
