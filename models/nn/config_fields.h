/* The field table of the config, for config.c only: each field is declared once, and parsed,
 * checked, defaulted and written through its declaration. */
#pragma once

#include "models/nn/config.h"

#include <cjson/cJSON.h>

typedef enum
{
  FIELD_BOOL,   /* gboolean */
  FIELD_INT,    /* int */
  FIELD_INT64,  /* gint64, whole within 2^53 */
  FIELD_NUMBER, /* double */
  FIELD_CHOICE, /* an enum, by the names of its values */
  FIELD_STRING, /* char[] */
  FIELD_PAIR,   /* double[2] */
  FIELD_LAYERS, /* int list and count of NnExpeditionConfig */
} NnFieldKind;

typedef struct
{
  const char *path; /* "block.name" or "name" */
  NnFieldKind kind;
  gsize offset; /* in NnConfig */
  double least;
  double most;
  gboolean above;  /* least itself is not allowed */
  gboolean below;  /* most itself is not allowed */
  double fallback; /* for a choice, its index */
  double second;   /* default of a pair's second number */
  const char *const *choices;
  gsize size;        /* bytes of a string, its end counted */
  gboolean required; /* must be given where its block is */
} NnField;

const NnField *nn_fields (gsize *count);
const NnField *nn_field_find (const char *path);

/* TRUE for the name of a block, e.g. "vision_cfg". */
gboolean nn_field_is_block (const char *path);

/* The names in a block ("" for the top level), as "a, b, c" (g_free). */
char *nn_field_names (const char *block);

void nn_field_set_default (const NnField *field, NnConfig *config);
gboolean nn_field_parse (const NnField *field, NnConfig *config, const cJSON *value,
                         GError **error);

/* A new JSON value (cJSON_Delete). */
cJSON *nn_field_to_json (const NnField *field, const NnConfig *config);

/* Keys of open_clip that may be present when they ask for nothing. FALSE with an error when the key
 * is such a key with another value; *known says whether it is such a key at all. */
gboolean nn_field_check_foreign (const char *path, const cJSON *value, gboolean *known,
                                 GError **error);

/* "path is VALUE: rule", the one shape of a field's error. */
void nn_field_set_error (GError **error, const char *path, const cJSON *value, const char *format,
                         ...) G_GNUC_PRINTF (4, 5);
