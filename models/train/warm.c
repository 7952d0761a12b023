/* Compiling kernels before their first run, which may take seconds: how far that is goes to the
 * observer and, less often, to watchers. */
#include "models/train/private.h"

#define TELL_US (250 * 1000) /* no more often than watchers look */

typedef struct
{
  Trainer *trainer;
  gboolean told;
  guint done;     /* what was told last */
  gint64 told_at; /* monotonic, us */
  GError **error; /* of telling, the first: progress itself cannot fail */
} Telling;

static void
tell (Telling *telling, guint done, guint total)
{
  RunEvent *event = run_event_new ("compile"); /* of no step: a resume takes none of it back */
  run_event_add_whole (event, "done", done);
  run_event_add_whole (event, "total", total);
  telling->told = TRUE;
  telling->done = done;
  telling->told_at = g_get_monotonic_time ();
  train_record (telling->trainer, event, *telling->error ? NULL : telling->error);
}

static void
compiled (guint done, guint total, gpointer data)
{
  Telling *telling = data;
  const TrainObserver *observer = &telling->trainer->observer;
  const gboolean due = done == total || g_get_monotonic_time () - telling->told_at >= TELL_US;
  if (telling->told && done == telling->done) /* as the last may be */
    return;
  if (observer->compiling)
    observer->compiling (done, total, observer->data);
  if (!telling->told || due)
    tell (telling, done, total);
}

gboolean
train_warm (Trainer *trainer, GError **error)
{
  g_autoptr (GError) problem = NULL;
  Telling telling = { .trainer = trainer, .error = &problem };
  if (!gpu_device_warm (trainer->device, compiled, &telling, error))
    return FALSE;
  if (!problem)
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&problem));
  return FALSE;
}
