#include "app/session/record.h"

#include <math.h>
#include <string.h>

#define PACE_ROWS 30

WbRecord *
wb_record_new (void)
{
  WbRecord *record = g_new0 (WbRecord, 1);

  record->series = wb_series_new ();
  record->evals = g_array_new (FALSE, FALSE, sizeof (WbEval));
  record->alerts = wb_alerts_new ();
  record->snapshots = g_array_new (FALSE, FALSE, sizeof (gint64));
  record->checkpoints = g_array_new (FALSE, FALSE, sizeof (gint64));
  return record;
}

void
wb_record_free (WbRecord *record)
{
  if (record == NULL)
    return;
  wb_series_free (record->series);
  g_array_unref (record->evals);
  g_array_unref (record->alerts);
  g_array_unref (record->snapshots);
  g_array_unref (record->checkpoints);
  wb_profile_free (record->profile);
  g_free (record);
}

/* A list that is whole. */
static gboolean
take_list (GArray **list, GArray **more)
{
  if (!*more)
    return FALSE;
  g_array_unref (*list);
  *list = g_steal_pointer (more);
  return TRUE;
}

/* Truncates a list and moves the new entries behind; TRUE when that changed anything. */
static gboolean
take_entries (GArray *list, guint keep, GArray *more)
{
  const gboolean changed = keep < list->len || more->len > 0;

  if (keep < list->len)
    g_array_set_size (list, keep);
  if (more->len > 0)
    g_array_append_vals (list, more->data, more->len);
  g_array_set_clear_func (more, NULL); /* what they own has moved */
  return changed;
}

static gboolean
take_profile (WbRecord *record, WbDelta *delta)
{
  if (!delta->new_profile)
    return FALSE;
  wb_profile_free (record->profile);
  record->profile = g_steal_pointer (&delta->profile);
  return TRUE;
}

static gboolean
take_series (WbSeries *series, const WbDelta *delta)
{
  if (delta->keep_rows >= wb_series_get_length (series) && wb_series_get_length (delta->rows) == 0)
    return FALSE;
  wb_series_truncate (series, delta->keep_rows);
  wb_series_append (series, delta->rows);
  return TRUE;
}

WbRecordChanges
wb_record_take (WbRecord *record, WbDelta *delta)
{
  WbRecordChanges changes = { .first_row =
                                  MIN (wb_series_get_length (record->series), delta->keep_rows) };

  changes.series = take_series (record->series, delta);
  changes.evals = take_entries (record->evals, delta->keep_evals, delta->evals);
  changes.alerts = take_entries (record->alerts, delta->keep_alerts, delta->alerts);
  changes.snapshots = take_list (&record->snapshots, &delta->snapshots);
  changes.checkpoints = take_list (&record->checkpoints, &delta->checkpoints);
  changes.profile = take_profile (record, delta);
  return changes;
}

const WbEval *
wb_record_get_newest_eval (const WbRecord *record, const char *encoder)
{
  for (guint i = record->evals->len; i > 0; i--)
    {
      const WbEval *eval = &g_array_index (record->evals, WbEval, i - 1);

      if (strcmp (eval->encoder, encoder) == 0 && strcmp (eval->task, "retrieval") == 0
          && strcmp (eval->split, "val") == 0)
        return eval;
    }
  return NULL;
}

/* Means of equal spans of the loss. */
static void
draw_spark (const WbSeries *series, WbSummary *summary)
{
  const double *loss = wb_series_get (series, "loss");
  const guint length = loss ? wb_series_get_length (series) : 0;

  summary->n_spark = MIN (length, WB_SPARK);
  for (guint i = 0; i < summary->n_spark; i++)
    {
      const guint from = (guint) ((guint64) i * length / summary->n_spark);
      const guint to = (guint) ((guint64) (i + 1) * length / summary->n_spark);
      double sum = 0;

      for (guint row = from; row < to; row++)
        sum += loss[row];
      summary->spark[i] = (float) (sum / (to - from));
    }
}

void
wb_record_summarise (const WbRecord *record, WbSummary *summary)
{
  const double step = wb_series_get_last (record->series, "step");
  const WbEval *newest = wb_record_get_newest_eval (record, "student");

  summary->step = step >= 0 && step < 9e15 ? (gint64) step : 0;
  summary->recall = newest ? newest->t2i_r10 : NAN;
  draw_spark (record->series, summary);
}

void
wb_record_measure_pace (const WbRecord *record, double *rate, double *step_seconds)
{
  const double *wall = wb_series_get (record->series, "wall");
  const double *pairs = wb_series_get (record->series, "pairs_per_s");
  const guint length = wb_series_get_length (record->series);
  const guint rows = MIN (length, PACE_ROWS);
  double sum = 0;

  *rate = *step_seconds = NAN;
  if (rows == 0 || !pairs)
    return;
  for (guint i = length - rows; i < length; i++)
    sum += pairs[i];
  *rate = sum / rows;
  if (rows > 1 && wall && wall[length - 1] > wall[length - rows])
    *step_seconds = (wall[length - 1] - wall[length - rows]) / (rows - 1);
}
