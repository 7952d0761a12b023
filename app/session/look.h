/* One look at a root of runs, on a worker: which folders are runs, and what of them shows that
 * something happened. */
#pragma once

#include "app/session/summary.h"

G_BEGIN_DECLS

typedef struct
{
  char *id, *path;
  WbStamp stamp;
  gboolean alive;
  gint64 created;
} WbSeen;

typedef struct
{
  GPtrArray *seen;    /* WbSeen, oldest first */
  GPtrArray *indexed; /* WbSummary of the index in no order; NULL: not asked for */
  char *problem;      /* of the root or the index, or NULL */
} WbLook;

/* root: a folder of runs, or one run. index: its path, or NULL. Never NULL. */
WbLook *wb_look_new (const char *root, const char *index);
void wb_look_free (WbLook *look);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (WbLook, wb_look_free)

/* Takes an indexed summary out; NULL: there is none of that id. */
WbSummary *wb_look_steal_indexed (WbLook *look, const char *id);

G_END_DECLS
