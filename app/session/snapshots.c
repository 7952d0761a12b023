#include "app/session/snapshots.h"

#include "app/session/work.h"
#include "models/run/steps.h"

#define CACHED 12

struct _WbSnapshots
{
  GObject parent_instance;

  char *run, *problem;
  WbSnapshot *shown;
  WbProbes *probes;
  GQueue cache;  /* WbSnapshot, the one used last first */
  gint64 wanted; /* -1: none */
  guint age;     /* of what has been forgotten: answers of an older one do not count */
  gboolean wants_probes, reading;
};

enum
{
  PROP_0,
  PROP_LOADING,
  PROP_PROBLEM,
  N_PROPS
};

static GParamSpec *props[N_PROPS];
static guint changed_signal;

G_DEFINE_FINAL_TYPE (WbSnapshots, wb_snapshots, G_TYPE_OBJECT)

/* One reading: what is asked, and what was found. */
typedef struct
{
  char *run;
  gint64 step; /* -1: no snapshot */
  guint age;
  gboolean with_probes;
  WbSnapshot *snapshot;
  WbProbes *probes;
  GError *problem;
} Reading;

static void
reading_free (Reading *reading)
{
  g_free (reading->run);
  wb_snapshot_unref (reading->snapshot);
  wb_probes_unref (reading->probes);
  g_clear_error (&reading->problem);
  g_free (reading);
}

static void
wb_snapshots_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  WbSnapshots *self = WB_SNAPSHOTS (object);

  if (id == PROP_LOADING)
    g_value_set_boolean (value, wb_snapshots_is_loading (self));
  else if (id == PROP_PROBLEM)
    g_value_set_string (value, self->problem);
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
}

static void
wb_snapshots_finalize (GObject *object)
{
  WbSnapshots *self = WB_SNAPSHOTS (object);

  g_queue_clear_full (&self->cache, (GDestroyNotify) wb_snapshot_unref);
  wb_snapshot_unref (self->shown);
  wb_probes_unref (self->probes);
  g_free (self->run);
  g_free (self->problem);
  G_OBJECT_CLASS (wb_snapshots_parent_class)->finalize (object);
}

static void
wb_snapshots_class_init (WbSnapshotsClass *class)
{
  GObjectClass *object_class = G_OBJECT_CLASS (class);
  const GParamFlags flags = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS;

  object_class->get_property = wb_snapshots_get_property;
  object_class->finalize = wb_snapshots_finalize;
  props[PROP_LOADING] = g_param_spec_boolean ("loading", NULL, NULL, FALSE, flags);
  props[PROP_PROBLEM] = g_param_spec_string ("problem", NULL, NULL, NULL, flags);
  g_object_class_install_properties (object_class, N_PROPS, props);
  changed_signal = g_signal_new ("changed", WB_TYPE_SNAPSHOTS, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                                 NULL, G_TYPE_NONE, 0);
}

static void
wb_snapshots_init (WbSnapshots *self)
{
  g_queue_init (&self->cache);
  self->wanted = -1;
}

WbSnapshots *
wb_snapshots_new (const char *run)
{
  WbSnapshots *self = g_object_new (WB_TYPE_SNAPSHOTS, NULL);

  self->run = g_strdup (run);
  return self;
}

static void
set_problem (WbSnapshots *self, const char *problem)
{
  if (g_strcmp0 (self->problem, problem) == 0)
    return;
  g_free (self->problem);
  self->problem = g_strdup (problem);
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_PROBLEM]);
}

static void
show (WbSnapshots *self, WbSnapshot *snapshot)
{
  set_problem (self, NULL);
  if (self->shown == snapshot)
    return;
  wb_snapshot_unref (self->shown);
  self->shown = wb_snapshot_ref (snapshot);
  g_signal_emit (self, changed_signal, 0);
}

