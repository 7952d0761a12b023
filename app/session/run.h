/* One run folder, followed live, whoever trains it: this window's child, another's, or nobody.
 *
 * All of it is for the main thread, which never waits: a worker polls the folder (every 250 ms
 * while the run is live, sooner when the file system says so) and the main thread takes over what
 * is new at once, with one "changed" for all of it.
 *
 * Until it is opened, a run that is not live keeps its summary only; opening brings the series,
 * evaluations, alerts and lists, and closing lets them go.
 */
#pragma once

#include "app/session/follower.h"

G_BEGIN_DECLS

/* What "changed" says has changed. */
typedef enum
{
  WB_CHANGED_SUMMARY = 1 << 0, /* any property */
  WB_CHANGED_CONFIG = 1 << 1,
  WB_CHANGED_SERIES = 1 << 2,
  WB_CHANGED_EVALS = 1 << 3,
  WB_CHANGED_ALERTS = 1 << 4,
  WB_CHANGED_SNAPSHOTS = 1 << 5,
  WB_CHANGED_CHECKPOINTS = 1 << 6,
  WB_CHANGED_GONE = 1 << 7, /* the folder was removed */
  WB_CHANGED_PROFILE = 1 << 8,
} WbChanges;

#define WB_TYPE_RUN (wb_run_get_type ())
G_DECLARE_FINAL_TYPE (WbRun, wb_run, WB, RUN, GObject)

/* Properties, read only, numbers that are not known being NAN or 0:
 *   path id name method data-name reason problem   strings (problem: what cannot be read)
 *   state                                      WbRunState
 *   live                                       boolean, as wb_run_state_is_live()
 *   step total created                         int64
 *   progress                                   double 0..1
 *   compiled to-compile                        uint, kernels while they are compiled, else 0
 *   rate                                       double, pairs/s over the last steps
 *   time-left                                  double, seconds, NAN unless running
 *   recall keep-rate                           double
 *   colour                                     uint, WB_NO_COLOUR: none given
 *   loaded                                     boolean: opened and read, series and lists are there
 * Signal "changed" (WbChanges changes, guint first_row): rows of the series before first_row are as
 * they were. */

/* summary: what is known already, or NULL; taken over. */
WbRun *wb_run_new (const char *path, WbSummary *summary);

/* Opened and closed in pairs. */
void wb_run_open (WbRun *run);
void wb_run_close (WbRun *run);

/* Looks at the folder soon. */
void wb_run_poke (WbRun *run);

/* A process for this run was just started or has ended; until its lock is seen it is STARTING. */
void wb_run_set_launching (WbRun *run, gboolean launching);

void wb_run_set_colour (WbRun *run, guint colour);

/* All of these borrow, until the next "changed". */
const char *wb_run_get_path (WbRun *run);
const char *wb_run_get_id (WbRun *run);
const WbSummary *wb_run_get_summary (WbRun *run);
WbRunState wb_run_get_state (WbRun *run);
gboolean wb_run_is_loaded (WbRun *run);
const NnConfig *wb_run_get_config (WbRun *run); /* NULL: not read, or wrong */
const WbSeries *wb_run_get_series (WbRun *run); /* never NULL */

/* The newest of an encoder, "student" or "teacher", on held-out pairs; NULL: none. */
const WbEval *wb_run_get_newest_eval (WbRun *run, const char *encoder);

/* The newest; NULL: none. */
const WbProfile *wb_run_get_profile (WbRun *run);

const WbEval *wb_run_get_evals (WbRun *run, guint *n);
const WbAlert *wb_run_get_alerts (WbRun *run, guint *n);
const gint64 *wb_run_get_snapshots (WbRun *run, guint *n);   /* steps, ascending */
const gint64 *wb_run_get_checkpoints (WbRun *run, guint *n); /* steps, ascending */

G_END_DECLS
