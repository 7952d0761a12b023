#include "app/session/retriever.h"

#include "app/session/work.h"

#include <math.h>
#include <string.h>
#include <unistd.h>

#define NICENESS 10
#define TELL_MS 100

/* What the thread and the main thread share; each holds a reference. */
typedef struct
{
  const WbSearchEngine *engine;
  GWeakRef retriever;

  GMutex mutex; /* of all that follows */
  GCond wake;
  gboolean quit;
  guint64 serial; /* of what is wanted */
  char *run, *query;
  guint k;
  GCancellable *cancellable; /* of what concerns the run: another question leaves it alone */
  char *stage;
  gsize done, total;
} Worker;

struct _WbRetriever
{
  GObject parent_instance;

  Worker *worker;
  gboolean started, busy;
  WbAnswer *answer;
  GError *error;
  char *stage;
  gsize done, total;
  guint timer;
};

static guint changed_signal;

G_DEFINE_FINAL_TYPE (WbRetriever, wb_retriever, G_TYPE_OBJECT)

static void
worker_clear (gpointer data)
{
  Worker *worker = data;

  g_free (worker->run);
  g_free (worker->query);
  g_free (worker->stage);
  g_clear_object (&worker->cancellable);
  g_weak_ref_clear (&worker->retriever);
  g_cond_clear (&worker->wake);
  g_mutex_clear (&worker->mutex);
}

static void
worker_unref (Worker *worker)
{
  g_atomic_rc_box_release_full (worker, worker_clear);
}

static void
wb_retriever_dispose (GObject *object)
{
  WbRetriever *self = WB_RETRIEVER (object);

  g_clear_handle_id (&self->timer, g_source_remove);
  g_mutex_lock (&self->worker->mutex);
  self->worker->quit = TRUE;
  g_cancellable_cancel (self->worker->cancellable);
  g_cond_signal (&self->worker->wake);
  g_mutex_unlock (&self->worker->mutex);
  G_OBJECT_CLASS (wb_retriever_parent_class)->dispose (object);
}

static void
wb_retriever_finalize (GObject *object)
{
  WbRetriever *self = WB_RETRIEVER (object);

  worker_unref (self->worker);
  wb_answer_unref (self->answer);
  g_clear_error (&self->error);
  g_free (self->stage);
  G_OBJECT_CLASS (wb_retriever_parent_class)->finalize (object);
}

static void
wb_retriever_class_init (WbRetrieverClass *class)
{
  G_OBJECT_CLASS (class)->dispose = wb_retriever_dispose;
  G_OBJECT_CLASS (class)->finalize = wb_retriever_finalize;
  changed_signal = g_signal_new ("changed", WB_TYPE_RETRIEVER, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                                 NULL, G_TYPE_NONE, 0);
}

static void
wb_retriever_init (WbRetriever *self)
{
  self->worker = g_atomic_rc_box_new0 (Worker);
  self->worker->cancellable = g_cancellable_new ();
  g_mutex_init (&self->worker->mutex);
  g_cond_init (&self->worker->wake);
  g_weak_ref_init (&self->worker->retriever, self);
}

WbRetriever *
wb_retriever_new (const WbSearchEngine *engine)
{
  WbRetriever *self = g_object_new (WB_TYPE_RETRIEVER, NULL);

  self->worker->engine = engine ? engine : wb_searcher_engine ();
  return self;
}

/* On the worker's thread. */

/* On its way to the main thread. */
typedef struct
{
  Worker *worker;
  guint64 serial;
  gboolean more; /* another reply follows */
  WbAnswer *answer;
  GError *error;
} Reply;

static void
reply_free (Reply *reply)
{
  worker_unref (reply->worker);
  wb_answer_unref (reply->answer);
  g_clear_error (&reply->error);
  g_free (reply);
}

/* A copy of what is wanted, for the thread to work from. */
typedef struct
{
  guint64 serial;
  char *run, *query;
  guint k;
  GCancellable *cancellable;
} Wish;

static void
wish_clear (Wish *wish)
{
  g_clear_pointer (&wish->run, g_free);
  g_clear_pointer (&wish->query, g_free);
  g_clear_object (&wish->cancellable);
}

/* Under the mutex. */
static void
copy_wish (Worker *worker, Wish *wish)
{
  wish_clear (wish);
  wish->serial = worker->serial;
  wish->run = g_strdup (worker->run);
  wish->query = g_strdup (worker->query);
  wish->k = worker->k;
  wish->cancellable = g_object_ref (worker->cancellable);
}

