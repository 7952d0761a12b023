/* Importing a data set on a thread of its own, at nice 10, with progress and cancel.
 *
 * Main thread only. Progress is told at most ten times a second.
 */
#pragma once

#include "models/data/import.h"

G_BEGIN_DECLS

typedef enum
{
  WB_IMPORT_RUNNING,
  WB_IMPORT_DONE,
  WB_IMPORT_CANCELLED,
  WB_IMPORT_FAILED,
} WbImportState;

#define WB_TYPE_IMPORT (wb_import_get_type ())
G_DECLARE_FINAL_TYPE (WbImport, wb_import, WB, IMPORT, GObject)

/* Signal "changed": its progress or state. */

/* $XDG_DATA_HOME/penumbra/data/NAME (g_free). */
char *wb_import_default_folder (const char *name);

/* OpenClipart from `source`, NULL: where Debian's packages put it. Begins at once and is cancelled
 * when the last reference goes. */
WbImport *wb_import_openclipart (const char *folder, const char *source);

/* Generated pictures; settings are copied. */
WbImport *wb_import_scenes (const char *folder, const DataScenesSettings *settings,
                            guint vocabulary_size);

/* What is there stays as it was. */
void wb_import_cancel (WbImport *import);

WbImportState wb_import_get_state (WbImport *import);
const char *wb_import_get_folder (WbImport *import);
const char *wb_import_get_stage (WbImport *import);   /* what it is at, e.g. "reading pictures" */
double wb_import_get_fraction (WbImport *import);     /* of the stage, 0..1; NAN: not known */
const GError *wb_import_get_error (WbImport *import); /* NULL unless FAILED */
const DataImportSummary *wb_import_get_summary (WbImport *import); /* NULL unless DONE */

G_END_DECLS
