/* A run's series and evaluations as points of a chart. Main thread. */
#pragma once

#include "app/session/run.h"
#include "app/widgets/chart.h"

G_BEGIN_DECLS

typedef enum
{
  WB_RECALL_AT_1,
  WB_RECALL_AT_5,
  WB_RECALL_AT_10,
  WB_N_RECALLS,
} WbRecall;

/* Recall of pictures by texts, or of texts by pictures. */
typedef enum
{
  WB_TEXT_TO_IMAGE,
  WB_IMAGE_TO_TEXT,
} WbDirection;

double wb_recall_get (const WbEval *eval, WbRecall recall, WbDirection direction);

/* Appends from <= row < to of a column to a curve; of a column that no row names, gaps. */
void wb_run_points_append_rows (WbChart *chart, guint curve, const WbSeries *series,
                                const char *column, guint from, guint to);

/* Appends all evaluations of an encoder on held-out pairs to a curve, each at the row of its step,
 * and returns how many there are. */
guint wb_run_points_append_evals (WbChart *chart, guint curve, WbRun *run, const char *encoder,
                                  WbRecall recall, WbDirection direction);

G_END_DECLS
