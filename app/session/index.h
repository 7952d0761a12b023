/* The SQLite index of runs: summaries between starts, for the table of runs and for search.
 *
 * The folders are the truth and the index a copy of what they say: it may be lost or damaged at any
 * time and is then made anew, and the caller writes everything again. Workers only: it reads and
 * writes a disk. An index is opened for each use, so that a file deleted meanwhile is noticed.
 */
#pragma once

#include "app/session/summary.h"

G_BEGIN_DECLS

#define WB_INDEX_ERROR (wb_index_error_quark ())
GQuark wb_index_error_quark (void);

typedef enum
{
  WB_INDEX_ERROR_DISK, /* cannot be made, read or written */
} WbIndexError;

typedef struct _WbIndex WbIndex;

/* $XDG_CACHE_HOME/penumbra/runs.sqlite (g_free). */
char *wb_index_default_path (void);

/* `fresh` tells that the index holds nothing: it is new, or was damaged and has been replaced. */
WbIndex *wb_index_open (const char *path, gboolean *fresh, GError **error);
void wb_index_free (WbIndex *index);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (WbIndex, wb_index_free)

/* WbSummary of the runs under a root, in no order (g_ptr_array_unref). */
GPtrArray *wb_index_load (WbIndex *index, const char *root, GError **error);

/* Writes summaries [n], and removes ids (NULL: none), in one transaction. */
gboolean wb_index_save (WbIndex *index, const char *root, WbSummary *const *summaries, guint n,
                        const char *const *removed, GError **error);

/* The ids of the runs under a root in whose summary every word of a query occurs, as char*
 * (g_ptr_array_unref). Words are matched without case, anywhere in a word. */
GPtrArray *wb_index_find (WbIndex *index, const char *root, const char *query, GError **error);

G_END_DECLS
