/* The points of the training page: a run's series and evaluations, put into its charts as they
 * come. Main thread.
 */
#pragma once

#include "app/pages/run-points.h"

G_BEGIN_DECLS

typedef enum
{
  WB_TRAIN_LOSSES,
  WB_TRAIN_RECALL,
  WB_TRAIN_RATE, /* of learning */
  WB_TRAIN_SCALE,
  WB_TRAIN_GRADIENT,
  WB_TRAIN_SPEED,
  WB_TRAIN_MEMORY,
  WB_TRAIN_N_CHARTS,
} WbTrainChart;

typedef struct
{
  WbChart *charts[WB_TRAIN_N_CHARTS]; /* borrowed */
  guint filled;                       /* rows of the series that are in the charts */
  gboolean evals_stale;
  WbDirection direction; /* of recall */
} WbTrainCurves;

/* Adds the curves to the charts, which are in place. */
void wb_train_curves_init (WbTrainCurves *curves);

/* Forgets all points. */
void wb_train_curves_clear (WbTrainCurves *curves);

/* Rows from first_row on are others than they were. */
void wb_train_curves_cut (WbTrainCurves *curves, guint first_row);

/* Takes over what is new, as much as fits into a frame; FALSE: there is more. */
gboolean wb_train_curves_take (WbTrainCurves *curves, WbRun *run);

/* Colour, chance, and which curves there are, by summary and config. */
void wb_train_curves_dress (WbTrainCurves *curves, WbRun *run);

/* Exponential, of what is noisy; span 0: none. */
void wb_train_curves_smooth (WbTrainCurves *curves, double span);

void wb_train_curves_set_log (WbTrainCurves *curves, gboolean log);

void wb_train_curves_set_direction (WbTrainCurves *curves, WbDirection direction);

G_END_DECLS
