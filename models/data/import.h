#pragma once

/* Importers: each turns some source of captioned pictures into a data set folder (dataset.h).
 *
 * An importer works in `<folder>.partial` and renames it at the end, so `folder` holds the old data
 * set or the new one and never half of one.  A folder that is not a data set is never touched.  All
 * are synchronous and may run on any thread; progress is told on the calling thread.
 */

#include <gio/gio.h>

G_BEGIN_DECLS

/* `total` is 0 while it is not known; `label` names the stage and is borrowed. */
typedef void (*DataProgress) (guint64 done, guint64 total, const char *label, gpointer user_data);

typedef struct
{
  guint64 items;
  guint64 train;
  guint64 val;
  guint64 captions;
  guint64 skipped; /* things left out, each with its reason in report.jsonl */
  guint64 noted;   /* things kept though odd, also there */
  guint vocabulary_size;
} DataImportSummary;

/* What every importer takes; zero is the default. */
typedef struct
{
  guint vocabulary_size; /* ids of the tokenizer trained on the captions, at most; 0: 4096 */
  DataProgress progress;
  gpointer user_data;
  GCancellable *cancellable;
} DataImportOptions;

/* Debian's packages openclipart-png and openclipart-svg, or any folder `source` with `png/` and
 * `svg/` of the same manner; NULL is where the packages put theirs.  */
gboolean data_import_openclipart (const char *folder, DataImportSummary *summary,
                                  const char *source, const DataImportOptions *options,
                                  GError **error);

/* Generated pictures of a few coloured shapes with exact captions. */
typedef struct
{
  guint count;  /* pictures; 0: 2000 */
  guint size;   /* pixels a side; 0: 64 */
  guint64 seed; /* same seed, count and size: the same data set, bit for bit */
} DataScenesSettings;

gboolean data_import_scenes (const char *folder, DataImportSummary *summary,
                             const DataScenesSettings *settings, const DataImportOptions *options,
                             GError **error);

G_END_DECLS
