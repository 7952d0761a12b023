/* All runs under a root as a GListModel of WbRun, newest first; new folders appear, deleted ones
 * vanish.
 *
 * The index tells of known runs at once; then a worker looks at the folders once a second and only
 * those are read in which something happened. A run has the same object and the same colour for as
 * long as its folder is there. Main thread only.
 */
#pragma once

#include "app/session/run.h"

G_BEGIN_DECLS

#define WB_TYPE_RUNS (wb_runs_get_type ())
G_DECLARE_FINAL_TYPE (WbRuns, wb_runs, WB, RUNS, GObject)

/* Properties, read only:
 *   root     string
 *   loaded   boolean: the folders have been looked at once
 *   problem  string, what is wrong with the root or the index, or NULL */

/* root: a folder of runs or one run; NULL: run_default_root(). index: NULL for the default place.
 */
WbRuns *wb_runs_new (const char *root, const char *index);

const char *wb_runs_get_root (WbRuns *runs);
gboolean wb_runs_is_loaded (WbRuns *runs);

/* Looks at the folders now. */
void wb_runs_look (WbRuns *runs);

/* The run of that folder, added if need be: for a run just launched. Borrowed. */
WbRun *wb_runs_ensure (WbRuns *runs, const char *path);

/* Borrowed; NULL: there is none. */
WbRun *wb_runs_find (WbRuns *runs, const char *id);

/* The ids of the runs that match a query (wb_index_find), for a filter. An older question that was
 * not answered yet is cancelled: G_IO_ERROR_CANCELLED. */
void wb_runs_search_async (WbRuns *runs, const char *query, GAsyncReadyCallback callback,
                           gpointer data);
GPtrArray *wb_runs_search_finish (WbRuns *runs, GAsyncResult *result, GError **error);

/* Moves a run's folder into the trash, from where it can be restored; a live run is refused. */
void wb_runs_trash_async (WbRuns *runs, WbRun *run, GAsyncReadyCallback callback, gpointer data);
gboolean wb_runs_trash_finish (WbRuns *runs, GAsyncResult *result, GError **error);

G_END_DECLS
