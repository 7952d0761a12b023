/* Following one run folder, on a worker thread: each poll tells what is new since the last.
 *
 * Nothing is trusted to be there or whole: files appear, grow by halves of lines, are cut and
 * replaced. Nothing is written. The folder need not be a run yet: one that holds only the log of a
 * process that is still starting counts as a run to be.
 */
#pragma once

#include "app/session/profile.h"
#include "app/session/series.h"
#include "app/session/summary.h"
#include "models/nn/config.h"

#include <gio/gio.h>

G_BEGIN_DECLS

/* A measure of retrieval, fractions 0..1, ranks from 1; what the event does not say is NAN. */
typedef struct
{
  gint64 step;
  const char *task, *split, *encoder; /* interned; "retrieval", "val", "student" */
  double keep_rate;
  double t2i_r1, t2i_r5, t2i_r10, t2i_median;
  double i2t_r1, i2t_r5, i2t_r10, i2t_median;
} WbEval;

typedef struct
{
  gint64 step;
  char *text;
} WbAlert;

/* An empty list of alerts, which owns their texts. */
GArray *wb_alerts_new (void);

/* What a poll found. The keep_ counts say how much of each list is still true; then comes what is
 * appended. Lists that are NULL are as they were. */
typedef struct
{
  guint keep_rows, keep_evals, keep_alerts;
  WbSeries *rows;
  GArray *evals;       /* WbEval */
  GArray *alerts;      /* WbAlert */
  GArray *snapshots;   /* gint64, ascending; whole */
  GArray *checkpoints; /* gint64, ascending; whole */
  gboolean new_profile;
  WbProfile *profile; /* with new_profile: the newest, or NULL where there is none any more */
  NnConfig *config;   /* when it is new */
  char *data;         /* with config: the data set's name */
  WbRunState state;
  char *reason;
  guint compiled, to_compile; /* kernels; 0: none is compiled now */
  WbStamp stamp;
  gboolean gone;         /* there is no folder any more */
  GFileMonitor *monitor; /* the first time: hints on the global default main context */
  GError *error;         /* what cannot be read; the rest still holds */
} WbDelta;

void wb_delta_free (WbDelta *delta);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (WbDelta, wb_delta_free)

typedef struct _WbFollower WbFollower;

WbFollower *wb_follower_new (const char *path);
void wb_follower_free (WbFollower *follower);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (WbFollower, wb_follower_free)

/* Any thread, one at a time. Never NULL. */
WbDelta *wb_follower_poll (WbFollower *follower);

/* For the list of runs: looks at a folder without reading it. FALSE: it is no run. */
gboolean wb_folder_look (const char *path, WbStamp *stamp, gboolean *alive, gint64 *created);

/* The last line of a text file that is not blank, from byte `from` on (g_free); NULL: there is
 * none. */
char *wb_folder_last_line (const char *path, gint64 from);

G_END_DECLS
