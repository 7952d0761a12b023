/* A config as a list of paths and texts: what a form shows, and what differs between runs. */
#pragma once

#include "models/nn/config.h"

G_BEGIN_DECLS

typedef struct
{
  char *path; /* "schedule.epochs" */
  char *text; /* as JSON has it, texts without quotes */
} WbField;

/* WbField of every field, in the order of the document (g_ptr_array_unref). */
GPtrArray *wb_fields_new (const NnConfig *config);

/* NULL: there is no such field. */
const char *wb_fields_get (const GPtrArray *fields, const char *path);

/* The paths of fields that are not the same in all configs [n], in the document's order, as char*
 * (g_ptr_array_unref). What the trainer itself writes down about a run is left out. */
GPtrArray *wb_fields_differing (const NnConfig *const *configs, guint n);

/* Splits an error of a config into the path of its field and what is wrong ("is 3: must be ..."),
 * both g_free. FALSE: it names no field. */
gboolean wb_fields_split_error (const GError *error, char **path, char **problem);

G_END_DECLS
