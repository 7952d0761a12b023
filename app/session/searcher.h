/* Asking the newest checkpoint of a run: device, model, data set and features of its pictures.
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

typedef struct
{
  gpointer (*create) (void);
  void (*destroy) (gpointer engine);

  /* Gets ready for the newest checkpoint of a run; at once when it is ready already. run NULL: lets
   * go of what it holds. */
  gboolean (*prepare) (gpointer engine, const char *run, const WbSearchWatch *watch,
                       GError **error);

  /* After prepare. The k best of student and teacher. */
  WbAnswer *(*ask) (gpointer engine, const char *query, guint k, GError **error);
} WbSearchEngine;

/* The one that uses a device of its own, which is opened when first needed. */
const WbSearchEngine *wb_searcher_engine (void);

G_END_DECLS
