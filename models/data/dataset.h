#pragma once

/* A data set: a folder of captioned pictures, as importers write it and training reads it.
 *
 *   dataset.json           name, source, counts, vocabulary size, format version
 *   items.jsonl            one item a line, see DataItem
 *   vocab.json, merges.txt byte-level BPE trained on the captions of the training split
 *   report.jsonl           what the importer skipped or found odd, and why
 *   pictures/              pictures the importer made itself (others stay where they are)
 *
 * A DataSet is read once, whole, and never changes after that: any thread may read it.  Pictures
 * are not looked at here; that they exist and decode is what data_set_check() is for.
 */

#include <glib.h>

G_BEGIN_DECLS

#define DATA_ERROR (data_error_quark ())

typedef enum
{
  DATA_ERROR_MISSING, /* a file, folder or package is not there */
  DATA_ERROR_INVALID, /* a file is there and is not what it should be */
  DATA_ERROR_REFUSED, /* writing would destroy something that is not ours */
  DATA_ERROR_SETTING, /* a setting out of its range */
} DataError;

GQuark data_error_quark (void);

/* The format of the folder; a reader refuses newer ones. */
#define DATA_SET_VERSION 1

typedef enum
{
  DATA_SPLIT_TRAIN,
  DATA_SPLIT_VAL,
} DataSplit;

#define DATA_N_SPLITS 2

/* One picture and what is said of it.  Every string is valid UTF-8. */
typedef struct
{
  char *id;   /* unique in the set; the SHA-256 of the file, in hex, where pictures are files of
                 others */
  char *file; /* as written in items.jsonl: absolute, or relative to the data set's folder */
  char *path; /* where to open it: `file`, resolved against the data set's folder */
  char **captions; /* NULL-terminated, at least one, none empty; the first is the primary one */
  guint n_captions;
  DataSplit split;
  char *group;    /* theme, class or source; "" when there is none */
  gboolean alpha; /* the file has an alpha channel, to be composited over white */
  gint64 width;   /* pixels, at least 1 */
  gint64 height;
} DataItem;

typedef struct _DataSet DataSet;

/* Reads dataset.json and items.jsonl of `folder`.  An error names the file and, for items, the
 * line.  */
DataSet *data_set_open (const char *folder, GError **error);
void data_set_free (DataSet *set);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DataSet, data_set_free)

/* All of these borrow from the set. */
const char *data_set_get_folder (const DataSet *set);
const char *data_set_get_name (const DataSet *set);
const char *data_set_get_source (const DataSet *set);

/* SHA-256 of items.jsonl in hex: changes exactly when the items do, so caches and resumed runs can
 * tell. */
const char *data_set_get_fingerprint (const DataSet *set);

/* Ids of the data set's own tokenizer, its SOT and EOT included. */
guint data_set_get_vocabulary_size (const DataSet *set);
char *data_set_dup_vocab_path (const DataSet *set);
char *data_set_dup_merges_path (const DataSet *set);

/* Items in the order of items.jsonl, which an importer makes the same every time. */
guint data_set_get_n_items (const DataSet *set);
const DataItem *data_set_get_item (const DataSet *set, guint index);
guint data_set_get_n_captions (const DataSet *set);

/* The indices (into the items) of a split, ascending.  `n_items` may be NULL. */
const guint *data_set_get_split (const DataSet *set, DataSplit split, guint *n_items);

/* The item's line of items.jsonl, with every raw field of its source, read again from the disk.
 * Free with g_free().  */
char *data_set_dup_line (const DataSet *set, guint index, GError **error);

/* The index of the item with this id, or -1. */
gint64 data_set_find (const DataSet *set, const char *id);

const char *data_split_to_string (DataSplit split);

G_END_DECLS