static void
on_stage (const char *name, gsize done, gsize total, gpointer data)
{
  Worker *worker = data;

  g_mutex_lock (&worker->mutex);
  if (g_strcmp0 (worker->stage, name) != 0)
    {
      g_free (worker->stage);
      worker->stage = g_strdup (name);
    }
  worker->done = done;
  worker->total = total;
  g_mutex_unlock (&worker->mutex);
}

static gboolean on_reply (gpointer data);

/* What is asked by now, if the run is still the same. */
static void
look_again (Worker *worker, Wish *wish, gboolean more)
{
  g_mutex_lock (&worker->mutex);
  if (!more)
    g_clear_pointer (&worker->stage, g_free);
  if (g_strcmp0 (worker->run, wish->run) == 0)
    copy_wish (worker, wish);
  g_mutex_unlock (&worker->mutex);
}

/* Answers what is asked unless there was an error, and sends it with *error, which it takes over;
 * returns whether more is to be done. */
static gboolean
answer (Worker *worker, gpointer engine, const Wish *wish, gboolean more, GError *error)
{
  Reply *reply = g_new0 (Reply, 1);

  reply->error = error;
  if (!error && wish->run && wish->query)
    reply->answer = worker->engine->ask (engine, wish->query, wish->k, &reply->error);
  reply->more = more && !reply->error;
  if (reply->answer)
    reply->answer->partial = reply->more;
  reply->worker = g_atomic_rc_box_acquire (worker);
  reply->serial = wish->serial;
  more = reply->more;
  g_idle_add_full (G_PRIORITY_DEFAULT, on_reply, reply, (GDestroyNotify) reply_free);
  return more;
}

static WbSearchWatch
watch_of (Worker *worker, const Wish *wish)
{
  return (WbSearchWatch){ .stage = on_stage, .data = worker, .cancellable = wish->cancellable };
}

/* Gets ready, then answers what is asked by then: the question may have changed meanwhile. */
static gboolean
serve (Worker *worker, gpointer engine, Wish *wish)
{
  const WbSearchWatch watch = watch_of (worker, wish);
  GError *error = NULL;
  gboolean more = FALSE;

  worker->engine->prepare (engine, wish->run, &watch, &more, &error);
  look_again (worker, wish, more);
  return answer (worker, engine, wish, more, error);
}

/* Does a piece of what is left; after the last one, or a failure, it answers once more. */
static gboolean
proceed (Worker *worker, gpointer engine, Wish *wish)
{
  const WbSearchWatch watch = watch_of (worker, wish);
  GError *error = NULL;
  gboolean more = FALSE;

  if (worker->engine->proceed (engine, &watch, &more, &error) && more)
    return TRUE;
  look_again (worker, wish, FALSE);
  return answer (worker, engine, wish, FALSE, error);
}

typedef enum
{
  NEXT_SERVE,
  NEXT_PROCEED,
  NEXT_REST,
  NEXT_QUIT,
} Next;

/* Waits for something to do. */
static Next
choose_next (Worker *worker, Wish *wish, gboolean more, gboolean rested)
{
  const gint64 deadline = g_get_monotonic_time () + 1000 * (gint64) worker->engine->patience_ms;
  Next next = NEXT_SERVE;

  g_mutex_lock (&worker->mutex);
  while (!worker->quit && worker->serial == wish->serial && !more && next == NEXT_SERVE)
    if (rested)
      g_cond_wait (&worker->wake, &worker->mutex);
    else if (!g_cond_wait_until (&worker->wake, &worker->mutex, deadline))
      next = NEXT_REST;
  if (worker->quit)
    next = NEXT_QUIT;
  else if (worker->serial != wish->serial)
    {
      next = NEXT_SERVE;
      copy_wish (worker, wish);
    }
  else if (more)
    next = NEXT_PROCEED;
  g_mutex_unlock (&worker->mutex);
  return next;
}

static gpointer
run_worker (gpointer data)
{
  Worker *worker = data;
  Wish wish = { 0 };
  Next next;
  gboolean more = FALSE;

  /* Before the device is opened: a CPU driver's threads have the niceness of the one that opens it.
   * Failure does no harm. */
  if (nice (NICENESS) < 0)
    g_debug ("retrieval keeps its priority");
  gpointer engine = worker->engine->create ();
  next = choose_next (worker, &wish, FALSE, TRUE);
  for (; next != NEXT_QUIT; next = choose_next (worker, &wish, more, next == NEXT_REST))
    if (next == NEXT_REST)
      worker->engine->rest (engine);
    else if (next == NEXT_SERVE)
      more = serve (worker, engine, &wish);
    else
      more = proceed (worker, engine, &wish);
  worker->engine->destroy (engine);
  wish_clear (&wish);
  worker_unref (worker);
  return NULL;
}

