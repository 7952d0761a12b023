#include "app/pages/run-points.h"

#include <math.h>

/* The columns that points lie over. */
typedef struct
{
  const double *x[DRAW_X_AXES];
} Columns;

static Columns
find_columns (const WbSeries *series)
{
  return (Columns){ .x = { [DRAW_X_STEP] = wb_series_get (series, "step"),
                           [DRAW_X_WALL] = wb_series_get (series, "wall"),
                           [DRAW_X_EPOCH] = wb_series_get (series, "epoch") } };
}

static void
read_x (const Columns *columns, guint row, double x[DRAW_X_AXES])
{
  for (guint axis = 0; axis < DRAW_X_AXES; axis++)
    x[axis] = columns->x[axis] ? columns->x[axis][row] : NAN;
}

/* Where an evaluation stands: at the row of its step. */
static void
read_x_of_step (const WbSeries *series, gint64 step, double x[DRAW_X_AXES])
{
  const Columns columns = find_columns (series);
  const guint length = wb_series_get_length (series), row = wb_series_find_step (series, step);

  x[DRAW_X_WALL] = x[DRAW_X_EPOCH] = 0;
  if (length > 0 && step > 0)
    read_x (&columns, MIN (row, length - 1), x);
  x[DRAW_X_STEP] = (double) step;
}

double
wb_recall_get (const WbEval *eval, WbRecall recall, WbDirection direction)
{
  const double values[][2] = {
    [WB_RECALL_AT_1] = { eval->t2i_r1, eval->i2t_r1 },
    [WB_RECALL_AT_5] = { eval->t2i_r5, eval->i2t_r5 },
    [WB_RECALL_AT_10] = { eval->t2i_r10, eval->i2t_r10 },
  };

  return values[recall][direction];
}

void
wb_run_points_append_rows (WbChart *chart, guint curve, const WbSeries *series, const char *column,
                           guint from, guint to)
{
  const Columns columns = find_columns (series);
  const double *values = wb_series_get (series, column);

  for (guint row = from; row < to; row++)
    {
      double x[DRAW_X_AXES];

      read_x (&columns, row, x);
      wb_chart_append (chart, curve, x, values ? values[row] : NAN);
    }
}

guint
wb_run_points_append_evals (WbChart *chart, guint curve, WbRun *run, const char *encoder,
                            WbRecall recall, WbDirection direction)
{
  guint n, n_found = 0;
  const WbEval *evals = wb_run_get_evals (run, &n);

  for (guint i = 0; i < n; i++)
    {
      double x[DRAW_X_AXES];

      if (g_strcmp0 (evals[i].encoder, encoder) != 0 || g_strcmp0 (evals[i].task, "retrieval") != 0
          || g_strcmp0 (evals[i].split, "val") != 0)
        continue;
      read_x_of_step (wb_run_get_series (run), evals[i].step, x);
      wb_chart_append (chart, curve, x, wb_recall_get (&evals[i], recall, direction));
      n_found++;
    }
  return n_found;
}
