#include "app/session/poller.h"

#include "app/session/work.h"

#define HINT_MS 50

struct _WbPoller
{
  GObject parent_instance;

  const WbPollerCalls *calls; /* NULL: stopped */
  gpointer data;
  WbFollower *follower; /* the worker's while polling */
  GFileMonitor *monitor;
  gboolean polling, again;
  guint timer;
};

G_DEFINE_FINAL_TYPE (WbPoller, wb_poller, G_TYPE_OBJECT)

static void
wb_poller_dispose (GObject *object)
{
  wb_poller_stop (WB_POLLER (object));
  G_OBJECT_CLASS (wb_poller_parent_class)->dispose (object);
}

static void
wb_poller_finalize (GObject *object)
{
  wb_follower_free (WB_POLLER (object)->follower);
  G_OBJECT_CLASS (wb_poller_parent_class)->finalize (object);
}

static void
wb_poller_class_init (WbPollerClass *class)
{
  GObjectClass *object_class = G_OBJECT_CLASS (class);

  object_class->dispose = wb_poller_dispose;
  object_class->finalize = wb_poller_finalize;
}

static void
wb_poller_init (WbPoller *self)
{
  (void) self;
}

WbPoller *
wb_poller_new (const char *path, const WbPollerCalls *calls, gpointer data)
{
  WbPoller *self = g_object_new (WB_TYPE_POLLER, NULL);

  self->follower = wb_follower_new (path);
  self->calls = calls;
  self->data = data;
  return self;
}

static gboolean
on_timer (gpointer data)
{
  WbPoller *self = data;

  self->timer = 0;
  wb_poller_poke (self);
  return G_SOURCE_REMOVE;
}

static void
poll_within (WbPoller *self, guint ms)
{
  g_clear_handle_id (&self->timer, g_source_remove);
  self->timer = g_timeout_add (ms, on_timer, self);
}

static void
on_hint (GFileMonitor *monitor, GFile *file, GFile *other, GFileMonitorEvent event, WbPoller *self)
{
  (void) monitor;
  (void) file;
  (void) other;
  if (event != G_FILE_MONITOR_EVENT_ATTRIBUTE_CHANGED && !self->polling)
    poll_within (self, HINT_MS);
}

static void
take_monitor (WbPoller *self, WbDelta *delta)
{
  if (!delta->monitor || self->monitor)
    return;
  self->monitor = g_steal_pointer (&delta->monitor);
  g_signal_connect (self->monitor, "changed", G_CALLBACK (on_hint), self);
}

static void
plan_next (WbPoller *self)
{
  const gboolean again = self->again;

  self->again = FALSE;
  if (!self->calls)
    return;
  const guint ms = again ? HINT_MS : self->calls->next (self->data);
  if (ms > 0)
    poll_within (self, ms);
}

static void
poll_in_thread (GTask *task, gpointer source, gpointer follower, GCancellable *cancellable)
{
  (void) source;
  (void) cancellable;
  g_task_return_pointer (task, wb_follower_poll (follower), (GDestroyNotify) wb_delta_free);
}

static void
on_polled (GObject *source, GAsyncResult *result, gpointer data)
{
  WbPoller *self = WB_POLLER (source);
  g_autoptr (WbDelta) delta = g_task_propagate_pointer (G_TASK (result), NULL);

  (void) data;
  if (self->calls)
    {
      take_monitor (self, delta);
      self->calls->polled (delta, self->data);
    }
  self->polling = FALSE;
  plan_next (self);
}

void
wb_poller_poke (WbPoller *self)
{
  g_return_if_fail (WB_IS_POLLER (self) && self->calls);
  if (self->polling)
    {
      self->again = TRUE;
      return;
    }
  self->polling = TRUE;
  g_clear_handle_id (&self->timer, g_source_remove);
  g_autoptr (GTask) task = g_task_new (self, NULL, on_polled, NULL);
  g_task_set_task_data (task, self->follower, NULL);
  wb_work_run (task, poll_in_thread);
}

gboolean
wb_poller_is_polling (WbPoller *self)
{
  return self->polling;
}

void
wb_poller_stop (WbPoller *self)
{
  g_return_if_fail (WB_IS_POLLER (self));
  self->calls = NULL;
  g_clear_handle_id (&self->timer, g_source_remove);
  if (self->monitor)
    g_signal_handlers_disconnect_by_data (self->monitor, self);
  g_clear_object (&self->monitor);
}
