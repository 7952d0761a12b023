#include "app/session/importer.h"

#include "app/session/work.h"

#include <math.h>
#include <unistd.h>

#define NICENESS 10
#define TELL_MS 100

/* What the thread and the main thread share; each holds a reference. */
typedef struct
{
  char *folder, *source;
  DataScenesSettings scenes;
  gboolean is_scenes;
  guint vocabulary_size;
  GCancellable *cancellable;
  GWeakRef import;

  GMutex mutex; /* of what follows, until the thread has ended */
  char *stage;
  guint64 done, total;

  DataImportSummary summary;
  GError *error;
  gboolean ok;
} Job;

struct _WbImport
{
  GObject parent_instance;

  WbImportState state;
  Job *job;
  char *stage; /* as last told */
  guint64 done, total;
  guint timer;
};

static guint changed_signal;

G_DEFINE_FINAL_TYPE (WbImport, wb_import, G_TYPE_OBJECT)

static void
job_clear (gpointer data)
{
  Job *job = data;

  g_free (job->folder);
  g_free (job->source);
  g_free (job->stage);
  g_clear_error (&job->error);
  g_object_unref (job->cancellable);
  g_weak_ref_clear (&job->import);
  g_mutex_clear (&job->mutex);
}

static void
job_unref (Job *job)
{
  g_atomic_rc_box_release_full (job, job_clear);
}

static void
wb_import_dispose (GObject *object)
{
  WbImport *self = WB_IMPORT (object);

  g_clear_handle_id (&self->timer, g_source_remove);
  if (self->job)
    g_cancellable_cancel (self->job->cancellable);
  G_OBJECT_CLASS (wb_import_parent_class)->dispose (object);
}

static void
wb_import_finalize (GObject *object)
{
  WbImport *self = WB_IMPORT (object);

  g_clear_pointer (&self->job, job_unref);
  g_free (self->stage);
  G_OBJECT_CLASS (wb_import_parent_class)->finalize (object);
}

static void
wb_import_class_init (WbImportClass *class)
{
  G_OBJECT_CLASS (class)->dispose = wb_import_dispose;
  G_OBJECT_CLASS (class)->finalize = wb_import_finalize;
  changed_signal = g_signal_new ("changed", WB_TYPE_IMPORT, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                 G_TYPE_NONE, 0);
}

static void
wb_import_init (WbImport *self)
{
  (void) self;
}

char *
wb_import_default_folder (const char *name)
{
  return g_build_filename (g_get_user_data_dir (), "penumbra", "data", name, NULL);
}

/* On the job's thread. */

static void
on_progress (guint64 done, guint64 total, const char *label, gpointer data)
{
  Job *job = data;

  g_mutex_lock (&job->mutex);
  if (g_strcmp0 (job->stage, label) != 0)
    {
      g_free (job->stage);
      job->stage = g_strdup (label);
    }
  job->done = done;
  job->total = total;
  g_mutex_unlock (&job->mutex);
}

static gboolean on_job_ended (gpointer data);

static gpointer
run_job (gpointer data)
{
  Job *job = data;
  const DataImportOptions options = { .vocabulary_size = job->vocabulary_size,
                                      .progress = on_progress,
                                      .user_data = job,
                                      .cancellable = job->cancellable };

  /* On Linux this is the thread's alone, and its children's; failure does no harm. */
  if (nice (NICENESS) < 0)
    g_debug ("the import keeps its priority");
  job->ok = job->is_scenes ? data_import_scenes (job->folder, &job->summary, &job->scenes, &options,
                                                 &job->error)
                           : data_import_openclipart (job->folder, &job->summary, job->source,
                                                      &options, &job->error);
  g_idle_add_full (G_PRIORITY_DEFAULT, on_job_ended, job, (GDestroyNotify) job_unref);
  return NULL;
}

/* On the main thread. */

static gboolean
on_job_ended (gpointer data)
{
  Job *job = data;
  g_autoptr (WbImport) self = g_weak_ref_get (&job->import);

  if (!self)
    return G_SOURCE_REMOVE;
  g_clear_handle_id (&self->timer, g_source_remove);
  self->state = job->ok ? WB_IMPORT_DONE
                : g_error_matches (job->error, G_IO_ERROR, G_IO_ERROR_CANCELLED)
                    ? WB_IMPORT_CANCELLED
                    : WB_IMPORT_FAILED;
  g_signal_emit (self, changed_signal, 0);
  return G_SOURCE_REMOVE;
}

static gboolean
on_tell (gpointer data)
{
  WbImport *self = data;
  Job *job = self->job;

  g_mutex_lock (&job->mutex);
  const gboolean changed = job->done != self->done || job->total != self->total
                           || g_strcmp0 (job->stage, self->stage) != 0;
  if (changed)
    {
      g_free (self->stage);
      self->stage = g_strdup (job->stage);
      self->done = job->done;
      self->total = job->total;
    }
  g_mutex_unlock (&job->mutex);
  if (changed)
    g_signal_emit (self, changed_signal, 0);
  return G_SOURCE_CONTINUE;
}

static WbImport *
begin (Job job)
{
  WbImport *self = g_object_new (WB_TYPE_IMPORT, NULL);

  self->job = g_atomic_rc_box_dup (sizeof job, &job);
  self->job->cancellable = g_cancellable_new ();
  g_mutex_init (&self->job->mutex);
  g_weak_ref_init (&self->job->import, self);
  self->timer = g_timeout_add (TELL_MS, on_tell, self);
  wb_work_start ("import", run_job, g_atomic_rc_box_acquire (self->job));
  return self;
}

WbImport *
wb_import_openclipart (const char *folder, const char *source)
{
  return begin ((Job){ .folder = g_strdup (folder), .source = g_strdup (source) });
}

WbImport *
wb_import_scenes (const char *folder, const DataScenesSettings *settings, guint vocabulary_size)
{
  return begin ((Job){ .folder = g_strdup (folder),
                       .scenes = *settings,
                       .is_scenes = TRUE,
                       .vocabulary_size = vocabulary_size });
}

void
wb_import_cancel (WbImport *self)
{
  g_cancellable_cancel (self->job->cancellable);
}

WbImportState
wb_import_get_state (WbImport *self)
{
  return self->state;
}

const char *
wb_import_get_folder (WbImport *self)
{
  return self->job->folder;
}

const char *
wb_import_get_stage (WbImport *self)
{
  return self->stage;
}

double
wb_import_get_fraction (WbImport *self)
{
  return self->total > 0 ? CLAMP ((double) self->done / (double) self->total, 0, 1) : NAN;
}

const GError *
wb_import_get_error (WbImport *self)
{
  return self->state == WB_IMPORT_FAILED ? self->job->error : NULL;
}

const DataImportSummary *
wb_import_get_summary (WbImport *self)
{
  return self->state == WB_IMPORT_DONE ? &self->job->summary : NULL;
}
