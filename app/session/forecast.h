/* What a config will take, told before it is launched: on a worker, for the config set last.
 *
 * Main thread only. Typing is waited out (150 ms), and an answer to a config that has been replaced
 * is dropped.
 */
#pragma once

#include "models/nn/step.h"

#include <gio/gio.h>

G_BEGIN_DECLS

typedef struct
{
  NnForecast numbers; /* parameters, device bytes, operations a step and a picture */
  double pair_flops;  /* of training, a pair: step_flops / batch */

  double keep_rate;              /* the student's */
  guint n_tokens;                /* blocks + 1 */
  int tokens[NN_MAX_LAYERS + 1]; /* entering each block of the student, and leaving the last */
  int full_tokens;               /* of the full encoder, in every block */

  /* Of the data set; 0 where there is none or it cannot be read. */
  guint train, held_out, vocabulary;
  gint64 steps_per_epoch, steps;

  guint64 memory; /* bytes there are, of the device a trainer would use; 0: not known */

  /* What stands in the way that the config alone does not tell: the field and what is wrong with
   * it, or NULL. */
  char *problem_path, *problem;
} WbForecast;

#define WB_TYPE_FORECASTER (wb_forecaster_get_type ())
G_DECLARE_FINAL_TYPE (WbForecaster, wb_forecaster, WB, FORECASTER, GObject)

/* Signal "changed": the forecast is another, or is being made. */

WbForecaster *wb_forecaster_new (void);

/* A config that nn_config_check() accepts; NULL: there is nothing to forecast. Copied. */
void wb_forecaster_set_config (WbForecaster *forecaster, const NnConfig *config);

/* Of the config set last; NULL while it is being made. Borrowed until "changed". */
const WbForecast *wb_forecaster_get (WbForecaster *forecaster);
gboolean wb_forecaster_is_busy (WbForecaster *forecaster);

G_END_DECLS