/* On the main thread. */

static void
tell (WbRetriever *self)
{
  g_signal_emit (self, changed_signal, 0);
}

/* Rather the older answer for a moment than the teacher's pictures gone and back. */
static gboolean
is_lesser (WbRetriever *self, const Reply *reply)
{
  return reply->answer && reply->more && self->answer && !self->answer->partial
         && strcmp (self->answer->query, reply->answer->query) == 0;
}

static gboolean
on_reply (gpointer data)
{
  Reply *reply = data;
  g_autoptr (WbRetriever) self = g_weak_ref_get (&reply->worker->retriever);

  if (!self || reply->serial != self->worker->serial)
    return G_SOURCE_REMOVE;
  self->busy = reply->more;
  if (!self->busy)
    {
      g_clear_handle_id (&self->timer, g_source_remove);
      g_clear_pointer (&self->stage, g_free);
    }
  g_clear_error (&self->error);
  self->error = g_steal_pointer (&reply->error);
  if ((reply->answer && !is_lesser (self, reply)) || self->error)
    {
      wb_answer_unref (self->answer);
      self->answer = g_steal_pointer (&reply->answer);
    }
  tell (self);
  return G_SOURCE_REMOVE;
}

static gboolean
on_tell (gpointer data)
{
  WbRetriever *self = data;
  Worker *worker = self->worker;

  g_mutex_lock (&worker->mutex);
  const gboolean changed = worker->done != self->done || worker->total != self->total
                           || g_strcmp0 (worker->stage, self->stage) != 0;
  if (changed)
    {
      g_free (self->stage);
      self->stage = g_strdup (worker->stage);
      self->done = worker->done;
      self->total = worker->total;
    }
  g_mutex_unlock (&worker->mutex);
  if (changed)
    tell (self);
  return G_SOURCE_CONTINUE;
}

/* What is wanted has changed. */
static void
wake (WbRetriever *self)
{
  Worker *worker = self->worker;

  if (!self->started && worker->run)
    {
      self->started = TRUE;
      wb_work_start ("retrieval", run_worker, g_atomic_rc_box_acquire (worker));
    }
  g_mutex_lock (&worker->mutex);
  worker->serial++;
  g_cond_signal (&worker->wake);
  g_mutex_unlock (&worker->mutex);
  self->busy = worker->run != NULL;
  if (self->busy && !self->timer)
    self->timer = g_timeout_add (TELL_MS, on_tell, self);
  tell (self);
}

void
wb_retriever_set_run (WbRetriever *self, const char *run)
{
  Worker *worker = self->worker;

  if (g_strcmp0 (worker->run, run) == 0)
    return;
  g_mutex_lock (&worker->mutex);
  g_free (worker->run);
  worker->run = g_strdup (run);
  g_clear_pointer (&worker->query, g_free);
  g_cancellable_cancel (worker->cancellable);
  g_clear_object (&worker->cancellable);
  worker->cancellable = g_cancellable_new ();
  g_mutex_unlock (&worker->mutex);
  g_clear_pointer (&self->answer, wb_answer_unref);
  g_clear_error (&self->error);
  wake (self);
}

void
wb_retriever_ask (WbRetriever *self, const char *query, guint k)
{
  Worker *worker = self->worker;

  g_return_if_fail (k > 0);
  g_mutex_lock (&worker->mutex);
  g_free (worker->query);
  worker->query = query && *query ? g_strdup (query) : NULL;
  worker->k = k;
  g_mutex_unlock (&worker->mutex);
  if (!query || !*query)
    g_clear_pointer (&self->answer, wb_answer_unref);
  wake (self);
}

void
wb_retriever_refresh (WbRetriever *self)
{
  if (self->worker->run)
    wake (self);
}

gboolean
wb_retriever_is_busy (WbRetriever *self)
{
  return self->busy;
}

WbAnswer *
wb_retriever_get_answer (WbRetriever *self)
{
  return self->answer;
}

const GError *
wb_retriever_get_error (WbRetriever *self)
{
  return self->error;
}

const char *
wb_retriever_get_stage (WbRetriever *self)
{
  return self->stage;
}

double
wb_retriever_get_fraction (WbRetriever *self)
{
  return self->total > 0 ? CLAMP ((double) self->done / (double) self->total, 0, 1) : NAN;
}
