/* Asking the newest checkpoint of a run: device, text encoder, and features of its data set's
 * pictures (app/session/gallery.h).
 *
 * Everything blocks and belongs to one thread, which is why it is behind a table of functions: the
 * retriever (app/session/retriever.h) owns the thread, and a test can put an engine of its own
 * behind it.
 */
#pragma once

#include "app/session/answer.h"

#include <gio/gio.h>

G_BEGIN_DECLS

/* What a preparation tells while it works; on the engine's thread. */
typedef struct
{
  void (*stage) (const char *name, gsize done, gsize total, gpointer data); /* total 0: unknown */
  gpointer data;
  GCancellable *cancellable;
} WbSearchWatch;

/* Tells of a stage of which no more is known; FALSE when it was cancelled. */
gboolean wb_search_watch_begin (const WbSearchWatch *watch, const char *name, GError **error);

typedef struct
{
  gpointer (*create) (void);
  void (*destroy) (gpointer engine);

  /* Gets ready for the newest checkpoint of a run; at once when it is ready already. *more: it can
   * be asked, but the teacher's pictures are still to be encoded. run NULL: lets go of what it
   * holds. */
  gboolean (*prepare) (gpointer engine, const char *run, const WbSearchWatch *watch, gboolean *more,
                       GError **error);

  /* Does a piece of what prepare left, no longer than a question may wait. */
  gboolean (*proceed) (gpointer engine, const WbSearchWatch *watch, gboolean *more, GError **error);

  /* After prepare. The k best of the student, and of the teacher when nothing is left to do. */
  WbAnswer *(*ask) (gpointer engine, const char *query, guint k, GError **error);

  /* Nobody has asked for patience_ms: lets go of all that prepare gets back in a moment. */
  void (*rest) (gpointer engine);
  guint patience_ms;
} WbSearchEngine;

/* The one that uses devices of its own, which are opened when needed. */
const WbSearchEngine *wb_searcher_engine (void);

G_END_DECLS
