/* The snapshots of a run, read on a worker: the step wanted last is the one that is shown.
 *
 * Main thread only. What was shown stays until what is wanted has been read, so nothing flickers; a
 * few that were read before are at hand at once. Probes are read with the first.
 */
#pragma once

#include "app/session/snapshot.h"

#include <gio/gio.h>

G_BEGIN_DECLS

#define WB_TYPE_SNAPSHOTS (wb_snapshots_get_type ())
G_DECLARE_FINAL_TYPE (WbSnapshots, wb_snapshots, WB, SNAPSHOTS, GObject)

/* Properties, read only:
 *   loading  boolean: what is wanted is not shown yet
 *   problem  string: why it cannot be shown, or NULL
 * Signal "changed": another snapshot is shown, or the probes have come. */

WbSnapshots *wb_snapshots_new (const char *run);

/* Wants a step's snapshot; what was wanted before is forgotten. */
void wb_snapshots_want (WbSnapshots *snapshots, gint64 step);

/* Wants the probes alone, if they are not there yet. */
void wb_snapshots_want_probes (WbSnapshots *snapshots);

/* Forgets what has been read: the run was resumed from before it. */
void wb_snapshots_forget (WbSnapshots *snapshots);

/* Borrowed until "changed"; NULL: none yet. */
WbSnapshot *wb_snapshots_get (WbSnapshots *snapshots);
WbProbes *wb_snapshots_get_probes (WbSnapshots *snapshots);

gboolean wb_snapshots_is_loading (WbSnapshots *snapshots);
const char *wb_snapshots_get_problem (WbSnapshots *snapshots);

G_END_DECLS