/* Puts it first and lets the one go that was used longest ago. */
static void
keep (WbSnapshots *self, WbSnapshot *snapshot)
{
  g_queue_push_head (&self->cache, wb_snapshot_ref (snapshot));
  while (g_queue_get_length (&self->cache) > CACHED)
    wb_snapshot_unref (g_queue_pop_tail (&self->cache));
}

static WbSnapshot *
find_kept (WbSnapshots *self, gint64 step)
{
  for (GList *link = self->cache.head; link; link = link->next)
    if (((WbSnapshot *) link->data)->step == step)
      {
        g_queue_unlink (&self->cache, link);
        g_queue_push_head_link (&self->cache, link);
        return link->data;
      }
  return NULL;
}

static void
read_in_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  Reading *reading = data;

  (void) source;
  (void) cancellable;
  if (reading->step >= 0)
    {
      g_autofree char *path = run_step_path (reading->run, RUN_SNAPSHOTS, reading->step);
      reading->snapshot = wb_snapshot_read (path, reading->step, &reading->problem);
    }
  if (reading->with_probes)
    reading->probes = wb_probes_read (reading->run, reading->problem ? NULL : &reading->problem);
  g_task_return_boolean (task, TRUE);
}

static void read_next (WbSnapshots *self);

/* What is not wanted any more is kept, and not shown. */
static void
on_read (GObject *source, GAsyncResult *result, gpointer data)
{
  WbSnapshots *self = WB_SNAPSHOTS (source);
  Reading *reading = g_task_get_task_data (G_TASK (result));
  const gboolean current = reading->age == self->age;

  (void) data;
  self->reading = FALSE;
  if (reading->with_probes && current)
    {
      self->wants_probes = FALSE;
      self->probes = g_steal_pointer (&reading->probes);
      if (self->probes)
        g_signal_emit (self, changed_signal, 0);
    }
  if (reading->snapshot && current)
    keep (self, reading->snapshot);
  if (reading->step == self->wanted && current)
    {
      self->wanted = -1;
      if (reading->snapshot)
        show (self, reading->snapshot);
      if (reading->problem)
        set_problem (self, reading->problem->message);
    }
  read_next (self);
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_LOADING]);
}

static void
read_next (WbSnapshots *self)
{
  if (self->reading || (self->wanted < 0 && !self->wants_probes))
    return;
  Reading *reading = g_new0 (Reading, 1);
  reading->run = g_strdup (self->run);
  reading->step = self->wanted;
  reading->age = self->age;
  reading->with_probes = self->wants_probes;
  self->reading = TRUE;
  g_autoptr (GTask) task = g_task_new (self, NULL, on_read, NULL);
  g_task_set_task_data (task, reading, (GDestroyNotify) reading_free);
  wb_work_run (task, read_in_thread);
}

void
wb_snapshots_want (WbSnapshots *self, gint64 step)
{
  WbSnapshot *kept = find_kept (self, step);

  g_return_if_fail (WB_IS_SNAPSHOTS (self) && step >= 0);
  wb_snapshots_want_probes (self);
  self->wanted = kept ? -1 : step;
  if (kept)
    show (self, kept);
  read_next (self);
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_LOADING]);
}

void
wb_snapshots_want_probes (WbSnapshots *self)
{
  self->wants_probes = self->wants_probes || !self->probes;
  read_next (self);
}

void
wb_snapshots_forget (WbSnapshots *self)
{
  self->age++;
  g_queue_clear_full (&self->cache, (GDestroyNotify) wb_snapshot_unref);
}

WbSnapshot *
wb_snapshots_get (WbSnapshots *self)
{
  return self->shown;
}

WbProbes *
wb_snapshots_get_probes (WbSnapshots *self)
{
  return self->probes;
}

gboolean
wb_snapshots_is_loading (WbSnapshots *self)
{
  return self->reading && self->wanted >= 0;
}

const char *
wb_snapshots_get_problem (WbSnapshots *self)
{
  return self->problem;
}
