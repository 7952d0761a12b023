/* Starting trainers: penumbra-cli as a child in a session of its own, at nice 10, that outlives the
 * window and is known by its run folder alone.
 *
 * The child's words go to the run's log.txt, which it holds a lock on (flock, through the open
 * file) from its first moment: so any window knows a run that is still starting from one that
 * failed to. Main thread only; what takes time happens on workers.
 */
#pragma once

#include "app/session/runs.h"
#include "models/run/control.h"

G_BEGIN_DECLS

#define WB_LAUNCH_ERROR (wb_launch_error_quark ())
GQuark wb_launch_error_quark (void);

typedef enum
{
  WB_LAUNCH_ERROR_START, /* the child cannot be started */
  WB_LAUNCH_ERROR_CHILD, /* it ended with an error, which is the message */
} WbLaunchError;

typedef enum
{
  WB_LAUNCH_STARTING, /* no child yet */
  WB_LAUNCH_STARTED,
  WB_LAUNCH_ENDED,  /* finished or stopped */
  WB_LAUNCH_FAILED, /* see wb_launch_get_error() */
} WbLaunchState;

#define WB_TYPE_LAUNCH (wb_launch_get_type ())
G_DECLARE_FINAL_TYPE (WbLaunch, wb_launch, WB, LAUNCH, GObject)

/* Signal "changed": its state is another. A launch lives until its child has ended, at least. */

/* penumbra-cli beside this program, in the build's folder, or in the PATH; $PENUMBRA_CLI overrides
 * (g_free). NULL: there is none. */
char *wb_launch_find_cli (void);

/* A new run under the root of `runs`, named by time; the run is in the list at once, STARTING. A
 * child that fails before there is a run leaves no folder behind. Owned by the caller
 * (g_object_unref). */
WbLaunch *wb_launch_train (WbRuns *runs, const NnConfig *config);

/* steps: the new total, 0: as it was. */
WbLaunch *wb_launch_resume (WbRun *run, gint64 steps);

WbLaunchState wb_launch_get_state (WbLaunch *launch);
WbRun *wb_launch_get_run (WbLaunch *launch);          /* borrowed; NULL while it has no folder */
const GError *wb_launch_get_error (WbLaunch *launch); /* NULL unless FAILED */

/* Pause, resume, checkpoint, stop, or set with an assignment "path=value": a line in the run's
 * control.jsonl. The id of the command is the answer, -1 on failure. */
void wb_control_send_async (WbRun *run, RunCommandKind kind, const char *assignment,
                            GAsyncReadyCallback callback, gpointer data);
gint64 wb_control_send_finish (WbRun *run, GAsyncResult *result, GError **error);

G_END_DECLS
