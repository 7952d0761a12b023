/* What eval, search and encode share: their options, opening weights and data sets, progress. */
#pragma once

#include "models/cli/progress.h"
#include "models/data/pairs.h"
#include "models/eval/checkpoint.h"
#include "models/eval/features.h"

G_BEGIN_DECLS

/* "student" or "teacher"; anything else is a G_OPTION_ERROR. */
gboolean cli_parse_encoder (NnSlab *which, const char *name, GError **error);

/* A number in (0, 1]; anything else is a G_OPTION_ERROR. */
gboolean cli_parse_keep_rate (double *keep_rate, const char *text, GError **error);

/* Opens a device (device_choice.h) and a checkpoint on it. `config` may be NULL. */
EvalCheckpoint *cli_open_checkpoint (const char *path, const char *config, const char *device,
                                     GError **error);

/* An error where the model has no such encoder or cannot shrink. keep_rate 0: the model's own. */
gboolean cli_check_encoder (const EvalCheckpoint *checkpoint, NnSlab which, double keep_rate,
                            GError **error);

/* The data set of `folder`, or where that is NULL the one the config was trained on, ready for the
 * model; pictures are decoded with a progress bar if need be, those that cannot be are said. */
DataPairs *cli_open_pairs (const char *folder, const NnConfig *config, GError **error);

/* A progress bar for eval_encode_*: it comes with the first batch. Labels are borrowed. */
typedef struct
{
  const char *label, *unit;
  CliProgress *bar;
} CliWatch;

EvalWatch cli_watch (CliWatch *watch);

G_END_DECLS
