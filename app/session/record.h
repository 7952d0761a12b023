/* What a run has written down: series, evaluations, alerts and the steps of its files, as a window
 * holds them; and the few numbers that are told from them. One thread. */
#pragma once

#include "app/session/follower.h"

G_BEGIN_DECLS

typedef struct
{
  WbSeries *series;
  GArray *evals;                   /* WbEval */
  GArray *alerts;                  /* WbAlert */
  GArray *snapshots, *checkpoints; /* gint64, ascending */
  WbProfile *profile;              /* the newest, or NULL */
} WbRecord;

/* What a delta changed. */
typedef struct
{
  gboolean series, evals, alerts, snapshots, checkpoints, profile;
  guint first_row; /* rows of the series before it are as they were */
} WbRecordChanges;

WbRecord *wb_record_new (void);
void wb_record_free (WbRecord *record);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (WbRecord, wb_record_free)

/* Takes over what a poll found. */
WbRecordChanges wb_record_take (WbRecord *record, WbDelta *delta);

/* The newest of an encoder on held-out pairs, borrowed; NULL: none. */
const WbEval *wb_record_get_newest_eval (const WbRecord *record, const char *encoder);

/* Step, recall and spark of a summary, from the record. */
void wb_record_summarise (const WbRecord *record, WbSummary *summary);

/* Of the last steps: pairs/s, and seconds a step by the wall clock, evaluations and snapshots
 * counted in. NAN: not known. */
void wb_record_measure_pace (const WbRecord *record, double *rate, double *step_seconds);

G_END_DECLS
