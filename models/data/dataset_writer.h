#pragma once

/* Writing a data set folder, all or nothing.  Everything is written into `<folder>.partial`, which
 * one writer at a time holds (its import.lock) and which takes the place of `folder` in
 * data_set_writer_finish(); a writer freed before that leaves nothing behind.  A partial folder
 * left by a killed import is cleared by the next.  One thread.  */

#include "models/data/dataset.h"
#include "models/data/import.h"

#include <cjson/cJSON.h>

G_BEGIN_DECLS

typedef struct _DataSetWriter DataSetWriter;

/* Refuses a `folder` that exists and is neither empty nor a data set. */
DataSetWriter *data_set_writer_new (const char *folder, const char *name, const char *source,
                                    GError **error);
void data_set_writer_free (DataSetWriter *writer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DataSetWriter, data_set_writer_free)

/* Where pictures of the data set's own go, under the name they will have in it. */
const char *data_set_writer_get_folder (const DataSetWriter *writer);

/* Appends an item; its `path` is not looked at.  `raw` (an object, or NULL) is borrowed. */
gboolean data_set_writer_add (DataSetWriter *writer, const DataItem *item, const cJSON *raw,
                              GError **error);

typedef enum
{
  DATA_REPORT_SKIPPED, /* left out of the data set */
  DATA_REPORT_NOTED,   /* odd, but in it */
} DataReportKind;

/* Appends to the report.  `thing` may be a file name in any encoding. */
gboolean data_set_writer_report (DataSetWriter *writer, DataReportKind kind, const char *thing,
                                 const char *reason, GError **error);

/* Trains the vocabulary on the captions of the training split, writes dataset.json and puts the
 * folder in its place, replacing a data set already there.  The writer can only be freed after
 * that.  */
gboolean data_set_writer_finish (DataSetWriter *writer, DataImportSummary *summary,
                                 const DataImportOptions *options, GError **error);

/* What an import counted, into an object: `counts` of dataset.json, and what a command prints. */
void data_set_add_counts (cJSON *object, const DataImportSummary *summary);

G_END_DECLS
